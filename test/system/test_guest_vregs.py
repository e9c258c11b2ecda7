#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 120 s
"""The guest's vector registers, of every length and in streaming mode, while the
debugger moves memory, for which the monitor borrows them."""

from __future__ import annotations

import os
import sys
import time

from bare import Program, Rsp, escaped, run_to, start
from harness import PHYS, Gdb, Report, must, same

V, SVE, STREAMING = range(3)
LENGTHS = (16, 32, 64, 128, 256)
SIZE = 65536
WRITE = 0x3f00


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


def held(guest: Program, kind: int, length: int) -> None:
    """One round of the guest with its registers filled."""
    rsp, names = guest.rsp, guest.names
    # the round that runs ends, one of the new kind begins
    guest.poke("kind", kind)
    guest.poke("length", length // 16 - 1)
    guest.poke("until", 1)
    stop(rsp)
    before = guest.peek("rounds")
    if kind == SVE:
        same(guest.peek("bytes"), length, "bytes of a vector")
    for _ in range(3):
        moves(rsp, names["area"])
    guest.poke("until", 1)
    stop(rsp)
    must(guest.peek("rounds") > before, "the guest does not go on")
    size = 32 * (16 if kind == V else length)
    same(rsp.read(names["to"], size), rsp.read(names["from"], size),
         "the registers")


def main() -> int:
    report = Report()
    for cpu, vhe in (("cortex-a57", "off"), ("cortex-a76", "on"),
                     ("max", "off"), ("max", "on")):
        report.prefix = f"{cpu}, VHE {vhe}: "
        with Gdb() as gdb, start("vregs", gdb, cpu,
                                 monitor=[f"hyperstub.vhe={vhe}"]) as guest:
            run_to(gdb, "&checkpoint")
            gdb.cmd("disconnect")
            with Rsp(guest) as rsp:
                program = Program("vregs", rsp)
                with report.case("V registers"):
                    held(program, V, 16)
                if cpu != "max":
                    continue
                for length in LENGTHS:
                    with report.case(f"SVE, {length} bytes"):
                        held(program, SVE, length)
                    with report.case(f"streaming mode, {length} bytes"):
                        held(program, STREAMING, length)
    return report.end()


sys.exit(main())
