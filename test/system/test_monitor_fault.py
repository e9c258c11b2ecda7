#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
"""Faults of the monitor itself, raised by its command for tests: the debugger
gets an answer and a stop with text, `monitor log` and the UART have registers
and a backtrace, memory and registers are still to be had, and `monitor
reset` makes it well again."""

from __future__ import annotations

import re
import sys
import time

from harness import Report, must, same
from machine import Client, Machine, RAM, psci_program

PC = 32
CAUSES = {
    "data": "DABT_CUR",
    "undef": "UNKNOWN",
    "stack": "DABT_CUR",
}
# wfi; b .-4
IDLE = bytes.fromhex("7f2003d5ffffff17")


def start(smp: int = 2) -> tuple[Machine, Client]:
    """A program that idles, not yet begun."""
    machine = Machine("--smp", str(smp), "--memory", "128M")
    stub = Client(machine)
    stub.ask("?")
    same(stub.ask(f"M{RAM:x},{len(IDLE):x}:{IDLE.hex()}"), "OK")
    return machine, stub


def check_log(machine: Machine, stub: Client, kind: str, cpu: int) -> None:
    """Registers and a backtrace, for the debugger and on the UART."""
    # The serial port's reader may be behind on a busy machine.
    machine.serial.wait(r"FAULT in the monitor[\s\S]*#2 0x[0-9a-f]+\s", 20)
    for text in (stub.monitor("log"), machine.serial.text):
        must(re.search(rf"FAULT in the monitor: sync, {CAUSES[kind]} .* on "
                       rf"CPU {cpu}", text), text)
        must(re.search(r"x29 [0-9a-f]{16}", text), f"registers: {text}")
        must(re.search(r"#0 0x[0-9a-f]+.*#2 0x[0-9a-f]+", text, re.S),
             f"backtrace: {text}")


def check_alive(stub: Client) -> None:
    """Memory and registers can be read and written."""
    same(stub.read(RAM, 8), IDLE)
    must(RAM <= stub.register(PC) <= RAM + 8, hex(stub.register(PC)))
    same(stub.ask(f"M{RAM + 16:x},4:01020304"), "OK")
    same(stub.read(RAM + 16, 4), b"\1\2\3\4")
    stub.set_register(5, 1234)
    same(stub.register(5), 1234)


def while_stopped(report: Report, kind: str) -> None:
    machine, stub = start()
    with machine, stub:
        with report.case(f"{kind}: the packet is answered with an error"):
            text = stub.monitor(f"crash {kind}")
            must(text.startswith("E.") and "fault" in text, text)
        with report.case(f"{kind}: registers and a backtrace are told"):
            check_log(machine, stub, kind, 0)
        with report.case(f"{kind}: memory and registers are still there"):
            check_alive(stub)
        with report.case(f"{kind}: a stop with SIGABRT and text"):
            stub.go()
            must(stub.stop().startswith("T06"), "signal")
            must("fault in the monitor on CPU 0" in stub.console,
                 stub.console)
        with report.case(f"{kind}: the guest is not let run on"):
            text = stub.ask("vCont;c")
            must(text.startswith("E.") and "monitor reset" in text, text)
        with report.case(f"{kind}: `monitor reset' makes it well"):
            must("was reset" in stub.monitor("reset"), "reset")
            same(stub.register(PC), RAM)
            same(stub.ask(f"M{RAM:x},{len(IDLE):x}:{IDLE.hex()}"), "OK")
            stub.go()
            must(stub.interrupt().startswith("T02"), "^C")


def while_running(report: Report) -> None:
    """On the CPU that serves the session, the guest running on it."""
    machine, stub = start()
    with machine, stub:
        with report.case("running: an error, then a stop with text"):
            stub.go()
            time.sleep(0.3)
            text = stub.monitor("crash data")
            must(text.startswith("E.") and "fault" in text, text)
            must(stub.stop().startswith("T06"), "signal")
            must("fault in the monitor" in stub.console, stub.console)
        with report.case("running: registers and memory can be read"):
            check_log(machine, stub, "data", 0)
            check_alive(stub)


def other_cpu(report: Report) -> None:
    """On a CPU that is parked and asked for something."""
    for kind in CAUSES:
        machine = Machine("--smp", "2", "--memory", "128M")
        with machine, Client(machine) as stub:
            stub.ask("?")
            program = psci_program()
            stub.ask(f"M{RAM:x},{len(program):x}:{program.hex()}")
            stub.go()
            time.sleep(0.5)
            stub.interrupt()
            with report.case(f"{kind} on another CPU: the command says so"):
                must("cpu1: stopped" in stub.monitor("info") or "WFI" in
                     stub.monitor("info"), stub.monitor("info"))
                text = stub.monitor(f"crash {kind} 1")
                must("it had a fault" in text, text)
            with report.case(f"{kind} on another CPU: told and readable"):
                check_log(machine, stub, kind, 1)
                same(stub.read(RAM, 4), program[:4])
                same(stub.ask("Hg2"), "OK")
                must(RAM <= stub.register(PC) <= RAM + 64, "cpu1's PC")
                sctlr = 3 << 14 | 1 << 7
                must(len(stub.ask(f"p{sctlr:x}")) == 16, "its registers")
                stub.go()
                text = stub.stop()
                must(text.startswith("T06") and "thread:2" in text, text)


def nobody_there(report: Report) -> None:
    """It happens when the debugger has gone; the next one finds it."""
    machine, stub = start()
    with machine:
        stub.go()
        time.sleep(0.3)
        same(stub.monitor("crash undef later"), "")
        stub.peer.close()
        with report.case("with nobody there the UART tells"):
            machine.serial.wait("FAULT in the monitor.*#2 0x", 20)
        with Client(machine) as later:
            with report.case("who comes later finds the stop"):
                must(later.ask("?").startswith("T06"), "stop reply")
                check_log(machine, later, "undef", 0)
                check_alive(later)


def main() -> int:
    report = Report()
    for kind in CAUSES:
        while_stopped(report, kind)
    while_running(report)
    other_cpu(report)
    nobody_there(report)
    return report.end()


sys.exit(main())
