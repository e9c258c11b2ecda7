#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 400 s
"""Breakpoints in text that does not stand still: before the MMU is on, in
modules that come and go, under ftrace, kprobes and jump labels, and by the
ten thousand. No byte of the guest's text changes for them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from guest_programs import HOT, hot_all, programs
from harness import Gdb, Guest, Report, assets, must, same, symbols

KERNEL = "kernel-6.1"
MODULE = "dummy"        # a network device: no hardware, no other module
CPUS = 4
report = Report("linux text: ")


def first_instruction(gdb: Gdb, guest: Guest) -> None:
    with report.case("--wait: gdb meets the first instruction, MMU off",
                     gdb):
        gdb.attach(guest)
        same(gdb.value("$SCTLR_EL1.M"), 0, "SCTLR_EL1.M")
        same(gdb.value("$CurrentEL"), 4, "CurrentEL")
        text = gdb.cmd("x/2i $pc")
        must("0x40200000" in text, text)
        lines = gdb.threads()
        same(len([line for line in lines if "(off" in line]), CPUS - 1,
             "CPUs that are off")
    with report.case("stepi from the first instruction", gdb):
        places = [gdb.value("$pc")]
        for _ in range(20):
            gdb.cmd("stepi")
            places.append(gdb.value("$pc"))
        same(len(set(places)), 21, "places")
    with report.case("a breakpoint at a physical address before the MMU",
                     gdb):
        low = gdb.value("(long)&__enable_mmu - (long)&_text") + 0x40200000
        gdb.cmd(f"tbreak *{low:#x}")
        gdb.go()
        same(gdb.value("$pc"), low, "PC")
    with report.case("stepping over the instruction that turns the MMU on",
                     gdb):
        for count in range(400):
            gdb.cmd("stepi")
            if gdb.value("$SCTLR_EL1.M"):
                break
        same(gdb.value("$SCTLR_EL1.M"), 1, "SCTLR_EL1.M")
        print(f"# on after {count + 1} steps")
        for _ in range(5):
            gdb.cmd("stepi")
        # From the identity map to the kernel's own addresses: a loop of
        # thousands of relocations lies between.
        gdb.cmd("tbreak *&__primary_switched")
        text = gdb.go()
        must("__primary_switched ()" in text, text)
        must(gdb.value("$pc") >> 48, "not in the upper half")
        for _ in range(5):
            gdb.cmd("stepi")
    gdb.cmd("detach")


PENDING = ("start_kernel", "setup_arch", "sched_init", "rcu_init",
           "init_IRQ", "time_init", "console_init", "vfs_caches_init",
           "fork_init", "rest_init", "kernel_init",
           "secondary_start_kernel")


def pending(gdb: Gdb, guest: Guest) -> None:
    with report.case("start_kernel and eleven more, pending at --wait", gdb):
        gdb.attach(guest)
        for name in PENDING:
            text = gdb.cmd(f"break {name}")
            must("Breakpoint" in text, text)
        text = gdb.go(60)
        must("start_kernel ()" in text, text)
        seen = ["start_kernel"]
        while len(seen) < len(PENDING) + CPUS - 2:
            text = gdb.go(60)
            match = re.search(r" in (\w+) \(\)", text)
            must(match, text)
            seen.append(match.group(1))
        same(sorted(seen), sorted(
            PENDING + ("secondary_start_kernel",) * (CPUS - 2)), "stops")
        gdb.cmd("delete")
        gdb.send("continue")
        guest.wait_up()
        gdb.interrupt()


def reset(gdb: Gdb, guest: Guest) -> None:
    with report.case("monitor reset, and start_kernel is hit again", gdb):
        gdb.cmd("break start_kernel")
        start = len(guest.console.text)
        text = gdb.cmd("monitor reset", 30)
        must("unknown" not in text, text)
        # gdb's registers are those of before: let it read them again.
        gdb.cmd("maint flush register-cache")
        same(gdb.value("$pc"), 0x40200000, "PC")
        text = gdb.go(60)
        must("start_kernel ()" in text, text)
        gdb.cmd("delete")
        gdb.send("continue")
        guest.console.wait("guest: init up", 60, start)
        gdb.interrupt()


def module(gdb: Gdb, guest: Guest) -> None:
    with report.case("a breakpoint in a module is hit at each insmod, set "
                     "before it is there", gdb):
        gdb.send("continue")
        guest.sh(f"insmod /{MODULE}.ko numdummies=1")
        # With no KASLR a module comes to the same place each time.
        text = guest.sh(f"cat /sys/module/{MODULE}/sections/.text").strip()
        guest.sh(f"rmmod {MODULE}")
        gdb.interrupt()
        file = guest.folder / f"{MODULE}.ko"
        file.write_bytes(assets.kernel(KERNEL).module(MODULE))
        gdb.cmd(f"add-symbol-file {file} {text}")
        text = gdb.cmd("break *&dummy_setup")
        must("Breakpoint" in text, text)
        place = gdb.value("(long)&dummy_setup")
        for turn in range(3):
            token = guest.start_sh(f"insmod /{MODULE}.ko numdummies=1")
            text = gdb.go(60)
            must("Breakpoint" in text and "dummy_setup ()" in text,
                 f"insmod {turn + 1}: {text}")
            same(gdb.value("$pc"), place, "PC")
            chain = gdb.cmd("bt")
            must("alloc_netdev_mqs" in chain, chain)
            gdb.send("continue")
            guest.end_sh(token, 30)
            guest.sh(f"rmmod {MODULE}")
            gdb.interrupt()
        gdb.cmd("delete")


TRACING = "/sys/kernel/tracing"


def patching(gdb: Gdb, guest: Guest) -> None:
    """The guest changes instructions on pages that have breakpoints."""
    at = gdb.value(f"(long)&{HOT}")
    with report.case("function tracer on and off under breakpoints", gdb):
        # The second instruction is the tracer's NOP; break there as well.
        for offset in (0, 4, 8):
            gdb.cmd(f"break *{at + offset:#x} if *(long *)$x0 == 4242")
        gdb.send("continue")
        for _ in range(2):
            guest.sh(f"cd {TRACING}; echo {HOT} >set_ftrace_filter; "
                     "echo function >current_tracer; echo >trace; cd /", 60)
            guest.sh("hot 1 50")
            text = guest.sh(f"grep -c {HOT} {TRACING}/trace")
            same(text.strip(), "50", "calls in the trace")
            guest.sh(f"cd {TRACING}; echo nop >current_tracer; "
                     "echo >set_ftrace_filter; cd /", 60)
            guest.sh("hot 1 50")
        token = guest.start_sh("hot 2 1 4242")
        stops = []
        for _ in range(3):
            text = gdb.wait(20)
            must("hit Breakpoint" in text, text)
            stops.append(gdb.value("$pc") - at)
            gdb.send("continue")
        same(stops, [0, 4, 8], "the three breakpoints")
        guest.end_sh(token)
    with report.case("the tracer patches a breakpoint's own word", gdb):
        guest.sh(f"cd {TRACING}; echo {HOT} >set_ftrace_filter; "
                 "echo function >current_tracer; echo >trace; cd /", 60)
        token = guest.start_sh("hot 2 1 4242")
        for offset in (0, 4, 8):
            text = gdb.wait(20)
            must("hit Breakpoint" in text, text)
            same(gdb.value("$pc") - at, offset, "stop")
            if offset == 4:
                must(re.search(r"\bbl\b", gdb.cmd("x/i $pc")),
                     gdb.cmd("x/i $pc"))
            gdb.send("continue")
        guest.end_sh(token)
        same(guest.sh(f"grep -c {HOT} {TRACING}/trace").strip(), "1",
             "calls in the trace")
        guest.sh(f"cd {TRACING}; echo nop >current_tracer; "
                 "echo >set_ftrace_filter; cd /", 60)
    with report.case("kprobes under breakpoints on the same page", gdb):
        for turn in range(2):
            guest.sh(f"echo 'p:hs {HOT}+8' >{TRACING}/kprobe_events && "
                     f"echo >{TRACING}/trace && "
                     f"echo 1 >{TRACING}/events/kprobes/hs/enable", 30)
            guest.sh("hot 3 20")
            same(guest.sh(f"grep -c hs: {TRACING}/trace").strip(), "20",
                 "probes hit")
            guest.sh(f"echo 0 >{TRACING}/events/kprobes/hs/enable; "
                     f"echo >{TRACING}/kprobe_events", 30)
            guest.sh("hot 3 20")
    with report.case("a kprobe on the breakpoint's own instruction", gdb):
        guest.sh(f"echo 'p:hs {HOT}+8' >{TRACING}/kprobe_events && "
                 f"echo >{TRACING}/trace && "
                 f"echo 1 >{TRACING}/events/kprobes/hs/enable", 30)
        token = guest.start_sh("hot 3 1 4242")
        for offset in (0, 4, 8):
            text = gdb.wait(20)
            must("hit Breakpoint" in text, text)
            same(gdb.value("$pc") - at, offset, "stop")
            gdb.send("continue")
        guest.end_sh(token)
        same(guest.sh(f"grep -c hs: {TRACING}/trace").strip(), "1",
             "probes hit")
        guest.sh(f"echo 0 >{TRACING}/events/kprobes/hs/enable; "
                 f"echo >{TRACING}/kprobe_events", 30)
    with report.case("jump labels under breakpoints", gdb):
        gdb.interrupt()
        gdb.cmd("break *&try_to_wake_up if $x0 == 1")
        gdb.cmd("break *&__schedule if $x0 == 4242")
        gdb.send("continue")
        for _ in range(2):
            guest.sh(f"echo 1 >{TRACING}/events/sched/enable; sleep 0.3; "
                     f"echo 0 >{TRACING}/events/sched/enable", 60)
        guest.sh(f"echo >{TRACING}/trace")
        guest.sh(hot_all(CPUS, 200))
        gdb.interrupt()
        gdb.cmd("delete")


def checksums(gdb: Gdb, guest: Guest) -> None:
    with report.case("the guest's text is unchanged while breakpoints are in",
                     gdb):
        start = gdb.value("(long)&_stext")
        size = gdb.value("(long)&_etext - (long)&_stext")
        pages = min(size // 4096, 2048)
        before = bytes_of(gdb, start, pages * 4096)
        names = list(range(0, pages, 16))
        for page in names:
            gdb.cmd(f"break *{start + page * 4096 + 64:#x} if 0 == 1")
        gdb.send("continue")
        guest.sh(hot_all(CPUS, 50))
        gdb.interrupt()
        same(bytes_of(gdb, start, pages * 4096) == before, True,
             "text as the debugger reads it")
        gdb.cmd("delete")


def bytes_of(gdb: Gdb, address: int, size: int) -> bytes:
    """Guest memory by gdb's dump."""
    path = f"/tmp/hs-dump-{gdb.child.pid}"
    gdb.cmd(f"dump binary memory {path} {address:#x} {address + size:#x}",
            60)
    data = Path(path).read_bytes()
    Path(path).unlink()
    return data


MANY = ("python exec(\"for a in open('{path}').read().split(): "
        "gdb.execute('break *' + a + ' if 0 == 1', False, True)\")")


def entries(gdb: Gdb, count: int) -> list[int]:
    """So many functions' first instructions, spread over the kernel."""
    start, end = gdb.value("(long)&_stext"), gdb.value("(long)&_etext")
    names = subprocess.run(
        ["aarch64-linux-gnu-nm", str(symbols(KERNEL))],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    places = sorted({
        place for place, kind in (
            (int(line.split()[0], 16), line.split()[1])
            for line in names.splitlines())
        if kind in "tT" and start <= place < end and place % 4 == 0})
    step = len(places) / count
    return [places[int(step * n)] for n in range(count)]


def ten_thousand(gdb: Gdb, guest: Guest) -> None:
    with report.case("10000 breakpoints on over 1000 pages, none missed",
                     gdb):
        hot = gdb.value(f"(long)&{HOT}")
        places = [place for place in entries(gdb, 10000) if place != hot]
        must(len(places) >= 9999 and len({p >> 12 for p in places}) >= 1000,
             f"{len(places)} on {len({p >> 12 for p in places})} pages")
        path = guest.folder / "places"
        path.write_text(" ".join(map(str, places)))
        gdb.cmd(MANY.format(path=path), 200)
        gdb.cmd(f"break *{hot:#x}")
        number = gdb.value("$bpnum")
        gdb.cmd(f"ignore {number} 100000")
        gdb.cmd("set breakpoint always-inserted on", 100)
        token = guest.start_sh(hot_all(CPUS, 25))
        gdb.send("continue")
        guest.end_sh(token, 120)
        gdb.interrupt()
        same(gdb.hits(number), CPUS * 25, "hits")
        text = gdb.cmd("monitor info breakpoints")
        must(re.search(rf"in shadow pages +{len(places) + 1}\b", text), text)
        gdb.cmd("delete", 100)
        gdb.cmd("set breakpoint always-inserted off")
        gdb.send("continue")
        guest.sh(hot_all(CPUS, 25))
        gdb.interrupt()
        text = gdb.cmd("monitor info breakpoints")
        must(re.search(r"shadow pages: 0 of", text), text)


def main() -> int:
    modules = {f"{MODULE}.ko": assets.kernel(KERNEL).module(MODULE)}
    files = {**programs(), **modules}
    with Guest(smp=CPUS, files=files, append="nokaslr", wait=True) as guest:
        with Gdb(symbols=symbols(KERNEL)) as gdb:
            first_instruction(gdb, guest)
    with Guest(smp=CPUS, files=files, append="nokaslr", wait=True,
               monitor=("hyperstub.blocks=on",)) as guest, \
            Gdb(symbols=symbols(KERNEL)) as gdb:
        pending(gdb, guest)
        module(gdb, guest)
        patching(gdb, guest)
        checksums(gdb, guest)
        ten_thousand(gdb, guest)
        gdb.send("continue")
        with report.case("the kernel complains of nothing after all that"):
            guest.no_complaints()
        gdb.interrupt()
        reset(gdb, guest)
        gdb.cmd("detach")
    return report.end()


sys.exit(main())
