#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 200 s
"""A CPU that does not come back from the monitor, without an exception: another
CPU finds out within seconds, asks it, and debugger and UART are told, with
registers and a backtrace where it answers, with what its memory tells where not.
The session goes on, whatever lock was held."""

from __future__ import annotations

import re
import sys
import time
from typing import Iterator
from contextlib import contextmanager

from harness import Report, must, same
from machine import Client, Machine, RAM, psci_program

SECONDS = 60
# how it ends, and what is told of it
HANGS = {"spin": (r"FAULT in the monitor: CPU {0} does not come back\s",
                  r"x29 [0-9a-f]{{16}}[\s\S]*#0 0x[0-9a-f]+[\s\S]*#1 0x"),
         "dead": (r"FAULT in the monitor: CPU {0} does not come back, nor",
                  r"from the guest at pc 0x4[0-9a-f]+[\s\S]*stack -\d+ +0x")}


def runs(stub: Client, cpu: int) -> bool:
    """Is it on, and does it answer, by `monitor info`?"""
    return bool(re.search(rf"^cpu{cpu}: affinity \w+, running$",
                          stub.monitor("info"), re.M))


@contextmanager
def two_cpus(smp: int = 2, extra: tuple = (),
             comes: bool = True) -> Iterator[tuple]:
    """Both in their idle loop, which is running; the second one if it comes."""
    machine = Machine("--smp", str(smp), "--memory", "128M", *extra)
    with machine, Client(machine) as stub:
        stub.ask("?")
        program = psci_program()
        same(stub.ask(f"M{RAM:x},{len(program):x}:{program.hex()}"), "OK")
        stub.go()
        end = time.monotonic() + SECONDS
        while comes and not runs(stub, smp - 1):
            must(time.monotonic() < end, stub.monitor("info"))
            time.sleep(0.05)
        yield machine, stub


def check_told(machine: Machine, stub: Client, kind: str,
               cpu: str = "[01]") -> None:
    """In `monitor log` and on the UART."""
    head, rest = (text.format(cpu) for text in HANGS[kind])
    machine.serial.wait(head + r"[\s\S]*" + rest, SECONDS)
    must(re.search(head + r"[\s\S]*" + rest, stub.monitor("log")),
         stub.monitor("log"))


def stop_told(stub: Client) -> str:
    """The stop that tells of it; the log has it a moment before."""
    text = ""
    for _ in range(20):
        stub.go()
        text = stub.stop(SECONDS)
        if not (text.startswith("E.") and "a fault of its own" in text):
            break
        time.sleep(0.2)
    return text


def check_alive(stub: Client) -> None:
    """Memory can be read and written, registers of the other CPU too."""
    program = psci_program()
    same(stub.read(RAM, 8), program[:8])
    same(stub.ask(f"M{RAM + 0x1000:x},4:01020304"), "OK")
    same(stub.read(RAM + 0x1000, 4), b"\1\2\3\4")
    must(stub.ask("vCont;c").startswith("E."), "the guest may run on")


def in_session(report: Report, kind: str, smp: int = 2) -> None:
    """The CPU that serves the session, stopped, with the session's lock;
    any CPU may."""
    with two_cpus(smp) as (machine, stub):
        stub.interrupt()
        with report.case(f"{kind}, stopped: the packet has an answer"):
            text = stub.monitor(f"crash {kind}", SECONDS)
            must(text.startswith("E.") and "fault" in text, text)
        with report.case(f"{kind}, stopped: told with what is known"):
            check_told(machine, stub, kind)
        with report.case(f"{kind}, stopped: a stop with SIGABRT and text"):
            text = stop_told(stub)
            must(text.startswith("T06"), text)
            must("hangs in the monitor" in stub.console, stub.console)
        with report.case(f"{kind}, stopped: the session lives"):
            check_alive(stub)
        with report.case(f"{kind}, stopped: `monitor reset' makes it well"):
            must("was reset" in stub.monitor("reset", SECONDS), "reset")
            stub.go()
            must(stub.interrupt().startswith("T02"), "^C")


def running(report: Report, kind: str, smp: int = 2) -> None:
    """In a timer's interrupt, the guest running on the other CPU."""
    with two_cpus(smp) as (machine, stub):
        with report.case(f"{kind}, running: a stop with SIGABRT and text"):
            same(stub.monitor(f"crash {kind} later"), "")
            text = stub.stop(SECONDS)
            must(text.startswith("T06"), text)
            must("hangs in the monitor" in stub.console, stub.console)
        with report.case(f"{kind}, running: told with what is known"):
            check_told(machine, stub, kind)
        with report.case(f"{kind}, running: the session lives"):
            check_alive(stub)


def other(report: Report) -> None:
    """A parked CPU that is asked for something."""
    with two_cpus() as (machine, stub):
        stub.interrupt()
        with report.case("spin on another CPU: it does not answer"):
            # It may be the very one that serves the session just now.
            text = stub.monitor("crash spin 1")
            must("does not answer" in text or "had a fault" in text, text)
        with report.case("spin on another CPU: soon it is told"):
            check_told(machine, stub, "spin", "1")
            text = stop_told(stub)
            must(text.startswith("T06") and "thread:2" in text, text)
            check_alive(stub)


def nobody_hangs(report: Report, smp: int = 2) -> None:
    """A search that takes long is none; nor a guest that sleeps."""
    with two_cpus(smp) as (machine, stub):
        stub.interrupt()
        with report.case("who works for long does not hang"):
            start = time.monotonic()
            while time.monotonic() - start < 7:
                text = stub.ask(f"qCRC:{RAM:x},{64 << 20:x}")
                must(text.startswith("C"), text)
            must("FAULT" not in machine.serial.text, machine.serial.text)
        with report.case("nor who sleeps"):
            stub.go()
            time.sleep(6)
            must(stub.interrupt().startswith("T02"), "^C")
            must("FAULT" not in stub.monitor("log"), stub.monitor("log"))


def two_states(report: Report) -> None:
    """No CPU can be asked where group 0 is the secure side's."""
    with two_cpus(extra=("--", "-M", "secure=on")) as (machine, stub):
        with report.case("two security states: spin is told like dead"):
            same(stub.monitor("crash spin later"), "")
            must(stub.stop(SECONDS).startswith("T06"), "a stop")
            check_told(machine, stub, "dead")
            check_alive(stub)
    # QEMU 7.2 leaves max's EL3 closed for all but the first CPU, natively too
    with two_cpus(extra=("--cpu", "max", "--", "-M", "secure=on"),
                  comes=False) as (machine, stub):
        with report.case("a CPU that firmware starts comes, or its absence "
                         "is told"):
            end = time.monotonic() + SECONDS
            told = False
            while not told and not runs(stub, 1):
                must(time.monotonic() < end, stub.monitor("info"))
                time.sleep(0.1)
                told = "CPU 1 does not come" in stub.monitor("log")
            must(told != runs(stub, 1), stub.monitor("info"))


def main() -> int:
    report = Report()
    for kind in HANGS:
        in_session(report, kind)
    running(report, "spin")
    other(report)
    nobody_hangs(report)
    two_states(report)
    # its own timer asks it, which does not wait for what it is at
    report.prefix = "one CPU: "
    in_session(report, "spin", 1)
    running(report, "spin", 1)
    nobody_hangs(report, 1)
    return report.end()


sys.exit(main())
