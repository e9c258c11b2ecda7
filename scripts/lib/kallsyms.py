# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Reads the symbols that an arm64 Linux Image carries for itself
(kernel/kallsyms.c, scripts/kallsyms.c). There is no header to them: the
tables are found by what they must look like, and each one found is checked
against the others. Both orders are known: addresses before the names
(to 6.3), and after the token index (6.4 and later)."""

from __future__ import annotations

import re
import struct
import sys
from array import array
from dataclasses import dataclass
from typing import Iterator, Optional

from lib.common import Failure, align_up

TOKENS = 256
MARKER_STEP = 256
# Every character that names use keeps its own token, so these follow each
# other in the token table, in this order.
DIGITS = b"\0" + b"".join(b"%c\0" % c for c in b"0123456789")
FEWEST, MOST = 1000, 4_000_000
SHORTEST, LONGEST = 3, 48       # bytes a name takes, on average
R_AARCH64_RELATIVE = 0x403
KERNEL_HALF = 0xffff << 48
BASE_ALIGN = 1 << 21    # MIN_KIMG_ALIGN of the arm64 boot protocol
ENDING = "the image has no kallsyms tables of a known form"


@dataclass(frozen=True)
class Symbol:
    """A name as kallsyms has it: nm's type letter, link address."""

    name: str
    kind: str
    address: int


@dataclass(frozen=True)
class Table:
    """The symbols, ordered by address, and where the image is linked."""

    base: int
    symbols: list[Symbol]


@dataclass(frozen=True)
class Tokens:
    """The token table: its place, its end, and the 256 tokens."""

    start: int
    end: int
    token: list[bytes]


@dataclass(frozen=True)
class Names:
    """The compressed names: place of the count, offset of each name."""

    count_at: int
    offsets: list[int]


def find_tokens(data: bytes) -> Iterator[Tokens]:
    """Each place whose token table and token index agree."""
    at = data.find(DIGITS)
    while at >= 0:
        found = _tokens_at(data, at + 1)
        if found:
            yield found
        at = data.find(DIGITS, at + 1)


def _tokens_at(data: bytes, zero: int) -> Optional[Tokens]:
    """The tables around the token "0" at that offset, if they are tables."""
    end = zero
    for _ in range(TOKENS - ord("0")):
        end = data.find(b"\0", end) + 1
        if end == 0 or end - zero > 0x10000:
            return None
    for index_at in dict.fromkeys((align_up(end, 4), align_up(end, 8))):
        if index_at + 2 * TOKENS > len(data):
            continue
        index = struct.unpack_from(f"<{TOKENS}H", data, index_at)
        start = zero - index[ord("0")]
        if start < 0 or index[0] != 0 or end <= start:
            continue
        pieces = data[start:end - 1].split(b"\0")
        place, match = 0, len(pieces) == TOKENS
        for number, piece in enumerate(pieces):
            if not match or index[number] != place:
                match = False
                break
            place += len(piece) + 1
        if match:
            return Tokens(start, index_at + 2 * TOKENS, pieces)
    return None


def _walk_names(data: bytes, at: int, count: int,
                end: int) -> Optional[list[int]]:
    """Offsets of `count` names from `at`, all before `end`; their end too."""
    offsets = []
    for number in range(count):
        offsets.append(at)
        if at >= end:
            return None
        length = data[at]
        if length & 0x80:
            length = (length & 0x7f) | (data[at + 1] << 7)
            at += 1
        if length == 0:
            return None
        at += length + 1
        if number == MARKER_STEP and not (
                SHORTEST * number < at - offsets[0] < LONGEST * number):
            return None
    offsets.append(at)
    return offsets if at <= end else None


def _markers_fit(data: bytes, offsets: list[int], tokens: int) -> bool:
    """Does a table of every 256th name follow, and then the tokens?"""
    count = len(offsets) - 1
    number = (count + MARKER_STEP - 1) // MARKER_STEP
    for step in (8, 4):
        at = align_up(offsets[-1], step)
        if at + 4 * number > tokens:
            continue
        markers = struct.unpack_from(f"<{number}I", data, at)
        if any(marker != offsets[MARKER_STEP * i] - offsets[0]
               for i, marker in enumerate(markers)):
            continue
        after = align_up(at + 4 * number, step)
        # 6.2 and 6.3 have their table of sorted numbers in between.
        if tokens in (after, align_up(after + 3 * count, step)):
            return True
    return False


def find_names(data: bytes, tokens: int) -> Optional[Names]:
    """The names before a token table: a count that everything fits to."""
    span = min(tokens & ~7, MOST * LONGEST)
    first = (tokens & ~7) - span
    words = _words(data, first, span // 8)
    for index in range(len(words) - 1, -1, -1):
        count = words[index]
        if not FEWEST <= count <= MOST:
            continue
        at = first + 8 * index
        room = tokens - at
        if not SHORTEST * count < room < LONGEST * count:
            continue
        offsets = _walk_names(data, at + 8, count, tokens)
        if offsets and _markers_fit(data, offsets, tokens):
            return Names(at, offsets)
    return None


def _expand(data: bytes, names: Names, token: list[bytes]) -> list[str]:
    """All names, the type letter in front, decompressed."""
    found = []
    for at, end in zip(names.offsets, names.offsets[1:]):
        at += 2 if data[at] & 0x80 else 1
        found.append(b"".join([token[c] for c in data[at:end]])
                     .decode("ascii", "replace"))
    return found


def _sorted_offsets(data: bytes, at: int, count: int) -> Optional[array]:
    """The table of address offsets at that place, if it is one."""
    if at < 0 or at + 4 * count + 8 > len(data):
        return None
    values = array("I")
    values.frombytes(data[at:at + 4 * count])
    if sys.byteorder != "little":
        values.byteswap()
    if values[0] > 0x10000 or values[-1] < 0x1000:
        return None
    if any(a > b for a, b in zip(values, values[1:])):
        return None
    return values


def find_addresses(data: bytes, names: Names,
                   tokens: Tokens) -> Optional[tuple[array, int]]:
    """(offsets, where the relative base stands), in either order."""
    count = len(names.offsets) - 1
    size = 4 * count
    before = names.count_at - 8
    places = [(before - align_up(size, 8), before)]
    for step in (8, 4):
        at = align_up(tokens.end, step)
        places.append((at, align_up(at + size, 8)))
    for at, base_at in places:
        values = _sorted_offsets(data, at, count)
        if values:
            return values, base_at
    return None


def _words(data: bytes, start: int, count: int) -> array:
    """That many little-endian 64-bit words."""
    words = array("Q")
    words.frombytes(data[start:start + 8 * count])
    if sys.byteorder != "little":
        words.byteswap()
    return words


def find_rela(data: bytes) -> Iterator[tuple[array, array]]:
    """(places, values) of each run of relative RELA entries."""
    info = struct.pack("<Q", R_AARCH64_RELATIVE)
    run = re.compile(b"(?:" + re.escape(info) + rb"[\s\S]{16}){64,}")
    for match in run.finditer(data):
        count = (match.end() - match.start()) // 24
        start = match.start() - 8
        if start >= 0 and start + 24 * count <= len(data):
            words = _words(data, start, 3 * count)
            yield words[0::3], words[2::3]


def _relocated(data: bytes, at: int) -> Optional[tuple[int, int]]:
    """
    (link base, value) of the word at that file offset, by its relocation.
    No relocated word points below the image, and its start is aligned.
    """
    for places, values in find_rela(data):
        low = min((v for v in values if v & KERNEL_HALF == KERNEL_HALF),
                  default=0)
        base = low & ~(BASE_ALIGN - 1)
        if not base <= min(places) <= max(places) < base + len(data):
            continue
        for place, value in zip(places, values):
            if place == base + at:
                return base, value
    return None


def relative_base(data: bytes, at: int) -> tuple[int, int]:
    """
    (link base of the image, what the address offsets are relative to). The
    linker leaves the word zero where a RELA entry gives it; with RELR it is
    in place, and is the address of the lowest symbol.
    """
    value, = struct.unpack_from("<Q", data, at)
    if value & KERNEL_HALF == KERNEL_HALF:
        return value & ~(BASE_ALIGN - 1), value
    found = _relocated(data, at)
    if found is None:
        raise Failure(ENDING + " (no address for their base)")
    return found


def read(data: bytes) -> Table:
    """All symbols of an unpacked Image."""
    for tokens in find_tokens(data):
        names = find_names(data, tokens.start)
        if names is None:
            continue
        addresses = find_addresses(data, names, tokens)
        if addresses is None:
            continue
        offsets, base_at = addresses
        base, relative = relative_base(data, base_at)
        symbols = [Symbol(text[1:], text[:1], relative + offset)
                   for text, offset
                   in zip(_expand(data, names, tokens.token), offsets)
                   if len(text) > 1]
        return Table(base, symbols)
    raise Failure(ENDING)
