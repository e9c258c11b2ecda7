#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 1200 s
"""The guest's own debuggers: ptrace, perf, kprobes, uprobes, the tracer. What
they tell is the same natively, beneath the monitor, and while a gdb outside
holds every comparator and a hundred breakpoints in hot text. Each sees its own
events only."""

from __future__ import annotations

import os
import re
import sys

from guest_programs import HOT, programs
from harness import Gdb, Guest, Report, libc_program, must, same, symbols
from harness import wanted

CPUS = 2
LONG = os.environ.get("HYPERSTUB_LONG") == "1"
KINDS = ("ptrace-break", "ptrace-watch", "ptrace-step", "ptrace-software",
         "perf-user", "perf-kernel", "perf-record", "perf-sample")
TRACING = "/sys/kernel/tracing"
CALLS = 20
report = Report()


class Inside:
    """The program, and what the guest's debuggers say of it."""

    def __init__(self) -> None:
        data, self.names = libc_program("inside")
        self.files = {"bin/inside": data, **programs()}

    def place(self, name: str) -> int:
        """The address of one of the program's functions, or within it."""
        word, _, offset = name.partition("+")
        return self.names[word] + int(offset or "0", 16)

    def kind(self, guest: Guest, name: str) -> str:
        """What the program prints."""
        return guest.sh(f"inside {name} 2>/dev/null", 60)

    def probes(self, guest: Guest, file: str, definition: str,
               run: str) -> str:
        """The hits of a kprobe or uprobe, and of its return."""
        group = file.removesuffix("_events") + "s"
        guest.sh(f"cd {TRACING} && echo 'p:hs1 {definition}' >{file} && "
                 f"echo 'r:hs2 {definition}' >>{file} && echo >trace && "
                 f"echo 1 >events/{group}/enable; cd /")
        guest.sh(run)
        text = guest.sh(f"grep -c hs1: {TRACING}/trace; "
                        f"grep -c hs2: {TRACING}/trace")
        guest.sh(f"cd {TRACING}; echo 0 >events/{group}/enable; "
                 f"echo >{file}; echo >trace; cd /")
        return text

    def tracer(self, guest: Guest, name: str) -> str:
        """Calls that a tracer has seen."""
        guest.sh(f"cd {TRACING}; echo {HOT} >set_ftrace_filter; "
                 f"echo {HOT} >set_graph_function; echo >trace; "
                 f"echo {name} >current_tracer; cd /", 60)
        guest.sh(f"hot 0 {CALLS}")
        text = guest.sh(f"grep -c {HOT} {TRACING}/trace")
        guest.sh(f"cd {TRACING}; echo nop >current_tracer; "
                 "echo >set_ftrace_filter; echo >set_graph_function; cd /",
                 60)
        return text

    def all(self, guest: Guest) -> dict[str, str]:
        """Everything, by name."""
        found = {name: self.kind(guest, name) for name in KINDS}
        found["kprobes"] = self.probes(guest, "kprobe_events", HOT,
                                       f"hot 0 {CALLS}")
        # the first segment, which has all text, is at the file's start
        offset = self.names["place1"] & 0xff_ffff
        found["uprobes"] = self.probes(guest, "uprobe_events",
                                       f"/bin/inside:{offset:#x}",
                                       "inside call")
        found["function tracer"] = self.tracer(guest, "function")
        found["graph tracer"] = self.tracer(guest, "function_graph")
        return found


# Where the kernel's own debugging runs, and what all of its time goes through.
HOT_TEXT = ("breakpoint_handler", "watchpoint_handler", "brk_handler",
            "single_step_handler", "do_debug_exception", "el0_svc",
            "el0t_64_sync_handler", "el1h_64_irq_handler", "ptrace_request",
            "__switch_to", "schedule", "finish_task_switch.isra.0",
            "try_to_wake_up", "vfs_write", "vfs_read", "do_sys_openat2",
            "handle_mm_fault", "do_mem_abort", "hrtimer_interrupt",
            "gic_handle_irq", "ktime_get", "perf_event_read",
            "perf_swevent_event", "kprobe_breakpoint_handler",
            "setup_singlestep", "handle_swbp", "uprobe_mmap", HOT)
QUIET = ("panic", "machine_restart", "machine_halt", "machine_power_off",
         "emergency_restart", "kernel_halt", "orderly_reboot")
SPREAD = 100
BREAKS = ("python exec(\"for a in {places!r}: "
          "gdb.execute('{command} *%#x{condition}' % a, False, True)\")")


def outside(gdb: Gdb) -> None:
    """Every comparator is gdb's, and a hundred breakpoints are in hot text."""
    quiet = [gdb.value(f"(long)&{name}") for name in QUIET]
    gdb.cmd(BREAKS.format(places=quiet, command="hbreak", condition=""), 60)
    stack = gdb.value("(long)&machine_restart")
    for n in range(5):
        text = gdb.cmd(f"watch *(long *){stack + 8 * n:#x}")
        must("atchpoint" in text, text)
    text = "".join(gdb.cmd(f"info address {name}") for name in HOT_TEXT)
    hot = [int(place, 16) for place in re.findall(r"(0xffff\w+)", text)]
    must(len(hot) > 20, text)
    places = [place + 4 * n for n in range(4) for place in hot][:SPREAD]
    gdb.cmd(BREAKS.format(places=places, command="break",
                          condition=" if $x29 == 0x4242"), 120)
    text = gdb.cmd("info breakpoints")
    must(len(re.findall(r"^\d+ +breakpoint", text, re.M)) == SPREAD, text)


def compare(got: dict[str, str], native: dict[str, str], how: str) -> None:
    for name, wanted in native.items():
        with report.case(f"{name}: {how}"):
            same(got[name], wanted, name)


# Breakpoints of gdb's at the very places of the program that the guest's own
# debugger looks at, and how often it comes by each of them: once more where the
# guest's own debugger stops there and then steps on.
SHARED = {"ptrace-watch": (("touch", 1),),
          "ptrace-step": (("walk", 2), ("walk+0x10", 3), ("walk+0x20", 1),
                          ("walk+0x2c", 3), ("walk+0x48", 1)),
          "ptrace-software": (("place2", 6),),
          "perf-record": (("place3", 40),)}


def shared(gdb: Gdb, guest: Guest, inside: Inside,
           native: dict[str, str]) -> None:
    """Two debuggers at one place: each is told of each time."""
    gdb.cmd("monitor set bp-global on")
    for name, places in SHARED.items():
        with report.case(f"{name}: false conditions at the same places", gdb):
            for place, _ in places:
                gdb.cmd(f"break *{inside.place(place):#x} if $x29 == 0x4242")
            gdb.send("continue")
            same(inside.kind(guest, name), native[name], name)
            gdb.interrupt()
            gdb.cmd("delete")
        with report.case(f"{name}: stops at the same places", gdb):
            numbers = {}
            for place, hits in places:
                gdb.cmd(f"break *{inside.place(place):#x}")
                numbers[gdb.value("$bpnum")] = place, hits
                gdb.cmd("ignore $bpnum 100000")
            gdb.send("continue")
            same(inside.kind(guest, name), native[name], name)
            gdb.interrupt()
            for number, (place, hits) in numbers.items():
                same(gdb.hits(number), hits, place)
            gdb.cmd("delete")
    gdb.cmd("monitor set bp-global off")


def displaced(gdb: Gdb, guest: Guest, inside: Inside,
              native: dict[str, str]) -> None:
    with report.case("the guest takes all comparators, and the debugger "
                     "outside misses nothing", gdb):
        gdb.cmd(f"hbreak *&{HOT}")
        number = gdb.value("$bpnum")
        gdb.cmd(f"ignore {number} 100000")
        for name in QUIET[:4]:
            gdb.cmd(f"hbreak *&{name}")
        # in any process, by address: goes from a comparator to pages
        gdb.cmds("monitor set bp-global on",
                 f"break *{inside.place('place0'):#x}",
                 "ignore $bpnum 100000")
        gdb.send("continue")
        same(inside.kind(guest, "perf-user"), native["perf-user"], "text")
        gdb.interrupt()
        same(gdb.hits(number), 50, "hits")
        same(gdb.hits(gdb.value("$bpnum")), 50, "hits in any process")
        gdb.cmds("delete", "monitor set bp-global off")


# Cores and stage-2 granules; the rest with HYPERSTUB_LONG=1. A 64K stage 2 under
# 4K pages puts tables that hardware writes (AF and dirty) beside hot text.
# cortex-a57 has no LSE: its kernel writes tables by store exclusives.
USUAL = (("cortex-a76", "4K"), ("max", "64K"), ("cortex-a57", "4K"))
MORE = (("cortex-a76", "64K"), ("max", "4K"), ("max", "16K"),
        ("neoverse-n1", "64K"), ("cortex-a57", "64K"))


def on(cpu: str, granule: str, inside: Inside) -> None:
    """The whole of it on one core with one granule."""
    report.prefix = f"linux inside {cpu} {granule}: "
    with Guest(smp=CPUS, cpu=cpu, files=inside.files, native=True) as guest:
        native = inside.all(guest)
        with report.case("natively all of them see what they look for"):
            text = "".join(native.values())
            must("missing" not in text and "wrong" not in text
                 and native["uprobes"] == "20\n20\n", native)
    with Guest(smp=CPUS, cpu=cpu, files=inside.files, append="nokaslr",
               monitor=(f"hyperstub.granule={granule}",)) as guest, \
            Gdb(symbols=symbols()) as gdb:
        compare(inside.all(guest), native, "beneath the monitor")
        gdb.attach(guest)
        outside(gdb)
        gdb.send("continue")
        compare(inside.all(guest), native, "with a debugger outside")
        with report.case("the debugger outside has seen nothing of it", gdb):
            text = gdb.interrupt()
            must("SIGINT" in text and "reakpoint" not in text, text)
            text = gdb.cmd("monitor info breakpoints")
            must(re.search(r"shadow pages: [1-9]", text), text)
        gdb.cmd("delete")
        shared(gdb, guest, inside, native)
        displaced(gdb, guest, inside, native)
        gdb.cmd("detach")
        with report.case("the kernel complains of nothing"):
            guest.no_complaints()
        guest.alive()


def main() -> int:
    inside = Inside()
    for cpu, granule in USUAL + (MORE if LONG else ()):
        if wanted(f"{cpu} {granule}"):
            on(cpu, granule, inside)
    if not LONG:
        print("# not run without HYPERSTUB_LONG=1: "
              + ", ".join(" ".join(each) for each in MORE))
    return report.end()


sys.exit(main())
