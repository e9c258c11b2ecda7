#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 280 s
"""Breakpoints on a page that is data as well: every kind of instruction under a
breakpoint, every form of access to the page, every lock and atomic there by four
CPUs, code that is patched, run under another address, checksummed. All must be
as without the breakpoints."""

from __future__ import annotations

import struct
import sys
from contextlib import contextmanager
from typing import Iterator

from bare import FALSE, Program, Rsp, run_to, start
from harness import Bad, Gdb, Report, must, same

MACHINES = (("cortex-a76", []), ("cortex-a57", []), ("max", []),
            ("cortex-a76", ["hyperstub.blocks=on"]),
            ("cortex-a76", ["hyperstub.granule=16K"]),
            ("cortex-a76", ["hyperstub.granule=64K"]))
STATE_SIZE = 256 + 512


class Run(Program):
    """A guest at its checkpoint, driven by packets."""

    def __init__(self, name: str, rsp: Rsp) -> None:
        super().__init__(name, rsp)
        self.at = self.names["checkpoint"]
        rsp.ask("Hg1")
        # The guest ran on when gdb went, but perhaps not an instruction far.
        if rsp.register(32) == self.at:
            rsp.ask("vCont;s:1")

    def next(self, seconds: float = 20) -> None:
        """To the next checkpoint; nothing else may stop."""
        same(self.rsp.ask(f"Z0,{self.at:x},4"), "OK")
        self.rsp.send("vCont;c")
        try:
            reply = self.rsp.reply(seconds)
        except TimeoutError:
            self.rsp.peer.sendall(b"\x03")
            reply = self.rsp.reply()
            raise Bad(f"hangs at {self.rsp.register(32):#x}: {reply}") \
                from None
        finally:
            self.rsp.ask(f"z0,{self.at:x},4")
        must("swbreak" in reply, reply)
        same(self.rsp.register(32), self.at, "PC")
        self.rsp.ask("vCont;s:1")

    def command(self, number: int, seconds: float = 20) -> tuple:
        """One of the guest's tasks; what came of it."""
        self.poke("command", number)
        self.next(seconds)
        return (self.rsp.read(self.names["state"], STATE_SIZE),
                self.peek("result"), self.peek("result", 1))

    def insert(self, addresses: list[int], condition: str = FALSE) -> None:
        """Breakpoints, false ones unless told."""
        for address in addresses:
            same(self.rsp.ask(f"Z0,{address:x},4{condition}"), "OK")

    def remove(self, addresses: list[int]) -> None:
        """And away."""
        for address in addresses:
            same(self.rsp.ask(f"z0,{address:x},4"), "OK")

    @contextmanager
    def under(self, addresses: list[int]) -> Iterator[None]:
        """False breakpoints there meanwhile."""
        self.insert(addresses)
        try:
            yield
        finally:
            self.remove(addresses)


def differ(got: tuple, wanted: tuple) -> str:
    """Which registers are not the same."""
    found = [f"x{n}: {a:#x} not {b:#x}" for n, (a, b) in enumerate(
        zip(struct.unpack_from("<32Q", got[0]),
            struct.unpack_from("<32Q", wanted[0]))) if a != b]
    found += [f"v{n}" for n in range(32)
              if got[0][256 + 16 * n:272 + 16 * n]
              != wanted[0][256 + 16 * n:272 + 16 * n]]
    if got[1:] != wanted[1:]:
        found.append(f"memory, exceptions: {got[1:]} not {wanted[1:]}")
    return ", ".join(found)


def expect(got: tuple, wanted: tuple, what: str = "") -> None:
    """Both outcomes alike?"""
    text = differ(got, wanted)
    must(not text, f"{what} {text}")


def instructions(report: Report, run: Run) -> None:
    """Breakpoints on everything in mix()."""
    rsp, names = run.rsp, run.names
    first, last = names["mix"], names["mix_end"]
    places = list(range(first, last + 4, 4))
    code = struct.unpack(f"<{len(places)}I", rsp.read(first, last + 4 - first))
    # Between a load and a store exclusive any stop makes the store fail.
    inside = {first + 4 * (n + k) for n, w in enumerate(code)
              if w & 0xfffffc00 == 0xc85ffc00 for k in (1, 2)}
    singles = [a for a in places if a not in inside]
    for room in (1, 0):
        run.poke("other_room", room)
        where = "elsewhere" if room else "on that page"
        wanted = run.command(0)
        with report.case(f"breakpoints on all instructions, data {where}"):
            with run.under(places):
                got = run.command(0)
                same(run.rsp.read(first, 4 * len(places)),
                     struct.pack(f"<{len(code)}I", *code),
                     "text as read by gdb")
            expect(got, wanted)
    with report.case("a breakpoint on each instruction"):
        for address in singles:
            with run.under([address]):
                got = run.command(0)
            expect(got, wanted, f"at {address - first:#x} "
                   f"({code[(address - first) // 4]:08x}):")
    with report.case("stops at each, stepped over"):
        run.poke("command", 0)
        seen = stops(run, singles)
        expect((rsp.read(names["state"], STATE_SIZE), run.peek("result"),
                run.peek("result", 1)), wanted)
        for address in singles:
            must(address in seen or not reached(code, address - first),
                 f"{address - first:#x} was missed")
    alias = run.command(5)
    with report.case("the page run under another address, no false hit"):
        run.insert(places, "")
        got = run.command(5)
        run.remove(places)
        expect(got, alias)


def reached(code: tuple, offset: int) -> bool:
    """Is that instruction executed at all? BRK #1, UDF #9, one NOP are not."""
    word = code[offset // 4]
    before = code[offset // 4 - 1]
    return word not in (0xd4200020, 9, 0xd28009aa) and before != 0xd69f03e0


def stops(run: Run, places: list[int]) -> set[int]:
    """Continue as gdb does, with real breakpoints, to the checkpoint."""
    rsp, seen = run.rsp, set()
    everything = places + [run.at]
    for _ in range(400):
        run.insert(everything, "")
        reply = rsp.ask("vCont;c")
        run.remove(everything)
        must("swbreak" in reply, reply)
        pc = rsp.register(32)
        rsp.ask("vCont;s:1")
        if pc == run.at:
            return seen
        must(pc in places, f"stopped at {pc:#x}")
        seen.add(pc)
    raise Bad("no end")


def data(report: Report, run: Run) -> None:
    """Patching, counting, checksums on the page."""
    names = run.names
    points = [names["mix"], names["patched"], names["patched"] + 4,
              names["count_locked"] + 8, names["count_atomic"] + 8]
    atomics = run.peek("have_lse")
    sums = run.command(4)
    with report.case("the guest's checksum of its text"):
        with run.under(points):
            same(run.command(4)[1], sums[1])
    for what, where in (("on the page", points[:1]),
                        ("on the first word", points[1:2]),
                        ("on the second word", points[2:3]),
                        ("on both words", points[1:3])):
        with report.case(f"code patched under a breakpoint {what}"):
            with run.under(where):
                same(run.command(1)[1], 0, "stale instructions")
    with report.case("code in two pages with breakpoints patched by a store"):
        where = [names["hot_start"] + at for at in (0x4f00, 0x5f00)]
        with run.under(where):
            same(run.command(7)[1], 0, "stale instructions")
    with report.case("code patched by instructions under breakpoints"):
        first = names["do_patch"]
        behind = min(a for a in names.values() if a > first)
        where = [*points[1:2], *range(first, behind, 4)]
        with run.under(where):
            same(run.command(1)[1], 0, "stale instructions")
    for number, what in ((2, "a lock"), (3, "atomics")):
        if number == 3 and not atomics:
            continue
        for inserted in ([], points):
            with report.case(f"four CPUs count by {what}"
                             + (" under breakpoints" if inserted else "")):
                with run.under(inserted):
                    _, got, wanted = run.command(number, 60)
                same(got, wanted, "count")
                same(wanted, 4 * run.peek("rounds"))


# In the order of locks.S; the first ones need no LSE.
LOCKS = ("ldxrb", "ldxrh", "ldxr_w", "ldxr_x", "ldaxrb", "ldaxrh", "ldaxr_w",
         "ldaxr_x", "ldxp_w", "ldxp_x", "ldaxp_w", "ldaxp_x", "far", "spin",
         "wait", "ticket", "ldaddb", "ldaddh", "ldadd_w", "ldadd_x", "casb",
         "cash", "cas_w", "cas_x", "casp_w", "casp_x", "swp", "ldset")
LSE = LOCKS.index("ldaddb")


def locks(report: Report, run: Run) -> None:
    """Every exclusive and atomic on the page, by four CPUs."""
    names = run.names
    called = names["lock_called"]
    run.poke("rounds", 25)
    for number, name in enumerate(LOCKS):
        if number >= LSE and not run.peek("have_lse"):
            break
        run.poke("lock_number", number)
        # landing pads, a load of a literal, an addition
        for inserted in ([], [names[f"lock_{name}"], called, called + 4,
                              called + 8]):
            with report.case(f"four CPUs count by {name}"
                             + (" under breakpoints" if inserted else "")):
                with run.under(inserted):
                    _, got, wanted = run.command(6, 60)
                same(got, wanted, "count")
                same(wanted, 4 * run.peek("rounds"))


def accesses(report: Report, cpu: str, words: list[str]) -> None:
    """All forms of access to pages with breakpoints, also across two."""
    with Gdb() as gdb, start("watch", gdb, cpu, monitor=words) as guest:
        run_to(gdb, "&checkpoint")
        run_to(gdb, "&checkpoint")
        gdb.cmd("disconnect")
        with Rsp(guest) as rsp:
            run = Run("watch", rsp)
            area = run.names["area"]
            for place in (0x1100, 0x1ff8, 0x1ffc, 0x1fff, 0x2001):
                run.next()
                while rsp.register(0) & 1:
                    run.next()
                run.poke("place", area + place)
                run.poke("unaligned", int(place != 0x1100))
                wanted = outcome(run)
                for pages in ((0x1000,), (0x2000,), (0x1000, 0x2000)):
                    with report.case(f"every access at {place:#x}, "
                                     f"breakpoints at "
                                     f"{' '.join(map(hex, pages))}"):
                        points = [area + p + 0x800 for p in pages]
                        run.insert(points, "")
                        got = outcome(run)
                        run.remove(points)
                        bad = [n for n, (a, b) in enumerate(zip(got, wanted))
                               if a != b]
                        same(bad, [], "forms that differ")


def outcome(run: Run) -> list[bytes]:
    """The sums after the forms, done twice: the place may be a new one."""
    for _ in range(4):
        run.next()
    raw = run.rsp.read(run.names["outcome"], 16 * 200)
    return [raw[16 * n:16 * n + 8] for n in range(200)] + [
        run.rsp.read(run.names["memory"], 8),
        run.rsp.read(run.names["faults"], 8)]


def main() -> int:
    report = Report()
    for cpu, words in MACHINES:
        prefix = f"{' '.join([cpu, *words])} "
        for guarded in ((0, 1) if cpu == "max" else (0,)):
            report.prefix = prefix + ("BTI and PAC " if guarded else "")
            with Gdb() as gdb, start("shadow", gdb, cpu, 4,
                                     monitor=words) as guest:
                run_to(gdb, "&checkpoint")
                gdb.cmd(f"set var guarded = {guarded}")
                run_to(gdb, "&checkpoint")
                gdb.cmd("disconnect")
                with Rsp(guest) as rsp:
                    run = Run("shadow", rsp)
                    instructions(report, run)
                    data(report, run)
                    locks(report, run)
        report.prefix = prefix
        accesses(report, cpu, words)
    return report.end()


sys.exit(main())
