#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 280 s
"""Memory tags (FEAT_MTE2): accesses with a pointer that has another tag than its
memory fault, or are noted, as natively, in all forms and modes; also on pages that
trap to the monitor and where it does the instruction itself."""

from __future__ import annotations

import re
import sys
import time

from bare import FALSE, PROGRAMS, TAGS, Program, Rsp, symbols_of
from harness import Bad, Guest, Report, must, same
from same import output


def accesses(text: str) -> list[str]:
    """What came of each; the monitor's own lines are not the guest's."""
    text = re.sub(r"^\[.*\n", "", text, flags=re.M).partition("DONE")[0]
    return text.replace("\n  ", ", ").splitlines()


def compare(text: str, native: str) -> None:
    """Access by access."""
    got, wanted = accesses(text), accesses(native)
    must(len(wanted) > 500, f"{len(wanted)} accesses natively")
    wrong = [f"{a!r} natively {b!r}" for a, b in zip(got, wanted) if a != b]
    must(not wrong, f"{len(wrong)} differ, first: {wrong[:1]}")
    same(len(got), len(wanted))


class Run(Program):
    """A guest at its first instruction, to its end."""

    def __init__(self, guest: Guest, rsp: Rsp) -> None:
        super().__init__("tags", rsp)
        self.guest = guest

    def go(self, points: list[str]) -> str:
        """What it prints with these points inserted."""
        rsp = self.rsp
        first = f"1,{self.names['checkpoint']:x},4"
        same(rsp.ask(f"Z{first}"), "OK")
        self.guest.console.send("g")
        rsp.send("vCont;c")
        rsp.reply()
        same(rsp.ask(f"z{first}"), "OK")
        for point in points:
            same(rsp.ask(f"Z{point}"), "OK", point)
        rsp.send("vCont;c")
        end = time.monotonic() + 200
        while "DONE\n" not in self.guest.console.text:
            if time.monotonic() > end:
                raise Bad("does not end: "
                          + self.guest.console.text[-200:])
            time.sleep(0.05)
        return self.guest.console.text


def main() -> int:
    report = Report()
    native = output("tags", True, "max", 1, extra=TAGS)
    with report.case("natively all modes do what they should"):
        must("str tags 5 9" in native, native[:400])
        must("faults 1 0" in native, "none was a fault")
        must("where 2 0" in native or "where 1 0" in native,
             "none was noted")
    with report.case("undisturbed"):
        compare(output("tags", False, "max", 1, extra=TAGS), native)
    where = symbols_of("tags")
    area = where["area"]
    ops = [at for name, at in where.items() if name.startswith("op_")]
    for vhe in ("off", "on"):
        for what, points in (
                ("beside a breakpoint", [f"0,{area + 0x800:x},4"]),
                ("beside a page's watchpoint", [f"4,{area + 0x804:x},c"]),
                ("at breakpoints",
                 [f"0,{at:x},4{FALSE}" for at in ops])):
            with report.case(f"{what}, VHE {vhe}"), Guest(
                    cpu="max", memory="128M", wait=True, extra=TAGS,
                    monitor=[f"hyperstub.vhe={vhe}"],
                    program=PROGRAMS / "tags.bin") as guest, \
                    Rsp(guest) as rsp:
                compare(Run(guest, rsp).go(points), native)
    return report.end()


sys.exit(main())
