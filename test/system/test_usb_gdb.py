#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 420 s
# needs: board
"""Stock gdb on a tty that is a USB cable: the monitor drives the board's DWC3,
a USB host in user space makes the port, Debian's kernel runs on four CPUs
beneath. Breakpoints, watched devices, ^C, clients that come and go, cables that
are pulled, a bus that sleeps, a host that does not read, resets; the guest
lives through all of it and sees none of it."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from pathlib import Path
from typing import Iterator

from guest_programs import HOT, hot_all, programs
from harness import (Gdb, Guest, MARKER, PHYS, Report, UART_DATA,
                     must, same, symbols)
from usb import Port, UsbHost, folder
from usb_linux import Qmp

CPUS = 4
REGS = 0x0b00_0000
REGISTER = f"*(unsigned short *)({PHYS:#x} + {UART_DATA:#x})"
ENTRY = 0x4020_0000
report = Report()


class Board:
    """A guest on the board, a USB host at the other end of its cable."""

    def __init__(self, path: Path, cpu: str, coherent: bool) -> None:
        cable = f"unix:{path}/cable"
        self.guest = Guest(
            cpu=cpu, smp=CPUS, append="nokaslr", files=programs(),
            monitor=["hyperstub.gdb=usb"],
            options=["--board", "virt-usb", "--usb", cable],
            extra=["-qmp", f"unix:{path}/qmp,server=on,wait=off", "-M",
                   f"usb-coherent={'on' if coherent else 'off'}"])
        try:
            self.host = UsbHost(path, cable, "--stay")
            self.host.command("wait configured 30")
            self.guest.gdb_path = str(self.host.path("Gdb"))
            self.qmp = Qmp(f"{path}/qmp")
        except BaseException:
            self.guest.close()
            raise

    def close(self) -> None:
        """End both."""
        self.host.close()
        self.guest.close()

    def plug(self) -> None:
        """The cable is in, and the ports are there again."""
        self.host.command("plug")
        self.host.command("wait configured 20")

    def unplug(self) -> None:
        """The cable is pulled."""
        self.host.command("unplug")
        self.host.command("wait absent 20")


@contextlib.contextmanager
def board(cpu: str, coherent: bool) -> Iterator[Board]:
    """A board, gone afterwards."""
    with folder() as path:
        made = Board(path, cpu, coherent)
        try:
            yield made
        finally:
            made.close()


def gone(gdb: Gdb) -> None:
    """gdb has lost its tty; it is made ready for the next."""
    gdb.cmd("info threads", 30)
    gdb.cmd("disconnect", 30)


# ---- what works on a socket works on the cable -----------------------------

def the_same(b: Board, gdb: Gdb) -> None:
    guest = b.guest
    with report.case("the ports have their names", gdb):
        text = b.host.command("list")
        for name in ("gdb", "console", "trace"):
            must(f"hyperstub {name}" in text, text)
    with report.case("attach: one thread a CPU", gdb):
        gdb.attach(guest)
        same(len(gdb.threads()), CPUS, "threads")
        text = gdb.cmd("monitor info transport")
        must("high speed" in text and "gdb open" in text
             and "DWC_usb3 at 0xb000000, interrupt 128" in text, text)
    with report.case("break by name, finish, backtrace", gdb):
        gdb.cmd(f"break {HOT}")
        token = guest.start_sh("once 1")
        text = gdb.go()
        must(f"{HOT} ()" in text and "Breakpoint" in text, text)
        must("el0t_64_sync" in gdb.cmd("bt"), gdb.cmd("bt"))
        must("invoke_syscall ()" in gdb.cmd("finish"), "finish")
        same(gdb.value("$x0"), 99, "result")
        gdb.cmd("delete")
        gdb.send("continue")
        guest.end_sh(token, 20, 99)
        gdb.interrupt()
    with report.case("a watched device: each character, none lost", gdb):
        token = guest.start_sh("sleep 2; echo Usb")
        gdb.send("continue")
        time.sleep(0.7)
        gdb.interrupt()
        gdb.cmd(f"awatch {REGISTER}")
        seen = ""
        for _ in range(3):
            text = gdb.go()
            match = re.search(r"^(?:New value|Value) = (\d+)", text, re.M)
            must(match, text)
            seen += chr(int(match.group(1)) & 0xff)
        same(seen, "Usb")
        gdb.cmd("delete")
        gdb.send("continue")
        same(guest.end_sh(token), "Usb\n")
        gdb.interrupt()
    with report.case("a condition on four CPUs at once", gdb):
        gdb.cmd(f"break {HOT} if *(long *)($x0 + 8) == 777")
        token = guest.start_sh(hot_all(CPUS, 1000))
        for _ in range(CPUS):
            must("Breakpoint" in gdb.go(), "no stop")
        gdb.cmd("delete")
        gdb.send("continue")
        guest.end_sh(token, 60)
        gdb.interrupt()
    with report.case("^C in a busy guest, again and again", gdb):
        token = guest.start_sh("spin 1 4000")
        for _ in range(5):
            gdb.send("continue")
            time.sleep(0.2)
            must("SIGINT" in gdb.interrupt(), "no stop")
        gdb.send("continue")
        guest.end_sh(token)
        gdb.interrupt()


def memory(gdb: Gdb, coherent: bool) -> None:
    with report.case("the controller's memory is mapped as it must be", gdb):
        kind = "write-back" if coherent else "Non-cacheable"
        text = gdb.cmd("monitor info mmu")
        must(re.search(rf"DMA +0x\w+ rw- {kind}", text), text)


def transfers(b: Board, gdb: Gdb) -> None:
    with report.case("a mebibyte comes, goes back, and is the same", gdb):
        one, two = b.host.folder / "one", b.host.folder / "two"
        start = PHYS + 0x4180_0000
        begin = time.monotonic()
        gdb.cmd(f"dump binary memory {one} {start:#x} {start + (1 << 20):#x}",
                60)
        middle = time.monotonic()
        gdb.cmd(f"restore {one} binary {start:#x}", 60)
        end = time.monotonic()
        gdb.cmd(f"dump binary memory {two} {start:#x} {start + (1 << 20):#x}",
                60)
        same(len(one.read_bytes()), 1 << 20, "bytes")
        must(one.read_bytes() == two.read_bytes(), "they differ")
        print(f"#   dump {1 / (middle - begin):.1f} MiB/s, "
              f"restore {1 / (end - middle):.1f}")
    with report.case("no mistake of the driver's, no damage", gdb):
        same(b.qmp.get("mistakes"), 0, "mistakes")
        text = gdb.cmd("monitor info transport")
        must("timeouts" not in text, text)


def unseen(b: Board, gdb: Gdb) -> None:
    guest = b.guest
    with report.case("the guest has no such device", gdb):
        gdb.send("continue")
        text = guest.sh("ls /proc/device-tree; cat /proc/interrupts")
        must("usb@" not in text and "virtio_mmio" in text, text)
    with report.case("its registers read as nothing, and take nothing", gdb):
        for offset in (0xc120, 0xc704, 0, 0xfffc):
            same(guest.sh(f"devmem {REGS + offset:#x}").strip(), "0x00000000",
                 f"{offset:#x}")
        # a soft reset of the core, were it there
        guest.sh(f"devmem {REGS + 0xc704:#x} 32 0x40000000")
        must("SIGINT" in gdb.interrupt(), "no stop")
        gdb.cmd("detach")
        guest.alive()


# ---- clients that come and go, cables ------------------------------------------

def clients(b: Board, gdb: Gdb) -> None:
    guest = b.guest
    with report.case("detach and attach, five times", gdb):
        for _ in range(5):
            gdb.attach(guest)
            gdb.cmd("detach")
            guest.alive()
    with report.case("a gdb that is killed leaves no breakpoint", gdb):
        with Gdb(symbols=symbols()) as other:
            other.attach(guest)
            other.cmd(f"break {HOT}")
            other.send("continue")
            other.kill()
        guest.sh("once 1", 20, 99)
        gdb.attach(guest)
        text = gdb.cmd("monitor info breakpoints")
        must("in shadow pages  0" in text, text)
        gdb.cmd("detach")
    with report.case("the host resets the bus: gdb is out, the guest runs",
                     gdb):
        gdb.attach(guest)
        b.host.command("reset")
        gone(gdb)
        guest.alive()
        gdb.attach(guest)
        same(len(gdb.threads()), CPUS, "threads")
        gdb.cmd("detach")


def cables(b: Board, gdb: Gdb) -> None:
    guest = b.guest
    with report.case("unplugged at a stop: the guest goes on", gdb):
        gdb.attach(guest)
        gdb.cmd(f"break {HOT}")
        token = guest.start_sh("once 1")
        must("Breakpoint" in gdb.go(), "no stop")
        b.unplug()
        guest.end_sh(token, 20, 99)
        guest.sh("once 1", 20, 99)
        gone(gdb)
    with report.case("plugged in again: a new session", gdb):
        b.plug()
        gdb.attach(guest)
        token = guest.start_sh("once 1")
        text = gdb.go()
        must(f"{HOT} ()" in text, text)
        gdb.cmd("delete")
        gdb.send("continue")
        guest.end_sh(token, 20, 99)
        gdb.interrupt()
    with report.case("on-disconnect stop: it stands where it stood", gdb):
        gdb.cmds("monitor set on-disconnect stop", f"break {HOT}")
        token = guest.start_sh("once 1")
        must("Breakpoint" in gdb.go(), "no stop")
        where = gdb.value("$pc")
        b.unplug()
        gone(gdb)
        time.sleep(0.5)
        b.plug()
        gdb.attach(guest)
        same(gdb.value("$pc"), where, "PC")
        gdb.cmds("monitor set on-disconnect continue", "delete")
        gdb.send("continue")
        guest.end_sh(token, 20, 99)
        gdb.interrupt()
    with report.case("unplugged while it runs, with a breakpoint in", gdb):
        gdb.cmd(f"break {HOT}")
        gdb.send("continue")
        b.unplug()
        gdb.line_gone()
        guest.sh("once 1", 20, 99)
        gdb.cmds("disconnect", "delete")
        b.plug()
        gdb.attach(guest)
        gdb.cmd("detach")
        guest.alive()


def sleep(b: Board, gdb: Gdb) -> None:
    guest = b.guest
    with report.case("a bus that sleeps, and wakes", gdb):
        gdb.attach(guest)
        gdb.cmd("detach")
        b.qmp.set("suspended", True)
        guest.alive()
        time.sleep(0.3)
        b.qmp.set("suspended", False)
        gdb.attach(guest)
        same(len(gdb.threads()), CPUS, "threads")
        gdb.cmd("detach")
        guest.alive()


def deaf(b: Board, gdb: Gdb) -> None:
    """A client that asks and asks and does not read."""
    guest = b.guest
    with report.case("a host that stops reading costs the guest nothing",
                     gdb):
        with b.host.open("Gdb") as tty:
            tty.write(b"+$QStartNoAckMode#b0")
            must(b"OK" in tty.read(7), "no answer")
            tty.write(b"+")
            b.host.command("stop Gdb")
            body = b"m%x,4000" % (PHYS + 0x4180_0000)
            frame = b"$%s#%02x" % (body, sum(body) & 255)
            for _ in range(64):
                with contextlib.suppress(BlockingIOError):
                    os.write(tty.fd, frame)
            guest.sh("once 1", 20, 99)
            guest.alive()
            b.host.command("start Gdb")
            must(tty.read(0x8000).startswith(b"$"), "no answer afterwards")
        guest.alive()
        gdb.attach(guest)
        gdb.cmd("detach")
    with report.case("nobody reads the console or the trace", gdb):
        with b.host.open("Console"), b.host.open("Trace"):
            b.host.command("stop Console")
            gdb.attach(guest)
            same(len(gdb.threads()), CPUS, "threads")
            gdb.cmd("detach")
            b.host.command("start Console")


# ---- resets --------------------------------------------------------------------

def booted(guest: Guest, seen: int) -> None:
    """Init is up once more: its shell, quiet."""
    guest.console.wait(MARKER, 100, seen)
    guest.console.send("stty -echo; PS1=; echo shell-'ready'\n")
    guest.console.wait("shell-ready", 30, seen)


def back(b: Board) -> None:
    """The device has left the bus and is there again."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if "device configured" in b.host.command("status"):
            return
        time.sleep(0.1)
    raise AssertionError("the device does not come back")


def resets(b: Board, gdb: Gdb) -> None:
    guest = b.guest
    with report.case("monitor reset answers before the bus is left", gdb):
        gdb.attach(guest)
        line = len(b.host.lines)
        text = gdb.cmd("monitor reset")
        must("connect again" in text, text)
        b.host.wait("absent|left|gone|unplugged|disconnect", 20, line)
        gone(gdb)
    with report.case("and the guest stands at its first instruction", gdb):
        back(b)
        gdb.attach(guest)
        same(gdb.value("$pc"), ENTRY, "PC")
        seen = len(guest.console.text)
        gdb.cmd("break start_kernel")
        must("start_kernel" in gdb.go(), "no stop")
        gdb.cmd("delete")
        gdb.send("continue")
        booted(guest, seen)
        gdb.interrupt()
        gdb.cmd("detach")
        guest.alive()
    with report.case("the guest reboots itself beneath a debugger", gdb):
        gdb.attach(guest)
        gdb.send("continue")
        seen = len(guest.console.text)
        guest.console.send("reboot -f\n")
        text = gdb.line_gone()
        must("resets the machine" in text, text)
        gdb.cmd("disconnect")
        booted(guest, seen)
        back(b)
        gdb.attach(guest)
        same(len(gdb.threads()), CPUS, "threads")
        gdb.cmd("detach")
        guest.alive()


def main() -> int:
    for cpu, coherent in (("cortex-a76", False), ("cortex-a57", True)):
        report.prefix = f"{cpu}: "
        with board(cpu, coherent) as b, Gdb(symbols=symbols()) as gdb:
            the_same(b, gdb)
            memory(gdb, coherent)
            transfers(b, gdb)
            unseen(b, gdb)
            clients(b, gdb)
            cables(b, gdb)
            sleep(b, gdb)
            deaf(b, gdb)
            resets(b, gdb)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
