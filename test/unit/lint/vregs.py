#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Which functions of the image use vector registers, which are the guest's:
vregs.py OBJDUMP ELF. Prints TAP."""

from __future__ import annotations

import re
import subprocess
import sys

# Those that save, restore, read and write them for the guest, those that run
# between save and restore, and libfdt's, which run when there is no guest.
MAY = re.compile(r"(vregs|fp|bulk|fdt)_\w+")
USE = re.compile(r"\b[vqzdshb]\d+\b")
TARGET = re.compile(r"\b[0-9a-f]+ <[^>]*>")


def main() -> int:
    text = subprocess.run([sys.argv[1], "-d", "--no-show-raw-insn",
                           sys.argv[2]], check=True, capture_output=True,
                          text=True).stdout
    name, used, wrong = "", set(), []
    for line in text.splitlines():
        head = re.match(r"[0-9a-f]+ <([^>]+)>:", line)
        if head:
            name = head.group(1)
            continue
        operands = TARGET.sub("", line.partition("//")[0]).split("\t")[2:]
        if USE.search(" ".join(operands)):
            used.add(name)
            if not MAY.match(name):
                wrong.append(f"{name}: {line.strip()}")
    print("1..2")
    seen = {"bulk_escape", "vregs_save", "vregs_load_sve"} <= used
    print(f"{'' if seen else 'not '}ok 1 - their users are recognised")
    print(f"{'not ' if wrong else ''}ok 2 - nothing else uses them")
    for line in wrong[:20]:
        print(f"# {line}")
    return 0 if seen and not wrong else 1


sys.exit(main())
