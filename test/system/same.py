# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""For the tests that run a program natively and beneath the monitor and compare
what it prints: the run, and the list of differences that
docs/architecture.md gives reasons for."""

from __future__ import annotations

import re
import struct
import subprocess
import time
from dataclasses import dataclass
from typing import Callable, Iterator, Optional, Sequence

from bare import PROGRAMS
from harness import Bad, EMULATOR, Gdb, Guest, ROOT

# Clocks, cycle counters and random numbers move by themselves.
MOVING = {"S3_3_C14_C0_1", "S3_3_C14_C0_2", "S3_3_C14_C0_5", "S3_3_C14_C0_6",
          "S3_3_C14_C2_0", "S3_3_C14_C3_0", "S3_3_C9_C13_0", "S3_3_C2_C4_0",
          "S3_3_C2_C4_1"}


def name_of(e: int) -> str:
    """
    An encoding, op0 2 and 3 from 0 up, as the assembler writes it.
    """
    return (f"S{2 + (e >> 14)}_{e >> 11 & 7}_C{e >> 7 & 15}_C{e >> 3 & 15}_"
            f"{e & 7}")


def qemu_major() -> int:
    """The major version of the QEMU that guests run on."""
    told = subprocess.run([EMULATOR, "--version"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return int(re.search(r"version (\d+)\.", told)[1])


NEWER_CPUS = ("neoverse-v1", "neoverse-n2", "cortex-a710")


def cpus() -> list[str]:
    """Those of newer cores that this QEMU has."""
    known = subprocess.run([EMULATOR, "-M", "virt", "-cpu", "help"],
                           check=True, text=True,
                           stdout=subprocess.PIPE).stdout.split()
    missing = [cpu for cpu in NEWER_CPUS if cpu not in known]
    if missing:
        print(f"# not in this QEMU: {', '.join(missing)}", flush=True)
    return [cpu for cpu in NEWER_CPUS if cpu in known]


@dataclass
class Row:
    """One line of the table of differences."""

    name: str
    mask: int
    absent: bool
    used: bool = False


class Differences:
    """
    The table in docs/architecture.md. A reason that names versions of QEMU
    ("QEMU 7.2") is one for these alone.
    """

    HEAD = "## What the guest sees that it does not see natively"

    def __init__(self) -> None:
        text = (ROOT / "docs" / "architecture.md").read_text()
        part = text.split(self.HEAD)[1].split("\n## ")[0]
        major = qemu_major()
        self.rows: dict[str, Row] = {}
        for line in part.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            match = re.match(r"`([^`]+)`", cells[0])
            if not match or len(cells) != 5:
                continue
            versions = re.findall(r"QEMU (\d+)", cells[4])
            if versions and str(major) not in versions:
                continue
            mask = 0
            for high, low in re.findall(r"(\d+):(\d+)", cells[1]):
                mask |= (2 << int(high)) - (1 << int(low))
            self.rows[match[1]] = Row(match[1], mask, cells[3] == "-")
        if not self.rows:
            raise Bad("docs/architecture.md has no table of differences")

    def allowed(self, name: str, native: Optional[int],
                ours: Optional[int]) -> bool:
        """Whether a row of the table covers this difference."""
        row = self.rows.get(name)
        if row is None or native is None:
            return False
        row.used = True
        if ours is None:
            return row.absent
        return not row.absent and not (native ^ ours) & ~row.mask

    def unused(self, kind: str = "") -> list[str]:
        """Rows that nothing needed: "write ", "hvc ", "" for the others."""
        return [row.name for row in self.rows.values() if not row.used
                and (re.match("write |hvc |$", row.name) or [""])[0] == kind]


def output(name: str, native: bool, cpu: str, smp: int, seconds: float = 60,
           drive: Optional[Callable[[Guest, str], None]] = None,
           extra: Sequence[str] = (), monitor: Sequence[str] = ()) -> str:
    """
    What a program of test/guest prints up to DONE. `drive` is called again and
    again while it runs, with all that was printed so far.
    """
    with Guest(cpu=cpu, smp=smp, memory="128M", native=native, extra=extra,
               monitor=monitor, wait=drive is not None,
               program=PROGRAMS / f"{name}.bin") as guest:
        guest.console.send("g")
        end = time.monotonic() + seconds
        while drive and "DONE\n" not in guest.console.text:
            drive(guest, guest.console.text)
            if time.monotonic() > end:
                break
        guest.console.wait("DONE\n", seconds)
        return guest.console.text


def with_gdb(name: str, cpu: str, smp: int, seconds: float = 60) -> str:
    """output() with gdb holding all comparators, stopping it now and then."""
    with Gdb() as gdb:
        def drive(guest: Guest, text: str) -> None:
            if "attached" not in done:
                gdb.attach(guest)
                gdb.cmd("set breakpoint always-inserted on")
                for n in range(6):
                    gdb.cmd(f"hbreak *{0x47f00000 + 64 * n:#x}")
                for n in range(4):
                    gdb.cmd(f"awatch *(int *){0x47f10000 + 64 * n:#x}")
                done.add("attached")
            gdb.send("continue")
            try:
                guest.console.wait("DONE\n", 0.4)
            except Bad:
                pass
            gdb.interrupt()
            if "DONE\n" in guest.console.text:
                gdb.cmd("disconnect")
        done: set[str] = set()
        return output(name, False, cpu, smp, seconds, drive)


# ---- device trees ----

def tree_of(blob: bytes) -> dict[str, bytes]:
    """
    A flattened device tree: each property by its path, each node as b"".
    """
    offset, strings = struct.unpack(">II", blob[8:16])
    found: dict[str, bytes] = {}
    path: list[str] = []

    def string(at: int) -> str:
        return blob[at:blob.index(b"\0", at)].decode()

    while True:
        token, = struct.unpack(">I", blob[offset:offset + 4])
        offset += 4
        if token == 1:
            name = string(offset)
            offset += len(name) + 4 & ~3
            path.append(name)
            found["/".join(path) or "/"] = b""
        elif token == 2:
            path.pop()
        elif token == 3:
            size, name_at = struct.unpack(">II", blob[offset:offset + 8])
            offset += 8
            name = "/".join(path) + " " + string(strings + name_at)
            found[name] = blob[offset:offset + size]
            offset += size + 3 & ~3
        elif token == 9:
            return found


def lines_of(text: str) -> Iterator[tuple[str, int, int, int]]:
    """What same.c told: what, CPU, which, value."""
    for match in re.finditer(r"^(\w+) (\d+) (\d+) 0x([0-9a-f]+)$", text, re.M):
        yield match[1], int(match[2]), int(match[3]), int(match[4], 16)
