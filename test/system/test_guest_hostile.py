#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
"""A guest that means no good: every system register, the monitor's memory,
firmware calls at random. It gets what it gets natively, or an exception; the
monitor and the session live."""

from __future__ import annotations

import os
import re
import struct
import sys

from bare import Program, Rsp, run_to, start
from harness import Bad, Gdb, Report, must, same
from same import Differences, MOVING, name_of

ENCODINGS = 32768
WORDS = {1: "a value", 2: "undefined", 3: "another exception"}
differences = Differences()
# Calls and writes at random; HYPERSTUB_TRIES=1000000 for a longer run.
TRIES = int(os.environ.get("HYPERSTUB_TRIES", "4000"))
SECONDS = 60 + TRIES / 1000


class Run(Program):
    """The guest at its checkpoint."""

    def __init__(self, rsp: Rsp) -> None:
        super().__init__("hostile", rsp)

    def result(self, index: int) -> int:
        """What a task has left."""
        return self.peek("result", index)

    def task(self, number: int, seconds: float = 60) -> None:
        """To the checkpoint, past it, and there again."""
        at = self.names["checkpoint"]
        for _ in range(2):
            self.poke("command", number)
            same(self.rsp.ask(f"Z0,{at:x},4"), "OK")
            self.rsp.send("vCont;c")
            reply = self.rsp.reply(seconds)
            self.rsp.ask(f"z0,{at:x},4")
            must(self.rsp.register(32) == at, reply)
            self.rsp.ask("vCont;s:1")

    def registers(self) -> tuple[bytes, tuple]:
        """status[] and value[]."""
        def all_of(name: str, size: int) -> bytes:
            out = b""
            while len(out) < size:
                out += self.rsp.read(self.names[name] + len(out),
                                     min(1024, size - len(out)))
            return out
        self.task(1, 120)
        return all_of("status", ENCODINGS), struct.unpack(
            f"<{ENCODINGS}Q", all_of("value", 8 * ENCODINGS))


def compare(report: Report, native: tuple, ours: tuple) -> None:
    """Register by register; what may differ docs/architecture.md says."""
    with report.case("each system register is there or not as natively"):
        bad = [f"{name_of(e)}: {WORDS.get(b, b)}, natively {WORDS.get(a, a)}"
               for e, (a, b) in enumerate(zip(native[0], ours[0]))
               if a != b and not (a == 1 and b == 2 and differences.allowed(
                   name_of(e), 0, None))]
        must(not bad, f"{len(bad)}: {bad[:40]}")
    with report.case("each system register reads as natively"):
        bad = [f"{name_of(e)}: {b:#x}, natively {a:#x}"
               for e, (a, b) in enumerate(zip(native[1], ours[1]))
               if a != b and native[0][e] == ours[0][e] == 1
               and name_of(e) not in MOVING
               and not differences.allowed(name_of(e), a, b)]
        must(not bad, f"{len(bad)}: {bad[:40]}")


def monitor_says(rsp: Rsp, command: str) -> str:
    """What a monitor command prints."""
    text = ""
    rsp.send("qRcmd," + command.encode().hex())
    for _ in range(200):
        reply = rsp.reply()
        if reply == "OK" or reply.startswith("E"):
            break
        text += bytes.fromhex(reply[1:] if reply[0] == "O"
                              else reply).decode(errors="replace")
        if reply[0] != "O":
            break
    return text


def monitor_memory(rsp: Rsp) -> tuple[int, int]:
    """Where the monitor says it is."""
    text = monitor_says(rsp, "log")
    match = re.search(r"monitor at (0x[0-9a-f]+) \(.* of (\d+) used", text)
    if not match:
        raise Bad(f"monitor log: {text}")
    return int(match.group(1), 16), int(match.group(2)) << 10


def attacks(report: Report, run: Run) -> None:
    """Memory, firmware, instructions."""
    rsp = run.rsp
    with report.case("the monitor's memory cannot be reached"):
        base, size = monitor_memory(rsp)
        for offset, length, step in ((0, 4 << 20, 4096), (0, size, 65536),
                                     (size - 65536, 65536, 512)):
            run.poke("range_base", base + offset)
            run.poke("range_size", length)
            run.poke("range_step", step)
            run.task(2, 120)
            same(run.result(0), length // step, "tries")
            same(run.result(1), 0, "let through")
    with report.case("no table of the GIC is put there"):
        run.poke("range_base", base)
        run.poke("range_size", size)
        run.task(6)
        same(run.result(0), 0, "let through")
        text = monitor_says(rsp, "info irq")
        must(int(re.search(r"refused (\d+)", text)[1]) > 20, text)
        run.poke("range_base", 0x4400_0000)
        run.task(6)
        same(run.result(0), 27, "of 27 in the guest's own memory")
    run.poke("tries", TRIES)
    with report.case("firmware called at random"):
        for seed in (1, 2, 3):
            run.poke("seed", seed)
            run.task(3, SECONDS)
            must(run.result(0) > TRIES // 4, "no calls")
            must(0x10000 <= run.result(1) < 0x20000, "PSCI lives")
    with report.case("registers written at random"):
        for seed in (1, 2):
            run.poke("seed", seed)
            run.task(5, SECONDS)
            must(run.result(0) > TRIES // 1000, "nothing was let")
            must(0x10000 <= run.result(1) < 0x20000, "PSCI lives")
    with report.case("odd instructions"):
        run.task(4)
        must(run.result(0) > 32, "nothing faulted")
    with report.case("the session lives"):
        must(rsp.ask("qfThreadInfo").startswith("m"), "threads")
        must(len(rsp.read(run.names["checkpoint"], 16)) == 16, "memory")
        text = rsp.ask("m48000000,10")
        must(text.startswith("E"), f"the monitor's memory by gdb: {text}")


def main() -> int:
    report = Report()
    for cpu in ("cortex-a76", "cortex-a57", "max"):
        report.prefix = f"{cpu} "
        native: tuple = ()
        for real in (True, False):
            with Gdb() as gdb, start("hostile", gdb, cpu,
                                     native=real) as guest:
                run_to(gdb, "&checkpoint")
                gdb.cmd("disconnect")
                with Rsp(guest) as rsp:
                    run = Run(rsp)
                    if real:
                        native = run.registers()
                        continue
                    compare(report, native, run.registers())
                    attacks(report, run)
    return report.end()


sys.exit(main())
