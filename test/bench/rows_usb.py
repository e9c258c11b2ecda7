# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Rows on the USB cable: the same transfers over it and over virtio, and how much
of the bus is used where the controller's model keeps a bus's time."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Iterator

from tools import COUNTED_MEMORY, Bench, Gdb, Guest, Line, MIB, median, row, \
    timed

from usb import UsbHost, folder
from usb_linux import Qmp

RAM = 0x40000000
SIZE = 4 * MIB


class Cable:
    """A bare guest on the board, a USB host, QEMU's own controls."""

    def __init__(self, bench: Bench, path: Path, pace: bool) -> None:
        cable = f"unix:{path}/cable"
        self.guest = Guest(
            cpu=bench.cpu, wait=True, memory=f"{COUNTED_MEMORY // MIB}M",
            program=bench.program(), monitor=["hyperstub.gdb=usb"],
            options=["--board", "virt-usb", "--usb", cable],
            extra=["-qmp", f"unix:{path}/qmp,server=on,wait=off", "-global",
                   f"hyperstub-dwc3.pace={'on' if pace else 'off'}"])
        self.host = UsbHost(path, cable)
        self.host.command("wait configured 20")
        self.guest.gdb_path = str(self.host.path("Gdb"))
        self.qmp = Qmp(f"{path}/qmp")

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
def cable(bench: Bench, pace: bool) -> Iterator[Cable]:
    """A cable, gone afterwards."""
    with folder() as path:
        made = Cable(bench, path, pace)
        try:
            yield made
        finally:
            made.close()


def both(bench: Bench, gdb: Gdb) -> tuple[float, float]:
    """MiB/s of dump and of restore."""
    data, out = bench.random_file(SIZE), bench.folder / "dumped"
    dump, restore = [], []
    for _ in range(bench.times(5, 2)):
        restore.append(timed(gdb, f"restore {data} binary {RAM:#x}"))
        dump.append(timed(gdb, f"dump binary memory {out} {RAM:#x} "
                               f"{RAM + SIZE:#x}"))
    if out.read_bytes() != data.read_bytes():
        raise AssertionError("what was dumped is not what was restored")
    return SIZE / MIB / median(dump), SIZE / MIB / median(restore)


@row("usb", """gdb-multiarch on usbhost's tty: `restore` and `dump binary memory` of
4 MiB of random bytes, median of 5, compared afterwards, as fast as the model
goes; and over virtio in the same run""")
def usb(bench: Bench) -> Iterator[Line]:
    with cable(bench, False) as c, Gdb() as gdb:
        gdb.attach(c.guest)
        over_usb = both(bench, gdb)
    with bench.bare() as guest, Gdb() as gdb:
        gdb.attach(guest)
        over_virtio = both(bench, gdb)
    for name, ours, other in zip(("dump", "restore"), over_usb, over_virtio):
        yield Line(f"{name} over USB", "MiB/s", ours)
        yield Line(f"{name} over virtio", "MiB/s", other)


@row("usb-slots", """the same at the pace of a high-speed bus (13 bulk packets a
microframe, in the guest's time): of the slots that the host would have used
during the transfer, how many found a TRB ready""")
def usb_slots(bench: Bench) -> Iterator[Line]:
    data, out = bench.random_file(SIZE), bench.folder / "dumped"
    with cable(bench, True) as c, Gdb() as gdb:
        gdb.attach(c.guest)
        for way, command in (
                ("out", f"restore {data} binary {RAM:#x}"),
                ("in", f"dump binary memory {out} {RAM:#x} {RAM + SIZE:#x}")):
            before = c.slots(way)
            gdb.cmd(command, 300)
            ready, waited = (b - a for a, b in zip(before, c.slots(way)))
            share = 100 * ready / (ready + waited)
            yield Line(f"slots used, {way}", "%", share)
