# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Unwinding rules for a kernel image that has none: what each function's
prologue and epilogue do to sp, x29 and x30, read from its instructions and
written as a .debug_frame section (DWARF 4, section 6.4). gdb's own analysis
of a prologue gives up at the nops that ftrace leaves there."""

from __future__ import annotations

import re
import struct
import sys
from array import array
from bisect import bisect_left
from typing import NamedTuple, Optional

from lib.kallsyms import Symbol

FP, LR, SP, PC = 29, 30, 31, 32
NEAR = 16           # an epilogue ends within so many instructions
PROLOGUE = 48       # callee-saved registers are stored within so many
RETURNS = (0xd65f03c0, 0xd65f0bff, 0xd65f0fff)
# Exception entry: a struct pt_regs lies below the frame record.
ENTRY = re.compile(r"el1[ht]_64_(sync|irq|fiq|error)")
# Nothing called these: backtraces end there.
OUTERMOST = re.compile(r"el0t_(64|32)_(sync|irq|fiq|error)|ret_from_fork|"
                       r"__(primary|secondary)_switched|primary_entry|"
                       r"secondary_(entry|startup)")
# The stack changes below these; gdb takes that from a signal frame only.
SWITCHES = ("call_on_irq_stack",)
PT_REGS_SP, PT_REGS_PC = 248, 256


class Row(NamedTuple):
    """The rules from one instruction on."""

    register: int = SP          # CFA = register + offset
    offset: int = 0
    record: Optional[int] = None    # x29 at CFA - record, x30 behind it
    signed: bool = False
    saves: tuple[tuple[int, int], ...] = ()     # (register, CFA - place)


def _operations() -> dict[int, tuple[str, int, int]]:
    """Each instruction word that matters, and what it does."""
    found: dict[int, tuple[str, int, int]] = {}
    for k in range(64):
        found[0xa9007bfd | k << 15] = ("store", 8 * k, 0)
        found[0xa9407bfd | k << 15] = ("load", 8 * k, 0)
        found[0xa8c07bfd | k << 15] = ("pop", 8 * k, 0)
        found[0xa9807bfd | (128 - k & 127) << 15] = ("push", 8 * k, 0)
        for first in range(19, 28):
            found[0xa90003e0 | k << 15 | (first + 1) << 10 | first] = (
                "pair", 8 * k, first)
    for k in range(4096):
        found[0xd10003ff | k << 10] = ("sub", k, 0)
        found[0xd14003ff | k << 10] = ("sub", k << 12, 0)
        found[0x910003ff | k << 10] = ("add", k, 0)
        found[0x914003ff | k << 10] = ("add", k << 12, 0)
        found[0x910003fd | k << 10] = ("frame", k, 0)
        if k < 512:
            for first in range(19, 29):
                found[0xf90003e0 | k << 10 | first] = ("one", 8 * k, first)
    for word in RETURNS:
        found[word] = ("return", 0, 0)
    found[0xd503233f] = ("sign", 0, 0)
    found[0xd50323bf] = ("check", 0, 0)
    return found


class Function:
    """Follows one function's instructions, in their order."""

    def __init__(self, words: array, start: int, end: int) -> None:
        self.words, self.start, self.end = words, start, end
        self.rows: list[tuple[int, Row]] = [(start, Row())]
        self.now = Row()
        self.body: Optional[Row] = None     # the rules between the two
        self.space = 0
        self.resume = 0         # the epilogue ends here; body again
        self.ended: Optional[int] = None

    def set(self, index: int, row: Row) -> None:
        """New rules from that instruction on."""
        if row == self.now or index >= self.end:
            self.now = row
            return
        self.now = row
        if self.rows[-1][0] == index:
            self.rows.pop()
        self.rows.append((index, row))

    def step(self, index: int, what: str, value: int, first: int) -> None:
        """One instruction that matters."""
        if self.resume and index >= self.resume:
            self.set(self.resume, self.body or Row())
            self.ended, self.resume = self.resume, 0
        getattr(self, "_" + what)(index, value, first)

    def finish(self) -> list[tuple[int, Row]]:
        """All rows."""
        if self.resume:
            self.set(self.resume, self.body or Row())
        return self.rows

    def _epilogue(self, index: int) -> None:
        last = min(index + NEAR, self.end)
        for at in range(index + 1, last):
            word = self.words[at]
            if (word in RETURNS or word & 0xfc000000 == 0x14000000
                    or word & 0xfffffc1f == 0xd61f0000):
                last = at + 1
                break
        self.resume = last

    def _sub(self, index: int, value: int, _: int) -> None:
        if self.body is None and self.now.record is None:
            self.space += value
            self.set(index + 1, self.now._replace(offset=self.space))

    def _push(self, index: int, value: int, _: int) -> None:
        if self.body is None and value:
            self.space += value
            self.set(index + 1, self.now._replace(offset=self.space,
                                                  record=self.space))

    def _store(self, index: int, value: int, _: int) -> None:
        if (self.body is None and self.now.record is None
                and value + 16 <= self.space):
            self.set(index + 1, self.now._replace(
                record=self.space - value))

    def _frame(self, index: int, value: int, _: int) -> None:
        if (self.body is None and self.now.record is not None
                and self.space - value == self.now.record):
            self.body = self.now._replace(register=FP,
                                          offset=self.now.record)
            self.set(index + 1, self.body)

    def _keep(self, index: int, kept: tuple[tuple[int, int], ...]) -> None:
        if (self.resume or self.now.record is None
                or index - self.start > PROLOGUE):
            return
        known = {register for register, _ in self.now.saves}
        kept = tuple(k for k in kept if k[0] not in known and k[1] > 0)
        row = self.now._replace(saves=self.now.saves + kept)
        if self.body is not None:
            self.body = row
        self.set(index + 1, row)

    def _pair(self, index: int, value: int, first: int) -> None:
        self._keep(index, ((first, self.space - value),
                           (first + 1, self.space - value - 8)))

    def _one(self, index: int, value: int, first: int) -> None:
        self._keep(index, ((first, self.space - value),))

    def _load(self, index: int, value: int, _: int) -> None:
        if self.body is not None and not self.resume and (
                self.space - value == self.body.record):
            self.set(index + 1, Row(SP, self.space, None, self.now.signed))
            self._epilogue(index)

    def _add(self, index: int, value: int, _: int) -> None:
        if self.resume and self.now.register == SP \
                and self.now.offset >= value:
            self.set(index + 1, self.now._replace(
                offset=self.now.offset - value))
        elif self.body is None and 0 < value <= self.space:
            self.space -= value
            self.set(index + 1, self.now._replace(offset=self.space))

    def _pop(self, index: int, value: int, _: int) -> None:
        if self.body is not None and not self.resume:
            self.set(index + 1, Row(SP, max(self.space - value, 0), None,
                                    self.now.signed))
            self._epilogue(index)

    def _return(self, index: int, _: int, __: int) -> None:
        if self.body is None or self.resume or self.ended is None:
            return
        # A way out that has no frame, behind one that has.
        if self.rows[-1][0] <= self.ended:
            self.set(self.ended, Row())
            self.set(index + 1, self.body)
            self.ended = index + 1

    def _sign(self, index: int, _: int, __: int) -> None:
        if self.body is None:
            self.set(index + 1, self.now._replace(signed=True))

    def _check(self, index: int, _: int, __: int) -> None:
        self.set(index + 1, self.now._replace(signed=False))


def uleb(value: int) -> bytes:
    """An unsigned LEB128."""
    out = bytearray()
    while True:
        byte, value = value & 0x7f, value >> 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def sleb(value: int) -> bytes:
    """A signed LEB128."""
    out = bytearray()
    while True:
        byte, value = value & 0x7f, value >> 7
        done = value == (-1 if byte & 0x40 else 0)
        out.append(byte | (0 if done else 0x80))
        if done:
            return bytes(out)


def _advance(count: int) -> bytes:
    if count < 0x40:
        return bytes([0x40 | count])
    return b"\x04" + struct.pack("<I", count)


def _place(register: int, below: int) -> bytes:
    return bytes([0x80 | register]) + uleb(below // 8)


def _same(register: int) -> bytes:
    return bytes([0x08, register])


def encode(rows: list[tuple[int, Row]]) -> bytes:
    """Rows as call frame instructions, each told by its differences."""
    out = bytearray()
    last_index, last = rows[0]
    for index, row in rows:
        if index > last_index:
            out += _advance(index - last_index)
        if (row.register, row.offset) != (last.register, last.offset) \
                or index == rows[0][0]:
            out += b"\x0c" + uleb(row.register) + uleb(row.offset)
        if row.record != last.record:
            if row.record is None:
                out += _same(FP) + _same(LR)
            else:
                out += _place(FP, row.record) + _place(LR, row.record - 8)
        if row.saves != last.saves:
            for register, _ in last.saves:
                if register not in dict(row.saves):
                    out += _same(register)
            for register, below in row.saves:
                if (register, below) not in last.saves:
                    out += _place(register, below)
        if row.signed != last.signed:
            out.append(0x2d)
        last_index, last = index, row
    return bytes(out)


def _entry_rules(words: array, start: int, end: int) -> Optional[bytes]:
    """The interrupted function's registers, from the pt_regs on the stack."""
    for index in range(start, min(end, start + 400)):
        word = words[index]
        if word & 0xffc003ff == 0x910003fd and word != 0x910003fd:
            regs = -(word >> 10 & 0xfff)
            break
    else:
        return None

    def at(offset: int) -> bytes:
        return bytes([0x70 + FP]) + sleb(regs + offset)

    cfa = at(PT_REGS_SP) + b"\x06"
    out = _advance(index + 1 - start) + b"\x0f" + uleb(len(cfa)) + cfa
    for register in (*range(31), PC):
        block = at(PT_REGS_PC if register == PC else 8 * register)
        out += b"\x10" + uleb(register) + uleb(len(block)) + block
    return out


def _padded(body: bytes) -> bytes:
    """A CIE or FDE with its length, filled up with DW_CFA_nop."""
    body += bytes(-(len(body) + 4) % 8)
    return struct.pack("<I", len(body)) + body


def _cie(signal: bool) -> bytes:
    text = b"zS\0" if signal else b"\0"
    body = struct.pack("<IB", 0xffffffff, 4) + text + b"\x08\0" \
        + uleb(4) + sleb(-8) + uleb(LR)
    return _padded(body + (b"\0" if signal else b"")
                   + b"\x0c" + uleb(SP) + uleb(0))


class Section:
    """The .debug_frame that grows; leaf functions share an entry."""

    def __init__(self, base: int) -> None:
        self.base = base
        plain, signal = _cie(False), _cie(True)
        self.out = bytearray(plain + signal)
        self.signal_at = len(plain)
        self.leaf: Optional[tuple[int, int]] = None

    def add(self, start: int, end: int, rules: bytes,
            signal: bool = False) -> None:
        """An entry for instructions start to end."""
        self.flush()
        body = struct.pack("<IQQ", self.signal_at if signal else 0,
                           self.base + 4 * start, 4 * (end - start))
        self.out += _padded(body + (b"\0" if signal else b"") + rules)

    def add_leaf(self, start: int, end: int) -> None:
        """A function that keeps its return address in x30."""
        if self.leaf and self.leaf[1] == start:
            self.leaf = (self.leaf[0], end)
            return
        self.flush()
        self.leaf = (start, end)

    def flush(self) -> None:
        """Write the leaf functions that wait."""
        if self.leaf:
            (start, end), self.leaf = self.leaf, None
            self.add(start, end, b"")


def debug_frame(data: bytes, base: int, symbols: list[Symbol],
                sizes: dict[int, int]) -> bytes:
    """The section for all functions (text symbols with a size)."""
    words = array("I")
    words.frombytes(data[:len(data) & ~3])
    if sys.byteorder != "little":
        words.byteswap()
    names: dict[int, list[str]] = {}
    for symbol in symbols:
        if symbol.kind in "TtW" and symbol.address & 3 == 0:
            names.setdefault(symbol.address, []).append(symbol.name)
    operations = _operations()
    marks = [i for i, word in enumerate(words) if word in operations]
    section = Section(base)
    for address in sorted(names):
        start = (address - base) // 4
        end = min(start + sizes.get(address, 0) // 4, len(words))
        if start < 0 or end <= start:
            continue
        called = names[address]
        if any(OUTERMOST.fullmatch(name) for name in called):
            section.add(start, end, bytes([0x07, LR]))
            continue
        if any(ENTRY.fullmatch(name) for name in called):
            rules = _entry_rules(words, start, end)
            if rules:
                section.add(start, end, rules)
                continue
        function = Function(words, start, end)
        at = bisect_left(marks, start)
        while at < len(marks) and marks[at] < end:
            index = marks[at]
            function.step(index, *operations[words[index]])
            at += 1
        rows = function.finish()
        if len(rows) == 1:
            section.add_leaf(start, end)
        else:
            section.add(start, end, encode(rows),
                        any(name in SWITCHES for name in called))
    section.flush()
    return bytes(section.out)
