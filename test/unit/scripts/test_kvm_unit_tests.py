# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""The list of kvm-unit-tests and the verdicts of a run."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from lib.common import Failure
from lib.kvm_unit_tests import checkout, outcome_of, tests_of

CONFIG = """
# a remark = no key
[first]
file = one.flat
smp = 2
test_args = 'setup smp=2 mem=96'
qemu_params = -m 96
groups = some

#[hidden]
#file = none.flat

[second]
file = two.flat
smp = $MAX_SMP
arch = arm64
[old]
file = gic.flat
qemu_params = -machine gic-version=2
[moves]
file = gic.flat
groups = its migration
[narrow]
file = x.flat
arch = arm
[tags]
file = mte.flat
qemu_params = -machine mte=on
"""


class List(unittest.TestCase):
    def setUp(self) -> None:
        self.tests = {test.name: test for test in tests_of(CONFIG)}

    def test_entries(self) -> None:
        first = self.tests["first"]
        self.assertEqual((first.file, first.args, first.memory(),
                          first.cpus(8), first.groups),
                         ("one", "setup smp=2 mem=96", 96, 2, ["some"]))
        self.assertEqual(self.tests["second"].cpus(8), 8)
        self.assertEqual(self.tests["second"].memory(), 256)
        self.assertNotIn("hidden", self.tests)

    def test_what_cannot_run_says_why(self) -> None:
        why = {name: test.why_not() for name, test in self.tests.items()}
        self.assertEqual(why["first"] + why["second"], "")
        self.assertEqual((why["old"], why["moves"], why["narrow"]),
                         ("GICv2", "migrates the machine", "for arm"))

    def test_tagging_is_asked_for_where_the_core_has_it(self) -> None:
        asked = ["-machine", "mte=on"]
        self.assertEqual(self.tests["tags"].machine("max"), asked)
        self.assertEqual(self.tests["tags"].machine("cortex-a57"), [])
        self.assertEqual(self.tests["first"].machine("max"), [])


class Verdicts(unittest.TestCase):
    TEXT = ("junk\nPASS: a: b\nINFO: x\nPASS: a: b\nFAIL: c: took 123456\n"
            "SKIP: d\nSUMMARY: 4 tests\n\nEXIT: STATUS=3\n")

    def test_counts(self) -> None:
        self.assertEqual(outcome_of(self.TEXT, 3).counts(), "2/1/1 3")
        self.assertEqual(outcome_of("PASS: a\n", 143).counts(),
                         "1/0/0 no end")

    def test_order_and_measured_numbers_are_no_difference(self) -> None:
        other = "\n".join(reversed(self.TEXT.replace(
            "123456", "98765").splitlines()))
        self.assertEqual(outcome_of(other, 3).differs(
            outcome_of(self.TEXT, 3)), [])

    def test_any_other_difference_is_told(self) -> None:
        native = outcome_of(self.TEXT, 3)
        for ours, status in ((self.TEXT.replace("PASS: a", "FAIL: a", 1), 3),
                             (self.TEXT.replace("SKIP: d\n", ""), 3),
                             (self.TEXT, 1),
                             (self.TEXT.replace("EXIT", ""), 3)):
            self.assertTrue(outcome_of(ours, status).differs(native))

    def test_a_machine_that_did_not_start_is_not_the_same(self) -> None:
        refused = outcome_of("qemu: no such machine\n", 1)
        self.assertTrue(refused.differs(refused))


class Checkout(unittest.TestCase):
    def test_a_folder_that_is_none_is_told_so(self) -> None:
        with tempfile.TemporaryDirectory() as temp:
            with self.assertRaisesRegex(Failure, "no checkout"):
                checkout(Path(temp))
            (Path(temp) / "arm").mkdir()
            (Path(temp) / "arm" / "unittests.cfg").touch()
            with self.assertRaisesRegex(Failure, "not built"):
                checkout(Path(temp))
