#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 400 s
"""Every form of load and store onto watched memory, RAM and a PCI device's: it
stops before the access, with the right kind and address, a step performs it
once, accesses beside the range stop nothing, and at the end all registers and
memory are as without."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from bare import FALSE, IVSHMEM, Rsp, run_to, start, symbols_of
from harness import Bad, Gdb, Report, must, same

MACHINES = (("cortex-a76", []), ("cortex-a57", []), ("max", []),
            ("cortex-a76", ["hyperstub.blocks=on"]),
            ("cortex-a76", ["hyperstub.granule=16K"]),
            ("cortex-a76", ["hyperstub.granule=64K"]))
WINDOW = 0x1000_0000
READ, WRITE, LOOP = 1, 2, 8
# A comparison that fails may count as a write or not.
UNDECIDED = ("cas_no", "casp")
KINDS = {2: "watch", 3: "rwatch", 4: "awatch"}


@dataclass
class Form:
    """An entry of forms[] in the guest."""

    name: str
    code: int
    at: int
    end: int
    kind: int
    offset: int
    size: int
    feature: int


def forms_of(gdb: Gdb) -> list[Form]:
    """The guest's table, in its order; None where the core has not got it."""
    count = gdb.value("forms_end - forms")
    found = []
    for n in range(count):
        text = gdb.cmd(f"output forms[{n}]")
        values = re.findall(r"= (-?\d+)[,}]", text)
        name = re.search(r'"(\w+)"', text).group(1)
        found.append(Form(name, *map(int, values)))
    return found


class Run:
    """One guest, its table, and what comes of the forms undisturbed."""

    def __init__(self, gdb: Gdb, device: bool = False) -> None:
        run_to(gdb, "&checkpoint")
        if device:
            gdb.cmd("set var in_device = 1")
        run_to(gdb, "&checkpoint")
        self.names = symbols_of("watch")
        self.place = gdb.value("place")
        self.base = self.place - 0x1100
        self.have = gdb.value("have_features()")
        self.forms = forms_of(gdb)
        run_to(gdb, "&checkpoint")
        gdb.cmd("disconnect")
        self.wanted: list[bytes] = []
        self.dirty = ""
        self.breaks: list[str] = []

    def outcome(self, rsp: Rsp) -> list[bytes]:
        """What came of each form; the counts are left out."""
        raw = rsp.read(self.names["outcome"], 16 * len(self.forms))
        return [raw[16 * n:16 * n + 8] for n in range(len(self.forms))] \
            + [rsp.read(self.names["memory"], 8)]

    def to_start(self, rsp: Rsp) -> None:
        """To the checkpoint before the first form; nothing else may stop."""
        at = self.names["checkpoint"]
        for _ in range(2):
            same(rsp.ask(f"Z0,{at:x},4"), "OK")
            reply = rsp.ask("vCont;c")
            same(rsp.ask(f"z0,{at:x},4"), "OK")
            must("swbreak" in reply, reply)
            rsp.ask("vCont;s:1")
            if not rsp.register(0) & 1:
                return
        raise Bad("no checkpoint before the forms")

    def recover(self, rsp: Rsp) -> None:
        """After a failure: nothing inserted, before the first form."""
        if self.dirty:
            rsp.ask(self.dirty)
            self.dirty = ""
            self.to_start(rsp)
            self.to_start(rsp)

    def all_with(self, rsp: Rsp, point: str,
                 low: int, size: int) -> list[tuple[str, int, int]]:
        """Do all forms with that Z packet; (kind, address, pc) of the stops."""
        at, stops = self.names["checkpoint"], []
        place = f"{low:x},{size:x}"
        while len(stops) < 400:
            for other in self.breaks:
                same(rsp.ask(f"Z0,{other}"), "OK")
            same(rsp.ask(f"Z{point},{place}"), "OK", f"Z{point},{place}")
            same(rsp.ask(f"Z0,{at:x},4"), "OK")
            reply = rsp.ask("vCont;c")
            same(rsp.ask(f"z{point},{place}"), "OK")
            same(rsp.ask(f"z0,{at:x},4"), "OK")
            for other in self.breaks:
                same(rsp.ask(f"z0,{other.partition(';')[0]}"), "OK")
            match = re.match(r"T05(r?watch|awatch):([0-9a-f]+);", reply)
            if not match and "swbreak" in reply:
                rsp.ask("vCont;s:1")
                return stops
            must(match, f"{reply} after {stops[-2:]}")
            stops.append((match.group(1), int(match.group(2), 16),
                          rsp.register(32)))
            reply = rsp.ask("vCont;s:1")
            must(re.match("T05thread", reply), reply)
        raise Bad(f"no end of stops: {stops[-3:]}")

    def check(self, stops: list, kind: int, low: int, size: int) -> None:
        """Exactly the accesses of that kind to the range stopped."""
        left = list(stops)
        for form in self.forms:
            if form.feature & ~self.have:
                continue
            first = self.place + form.offset
            wants = {2: WRITE, 3: READ, 4: READ | WRITE}[kind]
            touches = form.kind & wants and first < low + size \
                and low < first + form.size
            if not touches:
                continue
            if kind == 2 and form.name in UNDECIDED and left \
                    and left[0][2] != form.at:
                continue
            must(left, f"{form.name}: no stop")
            got = left.pop(0)
            # of a sequence, the load exclusive: a step takes it as one
            same((got[0], hex(got[2])), (KINDS[kind], hex(form.at)),
                 f"{form.name} (seen {self.name_at(got[2])})")
            where = max(first, low)
            if form.name != "dc_zva":
                same(hex(got[1]), hex(where), f"{form.name}: address")
            must(low <= got[1] < low + size, f"{form.name}: {got[1]:#x}")
        must(not left, f"false stops: "
             f"{[(k, hex(a), hex(p), self.name_at(p)) for k, a, p in left]}")

    def name_at(self, pc: int) -> str:
        """The form that PC is in."""
        return next((f.name for f in self.forms if f.at <= pc <= f.end), "?")

    def compare(self, got: list[bytes]) -> None:
        """All as undisturbed?"""
        names = [f.name for f in self.forms] + ["memory"]
        bad = [n for n, a, b in zip(names, got, self.wanted)
               if a != b]
        must(not bad, f"other results than undisturbed: {bad}")


def ranges(run: Run) -> list[tuple[str, int, int]]:
    """Places to watch: by one comparator, by MASK, by pages."""
    place, area = run.place, run.base
    return [("8 bytes", place, 8), ("1 byte", place + 5, 1),
            ("2 bytes before", place - 2, 2), ("64 bytes", place, 64),
            ("12 bytes over a boundary", place + 4, 12),
            ("16 bytes behind all", place + 0x80, 16),
            ("48 bytes", place + 8, 48), ("a page", area + 0x1000, 0x1000),
            ("the page before", area, 0x1000),
            ("three pages", area, 0x3000), ("20000 bytes", area + 8, 20000)]


def by_packets(report: Report, run: Run, rsp: Rsp) -> None:
    """All forms, kinds and ranges."""
    run.to_start(rsp)
    run.to_start(rsp)
    run.wanted = run.outcome(rsp)
    for what, low, size in ranges(run):
        for kind, name in KINDS.items():
            run.recover(rsp)
            with report.case(f"{name} on {what}"):
                run.dirty = f"z{kind},{low:x},{size:x}"
                stops = run.all_with(rsp, str(kind), low, size)
                run.to_start(rsp)
                run.check(stops, kind, low, size)
                run.compare(run.outcome(rsp))
                run.dirty = ""


def on_breakpoints(report: Report, run: Run, rsp: Rsp) -> None:
    """The place lies on a page that has breakpoints too."""
    beside = [f"{run.names['area'] + 0x1800:x},4"]
    under = [f"{form.at:x},4{FALSE}" for form in run.forms]
    for breaks, where in ((beside, "beside a breakpoint"),
                          (under, "by instructions under breakpoints")):
        for kind, name in KINDS.items():
            for size in (8, 48):
                run.recover(rsp)
                run.breaks = breaks
                with report.case(f"{name} on {size} bytes {where}"):
                    run.dirty = f"z{kind},{run.place:x},{size:x}"
                    stops = run.all_with(rsp, str(kind), run.place, size)
                    run.to_start(rsp)
                    run.check(stops, kind, run.place, size)
                    run.compare(run.outcome(rsp))
                    run.dirty = ""
                run.breaks = []


def main() -> int:
    report = Report()
    for cpu, words in MACHINES:
        report.prefix = f"{' '.join([cpu, *words])} "
        with Gdb() as gdb, start("watch", gdb, cpu, monitor=words) as guest:
            run = Run(gdb)
            with Rsp(guest) as rsp:
                by_packets(report, run, rsp)
                on_breakpoints(report, run, rsp)
    for cpu in ("cortex-a57", "max"):
        report.prefix = f"{cpu} PCI device "
        with Gdb() as gdb, start("watch", gdb, cpu, extra=IVSHMEM) as guest:
            run = Run(gdb, True)
            must(run.base == WINDOW, hex(run.place))
            with Rsp(guest) as rsp:
                by_packets(report, run, rsp)
    return report.end()


sys.exit(main())
