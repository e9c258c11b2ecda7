#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Runs the rules over the tree: lint.py ROOT COMPILER... Prints TAP."""

from __future__ import annotations

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import rules  # noqa: E402


def main() -> int:
    root, compiler = Path(sys.argv[1]).resolve(), sys.argv[2:]
    wanted = [rules.includes, rules.pure, rules.licence, rules.maintenance,
              rules.barriers, rules.unfinished, rules.size, rules.language,
              rules.protocol, rules.options, rules.commands,
              rules.references]
    failed = 0
    print(f"1..{len(wanted) + bool(compiler)}")

    def run(number: int, rule, *args) -> None:
        nonlocal failed
        found = list(rule(root, *args))
        failed += bool(found)
        print(f"{'not ' if found else ''}ok {number} - {rule.__doc__.strip()}")
        for line in found:
            print(f"# {line}")

    for number, rule in enumerate(wanted, 1):
        run(number, rule)
    if compiler:
        run(len(wanted) + 1, rules.headers, compiler)
    return 1 if failed else 0


sys.exit(main())
