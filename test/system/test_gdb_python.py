#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
"""gdb/hyperstub.py in gdb 13 and 16: every command, on every kind of core;
reading all system registers of a core brings nothing down."""

from __future__ import annotations

import re
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import Gdb, Guest, PHYS, ROOT, Report, must, same  # noqa: E402
from lib import assets  # noqa: E402

# mov x0, #0x9000000; loop: str wzr, [x0, #0x24]; b loop
PROGRAM = struct.pack("<3I", 0xd2a12000, 0xb900241f, 0x17ffffff)
LOAD = 0x4008_0000


def general(gdb: Gdb) -> None:
    """hs regs: what gdb's own registers hold, and no system register."""
    gdb.cmd("set $x7 = 0x1234567890abcdef")
    text = gdb.cmd("hs regs")
    same(len(re.findall(r"\bx\d+ 0x[0-9a-f]{16}", text)), 31, text)
    must("x7 0x1234567890abcdef" in text, text)
    must(re.search(rf"^ +pc {LOAD:#018x}", text, re.M), text)
    must("cpsr" in text and "EL=1" in text, text)
    must("SCTLR_EL1" not in text, text)


def system(gdb: Gdb) -> None:
    """hs sysregs: each of the target's own registers, once."""
    text = gdb.cmd("hs sysregs", 60)
    names = re.findall(r"^  ([A-Z]\w+) +(?=\S)", text, re.M)
    described = set(re.findall(r'<reg name="([A-Z]\w+)"',
                               gdb.cmd("maint print xml-tdesc", 60)))
    must(len(described) > 150, f"only {len(described)} described")
    same(sorted(names), sorted(described), "registers shown")
    must(re.search(r"^  APIAKeyLo_EL1 +<unavailable>$", text, re.M)
         or "APIAKeyLo_EL1" not in text, "keys are shown")
    one = gdb.cmd("hs sysregs el1_mmu")
    same(one.splitlines()[0], "el1_mmu:", "heading")
    must("SCTLR_EL1" in one and "ESR_EL1" not in one, one)
    must("no group nonsense; there are: " in gdb.cmd("hs sysregs nonsense"))


def fields(gdb: Gdb) -> None:
    """A field that is set is named."""
    gdb.cmd("set $TCR_EL1.T0SZ = 25")
    gdb.cmd("set $CPACR_EL1.FPEN = 3")
    text = gdb.cmd("hs sysregs")
    must(re.search(r"^  TCR_EL1 .*\bT0SZ=0x19\b", text, re.M), text)
    must(re.search(r"^  CPACR_EL1 .*\bFPEN=0x3$", text, re.M), text)
    must(re.search(r"^  MDCR_EL2 .*\bHPMN=", text, re.M), text)


def addresses(gdb: Gdb) -> None:
    """hs phys and hs translate."""
    text = gdb.cmd("hs phys 0x9000000 + 0x18")
    must(f"= {PHYS | 0x9000018:#x}" in text, text)
    same(len(text.strip().splitlines()), 3, "windows")
    same(gdb.value("$live"), 0x0076 << 48, "$live")
    must("no physical address" in gdb.cmd("hs phys 1ul << 48"))
    must(f"{LOAD:#x}"[2:] in gdb.cmd("hs translate $pc"))
    must("hs translate -- " in gdb.cmd("help hs"))


def watch(gdb: Gdb) -> None:
    """hs watch stops at the device's register."""
    must("SIZE is 1, 2, 4 or 8" in gdb.cmd("hs watch 0x9000024 3"))
    gdb.cmd("hs watch 0x9000024 4 write")
    gdb.cmd("set var *(unsigned int *)($phys + 0x9000024) = 5")
    text = gdb.go()
    must(f"Hardware watchpoint 1: *(unsigned int *){PHYS | 0x9000024:#x}"
         in text and "New value = 0" in text, text)
    gdb.cmd("delete")


def run(report: Report, program: Path, cpu: str, name: str, gdb: str) -> None:
    """All commands on this core."""
    report.prefix = f"{cpu}, {name}: "
    with Guest(cpu=cpu, memory="128M", program=program,
               wait=True) as guest, Gdb(gdb) as client:
        must("rror" not in client.cmd(f"source {ROOT}/gdb/hyperstub.py"))
        with report.case("no guest is told", client):
            must("attach to a guest" in client.cmd("hs regs"))
        client.attach(guest)
        for case in (general, system, fields, addresses, watch):
            with report.case((case.__doc__ or "").strip().rstrip("."),
                             client):
                case(client)


def main() -> int:
    report = Report()
    with tempfile.TemporaryDirectory(prefix="hs-py-") as temp:
        program = Path(temp) / "loop.bin"
        program.write_bytes(PROGRAM)
        for cpu in ("cortex-a57", "cortex-a76", "neoverse-n1", "max"):
            run(report, program, cpu, "gdb 13", "gdb-multiarch")
        run(report, program, "max", "gdb 16", str(assets.gdb16()))
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
