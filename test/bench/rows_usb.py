# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Rows on the USB cable: the same transfers over it and over virtio, how much of
the bus is used where the controller's model keeps a bus's time, what a byte
costs, ^C, and a kernel's boot with its console on the cable."""

from __future__ import annotations

import os
import re
import time
from typing import Iterator, Sequence

from harness import Bad, MARKER, assets
from machine import Machine
from rows_transfer import cost, escaped, keep_busy, latencies, latency
from tools import Bench, Gdb, Line, MIB, Rsp, median, row, timed
from usb import UsbHost, folder
from usb_client import ICOUNT, Cable, cable, stream, tty_text

RAM = 0x40000000
SIZE = 16 * MIB
REQUEST = 0x10000
WRITE = 0x3f00  # as gdb's X packets have it


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
16 MiB of random bytes, median of 5, compared afterwards, as fast as the model
goes; and over virtio in the same run""")
def usb(bench: Bench) -> Iterator[Line]:
    with cable(bench) as c, Gdb() as gdb:
        gdb.attach(c.guest)
        over_usb = both(bench, gdb)
    with bench.bare() as guest, Gdb() as gdb:
        gdb.attach(guest)
        over_virtio = both(bench, gdb)
    for name, ours, other in zip(("dump", "restore"), over_usb, over_virtio):
        yield Line(f"{name} over USB", "MiB/s", ours)
        yield Line(f"{name} over virtio", "MiB/s", other)


def used(c: Cable, way: str, run) -> float:
    """Of the bulk slots in which a request of the host was there, per cent
    that found a TRB."""
    before = c.slots(way)
    run()
    ready, waited = (b - a for a, b in zip(before, c.slots(way)))
    return 100 * ready / (ready + waited)


def streams() -> list[tuple[str, str, list[bytes]]]:
    """Name, direction, packets that are sent all at once."""
    at = range(RAM + MIB, RAM + 3 * MIB, REQUEST)
    data = escaped(os.urandom(REQUEST))
    return [("X", "out", [b"X%x,%x:" % (a, REQUEST) + data for a in at]),
            ("x", "in", [b"x%x,%x" % (a, REQUEST) for a in at]),
            ("m", "in", [b"m%x,%x" % (a, REQUEST) for a in at])]


@row("usb-slots", """at the pace of a high-speed bus (13 bulk packets a microframe,
in the guest's time), requests of the host of 64 KiB: of the slots in which such
a request was there, how many found a TRB. Data wait all the time: 32 packets X,
x or m of 64 KiB are sent one behind the other, their replies read as they come.
With `-icount shift=0` a CPU of 10^9 instructions a second, whose time does not
depend on the host's. In real time each slot in which the emulated CPU or QEMU's
other threads are too slow counts: the best of 5, after one that does not count,
and not judged""")
def usb_slots(bench: Bench) -> Iterator[Line]:
    for text, extra, times in (("icount", ICOUNT, 1), ("real time", (), 5)):
        with cable(bench, True, extra) as c, c.rsp() as rsp:
            rsp.peer.settimeout(120)
            for name, way, packets in streams():
                stream(rsp.peer, packets)
                share = max(used(c, way, lambda: stream(rsp.peer, packets))
                            for _ in range(times))
                yield Line(f"slots used, {way}, {name}, {text}", "%", share,
                           aim=">= 85" if extra else "",
                           good=share >= 85 if extra else None)


@row("usb-gdb-slots", """the same with gdb-multiarch's own `restore` and `dump` of
16 MiB: it waits for each reply, and with the host's time the slots that it
thinks in are counted, since a tty's read requests wait all the time. With
`-icount` no time goes by while it thinks""")
def usb_gdb_slots(bench: Bench) -> Iterator[Line]:
    data, out = bench.random_file(SIZE), bench.folder / "dumped"
    for text, extra in (("icount", ICOUNT), ("real time", ())):
        with cable(bench, True, extra) as c, Gdb() as gdb:
            gdb.attach(c.guest)
            for way, command in (
                    ("out", f"restore {data} binary {RAM:#x}"),
                    ("in", f"dump binary memory {out} {RAM:#x} "
                           f"{RAM + SIZE:#x}")):
                share = used(c, way, lambda: gdb.cmd(command, 300))
                yield Line(f"slots used by gdb, {way}, {text}", "%", share)


def costs(bench: Bench, rsp: Rsp) -> list[float]:
    """Instructions a byte of m, x and X, with the guest's MMU on."""
    counts, times = bench.counts(), bench.times(10, 3)
    rsp.set_register(21, 4)
    rsp.send("vCont;c")
    time.sleep(0.3)
    rsp.peer.sendall(b"\x03")
    rsp.reply()
    if rsp.register(20) != 1:
        raise AssertionError("the guest's MMU is not on")
    data = escaped(os.urandom(WRITE))
    for at in range(RAM + MIB, RAM + MIB + REQUEST, WRITE):
        rsp.ask(b"X%x,%x:" % (at, WRITE) + data)
    return [cost(rsp, counts, b"m%x,%x" % (RAM + MIB, REQUEST), REQUEST, times),
            cost(rsp, counts, b"x%x,%x" % (RAM + MIB, REQUEST), REQUEST, times),
            cost(rsp, counts, b"X%x,%x:" % (RAM + MIB, WRITE) + data, WRITE,
                 times)]


@row("usb-instructions", """as the row `instructions`, over USB and in the same run
over virtio: all that the monitor executes for a packet, its driver's part and
the controller's events included, divided by the packet's bytes""")
def usb_instructions(bench: Bench) -> Iterator[Line]:
    with cable(bench, extra=bench.counting()) as c, c.rsp() as rsp:
        over_usb = costs(bench, rsp)
    with bench.bare(counted=True) as guest, Rsp(guest) as rsp:
        over_virtio = costs(bench, rsp)
    for name, ours, other in zip("mxX", over_usb, over_virtio):
        yield Line(f"{name} packet over USB", "insn/byte", ours,
                   more_is_better=False, text=f"{other:.2f} over virtio")


@row("usb-interrupt", """as the row `interrupt`, on usbhost's tty and in the same run
over virtio; 4 CPUs""")
def usb_interrupt(bench: Bench) -> Iterator[Line]:
    for name, busy in (("idle", False), ("busy", True)):
        with cable(bench, memory="512M", smp=4) as c:
            c.guest.wait_up()
            if busy:
                keep_busy(c.guest, 4)
            time.sleep(1)
            with c.rsp() as rsp:
                ours = latencies(rsp, bench.times(20, 5), 0.05, False)[0]
        yield Line(f"^C over USB, 4 CPUs {name}", "ms", ours,
                   more_is_better=False, text="over virtio: "
                   f"{latency(bench, False, 4, busy)[0]:.2f}")


BOOT = "nokaslr ignore_loglevel"


def boot_on_cable(bench: Bench, smp: int, extra: Sequence[str]) -> str:
    """The kernel's words up to init's first, from the console's tty."""
    with folder() as path:
        address = f"unix:{path}/cable"
        with Machine("--board", "virt-usb", "--usb", address, "--monitor",
                     "hyperstub.gdb=usb", "--serial", "channel", "--memory",
                     "512M", "--cpu", bench.cpu, "--smp", str(smp), "--kernel",
                     str(assets.kernel("kernel-6.1").vmlinuz), "--initrd",
                     str(assets.initramfs(None)), "--append",
                     f"console=ttyAMA0 loglevel=4 {BOOT}", "--", *extra,
                     serial=False), \
                UsbHost(path, address) as host:
            host.command("wait configured 60", 70)
            return tty_text(host.path("Console"), MARKER, 150)


def boot_on_uart(bench: Bench, smp: int, extra: Sequence[str]) -> str:
    """The same from the PL011, with gdb's port on the cable."""
    with cable(bench, extra=extra, memory="512M", smp=smp, append=BOOT) as c:
        c.guest.console.wait(re.escape(MARKER), 150)
        return c.guest.console.text


def boot(bench: Bench, smp: int, on_cable: bool,
         extra: Sequence[str] = ()) -> tuple[float, int, int]:
    """Seconds to init's first line, the kernel's own microseconds, bytes."""
    start = time.monotonic()
    text = (boot_on_cable if on_cable else boot_on_uart)(bench, smp, extra)
    took = time.monotonic() - start
    match = re.search(r"\[\s*(\d+)\.(\d{6})\] Run \S+ as init", text)
    if not match:
        raise Bad(f"the console does not tell of init: {text[-300:]}")
    return took, int(match.group(1)) * 1000000 + int(match.group(2)), len(text)


@row("usb-boot", """Debian's kernel with every message of it on its console
(ignore_loglevel): the console played by the monitor and on the cable, where it
is read, and the real PL011, both with gdb's port on the cable. `-icount
shift=0,sleep=off`, 1 CPU: the kernel's time of `Run /init`; and by the host's
clock on 4 CPUs, from the launcher's start to init's first line, median of 5,
taken in turn""")
def usb_boot(bench: Bench) -> Iterator[Line]:
    counted = [boot(bench, 1, on_cable, ICOUNT) for on_cable in (True, False)]
    yield Line("boot, console over USB, icount", "us", counted[0][1],
               more_is_better=False,
               text=f"{counted[1][1]} on the PL011, "
                    f"{counted[0][1] / counted[1][1]:.3f} of it; "
                    f"{counted[0][2]} bytes")
    took: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(bench.times(5, 2)):
        for on_cable, found in took.items():
            found.append(boot(bench, 4, on_cable)[0])
    ours, other = median(took[True]), median(took[False])
    yield Line("boot, console over USB", "s", ours, more_is_better=False,
               text=f"{other:.2f} on the PL011, {ours / other:.3f} of it")
