#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 280 s
"""Copies and sets by one instruction (FEAT_MOPS) onto pages that trap, RAM's and
a PCI device's: each stop is at the first watched byte that is not done yet, by the
instruction that is about to do it, none is left out and none told twice; what
comes of it is as without. Shadow copies of all pages follow. Where QEMU has it."""

from __future__ import annotations

import itertools
import re
import sys
from dataclasses import dataclass

from bare import FALSE, IVSHMEM, TAGS, Program, Rsp, run_to, start
from harness import Bad, Gdb, Report, must, same
from same import qemu_major

LIVE = 0x0076_0000_0000_0000
KINDS = {2: "watch", 3: "rwatch", 4: "awatch"}
OPS = ("set", "sett", "cpyf", "cpy", "cpyt", "setg")


@dataclass
class Op:
    """One copy or set; offsets in the area, but of a set's byte."""

    name: str
    to: int
    source: int
    n: int

    @property
    def copies(self) -> bool:
        """It reads as well."""
        return self.name.startswith("cpy")

    def __str__(self) -> str:
        return f"{self.name} {self.to:#x} {self.source:#x} {self.n:#x}"


# In one page, over several, over 64K, downwards, both on the same pages.
JOBS = (Op("set", 0x1100, 0x5a, 0x300), Op("set", 0xf00, 0x5a, 0x4321),
        Op("sett", 0x1ff8, 0xa5, 0x10), Op("set", 0xe123, 0, 0x4000),
        Op("cpyf", 0x1100, 0x9203, 0x300), Op("cpyf", 0xf01, 0x6f08, 0x3107),
        Op("cpy", 0x1f00, 0x8f00, 0x2200), Op("cpy", 0x1123, 0x1000, 0x2345),
        Op("cpy", 0x1000, 0x1123, 0x2345), Op("cpyt", 0xf008, 0x4010, 0x3000))


def pattern(first: int, n: int) -> bytes:
    """What the guest fills its area with."""
    return bytes((i * 7 + i // 256) & 255 for i in range(first, first + n))


def result(op: Op) -> bytes:
    """What is to be at op.to."""
    return pattern(op.source, op.n) if op.copies \
        else bytes([op.source]) * op.n


class Run(Program):
    """A guest between its checkpoints, by packets."""

    def __init__(self, rsp: Rsp, device: bool) -> None:
        super().__init__("mops", rsp)
        self.at = self.names["checkpoint"]
        rsp.ask("Hg1")
        if rsp.register(32) == self.at:
            rsp.ask("vCont;s:1")
        self.to_checkpoint(1)
        self.base = self.peek("base")
        self.window = LIVE if device else 0

    def area(self, first: int, n: int) -> bytes:
        """Bytes of the area as they are; a device is really read."""
        low, end = first & ~7, first + n + 7 & ~7
        got = b""
        while low + len(got) < end:
            step = min(0x1000, end - low - len(got))
            got += self.rsp.read(self.window | self.base + low + len(got),
                                 step)
        return got[first - low:first - low + n]

    def go(self, points: list[str]) -> str:
        """Continue with these; the stop."""
        points = points + [f"0,{self.at:x},4"]
        for point in points:
            same(self.rsp.ask(f"Z{point}"), "OK", point)
        reply = self.rsp.ask("vCont;c")
        for point in points:
            same(self.rsp.ask(f"z{point.partition(';')[0]}"), "OK")
        return reply

    def under(self) -> list[str]:
        """Breakpoints that never stop, at all copies and sets."""
        return [f"0,{self.names['op_' + op] + at:x},4{FALSE}"
                for op in OPS for at in (0, 4, 8)]

    def to_checkpoint(self, number: int) -> None:
        """There, and past its first instruction."""
        for _ in range(4):
            reply = self.go([])
            must("swbreak" in reply, reply)
            got = self.rsp.register(0)
            self.step()
            if got == number:
                return
        raise Bad(f"no checkpoint {number}")

    def step(self) -> None:
        """One instruction."""
        reply = self.rsp.ask("vCont;s:1")
        must(re.match("T05thread", reply), reply)

    def begin(self, op: Op) -> None:
        """To just before it."""
        self.poke("op", OPS.index(op.name))
        self.poke("to", op.to)
        self.poke("from", op.source)
        self.poke("n", op.n)
        self.to_checkpoint(2)

    def outcome(self) -> tuple:
        """
        Registers, flags or syndrome, faults. After a fault, what is left: a
        prologue may have come farther than without.
        """
        to, source, n, flags = (self.peek("after", i) for i in range(4))
        if self.peek("faults") and n >> 63:
            to, n = to + n, -n
            source -= n if OPS[self.peek("op")].startswith("cpy") else 0
        mask = (1 << 64) - 1
        return (to & mask, source & mask, n & mask, flags,
                self.peek("faults"), self.peek("far"))


class State:
    """
    How far an op is: its bytes from low to high are left. It may go on at either
    end: a prologue that went downwards for an overlap has none any more at some
    time. A byte that is to become what it was may be done or not.
    """

    def __init__(self, op: Op) -> None:
        self.op, self.want = op, result(op)
        self.alike = [a == b for a, b in
                      zip(pattern(op.to, op.n), self.want)]
        self.low = self.low_max = 0
        self.high = self.high_min = op.n

    def look(self, got: bytes) -> None:
        """Read from memory."""
        left = [i for i in range(self.low, self.high)
                if got[i] != self.want[i]]
        was_low, was_high = self.low, self.high
        self.low = self.low_max = left[0] if left else was_high
        self.high = self.high_min = left[-1] + 1 if left else was_low
        while self.low > was_low and self.alike[self.low - 1]:
            self.low -= 1
        while self.high < was_high and self.alike[self.high]:
            self.high += 1

    def surely_left(self) -> range:
        """Bytes that cannot have been done."""
        return range(self.low_max, self.high_min)


def watched_bytes(op: Op, kind: int, low: int, size: int) -> dict[int, int]:
    """Which of its bytes are watched, and by what address: reads come first."""
    hits = {}
    for i in range(op.n):
        for place, wanted in ((op.source + i, op.copies and kind != 2),
                              (op.to + i, kind != 3)):
            if wanted and low <= place < low + size:
                hits.setdefault(i, place)
    return hits


def check_stop(run: Run, state: State, hits: dict[int, int],
               address: int) -> int:
    """The byte that was told: it is the next one, none was left out."""
    before = state.surely_left()
    state.look(run.area(state.op.to, state.op.n))
    for byte in [i for i, at in hits.items() if at == address]:
        upward = state.low <= byte <= state.low_max \
            and not any(i in hits for i in range(before.start, byte))
        downward = state.high_min <= byte + 1 <= state.high \
            and not any(i in hits for i in range(byte + 1, before.stop))
        if upward or downward:
            return byte
    raise Bad(f"told {address:#x}, left are {state.surely_left()}, "
              f"before {before}")


def compare(op: Op, got: tuple, wanted: tuple) -> None:
    """
    Registers and flags alike? Of a copy that went downwards at first, the
    addresses are those of where it turned.
    """
    if op.name != "cpyf" and op.copies and not wanted[4]:
        turned = got[0] - wanted[0]
        same(got[1] - wanted[1], turned, "addresses")
        must(turned == 0 or op.source < op.to and 0 < turned <= op.n,
             f"addresses {turned:#x} off")
        got, wanted = got[2:], wanted[2:]
    same(got, wanted)


def watched(run: Run, op: Op, kind: int, low: int, size: int,
            extra: list[str], reference: tuple) -> int:
    """All of one op with one watchpoint; how often it stopped."""
    first, last_pc = run.names[f"op_{op.name}"], 0
    point = f"{kind},{run.base + low:x},{size:x}"
    hits, state = watched_bytes(op, kind, low, size), State(op)
    run.begin(op)
    for count in range(8):
        reply = run.go(extra + [point])
        stop = re.match(r"T05(r?watch|awatch):([0-9a-f]+);", reply)
        if not stop:
            must("swbreak" in reply, reply)
            missed = [hex(i) for i in hits if i in state.surely_left()]
            must(not missed, f"not told: {missed[:3]}")
            break
        same(stop.group(1), KINDS[kind])
        byte = check_stop(run, state, hits,
                          int(stop.group(2), 16) - run.base)
        pc = run.rsp.register(32)
        must(first <= pc <= first + 8 and pc > last_pc, f"PC {pc:#x}")
        last_pc = pc
        run.step()
        must(run.rsp.register(32) == pc + 4, "the step is not one step")
        state.look(run.area(op.to, op.n))
        must(byte not in state.surely_left(), f"told, not done: {byte:#x}")
    else:
        raise Bad("no end of stops")
    must(run.area(op.to, op.n) == state.want, "the bytes are others")
    run.step()
    compare(op, run.outcome(), reference)
    return count


def ranges(op: Op) -> list[tuple[str, int, int]]:
    """Offsets to watch; 12 bytes over a double word take no comparator."""
    middle, end = op.to + op.n // 2, op.to + op.n
    found = [("12 in the middle", (middle & ~7) + 4, 12),
             ("12 at the end", end - 12, 12), ("12 at its start", op.to, 12),
             ("12 before", op.to - 12, 12), ("12 behind", end, 12),
             ("12 at the last page's start", end - 1 & ~4095, 12),
             ("12 over the last page's start", (end - 1 & ~4095) - 6, 12),
             ("100 over its start", op.to - 50, 100),
             ("all of it", op.to, op.n | 1),
             ("8 in the middle", middle & ~7, 8)]
    if op.copies:
        middle, end = op.source + op.n // 2, op.source + op.n
        found += [("12 read in the middle", (middle & ~7) + 4, 12),
                  ("12 read at the end", end - 12, 12),
                  ("12 read at the last page's start", end - 1 & ~4095, 12),
                  ("12 behind what is read", end, 12)]
    return found


def watch_all(report: Report, run: Run, extra: list[str],
              jobs: tuple[Op, ...] = JOBS) -> None:
    """Every op, kind and range."""
    for op in jobs:
        run.begin(op)
        run.to_checkpoint(3)
        reference = run.outcome()
        must(run.area(op.to, op.n) == result(op), "the bytes are others")
        for kind, name in KINDS.items():
            with report.case(f"{op}: {name}"):
                for what, low, size in ranges(op):
                    if kind == 2 and "read" in what:
                        continue
                    try:
                        watched(run, op, kind, low, size, extra, reference)
                    except Bad as bad:
                        raise Bad(f"{what}: {bad}") from bad


def tags(report: Report, run: Run) -> None:
    """SETG: each of the three stops while there is watched memory before it."""
    op = Op("setg", 0xf80, 0x5a, 0x2340)
    run.begin(op)
    run.to_checkpoint(3)
    reference = run.outcome()
    must(run.area(op.to, op.n) == result(op), "the core has no SETG")
    for low, first in ((op.to - 16, None), (op.to - 8, op.to),
                       (0x2104, 0x2104), (op.to + op.n - 4,
                                          op.to + op.n - 4),
                       (op.to + op.n, None)):
        with report.case(f"{op}: 12 bytes at {low:#x}"):
            run.begin(op)
            seen = []
            while not seen or len(seen) < 4 and "watch" in seen[-1]:
                seen.append(run.go([f"2,{run.base + low:x},c"]))
                if "watch" in seen[-1]:
                    run.step()
            same(len(seen) > 1, first is not None, "told")
            if first is not None:
                must(f"watch:{run.base + first:x};" in seen[0], seen[0])
            must("swbreak" in seen[-1], seen)
            run.step()
            must(run.area(op.to, op.n) == result(op), "the bytes are others")
            same(run.outcome(), reference)


def faults(report: Report, run: Run) -> None:
    """One that runs into a page that is not there: as far as without."""
    for op in (Op("set", 0x22000, 1, 0x1800), Op("cpyf", 0x22100, 0, 0x1800),
               Op("cpy", 0x2100, 0x22080, 0x1800),
               Op("cpy", 0x22080, 0x22000, 0x1800)):
        run.begin(op)
        run.to_checkpoint(3)
        reference = run.outcome()
        must(reference[4] == 1, "it has not faulted")
        for low in (0x22800, 0x2800, 0x23000 - 20):
            with report.case(f"{op} faults, {low:#x} watched by nobody's kind"):
                run.begin(op)
                kind = 3 if op.to <= low < op.to + op.n else 2
                if kind == 3 and op.copies and \
                        op.source <= low < op.source + op.n:
                    kind = 0
                point = f"{kind},{run.base + low:x},c" if kind else \
                    f"0,{run.base + low:x},4"
                must("swbreak" in run.go([point]), "stopped within")
                run.step()
                same(run.outcome(), reference)


def shadows(report: Report, run: Run) -> None:
    """Code copied over several pages that all have breakpoints, and run."""
    pages = [f"0,{run.base + page + 0xc00:x},4"
             for page in range(0, 0x8000, 0x1000)]
    jobs = (Op("cpyf", 0x1040, 0x9000, 0x3000),
            Op("cpy", 0x2100, 0x1000, 0x3040),
            Op("cpyt", 0x1ff0, 0x11000, 0x90))
    for points, op in itertools.product((pages, pages + run.under()), jobs):
        with report.case(f"{op}: code on pages with breakpoints"
                         + (", under some" if points != pages else "")):
            run.to_checkpoint(1)
            run.poke("op", OPS.index(op.name) + 100)
            run.poke("to", op.to)
            run.poke("from", op.source)
            run.poke("n", op.n)
            must("swbreak" in run.go(points), "stopped within")
            same(run.rsp.register(0), 3, "checkpoint")
            run.step()
            same(hex(run.peek("returned")), hex(0x12344321))
            same(run.peek("faults"), 0)


def main() -> int:
    report = Report()
    machines = (("", [], []), ("tags ", [], TAGS),
                ("64K ", ["hyperstub.granule=64K"], []),
                ("16K, blocks ", ["hyperstub.granule=16K",
                                  "hyperstub.blocks=on"], []),
                ("device ", [], IVSHMEM))
    for prefix, words, extra in machines:
        report.prefix = prefix
        device = extra is IVSHMEM
        with Gdb() as gdb, start("mops", gdb, "max", monitor=words,
                                 extra=extra) as guest:
            run_to(gdb, "&checkpoint")
            if device:
                gdb.cmd("set var in_device = 1")
            run_to(gdb, "&checkpoint")
            have = gdb.value("have_mops")
            with report.case("FEAT_MOPS is there from QEMU 10 on"):
                same(have, int(qemu_major() >= 10))
            if not have:
                print("# this QEMU has no FEAT_MOPS: nothing to be done")
                break
            gdb.cmd("disconnect")
            with Rsp(guest) as rsp:
                run = Run(rsp, device)
                if extra is TAGS:
                    tags(report, run)
                    continue
                watch_all(report, run, [])
                if not device:
                    report.prefix = prefix + "beside breakpoints "
                    watch_all(report, run,
                              [f"0,{run.base + page + 0xc00:x},4"
                               for page in range(0, 0x12000, 0x1000)],
                              JOBS[1::2])
                    report.prefix = prefix + "under breakpoints "
                    watch_all(report, run, run.under(), JOBS[3::2])
                    report.prefix = prefix
                    faults(report, run)
                    shadows(report, run)
    return report.end()


sys.exit(main())
