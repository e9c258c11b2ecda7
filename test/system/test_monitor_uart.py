#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
"""hyperstub.gdb=uart: the debugger has the PL011, and the guest a played one:
Linux boots to a shell on it, seen by gdb's console, typed at by `monitor
type'."""

from __future__ import annotations

import sys
import time

from harness import Gdb, MARKER, Report, must, same, symbols
from lib import assets
from machine import Client, Machine

report = Report()


def start(smp: int) -> Machine:
    return Machine("--smp", str(smp), "--memory", "256M", "--kernel",
                   str(assets.kernel("kernel-6.1").vmlinuz), "--initrd",
                   str(assets.initramfs(None)), "--append",
                   "console=ttyAMA0 earlycon nokaslr", "--wait", "--monitor",
                   "hyperstub.gdb=uart", serial=False)


def with_packets() -> None:
    with start(2) as machine, Client(machine) as stub:
        stub.ask("?")
        with report.case("info names the transport"):
            must("debugger: pl011" in stub.monitor("info"), "info")
        with report.case("the guest's text is shown from earlycon to init"):
            stub.go()
            text = stub.output(MARKER)
            for want in ("Booting Linux on physical CPU", "ttyAMA0 at MMIO",
                         "Freeing unused kernel memory"):
                must(want in text, want)
            must("bytes lost" not in text, "bytes lost")
        with report.case("^C by interrupt, within a second"):
            begin = time.monotonic()
            must(stub.interrupt().startswith("T02"), "^C")
            must(time.monotonic() - begin < 1, "slow")
        with report.case("a shell answers to what is typed"):
            same(stub.monitor("type echo sum-$((40+2))"), "")
            stub.go()
            stub.output("sum-42")
            stub.interrupt()
        with report.case("more typed than a FIFO holds arrives whole"):
            long = "x" * 200
            same(stub.monitor(f"type echo {long} | wc -c"), "")
            stub.go()
            stub.output(r"\b201\r?\n")
            stub.interrupt()
        with report.case("what does not fit is refused with words"):
            text = ""
            for _ in range(12):
                text = stub.monitor("type " + "y" * 400)
            must("no room" in text, text)
        with report.case("monitor reset goes over the same line"):
            must("was reset" in stub.monitor("reset"), "reset")
            stub.ask("Hg1")  # the last stop may have been the other's
            same(stub.register(32), 0x4020_0000, "PC")
            stub.console = ""
            stub.go()
            stub.output(MARKER)
            must("Booting Linux" in stub.console, "the boot's text")


def with_gdb() -> None:
    with start(1) as machine, Gdb(symbols=symbols()) as gdb:
        with report.case("gdb attaches, stops by name, shows the console"):
            machine.wait_socket()
            gdb.cmd(f"target remote {machine.gdb_path}")
            gdb.cmd("tbreak kernel_init_freeable")
            text = gdb.go(60)
            must("kernel_init_freeable" in text, text[-300:])
            must("Booting Linux on physical CPU" in text, text[:300])
        with report.case("memory in large packets over the line"):
            gdb.cmd(f"dump binary memory {machine.folder}/a $pc $pc+100000",
                    100)
            same((machine.folder / "a").stat().st_size, 100000)
        with report.case("detach, and the guest runs on; attach again"):
            gdb.cmd("detach")
            time.sleep(3)
            text = gdb.cmd(f"target remote {machine.gdb_path}")
            must("Remote debugging using" in text and "0x" in text, text)
            gdb.send("continue")
            gdb.child.expect(MARKER, timeout=60)
            gdb.interrupt()


def main() -> int:
    with_packets()
    with_gdb()
    return report.end()


sys.exit(main())
