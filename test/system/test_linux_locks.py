#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 1800 s
"""Locks on a page with breakpoints, under Linux: every exclusive and atomic by
more threads than there are CPUs, pages that are copied or refused in the middle
of a sequence, the guest's own debugger beside. The page is guarded where the
core has BTI, its entries are landing pads, and it has a literal. All counts are
exact, all of it comes to its end, and no hit is missed."""

from __future__ import annotations

import os
import re
import sys

from guest_programs import HOT
from harness import Gdb, Guest, Report, libc_program, must, same, symbols

CPUS = 4
THREADS = 6             # a holder of a lock is put aside while others spin
LONG = os.environ.get("HYPERSTUB_LONG") == "1"
ROUNDS, COPIES = (1000, 20) if LONG else (40, 2)
RUNS = {"threads": f"threads {THREADS} {ROUNDS}", "copied": f"copied {COPIES}",
        "refused": "refused 3", "held": "held 10"}
# Who tells a program of a fault that is its own.
FAULT = "arm64_force_sig_fault"
QUIET = ("panic", "machine_restart", "machine_halt", "machine_power_off",
         "emergency_restart", "kernel_halt")
# Those that wait for their turn: the program has them do less.
SLOW = ("spin", "wait", "ticket", "swp", "ldset")
USUAL = (("cortex-a76", "4K"), ("max", "64K"))
MORE = (("cortex-a57", "4K"), ("cortex-a57", "64K"), ("max", "4K"),
        ("max", "16K"), ("neoverse-n1", "64K"))
report = Report()


def kinds(text: str) -> list[str]:
    """The kinds that the program did, all of them right."""
    bad = re.findall(r"^.*(?:wrong, not|[1-9]\d* wrong|ended with).*$", text,
                     re.M)
    must(not bad, "\n".join(bad))
    found = re.findall(r"(\w+): (?:right|0 wrong)", text)
    must(len(found) > 15, text)
    return found


class Locks:
    """The program in the guest, and gdb's breakpoints on its page."""

    def __init__(self, guest: Guest, gdb: Gdb, names: dict[str, int]) -> None:
        self.guest, self.gdb, self.names = guest, gdb, names

    def run(self, words: str, places: list[str], rest: str) -> dict[str, int]:
        """
        Breakpoints that are set in its process; what it did is right. How
        often each was hit.
        """
        gdb, numbers = self.gdb, {}
        gdb.cmd(f"tbreak *&{HOT}")
        token = self.guest.start_sh(f"locks {words}")
        text = gdb.go()
        must(HOT in text, text)
        for place in places:
            word, _, offset = place.partition("+")
            at = (f"{self.names[word] + int(offset or 0):#x}"
                  if word in self.names else f"&{place}")
            text = gdb.cmd(f"break *{at} {rest}")
            must("Breakpoint" in text, text)
            numbers[place] = gdb.value("$bpnum")
            if not rest:
                gdb.cmd("ignore $bpnum 1000000")
        gdb.send("continue")
        self.text = self.guest.end_sh(token, 600 if LONG else 60)
        gdb.interrupt()
        hits = {place: gdb.hits(n) for place, n in numbers.items()}
        for number in numbers.values():
            gdb.cmd(f"delete {number}")
        self.kinds = kinds(self.text)
        return hits


def false_conditions(locks: Locks, wanted: dict[str, list[str]]) -> None:
    places = [name for name in locks.names if re.fullmatch(
        r"lock_(?!kinds|word|literal)\w+", name)] + ["lock_called+4",
                                                     "lock_called+8"]
    must(len(places) > 20, places)
    for name, words in RUNS.items():
        with report.case(f"{name}: false conditions", locks.gdb):
            locks.run(words, places, "if $x29 == 0x4242")
            same(locks.kinds, wanted[name], "kinds")


def stops(locks: Locks) -> None:
    with report.case("threads: stops at a landing pad and a literal's load",
                     locks.gdb):
        hits = locks.run(f"threads {THREADS} 2",
                         ["lock_called", "lock_called+4", "lock_ldaxp_x"], "")
        calls = THREADS * sum(1 if name in SLOW else 2
                              for name in locks.kinds)
        same(hits, {"lock_called": calls, "lock_called+4": calls,
                    "lock_ldaxp_x": THREADS}, "hits")
    with report.case("refused: no hit in the kernel's fault handler is missed",
                     locks.gdb):
        hits = locks.run("refused 4", [FAULT, "lock_called"], "")
        faults = sum(map(int, re.findall(r"(\d+) faults", locks.text)))
        must(faults >= 4 * len(locks.kinds), locks.text)
        same(hits, {FAULT: faults, "lock_called": 4 * len(locks.kinds)},
             "hits")
    with report.case("held: the guest's debugger has all comparators, no hit "
                     "is missed", locks.gdb):
        hits = locks.run("held 4", ["lock_called"], "")
        must(re.search(r"[4-9] held", locks.text), locks.text)
        same(hits, {"lock_called": 4 * len(locks.kinds)}, "hits")


def on(cpu: str, granule: str, program: bytes, names: dict[str, int]) -> None:
    """The whole of it on one core with one granule."""
    report.prefix = f"linux locks {cpu} {granule}: "
    with Guest(smp=CPUS, cpu=cpu, files={"bin/locks": program},
               append="nokaslr",
               monitor=(f"hyperstub.granule={granule}",)) as guest, \
            Gdb(symbols=symbols()) as gdb:
        plain = {}
        for name, words in RUNS.items():
            with report.case(f"{name}: no debugger"):
                plain[name] = kinds(guest.sh(f"locks {words}", 60))
        gdb.attach(guest)
        locks = Locks(guest, gdb, names)
        stops(locks)
        for name in QUIET:
            gdb.cmd(f"hbreak *&{name}")
        false_conditions(locks, plain)
        gdb.cmd("detach")
        with report.case("the kernel complains of nothing"):
            guest.no_complaints()
        guest.alive()


def main() -> int:
    program, names = libc_program("locks", "locks.S", "-pthread")
    for cpu, granule in USUAL + (MORE if LONG else ()):
        on(cpu, granule, program, names)
    if not LONG:
        print("# not run without HYPERSTUB_LONG=1: "
              + ", ".join(" ".join(each) for each in MORE))
    return report.end()


sys.exit(main())
