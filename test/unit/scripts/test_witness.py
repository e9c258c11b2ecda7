# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Configurations of witness kernels: parts, lines, and what the kernel's own
rules make of them."""

from __future__ import annotations

import unittest
from unittest import mock

from lib import witness
from lib.common import Failure


class Settings(unittest.TestCase):
    """What parts and lines say together."""

    def test_the_base_comes_first_and_has_4k_pages(self) -> None:
        self.assertEqual(witness.parts()[0], "base")
        self.assertEqual(witness.settings()["CONFIG_ARM64_4K_PAGES"], "y")

    def test_a_part_wins_over_the_base(self) -> None:
        for name in ("16k", "64k"):
            found = witness.settings(name)
            self.assertEqual(found["CONFIG_ARM64_4K_PAGES"], "n")
            self.assertEqual(found[f"CONFIG_ARM64_{name.upper()}_PAGES"], "y")

    def test_a_line_wins_over_a_part_wherever_it_stands(self) -> None:
        for words in (("CONFIG_GDB_SCRIPTS=n", "debug"),
                      ("debug", "CONFIG_GDB_SCRIPTS=n")):
            self.assertEqual(
                witness.settings(*words)["CONFIG_GDB_SCRIPTS"], "n")

    def test_another_word_is_refused(self) -> None:
        for word in ("13k", "../base", "CONFIG_X", "CONFIG_X=", "CONFIG_x y"):
            with self.assertRaises(Failure):
                witness.settings(word)

    def test_each_part_says_what_it_is_for(self) -> None:
        for name in witness.parts():
            self.assertGreater(len(witness.purpose(name)), 5)


class Compiler(unittest.TestCase):
    """Whose compiler it is, and what is said where that is missing."""

    def test_clang_compiles_what_asks_for_it_and_nothing_else(self) -> None:
        self.assertEqual(
            [part for part in witness.parts() if witness.by_clang(
                witness.settings(part))], ["bti"])

    def test_a_missing_compiler_is_named_with_its_package(self) -> None:
        for words, tool, package in (
                ((), "aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"),
                (("bti",), "clang", "clang")):
            with mock.patch.object(
                    witness.shutil, "which",
                    lambda name, tool=tool: None if name == tool else name):
                with self.assertRaisesRegex(
                        Failure, f"^{tool} is not there; install {package} "):
                    witness.Witness(*words)

    def test_without_clang_the_others_are_built_all_the_same(self) -> None:
        with mock.patch.object(
                witness.shutil, "which",
                lambda name: None if name == "clang" else name):
            self.assertFalse(witness.Witness("16k").clang)


class Unmet(unittest.TestCase):
    """Lines that the finished configuration does not have."""

    def test_off_is_off_however_it_is_written(self) -> None:
        self.assertEqual(witness.unmet(
            {"CONFIG_A": "n", "CONFIG_B": "n", "CONFIG_C": "y"},
            "# CONFIG_A is not set\nCONFIG_C=y\n"), [])

    def test_what_did_not_come_out_is_named(self) -> None:
        self.assertEqual(witness.unmet(
            {"CONFIG_A": "y", "CONFIG_B": "n", "CONFIG_C": "16"},
            "CONFIG_B=y\nCONFIG_C=8\n"),
            ["CONFIG_A=y", "CONFIG_B=n", "CONFIG_C=16"])
