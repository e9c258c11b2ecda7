#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 150 s
"""One gdb script, two machines: Debian's kernel natively under QEMU's own stub
and under the monitor. From the kernel's first instruction to start_kernel()
and beyond, both give the same stops, registers, memory and backtraces."""

from __future__ import annotations

import hashlib
import re
import sys

from harness import Gdb, Guest, Report, must, same, symbols

ENTRY = 0x4020_0000
STOPS = ("__primary_switched", "start_kernel", "setup_arch", "sched_init",
         "init_IRQ", "time_init", "console_init", "fork_init", "rest_init")
# The monitor's name and QEMU's name for it.
SYSTEM = {"SCTLR_EL1": "SCTLR", "TCR_EL1": "TCR_EL1", "TTBR0_EL1":
          "TTBR0_EL1", "TTBR1_EL1": "TTBR1_EL1", "MAIR_EL1": "MAIR_EL1",
          "VBAR_EL1": "VBAR", "CPACR_EL1": "CPACR", "TPIDR_EL1": "TPIDR_EL1",
          "CONTEXTIDR_EL1": "CONTEXTIDR_EL1"}
TREE_ROOM = 0x10000
report = Report("linux same: ")


def core(gdb: Gdb) -> dict[str, int]:
    """x0 to x30, sp, pc, cpsr."""
    found = {}
    names = " ".join(f"x{n}" for n in range(31)) + " sp pc cpsr"
    for line in gdb.cmd(f"info registers {names}").splitlines():
        match = re.match(r"(\w+) +(0x[0-9a-f]+)", line)
        if match:
            found[match.group(1)] = int(match.group(2), 16)
    must(len(found) == 34, found)
    return found


# A structure's fields make up its number, but for bits that have no name.
NUMBER = ("python v = gdb.parse_and_eval('${name}'); "
          "f = [(x.name, x.bitpos, x.bitsize) for x in v.type.fields()] "
          "if v.type.code == gdb.TYPE_CODE_STRUCT else []; "
          "print('NUMBER', sum((int(v[n]) & (1 << s) - 1) << p "
          "for n, p, s in f) if f else int(v) & (1 << 64) - 1, "
          "sum((1 << s) - 1 << p for n, p, s in f) if f else (1 << 64) - 1)")


def system(gdb: Gdb, native: bool) -> dict[str, tuple[int, int]]:
    """System registers: value, and which bits of it are told."""
    found = {}
    for ours, qemu in SYSTEM.items():
        text = gdb.cmd(NUMBER.format(name=qemu if native else ours))
        match = re.search(r"NUMBER (\d+) (\d+)", text)
        must(match, text)
        found[ours] = int(match.group(1)), int(match.group(2))
    return found


def memory(gdb: Gdb, guest: Guest, start: str, size: int) -> str:
    """The digest of a piece of memory."""
    path = guest.folder / "dump"
    gdb.cmd(f"dump binary memory {path} {start} {start}+{size}", 60)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def script(native: bool) -> dict[str, object]:
    """What gdb sees."""
    got: dict[str, object] = {}
    with Guest(smp=1, append="nokaslr", wait=True, native=native) as guest, \
            Gdb(symbols=symbols()) as gdb:
        gdb.attach(guest)
        if native:
            # QEMU's own few instructions come first.
            gdb.cmd(f"tbreak *{ENTRY:#x}")
            gdb.go()
        got["entry"] = core(gdb)
        got["image"] = memory(gdb, guest, f"{ENTRY:#x}", 0x1000000)
        trace = []
        for _ in range(200):
            gdb.cmd("stepi")
            trace.append(gdb.value("$pc"))
        got["first steps"] = trace
        stops = []
        for name in STOPS:
            # While the MMU is off QEMU can insert no BRK there.
            hardware = not stops or len(stops) % 2
            gdb.cmd(f"{'h' if hardware else ''}break *&{name}")
            text = gdb.go(60)
            stops.append((name, gdb.value("$pc"), core(gdb)["sp"],
                          re.findall(r"^#\d+ .*", gdb.cmd("bt"), re.M)))
            if name == "start_kernel":
                got["at start_kernel"] = core(gdb)
                got["memory"] = memory(gdb, guest, "(char *)&_stext",
                                       0xd00000)
                trace = []
                for _ in range(200):
                    gdb.cmd("stepi")
                    trace.append(gdb.value("$pc"))
                got["steps in start_kernel"] = trace
            if name == "sched_init":
                text = gdb.cmd("finish", 30)
                got["finish"] = gdb.value("$pc")
                gdb.cmd("set $where = (long *)($sp - 16)")
                text = gdb.cmd("watch *$where")
                text = gdb.go(30)
                got["watch"] = re.findall(r"(?:Old|New) value = \S+", text)
                same(len(got["watch"]), 2, text)
                gdb.cmd("delete")
        got["stops"] = stops
        gdb.cmd("delete")
        gdb.cmd("break *&kernel_init if $x0 == 0")
        gdb.cmd("break *&kernel_execve")
        gdb.go(60)
        got["condition"] = gdb.value("$pc")
        got["system"] = system(gdb, native)
        gdb.cmd("delete")
        gdb.cmd("detach")
        guest.wait_up()
    return got


def main() -> int:
    native = script(True)
    mine = script(False)
    # QEMU's own first instructions leave the kernel's address and flags.
    for one in (native, mine):
        del one["entry"]["x4"]
        one["entry"]["cpsr"] &= ~(0xf << 28)
    for name, (value, mask) in mine["system"].items():
        native["system"][name] = native["system"][name][0] & mask, mask
    # Where its CPU's own data lie hangs on how long the device tree is.
    ours = mine["system"]["TPIDR_EL1"][0]
    theirs, mask = native["system"]["TPIDR_EL1"]
    if abs(ours - theirs) < TREE_ROOM and not (ours ^ theirs) & 0xfff:
        native["system"]["TPIDR_EL1"] = ours, mask
    for what in native:
        with report.case(f"{what} as under QEMU's own stub"):
            if isinstance(native[what], dict):
                differ = {key: (mine[what].get(key), value)
                          for key, value in native[what].items()
                          if mine[what].get(key) != value}
                must(not differ, differ)
            elif isinstance(native[what], list):
                for ours, theirs in zip(mine[what], native[what]):
                    same(ours, theirs)
                same(len(mine[what]), len(native[what]), "how many")
            else:
                same(mine[what], native[what])
    return report.end()


sys.exit(main())
