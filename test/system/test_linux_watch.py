#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 200 s
"""Watchpoints on Debian's kernel: on the serial port through the window for
physical addresses (who writes, which character, none lost or doubled), and on
kernel data by its address, of every size."""

from __future__ import annotations

import re
import sys
import time

from guest_programs import HOT, programs
from harness import Gdb, Guest, PHYS, Report, UART_DATA, must, same, symbols

REGISTER = f"*(unsigned short *)({PHYS:#x} + {UART_DATA:#x})"
report = Report("linux watch: ")


def stored(gdb: Gdb) -> str:
    """The character that the store before the program counter wrote."""
    text = gdb.cmd("x/i $pc-4")
    match = re.search(r"\bstu?r[bh]?\s+w(\d+|zr),", text)
    must(match, f"no store before the PC: {text}")
    if match.group(1) == "zr":
        return "\0"
    return chr(gdb.value(f"$w{match.group(1)}") & 0xff)


def later(guest: Guest, gdb: Gdb, command: str) -> tuple[int, int]:
    """Type a command that sleeps first; its typing is over when this is."""
    token = guest.start_sh(command)
    gdb.send("continue")
    time.sleep(0.7)
    gdb.interrupt()
    return token


def serial_port(guest: Guest, gdb: Gdb) -> None:
    word = "watched-0123"
    with report.case("awatch on the PL011: each character, who wrote it",
                     gdb):
        # The typed line comes in first: those are reads of the register.
        token = later(guest, gdb, f"sleep 2; echo {word}")
        text = gdb.cmd(f"awatch {REGISTER}")
        must("Hardware access" in text, text)
        seen = ""
        for _ in range(len(word)):
            text = gdb.go()
            must("hit Hardware access" in text, text)
            match = re.search(r"^(?:New value|Value) = (\d+)", text, re.M)
            must(match, text)
            must("pl011" in gdb.cmd("bt 4"), gdb.cmd("bt 4"))
            same(chr(int(match.group(1)) & 0xff), stored(gdb),
                 "gdb's value and the register that was stored")
            seen += stored(gdb)
            if len(seen) % 3 == 0:
                gdb.cmd("stepi")
        same(seen, word, "characters")
        gdb.cmd("delete")
        gdb.send("continue")
        same(guest.end_sh(token), word + "\n", "the console's text")
        gdb.interrupt()
    with report.case("watch shows old and new value, and stops on a change",
                     gdb):
        token = later(guest, gdb, "sleep 2; echo aab")
        gdb.cmd(f"watch {REGISTER}")
        seen = []
        for _ in range(2):
            text = gdb.go()
            match = re.search(r"Old value = (\S+)\s+New value = (\d+)", text)
            must(match, text)
            seen.append(match.groups())
        same([pair[1] for pair in seen], ["97", "98"], "new values")
        same(seen[1][0], "97", "old value")
        gdb.cmd("delete")
        gdb.send("continue")
        same(guest.end_sh(token), "aab\n")
        gdb.interrupt()
    with report.case("rwatch sees what is typed", gdb):
        gdb.cmd(f"rwatch {REGISTER}")
        token = guest.start_sh("echo typed")
        text = gdb.go()
        must("Hardware read watchpoint" in text, text)
        same(int(re.search(r"^Value = (\d+)", text, re.M).group(1)) & 0xff,
             ord("e"), "first character")
        must("pl011" in gdb.cmd("bt 5"), gdb.cmd("bt 5"))
        gdb.cmd("delete")
        gdb.send("continue")
        same(guest.end_sh(token), "typed\n", "nothing lost or doubled")
        gdb.interrupt()
    with report.case("a condition on the character", gdb):
        token = later(guest, gdb, "sleep 2; echo abcdefQs")
        gdb.cmd(f"awatch {REGISTER} if {REGISTER} == 0x51")
        text = gdb.go()
        must("= 81" in text, text)
        same(stored(gdb), "Q")
        gdb.cmd("delete")
        gdb.send("continue")
        same(guest.end_sh(token), "abcdefQs\n")
        gdb.interrupt()
    with report.case("while it is watched and goes on: console text is whole",
                     gdb):
        gdb.cmd(f"watch {REGISTER} if {REGISTER} == 0x01")
        gdb.send("continue")
        text = guest.sh("i=0; while [ $i -lt 60 ]; do echo line-$i-of-text; "
                        "i=$((i+1)); done", 60)
        same(text, "".join(f"line-{i}-of-text\n" for i in range(60)))
        gdb.interrupt()
        gdb.cmd("delete")
    with report.case("a breakpoint on a device is refused", gdb):
        gdb.cmd(f"break *{PHYS + UART_DATA:#x}")
        text = gdb.go(15)
        must("Cannot insert breakpoint" in text, text)
        gdb.cmd("delete")


def kernel_data(guest: Guest, gdb: Gdb) -> None:
    """The registers of a system call lie on the kernel's stack."""
    def stop() -> tuple:
        gdb.cmd(f"tbreak {HOT}")
        token = guest.start_sh("once 1")
        must(HOT in gdb.go(), "no stop")
        return token

    with report.case("watch on kernel data: who writes the result", gdb):
        token = stop()
        gdb.cmd("set $where = (long *)$x0")
        text = gdb.cmd("watch *$where")
        must("Hardware watchpoint" in text, text)
        text = gdb.go()
        must(re.search(r"Old value = 1\s+New value = 99", text), text)
        must("invoke_syscall ()" in text or "el0_svc" in text, text)
        gdb.cmd("delete")
        gdb.send("continue")
        guest.end_sh(token, 20, 99)
        gdb.interrupt()
    for size, kind in ((1, "char"), (2, "short"), (4, "int"), (8, "long")):
        with report.case(f"awatch of {size} bytes on kernel data", gdb):
            token = stop()
            gdb.cmd(f"set $where = (unsigned {kind} *)$x0")
            gdb.cmd("awatch *$where")
            text = gdb.go()
            must("hit Hardware access" in text, text)
            gdb.cmd("delete")
            gdb.send("continue")
            guest.end_sh(token, 20, 99)
            gdb.interrupt()
    for size in (3, 5, 6, 7, 16, 64, 100):
        with report.case(f"watch of {size} bytes that hold the result", gdb):
            token = stop()
            offset = 0 if size < 8 else 8 if size == 16 else 24
            gdb.cmd(f"set $where = (char *)$x0 - {offset}")
            text = gdb.cmd(f"watch *(char(*)[{size}])$where")
            must("Hardware watchpoint" in text, text)
            text = gdb.go()
            must("hit Hardware watchpoint" in text
                 and "New value" in text, text)
            same(gdb.value("*(long *)($where + %d)" % offset), 99, "result")
            gdb.cmd("delete")
            gdb.send("continue")
            guest.end_sh(token, 20, 99)
            gdb.interrupt()
    with report.case("awatch of 4096 bytes of user memory", gdb):
        gdb.cmd("tbreak __arm64_sys_write if *(long *)($x0 + 16) == 9")
        token = guest.start_sh("echo pagefull")
        must("__arm64_sys_write" in gdb.go(), "no stop")
        gdb.cmd("set $page = *(unsigned long *)($x0 + 8) & ~4095ul")
        text = gdb.cmd("awatch *(char(*)[4096])$page")
        must("Hardware access" in text, text)
        text = gdb.go()
        must("hit Hardware access" in text, text[:400])
        chain = gdb.cmd("bt 3")
        must("copy_from_user" in chain or "write" in chain, chain)
        gdb.cmd("delete")
        gdb.send("continue")
        same(guest.end_sh(token), "pagefull\n")
        gdb.interrupt()
    with report.case("eight watchpoints at once, each on its own byte", gdb):
        token = stop()
        gdb.cmd("set $where = (char *)$x0")
        for at in range(8):
            text = gdb.cmd(f"awatch *(char *)($where + {8 * at})")
            must("Hardware access" in text, text)
        text = gdb.go()
        must("hit Hardware access" in text, text)
        gdb.cmd("delete")
        gdb.send("continue")
        guest.end_sh(token, 20, 99)
        gdb.interrupt()


def main() -> int:
    with Guest(smp=4, files=programs()) as guest, \
            Gdb(symbols=symbols()) as gdb:
        gdb.attach(guest)
        serial_port(guest, gdb)
        kernel_data(guest, gdb)
        gdb.cmd("detach")
        with report.case("the guest lives after it all"):
            guest.alive()
    return report.end()


sys.exit(main())
