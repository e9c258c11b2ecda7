#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
"""Patterns written to every system register there could be, by MSR of each
encoding, and read back: undefined where it is natively, the same bits kept,
with and without gdb. What may differ docs/architecture.md says."""

from __future__ import annotations

import sys

from harness import Report, must, same
from same import (Differences, MOVING, cpus, lines_of, name_of, output,
                  with_gdb)

PATTERNS = 3
differences = Differences()
# Kept by QEMU's EL1 timers, but due or not by what time it is.
STATUS = {"S3_3_C14_C2_1", "S3_3_C14_C3_1"}


def told(text: str) -> tuple[dict, dict]:
    """Values read back and faults, by pattern and encoding."""
    values: dict[tuple[int, int], int] = {}
    faults: dict[tuple[int, int], int] = {}
    for what, pattern, encoding, value in lines_of(text):
        if what == "value":
            values[pattern, encoding] = value
        elif what == "fault":
            faults[pattern, encoding] = value
    return values, faults


def row_of(encoding: int) -> str:
    """The row of the table that is for it, if there is one."""
    name = name_of(encoding)
    for row in (f"write {name}", f"write {name.rsplit('_', 2)[0]}_*"):
        if row in differences.rows:
            return row
    return name


def compare(report: Report, native: tuple[dict, dict],
            ours: tuple[dict, dict]) -> None:
    """What is there, and what is kept."""
    with report.case("undefined where it is natively"):
        must(len({e for _, e in native[0]}) > 150, "too few registers")
        bad = []
        for key in sorted(native[0].keys() | ours[0].keys()):
            a = native[1].get(key, 0 if key in native[0] else None)
            b = ours[1].get(key, 0 if key in ours[0] else None)
            row = row_of(key[1])
            if a != b and not (differences.allowed(row, 0, None)
                               and differences.rows[row].absent):
                bad.append(f"{name_of(key[1])}: faults {b}, natively {a}")
        must(not bad, bad[:30])
    with report.case("the same bits are kept"):
        bad = []
        for key in sorted(native[0].keys() & ours[0].keys()):
            a, b, name = native[0][key], ours[0][key], name_of(key[1])
            if name in STATUS:
                a, b = a & ~4, b & ~4
            row = row_of(key[1])
            if a == b or name in MOVING or differences.allowed(row, a, b):
                continue
            if row in differences.rows and differences.rows[row].absent:
                continue
            bad.append(f"{name} pattern {key[0]}: {b:#x}, natively {a:#x}")
        must(not bad, bad[:30])


def main() -> int:
    report = Report()
    for cpu in ("cortex-a57", "cortex-a76", *cpus(), "max"):
        native = told(output("writes", True, cpu, 1))
        report.prefix = f"{cpu} "
        compare(report, native, told(output("writes", False, cpu, 1)))
        report.prefix = f"{cpu} with gdb "
        compare(report, native, told(with_gdb("writes", cpu, 1)))
    report.prefix = "E2H 0 "
    compare(report, native, told(output("writes", False, "max", 1,
                                        monitor=["hyperstub.vhe=off"])))
    report.prefix = ""
    with report.case("each row of the table is still needed"):
        same(differences.unused("write "), [])
    return report.end()


sys.exit(main())
