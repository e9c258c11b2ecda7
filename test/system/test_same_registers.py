#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
"""What a CPU is given, natively and beneath the monitor: registers at its first
instruction, every system register that can be read, the caches, the device
tree. Equal, but for the list in docs/architecture.md."""

from __future__ import annotations

import sys
from typing import Optional

from harness import Report, must, same
from same import (Differences, MOVING, cpus, lines_of, name_of, output,
                  tree_of, with_gdb)

CPUS = 4
ENTRY = {31: "nzcv", 32: "vbar_el1", 33: "elr_el1", 34: "spsr_el1",
         35: "esr_el1", 36: "far_el1", 37: "cpacr_el1"}
# New at each start.
RANDOM = {"/chosen rng-seed", "/chosen kaslr-seed"}
# Read after start.S has set it; the entry has it.
VBAR = "S3_0_C12_C0_0"

differences = Differences()


class Seen:
    """What one run told."""

    def __init__(self, text: str) -> None:
        self.values: dict[tuple[str, int], dict[str, int]] = {}
        words: dict[int, int] = {}
        for what, cpu, which, value in lines_of(text):
            if what == "tree":
                words[which] = value
                continue
            name = str(which)
            if what == "entry":
                name = ENTRY.get(which, f"x{which}")
            elif what != "cache" and what != "refusal":
                name = name_of(which)
            self.values.setdefault((what, cpu), {})[name] = value
        self.room = words[4]
        self.tree = tree_of(b"".join(words[n].to_bytes(4, "big")
                                     for n in sorted(words)))


def differing(what: str, native: dict[str, int],
              ours: dict[str, int]) -> list[str]:
    """What is not equal and has no row in the table."""
    bad = []
    for name in sorted(native.keys() | ours.keys()):
        a, b = native.get(name), ours.get(name)
        if a == b or (name in MOVING and a is not None and b is not None):
            continue
        if not differences.allowed(name, a, b):
            bad.append(f"{what} {name}: {shown(b)}, natively {shown(a)}")
    return bad


def shown(value: Optional[int]) -> str:
    """A value, or that there is none."""
    return "not there" if value is None else f"{value:#x}"


def compare(report: Report, native: Seen, ours: Seen) -> None:
    """Everything that was told."""
    for what, name in (("entry", "registers at the first instruction"),
                       ("first", "system registers at the start"),
                       ("refused", "registers that trap"),
                       ("open", "system registers with FP, SVE, SME on"),
                       ("shut", "registers that trap then"),
                       ("cache", "caches"), ("refusal", "further CPUs")):
        with report.case(name):
            same([key for key in ours.values if key[0] == what],
                 [key for key in native.values if key[0] == what], "CPUs")
            bad = []
            for key, values in native.values.items():
                if key[0] == what:
                    bad += differing(f"CPU {key[1]}", values,
                                     ours.values[key])
            must(not bad, f"{len(bad)}: {bad[:30]}")
    with report.case("the device tree"):
        bad = [name for name in sorted(native.tree.keys() | ours.tree.keys())
               if native.tree.get(name) != ours.tree.get(name)
               and name not in RANDOM and not differences.allowed(
                   name.split(" ")[0], 0, 0 if name in ours.tree else None)]
        must(not bad, bad)
        same(ours.room, native.room, "the tree's size")


def main() -> int:
    report = Report()
    for cpu in ("cortex-a57", "cortex-a76", "neoverse-n1", *cpus(), "max"):
        native = Seen(output("same", True, cpu, CPUS))
        must(("open", CPUS - 1) in native.values, "nothing from the last CPU")
        report.prefix = f"{cpu} "
        compare(report, native, Seen(output("same", False, cpu, CPUS)))
        if cpu in ("cortex-a57", "max"):
            report.prefix = f"{cpu} with gdb "
            compare(report, native, Seen(with_gdb("same", cpu, CPUS)))
    report.prefix = "E2H 0 "
    compare(report, native, Seen(output("same", False, "max", CPUS,
                                        monitor=["hyperstub.vhe=off"])))
    report.prefix = ""
    with report.case("each row of the table is still needed"):
        same(differences.unused(), [])
    return report.end()


sys.exit(main())
