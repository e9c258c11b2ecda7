#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 120 s
"""The guest's own breakpoints, watchpoints and single steps, while gdb has its
own: the guest sees what it sees with no monitor and no debugger, and gdb stops
at its own places alone."""

from __future__ import annotations

import sys

from bare import Rsp, run_to, start, symbols_of
from harness import Gdb, Report, must, same

TASKS = {1: "breakpoints", 2: "watchpoints", 3: "single steps",
         4: "registers"}


class Run:
    """The guest at its checkpoint, native or not."""

    def __init__(self, rsp: Rsp) -> None:
        self.names, self.rsp = symbols_of("debugregs"), rsp
        self.stops: list[int] = []

    def task(self, number: int, points: list[tuple[int, int, int]]) -> list:
        """
        A task under those (kind, address, size); each is gone over as gdb
        does. The guest's log: events, then its results.
        """
        rsp, names = self.rsp, self.names
        at = names["checkpoint"]
        rsp.ask(f"M{names['command']:x},8:{number.to_bytes(8, 'little').hex()}")
        points = points + [(0, at, 4)]
        self.stops = []
        for _ in range(100):
            for kind, address, size in points:
                same(rsp.ask(f"Z{kind},{address:x},{size:x}"), "OK",
                     f"Z{kind},{address:x}")
            reply = rsp.ask("vCont;c:1")
            for kind, address, size in points:
                same(rsp.ask(f"z{kind},{address:x},{size:x}"), "OK")
            must(reply.startswith("T05"), reply)
            pc = rsp.register(32)
            rsp.ask("vCont;s:1")
            if pc == at:
                break
            self.stops.append(pc)
        count = int.from_bytes(rsp.read(names["events"], 8), "little")
        events = rsp.read(names["event"], 32 * min(count, 128))
        found = [tuple(int.from_bytes(events[32 * n + k:32 * n + k + 8],
                                      "little") for k in (0, 8, 16, 24))
                 for n in range(min(count, 128))]
        return [count, found, rsp.read(names["result"], 8 * 80).hex()]


def attach(rsp: Rsp) -> Run:
    """To the checkpoint."""
    run = Run(rsp)
    run.task(0, [])
    return run


def shown(events: list, names: dict[str, int]) -> list[str]:
    """Events for a person."""
    return [f"ESR {e[0]:#x} at {e[1]:#x} FAR {e[2]:#x} SPSR {e[3]:#x}"
            for e in events]


def check(got: list, wanted: list, names: dict[str, int]) -> None:
    """The same log as natively?"""
    for a, b in zip(got[1], wanted[1]):
        same(shown([a], names), shown([b], names), "event")
    same(got[0], wanted[0], "number of events")
    words = [(n, got[2][16 * n:16 * n + 16], wanted[2][16 * n:16 * n + 16])
             for n in range(80)]
    same([w for w in words if w[1] != w[2]], [], "results")


def under(report: Report, run: Run, native: dict[int, list]) -> None:
    """
    All tasks, with and without points of the debugger's. Where both have a
    comparator, gdb stops once more when the guest's handler has returned.
    """
    names = run.names
    for number, name in TASKS.items():
        with report.case(f"{name}, nothing of the debugger's"):
            check(run.task(number, []), native[number], names)
        with report.case(f"{name}, a breakpoint of its own"):
            check(run.task(number, [(1, names["place_b"], 4)]),
                  native[number], names)
            same(set(run.stops) - {names["place_b"]}, set(), "stops")
            must(number != 1 or len(run.stops) == 3, run.stops)
        with report.case(f"{name}, software breakpoints at the same places"):
            check(run.task(number, [(0, names["place_a"], 4),
                                    (0, names["place_b"], 4)]),
                  native[number], names)
            must(number != 1 or len(run.stops) == 9, run.stops)
        with report.case(f"{name}, hardware breakpoints at the same places"):
            check(run.task(number, [(1, names["place_a"], 4),
                                    (1, names["place_b"], 4)]),
                  native[number], names)
            must(number != 1 or len(run.stops) == 12, run.stops)
        with report.case(f"{name}, a watchpoint of its own"):
            check(run.task(number, [(4, names["other"] + 16, 8)]),
                  native[number], names)
            must(number != 2 or len(run.stops) == 1, run.stops)
        with report.case(f"{name}, four watchpoints and four breakpoints"):
            points = [(4, names["other"] + 16 * n, 8) for n in range(4)]
            points += [(1, names["secondary_main"] + 4 * n, 4)
                       for n in range(4)]
            check(run.task(number, points), native[number], names)
        with report.case(f"{name}, a watch at the same place"):
            check(run.task(number, [(2, names["watched"] + 16, 8)]),
                  native[number], names)
            must(number != 2 or len(run.stops) == 7, run.stops)


def main() -> int:
    report = Report()
    names = symbols_of("debugregs")
    for cpu in ("cortex-a57", "cortex-a76", "max"):
        native = {}
        for real in (True, False):
            report.prefix = f"{cpu} "
            with Gdb() as gdb, start("debugregs", gdb, cpu,
                                     native=real) as guest:
                run_to(gdb, "&checkpoint")
                gdb.cmd("disconnect")
                with Rsp(guest) as rsp:
                    run = attach(rsp)
                    if real:
                        native = {n: run.task(n, []) for n in TASKS}
                    else:
                        under(report, run, native)
    must(names, "no symbols")
    return report.end()


sys.exit(main())
