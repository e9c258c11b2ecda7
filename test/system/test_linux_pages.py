#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 5400 s
# needs: witness
"""Kernels with pages of each size and 52-bit addresses, on a stage 2 of pages of
each size: what they find and say is as natively, hardware marks pages as used
and written, and gdb stops, counts, watches and steps in them. KASLR is on. One
kernel has landing pads (BTI): breakpoints on them and on the branches to them.
One of each without HYPERSTUB_LONG=1, for most of the kernels have to be built."""

from __future__ import annotations

import difflib
import os
import re
import sys
import time
from dataclasses import dataclass

from guest_programs import HOT, hot_all, programs
from harness import Bad, Gdb, Guest, PHYS, Report, assets
from harness import libc_program, must, same, wanted
from lib.witness import Witness

CPUS = 4
TIMES = 200
GRANULES = ("4K", "16K", "64K")
LONG = os.environ.get("HYPERSTUB_LONG") == "1"
report = Report()


@dataclass(frozen=True)
class Kind:
    """A kernel, the cores it is run on, what its pages and addresses are."""

    words: str
    page: int
    bits: int               # of virtual addresses, on the core `max`

    @property
    def name(self) -> str:
        return self.words or "base"


BASE = Kind("", 4096, 48)
# A core without 52-bit addresses falls back to 48.
KINDS = (BASE, Kind("16k", 16384, 48), Kind("64k", 65536, 48),
         Kind("64k va52", 65536, 52), Kind("16k va52", 16384, 52),
         Kind("va52", 4096, 52), Kind("bti", 4096, 48),
         Kind("debug", 4096, 48))
USUAL = ((BASE, "max", ("64K",)),)


# Of what the kernel says at boot, that is not the same from one boot to the next.
VARIES = re.compile(
    r"random: crng|Memory: |rtc-pl031.*setting system clock|KASLR "
    r"|Freeing initrd|hrtimer: interrupt took")


def messages(guest: Guest) -> tuple[str, ...]:
    """What the kernel said at boot, with no times and no addresses; in no order,
    since parts of a boot are done side by side."""
    lines = re.findall(r"^\[ *[\d.]+\] (.*)$", guest.sh("dmesg"), re.M)
    return tuple(sorted(
        re.sub(r"0x[0-9a-f]{6,}|[0-9a-f]{16}", "ADDRESS", line)
        for line in lines if not VARIES.search(line)))


def facts(guest: Guest) -> dict[str, object]:
    """What the guest has found, and what its programs see."""
    return {
        "messages": messages(guest),
        "memory": re.findall(r"^ *\w+-\w+ : (?!reserved).*$",
                             re.sub(r".*Kernel (code|data).*\n", "",
                                    guest.sh("cat /proc/iomem")), re.M),
        "features": re.search(r"^Features.*$", guest.sh("cat /proc/cpuinfo"),
                              re.M).group(0),
        "size": guest.sh("pages size"),
        "high": guest.sh("pages high"),
        "marks": guest.sh("pages marks"),
    }


def attached(gdb: Gdb, guest: Guest, kind: Kind) -> None:
    with report.case("attached to where KASLR put it", gdb):
        gdb.attach(guest)
        text = gdb.cmd("x/s (char *)&linux_banner")
        must("Linux version 6.12" in text, text)
        same(len(gdb.threads()), CPUS, "threads")
        text = gdb.cmd("thread apply all bt")
        must(text.count("do_idle") >= CPUS // 2, text)
    with report.case("memory by its linear address is that by its physical",
                     gdb):
        start = gdb.value("*(long *)&memstart_addr")
        linear = -(1 << kind.bits) - start & (1 << 64) - 1
        for ram in (0x4100_0000, 0x5ff0_0040):
            text = gdb.cmd(f"monitor translate {linear + ram:#x}")
            must(f"to {ram:#x}," in text, text)
            same(gdb.cmd(f"output/x *(long[8] *){linear + ram:#x}"),
                 gdb.cmd(f"output/x *(long[8] *){PHYS + ram:#x}"), "memory")


# Where all of a kernel's time goes through; their conditions are false.
BUSY = ("el0_svc", "el0t_64_sync_handler", "el1h_64_irq_handler", "schedule",
        "finish_task_switch.isra.0", "try_to_wake_up", "vfs_write",
        "handle_mm_fault", "do_mem_abort", "hrtimer_interrupt",
        "gic_handle_irq", "__switch_to")


def counted(gdb: Gdb, guest: Guest) -> None:
    for kind in ("break", "hbreak"):
        with report.case(f"{kind}: four CPUs are counted exactly", gdb):
            text = "".join(gdb.cmd(f"break *&'{name}' if $x29 == 0x4242")
                           for name in BUSY)
            must(text.count("Breakpoint ") >= 10, text)
            gdb.cmd(f"{kind} *&{HOT}")
            number = gdb.value("$bpnum")
            gdb.cmd(f"ignore {number} 1000000")
            token = guest.start_sh(hot_all(CPUS, TIMES))
            gdb.send("continue")
            guest.end_sh(token, 120)
            gdb.interrupt()
            same(gdb.hits(number), CPUS * TIMES, "hits")
            gdb.cmd("delete")


def watched(gdb: Gdb, guest: Guest) -> None:
    with report.case("watch: who writes the result of a call, and stepi", gdb):
        gdb.cmd(f"tbreak *&{HOT}")
        token = guest.start_sh("once 1")
        text = gdb.go()
        must(HOT in text, text)
        gdb.cmd("set $result = (long *)$x0")
        gdb.cmd("watch *$result")
        text = gdb.go()
        must(re.search(r"Old value = 1\s+New value = 99", text), text)
        gdb.cmd("delete")
        _, places = gdb.steps(1.0, 100)
        must(places >= 50, f"{places} places")
        gdb.send("continue")
        guest.end_sh(token, 30, 99)
        gdb.interrupt()


def stopped_in(gdb: Gdb, guest: Guest, command: str) -> tuple:
    """A program that says where its memory is: its token, and that address."""
    gdb.cmd(f"tbreak *&{HOT}")
    token = guest.start_sh(command)
    text = gdb.go(60)
    must(HOT in text, text)
    return token, gdb.value("((long *)$x0)[1]")


def above(gdb: Gdb, guest: Guest, kind: Kind,
          native: dict[str, object]) -> None:
    """Breakpoints and a watchpoint in a program's highest addresses."""
    with report.case("a program's text and data, counted where they are", gdb):
        token, place = stopped_in(gdb, guest, "pages high")
        must(place >> 48 or "48 bits" in native["high"], f"at {place:#x}")
        numbers = []
        for command in (f"break *{place:#x}", f"hbreak *{place + 4:#x}",
                        f"watch *(long *){place + kind.page:#x}"):
            must("point" in gdb.cmd(command), command)
            numbers.append(gdb.value("$bpnum"))
            gdb.cmd("ignore $bpnum 100000")
        gdb.send("continue")
        same(guest.end_sh(token, 120), native["high"], "what it prints")
        gdb.interrupt()
        same([gdb.hits(number) for number in numbers], [100] * 3, "hits")
        gdb.cmd("delete")


def leaf(gdb: Gdb, address: int) -> tuple[int, int]:
    """The entry of the page tables that maps an address: where, and what."""
    text = gdb.cmd(f"monitor translate {address:#x}")
    match = re.search(r"^stage 1 level 3: \[(\w+)\] = (\w+)", text, re.M)
    must(match, text)
    return int(match[1], 16), int(match[2], 16)


AF, READ_ONLY, DBM = 1 << 10, 1 << 7, 1 << 51


def marked(gdb: Gdb, guest: Guest, native: dict[str, object]) -> None:
    """Hardware writes to a table that traps, and to its neighbours."""
    words = (("a word of the table", 0), ("a word beside it", 8))
    for what, offset in words if LONG else words[:1]:
        with report.case(f"pages used and written, while {what} is watched",
                         gdb):
            token, place = stopped_in(gdb, guest, "pages marks")
            entry, descriptor = leaf(gdb, place)
            must(descriptor & DBM and descriptor & READ_ONLY,
                 f"{descriptor:#x}")
            gdb.cmd(f"awatch *(long *){(PHYS + entry) ^ offset:#x} "
                    "if $x29 == 0x4242")
            gdb.cmd(f"tbreak *&{HOT}")
            text = gdb.go(120)
            must(HOT in text, text)
            _, descriptor = leaf(gdb, gdb.value("((long *)$x0)[1]"))
            same(descriptor & (DBM | READ_ONLY | AF), DBM | AF,
                 "what hardware left in the table")
            gdb.cmd("delete")
            gdb.send("continue")
            same(guest.end_sh(token, 60), native["marks"], "what it prints")
            gdb.interrupt()


# A page's or block's GP, and what an indirect branch leaves in PSTATE.
GUARDED, BTYPE = 1 << 50, 3 << 10
PAD = re.compile(r"\s(?:bti\s+j?c|pac[ia]*[ab]sp)\s*$")
REGS_PC, REGS_PSTATE = 256, 264         # of struct pt_regs
# Functions with calls through pointers, and some that are called so.
CALLERS = ("invoke_syscall", "do_el0_svc", "vfs_write", "vfs_read",
           "call_on_irq_stack", "generic_handle_domain_irq",
           "__hrtimer_run_queues", "handle_mm_fault", "enqueue_task",
           "pick_next_task", "do_mem_abort", "iterate_dir", "seq_read_iter")
CALLED = (HOT, "__arm64_sys_write", "__arm64_sys_openat", "gic_handle_irq",
          "hrtimer_interrupt", "arch_timer_handler_virt", "do_page_fault",
          "enqueue_task_fair", "pick_next_task_fair", "tty_write",
          "do_translation_fault", "shmem_fault", "proc_reg_open")
SWITCH = "el0t_64_sync_handler"         # by the exception's class
TRACING = "/sys/kernel/tracing"


def at_pad(gdb: Gdb, guest: Guest) -> tuple:
    """A call of HOT, stopped at its pad: its token."""
    gdb.cmd(f"tbreak *&{HOT}")
    token = guest.start_sh("once 1")
    text = gdb.go()
    must(HOT in text, text)
    return token


def ends(gdb: Gdb, guest: Guest, token: tuple, status: int) -> None:
    gdb.send("continue")
    guest.end_sh(token, 30, status)
    gdb.interrupt()
    gdb.cmd("delete")


def among(gdb: Gdb, name: str, pattern: str) -> list[str]:
    """Where a function has instructions of that kind."""
    return re.findall(
        rf"^(?:=>)? *(0x\w+) <{re.escape(name)}\+\d+>:\s+{pattern}",
        gdb.cmd(f"x/400i &'{name}'"), re.M)


def ignored(gdb: Gdb, command: str) -> int:
    """A breakpoint that only counts: its number."""
    text = gdb.cmd(command)
    must("reakpoint" in text, text)
    gdb.cmd("ignore $bpnum 1000000")
    return gdb.value("$bpnum")


def idle(gdb: Gdb) -> None:
    """Stop the guest where no CPU is on its way to a breakpoint."""
    for _ in range(30):
        time.sleep(0.3)
        gdb.interrupt()
        threads = gdb.threads()
        if all("in WFI" in line for line in threads):
            return
        gdb.send("continue")
    raise Bad("\n".join(threads))


def switched(gdb: Gdb, guest: Guest) -> None:
    """A switch's branch by its table, and the pads of its cases."""
    with report.case("stepi from a switch's branch to the pad of a case", gdb):
        branches = among(gdb, SWITCH, r"br\s")
        cases = among(gdb, SWITCH, r"bti\s+j")
        must(branches and len(cases) >= 4, (branches, cases))
        gdb.cmd(f"tbreak *{branches[0]}")
        token = guest.start_sh("once 1")
        text = gdb.go()
        must(SWITCH in text, text)
        for btype in (3, 0):
            gdb.cmd("stepi")
            same(gdb.value(f"$cpsr & {BTYPE}") >> 10, btype, "BTYPE")
            if btype:
                must(gdb.cmd("output/x $pc").strip() in
                     [hex(int(each, 16)) for each in cases], "its place")
        ends(gdb, guest, token, 99)
    with report.case("a switch's branches, and the cases that they lead to, "
                     "are counted alike", gdb):
        counts = [[ignored(gdb, f"break *{each}{rest}") for each in places]
                  for places, rest in ((branches, ""), (cases,
                                       f" if ($cpsr & {BTYPE}) == {BTYPE}"))]
        token = guest.start_sh(hot_all(CPUS, 20))
        gdb.send("continue")
        guest.end_sh(token, 120)
        idle(gdb)
        hits = [sum(map(gdb.hits, numbers)) for numbers in counts]
        must(hits[0] == hits[1] and hits[0] > CPUS * 20, hits)
        gdb.cmd("delete")


def pads(gdb: Gdb, guest: Guest) -> None:
    """Text in which a branch to a register has to find a landing pad."""
    with report.case("the kernel's text is guarded, its functions begin with "
                     "pads", gdb):
        place = gdb.value(f"(long)&'{HOT}'")
        text = gdb.cmd(f"monitor translate {place:#x}")
        words = re.findall(r"^stage 1 level \d: \[\w+\] = (\w+)", text, re.M)
        must(int(words[-1], 16) & GUARDED, text)
        for name in CALLED:
            text = gdb.cmd(f"x/i &'{name}'")
            must("No symbol" in text or PAD.search(text), text)
    with report.case("a stop at a pad says that a branch led there; the step "
                     "from it, and more of them", gdb):
        token = at_pad(gdb, guest)
        branch = gdb.value("$x30 - 4")
        match = re.search(r"\sblr\s+(x\d+)", gdb.cmd(f"x/i {branch:#x}"))
        must(match, "no blr before the return address")
        same(gdb.value(f"$cpsr & {BTYPE}"), 2 << 10, "BTYPE")
        gdb.cmd("stepi")
        same(gdb.value(f"$cpsr & {BTYPE}"), 0, "BTYPE")
        same(gdb.value("$pc"), place + 4, "where the step went")
        _, places = gdb.steps(1.0, 100)
        must(places >= 50, f"{places} places")
        ends(gdb, guest, token, 99)
    for kind in ("break", "hbreak"):
        with report.case(f"{kind}: a branch and its pad are counted exactly, "
                         "with false ones on many others", gdb):
            found = "".join(gdb.cmd(f"break *&'{name}' if $x29 == 0x4242")
                            for name in CALLED[1:])
            must(found.count("Breakpoint ") >= 8, found)
            branches = [each for name in CALLERS
                        for each in among(gdb, name, r"blr\s")]
            must(len(branches) >= 8, branches)
            for each in branches:
                gdb.cmd(f"break *{each} if $x29 == 0x4242")
            numbers = [ignored(gdb, f"{kind} {where}") for where in (
                f"*{branch:#x} if ${match[1]} == {place:#x}",
                f"*{place:#x}", f"*{place + 4:#x}")]
            token = guest.start_sh(hot_all(CPUS, TIMES // 2))
            gdb.send("continue")
            guest.end_sh(token, 120)
            gdb.interrupt()
            same([gdb.hits(number) for number in numbers],
                 [CPUS * TIMES // 2] * 3, "hits")
            gdb.cmd("delete")
    switched(gdb, guest)
    with report.case("the guest's tracer patches what follows a pad with a "
                     "breakpoint", gdb):
        number = ignored(gdb, f"break *{place:#x}")
        gdb.send("continue")
        guest.sh(f"cd {TRACING}; echo {HOT} >set_ftrace_filter; "
                 "echo function >current_tracer; echo >trace; cd /", 60)
        guest.sh(hot_all(CPUS, 10), 60)
        seen = guest.sh(f"grep -c ': {HOT} <-' {TRACING}/trace", 60)
        guest.sh(f"cd {TRACING}; echo nop >current_tracer; "
                 "echo >set_ftrace_filter; cd /", 60)
        guest.sh(hot_all(CPUS, 10), 60)
        gdb.interrupt()
        same((int(seen), gdb.hits(number)), (CPUS * 10, CPUS * 20),
             "calls traced, hits")
        gdb.cmd("delete")
    with report.case("set $pc at a pad: no pad is wanted where the debugger "
                     "goes", gdb):
        token = at_pad(gdb, guest)
        gdb.cmds("set $x0 = 77", "set $pc = $x30")
        ends(gdb, guest, token, 77)
    with report.case("a branch that finds no pad, on a page with breakpoints, "
                     "is told to the kernel", gdb):
        token = at_pad(gdb, guest)
        gdb.cmds("set $pc = $pc + 4", f"set $cpsr = $cpsr | {2 << 10}",
                 f"break *{place + 8:#x}", "tbreak *&do_el1_bti")
        text = gdb.go()
        must("do_el1_bti" in text, text)
        regs = gdb.value("$x0")
        same(gdb.value(f"*(long *){regs + REGS_PC:#x}"), place + 4, "its pc")
        same(gdb.value(f"*(long *){regs + REGS_PSTATE:#x} & {BTYPE}"), 2 << 10,
             "its BTYPE")
        gdb.cmds(f"set *(long *){regs + REGS_PSTATE:#x} &= ~{BTYPE}",
                 "set $pc = $x30")
        text = gdb.go()
        must(HOT in text, text)
        ends(gdb, guest, token, 99)


PROCESSES = ("cd /proc; for p in [0-9]*; do echo $p $(cat $p/comm); done; "
             "cd /")


def lx(guest: Guest, kernel: Witness) -> None:
    """vmlinux with debug information, and Linux's own commands for gdb."""
    with Gdb() as gdb:
        gdb.cmd(f"add-auto-load-safe-path {kernel.folder}")
        gdb.cmd(f"file {kernel.folder}/vmlinux", 120)
        processes = guest.sh(PROCESSES).splitlines()
        log = re.findall(r"\] (.*)$", guest.sh("dmesg"), re.M)
        version, line, memory = (
            guest.sh(f"cat /proc/{name}")
            for name in ("version", "cmdline", "iomem"))
        with report.case("vmlinux: symbols move to where KASLR put them", gdb):
            gdb.attach(guest, 60)
            text = gdb.cmd("output (char *)linux_banner")
            must("Linux version" in text, text)
        with report.case("lx-version, lx-cmdline, lx-iomem: as in /proc", gdb):
            same(gdb.cmd("lx-version"), version)
            same(gdb.cmd("lx-cmdline"), line)
            names = re.findall(r" : (.+)$", memory, re.M)
            same(re.findall(r" : (.+)$", gdb.cmd("lx-iomem"), re.M), names)
        with report.case("lx-ps has every process of the guest's", gdb):
            text = gdb.cmd("lx-ps", 120)
            found = re.findall(r"^0x\w+ +(\d+) +(.*)$", text, re.M)
            for pid, name in (each.split(" ", 1) for each in processes):
                if name.startswith(("init", "sh", "kthreadd", "migration",
                                    "ksoftirqd", "cpuhp")):
                    must((pid, name) in found, f"{pid} {name} in {text}")
            must(len(found) > 20, text)
        with report.case("lx-dmesg is the guest's log", gdb):
            text = gdb.cmd("lx-dmesg", 120)
            same(re.findall(r"^\[ *[\d.]+\] (.*)$", text, re.M), log)
        with report.case("lx-cpus, lx-mounts, $lx_per_cpu", gdb):
            text = gdb.cmd("lx-cpus")
            must(re.search(r"Online CPUs +: \[0, 1, 2, 3\]", text), text)
            text = gdb.cmd("lx-mounts", 60)
            must(re.search(r"^ *0x\w+ 0x\w+ proc /proc proc ", text, re.M), text)
            seen = [gdb.value(f"$lx_per_cpu(runqueues, {cpu}).cpu")
                    for cpu in range(CPUS)]
            same(seen, list(range(CPUS)), "the CPU of each run queue")
        with report.case("a breakpoint by line, its condition on a structure, "
                         "and $lx_current()", gdb):
            gdb.cmd("break vfs_write if count == 7 && "
                    "file->f_inode->i_sb->s_magic != 0x1234")
            token = guest.start_sh("echo sevens")
            text = gdb.go(60)
            must(re.search(r'vfs_write \(file=.*"sevens\\n", count=.*=7, .*'
                           r"read_write\.c:\d+", text), text)
            text = gdb.cmd("output $lx_current().comm")
            must(text.startswith('"sh"'), text)
            text = gdb.cmd("bt")
            must(re.search(r"ksys_write \(fd=", text), text)
            gdb.cmd("delete")
            gdb.send("continue")
            guest.end_sh(token)
            gdb.interrupt()
        gdb.cmd("detach")


def debugged(guest: Guest, kind: Kind, kernel: Witness,
             native: dict[str, object]) -> None:
    """A session from the first word to the last."""
    with Gdb(str(assets.gdb16()), kernel.symbols()) as gdb:
        attached(gdb, guest, kind)
        counted(gdb, guest)
        watched(gdb, guest)
        above(gdb, guest, kind, native)
        marked(gdb, guest, native)
        if kind.words == "bti":
            pads(gdb, guest)
        with report.case("detached, it lives", gdb):
            gdb.cmd("detach")
            guest.alive()


def on(kind: Kind, kernel: Witness, cpu: str, granules: tuple[str, ...],
       files: dict[str, bytes]) -> None:
    """One kernel on one core: natively, then on stage 2 of each granule."""
    report.prefix = f"linux pages {kind.name} {cpu}: "
    bits = kind.bits if cpu == "max" else 48
    with Guest(smp=CPUS, cpu=cpu, kernel=kernel.image, files=files,
               native=True) as guest:
        native = facts(guest)
    for name, text in native.items():
        if name != "messages":
            print(f"# {name}: {text!r}")
    with report.case("natively it has these pages and addresses, and hardware "
                     "marks what is used and written"):
        same(native["size"], f"pages: {kind.page}\n")
        must(f"addresses: {bits} bits" in native["high"], native["high"])
        must("used: 19, faults: 0\n" in native["marks"]
             and "written: 19, faults: 0\n" in native["marks"]
             and "contents: right" in native["marks"], native["marks"])
    for granule in granules:
        report.prefix = f"linux pages {kind.name} {cpu} {granule}: "
        with Guest(smp=CPUS, cpu=cpu, kernel=kernel.image, files=files,
                   monitor=(f"hyperstub.granule={granule}",)) as guest:
            found = facts(guest)
            said = found.pop("messages")
            with report.case("messages: as natively"):
                odd = [line for line in difflib.ndiff(native["messages"], said)
                       if line[0] in "+-"]
                must(not odd, "\n".join(odd))
            report.alike({name: native[name] for name in found},
                         {"as natively": found})
            debugged(guest, kind, kernel, native)
            if "debug" in kind.words:
                lx(guest, kernel)
            with report.case("the kernel complains of nothing"):
                guest.no_complaints()


def plan() -> list[tuple[Kind, str, tuple[str, ...]]]:
    """Kernels, cores and granules."""
    found = []
    for kind in KINDS:
        if kind.words in ("bti", "debug"):
            found.append((kind, "max", GRANULES if kind.words == "bti"
                          else ("4K",)))
            continue
        usual = kind.bits == 48
        found.append((kind, "max", GRANULES))
        found.append((kind, "cortex-a76", GRANULES if usual else ("4K",)))
    return found


def main() -> int:
    program, _ = libc_program("pages")
    files = {"bin/pages": program, **programs()}
    for kind, cpu, granules in plan() if LONG else USUAL:
        granules = tuple(granule for granule in granules
                         if wanted(f"{kind.name} {cpu} {granule}"))
        if not granules:
            continue
        kernel = Witness(*kind.words.split())
        kernel.build()
        on(kind, kernel, cpu, granules, files)
    if not LONG:
        print("# not run without HYPERSTUB_LONG=1, for they are built first "
              "and take half an hour: " + ", ".join(
                  f"{kind.name} {cpu} {' '.join(granules)}"
                  for kind, cpu, granules in plan()))
    return report.end()


sys.exit(main())
