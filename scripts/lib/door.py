# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""The debugger's socket: one client at a time is handed to QEMU as it is, by
its file descriptor (QMP getfd and add_client), so that no byte goes through
here. QEMU takes none while it has one; whoever comes then is told so in the
debugger's own protocol, and let go, where QEMU by itself would leave him
waiting with no word."""

from __future__ import annotations

import array
import contextlib
import json
import os
import re
import select
import shutil
import socket
import tempfile
import time
from typing import Optional

from lib.common import Failure

CHARDEV = "hsgdb"
# QEMU hears of a client's end a little later than the next one connects.
PATIENCE = 1.0
RETRY = 0.05
ASKING = 0.5
LINGER = 2.0
QMP_LIMIT = 5.0
BUSY = b"E.another debugger is attached to this machine"


def packet(body: bytes) -> bytes:
    """A packet of the remote protocol, after an acknowledgement."""
    return b"+$%b#%02x" % (body, sum(body) & 0xff)


def listen(option: str) -> tuple[socket.socket, Optional[str]]:
    """
    A listening socket for what a -chardev of QEMU's says, and the file to
    remove in the end, if there is one.
    """
    # an option string has its commas doubled
    words = [word.replace("\0", ",")
             for word in option.replace(",,", "\0").split(",")]
    values = dict(word.partition("=")[::2] for word in words)
    path = values.get("path")
    family, place = socket.AF_UNIX, path
    if path is None:
        family, _, _, _, place = socket.getaddrinfo(
            values["host"], int(values["port"]), type=socket.SOCK_STREAM)[0]
    peer = socket.socket(family)
    try:
        if path is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        else:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        peer.bind(place)
        peer.listen(8)
    except OSError as err:
        peer.close()
        where = path or f"{values.get('host')}:{values.get('port')}"
        raise Failure(f"--gdb {where}: {err.strerror or err}") from err
    return peer, path


def private_listener() -> socket.socket:
    """One that nobody can reach by a name, for QEMU to hold."""
    folder = tempfile.mkdtemp(prefix="hs-door-")
    peer = socket.socket(socket.AF_UNIX)
    try:
        peer.bind(f"{folder}/s")
        peer.listen(1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return peer


class Door:
    """The socket, QEMU's control channel, and the clients on the way."""

    def __init__(self, option: str) -> None:
        self.listener, self.path = listen(option)
        self.inner = private_listener()
        self.control, self.theirs = socket.socketpair()
        self.control.settimeout(QMP_LIMIT)
        self.text = b""
        self.greeted = False
        self.waiting: list[tuple[socket.socket, float]] = []
        self.leaving: list[tuple[socket.socket, float]] = []

    @staticmethod
    def place(command: list[str]) -> Optional[int]:
        """Where the command line has the debugger's socket, if it has."""
        for index, word in enumerate(command):
            if word.startswith(f"socket,id={CHARDEV},"):
                return index
        return None

    def command(self, command: list[str]) -> list[str]:
        """QEMU's command line with this in its place."""
        changed = list(command)
        at = self.place(command)
        assert at is not None
        changed[at] = (f"socket,id={CHARDEV},fd={self.inner.fileno()},"
                       "server=on,wait=off")
        return changed + [
            "-chardev", f"socket,id=hsqmp,fd={self.theirs.fileno()}",
            "-mon", "chardev=hsqmp,mode=control"]

    def inherited(self) -> list[int]:
        """What QEMU is to inherit."""
        return [self.inner.fileno(), self.theirs.fileno()]

    def started(self) -> None:
        """QEMU has them now."""
        self.inner.close()
        self.theirs.close()

    def timeout(self) -> Optional[int]:
        """In how many ms tick() is due, if it is."""
        if self.waiting:
            return int(RETRY * 1000)
        return int(LINGER * 1000) if self.leaving else None

    def accept(self) -> None:
        """Somebody knocks."""
        peer, _ = self.listener.accept()
        if peer.family != socket.AF_UNIX:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.waiting.append((peer, time.monotonic() + PATIENCE))
        self.tick()

    def tick(self) -> None:
        """Let in whom QEMU takes, send away who waited too long."""
        while self.waiting:
            peer, end = self.waiting[0]
            if not self._give(peer):
                if time.monotonic() < end:
                    break
                self._refuse(peer)
            else:
                peer.close()
            self.waiting.pop(0)
        now = time.monotonic()
        for peer, end in self.leaving:
            if now >= end:
                peer.close()
        self.leaving = [each for each in self.leaving if now < each[1]]

    def close(self) -> None:
        """The end."""
        for peer, _ in self.waiting + self.leaving:
            peer.close()
        self.listener.close()
        self.control.close()
        if self.path is not None:
            with contextlib.suppress(OSError):
                os.unlink(self.path)

    def _answer(self) -> Optional[dict]:
        """QEMU's next word that is no event; None: it is gone or mute."""
        while True:
            line, found, rest = self.text.partition(b"\n")
            if found:
                self.text = rest
                word = json.loads(line)
                if "event" not in word:
                    return word
                continue
            try:
                more = self.control.recv(65536)
            except OSError:
                return None
            if not more:
                return None
            self.text += more

    def _ask(self, name: str, arguments: dict, fds: list[int]) -> bool:
        """One QMP command, with file descriptors; True: done."""
        line = json.dumps({"execute": name, "arguments": arguments}) + "\n"
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                   array.array("i", fds))] if fds else []
        try:
            self.control.sendmsg([line.encode()], rights)
        except OSError:
            return False
        answer = self._answer()
        return answer is not None and "return" in answer

    def _give(self, peer: socket.socket) -> bool:
        """Hand the client over; False: QEMU has one already."""
        if not self.greeted:
            self.greeted = (self._answer() is not None
                            and self._ask("qmp_capabilities", {}, []))
        return (self._ask("getfd", {"fdname": "client"}, [peer.fileno()])
                and self._ask("add_client", {"protocol": CHARDEV,
                                             "fdname": "client"}, []))

    def _refuse(self, peer: socket.socket) -> None:
        """Answer the first packet with an error, and no more than that."""
        end = time.monotonic() + ASKING
        data = b""
        try:
            while not re.search(rb"#[0-9a-f]{2}", data) and len(data) < 65536:
                left = end - time.monotonic()
                if left <= 0 or not select.select([peer], [], [], left)[0]:
                    break
                more = peer.recv(4096)
                if not more:
                    break
                data += more
            peer.sendall(packet(BUSY))
            peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        # closed at once the reply could be lost with what was not read
        self.leaving.append((peer, time.monotonic() + LINGER))
