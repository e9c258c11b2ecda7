# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""What the rows on the USB cable work with: a guest on the board with a USB
host beside it, and a client of packets on the tty, also many at a time."""

from __future__ import annotations

import contextlib
import os
import re
import select
import threading
import time
from pathlib import Path
from typing import Iterator, Sequence

from tools import COUNTED_MEMORY, Bad, Bench, Guest, MIB, Rsp

from usb import UsbHost, folder
from usb_linux import Qmp

# An instruction is a nanosecond, and while nobody works no time goes by.
ICOUNT = ("-icount", "shift=0,sleep=off")


class Tty:
    """A tty, with the calls of a socket that Rsp makes."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.seconds = 20.0

    def settimeout(self, seconds: float) -> None:
        """For what follows."""
        self.seconds = seconds

    def sendall(self, data: bytes) -> None:
        """All of it, as the tty takes it."""
        view = memoryview(data)
        while view:
            if not select.select([], [self.fd], [], self.seconds)[1]:
                raise Bad(f"the tty does not take {len(view)} bytes")
            with contextlib.suppress(BlockingIOError):
                view = view[os.write(self.fd, view[:65536]):]

    def recv(self, size: int) -> bytes:
        """What is there, after a wait where nothing is."""
        if not select.select([self.fd], [], [], self.seconds)[0]:
            raise Bad(f"nothing comes on the tty for {self.seconds} s")
        return os.read(self.fd, size)

    def close(self) -> None:
        """The port is closed with it."""
        os.close(self.fd)


def tty_text(path: Path, pattern: str, seconds: float) -> str:
    """What comes from a tty up to there."""
    tty, text = Tty(path), ""
    tty.settimeout(seconds)
    try:
        while not re.search(pattern, text):
            text += tty.recv(65536).decode(errors="replace")
    finally:
        tty.close()
    return text


class TtyRsp(Rsp):
    """Packets over a tty."""

    def __init__(self, path: Path) -> None:
        self.peer = Tty(path)
        self.data = b""
        self.ask("QStartNoAckMode")
        self.ask("?")


def framed(body: bytes) -> bytes:
    """A packet as it is sent."""
    return b"$%s#%02x" % (body, sum(body) & 255)


def stream(peer, packets: Sequence[bytes]) -> float:
    """Send all of them at once and take the replies as they come; seconds."""
    data, replies = b"".join(map(framed, packets)), 0
    sender = threading.Thread(target=peer.sendall, args=(data,), daemon=True)
    start = time.monotonic()
    sender.start()
    while replies < len(packets):
        part = peer.recv(65536)
        if re.search(rb"\$E", part):
            raise Bad(f"an error: {part[:40]!r}")
        replies += part.count(b"#")
    sender.join(20)
    return time.monotonic() - start


class Cable:
    """A guest on the board, a USB host, QEMU's own controls."""

    def __init__(self, bench: Bench, path: Path, pace: bool = False,
                 extra: Sequence[str] = (), **arguments) -> None:
        cable = f"unix:{path}/cable"
        arguments.setdefault("memory", f"{COUNTED_MEMORY // MIB}M")
        self.guest = Guest(
            cpu=bench.cpu, monitor=["hyperstub.gdb=usb"],
            options=["--board", "virt-usb", "--usb", cable], boot=False,
            extra=["-qmp", f"unix:{path}/qmp,server=on,wait=off", "-global",
                   f"hyperstub-dwc3.pace={'on' if pace else 'off'}", *extra],
            **arguments)
        try:
            self.host = UsbHost(path, cable)
            self.host.command("wait configured 60", 70)
            self.guest.gdb_path = str(self.host.path("Gdb"))
            self.qmp = Qmp(f"{path}/qmp")
        except BaseException:
            self.guest.close()
            raise

    def rsp(self) -> TtyRsp:
        """A client of packets."""
        return TtyRsp(self.host.path("Gdb"))

    def slots(self, way: str) -> tuple[int, int]:
        """Bulk slots used, and those that the host waited in."""
        ready, waited = (self.qmp.get(f"slots-{way}-{name}")
                         for name in ("ready", "waited"))
        return int(ready), int(waited)

    def close(self) -> None:
        """End both."""
        self.host.close()
        self.guest.close()


@contextlib.contextmanager
def cable(bench: Bench, pace: bool = False, extra: Sequence[str] = (),
          **arguments) -> Iterator[Cable]:
    """A cable, gone afterwards. With no arguments: exits.S, not started."""
    if not arguments:
        arguments = {"wait": True, "program": bench.program()}
    with folder() as path:
        made = Cable(bench, path, pace, extra, **arguments)
        try:
            yield made
        finally:
            made.close()
