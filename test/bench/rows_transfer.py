# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Rows on the link: bulk memory with gdb 13 and 16, instructions a byte, steps,
stopping and going on."""

from __future__ import annotations

import os
import time
from typing import Iterator

from tools import (Bench, Counts, Gdb, Guest, Line, MIB, NullStub, Rsp, assets,
                   gdb16, median, row, timed)

from bare import escaped
from guest_programs import HOT, programs

RAM = 0x40000000
SIZE = 16 * MIB


def transfers(bench: Bench, program: str, peer) -> tuple[float, float]:
    """MiB/s of dump and restore, medians; what was restored is dumped."""
    data = bench.random_file(SIZE)
    out = bench.folder / "dumped"
    dump, restore = [], []
    with Gdb(program) as gdb:
        gdb.attach(peer)
        for _ in range(bench.times(5, 2)):
            restore.append(timed(gdb, f"restore {data} binary {RAM:#x}"))
            dump.append(timed(gdb, f"dump binary memory {out} {RAM:#x} "
                                   f"{RAM + SIZE:#x}"))
        if not isinstance(peer, NullStub) and \
                out.read_bytes() != data.read_bytes():
            raise AssertionError("what was dumped is not what was restored")
    return 16 / median(dump), 16 / median(restore)


def three(bench: Bench, program: str) -> tuple:
    """The same with the monitor, with QEMU's stub and with the null stub."""
    with bench.bare() as guest:
        ours = transfers(bench, program, guest)
    with bench.bare(native=True) as guest:
        qemu = transfers(bench, program, guest)
    with NullStub(bench) as stub:
        null = transfers(bench, program, stub)
    return ours, qemu, null


def judged(line: Line, ratio: float, share: float) -> Line:
    line.good = (line.ratio() or 0) >= ratio and (line.of_null() or 0) >= share
    line.aim = f">= {ratio:g}x, {share:.0%} of null"
    return line


@row("transfer", """gdb-multiarch: `restore` and `dump binary memory` of 16 MiB of
random bytes, median of 5, compared afterwards; guest stopped with its MMU off;
gdb's default packet sizes; Unix sockets on all sides""")
def transfer(bench: Bench) -> Iterator[Line]:
    ours, qemu, null = three(bench, "gdb-multiarch")
    yield judged(Line("dump, gdb 13", "MiB/s", ours[0], qemu[0], null[0]),
                 1.4, 0.75)
    yield judged(Line("restore, gdb 13", "MiB/s", ours[1], qemu[1], null[1]),
                 3, 0.35)


@row("transfer16", """the same with gdb 16, which reads by x packets where the stub
has them""")
def transfer16(bench: Bench) -> Iterator[Line]:
    program = gdb16()
    if program is None:
        yield Line("dump, gdb 16", "MiB/s",
                   text="no gdb 16 here: scripts/deps gdb16 fetches it")
        return
    ours, qemu, null = three(bench, program)
    yield judged(Line("dump, gdb 16", "MiB/s", ours[0], qemu[0], null[0]),
                 2.5, 0.65)
    yield Line("restore, gdb 16", "MiB/s", ours[1], qemu[1], null[1])


def cost(rsp: Rsp, counts: Counts, body: bytes, size: int,
         times: int) -> float:
    """Instructions a byte, all that the monitor does for a packet."""
    rsp.ask(body)
    start = counts.settled()
    for _ in range(times):
        if rsp.ask(body).startswith("E"):
            raise AssertionError(f"{body[:20]!r}: an error")
    return (counts.settled() - start) / times / size


@row("instructions", """instructions that QEMU executes in the monitor's memory
from a packet's interrupt to its reply, divided by the packet's bytes: a TCG
plugin (test/bench/count.c) counts them; 1 CPU, MMU on, random bytes (one in
64 wants an escape), m and x of 64 KiB, X of 16 KiB as gdb sends them""")
def instructions(bench: Bench) -> Iterator[Line]:
    size, write, times = 0x10000, 0x3f00, bench.times(10, 3)
    with bench.bare(counted=True) as guest, Rsp(guest) as rsp:
        counts = bench.counts()
        rsp.set_register(21, 4)
        rsp.send("vCont;c")
        time.sleep(0.3)
        rsp.peer.sendall(b"\x03")
        rsp.reply()
        if rsp.register(20) != 1:
            raise AssertionError("the guest's MMU is not on")
        for at in range(0, size, write):
            data = escaped(os.urandom(write))
            rsp.ask(b"X%x,%x:" % (RAM + MIB + at, write) + data)
        figures = [
            ("m", cost(rsp, counts, b"m%x,%x" % (RAM + MIB, size), size,
                       times), 6),
            ("x", cost(rsp, counts, b"x%x,%x" % (RAM + MIB, size), size,
                       times), 3),
            ("X", cost(rsp, counts, b"X%x,%x:" % (RAM + MIB, write) + data,
                       write, times), 3)]
    for name, figure, aim in figures:
        yield Line(f"{name} packet", "insn/byte", figure, aim=f"<= {aim}",
                   good=figure <= aim, more_is_better=False)


STEPS = """python
import time
def bench_steps(n):
    start = time.monotonic()
    for _ in range(n):
        gdb.execute("stepi", to_string=True)
    print("RATE", n / (time.monotonic() - start))
end"""


def stop_in_kernel(bench: Bench, native: bool) -> tuple[Guest, Gdb]:
    """Debian's kernel on 4 CPUs, stopped at a function that a loop calls."""
    guest = Guest(cpu=bench.cpu, smp=4, native=native, append="nokaslr",
                  files=programs())
    gdb = Gdb(symbols=assets.symbols())
    gdb.attach(guest)
    gdb.cmd(f"tbreak {HOT}")
    gdb.send("continue")
    guest.start_sh("hot 1 100000000")
    gdb.wait()
    return guest, gdb


def steps(bench: Bench, native: bool) -> tuple[float, float]:
    """Steps a second, and packets that gdb sends for one."""
    guest, gdb = stop_in_kernel(bench, native)
    with guest, gdb:
        for line in STEPS.splitlines():
            gdb.child.sendline(line)
        gdb.wait()
        rates = []
        for _ in range(bench.times(5, 2)):
            text = gdb.cmd(f"python bench_steps({bench.times(200, 50)})", 120)
            rates.append(float(text.split("RATE")[1].split()[0]))
        gdb.cmd("set debug remote 1")
        sent = sum(gdb.cmd("stepi").count("Sending packet: $")
                   for _ in range(20))
        gdb.cmd("set debug remote 0")
        gdb.cmd("kill" if native else "detach")
    return median(rates), sent / 20


@row("stepi", """gdb-multiarch on Debian's kernel, 4 CPUs, in a loop of system calls:
`stepi` 200 times from gdb's Python, median of 5; packets sent by gdb for one,
as `set debug remote` shows them""")
def stepi(bench: Bench) -> Iterator[Line]:
    ours, packets = steps(bench, False)
    qemu, qemu_packets = steps(bench, True)
    with NullStub(bench) as stub, Gdb() as gdb:
        gdb.attach(stub)
        for line in STEPS.splitlines():
            gdb.child.sendline(line)
        gdb.wait()
        text = gdb.cmd(f"python bench_steps({bench.times(500, 100)})", 120)
        null = float(text.split("RATE")[1].split()[0])
    line = Line("stepi", "steps/s", ours, qemu, null, aim=">= 1x")
    line.good = ours >= qemu
    yield line
    yield Line("packets a stepi", "packets", packets, qemu_packets, aim="<= 8",
               good=packets <= 8, more_is_better=False)


def latencies(rsp: Rsp, times: int, pause: float,
              all_cpus: bool) -> tuple[float, float]:
    """Milliseconds from ^C to its stop reply, and from a resume to a second
    ^C's reply."""
    stops, rounds = [], []
    rsp.ask("vCont?")
    for _ in range(times):
        rsp.send("vCont;c")
        time.sleep(pause)
        start = time.monotonic()
        rsp.peer.sendall(b"\x03")
        rsp.reply()
        stops.append(time.monotonic() - start)
        if not all_cpus:
            continue
        start = time.monotonic()
        rsp.send("vCont;c")
        rsp.peer.sendall(b"\x03")
        rsp.reply()
        rounds.append(time.monotonic() - start)
    rsp.ask("D")
    return median(stops) * 1000, median(rounds) * 1000 if rounds else 0


def keep_busy(guest: Guest, smp: int) -> None:
    """A shell loop on each CPU."""
    guest.sh(f"for i in $(seq {smp}); do (while :; do :; done) & done")


def latency(bench: Bench, native: bool, smp: int, busy: bool,
            all_cpus: bool = False) -> tuple[float, float]:
    with Guest(cpu=bench.cpu, smp=smp, native=native) as guest:
        if busy:
            keep_busy(guest, smp)
        time.sleep(1)
        with Rsp(guest) as rsp:
            return latencies(rsp, bench.times(20, 5), 0.05, all_cpus)


@row("interrupt", """a raw client: vCont;c, 50 ms, ^C; from the byte to the stop
reply, median of 20; Debian's kernel on 4 CPUs, idle and with a shell loop on
each""")
def interrupt(bench: Bench) -> Iterator[Line]:
    for name, busy in (("idle", False), ("busy", True)):
        yield Line(f"^C, 4 CPUs {name}", "ms",
                   latency(bench, False, 4, busy)[0],
                   latency(bench, True, 4, busy)[0], more_is_better=False)


@row("stop8", """the same with 8 CPUs, all busy; and vCont;c with ^C right behind
it: one release and one stop of all CPUs""")
def stop8(bench: Bench) -> Iterator[Line]:
    ours = latency(bench, False, 8, True, True)
    qemu = latency(bench, True, 8, True, True)
    yield Line("stop 8 CPUs", "ms", ours[0], qemu[0], more_is_better=False)
    yield Line("resume and stop 8 CPUs", "ms", ours[1], qemu[1],
               more_is_better=False)
