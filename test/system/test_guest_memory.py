#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 120 s
"""Memory by virtual address in address spaces of each granule, low and high:
read, written, partly there; physical addresses by the window and by QEMU's mode;
all byte values both ways; what gdb 13 and 16 say to errors."""

from __future__ import annotations

import sys

from bare import GDB16, Rsp, escaped, run_to, start, symbols_of
from harness import PHYS, Gdb, Report, must, same

# CPU, bits of the granule, of the addresses; 52 with 4K and 16K is FEAT_LPA2
SPACES = (("cortex-a76", 12, 48), ("cortex-a76", 12, 39),
          ("cortex-a57", 16, 42), ("cortex-a57", 12, 32),
          ("cortex-a76", 16, 48), ("cortex-a76", 14, 47),
          ("max", 14, 48), ("max", 16, 52), ("max", 14, 36), ("max", 12, 52), ("max", 14, 52),
          ("max", 12, 50))


def pattern(at: int, size: int) -> bytes:
    """What the guest has put at that offset of its area."""
    return bytes((i >> 12 ^ i) & 255 for i in range(at, at + size))


def spaces(report: Report, rsp: Rsp, names: dict[str, int]) -> None:
    """The four pages, low and high."""
    def word(name: str) -> int:
        return int.from_bytes(rsp.read(names[name], 8), "little")
    page, area = word("page_size"), names["area"]
    for where in ("low", "high"):
        base = word(f"{where}_base")
        with report.case(f"{where} addresses are read and written"):
            for number in (0, 1, 3):
                offset = (3 - number) * page
                same(rsp.read(base + number * page + 5, 100),
                     pattern(offset + 5, 100), f"page {number}")
                at = base + number * page + 8
                data = bytes(range(0x40 + number, 0x48 + number))
                same(rsp.ask(f"M{at:x},8:{data.hex()}"), "OK")
                same(rsp.read(at, 8), data, "by virtual address")
                same(rsp.read(PHYS + area + offset + 8, 8), data,
                     "by the window")
                same(rsp.ask(f"M{at:x},8:"
                             f"{pattern(offset + 8, 8).hex()}"), "OK")
        with report.case(f"{where}: a read stops short at the fault"):
            # the first two pages, in the order that they are mapped in
            got = rsp.read(base + page - 16, 32)
            same(got, pattern(4 * page - 16, 16) + pattern(2 * page, 16),
                 "over a boundary")
            same(len(rsp.read(base + 2 * page - 24, 100)), 24, "bytes")
            text = rsp.ask(f"m{base + 2 * page:x},8")
            must(text.startswith("E"), text)
            text = rsp.ask(f"M{base + 2 * page:x},1:00")
            must(text.startswith("E"), text)


def modes(report: Report, rsp: Rsp, names: dict[str, int]) -> None:
    """QEMU's physical mode, X, escapes."""
    area = names["area"]
    with report.case("Qqemu.PhyMemMode"):
        same(rsp.ask("qqemu.PhyMemMode"), "0")
        same(rsp.ask("Qqemu.PhyMemMode:1"), "OK")
        same(rsp.ask("qqemu.PhyMemMode"), "1")
        same(rsp.read(area + 16, 16), pattern(16, 16))
        same(rsp.ask("Qqemu.PhyMemMode:0"), "OK")
    with report.case("X writes every byte value"):
        data = bytes(range(256)) * 3
        at = PHYS + area + 0x400
        same(rsp.ask(f"X{at:x},{len(data):x}:".encode()
                     + escaped(data)), "OK")
        same(rsp.read(at, len(data)), data)
        same(rsp.ask(f"M{at:x},{len(data):x}:"
                     f"{pattern(0x400, len(data)).hex()}"), "OK")
        same(rsp.ask(f"X{at:x},0:"), "OK", "a probe")


def texts(report: Report, rsp_guest, program: str, new: bool) -> None:
    """What a person sees."""
    with Gdb(program) as gdb, report.case(
            f"errors as gdb {'16' if new else '13'} shows them"):
        gdb.attach(rsp_guest)
        base = gdb.value("*(unsigned long *)&low_base") \
            if "No symbol" not in gdb.cmd("p &low_base") else 0
        same(base, 0, "no symbols here")
        text = gdb.cmd("x/x 0xdead00000000")
        must("Cannot access memory" in text, text)
        text = gdb.cmd("x/x 0x72000048000000")
        must("annot" in text or "rror" in text, text)
        text = gdb.cmd("set var *(char *)0xdead00000000 = 1")
        must("annot" in text or "rror" in text or "mapped" in text, text)
        text = gdb.cmd("print/x *(unsigned int *)0x72000009000fe0")
        must("0x" in text, text)


def main() -> int:
    report = Report()
    names = symbols_of("memory")
    for cpu, shift, bits in SPACES:
        report.prefix = f"{cpu} {1 << shift >> 10}K, {bits} bits: "
        with Gdb() as gdb, start("memory", gdb, cpu) as guest:
            run_to(gdb, "&checkpoint")
            gdb.cmd(f"set var shift = {shift}")
            gdb.cmd(f"set var bits = {bits}")
            run_to(gdb, "&checkpoint")
            run_to(gdb, "&checkpoint")
            gdb.cmd("disconnect")
            with Rsp(guest) as rsp:
                with report.case("the guest reads its own layout"):
                    page = 1 << shift
                    got = rsp.read(names["result"], 64)
                    for number in range(8):
                        offset = (3 - number % 4) * page + 8
                        wanted = bytes(8) if number % 4 == 2 \
                            else pattern(offset, 8)
                        same(got[8 * number:8 * number + 8], wanted)
                spaces(report, rsp, names)
                if (cpu, shift, bits) == SPACES[0]:
                    modes(report, rsp, names)
            if (cpu, shift, bits) == SPACES[0]:
                texts(report, guest, "gdb-multiarch", False)
                if GDB16.exists():
                    texts(report, guest, str(GDB16), True)
    return report.end()


sys.exit(main())
