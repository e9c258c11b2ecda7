#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 120 s
"""What firmware answers, natively and beneath the monitor: PSCI, numbers of no
function, numbers that SMCCC reserves, by HVC and SMC. The same in X0 to X3,
the same undefined, nothing else changed."""

from __future__ import annotations

import re
import sys

from harness import Report, must, same
from same import Differences, output

differences = Differences()


def told(text: str) -> dict[str, str]:
    """Each call and what came of it."""
    return {f"{how} {int(number, 16):#x}": came for how, number, came in
            re.findall(r"^(hvc|smc) (0x[0-9a-f]+) (.*)$", text, re.M)}


def compare(report: Report, native: dict[str, str],
            ours: dict[str, str]) -> None:
    """Call by call; what may differ docs/architecture.md says."""
    for how in ("hvc", "smc"):
        with report.case(f"what {how} gives"):
            same(ours.keys(), native.keys())
            bad = []
            for call, came in native.items():
                if ours[call] == came or not call.startswith(how):
                    continue
                row = differences.rows.get(call)
                if row is None:
                    bad.append(f"{call}: {ours[call]}, natively {came}")
                else:
                    row.used = True
            must(not bad, "\n".join(bad[:20]))


def main() -> int:
    report = Report()
    for cpu, words in (("cortex-a57", []), ("max", []),
                       ("max", ["hyperstub.vhe=off"])):
        report.prefix = " ".join([cpu, *words]) + " "
        native = told(output("calls", True, cpu, 1))
        must(len(native) > 400, "too few calls")
        compare(report, native, told(output("calls", False, cpu, 1,
                                            monitor=words)))
    report.prefix = ""
    with report.case("each row of the table is still needed"):
        same(differences.unused("hvc "), [])
    return report.end()


sys.exit(main())
