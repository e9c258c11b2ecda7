#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 120 s
"""Which interrupts a guest takes, natively and beneath the monitor: level ones
whose line falls while they are masked, ended before their device is quiet,
made pending by software, disabled. A number that says "none after all" (1023)
may come more often here: what was offered cannot be called back, as on any
GIC; an interrupt that is over is never given."""

from __future__ import annotations

import sys

from harness import Report, same
from same import output


def compare(report: Report, native: list[str], ours: list[str]) -> None:
    """Line by line."""
    for line, mine in zip(native, ours):
        with report.case(line.split(":")[0]):
            same(mine, line)
    with report.case("that was all"):
        same(len(ours), len(native))


def lines(text: str) -> list[str]:
    """What the program printed."""
    return [line for line in text.splitlines() if "hyperstub: " not in line]


def main() -> int:
    report = Report()
    for cpu in ("cortex-a57", "max"):
        native = lines(output("level", True, cpu, 1))
        for words in ([], ["hyperstub.list-registers=1"]):
            report.prefix = f"{cpu} {'one list register ' if words else ''}"
            compare(report, native, lines(output("level", False, cpu, 1,
                                                 monitor=words)))
    return report.end()


sys.exit(main())
