#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 280 s
"""Some of scripts/soak with a fixed seed: a loaded guest, and a debugger
that does anything at any time. HYPERSTUB_SOAK=MINUTES:SEED for another one."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from harness import ROOT, Report, must
from machine import MONITOR

MINUTES, SEED = os.environ.get("HYPERSTUB_SOAK", "0.7:3").split(":")


def main() -> int:
    report = Report()
    with report.case(f"{MINUTES} minutes of anything, seed {SEED}"):
        done = subprocess.run(
            [str(ROOT / "scripts" / "soak"), "--minutes", MINUTES, "--seed",
             SEED, "--builddir", str(MONITOR.parent)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            stdin=subprocess.DEVNULL, check=False)
        for line in done.stdout.splitlines():
            print(f"# {line}")
        must(done.returncode == 0, f"status {done.returncode}")
        counts = re.search(r"all is well after (.*)", done.stdout)
        must(counts, "no last word")
        kinds = re.findall(r"(\d+) [a-z]", counts[1])
        must(len(kinds) > 8 and sum(map(int, kinds)) > 30, counts[1])
    return report.end()


sys.exit(main())
