#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 300 s
# needs: witness
"""Two debuggers at once: gdb on the guest's own kgdb, over a second serial line
(a PCI 16550), and gdb on the monitor. What the one inside is told is the same
natively, beneath the monitor, and with the other one outside; each is told of
its own breakpoints, and both of one that both have."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from harness import Gdb, Guest, Report, guest_program, must, same
from lib.witness import Witness

CPUS = 2
MAX, MIN = ("__arm64_sys_sched_get_priority_max",
            "__arm64_sys_sched_get_priority_min")
CALLS = r"""
/* calls CPU TIMES: so many system calls of each of two kinds. */
int main(int argc, char **argv)
{
	u64 mask = 1ul << number(argv[1]), times = number(argv[2]);

	sys3(122, 0, sizeof(mask), (long)&mask);
	for (u64 i = 0; i < times; i++)
		if (sys3(125, 0, i, 0) || sys3(126, 0, i, 0))
			return 1;
	return 0;
}
"""
HITS = 2
report = Report("linux kgdb: ")


class Inside:
    """gdb on the guest's kgdb."""

    def __init__(self, guest: Guest, line: str, symbols: Path) -> None:
        self.guest, self.line = guest, line
        self.gdb = Gdb(symbols=symbols)

    def enter(self) -> str:
        """The guest's kernel stops for it; where."""
        self.token = self.guest.start_sh(
            "echo ttyS0 >/sys/module/kgdboc/parameters/kgdboc; "
            "echo g >/proc/sysrq-trigger")
        self.guest.console.wait("KGDB", 30, self.token[0])
        text = self.gdb.cmd(f"target remote {self.line}", 60)
        must("kgdb_breakpoint" in text, text)
        return "kgdb_breakpoint"

    def start(self, times: int) -> None:
        """The shell goes on, and runs the program on CPU 1."""
        self.gdb.send("continue")
        self.guest.end_sh(self.token)
        self.token = self.guest.start_sh(f"calls 1 {times}")

    def stop(self) -> str:
        """Its next stop: what and where, with who called."""
        text = self.gdb.wait(60)
        match = re.search(r"hit Breakpoint \d+, 0x\w+ in (\w+)|(SIG\w+)", text)
        must(match, text)
        chain = re.findall(r"^#\d+ .*?(?:in )?(\w+) \(", self.gdb.cmd("bt 4"),
                           re.M)
        return f"{match.group(1) or match.group(2)} {chain}"

    def leave(self) -> None:
        """No breakpoint is left, the kernel runs."""
        self.gdb.cmd("delete")
        self.gdb.send("continue")
        self.guest.end_sh(self.token, 60)
        self.gdb.close()


def session(guest: Guest, inside: Inside) -> list[str]:
    """What the debugger inside is told, from first to last."""
    gdb, told = inside.gdb, [inside.enter()]
    gdb.cmd(f"break *&{MIN}")
    inside.start(HITS)
    for _ in range(HITS):
        told.append(inside.stop())
        start = gdb.value("$pc")
        for _ in range(3):
            gdb.cmd("stepi")
        told.append(f"three steps: {gdb.value('$pc') - start}")
        if len(told) < 1 + 2 * HITS:
            gdb.send("continue")
    inside.leave()
    guest.alive()
    return told


def outside(guest: Guest, inside: Inside, gdb: Gdb, native: list[str]) -> None:
    """The same once more, and a debugger outside at two places."""
    numbers = {}
    for name in (MAX, MIN):
        gdb.cmd(f"break *&{name}")
        numbers[name] = gdb.value("$bpnum")
        gdb.cmd("ignore $bpnum 100000")
    gdb.send("continue")
    with report.case("with a debugger outside at the same place and another",
                     gdb):
        same(session(guest, inside), native, "told inside")
        text = gdb.interrupt()
        must("SIGINT" in text, text)
        same(gdb.hits(numbers[MAX]), HITS, "outside, its own place")
        # once more where the guest's debugger has stopped and steps on
        same(gdb.hits(numbers[MIN]), 2 * HITS, "outside, both's place")


def stopped(guest: Guest, inside: Inside, gdb: Gdb) -> None:
    with report.case("the kernel is held by the one inside: the one outside "
                     "sees its CPUs there", gdb):
        gdb.cmd("delete")
        gdb.send("continue")
        inside.enter()
        text = gdb.interrupt()
        must("SIGINT" in text, text)
        for number in range(1, CPUS + 1):
            gdb.cmd(f"thread {number}")
            chain = gdb.cmd("bt")
            must("kgdb_cpu_enter" in chain, chain)
        gdb.send("continue")
    with report.case("each stops at its own place", gdb):
        inside.gdb.cmd(f"break *&{MIN}")
        gdb.interrupt()
        gdb.cmd(f"break *&{MAX}")
        gdb.send("continue")
        inside.start(2)
        text = gdb.wait()
        must(f"in {MAX} ()" in text, text)
        gdb.send("continue")
        must(inside.stop().startswith(MIN), "inside")
        # kgdb's continue may be stopped there again, by an interrupt first
        inside.gdb.cmd("delete")
        inside.gdb.send("continue")
        text = gdb.wait()
        must(f"in {MAX} ()" in text, text)
        gdb.cmd("delete")
        gdb.send("continue")
        guest.end_sh(inside.token, 60)
        inside.gdb.close()
        gdb.interrupt()


def main() -> int:
    kernel = Witness()
    kernel.build()
    found = {}
    for how in ("native", "beneath the monitor"):
        with tempfile.TemporaryDirectory(prefix="hs-kgdb-") as temp, Guest(
                smp=CPUS, kernel=kernel.image, native=how == "native",
                files={"bin/calls": guest_program(CALLS)}, append="nokaslr",
                extra=("-chardev", f"socket,id=kgdb,path={temp}/line,"
                       "server=on,wait=off",
                       "-device", "pci-serial,chardev=kgdb")) as guest:
            line = f"{temp}/line"
            with report.case(f"a session with kgdb: {how}"):
                found[how] = session(guest, Inside(guest, line,
                                                   kernel.symbols()))
                if how != "native":
                    same(found[how], found["native"], "told inside")
            if how == "native":
                print(f"# {found.get(how)}")
                continue
            with Gdb(symbols=kernel.symbols()) as gdb:
                gdb.attach(guest)
                outside(guest, Inside(guest, line, kernel.symbols()), gdb,
                        found["native"])
                stopped(guest, Inside(guest, line, kernel.symbols()), gdb)
                gdb.cmd("detach")
                guest.alive()
    return report.end()


sys.exit(main())
