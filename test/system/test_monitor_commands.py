#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
"""The monitor's commands, on a guest at its first instruction and on a Linux
that has booted; errors are texts for people."""

from __future__ import annotations

import re
import sys
import time

from harness import Guest, Report, must, same, symbols
from machine import Client, Machine

BAD = [
    ("info nonsense", "not known"),
    ("translate", "address"),
    ("translate 0xzz", "address"),
    ("translate 0x10000000000000000", "address"),
    ("info stage2", "address"),
    ("info stage2 0xffff000000000000", "52 bits"),
    ("set nonsense on", "no setting"),
    ("set unsafe perhaps", "on or off"),
    ("set on-disconnect on", "stop or continue"),
    ("mmio", "on|off"),
    ("mmio live perhaps", "on or off"),
    ("reset now", "no arguments"),
    ("type ls", "hyperstub.serial=channel or gdb"),
    ("break", "hyperstub.serial=channel or gdb"),
    ("nonsense", "unknown command"),
]


def text_symbol(name: str) -> int:
    """Where a kernel symbol is linked."""
    import subprocess
    out = subprocess.run(["nm", str(symbols())], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    return int(re.search(rf"^(\w+) \w {name}$", out, re.M).group(1), 16)


def at_start(report: Report) -> None:
    """What is there before the guest has run."""
    with Guest(smp=2, memory="256M", wait=True) as guest, \
            Client(guest) as stub:
        stub.ask("?")
        with report.case("info: version, CPUs, guest, memory, transport"):
            text = stub.monitor("info")
            for want in (r"^hyperstub \d+\.\d+", r"E2H=1", r"4K pages",
                         r"Linux Image at 0x40200000", "cpu0: affinity 0x0, "
                         "stopped at 0x40200000, EL1", r"cpu1: .*off",
                         r"guest 256 MiB at 0x40000000; monitor 64 MiB at "
                         "0x50000000", "debugger: virtio-console"):
                must(re.search(want, text, re.M), f"{want}: {text}")
        with report.case("help lists what there is, each with its use"):
            text = stub.monitor("help")
            for name in ("info exits", "info breakpoints", "info irq",
                         "info memory", "info stage2", "info mmu", "log",
                         "translate", "mmio live", "set", "type", "reset"):
                must(re.search(rf"^{name}.* -- .", text, re.M), name)
            must("crash" not in text, "a test's command is listed")
        for command, want in BAD:
            with report.case(f"`{command}' is refused with words"):
                text = stub.monitor(command)
                must(want in text, text)
        with report.case("set: each switch takes and shows its values"):
            names = re.findall(r"^(\S+) +(on|off) ", stub.monitor("set"),
                               re.M)
            must(len(names) >= 6, names)
            for name, value in names:
                other = "off" if value == "on" else "on"
                same(stub.monitor(f"set {name} {other}"), "")
                must(re.search(rf"^{name} +{other} ", stub.monitor("set"),
                               re.M), name)
                same(stub.monitor(f"set {name} {value}"), "")
            same(stub.monitor("set on-disconnect stop"), "")
            must(re.search("^on-disconnect +stop", stub.monitor("set"),
                           re.M), "on-disconnect")
            same(stub.monitor("set on-disconnect continue"), "")
        with report.case("mmio live on reads the device, off does not"):
            window = 0x0072_0000_0900_0018
            must(stub.ask(f"m{window:x},4").startswith("E"), "not watched")
            same(stub.monitor("mmio live on"), "")
            must("is on" in stub.monitor("mmio live"), "mmio live")
            same(len(stub.ask(f"m{window:x},4")), 8)
            same(stub.monitor("mmio live off"), "")
            must(stub.ask(f"m{window:x},4").startswith("E"), "off again")
        with report.case("translate with the MMU off says so"):
            text = stub.monitor("translate 0x40000000")
            must("stage 1 is off" in text and "rwx" in text, text)
        with report.case("info stage2 shows RAM, devices, what is played"):
            must("rwx, write-back" in
                 stub.monitor("info stage2 0x40000000"), "RAM")
            must("rw-, Device-nGnRE" in
                 stub.monitor("info stage2 0x9000000"), "UART")
            text = stub.monitor("info stage2 0x8000000")
            must("not mapped" in text and "trap: gicd" in text, text)
            text = stub.monitor("info stage2 0x50000000")
            must(text.count("not mapped") == 3, f"the monitor's own: {text}")
        with report.case("info memory tells who has what"):
            text = stub.monitor("info memory")
            must(re.search(r"0x0040000000..0x0050000000 +guest RAM", text)
                 and "monitor, not mapped" in text and "gicr" in text, text)
        with report.case("set unsafe lets EL2's registers be written"):
            vmpidr = 3 << 14 | 4 << 11 | 0 << 7 | 0 << 3 | 5
            old = stub.ask(f"p{vmpidr:x}")
            refused = stub.ask(f"P{vmpidr:x}={old}")
            if old.startswith("E"):
                raise AssertionError(f"VMPIDR_EL2: {old}")
            must(refused.startswith("E"), refused)


def keys(report: Report) -> None:
    """Registers that are given on request only."""
    with Machine("--cpu", "max", "--memory", "128M", serial=False) \
            as machine, Client(machine) as stub:
        stub.ask("?")
        with report.case("pointer authentication keys are kept back"):
            key = 3 << 14 | 2 << 7 | 1 << 3  # APIAKeyLo_EL1
            plain = stub.ask(f"p{key:x}")
            must(not re.fullmatch("[0-9a-f]{16}", plain), plain)
            stub.monitor("set show-keys on")
            shown = stub.ask(f"p{key:x}")
            must(re.fullmatch("[0-9a-f]{16}", shown), shown)


def booted(report: Report) -> None:
    """What is there once Linux has run."""
    link = text_symbol("kernel_restart")
    with Guest(smp=2, memory="256M", append="nokaslr") as guest, \
            Client(guest) as stub:
        stub.ask("?")
        with report.case("info exits counts by cause and CPU, and a second"):
            text = stub.monitor("info exits")
            must(re.search(r"^cpu0:.* interrupt \d+ \(\d+/s\).* mmio \d+",
                           text, re.M), text)
            must(re.search(r"^cpu1: .*interrupt [1-9]", text, re.M), text)
        with report.case("translate walks the guest's tables"):
            text = stub.monitor(f"translate {link:#x}")
            levels = re.findall(r"^stage 1 level (\d): \[0x", text, re.M)
            must(levels and levels == sorted(levels), text)
            place = int(re.search(r"to (0x\w+), \d+ bytes", text).group(1),
                        16)
            physical = stub.ask(f"m{0x72 << 48 | place:x},10")
            same(physical, stub.ask(f"m{link:x},10"), "bytes there")
            must("Normal cacheable" in text and "EL1 r" in text, text)
        with report.case("translate tells the fault and its level"):
            text = stub.monitor("translate 0x10")
            must(re.search(r"stage 1 level [0-3] translation fault at 0x10",
                           text), text)
        with report.case("info breakpoints tells how they are armed"):
            same(stub.ask(f"Z0,{link:x},4"), "OK")
            same(stub.ask(f"Z1,{link + 4:x},4"), "OK")
            stub.go()
            stub.interrupt()
            text = stub.monitor("info breakpoints")
            shadow = int(re.search(r"in shadow pages +(\d+)",
                                   text).group(1))
            comparators = int(re.search(r"in comparators +(\d+)",
                                        text).group(1))
            same(shadow + comparators, 2, text)
            must(re.search(r"shadow pages: \d+ of 4096 used", text), text)
            same(stub.ask(f"z0,{link:x},4"), "OK")
            same(stub.ask(f"z1,{link + 4:x},4"), "OK")
        with report.case("info irq shows the interrupt controller"):
            text = stub.monitor("info irq")
            must(re.search(r"list registers.*cpu 1: on injected [1-9]",
                           text, re.S), text)
        with report.case("commands answer for a guest that runs"):
            stub.go()
            time.sleep(0.3)
            text = stub.monitor("info")
            same(text.count("running"), 2, text)
            text = stub.monitor(f"translate {link:#x}")
            must("interrupt the guest" in text, text)
            stub.interrupt()
        stub.ask("D")
        with report.case("the guest runs on"):
            guest.alive()


def main() -> int:
    report = Report()
    at_start(report)
    keys(report)
    booted(report)
    return report.end()


sys.exit(main())
