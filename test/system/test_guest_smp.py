#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 280 s
"""Eight CPUs: hits on all at once, counts that are exact, power on and off under
breakpoints, SGIs, and a clock that stands still while the debugger looks."""

from __future__ import annotations

import struct
import sys
import time

from bare import Rsp, run_to, start, symbols_of
from harness import Gdb, Guest, Report, must, same

MINUS = 1 << 64
CPUS, ROUNDS, PER_CPU = 8, 100, 128


def poke(gdb: Gdb, name: str, value: int) -> None:
    """Set a variable of the guest's."""
    gdb.cmd(f"set var {name} = {value}")


def task(gdb: Gdb, number: int, seconds: float = 60) -> None:
    """One of the guest's tasks, to the next checkpoint; no other stop."""
    poke(gdb, "command", number)
    gdb.cmd("tbreak checkpoint")
    text = gdb.go(seconds)
    must("checkpoint" in text, text)
    same(gdb.value("$_thread"), 1)


def counts(report: Report, gdb: Gdb) -> None:
    """Conditions and hits with all CPUs in one function."""
    with report.case("a false condition on a hot function, all CPUs", gdb):
        gdb.cmd("break *hot if $x0 == 12345678")
        task(gdb, 1)
        for cpu in range(CPUS):
            same(gdb.value(f"per[{cpu}].calls"), ROUNDS)
        gdb.cmd("delete")
    with report.case("a condition that is true once for each CPU", gdb):
        gdb.cmd("break *hot if $x0 == 50")
        poke(gdb, "command", 1)
        gdb.cmd("tbreak checkpoint")
        threads = []
        while len(threads) < 20:
            text = gdb.go(60)
            if "checkpoint" in text:
                break
            same(gdb.value("$x0"), 50)
            threads.append(gdb.value("$_thread"))
        same(sorted(threads), list(range(1, CPUS + 1)), "threads that hit")
        for cpu in range(CPUS):
            same(gdb.value(f"per[{cpu}].calls"), ROUNDS)
        gdb.cmd("delete")
    with report.case("each hit of each CPU is reported once", gdb):
        poke(gdb, "rounds", 8)
        gdb.cmd("break *hot")
        poke(gdb, "command", 1)
        gdb.cmd("tbreak checkpoint")
        seen: dict[tuple[int, int], int] = {}
        for _ in range(CPUS * 8 + 10):
            text = gdb.go(60)
            if "checkpoint" in text:
                break
            key = gdb.value("$_thread"), gdb.value("$x0")
            seen[key] = seen.get(key, 0) + 1
        same(len(seen), CPUS * 8, "hits")
        same(set(seen.values()), {1}, "reported so often")
        gdb.cmd("delete")
        poke(gdb, "rounds", ROUNDS)


def power(report: Report, gdb: Gdb) -> None:
    """CPUs that go and come under breakpoints; PSCI's answers."""
    with report.case("PSCI answers to odd requests", gdb):
        task(gdb, 5)
        wanted = {0: MINUS - 4, 1: MINUS - 4, 2: MINUS - 2, 3: 0,
                  4: MINUS - 2, 5: MINUS - 2, 7: MINUS - 1, 9: 0,
                  10: MINUS - 1}
        got = {n: gdb.value(f"result[{n}]") for n in wanted}
        low = {n: v & 0xffffffff for n, v in got.items()}
        same(low, {n: v & 0xffffffff for n, v in wanted.items()})
        # no EL3: undefined, as natively
        same(gdb.value("result[6]"), 0x84000000, "X0 after an SMC")
        # QEMU's firmware knows no SMCCC_VERSION
        same(gdb.value("result[8]"), (1 << 64) - 1, "SMCCC version")
    with report.case("CPU_SUSPEND comes back with the timer", gdb):
        task(gdb, 6)
        same(gdb.value("result[0]"), 0)
        must(gdb.value("result[1]") >= 1, "no timer interrupt")
        must(gdb.value("result[2]") >= gdb.value("result[3]"), "too early")
    with report.case("seven CPUs off and on, with a breakpoint on all", gdb):
        gdb.cmd("break *hot")
        for _ in range(3):
            poke(gdb, "command", 4)
            gdb.cmd("tbreak checkpoint")
            threads = []
            for _ in range(20):
                text = gdb.go(60)
                if "checkpoint" in text:
                    break
                threads.append(gdb.value("$_thread"))
            same(sorted(threads), list(range(1, CPUS + 1)), "who hit")
            same([gdb.value(f"result[{n}]") for n in range(1, CPUS)],
                 [0] * (CPUS - 1), "CPU_ON")
            same([gdb.value(f"per[{n}].psci[0]") for n in range(1, CPUS)],
                 [0xabc0 + n for n in range(1, CPUS)], "context")
        gdb.cmd("delete")
        same(len(gdb.threads()), CPUS)


def interrupts(report: Report, gdb: Gdb) -> None:
    """SGIs to all; ticks while the debugger stops and continues."""
    with report.case("SGIs to all others and to itself", gdb):
        task(gdb, 3)
        same(gdb.value("per[0].sgis"), ROUNDS)
        for cpu in range(1, CPUS):
            same(gdb.value(f"per[{cpu}].sgis"), ROUNDS)


def clock(report: Report, guest: Guest, names: dict[str, int]) -> None:
    """500 stops; guest time stands still in each."""
    with Rsp(guest) as rsp:
        def words() -> list[tuple]:
            raw = rsp.read(names["per"], CPUS * PER_CPU)
            return [struct.unpack_from("<12Q", raw, n * PER_CPU)
                    for n in range(CPUS)]

        def stop() -> list[tuple]:
            rsp.peer.sendall(b"\x03")
            reply = rsp.reply()
            must(reply.startswith("T02"), reply)
            return words()

        with report.case("stopped and continued 500 times"):
            at = names["checkpoint"]
            rsp.ask(f"Z0,{at:x},4")
            must("swbreak" in rsp.ask("vCont;c"), "no checkpoint")
            rsp.ask(f"z0,{at:x},4")
            rsp.ask(f"M{names['command']:x},8:0200000000000000")
            rsp.send("vCont;c")
            for _ in range(500):
                time.sleep(0.002)
                stop()
                rsp.send("vCont;c")
            time.sleep(1)
            before = stop()
            rsp.send("vCont;c")
            time.sleep(1)
            after = stop()
            for cpu in range(CPUS):
                _, was, _, back = before[cpu][:4]
                same(back, 0, f"CPU {cpu}: the counter went back, by "
                     f"{before[cpu][11]} ticks at last")
                must(after[cpu][1] > was > 3,
                     f"CPU {cpu}: ticks {was}, then {after[cpu][1]}")
        with report.case("guest time stands still while stopped"):
            before = words()
            time.sleep(3)
            rsp.send("vCont;c")
            time.sleep(0.5)
            after = stop()
            frequency = 62_500_000
            # on a busy host not all of eight had a turn
            gone = [(after[cpu][4] - before[cpu][4]) / frequency
                    for cpu in range(CPUS)]
            must(max(gone) > 0 and all(0 <= each < 2.5 for each in gone),
                 f"so many seconds went by: {gone}")
        rsp.ask(f"M{names['keep_on']:x},8:0000000000000000")


def main() -> int:
    report = Report()
    names = symbols_of("smp")
    for cpu in ("cortex-a76", "cortex-a57"):
        report.prefix = f"{cpu} "
        with Gdb() as gdb, start("smp", gdb, cpu, CPUS) as guest:
            run_to(gdb, "&checkpoint", 60)
            same(gdb.value("cpus"), CPUS)
            counts(report, gdb)
            power(report, gdb)
            interrupts(report, gdb)
            gdb.cmd("disconnect")
            clock(report, guest, names)
    return report.end()


sys.exit(main())
