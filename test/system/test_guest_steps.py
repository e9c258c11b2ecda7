#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
"""Single steps on a small guest: each kind of instruction that traps, faults,
waits or changes the exception level; exclusives; two CPUs. The plain ones are
compared with QEMU's own stub."""

from __future__ import annotations

import re
import sys
import time

from bare import Rsp, registers, run_to, start, symbols_of
from harness import Bad, Gdb, Report, must, same
from machine import Client, Machine, RAM

MACHINES = (("cortex-a76", []), ("cortex-a57", []), ("max", []),
            ("cortex-a76", ["hyperstub.blocks=on"]),
            ("cortex-a76", ["hyperstub.granule=16K"]),
            ("cortex-a76", ["hyperstub.granule=64K"]))
VECTOR_SYNC, VECTOR_LOWER = 0x200, 0x400
PC, CPSR, BTYPE = 32, 33, 3 << 10


def go_to(gdb: Gdb, name: str) -> None:
    """Let CPU 0 stand at that case."""
    gdb.cmd(f"set $pc = (unsigned long)&{name}")


def stepi(gdb: Gdb) -> int:
    """One stepi; where it led."""
    text = gdb.cmd("stepi")
    must("SIG" not in text or "SIGTRAP" in text, text)
    return gdb.value("$pc")


def trace(gdb: Gdb, first: str, last: str) -> list[dict[str, int]]:
    """All registers after each step."""
    go_to(gdb, first)
    for n in range(31):
        gdb.cmd(f"set $x{n} = {n}")
    end, seen = gdb.value(f"(unsigned long)&{last}"), []
    while len(seen) < 200:
        pc = stepi(gdb)
        seen.append(registers(gdb))
        if pc == end:
            return seen
    raise AssertionError(f"{last} was not reached")


def plain(report: Report, cpu: str, words: list[str]) -> None:
    """The same registers after each step as natively."""
    traces = []
    for native in (True, False):
        with Gdb() as gdb, start("steps", gdb, cpu, native=native,
                                 monitor=[] if native else words):
            run_to(gdb, "&main")
            traces.append(trace(gdb, "case_plain", "plain_end"))
    with report.case("steps over ordinary code are as natively"):
        same(len(traces[1]), len(traces[0]), "number of steps")
        for number, (native, ours) in enumerate(zip(*traces)):
            ours["cpsr"] &= ~(1 << 21)
            native["cpsr"] &= ~(1 << 21)
            diff = {k: (hex(native[k]), hex(ours[k])) for k in native
                    if native[k] != ours[k]}
            same(diff, {}, f"step {number} at {native['pc']:#x}")


def traps(report: Report, gdb: Gdb) -> None:
    """Instructions that trap to EL2 or leave EL1."""
    with report.case("stepi over WFI and WFE does not wait", gdb):
        go_to(gdb, "case_wfi")
        for n in range(1, 6):
            same(stepi(gdb), gdb.value("(unsigned long)&case_wfi") + 4 * n)
    with report.case("stepi over HVC and SMC", gdb):
        at = gdb.value("(unsigned long)&case_hvc")
        go_to(gdb, "case_hvc")
        for n in (1, 2):
            same(stepi(gdb), at + 4 * n)
        must(0x10000 <= gdb.value("$x0") < 0x20000, "PSCI_VERSION by HVC")
        for n in (3, 4):
            same(stepi(gdb), at + 4 * n)
        # There is no EL3 on this machine: undefined, as without a monitor.
        same(stepi(gdb), gdb.value("(unsigned long)&vectors")
             + VECTOR_SYNC, "SMC leads to the vector")
        same(gdb.value("$ESR_EL1"), 0x02000000, "ESR_EL1")
    with report.case("stepi over ERET to EL0 and SVC back", gdb):
        go_to(gdb, "case_eret")
        for _ in range(4):
            stepi(gdb)
        same(stepi(gdb), gdb.value("(unsigned long)&el0_code"))
        same(gdb.value("$cpsr & 0xf"), 0, "EL0t")
        stepi(gdb)
        same(stepi(gdb), gdb.value("(unsigned long)&vectors")
             + VECTOR_LOWER, "SVC leads to the vector")
        same(gdb.value("$cpsr & 0xf"), 5, "EL1h")
        same(gdb.value("$ESR_EL1"), 0x56000005, "ESR_EL1")
        same(gdb.value("$ELR_EL1"), gdb.value("(unsigned long)&el0_after"))
        same(gdb.value("$SPSR_EL1"), 0x3c0, "SPSR_EL1")
    with report.case("stepi over trapped system registers", gdb):
        go_to(gdb, "case_sysregs")
        end = gdb.value("(unsigned long)&sysregs_end")
        pc = gdb.value("$pc")
        while pc != end:
            same(stepi(gdb), pc + 4)
            pc += 4
        for name, value in (("x4", 0), ("x7", 0x5678), ("x8", 0x5678),
                            ("x11", 0x5678)):
            same(gdb.value(f"${name}"), value, name)
        same(gdb.value("$x3") & (1 << 15 | 1), 0, "MDSCR_EL1.MDE and SS")
        same(gdb.value("$x0"), gdb.value("$MIDR_EL1"), "MIDR_EL1")


def faults(report: Report, gdb: Gdb) -> None:
    """A step ends at the vector."""
    vector = gdb.value("(unsigned long)&vectors") + VECTOR_SYNC
    with report.case("a data abort: the step ends at the vector", gdb):
        go_to(gdb, "case_abort")
        stepi(gdb)
        same(stepi(gdb), vector)
        same(gdb.value("$ESR_EL1") >> 26, 0x25, "EC")
        same(gdb.value("$FAR_EL1"), 0x3f000000, "FAR_EL1")
        same(gdb.value("$ELR_EL1"), gdb.value("(unsigned long)&abort_at"))
        same(gdb.value("$SPSR_EL1") & 0x20000f, 5, "EL1h, no SS")
        run_to(gdb, "&abort_after")
    with report.case("the guest's own BRK arrives at its vector", gdb):
        go_to(gdb, "case_brk")
        stepi(gdb)
        same(stepi(gdb), vector)
        same(gdb.value("$ESR_EL1"), 0xf2000123, "ESR_EL1")
        same(gdb.value("$ELR_EL1"), gdb.value("(unsigned long)&brk_at"))
        run_to(gdb, "&brk_after")
    with report.case("BRK while running is the guest's, no stop", gdb):
        count = gdb.value("exc[0].count")
        go_to(gdb, "case_brk")
        run_to(gdb, "&brk_after")
        same(gdb.value("exc[0].count"), count + 1)
        same(gdb.value("exc[0].esr"), 0xf2000123)
    with report.case("a breakpoint on the guest's own BRK, then the BRK", gdb):
        count = gdb.value("exc[0].count")
        go_to(gdb, "case_brk")
        gdb.cmd("break *&brk_at")
        must("Breakpoint" in gdb.go(), "stops at brk_at")
        same(gdb.value("$pc"), gdb.value("(unsigned long)&brk_at"))
        same(gdb.value("exc[0].count"), count, "before the BRK")
        gdb.cmd("delete")
        run_to(gdb, "&brk_after")
        same(gdb.value("exc[0].count"), count + 1)
        same(gdb.value("exc[0].esr"), 0xf2000123)
    with report.case("an undefined instruction: the vector", gdb):
        go_to(gdb, "case_undefined")
        same(stepi(gdb), vector)
        same(gdb.value("$ESR_EL1"), 0x02000000, "ESR_EL1")


def mmio(report: Report, gdb: Gdb) -> None:
    """A step over an access to a watched page performs it once."""
    with report.case("stepi over an access to a watched device page", gdb):
        go_to(gdb, "case_mmio")
        gdb.cmd("awatch *(unsigned int *)0x09010fe0")
        gdb.cmd("awatch *(unsigned int *)0x09010004")
        text = gdb.go()
        must("0x09010fe0" in text or "watchpoint" in text, text)
        same(gdb.value("$pc"), gdb.value("(unsigned long)&mmio_read"))
        same(gdb.value("$x0"), 0x31, "PL031's PeriphID0")
        text = gdb.go()
        same(gdb.value("$pc"), gdb.value("(unsigned long)&mmio_written"))
        must(re.search(r"4660|0x1234", text), text)
        gdb.cmd("delete")
        go_to(gdb, "mmio_written")
        same(stepi(gdb), gdb.value("(unsigned long)&mmio_end"))
        same(gdb.value("$x3"), 0x1234)


def exclusives(report: Report) -> None:
    """LDXR..STXR as one step; by packets, as gdb does it by itself."""
    names = symbols_of("steps")
    with Gdb() as gdb, start("steps", gdb) as guest:
        run_to(gdb, "&main")
        gdb.cmd("disconnect")
        with Rsp(guest) as rsp, report.case("a step takes LDXR..STXR as one"):
            rsp.set_register(32, names["case_exclusive"])
            for _ in range(3):
                rsp.ask("vCont;s:1")
            same(rsp.register(32), names["exclusive_load"])
            must(rsp.ask("vCont;s:1").startswith("T05"), "a stop")
            pc = rsp.register(32)
            # past the STXR: at the CBNZ or behind it
            must(names["exclusive_load"] + 12 <= pc
                 <= names["exclusive_end"], hex(pc))
            for _ in range(20):
                if rsp.register(32) == names["exclusive_end"]:
                    break
                rsp.ask("vCont;s:1")
            same(rsp.register(32), names["exclusive_end"])
            same(rsp.read(names["scratch"], 8).hex(), "0100000000000000")
        with Rsp(guest) as rsp, report.case("a sequence left by a branch"):
            rsp.set_register(32, names["exclusive2"])
            rsp.ask("vCont;s:1")
            pc = rsp.register(32)
            same(pc, names["exclusive2_out"])
        with Rsp(guest) as rsp, report.case("a step onto a breakpoint in it"):
            rsp.set_register(32, names["case_exclusive"])
            at = names["exclusive_load"]
            same(rsp.ask(f"Z0,{at + 12:x},4"), "OK")
            for _ in range(4):
                rsp.ask("vCont;s:1")
            pc = rsp.register(32)
            must(at + 12 <= pc <= names["exclusive_end"], hex(pc))
            same(rsp.ask(f"z0,{at + 12:x},4"), "OK")


def moved(report: Report) -> None:
    """Another PC asks for no landing pad, however it is written."""
    names = symbols_of("steps")
    with Gdb() as gdb, start("steps", gdb, "max") as guest:
        run_to(gdb, "&main")
        gdb.cmd("disconnect")
        with Rsp(guest) as rsp, report.case("G with another PC: BTYPE is 0"):
            rsp.set_register(PC, names["case_plain"])
            same(rsp.ask(f"P{CPSR:x}=c5080000"), "OK")
            same(rsp.register(CPSR) & BTYPE, 2 << 10, "BTYPE")
            old = bytes.fromhex(rsp.ask("g"))
            same(rsp.ask("G" + old.hex()), "OK")
            same(rsp.register(CPSR) & BTYPE, 2 << 10, "BTYPE, PC the same")
            new = names["plain_end"].to_bytes(8, "little")
            same(rsp.ask("G" + (old[:PC * 8] + new
                                + old[PC * 8 + 8:]).hex()), "OK")
            same(rsp.register(PC), names["plain_end"], "PC")
            same(rsp.register(CPSR) & BTYPE, 0, "BTYPE")


def retries(report: Report) -> None:
    """Breakpoints between LDXR and STXR: the guest gets on."""
    for cpu in ("cortex-a57", "cortex-a76"):
        with Gdb() as gdb, start("steps", gdb, cpu) as guest:
            run_to(gdb, "&main")

            for kind in ("break", "hbreak"):
                for place in ("retry_middle", "retry_store", "retry_check"):
                    with report.case(f"{cpu}: a false condition, {kind} at "
                                     f"{place}", gdb):
                        gdb.cmd("delete")
                        gdb.cmd(f"{kind} *(char *)&{place} if $x6 == 1")
                        gdb.cmd("tbreak *(char *)&retry_end")
                        gdb.cmd("set var $x6 = 0")
                        gdb.cmd("set var $pc = (unsigned long)&case_retries")
                        gdb.go(60)
                        same(gdb.value("$pc"),
                             gdb.value("(unsigned long)&retry_end"))
                        same(gdb.value("*(unsigned long *)&scratch"), 100)
                        same(gdb.value("$x4"),
                             100 if place == "retry_check" else 200)
                with report.case(f"{cpu}: {kind} within, hits counted", gdb):
                    gdb.cmd("delete")
                    text = gdb.cmd(f"{kind} *(char *)&retry_store")
                    number = re.search(r"reakpoint (\d+)", text).group(1)
                    gdb.cmd(f"ignore {number} 1000")
                    gdb.cmd("tbreak *(char *)&retry_end")
                    gdb.cmd("set var $pc = (unsigned long)&case_retries")
                    gdb.go(60)
                    same(gdb.value("$pc"),
                         gdb.value("(unsigned long)&retry_end"))
                    text = gdb.cmd(f"info breakpoints {number}")
                    must("hit 100 times" in text, text)
                    same(gdb.value("*(unsigned long *)&scratch"), 100)
            with report.case(f"{cpu}: code stored on the way to the next try", gdb):
                gdb.cmd("delete")
                gdb.cmd("break *(char *)&patch_middle if $x6 == 77")
                gdb.cmd("tbreak *(char *)&patch_end")
                gdb.cmd("set var $pc = (unsigned long)&case_retry_patch")
                gdb.go(60)
                same(gdb.value("$pc"), gdb.value("(unsigned long)&patch_end"))
                same(gdb.value("$x4"), 16, "passes")
                same(gdb.value("$x7"), 0, "stale instructions")


UNMAPPED = 0x1000001000


def store_retries(report: Report) -> None:
    """
    LDXR..STXR where only what follows LDXR comes to EL2: it stores to a table
    that a breakpoint waits for, or a comparator of the guest's is there that
    does not count. Beside it a breakpoint in the loop, or steps.
    """
    places = ["", "hbreak *(char *)&patch_end"] + [
        f"break *(char *)&{place}{rest}" for rest in (" if $x6 == 1", "")
        for place in ("table_load", "table_middle", "table_store",
                      "table_check", "table_next")]
    for cpu in ("cortex-a57", "cortex-a76"):
        for case, others in (("table", f"break *{UNMAPPED:#x}"),
                             ("watch", "hbreak *&main"),
                             ("break", "hbreak *&main")):
            with Gdb() as gdb, start("steps", gdb, cpu):
                run_to(gdb, "&main")
                gdb.cmd(f"set var $pc = (unsigned long)&{case}_retries")
                run_to(gdb, "&case_table_retries")
                retry = Retry(gdb, others)
                for place in places:
                    with report.case(f"{cpu}: exclusives, {case}, "
                                     f"{place or 'no breakpoint'}", gdb):
                        retry.run(place)
                with report.case(f"{cpu}: exclusives, {case}, steps", gdb):
                    retry.steps()


class Retry:
    """The loop, which counts at x0."""

    def __init__(self, gdb: Gdb, others: str) -> None:
        self.gdb, self.others = gdb, others
        self.at = gdb.value("$x0")

    def begin(self) -> None:
        self.gdb.cmds("delete", self.others, "set var $x6 = 0",
                      f"set var *(unsigned long *){self.at:#x} = 0",
                      f"set var $x0 = {self.at:#x}",
                      "set var $pc = (unsigned long)&case_table_retries")

    def count(self) -> int:
        return self.gdb.value(f"*(unsigned long *){self.at:#x}")

    def run(self, place: str) -> None:
        """To its end, with that command's breakpoint in it."""
        self.begin()
        gdb, counts = self.gdb, place.startswith("b") and "if" not in place
        gdb.cmd(place or "echo")
        if counts:
            gdb.cmd("ignore $bpnum 1000")
            number = gdb.value("$bpnum")
        gdb.cmd("tbreak *(char *)&table_end")
        gdb.go(60)
        same(gdb.value("$pc"), gdb.value("(unsigned long)&table_end"))
        same(self.count(), 200)
        if counts:
            must(100 <= gdb.hits(number) <= 200, "hits")

    def steps(self) -> None:
        """By one, and by a range that the loop is in."""
        gdb = self.gdb
        self.begin()
        for _ in range(40):
            stepi(gdb)
        must(self.count() > 2, "no try succeeds")
        self.begin()
        gdb.cmd("set breakpoint always-inserted on")
        text = gdb.cmd('eval "maint packet vCont;r%lx,%lx:1", '
                       "&case_table_retries, &table_end", 60)
        must("T05" in text, text)
        gdb.cmd("maint flush register-cache")
        same(gdb.value("$pc"), gdb.value("(unsigned long)&table_end"))
        same(self.count(), 200)


def two_cpus(report: Report) -> None:
    """s with and without c for the others; lines of C."""
    names = symbols_of("steps")
    with Gdb() as gdb, start("steps", gdb, smp=2) as guest:
        run_to(gdb, "&checkpoint")
        run_to(gdb, "&lines")
        with report.case("next over loops, calls and a wait for another CPU",
                         gdb):
            gdb.cmd("set scheduler-locking off")
            for _ in range(8):
                text = gdb.cmd("next", 60)
                if "ask_other" in text:
                    break
            before = gdb.value("handoff")
            text = gdb.cmd("next", 60)
            must("return v" in text, text)
            same(gdb.value("handoff"), 2)
            must(before in (0, 2), before)
            same(gdb.value("$_thread"), 1)
        with report.case("step into a function", gdb):
            run_to(gdb, "&lines")
            for _ in range(3):
                gdb.cmd("next", 60)
            text = gdb.cmd("step", 60)
            must("ask_other" in text or "work" in text, text)
            gdb.cmd("finish", 60)
        gdb.cmd("disconnect")
        with Rsp(guest) as rsp, report.case("s alone leaves others stopped"):
            rsp.set_register(32, names["case_plain"])
            ticks = rsp.read(names["ticks"] + 8, 8)
            other = rsp.ask("Hg2") and rsp.register(32)
            rsp.ask("Hg1")
            for _ in range(100):
                rsp.ask("vCont;s:1")
            same(rsp.read(names["ticks"] + 8, 8), ticks)
            rsp.ask("Hg2")
            same(rsp.register(32), other, "PC of the other")
            rsp.ask("Hg1")
        with Rsp(guest) as rsp, report.case("s:1;c lets the others run"):
            rsp.set_register(32, names["case_plain"])
            ticks = rsp.read(names["ticks"] + 8, 8)
            # one step in 32 has the other run for 100 us, if its host is there
            for n in range(4000):
                reply = rsp.ask("vCont;s:1;c")
                must(reply.startswith("T05") and "thread:1;" in reply, reply)
                rsp.set_register(32, names["case_plain"])
                if n >= 200 and not n % 32 \
                        and rsp.read(names["ticks"] + 8, 8) != ticks:
                    break
            else:
                raise Bad("the other CPU never ran")
        with Rsp(guest) as rsp, report.case("both step at once"):
            rsp.set_register(32, names["case_plain"])
            rsp.ask("Hg2")
            pc2 = rsp.register(32)
            first = rsp.ask("vCont;s")
            must(first.startswith("T05"), first)
            second = rsp.ask("vCont;s")
            must(second.startswith("T05"), second)
            must(rsp.register(32) != pc2, "CPU 1 has stepped")


# add x0, x0, #1 (twice); sub x1, x1, #1; cbnz x1, .-12; bl .+16; b .; nop;
# nop; ret
LOOP = (0x91000400, 0x91000400, 0xd1000421, 0xb5ffffa1, 0x94000004,
        0x14000000, 0xd503201f, 0xd503201f, 0xd65f03c0)


def ranges(report: Report) -> None:
    """vCont;r as it goes over the wire."""
    code = b"".join(word.to_bytes(4, "little") for word in LOOP)

    def put(number: int, value: int) -> None:
        same(stub.ask(f"P{number:x}={value.to_bytes(8, 'little').hex()}"),
             "OK")

    def runs(first: int, end: int, rest: str = "") -> str:
        stub.send(f"vCont;r{RAM + first:x},{RAM + end:x}:1{rest}")
        return stub.stop()

    with Machine("--memory", "128M", "--smp", "2", serial=False) as machine, \
            Client(machine) as stub:
        stub.ask("?")
        same(stub.ask(f"M{RAM:x},{len(code):x}:{code.hex()}"), "OK")
        for rest in ("", ";c"):
            with report.case(f"range step{rest}: to the range's end, however "
                             "often it goes back"):
                put(PC, RAM)
                put(0, 0)
                put(1, 5)
                text = runs(0, 0x10, rest)
                must(text.startswith("T05thread:1;"), text)
                same(stub.register(PC), RAM + 0x10)
                same([stub.register(0), stub.register(1)], [10, 0])
        with report.case("range step: out of it by a call"):
            must(runs(0x10, 0x14).startswith("T05thread:1;"), "call")
            same(stub.register(PC), RAM + 0x20)
        with report.case("range step: PC is outside, so one step"):
            must(runs(0, 0x10).startswith("T05thread:1;"), "ret")
            same(stub.register(PC), RAM + 0x14)
        with report.case("range step: a breakpoint in it stops"):
            put(PC, RAM)
            put(1, 3)
            same(stub.ask(f"Z0,{RAM + 8:x},4"), "OK")
            must("swbreak:;" in runs(0, 0x10), "no swbreak")
            same([stub.register(PC), stub.register(1)], [RAM + 8, 3])
            same(stub.ask(f"z0,{RAM + 8:x},4"), "OK")
            must("swbreak" not in runs(0, 0x10), "swbreak")
            same([stub.register(PC), stub.register(1)], [RAM + 0x10, 0])
        with report.case("range step: ^C ends one that does not end"):
            put(PC, RAM + 0x14)
            stub.send(f"vCont;r{RAM + 0x14:x},{RAM + 0x18:x}:1")
            time.sleep(0.3)
            must(stub.interrupt().startswith("T02thread:1;"), "^C")
            same(stub.register(PC), RAM + 0x14)


def main() -> int:
    report = Report()
    for cpu, words in MACHINES:
        report.prefix = f"{' '.join([cpu, *words])} "
        plain(report, cpu, words)
        with Gdb() as gdb, start("steps", gdb, cpu, monitor=words):
            run_to(gdb, "&main")
            traps(report, gdb)
            faults(report, gdb)
            mmio(report, gdb)
    report.prefix = ""
    exclusives(report)
    moved(report)
    retries(report)
    store_retries(report)
    two_cpus(report)
    ranges(report)
    return report.end()


sys.exit(main())
