#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 400 s
# needs: witness
"""The witness kernel (scripts/kernel): what Debian's kernels lack. Pseudo-NMIs
with interrupts masked, kgdb's own tests, breakpoints in kernel data and perf's
samples by NMI: natively, beneath the monitor, and with a gdb outside that holds
every comparator."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import Callable

from harness import Bad, Gdb, Guest, Report, libc_program, must, same
from lib.witness import Witness

CPUS = 2
KGDB = "/sys/module/kgdbts/parameters/kgdbts"
LOCKUP = "/sys/kernel/debug/provoke-crash/DIRECT"
QUIET = ("panic", "machine_restart", "machine_halt", "machine_power_off",
         "emergency_restart", "kernel_halt", "orderly_reboot")
HOT = ("el0_svc", "schedule", "vfs_write", "call_el1_break_hook",
       "do_el1_brk64", "do_el1_softstep", "gic_handle_irq", "__switch_to",
       "kgdb_handle_exception", "try_to_wake_up")
report = Report("linux witness: ")


def kgdb(guest: Guest) -> str:
    """
    kgdb's own tests: breakpoints, steps, faults; what it says of them. Beside
    the debugger's breakpoints all that kgdb does between two steps is stepped,
    for MDSCR_EL1.SS is set there: it takes seconds.
    """
    start = len(guest.console.text)
    guest.sh(f"dmesg -n 8; echo V1I20S20 >{KGDB}", 120)
    # Its last test ends after so many calls of open().
    guest.sh("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do "
             "read x </proc/uptime; done", 60)
    guest.console.wait(r"KGDB: Unregistered I/O driver kgdbts", 30, start)
    guest.sh("dmesg -n 4")
    text = guest.console.text[start:]
    return "\n".join(re.findall(r"kgdbts:.*|KGDB:.*", text))


def perf(guest: Guest) -> str:
    """Breakpoints in the kernel's text and data, and samples by NMI."""
    return guest.sh("inside perf-kernel 2>/dev/null; "
                    "inside perf-sample 2>/dev/null", 60)


def nmi(guest: Guest) -> str:
    """
    A CPU that spins with interrupts masked, for ever, and shows where it is:
    what sysrq-l prints of it. It is lost for the guest afterwards.
    """
    guest.sh("dmesg -n 8; taskset -p 1 $$")
    start = len(guest.console.text)
    guest.console.send(f"taskset 2 sh -c 'echo HARDLOCKUP >{LOCKUP}' &\n")
    guest.console.wait("direct entry HARDLOCKUP", 30, start)
    for _ in range(3):
        time.sleep(1) # it says so before it is there
        start = len(guest.console.text)
        # The shell's own answer may wait for that CPU: it is not asked for.
        guest.console.send("echo l >/proc/sysrq-trigger\n")
        guest.console.wait(r"NMI backtrace for cpu 1.*?pc : .*?\n", 60, start)
        match = re.search(r"NMI backtrace for cpu 1.*?\n.*?pc : (\w+)\+",
                          guest.console.text[start:], re.S)
        must(match, guest.console.text[start:])
        if match.group(1) == "lkdtm_HARDLOCKUP":
            break
    return match.group(1)


def messages(guest: Guest) -> tuple[str, ...]:
    """What the kernel said at boot of what is used here."""
    text = guest.sh("dmesg")
    return tuple(line for line in re.findall(r"\] (.*)", text) if re.search(
        r"Pseudo-NMI|hw perfevents|hw-breakpoint|CPU features", line))


def all_of(guest: Guest) -> dict[str, object]:
    """
    Everything, in an order that the last one ends. kgdb is before perf: a second
    after its last event perf patches the kernel's text, and kgdb, which stops
    that CPU by an NMI with the lock of it held and then wants the lock, waits
    for ever (seen; natively its tests are over by then).
    """
    return {"messages": messages(guest), "kgdb": kgdb(guest),
            "perf": perf(guest), "nmi": nmi(guest)}


def attempt(how: str, image: Path, program: bytes,
            run: Callable[[Guest], None]) -> None:
    """In a fresh guest."""
    with Guest(smp=CPUS, kernel=image, native=how == "native",
               files={"bin/inside": program},
               append="nokaslr irqchip.gicv3_pseudo_nmi=1") as guest:
        run(guest)


def hold(gdb: Gdb) -> None:
    """All comparators, and breakpoints in hot text."""
    for name in QUIET:
        text = gdb.cmd(f"hbreak *&{name}")
        must("breakpoint" in text, text)
    stack = gdb.value("(long)&machine_restart")
    for n in range(5):
        gdb.cmd(f"watch *(long *){stack + 8 * n:#x}")
    for name in HOT:
        for n in range(4):
            text = gdb.cmd(f"break *((long)&{name} + {4 * n}) "
                           "if $x29 == 0x4242")
            must("Breakpoint" in text, text)


def main() -> int:
    kernel = Witness()
    kernel.build()
    data, _ = libc_program("inside")
    found = {}

    def alone(how: str) -> Callable[[Guest], None]:
        def run(guest: Guest) -> None:
            found[how] = all_of(guest)
        return run

    def debugged(guest: Guest) -> None:
        with Gdb(symbols=kernel.symbols()) as gdb:
            gdb.attach(guest)
            hold(gdb)
            gdb.send("continue")
            found["with a debugger outside"] = all_of(guest)
            with report.case("gdb finds the CPU that is locked up", gdb):
                text = gdb.interrupt()
                must("SIGINT" in text, text)
                gdb.cmd("thread 2")
                text = gdb.cmd("bt")
                must("lkdtm_HARDLOCKUP" in text, text)
            gdb.cmd("delete")
            gdb.cmd("detach")

    for how in ("native", "beneath the monitor"):
        attempt(how, kernel.image, data, alone(how))
    attempt("with a debugger outside", kernel.image, data, debugged)
    native = found.pop("native")
    for name, text in native.items():
        print(f"# {name}: {text}")
    with report.case("natively: Pseudo-NMIs, and kgdb passes its tests"):
        must(any("Pseudo-NMIs enabled" in line
                 for line in native["messages"]), native["messages"])
        must("missing" not in native["perf"] and "wrong" not in native["perf"]
             and "no address" not in native["perf"], native["perf"])
        must("singlestep" in native["kgdb"]
             and "ERROR" not in native["kgdb"], native["kgdb"])
        same(native["nmi"], "lkdtm_HARDLOCKUP", "PC of the locked CPU")
    report.alike(native, found)
    return report.end()


sys.exit(main())
