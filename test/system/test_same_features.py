#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
"""Features used, natively and beneath the monitor: FP, SVE and SME of every
length, pointer authentication, tags, LSE, exclusives, PAN, UAO, DIT, SSBS,
PMU counters with filter and overflow interrupt; what QEMU 10 has beyond 7.2:
interrupts with superpriority, copies by instruction and others. Every line is
equal, with and without gdb, E2H 0 and 1."""

from __future__ import annotations

import sys

from harness import Report, must, same
from same import cpus, output, qemu_major, with_gdb

NEWER = ("set 0x", "cpy", "hinted", "wfit", "wfet", "nxs", "beyond 32 bits",
         "nmi inmir 0x00000000ffffffff", "nmi before all of priority 0 "
         "0x0000000000000003") if qemu_major() >= 10 else ()
# CPU, QEMU's words, words for the monitor, lines that must be there.
MACHINES = (
    ("cortex-a57", [], [], ("fp 0x", "exclusives", "interrupts 0x")),
    ("cortex-a76", [], [], ("pan", "lse", "interrupts 0x")),
    ("max", [], [], ("sve 0x0100", "sme 0x0100", "pacga", "dit", "ssbs",
                     *NEWER)),
    ("max", [], ["hyperstub.vhe=off", "hyperstub.list-registers=1"],
     ("sve 0x0100", "sme 0x0100", *NEWER)),
    ("max", ["-machine", "mte=on"], [], ("irg 0x", "rgsr")),
    *((cpu, [], [], ("sve 0x0", "dit", "beyond 32 bits" if cpu != "neoverse-v1"
                     else "sve 0x0")) for cpu in cpus()),
)


def lines(text: str) -> list[str]:
    """What the program printed."""
    return [line for line in text.splitlines() if "hyperstub: " not in line]


def compare(report: Report, native: list[str], ours: list[str]) -> None:
    """Groups of lines by their first word."""
    for what in dict.fromkeys(line.split()[0] for line in native):
        with report.case(what):
            same([line for line in ours if line.split()[0] == what],
                 [line for line in native if line.split()[0] == what])
    with report.case("nothing else"):
        same(len(ours), len(native))


def main() -> int:
    report = Report()
    for cpu, extra, words, wanted in MACHINES:
        report.prefix = " ".join([cpu, *extra, *words]) + ": "
        native = lines(output("features", True, cpu, 1, extra=extra))
        with report.case("natively they are there"):
            must(all(any(line.startswith(one) for line in native)
                     for one in wanted), native)
        compare(report, native, lines(output(
            "features", False, cpu, 1, extra=extra, monitor=words)))
        if not extra and not words:
            report.prefix += "with gdb: "
            compare(report, native, lines(with_gdb("features", cpu, 1)))
    return report.end()


sys.exit(main())
