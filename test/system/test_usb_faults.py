#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
# needs: board
"""The monitor's own USB device on the board's DWC3, and a host that means no
good: resets and unplugging within any request, any control request, halts,
requests taken back. After each the debugger works and the guest lives."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from harness import PHYS, Gdb, Guest, Report, must, same
from usb import ENDPOINT, PORTS, UsbHost, folder
from usb_linux import Qmp

RAM = PHYS | 0x4000_0000
# No serial number on this board: no stage for it.
STAGES = {
    "linux": ("first-descriptor", "device", "config-header", "config",
              "languages", "product", "manufacturer", "set-configuration",
              "interface-strings", "class"),
    "windows": ("config-255", "ms-os", "qualifier", "device-again",
                "line-coding"),
}


class Monitor(Guest):
    """A Linux guest under the monitor, which is on the cable."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            monitor=["hyperstub.gdb=usb hyperstub.serial=guest"], smp=2,
            memory="256M", options=["--board", "virt-usb", "--usb",
                                    f"unix:{path}/cable"],
            extra=["-qmp", f"unix:{path}/qmp,server=on,wait=off"])
        self.qmp = Qmp(f"{path}/qmp")


def debugger_works(host: UsbHost, guest: Monitor) -> None:
    """gdb attaches by the port's name, reads memory, steps and detaches."""
    host.command("wait configured 15")
    with Gdb() as gdb:
        text = gdb.cmd(f"target remote {host.path('Gdb')}")
        must("Remote debugging" in text, text)
        same(len(gdb.threads()), 2, "CPUs")
        before = gdb.value("$pc")
        gdb.cmd("stepi")
        must(gdb.value("$pc") != before, "no step was made")
        text = gdb.cmd("monitor info")
        must("debugger: usb" in text, text)
        gdb.cmd("detach")
    guest.alive()


def check_resets(host: UsbHost, guest: Monitor, who: str) -> None:
    for stage in STAGES[who]:
        host.command(f"at reset {stage}")
        host.command("reset")
    debugger_works(host, guest)


def check_unplug(host: UsbHost, guest: Monitor, who: str) -> None:
    for stage in STAGES[who]:
        host.command(f"at unplug {stage}")
        host.try_command("reset")
        must("absent" in host.command("status"), stage)
        host.command("plug")
        host.command("wait configured 15")
    debugger_works(host, guest)


def check_dump(host: UsbHost, guest: Monitor, path: Path) -> None:
    """The same memory twice: over a cable, every byte arrives."""
    host.command("wait configured 15")
    with Gdb() as gdb:
        gdb.cmd(f"target remote {host.path('Gdb')}")
        for number in (1, 2):
            start = time.monotonic()
            gdb.cmd(f"dump binary memory {path}/dump{number} {RAM:#x} "
                    f"{RAM + (4 << 20):#x}", 60)
            took = time.monotonic() - start
            print(f"#   4 MiB in {took:.2f} s")
        gdb.cmd("detach")
    first, second = ((path / f"dump{n}").read_bytes() for n in (1, 2))
    same(len(first), 4 << 20, "bytes")
    must(first == second, "the two dumps differ")


def check_pulled(host: UsbHost, guest: Monitor) -> None:
    """The cable goes while the debugger is in the middle of a dump."""
    with Gdb() as gdb:
        gdb.cmd(f"target remote {host.path('Gdb')}")
        gdb.child.sendline(f"dump binary memory /dev/null {RAM:#x} "
                           f"{RAM + (64 << 20):#x}")
        time.sleep(0.3)
        host.command("unplug")
        gdb.wait(30, "the cable's end")
    host.command("plug")
    debugger_works(host, guest)


def check_suspend(host: UsbHost, guest: Monitor) -> None:
    """The bus sleeps and wakes; the board does it, usbredir cannot say it."""
    for _ in range(3):
        guest.qmp.set("suspended", True)
        time.sleep(0.1)
        guest.alive()
        guest.qmp.set("suspended", False)
    debugger_works(host, guest)


def check_halts(host: UsbHost, guest: Monitor) -> None:
    for port in PORTS:
        for ep in (ENDPOINT[port], 0x80 | ENDPOINT[port]):
            host.command(f"halt {ep:x}")
            same(host.command(f"control 82 0 0 {ep:x} 2").strip(),
                 "data 0100", "GET_STATUS")
            host.refused(f"in {ep:x} 512" if ep & 0x80 else f"out {ep:x} 41",
                         "stalled")
            host.command(f"unhalt {ep:x}")
            same(host.command(f"control 82 0 0 {ep:x} 2").strip(),
                 "data 0000", "GET_STATUS")
    debugger_works(host, guest)


def check_storm(host: UsbHost, guest: Monitor) -> None:
    for port in PORTS:
        text = host.command(f"nak-storm {ENDPOINT[port]:x} 500", 60)
        must("500 requests" in text, text)
    debugger_works(host, guest)


def check_requests(host: UsbHost, guest: Monitor) -> None:
    """Any control request, of any length, to anybody."""
    noise = random.Random(21)
    for _ in range(300):
        words = [noise.choice((0, 1, 2, 0x21, 0x80, 0x81, 0x82, 0xa1,
                               noise.randrange(256))),
                 noise.randrange(64),
                 noise.choice((0, 1, noise.randrange(65536))),
                 noise.choice((0, 1, 2, 0x81, noise.randrange(65536))),
                 noise.choice((0, 1, 2, 7, 8, 64, 65,
                               noise.randrange(4096)))]
        if words[:2] in ([0, 9], [0, 5]):
            continue        # these two would end the conversation
        data = "" if words[0] & 0x80 else \
            " " + noise.randbytes(words[4]).hex()
        text = host.try_command("control "
                                + " ".join(f"{w:x}" for w in words) + data)
        must(text.endswith("ok\n") or "stalled" in text, f"{words}: {text}")
    host.command("reset")
    debugger_works(host, guest)


def due(guest: Monitor) -> str:
    """The faults that were asked for and have not come yet."""
    return guest.qmp.get("inject")


NONE_DUE = "babble 0, lost 0, setup-again 0, early-status 0"
DESCRIPTOR = "control 80 6 200 0 ff"


def check_wire(host: UsbHost, guest: Monitor) -> None:
    """Packets that are lost or too long: the host tries again, and gdb sees
    nothing of it; one that fails three times fails."""
    for fault in ("lost 2", "babble 2"):
        guest.qmp.set("inject", fault)
        debugger_works(host, guest)
        same(due(guest), NONE_DUE, "faults that did not come")
    for fault in ("lost 3", "babble 3"):
        guest.qmp.set("inject", fault)
        host.refused("out 3 41", "Input/output error")
        same(due(guest), NONE_DUE, "faults that did not come")
        host.command("out 3 41")
        debugger_works(host, guest)


def check_broken_off(host: UsbHost, guest: Monitor) -> None:
    """A SETUP packet within a data stage, a status stage too early."""
    whole = host.command(DESCRIPTOR)
    must(len(whole) > 2 * 3 * 64, whole)
    for _ in range(50):
        guest.qmp.set("inject", "setup-again 1")
        same(host.command(DESCRIPTOR), whole, "descriptor")
        same(due(guest), NONE_DUE, "faults that did not come")
    guest.qmp.set("inject", "setup-again 20")
    same(host.command(DESCRIPTOR), whole, "descriptor after 20 beginnings")
    for _ in range(10):
        guest.qmp.set("inject", "early-status 1")
        text = host.try_command(DESCRIPTOR)
        must(text.endswith("ok\n") or "stalled" in text, text)
        same(due(guest), NONE_DUE, "faults that did not come")
        same(host.command(DESCRIPTOR), whole, "descriptor")
    debugger_works(host, guest)


def main() -> int:
    report = Report("usb faults: ")
    with folder() as path, Monitor(path) as guest:
        for who in STAGES:
            with UsbHost(path, f"unix:{path}/cable", "--as", who) as host:
                with report.case(f"{who}: the debugger on the cable"):
                    debugger_works(host, guest)
                with report.case(f"{who}: a reset within any request"):
                    check_resets(host, guest, who)
                with report.case(f"{who}: unplug within any request"):
                    check_unplug(host, guest, who)
        with UsbHost(path, f"unix:{path}/cable") as host:
            with report.case("4 MiB of memory, twice the same"):
                check_dump(host, guest, path)
            for name, check in (
                    ("unplug in a dump", check_pulled),
                    ("suspend and resume", check_suspend),
                    ("halts", check_halts),
                    ("packets lost, packets too long", check_wire),
                    ("control transfers broken off", check_broken_off),
                    ("requests taken back", check_storm),
                    ("any control request", check_requests)):
                with report.case(name):
                    check(host, guest)
        with report.case("the driver made no mistake"):
            same(guest.qmp.get("mistakes"), 0, "mistakes (the trace says "
                 "which: -trace 'hsdwc3_*')")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
