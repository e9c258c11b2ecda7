#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Run the GICv3 guest with and without the monitor, with few and many list
registers; one TAP line for each. Without the monitor it checks itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
LIMIT = 120
RUNS = (
    ("native", ["--native", "--smp", "2"]),
    ("1 CPU", ["--smp", "1"]),
    ("2 CPUs", ["--smp", "2"]),
    ("without VHE", ["--smp", "2", "--cpu", "cortex-a57"]),
    ("1 list register", ["--smp", "2", "--monitor",
                         "hyperstub.list-registers=1"]),
    ("2 list registers", ["--smp", "2", "--monitor",
                          "hyperstub.list-registers=2"]),
)


def judge(words: list[str], text: str) -> str:
    """What is wrong with this output, or nothing."""
    end = re.search(r"GIC-GUEST (\d+) passed (\d+) failed", text)
    if not end:
        return "the guest did not come to its end"
    if int(end[1]) < 200 or int(end[2]):
        return end[0]
    table = re.search(r"by 64 bits: (\d+) by halves: (\d+)", text)
    if not table:
        return "nothing was said about tables"
    accepted = 0x80000 if "--native" in words else 0x50000
    if {int(table[1]), int(table[2])} != {accepted}:
        return f"table in the monitor's memory: {table[0]}"
    return ""


def run(image: str, guest: str, words: list[str]) -> str:
    command = [str(ROOT / "scripts" / "qemu"), "--image", image, "--kernel",
               guest, "--gdb", "null", "--console", "stdio", *words]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False,
                              errors="replace", timeout=LIMIT)
    except subprocess.TimeoutExpired as late:
        out = late.stdout or b""
        return "too slow:\n" + out.decode(errors="replace")
    wrong = judge(words, done.stdout)
    return wrong and f"{wrong}\n{done.stdout}{done.stderr}"


def main() -> int:
    image, guest = sys.argv[1:3]
    failed = 0
    print(f"1..{len(RUNS)}")
    for number, (name, words) in enumerate(RUNS, 1):
        wrong = run(image, guest, words)
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} {name}", flush=True)
        for line in wrong.splitlines():
            print(f"# {line}")
    return 1 if failed else 0


sys.exit(main())
