#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 300 s
# needs: board
"""The way it is for people: the monitor drives the board's DWC3, the cable is
in a stock Linux with its own xhci and cdc_acm, and stock gdb uses its
/dev/ttyACM0 (relayed out of that VM). Debian's kernel runs beneath the
monitor."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from harness import Gdb, Guest, PHYS, Report, must, same, symbols
from usb import folder
from usb_linux import Qmp
from usb_relay import LinuxHost

MB = 1 << 20
DEVICE = "1-1"
# Memory that the guest was told not to use.
SPARE = PHYS | 0x5c00_0000
report = Report("usb, gdb by a Linux host: ")


def board(path: Path) -> Guest:
    """Linux under the monitor, which is on the cable."""
    return Guest(monitor=["hyperstub.gdb=usb hyperstub.serial=guest"], smp=2,
                 memory="512M", append="nokaslr mem=384M",
                 options=["--board", "virt-usb", "--usb",
                          f"unix:{path}/cable"],
                 extra=["-qmp", f"unix:{path}/qmp,server=on,wait=off"])


def attach(gdb: Gdb, host: LinuxHost) -> None:
    """target remote to the VM's /dev/ttyACM0."""
    text = gdb.cmd(f"target remote {host.path('Gdb')}", 60)
    must("Remote debugging" in text, text)
    same(len(gdb.threads()), 2, "CPUs")


def check_session(gdb: Gdb, host: LinuxHost, guest: Guest) -> None:
    """Breakpoints by name, ^C, steps."""
    attach(gdb, host)
    gdb.cmd("break __arm64_sys_sethostname")
    gdb.send("continue")
    token = guest.start_sh("hostname by-usb")
    text = gdb.wait(30)
    must("__arm64_sys_sethostname" in text, text)
    must("invoke_syscall" in gdb.cmd("backtrace"), "no backtrace")
    gdb.cmd("delete")
    before = gdb.value("$pc")
    for _ in range(5):
        gdb.cmd("stepi")
    must(gdb.value("$pc") != before, "no step")
    gdb.send("continue")
    guest.end_sh(token)
    same(guest.sh("hostname").strip(), "by-usb", "the guest's name")
    for _ in range(3):
        text = gdb.interrupt()
        must("SIGINT" in text, text)
        gdb.send("continue")
        guest.alive()
    gdb.interrupt()


def check_transfer(gdb: Gdb, path: Path) -> None:
    """1 MB to the target and back."""
    data = bytes((n * 167 >> 3) & 255 for n in range(MB))
    (path / "sent").write_bytes(data)
    start = time.monotonic()
    text = gdb.cmd(f"restore {path}/sent binary {SPARE:#x}", 120)
    out = time.monotonic() - start
    must("Restoring" in text, text)
    start = time.monotonic()
    gdb.cmd(f"dump binary memory {path}/back {SPARE:#x} {SPARE + MB:#x}", 120)
    back = time.monotonic() - start
    print(f"#   {1 / out:.2f} MiB/s to the target, {1 / back:.2f} back")
    must((path / "back").read_bytes() == data, "it came back changed")


def check_replug(gdb: Gdb, host: LinuxHost, guest: Guest,
                 qmp: Qmp) -> None:
    """The cable is pulled while gdb holds the guest, and put in again."""
    qmp.set("plugged", False)
    host.wait_for("! [ -e /dev/ttyACM0 ]")
    gdb.cmd("disconnect", 60)
    guest.alive()
    qmp.set("plugged", True)
    host.wait_for("[ -c /dev/ttyACM2 ]", 30)
    attach(gdb, host)
    gdb.cmd("detach")
    guest.alive()


def main() -> int:
    with folder() as path, board(path) as guest:
        with LinuxHost(path, f"{path}/cable") as host, \
                Gdb(symbols=symbols()) as gdb:
            with report.case("stock drivers bind the monitor's device"):
                host.wait_for("[ -c /dev/ttyACM2 ]", 30)
                for number, name in enumerate(("gdb", "console", "trace")):
                    same(host.facts(f"{DEVICE}:1.{2 * number}/interface"),
                         f"hyperstub {name}", "interface string")
            with report.case("a session", gdb):
                check_session(gdb, host, guest)
            with report.case("1 MB each way", gdb):
                check_transfer(gdb, path)
            with report.case("unplug and plug", gdb):
                check_replug(gdb, host, guest, Qmp(f"{path}/qmp"))
            with report.case("the VM's kernel complains of nothing"):
                log = host.sh("dmesg")
                for bad in ("WARNING:", "Call trace", "cdc_acm 1-1:1.0: failed",
                            "xhci_hcd 0000:00:02.0: ERROR"):
                    must(bad not in log, log[-3000:])
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
