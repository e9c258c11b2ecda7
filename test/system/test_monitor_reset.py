#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 300 s
"""Resets: `monitor reset' with the session going on, the guest's own reboot
and power-off with gdb there (breakpoints are not lost) and with nobody."""

from __future__ import annotations

import re
import sys
import time

from harness import Gdb, Guest, MARKER, Report, must, same, symbols
from machine import Client

ENTRY = 0x4020_0000
report = Report()


def booted(guest: Guest, seen: int) -> None:
    """Init is up once more: its shell, quiet."""
    guest.console.wait(MARKER, 100, seen)
    guest.console.send("stty -echo; PS1=; echo shell-'ready'\n")
    guest.console.wait("shell-ready", 30, seen)


def by_debugger(guest: Guest, gdb: Gdb) -> None:
    with report.case("break start_kernel at --wait", gdb):
        gdb.cmd("break start_kernel")
        must("start_kernel" in gdb.go(), "no stop")
    for turn in ("once", "again"):
        with report.case(f"monitor reset {turn}: PC is at the entry", gdb):
            start = time.monotonic()
            text = gdb.cmd("monitor reset")
            must("was reset" in text, text)
            gdb.cmd("maint flush register-cache")
            same(gdb.value("$pc"), ENTRY, "PC")
            same(gdb.value("$x1"), 0, "x1")
            must(time.monotonic() - start < 10, "slow")
        with report.case(f"monitor reset {turn}: the same breakpoint hits",
                         gdb):
            must("Breakpoint 1, " in gdb.go(), "no stop")
            must("start_kernel" in gdb.cmd("bt"), gdb.cmd("bt"))
    with report.case("monitor reset with all CPUs up", gdb):
        gdb.cmd("disable 1")
        gdb.send("continue")
        guest.wait_up()
        gdb.interrupt()
        same(len(gdb.threads()), 2)
        gdb.cmd("thread 2")
        must("was reset" in gdb.cmd("monitor reset"), "reset")
        gdb.cmds("thread 1", "maint flush register-cache")
        same(gdb.value("$pc"), ENTRY, "PC")
        must("(off)" in gdb.cmd("info threads"), gdb.cmd("info threads"))
        gdb.cmd("enable 1")
        must("Breakpoint 1, " in gdb.go(), "no stop")
    with report.case("and the guest boots from there", gdb):
        seen = len(guest.console.text)
        gdb.send("continue")
        booted(guest, seen)
        guest.alive()


def by_guest(guest: Guest, gdb: Gdb) -> None:
    """gdb waits, with a breakpoint in, while the guest reboots itself."""
    with report.case("the guest reboots: gdb stops at the entry", gdb):
        guest.console.send("reboot -f\n")
        text = gdb.wait(60)
        must("the guest has reset the machine" in text, text)
        same(gdb.value("$pc"), ENTRY, "PC")
    with report.case("and its breakpoint is there after a continue", gdb):
        must("Breakpoint 1, " in gdb.go(), "no stop")
    with report.case("monitor log counts the resets", gdb):
        text = gdb.cmd("monitor log")
        must(re.search("reset number 4, by the guest", text), text)
    with report.case("catch-reset: a stop before it", gdb):
        seen = len(guest.console.text)
        gdb.cmds("disable 1", "monitor set catch-reset on")
        gdb.send("continue")
        booted(guest, seen)
        guest.console.send("reboot -f\n")
        text = gdb.wait(60)
        must("about to reset" in text, text)
        must("machine_restart" in gdb.cmd("bt"), gdb.cmd("bt"))
        text = gdb.go()
        must("the guest has reset the machine" in text, text)
        same(gdb.value("$pc"), ENTRY, "PC")
        gdb.cmd("monitor set catch-reset off")
    with report.case("power-off: a stop before it, then the end", gdb):
        seen = len(guest.console.text)
        gdb.send("continue")
        booted(guest, seen)
        guest.console.send("poweroff -f\n")
        text = gdb.wait(60)
        must("about to power the machine off" in text, text)
        must("machine_power_off" in gdb.cmd("bt"), gdb.cmd("bt"))
        text = gdb.go()
        must("exited normally" in text, text)
        same(guest.launcher.wait(10), 0, "the launcher's status")


def with_nobody() -> None:
    """No debugger: as if there were no monitor."""
    with Guest() as guest:
        with report.case("a reboot with no debugger just reboots"):
            seen = len(guest.console.text)
            guest.console.send("reboot -f\n")
            booted(guest, seen)
            guest.alive()
        with report.case("as it does after a debugger has detached"):
            with Client(guest) as stub:
                stub.ask("?")
                same(stub.ask("D"), "OK")
                seen = len(guest.console.text)
                guest.console.send("reboot -f\n")
                booted(guest, seen)
            guest.alive()
        with report.case("an extended session is told of the power-off"):
            with Client(guest) as stub:
                same(stub.ask("!"), "OK")
                stub.ask("?")
                stub.go()
                guest.console.send("poweroff -f\n")
                same(stub.stop(), "W00")
            same(guest.launcher.wait(10), 0)


def main() -> int:
    with Guest(smp=2, append="nokaslr", wait=True) as guest, \
            Gdb(symbols=symbols()) as gdb:
        gdb.attach(guest)
        by_debugger(guest, gdb)
        by_guest(guest, gdb)
    with_nobody()
    return report.end()


sys.exit(main())
