#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 120 s
"""EL2 runs with its MMU on, W^X, guard pages under its stacks: asserted for
both values of HCR_EL2.E2H."""

from __future__ import annotations

import re
import sys

from harness import Report, must, same
from machine import Client, Machine

WANTED = {
    "text": "r-x write-back inner-shareable",
    "rodata": "r-- write-back inner-shareable",
    "data": "rw- write-back inner-shareable",
    "heap": "rw- write-back inner-shareable",
    "stack": "rw- write-back inner-shareable",
    "guest RAM": "rw- write-back inner-shareable",
    "guard": "--- not mapped",
    "device": "rw- Device-nGnRnE inner-shareable",
}


def look(report: Report, cpu: str, words: list[str], e2h: int) -> None:
    with Machine("--cpu", cpu, "--smp", "3", "--memory", "128M", *words,
                 serial=False) as machine, Client(machine) as stub:
        name = f"{cpu} E2H={e2h}"
        stub.ask("?")
        must(f"E2H={e2h}" in stub.monitor("info"), "E2H")
        text = stub.monitor("info mmu")
        with report.case(f"{name}: SCTLR_EL2 has M, C, I, WXN and SA"):
            must("M=1 C=1 I=1 WXN=1 SA=1" in text, text)
        for what, how in WANTED.items():
            with report.case(f"{name}: {what} is {how}"):
                lines = re.findall(rf"^{what} +0x\w+ (.*)$", text, re.M)
                must(lines, text)
                same(set(lines), {how})
        with report.case(f"{name}: a guard page for each CPU's stack"):
            same(len(re.findall("^guard ", text, re.M)), 3)
        with report.case(f"{name}: no page can be written and executed"):
            must("writable and executable: 0 pages" in text, text)


def main() -> int:
    report = Report()
    look(report, "cortex-a57", [], 0)
    look(report, "cortex-a76", [], 1)
    look(report, "cortex-a76", ["--monitor", "hyperstub.vhe=off"], 0)
    look(report, "max", [], 1)
    return report.end()


sys.exit(main())
