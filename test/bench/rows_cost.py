# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Rows on what the monitor costs a guest that nobody debugs, beside the same
guest natively: single operations, processes that wake each other, memory that is
streamed, and how often CPUs come to EL2."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from math import hypot
from statistics import mean, stdev
from pathlib import Path
from typing import Iterator, Optional

from tools import ROOT, Bench, Bad, Guest, Line, Rsp, row

from harness import guest_program
from lib.kvm_unit_tests import DEVICES, checkout
from same import output

ICOUNT = ("-icount", "shift=0,sleep=off")
TICK_NS = 16
MICRO_TIMES = 2000  # as micro.c does
EXITS_A_CPU = 150
GUESTS_SLOT = 0x0a003e08  # virtio-mmio, where the guest's own device is

# Pairs of processes, each with a pipe to and from the other.
PIPES = r"""
/* pipes PAIRS MESSAGES: what it took, in microseconds. */
static u64 now(void)
{
	u64 ticks, freq;

	asm volatile("isb; mrs %0, cntvct_el0" : "=r"(ticks));
	asm volatile("mrs %0, cntfrq_el0" : "=r"(freq));
	return ticks * 1000000 / freq;
}

/* A number and the end of its line. */
static void tell(u64 v)
{
	char text[24];
	int at = 24;

	text[--at] = '\n';
	do
		text[--at] = '0' + v % 10;
	while (v /= 10);
	sys3(64, 1, (long)text + at, 24 - at);
}

static long fork(void)
{
	register long x8 asm("x8") = 220, x0 asm("x0") = 17;
	register long x1 asm("x1") = 0, x2 asm("x2") = 0, x3 asm("x3") = 0;
	register long x4 asm("x4") = 0;
	asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3),
		     "r"(x4) : "memory");
	return x0;
}

static int pass(int from, int to, u64 messages, int first)
{
	char text[64];

	for (u64 i = 0; i < messages; i++) {
		if (first && sys3(64, to, (long)text, 64) != 64)
			return 1;
		if (sys3(63, from, (long)text, 64) != 64)
			return 2;
		if (!first && sys3(64, to, (long)text, 64) != 64)
			return 3;
	}
	return 0;
}

int main(int argc, char **argv)
{
	u64 pairs = number(argv[1]), messages = number(argv[2]), start = now();
	int status = 0, bad = 0;

	for (u64 i = 0; i < pairs; i++) {
		int a[2], b[2];

		sys3(59, (long)a, 0, 0);
		sys3(59, (long)b, 0, 0);
		if (!fork())
			sys3(93, pass(a[0], b[1], messages, 1), 0, 0);
		if (!fork())
			sys3(93, pass(b[0], a[1], messages, 0), 0, 0);
		for (int n = 0; n < 2; n++) {
			sys3(57, a[n], 0, 0);
			sys3(57, b[n], 0, 0);
		}
	}
	for (u64 i = 0; i < 2 * pairs; i++) {
		sys3(260, -1, (long)&status, 0);
		bad |= status;
	}
	tell(now() - start);
	return bad != 0;
}
"""

# Copies 16 MiB again and again: what it took, in microseconds.
STREAM = PIPES.split("static long fork")[0] + r"""
static u64 from[1 << 21], to[1 << 21];

int main(int argc, char **argv)
{
	u64 start;

	for (u64 i = 0; i < 1 << 21; i++)
		from[i] = i;
	for (int round = -1; round < (int)number(argv[1]); round++) {
		if (!round)
			start = now();
		for (u64 i = 0; i < 1 << 21; i += 8) {
			to[i] = from[i]; to[i + 1] = from[i + 1];
			to[i + 2] = from[i + 2]; to[i + 3] = from[i + 3];
			to[i + 4] = from[i + 4]; to[i + 5] = from[i + 5];
			to[i + 6] = from[i + 6]; to[i + 7] = from[i + 7];
		}
		asm volatile("" : : "r"(to) : "memory");
	}
	tell(now() - start);
	return 0;
}
"""


def micro_of(bench: Bench, native: bool) -> dict[str, float]:
    """Nanoseconds for one of each, the loop itself taken off."""
    text = output("micro", native, bench.cpu, 2, 120, extra=ICOUNT)
    found = {name: int(ticks, 16) * TICK_NS / MICRO_TIMES for name, ticks in
             re.findall(r"^([\w ]+): 0x([0-9a-f]+)$", text, re.M)}
    base = found.pop("nothing")
    return {name: value - base for name, value in found.items()}


@row("micro", """a guest (test/guest/micro.c) that does one thing 2000 times, with
`-icount shift=0,sleep=off` (an instruction is a nanosecond), 2 CPUs; QEMU's
column is --native""")
def micro(bench: Bench) -> Iterator[Line]:
    ours, native = micro_of(bench, False), micro_of(bench, True)
    for name, value in ours.items():
        yield Line(name, "ns", value, native[name], more_is_better=False,
                   text=f"{value - native[name]:+.0f}")


def run_program(guest: Guest, command: str, seconds: float = 300) -> int:
    """The last number that it printed."""
    found = re.findall(r"^(\d+)$", guest.sh(command, seconds), re.M)
    if not found:
        raise Bad(f"{command}: no figure")
    return int(found[-1])


def kvm_micro_bench_of(bench: Bench, program: Path,
                       native: bool) -> dict[str, float]:
    """Nanoseconds for one of each, as it says."""
    words = [str(ROOT / "scripts" / "qemu"), "--kernel", str(program), "--cpu",
             bench.cpu, "--smp", "2", "--memory", "256M", "--gdb", "null",
             "--console", "stdio", "--append", f"mmio-addr={GUESTS_SLOT:#x}"]
    child = subprocess.Popen(
        words + ["--native"] * native + ["--", *DEVICES, *ICOUNT],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)
    stop = threading.Timer(300, child.terminate)
    stop.start()
    took: dict[str, float] = {}
    try:
        for line in child.stdout:
            found = re.match(r"(\w+) +[\d.]+ +([\d.]+) *$", line)
            if found:
                took[found[1]] = float(found[2])
            if line.startswith("lpi"):
                return took
    finally:
        stop.cancel()
        child.terminate()
        child.wait()
    raise Bad(f"it ended after {', '.join(took) or 'nothing'}")


@row("kvm-micro-bench", """kvm-unit-tests' micro-bench (the built checkout that
$KVM_UNIT_TESTS names) with `-icount shift=0,sleep=off`, 2 CPUs, as far as to
its LPIs: its timer's row waits 256 times 10 ms, the row `micro` has that; the device
register is one of the guest's own; QEMU's column is --native""")
def kvm_micro_bench(bench: Bench) -> Iterator[Line]:
    folder = os.environ.get("KVM_UNIT_TESTS")
    if not folder:
        yield Line("kvm-micro-bench", "", text="not run: KVM_UNIT_TESTS= "
                   "names no checkout of kvm-unit-tests")
        return
    program = checkout(Path(folder)) / "micro-bench.flat"
    ours, native = (kvm_micro_bench_of(bench, program, which)
                    for which in (False, True))
    for name, value in ours.items():
        yield Line(name, "ns", value, native[name], more_is_better=False,
                   text=f"{value - native[name]:+.0f}")


def standard_error(values: list[int]) -> float:
    return stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0


@row("pipes", """Debian's kernel with `-icount shift=0,sleep=off`, 1 and 4 CPUs: pairs
of processes that send 64 bytes to each other and back by pipes, by the guest's
clock; the mean of ours over that of --native, with its standard error. On 4 CPUs a
run differs from the next by some per cent, natively too, as the scheduler puts the
processes: so there are many, in boots of each in turn. What the monitor itself
executes meanwhile (the plugin of the row `instructions`) is shown beside it""")
def pipes(bench: Bench) -> Iterator[Line]:
    command = "pipes 8 3000"
    files = {"bin/pipes": guest_program(PIPES)}
    counting = bench.counting(512 << 20)
    for smp in (1, 4):
        took: dict[bool, list[int]] = {False: [], True: []}
        spent = 0
        boots, times = (bench.times(4, 2), bench.times(10, 5)) if smp > 1 \
            else (1, 1)
        for native in [False, True] * boots:
            with Guest(cpu=bench.cpu, smp=smp, native=native, files=files,
                       append="nokaslr",
                       extra=[*ICOUNT, *([] if native else counting)]) \
                    as guest:
                run_program(guest, command)
                start = 0 if native else bench.counts().monitor()
                took[native] += [run_program(guest, command)
                                 for _ in range(times)]
                if not native:
                    spent += bench.counts().monitor() - start
        ours, base = mean(took[False]), mean(took[True])
        ratio = ours / base
        error = ratio * hypot(*(standard_error(runs) / mean(runs)
                                for runs in took.values()))
        yield Line(f"pipes, {smp} CPU{'s' * (smp > 1)}, icount", "us", ours,
                   base, more_is_better=False, aim="<= 1.02",
                   good=ratio <= 1.02,
                   text=f"{ratio:.4f} of --native"
                        + (f" +- {error:.4f}" if smp > 1 else ""))
        yield Line("  at EL2", "% of insn", spent / sum(took[False]) / 10,
                   more_is_better=False)


@row("stream", """a program on Debian's kernel that copies 16 MiB again and again, by the
guest's clock, which is the host's: the best of 15 runs, 5 boots of each in
turn; within 2 % is the same on a host that does other things""")
def stream(bench: Bench) -> Iterator[Line]:
    files = {"bin/stream": guest_program(STREAM)}
    rounds = bench.times(60, 20)
    took: dict[bool, list[int]] = {False: [], True: []}
    for _ in range(bench.times(5, 3)):
        for native in took:
            with Guest(cpu=bench.cpu, smp=1, native=native, files=files) \
                    as guest:
                took[native] += [run_program(guest, f"stream {rounds}")
                                 for _ in range(3)]
    ours, native = (min(took[which]) for which in (False, True))
    mib = 16 * rounds / 1e-6
    ratio = ours / native
    yield Line("memory streamed", "MiB/s", mib / ours, mib / native,
               aim="1.00", good=ratio <= 1.02,
               text=f"{ratio:.3f} of --native's time")


def exits(guest: Guest) -> dict[str, int]:
    """All CPUs' exits by cause, from `monitor info exits`."""
    with Rsp(guest) as rsp:
        rsp.send("qRcmd," + "info exits".encode().hex())
        text = ""
        while True:
            part = rsp.reply()
            if part.startswith("O") and part != "OK":
                text += bytes.fromhex(part[1:]).decode()
                continue
            if part not in ("OK", ""):
                text += bytes.fromhex(part).decode()
            break
        rsp.ask("D")
    total: dict[str, int] = {}
    for name, count in re.findall(r"([a-z][a-z0-9/ ]*?) (\d+) \(\d+/s\)",
                                  text):
        total[name] = total.get(name, 0) + int(count)
    return total


def rates(guest: Guest, seconds: float,
          load: Optional[str] = None) -> dict[str, float]:
    """Exits a second and CPU."""
    token = guest.start_sh(load) if load else None
    time.sleep(1)
    before, start = exits(guest), time.monotonic()
    time.sleep(seconds)
    after, took = exits(guest), time.monotonic() - start
    if token:
        guest.end_sh(token, 300)
    return {name: (count - before.get(name, 0)) / took / 4
            for name, count in after.items()}


@row("exits", """`monitor info exits` of Debian's kernel on 4 CPUs, for a CPU and a
second: 5 s at the shell's prompt, and 5 s with pairs of processes that wake each
other by pipes""")
def exits_row(bench: Bench) -> Iterator[Line]:
    with Guest(cpu=bench.cpu, smp=4,
               files={"bin/pipes": guest_program(PIPES)}) as guest:
        idle = rates(guest, 5)
        load = rates(guest, 5, "(for n in 1 2 3 4 5 6 7 8; do pipes 8 "
                     f"{bench.times(4000, 2000)}; done) >/dev/null")
    total = sum(idle.values())
    yield Line("exits, idle", "1/s", total, aim=f"< {EXITS_A_CPU}",
               good=total < EXITS_A_CPU, more_is_better=False)
    yield Line("exits, loaded", "1/s", sum(load.values()))
    for name, count in load.items():
        yield Line(f"  {name}", "1/s", count,
                   text=f"loaded; {idle[name]:.1f} a second idle")
