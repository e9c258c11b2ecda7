# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""The debugger's socket, with a QEMU that is played by a thread."""

from __future__ import annotations

import array
import json
import os
import select
import socket
import tempfile
import threading
import time
import unittest
from pathlib import Path

from lib.common import Failure
from lib.door import BUSY, Door, listen, packet


class Qemu(threading.Thread):
    """The other end of the control channel: takes one client at a time."""

    def __init__(self, control: socket.socket) -> None:
        super().__init__(daemon=True)
        self.control = control
        self.client: socket.socket | None = None
        self.asked = 0

    def run(self) -> None:
        self.say({"QMP": {}})
        got: list[int] = []
        while True:
            try:
                data, rights, _, _ = self.control.recvmsg(4096, 256)
            except ConnectionResetError:
                return
            if not data:
                return
            for _, _, fds in rights:
                got += array.array("i", fds).tolist()
            word = json.loads(data)
            if word["execute"] != "add_client":
                self.say({"event": "ANY"})
                self.say({"return": {}})
                continue
            self.asked += 1
            peer = socket.socket(fileno=got.pop())
            if self.client is None:
                self.client = peer
                self.say({"return": {}})
            else:
                peer.close()
                self.say({"error": {"desc": "failed to add client"}})

    def say(self, word: dict) -> None:
        self.control.sendall(json.dumps(word).encode() + b"\r\n")


class DoorTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="hs-test-")
        self.path = f"{self.folder.name}/a,b"
        option = f"socket,id=hsgdb,path={self.path.replace(',', ',,')},server=on"
        self.door = Door(option)
        self.qemu = Qemu(self.door.theirs.dup())
        self.qemu.start()
        self.door.started()

    def tearDown(self):
        self.door.close()
        self.qemu.join(5)
        if self.qemu.client is not None:
            self.qemu.client.close()
        self.qemu.control.close()
        self.folder.cleanup()

    def knock(self) -> socket.socket:
        peer = socket.socket(socket.AF_UNIX)
        peer.settimeout(5)
        peer.connect(self.path)
        self.door.accept()
        self.addCleanup(peer.close)
        return peer

    def tend(self, seconds: float) -> None:
        """What the supervisor does in that time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            select.select([], [], [], (self.door.timeout() or 50) / 1000)
            self.door.tick()

    def test_bytes_go_to_qemu_and_not_through_here(self):
        peer = self.knock()
        peer.sendall(b"hello")
        self.assertEqual(self.qemu.client.recv(10), b"hello")
        self.assertIsNone(self.door.timeout())

    def test_a_second_client_gets_an_error_for_its_first_packet(self):
        self.knock()
        second = self.knock()
        second.sendall(b"+$qSupported:x#aa")
        self.tend(1.2)
        self.assertEqual(second.recv(200), packet(BUSY))
        self.assertEqual(second.recv(200), b"")
        self.assertGreater(self.qemu.asked, 5)

    def test_one_that_comes_a_little_early_is_let_in(self):
        self.knock().close()
        second = self.knock()
        self.qemu.client.close()
        self.qemu.client = None
        self.tend(0.2)
        second.sendall(b"x")
        self.assertEqual(self.qemu.client.recv(10), b"x")

    def test_the_socket_is_removed_in_the_end(self):
        self.assertTrue(os.path.exists(self.path))
        self.door.close()
        self.assertFalse(os.path.exists(self.path))

    def test_qemu_gets_descriptors_in_the_place_of_the_socket(self):
        door = Door(f"socket,id=hsgdb,path={self.folder.name}/c")
        words = door.command(["qemu", "-chardev", "socket,id=hsgdb,path=/x",
                              "-device", "y"])
        self.assertEqual(words[2], f"socket,id=hsgdb,fd={door.inherited()[0]},"
                         "server=on,wait=off")
        self.assertIn("chardev=hsqmp,mode=control", words)
        self.assertIsNone(Door.place(["socket,id=hscon,path=/x", "stdio"]))
        door.started()
        door.close()


class ListenTest(unittest.TestCase):
    def test_a_port_that_is_taken_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with self.assertRaisesRegex(Failure, f"127.0.0.1:{port}"):
                listen(f"socket,id=hsgdb,host=127.0.0.1,port={port},server=on")

    def test_a_folder_that_is_not_there_is_named(self):
        with self.assertRaisesRegex(Failure, "/nowhere/s: No such file"):
            listen("socket,id=hsgdb,path=/nowhere/s,server=on")

    def test_a_stale_socket_is_replaced(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "s"
            path.write_text("")
            peer, where = listen(f"socket,id=hsgdb,path={path},server=on")
            self.assertEqual(where, str(path))
            peer.close()


if __name__ == "__main__":
    unittest.main()
