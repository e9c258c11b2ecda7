# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Unwinding rules from instructions, with the assembler's own words."""

import shutil
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from lib import cfi, symelf
from lib.cfi import FP, SP, Row
from lib.kallsyms import Symbol, Table

BASE = 0xffff800008000000
LEAF = (0xaa1e03e9, 0xd503201f, 0x91000400, 0xd65f03c0)
# mov x9,x30; nop; paciasp; stp x29,x30,[sp,#-48]!; mov x29,sp;
# stp x19,x20,[sp,#16]; str x21,[sp,#32]; cbz; bl; ldp x19,x20; ldr x21;
# ldp x29,x30,[sp],#48; autiasp; ret; mov x0,#0; ldp x29,x30,[sp],#48;
# autiasp; ret
FRAMED = (0xaa1e03e9, 0xd503201f, 0xd503233f, 0xa9bd7bfd, 0x910003fd,
          0xa90153f3, 0xf90013f5, 0xb40000e0, 0x97fffff4, 0xa94153f3,
          0xf94013f5, 0xa8c37bfd, 0xd50323bf, 0xd65f03c0, 0xd2800000,
          0xa8c37bfd, 0xd50323bf, 0xd65f03c0)
# cbz; sub sp,sp,#0x210; stp x29,x30,[sp,#16]; add x29,sp,#16; bl;
# ldp x29,x30,[sp,#16]; add sp,sp,#0x210; b; mov x0,#1; ret
LARGE = (0xb4000100, 0xd10843ff, 0xa9017bfd, 0x910043fd, 0x97ffffe6,
         0xa9417bfd, 0x910843ff, 0x17ffffe3, 0xd2800020, 0xd65f03c0)


def rows(words):
    operations = cfi._operations()
    function = cfi.Function(words, 0, len(words))
    for index, word in enumerate(words):
        if word in operations:
            function.step(index, *operations[word])
    return function.finish()


class Rows(unittest.TestCase):
    def test_leaf_keeps_the_first_rule(self):
        self.assertEqual(rows(LEAF), [(0, Row())])

    def test_frame_between_prologue_and_each_epilogue(self):
        saves = ((19, 32), (20, 24), (21, 16))
        body = Row(FP, 48, 48, True, saves)
        self.assertEqual(rows(FRAMED), [
            (0, Row()), (3, Row(signed=True)), (4, Row(SP, 48, 48, True)),
            (5, Row(FP, 48, 48, True)),
            (6, Row(FP, 48, 48, True, saves[:2])), (7, body),
            (12, Row(signed=True)), (13, Row()), (14, body),
            (16, Row(signed=True)), (17, Row())])

    def test_large_frame_and_a_way_out_without_it(self):
        body = Row(FP, 0x200, 0x200)
        self.assertEqual(rows(LARGE), [
            (0, Row()), (2, Row(SP, 0x210)), (3, Row(SP, 0x210, 0x200)),
            (4, body), (6, Row(SP, 0x210)), (7, Row()), (8, Row())])

    def test_any_words_give_ordered_rows(self):
        import random
        dice = random.Random(5)
        known = list(cfi._operations())
        for _ in range(300):
            words = [dice.choice(known) for _ in range(60)]
            found = rows(words)
            places = [index for index, _ in found]
            self.assertEqual(places, sorted(places))
            self.assertTrue(all(row.offset >= 0 for _, row in found))
            cfi.encode(found)

    def test_leb128(self):
        for value, text in ((0, b"\0"), (127, b"\x7f"), (128, b"\x80\x01"),
                            (624485, b"\xe5\x8e\x26")):
            self.assertEqual(cfi.uleb(value), text)
        for value, text in ((2, b"\2"), (-2, b"\x7e"), (127, b"\xff\0"),
                            (-128, b"\x80\x7f"), (-304, b"\xd0\x7d")):
            self.assertEqual(cfi.sleb(value), text)


class Section(unittest.TestCase):
    def setUp(self):
        text = LEAF + FRAMED + LARGE
        # add x29, sp, #304 in an exception's entry.
        entry = (0xd503201f, 0x9104c3fd, 0x94000000, 0xd503201f)
        words = text + entry + LEAF
        self.data = struct.pack(f"<{len(words)}I", *words).ljust(4096, b"\0")
        places = (0, 4, 22, 32, 36)
        names = ("leaf", "framed", "large", "el1h_64_irq", "ret_from_fork")
        self.table = Table(BASE, [Symbol(name, "T", BASE + 4 * at)
                                  for name, at in zip(names, places)])

    @unittest.skipUnless(shutil.which("readelf"), "no readelf")
    def test_readelf_shows_the_rules(self):
        with tempfile.TemporaryDirectory() as temp:
            file = Path(temp, "k.elf")
            file.write_bytes(symelf.write(self.table, self.data, 8192))
            done = subprocess.run(
                ["readelf", "--debug-dump=frames-interp", "-W", file],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                check=True)
            raw = subprocess.run(
                ["readelf", "--debug-dump=frames", "-W", file],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                check=True).stdout
        self.assertNotIn("arning", done.stdout + raw)
        self.assertEqual(done.stdout.count(" FDE "), 5)
        self.assertRegex(done.stdout, r"ffff800008000024 x29\+48 ")
        self.assertRegex(done.stdout, r"ffff800008000068 x29\+512 ")
        self.assertIn("DW_OP_breg29 (x29): -304", raw)
        self.assertIn("DW_OP_breg29 (x29): -56; DW_OP_deref", raw)
        # A leaf that was interrupted returns by x30, which is not its PC.
        self.assertRegex(raw, r"DW_CFA_expression: r30 .*\(x29\): -64\)")
        self.assertRegex(raw, r"DW_CFA_expression: r32 .*\(x29\): -48\)")
        self.assertIn("DW_CFA_undefined: r30", raw)


if __name__ == "__main__":
    unittest.main()
