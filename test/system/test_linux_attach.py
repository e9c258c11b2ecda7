#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 300 s
"""A kernel developer's day on Debian's kernel with KASLR and four CPUs: attach
to what runs, break by name, count, step, look around, call, return, change,
leave and come back."""

from __future__ import annotations

import re
import sys
import time

from guest_programs import HOT, hot_all, programs
from harness import Gdb, Guest, Report, must, same, symbols

CPUS = 4
report = Report("linux attach: ")


def frames(text: str) -> list[str]:
    """The functions of a backtrace."""
    return re.findall(r"^#\d+ +(?:0x\w+ in )?(\S+)", text, re.M)


def attach_by_name(guest: Guest, gdb: Gdb) -> None:
    with report.case("KASLR's slide is found", gdb):
        linked = gdb.value("&vfs_read")
        gdb.attach(guest)
        there = gdb.value("&vfs_read")
        must(there != linked, "no slide: is KASLR on?")
        gdb.cmd("detach")
        line = guest.sh("grep ' vfs_read$' /proc/kallsyms")
        same(int(line.split()[0], 16), there, "vfs_read in kallsyms")
        gdb.attach(guest)
    with report.case("one thread a CPU, named, with its state", gdb):
        lines = gdb.threads()
        same(len(lines), CPUS, "threads")
        for cpu, line in enumerate(lines):
            must(re.search(rf'"cpu{cpu} EL[01]\w?" \(\S', line), line)
    with report.case("^C in idle, and each CPU has a backtrace", gdb):
        gdb.send("continue")
        time.sleep(1)
        text = gdb.interrupt()
        must("SIGINT" in text, text)
        text = gdb.cmd("thread apply all bt")
        parts = re.split(r"^Thread \d+ ", text, flags=re.M)[1:]
        same(len(parts), CPUS, "backtraces")
        for part in parts:
            must("do_idle" in part or "el0t" in part
                 or len(frames(part)) >= 3, part)
        must(text.count("do_idle ()") >= 3, text)


def stop_by_name(guest: Guest, gdb: Gdb) -> None:
    with report.case("break by name; the backtrace leads to user space", gdb):
        gdb.cmd(f"break {HOT}")
        token = guest.start_sh("once 1")
        text = gdb.go()
        must(f"{HOT} ()" in text and "Breakpoint" in text, text)
        chain = frames(gdb.cmd("bt"))
        same(chain[0], HOT)
        for name in ("invoke_syscall", "do_el0_svc", "el0t_64_sync"):
            must(name in chain, chain)
    with report.case("finish goes to the caller", gdb):
        text = gdb.cmd("finish")
        must("invoke_syscall ()" in text, text)
        same(gdb.value("$x0"), 99, "sched_get_priority_max(SCHED_FIFO)")
    with report.case("a register written changes what the guest gets", gdb):
        gdb.cmds("delete", "set $x0 = 77")
        same(gdb.value("$x0"), 77, "read back")
        gdb.send("continue")
        guest.end_sh(token, 20, 77)
        gdb.interrupt()
    with report.case("tbreak stops once", gdb):
        gdb.cmd(f"tbreak {HOT}")
        token = guest.start_sh("once 1; once 1")
        must("Temporary breakpoint" in gdb.go(), "no stop")
        gdb.send("continue")
        guest.end_sh(token, 20, 99)
        gdb.interrupt()
    with report.case("until and advance", gdb):
        gdb.cmd("tbreak ksys_write")
        token = guest.start_sh("echo until")
        gdb.go()
        before = gdb.value("$pc")
        gdb.cmd("until")
        must(gdb.value("$pc") != before, "until did not move")
        text = gdb.cmd("advance vfs_write")
        must("vfs_write ()" in text, text)
        gdb.send("continue")
        same(guest.end_sh(token), "until\n")
        gdb.interrupt()
    with report.case("memory of user space written by its address", gdb):
        gdb.cmd("tbreak __arm64_sys_write if *(long *)($x0 + 16) == 7")
        token = guest.start_sh("echo before")
        must("__arm64_sys_write" in gdb.go(), "no stop")
        gdb.cmd("set $buffer = *(long *)($x0 + 8)")
        must('"before\\n' in gdb.cmd("x/s $buffer"), gdb.cmd("x/s $buffer"))
        for at, letter in enumerate(b"after!"):
            gdb.cmd(f"set *(unsigned char *)($buffer + {at}) = {letter}")
        gdb.send("continue")
        same(guest.end_sh(token), "after!\n")
        gdb.interrupt()


def system_registers(gdb: Gdb) -> None:
    with report.case("system registers by name and by group", gdb):
        text = gdb.cmd("info registers el1_mmu")
        for name in ("SCTLR_EL1", "TCR_EL1", "TTBR1_EL1", "MAIR_EL1"):
            must(name in text, text)
        same(gdb.value("$SCTLR_EL1.M"), 1, "SCTLR_EL1.M")
        text = gdb.cmd("p $ESR_EL1")
        must(re.search(r"EC = \w+", text), text)
        # in user mode it is the trampoline's, where KPTI is on
        seen = ""
        for number in range(1, CPUS + 1):
            gdb.cmd(f"thread {number}")
            seen = gdb.cmd("info registers VBAR_EL1")
            if "<vectors>" in seen:
                break
        must("<vectors>" in seen, seen)
        same(gdb.value("$CurrentEL"), 4, "CurrentEL")
    with report.case("a system register written and put back", gdb):
        old = gdb.value("$TPIDRRO_EL0")
        gdb.cmd("set $TPIDRRO_EL0 = 0x12345678")
        same(gdb.value("$TPIDRRO_EL0"), 0x12345678)
        gdb.cmd(f"set $TPIDRRO_EL0 = {old}")
        same(gdb.value("$TPIDRRO_EL0"), old)
    with report.case("each CPU has its own registers", gdb):
        seen = set()
        for number in range(1, CPUS + 1):
            gdb.cmd(f"thread {number}")
            seen.add(gdb.value("$MPIDR_EL1.Aff0"))
        same(seen, set(range(CPUS)))


def conditions(guest: Guest, gdb: Gdb) -> None:
    with report.case("a condition that is false stops nothing", gdb):
        # The regs of the call are behind x0: its arguments.
        gdb.cmd(f"break {HOT} if *(long *)$x0 == 4242")
        token = guest.start_sh(hot_all(CPUS, 5000))
        gdb.send("continue")
        guest.end_sh(token, 60)
        token = guest.start_sh("hot 1 3 4242")
        text = gdb.wait(20)
        must("hit Breakpoint" in text, text)
        same(gdb.value("*(long *)($x0 + 8)"), 1, "the first such call")
        must("hit Breakpoint" in gdb.go(), "second")
        must("hit Breakpoint" in gdb.go(), "third")
        gdb.send("continue")
        guest.end_sh(token)
        gdb.interrupt()
        text = gdb.cmd("info breakpoints")
        must("already hit 3 times" in text, text)
        gdb.cmd("delete")
    with report.case("a condition on a register of a hot function", gdb):
        gdb.cmd("break vfs_read if $x2 == 0x1234")
        token = guest.start_sh(
            "dd if=/dev/zero of=/dev/null bs=1000 count=2000 2>/dev/null; "
            "dd if=/dev/zero of=/dev/null bs=4660 count=1 2>/dev/null")
        must("vfs_read" in gdb.go(60), "no stop")
        same(gdb.value("$x2"), 0x1234)
        gdb.cmd("delete")
        gdb.send("continue")
        guest.end_sh(token)
        gdb.interrupt()
    with report.case("a condition counts its hits by a variable, exactly",
                     gdb):
        gdb.cmd("tvariable $count = 0")
        gdb.cmd(f"break {HOT} if ($count = $count + 1) == 3000")
        token = guest.start_sh("hot 2 5000")
        text = gdb.go(60)
        must(HOT in text, text)
        same(gdb.value("*(long *)($x0 + 8)"), 3000, "the call it stopped at")
        gdb.cmd("delete")
        gdb.send("continue")
        guest.end_sh(token)
        gdb.interrupt()


def hit_counts(guest: Guest, gdb: Gdb) -> None:
    with report.case("four CPUs in one function: gdb's count is exact", gdb):
        gdb.cmd(f"break {HOT}")
        number = int(gdb.value("$bpnum"))
        gdb.cmd(f"ignore {number} 1000000")
        token = guest.start_sh(hot_all(CPUS, 200))
        gdb.send("continue")
        guest.end_sh(token, 90)
        gdb.interrupt()
        same(gdb.hits(number), CPUS * 200, "hits")
        gdb.cmd("delete")
    with report.case("the same with a hardware breakpoint", gdb):
        gdb.cmd(f"hbreak {HOT}")
        number = int(gdb.value("$bpnum"))
        gdb.cmd(f"ignore {number} 1000000")
        token = guest.start_sh(hot_all(CPUS, 50))
        gdb.send("continue")
        guest.end_sh(token, 90)
        gdb.interrupt()
        same(gdb.hits(number), CPUS * 50, "hits")
        gdb.cmd("delete")


def stepping(guest: Guest, gdb: Gdb) -> None:
    with report.case("a second of stepi in a row", gdb):
        gdb.cmd("tbreak vfs_write")
        token = guest.start_sh("echo stepped")
        gdb.go()
        steps, distinct = gdb.steps(1.0, 300)
        print(f"# {steps} steps in a row")
        must(distinct >= 100, f"{distinct} places")
        gdb.send("continue")
        same(guest.end_sh(token), "stepped\n")
        gdb.interrupt()
    with report.case("stepi costs gdb at most eight packets", gdb):
        must('currently "none"' in gdb.cmd("show osabi"),
             gdb.cmd("show osabi"))
        gdb.cmd("tbreak vfs_write")
        token = guest.start_sh("echo counted")
        gdb.go()
        gdb.cmd("stepi")
        gdb.cmd("set debug remote 1")
        sent = [gdb.cmd("stepi").count("Sending packet: $")
                for _ in range(20)]
        gdb.cmd("set debug remote 0")
        must(0 < max(sent) <= 8, sent)
        gdb.send("continue")
        same(guest.end_sh(token), "counted\n")
        gdb.interrupt()
    with report.case("stepi while all other CPUs are busy", gdb):
        busy = guest.start_sh("for c in 1 2 3; do spin $c 4000 & done; "
                              "hot 0 1; wait")
        gdb.cmd(f"tbreak {HOT}")
        gdb.go()
        gdb.steps(1.0, 60)
        gdb.send("continue")
        guest.end_sh(busy)
        gdb.interrupt()


def calls(guest: Guest, gdb: Gdb) -> None:
    with report.case("call of a kernel function that takes locks", gdb):
        gdb.cmd("tbreak vfs_write")
        token = guest.start_sh("echo called")
        gdb.go()
        place = gdb.value("$pc")
        # It returns to the entry point, which must be text ("info files"
        # shows it as linked).
        entry = re.search(r"Entry point: (0x\w+)", gdb.cmd("info files"))
        within = int(entry[1], 16) - 0xffff800008000000 if entry else 0
        must(gdb.value("(long)&_stext - (long)&_text") <= within <
             gdb.value("(long)&_etext - (long)&_text"), "entry point")
        text = gdb.cmd("call (long)nr_free_buffer_pages()")
        must(re.search(r"= \d{4,}", text), text)
        # printk() takes the console's locks; its text is in the kernel.
        where = gdb.cmd("python print('AT', hex(gdb.selected_inferior()"
                        ".search_memory(int(gdb.parse_and_eval("
                        "'(unsigned long)&_etext')), 0x1000000, "
                        "b'Linux version 6')))", 60)
        match = re.search(r"AT (0x\w+)", where)
        must(match, where)
        gdb.cmd(f"call (int)_printk({match.group(1)})")
        same(gdb.value("$pc"), place, "PC after the call")
        gdb.send("continue")
        text = guest.end_sh(token)
        must(text.endswith("called\n"), text)
        same(guest.sh("dmesg | grep -c 'Linux version 6'").strip(), "2",
             "the banner in the log")
        gdb.interrupt()
    with report.case("return from a function with a value", gdb):
        gdb.cmd(f"tbreak *{HOT}")
        token = guest.start_sh("once 1")
        gdb.go()
        gdb.cmd("return (long)55")
        must("invoke_syscall" in gdb.cmd("frame"), gdb.cmd("frame"))
        gdb.send("continue")
        guest.end_sh(token, 20, 55)
        gdb.interrupt()
    with report.case("backtrace through an exception frame", gdb):
        gdb.cmd("tbreak gic_handle_irq")
        gdb.go()
        text = gdb.cmd("bt")
        must(re.search(r"el[01][ht]_64_irq ", text), text)
        chain = frames(text)
        where = next(i for i, name in enumerate(chain)
                     if name in ("el1h_64_irq", "el0t_64_irq"))
        if chain[where] == "el1h_64_irq":
            must(len(chain) > where + 2, text)


def sleeping(guest: Guest, gdb: Gdb) -> None:
    """nexti over calls that take their time."""
    def to_call(name: str) -> None:
        for _ in range(60):
            if re.search(rf"\bbl\b.*<{name}>", gdb.cmd("x/i $pc")):
                return
            gdb.cmd("nexti")
        must(False, f"no call of {name}")

    with report.case("nexti over a function that sleeps", gdb):
        gdb.cmd("tbreak hrtimer_nanosleep")
        token = guest.start_sh("sleep 1; echo slept")
        must("hrtimer_nanosleep ()" in gdb.go(), "no stop")
        to_call("do_nanosleep")
        place = gdb.value("$pc")
        start = time.monotonic()
        text = gdb.cmd("nexti", 30)
        same(gdb.value("$pc"), place + 4, text)
        must(time.monotonic() - start > 0.5, "did not sleep")
        gdb.send("continue")
        same(guest.end_sh(token), "slept\n")
        gdb.interrupt()
    with report.case("nexti over a lock that others fight for", gdb):
        # Each writes to its own pipe end: the pipe's mutex is shared.
        token = guest.start_sh(
            "(for c in 1 2 3 4; do dd if=/dev/zero bs=512 count=3000 "
            "2>/dev/null & done; wait) | dd of=/dev/null bs=512 2>/dev/null")
        gdb.cmd("tbreak pipe_write")
        must("pipe_write ()" in gdb.go(), "no stop")
        to_call("mutex_lock")
        place = gdb.value("$pc")
        text = gdb.cmd("nexti", 30)
        same(gdb.value("$pc"), place + 4, text)
        gdb.send("continue")
        guest.end_sh(token, 60)
        gdb.interrupt()


def coming_and_going(guest: Guest, gdb: Gdb) -> None:
    with report.case("detach with breakpoints: the guest runs as if alone",
                     gdb):
        gdb.cmd(f"break {HOT}")
        gdb.cmd("break vfs_write")
        token = guest.start_sh("echo there")
        gdb.go()
        gdb.cmd("detach")
        same(guest.end_sh(token), "there\n")
        guest.sh("once 1", status=99)
    with report.case("attach again: the breakpoints are in again", gdb):
        gdb.attach(guest)
        gdb.cmd("delete 1-100")
        gdb.cmd("delete")
        gdb.cmd(f"break {HOT}")
        gdb.cmd("detach")
        gdb.attach(guest)
        token = guest.start_sh("once 1")
        must(HOT in gdb.go(), "no stop")
        gdb.cmd("delete")
        gdb.send("continue")
        guest.end_sh(token, 20, 99)
        gdb.interrupt()
    with report.case("kill -9 of gdb while the guest runs with breakpoints"):
        gdb.cmd(f"break {HOT}")
        gdb.cmd("break vfs_open if $x0 == 1")
        gdb.send("continue")
        time.sleep(0.3)
        gdb.kill()
        guest.sh("once 1", status=99)
        guest.sh(hot_all(CPUS, 2000))
    with report.case("kill -9 of gdb while the guest is stopped"):
        with Gdb(symbols=symbols()) as second:
            second.attach(guest)
            second.cmd(f"break {HOT}")
            token = guest.start_sh("once 1")
            must(HOT in second.go(), "no stop")
            second.kill()
            guest.end_sh(token, 20, 99)
            guest.sh(hot_all(CPUS, 500))
    with report.case("another gdb after both"), Gdb(symbols=symbols()) \
            as third:
        third.attach(guest)
        same(len(third.threads()), CPUS, "threads")
        third.cmd("kill")
        guest.alive()
    with report.case("attached while all CPUs are in user space: symbols fit"), \
            Gdb(symbols=symbols()) as fourth:
        token = guest.start_sh("for c in 0 1 2 3; do spin $c 3000 & done; "
                               "sleep 1; echo spinning; wait")
        guest.console.wait("spinning", 20, token[0])
        for _ in range(5): # all have their ticks at the same time
            fourth.attach(guest)
            user = [line for line in fourth.threads() if " EL0" in line]
            print(f"# {len(user)} CPUs in user space")
            if len(user) >= CPUS - 1:
                break
            fourth.cmd("detach")
        must(len(user) >= CPUS - 1, fourth.cmd("info threads"))
        fourth.cmd(f"tbreak {HOT}")
        fourth.send("continue")
        guest.end_sh(token, 30)
        second = guest.start_sh("once 1")
        must(HOT in fourth.wait(20), "not hit")
        fourth.cmd("detach")
        guest.end_sh(second, 20, 99)


def cpus_off_and_on(guest: Guest) -> None:
    with Gdb(symbols=symbols()) as gdb:
        gdb.attach(guest)
        with report.case("CPUs go off and on with gdb attached", gdb):
            gdb.cmd(f"break {HOT} if *(long *)$x0 == 4242")
            gdb.send("continue")
            for _ in range(2):
                guest.sh("for c in 1 2 3; do "
                         "echo 0 >/sys/devices/system/cpu/cpu$c/online; "
                         "done", 40)
                same(guest.sh("cat /sys/devices/system/cpu/online"), "0\n")
                gdb.interrupt()
                lines = gdb.threads()
                off = [line for line in lines if "(off" in line]
                same(len(off), 3, "threads that are off in\n"
                     + "\n".join(lines))
                gdb.send("continue")
                guest.sh("for c in 1 2 3; do "
                         "echo 1 >/sys/devices/system/cpu/cpu$c/online; "
                         "done", 40)
            same(guest.sh("cat /sys/devices/system/cpu/online"), "0-3\n")
        with report.case("a CPU that comes up has the breakpoints", gdb):
            for cpu in (1, 2, 3):
                token = guest.start_sh(f"hot {cpu} 1 4242")
                text = gdb.wait(20)
                must("hit Breakpoint" in text and f'"cpu{cpu} ' in text, text)
                gdb.send("continue")
                guest.end_sh(token)
            gdb.interrupt()
        with report.case("CPU 0's line moves when it goes off", gdb):
            gdb.send("continue")
            guest.sh("echo 0 >/sys/devices/system/cpu/cpu0/online", 40)
            text = gdb.interrupt()
            must("SIGINT" in text, text)
            gdb.send("continue")
            guest.sh("echo 1 >/sys/devices/system/cpu/cpu0/online", 40)
            gdb.interrupt()
        gdb.cmd("detach")
        guest.alive()


def main() -> int:
    with Guest(smp=CPUS, files=programs()) as guest:
        with Gdb(symbols=symbols()) as gdb:
            attach_by_name(guest, gdb)
            stop_by_name(guest, gdb)
            system_registers(gdb)
            conditions(guest, gdb)
            hit_counts(guest, gdb)
            stepping(guest, gdb)
            calls(guest, gdb)
            sleeping(guest, gdb)
            coming_and_going(guest, gdb)
        cpus_off_and_on(guest)
        with report.case("the kernel complains of nothing after all that"):
            guest.no_complaints()
    return report.end()


sys.exit(main())
