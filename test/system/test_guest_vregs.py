#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 120 s
"""The guest's vector registers, of every length and in streaming mode, while the
debugger moves memory, for which the monitor borrows them."""

from __future__ import annotations

import os
import sys
import time

from bare import Rsp, run_to, start, symbols_of
from harness import PHYS, Gdb, Report, must, same

V, SVE, STREAMING = range(3)
LENGTHS = (16, 32, 64, 128, 256)
SIZE = 65536
WRITE = 0x3f00


def escaped(data: bytes) -> bytes:
    """As X wants it."""
    return b"".join(b"}" + bytes([byte ^ 32]) if byte in b"#$}*"
                    else bytes([byte]) for byte in data)


def stop(rsp: Rsp) -> None:
    """Let the guest run for a moment."""
    rsp.send("vCont;c")
    time.sleep(0.1)
    rsp.peer.sendall(b"\x03")
    rsp.reply()


def moves(rsp: Rsp, area: int) -> None:
    """Memory in and out by every packet, of random bytes."""
    data = os.urandom(SIZE)
    for at in range(0, SIZE, WRITE):
        piece = data[at:at + WRITE]
        same(rsp.ask(b"X%x,%x:" % (area + at, len(piece)) + escaped(piece)),
             "OK")
    same(bytes.fromhex(rsp.ask(f"m{area:x},{SIZE:x}")), data, "by m")
    text = rsp.ask(f"x{PHYS + area:x},{SIZE:x}")
    same(text[:1], "b")
    same(text[1:].encode("latin-1"), data, "by x")


def held(rsp: Rsp, names: dict[str, int], kind: int, length: int) -> None:
    """One round of the guest with its registers filled."""
    def word(name: str) -> int:
        return int.from_bytes(rsp.read(names[name], 8), "little")

    def put(name: str, value: int) -> None:
        data = value.to_bytes(8, "little").hex()
        same(rsp.ask(f"M{names[name]:x},8:{data}"), "OK")

    # the round that runs ends, one of the new kind begins
    put("kind", kind)
    put("length", length // 16 - 1)
    put("until", 1)
    stop(rsp)
    before = word("rounds")
    if kind == SVE:
        same(word("bytes"), length, "bytes of a vector")
    for _ in range(3):
        moves(rsp, names["area"])
    put("until", 1)
    stop(rsp)
    must(word("rounds") > before, "the guest does not go on")
    size = 32 * (16 if kind == V else length)
    same(rsp.read(names["to"], size), rsp.read(names["from"], size),
         "the registers")


def main() -> int:
    report = Report()
    names = symbols_of("vregs")
    for cpu, vhe in (("cortex-a57", "off"), ("cortex-a76", "on"),
                     ("max", "off"), ("max", "on")):
        report.prefix = f"{cpu}, VHE {vhe}: "
        with Gdb() as gdb, start("vregs", gdb, cpu,
                                 monitor=[f"hyperstub.vhe={vhe}"]) as guest:
            run_to(gdb, "&checkpoint")
            gdb.cmd("disconnect")
            with Rsp(guest) as rsp:
                with report.case("V registers"):
                    held(rsp, names, V, 16)
                if cpu != "max":
                    continue
                for length in LENGTHS:
                    with report.case(f"SVE, {length} bytes"):
                        held(rsp, names, SVE, length)
                    with report.case(f"streaming mode, {length} bytes"):
                        held(rsp, names, STREAMING, length)
    return report.end()


sys.exit(main())
