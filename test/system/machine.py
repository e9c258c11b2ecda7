# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""For the tests of the monitor itself: a machine started with any words for
the launcher, or with QEMU's own, and a bare packet client that knows `monitor`
commands, console output and stops."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Optional, Sequence

from bare import Rsp
from harness import Bad, Console, QEMU, ROOT, connect, die_with_parent

MONITOR = Path(os.environ.get("HYPERSTUB", ROOT / "build" / "hyperstub.bin"))
RAM = 0x4000_0000


def psci_program() -> bytes:
    """CPU_ON for CPU 1 by hvc, then idle: both run the same loop."""
    words = [
        0xd2800060,  # mov x0, #3
        0xf2b88000,  # movk x0, #0xc400, lsl #16
        0xd2800021,  # mov x1, #1
        0x10000082,  # adr x2, idle
        0xd2800003,  # mov x3, #0
        0xd4000002,  # hvc #0
        0xd503201f,  # nop
        0xd503207f,  # idle: wfi
        0x17ffffff,  # b idle
    ]
    # adr is at word 3; idle is word 7: 16 bytes on
    words[3] = 0x10000000 | (16 >> 2) << 5 | 2
    return b"".join(word.to_bytes(4, "little") for word in words)


class Machine:
    """A machine in a folder of its own; `serial` is its UART's text."""

    def __init__(self, *words: str, qemu: Optional[Sequence[str]] = None,
                 serial: bool = True, console: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hs-"))
        self.gdb_path = f"{self.folder}/gdb"
        self.log_path = self.folder / "launcher.log"
        # with `console` there is one that nobody reads yet
        where = f"unix:{self.folder}/console" if serial or console else "null"
        command = [str(QEMU), "--gdb", f"unix:{self.gdb_path}", "--console",
                   where, *words]
        if qemu is not None:
            command = [word.format(dir=self.folder) for word in qemu]
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=die_with_parent(signal.SIGTERM))
        try:
            if serial:
                self.serial = Console(f"{self.folder}/console")
                self.serial.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Machine":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def wait_socket(self, seconds: float = 20) -> None:
        """Until the debugger's socket is there: gdb tries once."""
        end = time.monotonic() + seconds
        while not os.path.exists(self.gdb_path):
            if time.monotonic() > end or self.process.poll() is not None:
                raise Bad("no socket for the debugger")
            time.sleep(0.05)

    def ended(self, seconds: float) -> int:
        """Wait for its end; the exit status."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Bad(f"still there after {seconds} s") from None

    def close(self) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def raw_peer(path: str) -> socket.socket:
    """Just a connection."""
    peer = socket.socket(socket.AF_UNIX)
    connect(peer, path)
    peer.settimeout(10)
    return peer


class Client(Rsp):
    """A client without acks that has told of what gdb 16 can do."""

    FEATURES = "qSupported:swbreak+;hwbreak+;error-message+"

    def __init__(self, machine: Machine) -> None:
        # Its own greeting: a second qSupported would begin a new session.
        self.peer = raw_peer(machine.gdb_path)
        self.data = b""
        self.console = ""
        self.features = self.greet()
        self.ask("QStartNoAckMode")

    def greet(self) -> str:
        """The first packet, sent again as gdb does where no answer comes."""
        for turn in range(4):
            self.send(self.FEATURES)
            try:
                answer = self.reply(5)
            except TimeoutError:
                print("# no answer to qSupported in 5 s, sent again")
                continue
            if turn:
                time.sleep(0.5)
                self.peer.setblocking(False)
                try:
                    self.peer.recv(65536)
                except BlockingIOError:
                    pass
                self.peer.setblocking(True)
                self.data = b""
            return answer
        raise Bad("no answer to qSupported")

    def monitor(self, command: str, seconds: float = 20) -> str:
        """A monitor command's text; "" where it says OK."""
        self.send("qRcmd," + command.encode().hex())
        text = self.reply(seconds)
        if text == "OK":
            return ""
        if text.startswith("E"):
            return text
        return bytes.fromhex(text).decode(errors="replace")

    def stop(self, seconds: float = 20) -> str:
        """The next stop reply; console output before it is kept."""
        while True:
            text = self.reply(seconds)
            if not re.match(r"O[0-9a-f]{2}", text):
                return text
            self.console += bytes.fromhex(text[1:]).decode(errors="replace")

    def output(self, pattern: str, seconds: float = 60) -> str:
        """Console output of the running guest until it matches."""
        while not re.search(pattern, self.console):
            try:
                text = self.reply(seconds)
            except TimeoutError:
                raise Bad(f"no {pattern!r} in {self.console[-800:]!r}") \
                    from None
            if not re.match(r"O[0-9a-f]{2}", text):
                raise Bad(f"a stop and no output: {text[:60]}; seen "
                          f"{self.console[-800:]!r}")
            self.console += bytes.fromhex(text[1:]).decode(errors="replace")
        return self.console

    def go(self) -> None:
        """Let all run; stop() tells when it is over."""
        self.send("vCont;c")

    def interrupt(self) -> str:
        """^C, and the stop."""
        self.peer.sendall(b"\x03")
        return self.stop()
