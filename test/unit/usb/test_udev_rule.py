#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""The udev rule and the page on USB know the device's names as it says them."""

from __future__ import annotations

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SOURCE = (ROOT / "transport/usb/cdc_acm.c").read_text()
RULE = (ROOT / "docs/61-hyperstub.rules").read_text()
PAGE = (ROOT / "docs/usb.md").read_text()


def names() -> list[str]:
    """The interface strings, in the order of the functions."""
    table = re.search(r"function_name\[\w+\] = \{(.*?)\};", SOURCE, re.S)
    return re.findall(r'"([^"]+)"', table.group(1)) if table else []


class UdevRule(unittest.TestCase):
    """What people install."""

    def test_each_function_has_its_name(self) -> None:
        """One match for each string of the device, none besides."""
        found = re.findall(r'ATTRS\{interface\}=="([^"]+)", '
                           r'ENV\{HYPERSTUB_PORT\}="(\w+)"', RULE)
        self.assertEqual(len(names()), 3)
        self.assertEqual(found, [(name, name.split()[1].capitalize())
                                 for name in names()])

    def test_manufacturer(self) -> None:
        """ModemManager is told by the device's manufacturer."""
        match = re.search(r'case STRING_MANUFACTURER:\s*return "([^"]+)"',
                          SOURCE)
        self.assertIsNotNone(match)
        self.assertIn(f'ATTR{{manufacturer}}=="{match.group(1)}"', RULE)

    def test_lines_are_rules(self) -> None:
        """Each line is a comment or a list of KEY OP "VALUE"."""
        item = r'[A-Z]+(\{[\w.]+\})?(==|!=|\+=|:=|=)"[^"]*"'
        for line in RULE.splitlines():
            if line and not line.startswith("#"):
                self.assertRegex(line, rf"^{item}(, {item})*$")

    def test_page(self) -> None:
        """docs/usb.md has each name."""
        for name in names():
            self.assertIn(f"`{name}`", PAGE)


if __name__ == "__main__":
    unittest.main()
