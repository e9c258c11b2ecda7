# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Rows on the guest: conditions, exits, what booting costs; and the image."""

from __future__ import annotations

import re
import subprocess
import time
from typing import Iterator

from tools import (Bench, COUNTED_MEMORY, Bad, Gdb, Guest, Line, MIB, Rsp,
                   assets, median, row)

from guest_programs import HOT, programs
from lib.initramfs import MARKER

KIB = 1024
SIMULATED = ("nop", "paciasp", "mov", "add", "sub", "stp")


def place(gdb: Gdb, function: str, opcodes: tuple[str, ...]) -> str:
    """The first instruction of a function with one of these opcodes."""
    for line in gdb.cmd(f"x/60i {function}").splitlines():
        match = re.match(r"\W*(0x[0-9a-f]+)[^:]*:\s+([\w.]+)", line)
        if match and match.group(2).split(".")[0] in opcodes:
            return match.group(1)
    raise Bad(f"{function} has none of {opcodes}")


def places(gdb: Gdb) -> tuple[str, str]:
    """An instruction on the way to HOT that the monitor simulates, and one
    that it steps."""
    return place(gdb, HOT, SIMULATED), place(gdb, "el0_svc", ("mrs",))


def microseconds_a_hit(guest: Guest, gdb: Gdb, place: str,
                       times: int) -> float:
    """Host time that a breakpoint with a false condition adds to each call."""
    took = []
    for breakpoint in (False, True):
        if breakpoint:
            gdb.cmd(f"break *{place} if $x1 == 0x123456789")
        gdb.send("continue")
        start = time.monotonic()
        guest.sh(f"hot 0 {times}", 120)
        took.append(time.monotonic() - start)
        gdb.interrupt()
    gdb.cmd("delete")
    return (took[1] - took[0]) / times * 1e6


def condition_times(bench: Bench, native: bool) -> list[float]:
    times = bench.times(500, 100) if native else bench.times(40000, 10000)
    figures = []
    with Guest(cpu=bench.cpu, smp=1, native=native, append="nokaslr",
               files=programs()) as guest, \
            Gdb(symbols=assets.symbols()) as gdb:
        gdb.attach(guest)
        for place in places(gdb):
            figures.append(median([
                microseconds_a_hit(guest, gdb, place, times)
                for _ in range(bench.times(3))]))
        gdb.cmd("kill" if native else "detach")
    return figures


def condition_instructions(bench: Bench) -> list[float]:
    """Instructions at EL2 for a hit, those of the same calls without one
    taken off."""
    figures, times = [], bench.times(10000, 2000)
    with Guest(cpu=bench.cpu, smp=1, memory=f"{COUNTED_MEMORY // MIB}M",
               append="nokaslr", files=programs(),
               extra=bench.counting()) as guest, \
            Gdb(symbols=assets.symbols()) as gdb:
        counts = bench.counts()
        gdb.attach(guest, 60)
        for place in places(gdb):
            spent = []
            for breakpoint in (False, True):
                if breakpoint:
                    gdb.cmd(f"break *{place} if $x1 == 0x123456789")
                gdb.send("continue")
                guest.sh("hot 0 10", 60)
                start = counts.monitor()
                guest.sh(f"hot 0 {times}", 120)
                spent.append(counts.monitor() - start)
                gdb.interrupt()
            gdb.cmd("delete")
            figures.append((spent[1] - spent[0]) / times)
        gdb.cmd("detach")
    return figures


@row("condition", f"""`break *ADDR if $x1 == 0x123456789` in {HOT}, which a
program calls 40000 times (QEMU: 500), and on an MRS in el0_svc, which has to be
stepped: host time that it adds to a call, median of 3; 1 CPU;
instructions by the plugin of the row `instructions`""")
def condition(bench: Bench) -> Iterator[Line]:
    ours = condition_times(bench, False)
    qemu = condition_times(bench, True)
    counted = condition_instructions(bench)
    for n, (name, aim) in enumerate((("simulated", 150), ("stepped", 30))):
        line = Line(f"false condition, {name}", "us", ours[n], qemu[n],
                    aim=f">= {aim}x", more_is_better=False)
        line.good = (line.ratio() or 0) >= aim
        yield line
        yield Line(f"  at EL2, {name}", "insn", counted[n], aim="<= 1500",
                   good=counted[n] <= 1500, more_is_better=False)


def exit_cost(bench: Bench, mode: int, seconds: float) -> tuple[int, int]:
    """Times, and the monitor's instructions, of exits.S in that mode."""
    with bench.bare(counted=True) as guest, Rsp(guest) as rsp:
        counts = bench.counts()
        rsp.set_register(21, mode)
        figures = []
        for pause in (0.5, seconds):
            rsp.send("vCont;c")
            time.sleep(pause)
            rsp.peer.sendall(b"\x03")
            rsp.reply()
            figures.append((rsp.register(20), counts.settled()))
    return figures[1][0] - figures[0][0], figures[1][1] - figures[0][1]


@row("traps", """a guest (test/bench/exits.S) that does one thing for some seconds;
the monitor's instructions by the plugin, those of a guest that does nothing
taken off, divided by its own count""")
def traps(bench: Bench) -> Iterator[Line]:
    seconds = bench.times(4, 1)
    _, base = exit_cost(bench, 0, seconds)
    for mode, name in ((1, "HVC (PSCI_VERSION)"),
                       (2, "trapped access (GICD_TYPER)"),
                       (3, "injected interrupt (timer)")):
        times, spent = exit_cost(bench, mode, seconds)
        yield Line(name, "insn", (spent - base) / max(times, 1),
                   more_is_better=False)


def boot_us(guest: Guest) -> int:
    """The kernel's own microseconds from its start to init."""
    match = re.search(r"\[\s*(\d+)\.(\d{6})\] Run \S+ as init",
                      guest.sh("dmesg"))
    if not match:
        raise Bad("dmesg does not tell when init was run")
    return int(match.group(1)) * 1000000 + int(match.group(2))


@row("boot", """Debian's kernel with `-icount shift=0,sleep=off` (an instruction is
a nanosecond), 1 CPU: dmesg's time of `Run /init`, ours over --native""")
def boot(bench: Bench) -> Iterator[Line]:
    times = []
    for native in (False, True):
        with Guest(cpu=bench.cpu, smp=1, native=native, append="nokaslr",
                   extra=["-icount", "shift=0,sleep=off"]) as guest:
            times.append(boot_us(guest))
    ratio = times[0] / times[1]
    yield Line("boot to init, icount", "us", times[0], times[1],
               more_is_better=False, aim="<= 1.005", good=ratio <= 1.005,
               text=f"{ratio:.4f} of --native")


def wall(bench: Bench, native: bool) -> float:
    start = time.monotonic()
    with Guest(cpu=bench.cpu, smp=4, native=native, boot=False) as guest:
        guest.console.wait(re.escape(MARKER), 150)
        return time.monotonic() - start


@row("wall", """the same on 4 CPUs by the host's clock, from the launcher's start to
init's first line; median of 9 of each, taken in turn""")
def wall_clock(bench: Bench) -> Iterator[Line]:
    ours, qemu = [], []
    for _ in range(bench.times(9, 3)):
        ours.append(wall(bench, False))
        qemu.append(wall(bench, True))
    ratio = median(ours) / median(qemu)
    yield Line("boot to init, wall clock", "s", median(ours), median(qemu),
               more_is_better=False, aim="<= 1.10", good=ratio <= 1.10,
               text=f"{ratio:.3f} of --native")


PARTS = (("stub/", "stub"), ("transport/", "transport"),
         ("arch/arm64/irq/", "irq"), ("arch/arm64/platform/", "platform"),
         ("arch/arm64/lib/", "lib"), ("arch/arm64/insn", "insn"),
         ("arch/arm64/stage", "page tables"),
         ("arch/arm64/view", "page tables"),
         ("arch/arm64/tdesc", "registers"), ("arch/arm64/sysreg", "registers"),
         ("arch/arm64/command", "commands"), ("arch/arm64/", "arch"))


def part_of(line: str) -> str:
    for path, part in PARTS:
        if path in line:
            return part
    return "libfdt" if re.match(r"_?fdt_", line) else "tables without a line"


@row("size", """size of hyperstub.bin, and of its symbols by directory of their
source (nm -S -l hyperstub.elf); the rest is strings, relocations, padding""")
def size(bench: Bench) -> Iterator[Line]:
    total = bench.image.stat().st_size / KIB
    text = subprocess.run(
        ["aarch64-linux-gnu-nm", "-S", "-l", str(bench.elf)], check=True,
        stdout=subprocess.PIPE, text=True).stdout
    parts: dict[str, int] = {}
    for line in text.splitlines():
        match = re.match(r"[0-9a-f]{16} ([0-9a-f]{16}) ([a-zA-Z]) (.*)", line)
        if match and match.group(2) not in "bBnNaA":
            name = part_of(match.group(3))
            parts[name] = parts.get(name, 0) + int(match.group(1), 16)
    yield Line("image", "KiB", total, aim="< 128", good=total < 128,
               more_is_better=False)
    for name, count in sorted(parts.items(), key=lambda item: -item[1]):
        yield Line(f"  {name}", "KiB", count / KIB)
    yield Line("  rest", "KiB", total - sum(parts.values()) / KIB)


@row("memory", """`monitor info` with 4 CPUs: what the monitor has taken of its
share, its pool of shadow pages included""")
def memory(bench: Bench) -> Iterator[Line]:
    with bench.bare(smp=4) as guest, Gdb() as gdb:
        gdb.attach(guest)
        text = gdb.cmd("monitor info")
        gdb.cmd("detach")
    match = re.search(r"(\d+) KiB used", text)
    if not match:
        raise Bad(f"monitor info: {text}")
    yield Line("memory taken", "KiB", float(match.group(1)))
