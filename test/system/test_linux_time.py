#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 200 s
"""A stopped guest's time stands still: with the kernel's watchdogs set to
seconds, 20 s at a breakpoint leave no message; with time left running the same
stop leaves one."""

from __future__ import annotations

import re
import sys
import time

from guest_programs import HOT, programs
from harness import Gdb, Guest, Report, must, same, symbols

SECONDS = 20
COMPLAINTS = re.compile(r"^.*(?:stall|soft lockup|hung|blocked for more|"
                        r"clocksource|Call trace).*$", re.M)
report = Report("linux time: ")


def clock(guest: Guest) -> float:
    """The guest's seconds since it was booted."""
    return float(guest.sh("cat /proc/uptime").split()[0])


def stop(guest: Guest, gdb: Gdb) -> tuple[float, str]:
    """
    20 s at a breakpoint, CPU 1 inside a system call, all others busy; how
    much guest time that took, and what the kernel said. Begins and ends with
    the guest stopped.
    """
    gdb.send("continue")
    guest.sh("dmesg -c >/dev/null")
    before = clock(guest)
    gdb.interrupt()
    gdb.cmd(f"tbreak {HOT}")
    start = time.monotonic()
    token = guest.start_sh("for c in 0 2 3; do spin $c 1500 & done; "
                           "hot 1 1; wait")
    gdb.go()
    time.sleep(SECONDS)
    gdb.send("continue")
    guest.end_sh(token, 60)
    guest.sh("sleep 2")
    took = clock(guest) - before
    text = guest.sh("dmesg")
    gdb.interrupt()
    print(f"# {time.monotonic() - start:.1f} s, of which the guest saw "
          f"{took:.1f}")
    return took, "\n".join(COMPLAINTS.findall(text))


def main() -> int:
    with Guest(smp=4, files=programs(), append="nokaslr "
               "rcupdate.rcu_cpu_stall_timeout=3") as guest, \
            Gdb(symbols=symbols()) as gdb:
        guest.sh("echo 1 >/proc/sys/kernel/watchdog_thresh; "
                 "echo 5 >/proc/sys/kernel/hung_task_timeout_secs")
        gdb.attach(guest)
        with report.case("20 s at a breakpoint leave no message", gdb):
            gdb.send("continue")
            same(guest.sh("cat /proc/sys/kernel/watchdog_thresh "
                          "/proc/sys/kernel/hung_task_timeout_secs "
                          "/sys/module/rcupdate/parameters/"
                          "rcu_cpu_stall_timeout").split(),
                 ["1", "5", "3"], "watchdogs")
            guest.sh("dmesg -n 1")
            gdb.interrupt()
            took, text = stop(guest, gdb)
            must(not text, text)
            must(took < SECONDS, f"the guest's clock went on {took} s")
        with report.case("every CPU's clock reads the same after stops", gdb):
            gdb.send("continue")
            for _ in range(5):
                gdb.interrupt()
                gdb.send("continue")
            text = guest.sh("for c in 0 1 2 3; do taskset $((1 << c)) cat "
                            "/proc/uptime; done")
            ticks = [float(line.split()[0]) for line in text.splitlines()]
            same(ticks, sorted(ticks), "clocks read one after the other")
            must(ticks[-1] - ticks[0] < 2, ticks)
            gdb.interrupt()
        with report.case("with time left running the same stop leaves one",
                         gdb):
            text = gdb.cmd("monitor set stop-time off")
            must("unknown" not in text, text)
            took, text = stop(guest, gdb)
            must(text, "no message")
            must(took >= SECONDS, f"the guest's clock went on only {took} s")
            gdb.cmd("monitor set stop-time on")
        gdb.cmd("detach")
        with report.case("the guest lives on"):
            guest.alive()
    return report.end()


sys.exit(main())
