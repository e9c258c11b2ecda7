#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 400 s
"""Which interrupts a guest takes, natively and beneath the monitor: level ones
whose line falls while they are masked, ended before their device is quiet,
made pending by software, disabled. A number that says "none after all" (1023)
may come more often here: what was offered cannot be called back, as on any
GIC; an interrupt that is over is never given. Then storms on eight CPUs, more
pending than there are list registers, LPIs too; and all of it on a GIC of two
security states, of which the guest has the non-secure one."""

from __future__ import annotations

import re
import sys

from harness import Report, must, same
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
    return [line for line in text.splitlines()
            if line and "hyperstub: " not in line]


CPUS = 8
TWO_STATES = ("-M", "secure=on")


def storms(report: Report) -> None:
    """Counts that the program makes exact, natively and here."""
    for extra, state, runs in (
            ((), "one", (("cortex-a76", ["hyperstub.list-registers=1"]),
                         ("cortex-a57", []))),
            # QEMU 7.2 starts `max`'s other CPUs with EL3's traps all set
            (TWO_STATES, "two", (("cortex-a76",
                                  ["hyperstub.list-registers=2"]),))):
        native = lines(output("storm", True, "cortex-a76", CPUS, 120,
                              extra=extra))
        report.prefix = f"{state} security state{'s' * (state == 'two')}: "
        with report.case("natively all that is raised is taken"):
            must(f"{state} security state" in native[0], native)
            pairs = re.findall(r"raised (\d+) taken (\d+)", "\n".join(native))
            same(len(pairs), 8, "kinds of storm")
            same([a for a, b in pairs if a != b], [])
        prefix = report.prefix
        for cpu, words in runs:
            report.prefix = f"{prefix}{cpu} {' '.join(words)} "
            compare(report, native, lines(output(
                "storm", False, cpu, CPUS, 120, extra=extra, monitor=words)))


def levels(report: Report, cpu: str, extra: tuple[str, ...] = ()) -> None:
    """Lines that fall and rise."""
    native = lines(output("level", True, cpu, 1, extra=extra))
    for words in ([], ["hyperstub.list-registers=1"]):
        report.prefix = (f"{cpu} {'one list register ' if words else ''}"
                         f"{'two security states ' if extra else ''}")
        compare(report, native, lines(output("level", False, cpu, 1,
                                             monitor=words, extra=extra)))


def main() -> int:
    report = Report()
    for cpu in ("cortex-a57", "max"):
        levels(report, cpu)
    levels(report, "cortex-a76", TWO_STATES)
    storms(report)
    return report.end()


sys.exit(main())
