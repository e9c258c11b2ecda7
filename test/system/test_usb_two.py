#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 300 s
# needs: board
"""Two USB device controllers on the board: the debugger is on the one that sees
a cable first, at boot or later; the guest has the other one if that is known
before it starts. One that the board calls a host's is taken only by its name."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from pathlib import Path
from typing import Iterator, Sequence

from bare import PROGRAMS
from harness import Gdb, Guest, Report, must, same
from usb import UsbHost, folder
from usb_linux import Qmp, modules

ADDRESS = (0x0b00_0000, 0x0b10_0000)
MODEL = ("/machine/dwc3", "/machine/dwc3-2")
report = Report("two ports: ")


def listening(path: str) -> None:
    """Wait until somebody listens there, without connecting to it."""
    end = time.monotonic() + 20
    while not re.search(rf"^\S+ \S+ \S+ 00010000 .* {re.escape(path)}$",
                        Path("/proc/net/unix").read_text(), re.M):
        must(time.monotonic() < end, f"nobody listens on {path}")
        time.sleep(0.02)


class Board:
    """A guest on the board; cables[i] is the host at controller i's cable,
    None where none is plugged in."""

    def __init__(self, path: Path, plugged: Sequence[int], linux: bool,
                 monitor: str, roles: str) -> None:
        self.path = path
        # QEMU connects to hosts that listen: with the CPUs not running yet
        # a cable is in, or not, before the monitor's first instruction.
        self.cables = {number: UsbHost(self._folder(number),
                                       f"unix:{path}/{number}", "--listen",
                                       "--stay", "--trace", "--timeout", "0")
                       for number in plugged}
        for number in plugged:
            listening(f"{path}/{number}")
        chars = []
        for number in range(2):
            chars += ["-chardev", f"socket,id=cable{number},path={path}/"
                      f"{number}" + ("" if number in plugged
                                     else ",server=on,wait=off")]
        program = None if linux else PROGRAMS / "steps.bin"
        files = modules(("phy_generic", "dwc3", "usb_f_acm", "g_serial")) \
            if linux else None
        self.guest = Guest(
            memory="256M", wait=not linux, boot=False, program=program, files=files,
            monitor=[monitor], options=["--board", "virt-usb"],
            extra=[*chars, "-M", f"usbredir=cable0,usbredir2=cable1{roles}",
                   "-qmp", f"unix:{path}/qmp,server=on,wait=off", "-S"])
        try:
            for host in self.cables.values():
                host.wait("connected to", 30)
            self.qmp = Qmp(f"{path}/qmp")
            self.qmp.cmd("cont")
        except BaseException:
            self.close()
            raise

    def _folder(self, number: int) -> Path:
        place = self.path / f"host{number}"
        place.mkdir(exist_ok=True)
        return place

    def close(self) -> None:
        """End all."""
        for host in self.cables.values():
            host.close()
        self.guest.close()

    def plug(self, number: int) -> UsbHost:
        """A host at a cable that nobody was at."""
        self.cables[number] = UsbHost(
            self._folder(number), f"unix:{self.path}/{number}", "--stay",
            "--timeout", "0")
        return self.cables[number]

    def attach(self, gdb: Gdb, number: int) -> str:
        """gdb on that controller's port; what carries it."""
        host = self.cables[number]
        host.command("wait configured 30", 40)
        self.guest.gdb_path = str(host.path("Gdb"))
        gdb.attach(self.guest, 60)
        return gdb.cmd("monitor info transport")

    def absent(self, number: int) -> None:
        """The controller shows no device, whatever is at its cable."""
        same(self.qmp.cmd("qom-get", path=MODEL[number],
                          property="pulled-up"), False, "pull-up")

    def nodes(self) -> list[str]:
        """The USB controllers in the guest's device tree."""
        return self.guest.sh("ls -d /proc/device-tree/usb@* 2>/dev/null; "
                             "true").replace("/proc/device-tree/",
                                             "").split()

    def identity(self, number: int) -> str:
        """GSNPSID as the guest reads it."""
        return self.guest.sh(
            f"devmem {ADDRESS[number] + 0xc120:#x}").strip()


@contextlib.contextmanager
def board(plugged: Sequence[int], linux: bool = False,
          monitor: str = "hyperstub.gdb=usb", roles: str = "") \
        -> Iterator[Board]:
    """A board, gone afterwards."""
    with folder() as path:
        made = Board(path, plugged, linux, monitor, roles)
        try:
            yield made
        finally:
            made.close()


def carried(text: str, number: int) -> None:
    """Only that controller is spoken of, and gdb is on it."""
    must(f"at {ADDRESS[number]:#x}" in text and "gdb open" in text
         and f"at {ADDRESS[1 - number]:#x}" not in text, text)


def at_boot(number: int, linux: bool) -> None:
    other = 1 - number
    with report.case(f"a cable at number {number + 1} when it boots"), \
            board([number], linux) as b, Gdb() as gdb:
        if linux:
            b.guest.wait_up()
            same(b.nodes(), [f"usb@{ADDRESS[other]:x}"], "the guest's")
            same(b.identity(number), "0x00000000", "the debugger's")
        carried(b.attach(gdb, number), number)
        text = gdb.cmd("monitor log")
        must(f"on the USB port at {ADDRESS[number]:#x}, the first that saw a "
             "cable" in text, text)
        gdb.cmd("detach")
        host = b.plug(other)
        if not linux:
            b.absent(other)
            return
        # The guest's own driver and gadget on the one that was given back.
        host.command("wait configured 60", 70)
        text = host.command("list")
        must("CDC Abstract Control Model (ACM)" in text, text)


def later(number: int) -> None:
    other = 1 - number
    with report.case(f"no cable when it boots, then one at number "
                     f"{number + 1}"), \
            board([], True) as b, Gdb() as gdb:
        b.guest.wait_up()
        same(b.nodes(), [], "the guest's controllers")
        for each in range(2):
            same(b.identity(each), "0x00000000", "registers")
        b.plug(number)
        carried_text = b.attach(gdb, number)
        must(f"at {ADDRESS[number]:#x}" in carried_text
             and "gdb open" in carried_text, carried_text)
        must(f"at {ADDRESS[other]:#x}" in carried_text
             and "stopped" in carried_text, carried_text)
        text = gdb.cmd("monitor log")
        for each in ADDRESS:
            must(f"USB port at {each:#x} waits for a cable" in text, text)
        must(f"on the USB port at {ADDRESS[number]:#x}, the first" in text,
             text)
        gdb.cmd("detach")
        b.plug(other)
        b.guest.alive()
        b.absent(other)
        host = b.cables[number]
        host.command("unplug")
        host.command("wait absent 20")
        b.absent(other)
        host.command("plug")
        b.attach(gdb, number)
        gdb.cmd("detach")
        b.guest.alive()


def hosts() -> None:
    roles = ",usb-role2=host"
    with report.case("a cable at one that is a host's: it is not taken"), \
            board([1], roles=roles) as b, Gdb() as gdb:
        b.plug(0)
        carried(b.attach(gdb, 0), 0)
        text = gdb.cmd("monitor log")
        must("waits for a cable" not in text and "the first" not in text,
             text)
        b.absent(1)
    with report.case("a host's is taken by its name, with no cable at it"), \
            board([0], monitor=f"hyperstub.gdb=usb@{ADDRESS[1]:x}",
                  roles=roles) as b, Gdb() as gdb:
        b.plug(1)
        carried(b.attach(gdb, 1), 1)
        b.absent(0)
    with report.case("otg and no role at all count as candidates"), \
            board([1], roles=",usb-role=otg,usb-role2=") as b, \
            Gdb() as gdb:
        carried(b.attach(gdb, 1), 1)


def main() -> int:
    at_boot(1, True)
    at_boot(0, False)
    later(1)
    hosts()
    return report.end()


sys.exit(main())
