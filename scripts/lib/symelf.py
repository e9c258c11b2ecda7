# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Writes an ELF file that holds symbols, unwinding rules and no code: what
gdb's `file` takes for a kernel that runs elsewhere. Its three sections, .text, .data and .bss,
and its one segment cover the whole image, so that qOffsets moves every
symbol, whether it tells section offsets or the segment's address."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from lib.cfi import debug_frame
from lib.common import align_up
from lib.kallsyms import Symbol, Table

EM_AARCH64 = 183
SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_NOBITS = 1, 2, 3, 8
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 1, 2, 4
STT_OBJECT, STT_FUNC = 1, 2
STB_LOCAL, STB_GLOBAL, STB_WEAK = 0, 1, 2
TEXT, DATA, BSS = 1, 2, 3
LONGEST_FUNCTION = 1 << 20
PAGE = 4096
HEADER, PROGRAM, SECTION, SYMBOL = 64, 56, 64, 24


@dataclass(frozen=True)
class Layout:
    """Where the image's parts begin and end, as link addresses."""

    start: int
    text_end: int
    data_end: int
    end: int

    def section(self, address: int) -> int:
        """The section that holds an address."""
        if address < self.text_end:
            return TEXT
        return DATA if address < self.data_end else BSS


def layout(table: Table, file_size: int, memory_size: int) -> Layout:
    """
    The parts of an image: what lies before the last function's end is text
    (constants too), what the file holds after it data, the rest bss.
    """
    last = max((s.address for s in table.symbols if s.kind in "Tt"),
               default=table.base)
    data_end = table.base + file_size
    text_end = min(align_up(last + 4, PAGE), data_end)
    return Layout(table.base, text_end, data_end,
                  max(table.base + memory_size, data_end))


def _sizes(symbols: list[Symbol], parts: Layout) -> dict[int, int]:
    """The distance from each address to the next one in its section."""
    ends = {TEXT: parts.text_end, DATA: parts.data_end, BSS: parts.end}
    addresses = sorted({s.address for s in symbols})
    sizes = {}
    for address, following in zip(addresses, addresses[1:] + [1 << 64]):
        size = min(following, ends[parts.section(address)]) - address
        sizes[address] = max(size, 0) if size <= LONGEST_FUNCTION else 0
    return sizes


def _symtab(symbols: list[Symbol], parts: Layout,
            sizes: dict[int, int]) -> tuple[bytes, bytes, int]:
    """(symbol table, string table, number of local symbols)."""
    names = bytearray(b"\0")
    places: dict[str, int] = {}
    local, others = [bytes(SYMBOL)], []
    for symbol in symbols:
        if symbol.name not in places:
            places[symbol.name] = len(names)
            names += symbol.name.encode() + b"\0"
        binding = STB_GLOBAL if symbol.kind.isupper() else STB_LOCAL
        if symbol.kind in "WV":
            binding = STB_WEAK
        kind = STT_FUNC if symbol.kind in "TtW" else STT_OBJECT
        entry = struct.pack("<IBBHQQ", places[symbol.name],
                            binding << 4 | kind, 0,
                            parts.section(symbol.address), symbol.address,
                            sizes[symbol.address])
        (local if binding == STB_LOCAL else others).append(entry)
    return b"".join(local + others), bytes(names), len(local)


def _usable(table: Table, parts: Layout) -> list[Symbol]:
    """The symbols inside the image, and its start."""
    found = [s for s in table.symbols
             if s.kind in "TtWwVvDdBbRr" and parts.start <= s.address
             <= parts.end]
    if not any(s.name == "_text" for s in found):
        found.insert(0, Symbol("_text", "T", table.base))
    return found


def write(table: Table, data: bytes, memory_size: int) -> bytes:
    """The whole ELF file, for an unpacked Image and the size it runs in."""
    parts = layout(table, len(data), memory_size)
    usable = _usable(table, parts)
    sizes = _sizes(usable, parts)
    symtab, strtab, local = _symtab(usable, parts, sizes)
    frames = debug_frame(data, table.base, usable, sizes)
    shstrtab = (b"\0.text\0.data\0.bss\0.symtab\0.strtab\0.shstrtab"
                b"\0.debug_frame\0")
    symtab_at = align_up(HEADER + PROGRAM, 8)
    frames_at = symtab_at + len(symtab)
    strtab_at = frames_at + len(frames)
    names_at = strtab_at + len(strtab)
    sections_at = align_up(names_at + len(shstrtab), 8)

    def section(name: str, kind: int, flags: int, address: int, offset: int,
                size: int, link: int = 0, info: int = 0, step: int = 1,
                entry: int = 0) -> bytes:
        at = shstrtab.index(b"\0" + name.encode() + b"\0") + 1
        return struct.pack("<IIQQQQIIQQ", at, kind, flags, address, offset,
                           size, link, info, step, entry)

    def part(name: str, flags: int, start: int, end: int) -> bytes:
        return section(name, SHT_NOBITS, SHF_ALLOC | flags, start, HEADER,
                       end - start, step=4)

    sections = b"".join((
        bytes(SECTION),
        part(".text", SHF_EXECINSTR, parts.start, parts.text_end),
        part(".data", SHF_WRITE, parts.text_end, parts.data_end),
        part(".bss", SHF_WRITE, parts.data_end, parts.end),
        section(".symtab", SHT_SYMTAB, 0, 0, symtab_at, len(symtab), 5,
                local, 8, SYMBOL),
        section(".strtab", SHT_STRTAB, 0, 0, strtab_at, len(strtab)),
        section(".shstrtab", SHT_STRTAB, 0, 0, names_at, len(shstrtab)),
        section(".debug_frame", SHT_PROGBITS, 0, 0, frames_at, len(frames),
                step=8),
    ))
    # A function that gdb's `call` runs returns to the entry point, where gdb
    # has a breakpoint: it must be mapped and executable, and _text is not.
    entry = next((s.address for s in usable if s.name == "panic"), parts.start)
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 2, EM_AARCH64, 1, entry, HEADER, sections_at,
        0, HEADER, PROGRAM, 1, SECTION, 8, 6)
    program = struct.pack("<IIQQQQQQ", 1, 7, 0, parts.start, parts.start, 0,
                          parts.end - parts.start, PAGE)
    body = (header + program).ljust(symtab_at, b"\0") + symtab + frames
    return (body + strtab + shstrtab).ljust(sections_at, b"\0") + sections
