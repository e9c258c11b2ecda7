#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 280 s
"""Pairs of registers, and double words that are not aligned, written by one CPU
and read by another on a page that traps: with FEAT_LSE2 what lies within 16
aligned bytes is one access, and never half of it is seen. Where QEMU has it."""

from __future__ import annotations

import sys

from bare import FALSE, Program, Rsp, run_to, start
from harness import Gdb, Report, must, same
from same import qemu_major

KINDS = {"x": 0, "w": 1, "u": 2}
WHAT = {"x": "pairs of X", "w": "pairs of W", "u": "unaligned X"}
# Each is done at EL2 twice; several virtual CPUs on a busy host.
PATIENCE = 100.0


class Run(Program):
    """A guest at its checkpoint."""

    def __init__(self, rsp: Rsp) -> None:
        super().__init__("pairs", rsp)
        rsp.ask("Hg1")
        self.go([], 0)

    def go(self, points: list[str], kind: int) -> tuple[int, int]:
        """A round with these inserted: what was torn, how many were seen."""
        at = self.names["checkpoint"]
        self.poke("kind", kind)
        if self.rsp.register(32) == at:
            self.rsp.ask("vCont;s:1")
        points = points + [f"0,{at:x},4"]
        for point in points:
            same(self.rsp.ask(f"Z{point}"), "OK", point)
        self.rsp.send("vCont;c")
        reply = self.rsp.reply(PATIENCE)
        for point in points:
            same(self.rsp.ask(f"z{point.partition(';')[0]}"), "OK")
        must("swbreak" in reply, reply)
        return self.peek("torn"), self.peek("seen")


def main() -> int:
    report = Report()
    with Gdb() as gdb, start("pairs", gdb, "max", 2) as guest:
        run_to(gdb, "&checkpoint")
        have = gdb.value("have_lse2")
        with report.case("FEAT_LSE2 is there from QEMU 9 on"):
            same(have, int(qemu_major() >= 9))
        if not have:
            print("# this QEMU has no FEAT_LSE2: nothing is promised")
            return report.end()
        gdb.cmd("disconnect")
        with Rsp(guest) as rsp:
            run = Run(rsp)
            area = run.names["area"]
            for name, kind in KINDS.items():
                put = run.names["put_u_at" if name == "u" else f"put_{name}"]
                for what, points in (
                        ("undisturbed", []),
                        ("beside a breakpoint", [f"0,{area + 0x800:x},4"]),
                        ("beside a watchpoint", [f"4,{area + 0x804:x},c"]),
                        ("at breakpoints", [
                            f"0,{put:x},4{FALSE}",
                            f"0,{run.names[f'get_{name}']:x},4{FALSE}"])):
                    with report.case(f"{WHAT[name]} {what}"):
                        torn, seen = run.go(points, kind)
                        same(torn, 0, "seen in halves")
                        must(seen > 100, f"only {seen} values were seen")
    return report.end()


sys.exit(main())
