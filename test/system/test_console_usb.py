#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 300 s
# needs: board
"""The guest's console on the USB device's second serial port: Linux from its
first character to a shell, 1 MB, sysrq by the host's break, gdb beside it on
its own port, and a cable that is pulled."""

from __future__ import annotations

import base64
import os
import random
import re
import select
import sys
import time

from harness import Bad, Gdb, MARKER, Report, must, same, symbols
from lib import assets
from machine import Machine
from usb import Port, UsbHost, folder

report = Report("console over USB: ")
DATA = base64.encodebytes(random.Random(2).randbytes(780_000)).decode()
LOST = re.compile(r"\n\[hyperstub: (\d+) bytes lost here\]\n")


class Text:
    """What comes from a port, with no carriage returns."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self.text = ""

    def until(self, pattern: str, seconds: float = 30) -> str:
        """All that came up to there, which is taken away."""
        end = time.monotonic() + seconds
        while not (match := re.search(pattern, self.text)):
            if time.monotonic() > end:
                raise Bad(f"no {pattern!r}: {self.text[-600:]!r}")
            if select.select([self.port.fd], [], [], 0.5)[0]:
                self.text += os.read(self.port.fd, 65536).decode(
                    errors="replace").replace("\r", "")
        got, self.text = self.text[:match.end()], self.text[match.end():]
        return got

    def send(self, text: str) -> None:
        """Type that."""
        self.port.write(text.encode())


def numbers(count: int) -> str:
    """What seq prints, and then echo end."""
    return "".join(f"{i}\n" for i in range(1, count + 1)) + "end\n"


def first_words(console: Text) -> None:
    with report.case("the kernel's words from the first to the last"):
        text = console.until(MARKER, 90)
        must(text.startswith("[    0.000000] Booting Linux on physical CPU"),
             text[:200])
        must("lost" not in text, "bytes lost")
    with report.case("a shell answers what is typed"):
        console.send("stty -echo; PS1=; dmesg -n 7; echo re'ady'\n")
        console.until("ready\n")


def much(console: Text) -> None:
    with report.case("1 MB of output, and no byte is lost"):
        console.send("cat /data; echo 'e'nd\n")
        text = console.until(r"\nend\n", 120)
        same(len(text), len(DATA) + 4)
        must(text == DATA + "end\n", "not what was sent")


def breaks(console: Text, host: UsbHost) -> None:
    with report.case("the host's break, then a letter: sysrq"):
        host.command("break Console 100")
        console.send("h")
        console.until(r"sysrq: HELP : .*\n")
        console.send("h\n")
        console.until("h: not found")
        console.send("dmesg -n 1; echo re'ady'\n")
        console.until("ready\n")


def with_gdb(console: Text, host: UsbHost) -> None:
    with Gdb(symbols=symbols("kernel-6.1")) as gdb, \
            report.case("gdb beside it, on its own port", gdb):
        text = gdb.cmd(f"target remote {host.path('Gdb')}")
        must("0x" in text or " in " in text, text)
        must("played, to the console channel, where somebody is"
             in gdb.cmd("monitor info"), "info")
        gdb.cmd("break ksys_sync")
        console.send("echo before; sync; echo after\n")
        must("ksys_sync" in gdb.go(), "no stop")
        must("after" not in console.until("before\n"), "it went on")
        gdb.cmd("delete")
        gdb.cmd("detach")
        console.until("after\n")


def pulled(host: UsbHost, console: Text) -> Text:
    def away(command: str) -> Text:
        """Type that, pull the cable, put it in again later."""
        console.send(command)
        time.sleep(0.3)
        host.command("unplug")
        host.command("wait absent 20")
        console.port.close()
        time.sleep(8)
        host.command("plug")
        host.command("wait configured 20")
        return Text(host.open("Console"))

    with report.case("a cable that is pulled: what was said meanwhile"):
        console = away("sleep 1; seq 1000; echo 'e'nd\n")
        same(console.until("end\n"), numbers(1000))
    with report.case("what did not fit is told by number, in its place"):
        console = away("stty -opost; sleep 1; seq 40000; echo 'e'nd\n")
        text = console.until("end\n")
        match = LOST.search(text)
        must(match, text[:300])
        whole = numbers(40000)
        head, tail = text[:match.start()], text[match.end():]
        must(whole.startswith(head), "what came before")
        must(whole.endswith(tail), "what came after")
        same(len(head) + int(match.group(1)) + len(tail), len(whole), "sum")
        must(len(tail) >= 65000, len(tail))
    return console


def main() -> int:
    with folder() as path:
        cable = f"unix:{path}/cable"
        with Machine("--board", "virt-usb", "--usb", cable, "--monitor",
                     "hyperstub.gdb=usb", "--serial", "channel", "--log",
                     f"file:{path}/log", "--memory", "256M", "--smp", "2",
                     "--kernel", str(assets.kernel("kernel-6.1").vmlinuz),
                     "--initrd",
                     str(assets.initramfs({"data": DATA.encode()})),
                     "--append", "console=ttyAMA0 earlycon nokaslr "
                     "sysrq_always_enabled", serial=False), \
                UsbHost(path, cable, "--stay") as host:
            host.command("wait configured 30")
            console = Text(host.open("Console"))
            first_words(console)
            much(console)
            breaks(console, host)
            with_gdb(console, host)
            console = pulled(host, console)
            console.port.close()
        with report.case("the UART has the monitor's words alone"):
            log = (path / "log").read_text()
            must("debugger on usb" in log and "Linux version" not in log, log)
    return report.end()


sys.exit(main())
