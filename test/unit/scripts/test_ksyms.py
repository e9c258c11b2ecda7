# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""kallsyms tables written here in both orders are read back; gdb takes the
symbol file and moves it by both forms of qOffsets."""

import random
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from lib import kallsyms, symelf
from lib.common import Failure, align_up
from lib.kallsyms import Symbol, Table

BASE = 0xffff800008000000
SIZE = 0x300000


def symbols(count=3000, seed=1):
    """Symbols as a kernel has them, sorted by address."""
    dice = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz_.$0123456789"
    address = BASE + 0x10000
    found = [Symbol("_stext", "T", address)]
    for number in range(count - 1):
        name = "".join(dice.choice(letters)
                       for _ in range(dice.randint(3, 30)))
        if number == 700:
            name = "long_" * 60
        address += dice.choice((0, 4, 64, 512))
        found.append(Symbol(f"{name}_{number}", dice.choice("TtWDb"),
                            address))
    return found


class Writer:
    """Writes the tables that scripts/kallsyms writes."""

    def __init__(self, syms, late, seqs, rela):
        self.syms, self.late, self.seqs, self.rela = syms, late, seqs, rela
        self.out = bytearray(random.Random(7).randbytes(0x4000))
        self.base_at = 0

    def align(self, step=8):
        self.out += bytes(-len(self.out) % step)

    def addresses(self):
        self.align()
        for s in self.syms:
            self.out += struct.pack("<I", s.address - self.syms[0].address)
        self.align()
        self.base_at = len(self.out)
        value = 0 if self.rela else self.syms[0].address
        self.out += struct.pack("<Q", value)

    def tokens(self):
        """Each byte is its own token, but for a few that pair letters."""
        token = [bytes([c]) for c in range(256)]
        for c in range(1, 32):
            token[c] = b"ab"
        token[0], token[1] = b"_long", b"er_"
        for c in range(128, 256):
            token[c] = b"xy%d" % c
        index, table = [], b""
        for piece in token:
            index.append(len(table))
            table += piece + b"\0"
        return table, struct.pack("<256H", *index)

    def names(self):
        self.align()
        self.out += struct.pack("<Q", len(self.syms))
        start, markers = len(self.out), []
        for number, s in enumerate(self.syms):
            if number % 256 == 0:
                markers.append(len(self.out) - start)
            text = (s.kind + s.name).encode().replace(b"_long", b"\0")
            if len(text) > 127:
                self.out += bytes([len(text) & 0x7f | 0x80, len(text) >> 7])
            else:
                self.out.append(len(text))
            self.out += text
        self.align()
        self.out += struct.pack(f"<{len(markers)}I", *markers)
        self.align()
        if self.seqs:
            self.out += bytes(3 * len(self.syms))
            self.align()
        table, index = self.tokens()
        self.out += table
        self.align()
        self.out += index

    def write(self):
        if not self.late:
            self.addresses()
        self.names()
        if self.late:
            self.addresses()
        self.align()
        if self.rela:
            for at in list(range(0x800, 0x1800, 8)) + [self.base_at]:
                value = (self.syms[0].address if at == self.base_at
                         else BASE + 0x10000 + at)
                self.out += struct.pack("<QQQ", BASE + at, 0x403, value)
        return bytes(self.out).ljust(SIZE, b"\0")


class Kallsyms(unittest.TestCase):
    def test_every_order_is_read_back(self):
        syms = symbols()
        for late in (False, True):
            for seqs in (False, True):
                for rela in (False, True):
                    with self.subTest(late=late, seqs=seqs, rela=rela):
                        data = Writer(syms, late, seqs, rela).write()
                        table = kallsyms.read(data)
                        self.assertEqual(table.base, BASE)
                        self.assertEqual(table.symbols, syms)

    def test_other_counts(self):
        for count in (1000, 1024, 1281, 5000):
            syms = symbols(count, count)
            data = Writer(syms, True, False, True).write()
            self.assertEqual(kallsyms.read(data).symbols, syms)

    def test_damaged_tables_are_refused(self):
        good = Writer(symbols(), True, False, True).write()
        whole = kallsyms.read(good).symbols
        dice = random.Random(3)
        for number in range(60):
            data = bytearray(good[:dice.randint(64, 0x40000)])
            for _ in range(200):
                data[dice.randrange(len(data))] = dice.randrange(256)
            with self.subTest(number):
                try:
                    self.assertEqual(len(kallsyms.read(bytes(data)).symbols),
                                     len(whole))
                except Failure:
                    pass
        for data in (b"", bytes(100000), good[:0x8000]):
            with self.assertRaises(Failure):
                kallsyms.read(data)


class StubOfOneReply:
    """Answers gdb just enough to be attached to, and qOffsets as told."""

    def __init__(self, offsets):
        self.offsets = offsets
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        peer, _ = self.server.accept()
        with peer:
            waiting = b""
            while True:
                data = peer.recv(4096)
                if not data:
                    return
                waiting += data
                while b"#" in waiting and len(waiting.split(b"#", 1)[1]) > 1:
                    packet, _, rest = waiting.partition(b"#")
                    waiting = rest[2:]
                    reply = self.answer(packet[packet.index(b"$") + 1:])
                    peer.sendall(b"+$%s#%02x" % (reply, sum(reply) & 255))

    def answer(self, packet):
        fixed = {b"?": b"S05", b"qOffsets": self.offsets,
                 b"g": b"0" * (2 * (33 * 8 + 4)), b"qAttached": b"1",
                 b"qfThreadInfo": b"m1", b"qsThreadInfo": b"l",
                 b"qC": b"QC1", b"D": b"OK"}
        if packet[:1] == b"H":
            return b"OK"
        if packet[:1] == b"m":
            return b"E01"
        return fixed.get(packet, b"")


TABLE = Table(BASE, [
    Symbol("_stext", "T", BASE + 0x10000),
    Symbol("vfs_read", "T", BASE + 0x10100),
    Symbol("helper", "t", BASE + 0x10200),
    Symbol("start_kernel", "T", BASE + 0x200000),
    Symbol("jiffies", "D", BASE + 0x280000),
    Symbol("counter", "b", BASE + 0x301000)])
SLIDE = 0x12345670000


@unittest.skipUnless(shutil.which("gdb-multiarch"), "no gdb-multiarch")
class SymbolFile(unittest.TestCase):
    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.file = Path(temp.name, "k.elf")
        self.file.write_bytes(symelf.write(TABLE, bytes(SIZE), SIZE + 0x10000))

    def gdb(self, *commands):
        words = ["gdb-multiarch", "-nx", "-batch", "-ex", f"file {self.file}"]
        for command in commands:
            words += ["-ex", command]
        return subprocess.run(words, stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              timeout=60).stdout

    def test_names_kinds_and_sizes(self):
        text = self.gdb("info symbol vfs_read+16", "print &jiffies",
                        "print &counter", "print start_kernel",
                        "info symbol helper")
        self.assertIn("vfs_read + 16 in section .text", text)
        self.assertIn(f"{BASE + 0x280000:#x} <jiffies>", text)
        self.assertIn(f"{BASE + 0x301000:#x} <counter>", text)
        self.assertIn("<text variable, no debug info>", text)
        self.assertIn("helper in section .text", text)

    def test_gdb_moves_every_symbol_by_qoffsets(self):
        forms = (b"Text=%x;Data=%x;Bss=%x" % (SLIDE, SLIDE, SLIDE),
                 b"TextSeg=%x" % (BASE + SLIDE))
        for form in forms:
            with self.subTest(form):
                stub = StubOfOneReply(form)
                text = self.gdb("set architecture aarch64",
                                f"target remote 127.0.0.1:{stub.port}",
                                "print &vfs_read", "print &start_kernel",
                                "print &jiffies", "print &counter",
                                "print &_text")
                stub.server.close()
                for symbol in TABLE.symbols[1:2] + TABLE.symbols[3:]:
                    self.assertIn(f"{symbol.address + SLIDE:#x} "
                                  f"<{symbol.name}>", text)
                self.assertIn(f"{BASE + SLIDE:#x} <_text>", text)

    def test_readelf_has_no_complaint(self):
        if not shutil.which("readelf"):
            self.skipTest("no readelf")
        done = subprocess.run(["readelf", "-aW", self.file], check=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        self.assertNotIn("arning", done.stdout)
        self.assertIn("AArch64", done.stdout)


if __name__ == "__main__":
    unittest.main()
