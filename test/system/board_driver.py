# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""For register-level tests of the board's DWC3: the machine with no CPU
running (qtest: registers, memory and time by hand), a small driver of it in
Python, and a small usbredir client as the USB host."""

from __future__ import annotations

import select
import signal
import socket
import struct
import subprocess
import tempfile
from typing import Callable, Optional

from harness import Bad, connect
from usb_linux import Qmp

from lib import board
from lib.supervise import die_with_parent

BASE = 0x0b00_0000
EVENTS, SETUP_TRB, SETUP = 0x4000_1000, 0x4000_2000, 0x4000_2100
REPLY, TRBS, DATA = 0x4000_3000, 0x4001_0000, 0x4010_0000
HWO, LST, CHN, CSP, ISP, IOC = 1, 2, 4, 8, 1 << 10, 1 << 11
NORMAL, SETUP_T, STATUS2, STATUS3, CONTROL, LINK = 1, 2, 3, 4, 5, 8
COMPLETE, PROGRESS, NOT_READY, COMMAND = 1, 2, 3, 7
ACT, CMDIOC, FORCERM = 1 << 10, 1 << 8, 1 << 11
OUT, IN, INT = 2, 3, 5          # physical endpoints of 0x01, 0x81, 0x82
CONFIG = bytes.fromhex(
    "0902270001010080 32 0904000003ff000000 0705010200 0200 0705810200 0200"
    "0705820340 0004".replace(" ", ""))
DEVICE = bytes.fromhex("12010002ff0000400912010000010000 0001".replace(
    " ", ""))
HELLO = struct.Struct("<64sI")
CAPS = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6


class Qtest:
    """QEMU's test socket: memory, registers, time."""

    def __init__(self, path: str) -> None:
        self.peer = socket.socket(socket.AF_UNIX)
        connect(self.peer, path)
        self.peer.settimeout(20)
        self.lines = self.peer.makefile("r")

    def cmd(self, line: str) -> str:
        """A command's answer without its OK."""
        self.peer.sendall(line.encode() + b"\n")
        answer = self.lines.readline().split(maxsplit=1)
        if not answer or answer[0] != "OK":
            raise Bad(f"qtest: {line}: {answer}")
        return answer[1].strip() if len(answer) > 1 else ""

    def read(self, address: int, size: int) -> bytes:
        """Guest memory."""
        return bytes.fromhex(self.cmd(f"read {address:#x} {size:#x}")[2:])

    def write(self, address: int, data: bytes) -> None:
        """Guest memory."""
        if data:
            self.cmd(f"write {address:#x} {len(data):#x} 0x{data.hex()}")

    def step(self, nanoseconds: int) -> None:
        """Let time pass."""
        self.cmd(f"clock_step {nanoseconds}")


class Cable:
    """A usbredir client: what a USB host asks, and the answers by id."""

    def __init__(self, path: str) -> None:
        self.peer = socket.socket(socket.AF_UNIX)
        connect(self.peer, path)
        self.data = b""
        self.greeted = False
        self.number = 0
        self.answers: dict[int, tuple[int, int, bytes]] = {}
        self.seen: list[int] = []
        self.send(0, HELLO.pack(b"board test", CAPS), wide=False)

    def send(self, kind: int, body: bytes, wide: bool = True) -> int:
        """A message; its id."""
        self.number += 1
        head = struct.pack("<IIQ" if wide else "<III", kind, len(body),
                           self.number)
        self.peer.sendall(head + body)
        return self.number

    def poll(self) -> None:
        """Take what has come."""
        while select.select([self.peer], [], [], 0.002)[0]:
            data = self.peer.recv(1 << 20)
            if not data:
                return
            self.data += data
        while self._message():
            pass

    def _message(self) -> bool:
        size = 16 if self.greeted else 12
        if len(self.data) < size:
            return False
        kind, length = struct.unpack_from("<II", self.data)
        if len(self.data) < size + length:
            return False
        number = int.from_bytes(self.data[8:size], "little")
        body = self.data[size:size + length]
        self.data = self.data[size + length:]
        self.greeted = True
        self.seen.append(kind)
        if kind == 100:
            self.answers[number] = (body[3], len(body) - 10, body[10:])
        elif kind == 101:
            moved = body[2] | body[3] << 8 | body[8] << 16
            self.answers[number] = (body[1], moved, body[10:])
        elif kind == 8:
            self.answers[number] = (body[0], body[1], b"")
        return True

    def control(self, kind: int, request: int, value: int, index: int,
                length: int, data: bytes = b"") -> int:
        """A control request; its id."""
        return self.send(100, struct.pack(
            "<BBBBHHH", kind & 0x80, request, kind, 0, value, index,
            length) + data)

    def bulk_out(self, data: bytes) -> int:
        """Data for endpoint 1; its id."""
        return self.send(101, struct.pack("<BBHIH", 1, 0, len(data) & 0xffff,
                                          0, len(data) >> 16) + data)

    def bulk_in(self, length: int) -> int:
        """Ask endpoint 0x81; the id."""
        return self.send(101, struct.pack("<BBHIH", 0x81, 0, length & 0xffff,
                                          0, length >> 16))


class Board:
    """The machine and its driver."""

    def __init__(self, options: str = "", extra: tuple[str, ...] = ()) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="hs-board-")
        path = self.folder.name
        self.process = subprocess.Popen(
            [str(board.qemu()), "-M", "hyperstub-virt,gic-version=3,"
             f"usbredir=cable{options}", "-accel", "qtest", "-display",
             "none", "-nodefaults", "-m", "64M", *extra,
             "-chardev", f"socket,id=cable,path={path}/cable,server=on,"
             "wait=off", "-qtest", f"unix:{path}/qtest,server=on,wait=off",
             "-qtest-log", "none",
             "-qmp", f"unix:{path}/qmp,server=on,wait=off"],
            preexec_fn=die_with_parent(signal.SIGKILL),
            stderr=subprocess.DEVNULL)
        try:
            self.q = Qtest(f"{path}/qtest")
            self.qmp = Qmp(f"{path}/qmp")
        except BaseException:
            self.close()
            raise
        self.cable: Optional[Cable] = None
        self.state = "setup"
        self.setup = b""
        self.three = False
        self.events: list[int] = []     # those that endpoint 0 does not use
        self.all: list[int] = []
        self.at = 0
        self.status_events = True
        self.on_setup: Optional[Callable[[bytes], bool]] = None

    def __enter__(self) -> "Board":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """End QEMU."""
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    # -- registers and commands

    def r(self, offset: int) -> int:
        """Read a register."""
        return int(self.q.cmd(f"readl {BASE + offset:#x}"), 16)

    def w(self, offset: int, value: int) -> None:
        """Write a register."""
        self.q.cmd(f"writel {BASE + offset:#x} {value & 0xffffffff:#x}")

    def command(self, ep: int, cmd: int, par0: int = 0, par1: int = 0,
                act: int = ACT) -> int:
        """An endpoint command; DEPCMD when it is done."""
        base = 0xc800 + ep * 16
        self.w(base + 8, par0)
        self.w(base + 4, par1)
        self.w(base, 0)
        self.w(base + 12, cmd | act)
        self.q.step(1000)
        return self.r(base + 12)

    def mistakes(self) -> int:
        """How many the model has counted."""
        return self.qmp.get("mistakes")

    # -- TRBs

    def trb(self, at: int, buffer: int, size: int, kind: int,
            flags: int) -> None:
        """Write a TRB."""
        self.q.write(at, struct.pack("<QII", buffer, size,
                                     kind << 4 | flags))

    def trb_state(self, at: int) -> tuple[int, int, int]:
        """Bytes left, status, HWO."""
        _, size, ctrl = struct.unpack("<QII", self.q.read(at, 16))
        return size & 0xffffff, size >> 28, ctrl & HWO

    def begin(self, ep: int, at: int) -> int:
        """Start Transfer; DEPCMD."""
        return self.command(ep, 6, at >> 32, at & 0xffffffff)

    def update(self, ep: int) -> None:
        """Update Transfer, the way that needs no answer."""
        self.command(ep, 7 | self.resource(ep) << 16, act=0)

    def end(self, ep: int, flags: int = FORCERM | CMDIOC) -> int:
        """End Transfer."""
        return self.command(ep, 8 | flags | self.resource(ep) << 16)

    @staticmethod
    def resource(ep: int) -> int:
        """In the order in which configure() asks for them."""
        return {0: 0, 1: 1, OUT: 2, IN: 3, INT: 4}[ep]

    # -- the driver

    def configure_ep(self, ep: int, kind: int, mps: int, fifo: int = 0,
                     action: int = 0) -> None:
        """DEPCFG, its transfer resource, DALEPENA."""
        enables = 0x700 if ep < 2 else 0x300
        self.command(ep, 1, kind << 1 | mps << 3 | fifo << 17 | action << 30,
                     enables | ep << 25)
        if not action:
            self.command(ep, 2, 1)
            self.w(0xc720, self.r(0xc720) | 1 << ep)

    def start(self, ring: int = 256) -> None:
        """From reset to Run/Stop, a SETUP TRB in place."""
        self.w(0xc704, 1 << 30)
        self.q.step(10_000)
        self.w(0xc200, self.r(0xc200) & ~(1 << 6 | 1 << 8))
        self.w(0xc400, EVENTS)
        self.w(0xc404, 0)
        self.w(0xc408, ring)
        self.at, self.ring = 0, ring
        self.w(0xc700, 0)
        self.w(0xc708, 0xc5f)
        self.command(0, 9)
        self.configure_ep(0, 0, 64)
        self.configure_ep(1, 0, 64)
        self.setup_trb()
        self.w(0xc704, 1 << 31)

    def setup_trb(self) -> None:
        """Wait for a SETUP packet."""
        self.state = "setup"
        self.trb(SETUP_TRB, SETUP, 8, SETUP_T, HWO | LST | IOC)
        self.begin(0, SETUP_TRB)

    def take_events(self) -> list[int]:
        """The ring's new events, acknowledged."""
        count = self.r(0xc40c) & 0xffff
        found = []
        for _ in range(count // 4):
            found += struct.unpack("<I", self.q.read(EVENTS + self.at, 4))
            self.at = (self.at + 4) % self.ring
        if count:
            self.w(0xc40c, count)
        self.all += found
        return found

    def serve(self, done: Callable[[], bool], what: str = "") -> None:
        """Be the driver and the clock until that holds."""
        for _ in range(400):
            self.q.step(200_000)
            if self.cable:
                self.cable.poll()
            for event in self.take_events():
                if event & 1 or event >> 1 & 31 > 1:
                    self.events.append(event)
                else:
                    self.endpoint0(event >> 1 & 31, event >> 6 & 15,
                                   event >> 12 & 3)
            if done():
                return
        raise Bad(f"{what or 'it'} does not come; events: "
                  + " ".join(f"{e:08x}" for e in self.all[-12:]))

    def endpoint0(self, ep: int, kind: int, status: int) -> None:
        """The three stages."""
        if kind == COMPLETE and self.state == "setup":
            self.setup = self.q.read(SETUP, 8)
            self.three = self.setup[6:8] != b"\0\0"
            if self.on_setup and self.on_setup(self.setup):
                return
            self.answer()
        elif kind == COMPLETE and self.state == "data":
            self.state = "status"
        elif kind == NOT_READY and status == 2 and self.status_events:
            self.state = "status-sent"
            self.trb(SETUP_TRB, SETUP, 0, STATUS3 if self.three else STATUS2,
                     HWO | LST | IOC)
            self.begin(ep, SETUP_TRB)
        elif kind == COMPLETE:
            self.setup_trb()

    def answer(self) -> None:
        """To a SETUP packet."""
        kind, request, value, _, length = struct.unpack("<BBHHH", self.setup)
        if not self.three:
            if (kind, request) == (0, 5):
                self.w(0xc700, value << 3)
            if (kind, request) == (0, 9):
                self.configure()
            self.state = "status"
            return
        data = {0x100: DEVICE, 0x200: CONFIG}.get(value) \
            if request == 6 else b"\1"
        if kind & 0xe0 != 0x80 or data is None:
            self.command(0, 4)
            self.setup_trb()
            return
        self.data_stage(data[:length])

    def data_stage(self, data: bytes) -> None:
        """Send that."""
        self.state = "data"
        self.q.write(REPLY, data)
        self.trb(SETUP_TRB, REPLY, len(data), CONTROL, HWO | LST | IOC)
        self.begin(1, SETUP_TRB)

    def configure(self) -> None:
        """The three endpoints of the one configuration."""
        self.command(0, 9 | 2 << 16)
        self.configure_ep(OUT, 2, 512)
        self.configure_ep(IN, 2, 512, 1)
        self.configure_ep(INT, 3, 64, 2)

    def plug(self) -> None:
        """A host that enumerates and configures the device."""
        self.cable = cable = Cable(f"{self.folder.name}/cable")
        self.serve(lambda: 1 in cable.seen, "enumeration")
        number = cable.send(6, b"\1")
        self.serve(lambda: number in cable.answers, "configuration")
        if cable.answers[number][0]:
            raise Bad(f"SET_CONFIGURATION: {cable.answers[number]}")
        self.events.clear()

    def wait(self, number: int) -> tuple[int, int, bytes]:
        """The answer to a request: status, length, data."""
        assert self.cable
        answers = self.cable.answers
        self.serve(lambda: number in answers, f"the answer to {number}")
        return answers[number]

    def unanswered(self, number: int) -> bool:
        """Is it still without an answer, some time later?"""
        assert self.cable
        for _ in range(20):
            self.q.step(200_000)
            self.cable.poll()
        return number not in self.cable.answers

    def ep_events(self, ep: int) -> list[tuple[int, int]]:
        """An endpoint's events so far: which, status."""
        self.events += [e for e in self.take_events()
                        if e & 1 or e >> 1 & 31 > 1]
        found = [(e >> 6 & 15, e >> 12 & 15) for e in self.events
                 if not e & 1 and e >> 1 & 31 == ep]
        self.events = [e for e in self.events
                       if e & 1 or e >> 1 & 31 != ep]
        return found


