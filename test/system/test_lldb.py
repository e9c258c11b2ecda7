#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
"""LLDB on Debian's kernel: attach, registers by set, breakpoints, steps,
memory, a watched device register, ^C, detach and kill. Where LLDB is not
installed only its packets are tried, from a socket."""

from __future__ import annotations

import re
import shutil
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import pexpect  # noqa: E402
from harness import (Guest, PHYS, Report, UART_DATA, connect,  # noqa: E402
                     must, same, symbols)

PROMPT = "(lldb) "


class Lldb:
    """lldb on a terminal: commands in, their text out."""

    def __init__(self, file: Path) -> None:
        self.child = pexpect.spawn(
            "lldb", ["--no-lldbinit", "--no-use-colors", str(file)],
            encoding="utf-8", codec_errors="replace", timeout=60,
            dimensions=(60, 250))
        self.child.delaybeforesend = None
        self.child.expect_exact(PROMPT)
        self.wait()
        # Its editor repaints each line: none of that in the output.
        self.cmd("settings set use-color false")
        self.cmd("settings set auto-confirm true")
        self.cmd("settings set target.process.extra-startup-command ''")

    def cmd(self, command: str, seconds: float = 30) -> str:
        """A command's output, without the terminal's controls."""
        self.child.sendline(command)
        return self.wait(seconds)

    def wait(self, seconds: float = 30) -> str:
        """Until the prompt has been there for a moment."""
        text = ""
        self.child.expect_exact(PROMPT, timeout=seconds)
        text += self.child.before
        while True:
            try:
                self.child.expect_exact(PROMPT, timeout=0.4)
                text += self.child.before
            except pexpect.TIMEOUT:
                text += self.child.before
                break
        return re.sub(r"\x1b\[[0-9;]*[A-Za-z]|\r", "", text)

    def until(self, command: str, pattern: str, seconds: float = 60) -> str:
        """A command that lets the guest run, until its output matches."""
        self.child.sendline(command)
        try:
            self.child.expect(pattern, timeout=seconds)
        except pexpect.TIMEOUT:
            must(False, f"{command}: no {pattern} in {self.child.before}")
        text = self.child.before + self.child.after
        self.child.sendline("script None")
        return text + self.wait()

    def interrupt(self, seconds: float = 30) -> str:
        """^C."""
        self.child.sendintr()
        self.child.expect("stop reason", timeout=seconds)
        return "stop reason" + self.wait()

    def close(self) -> None:
        """Away, whatever it does."""
        self.child.close(force=True)


class Wire:
    """A socket to the stub, for packets as they are."""

    def __init__(self, path: str) -> None:
        self.peer = socket.socket(socket.AF_UNIX)
        connect(self.peer, path)
        self.peer.settimeout(20)
        self.buffer = b""
        self.acks = True

    def reply(self) -> bytes:
        """The next frame's body."""
        while True:
            match = re.search(rb"\$([^#]*)#..", self.buffer, re.S)
            if match:
                self.buffer = self.buffer[match.end():]
                if self.acks:
                    self.peer.sendall(b"+")
                return match.group(1)
            data = self.peer.recv(65536)
            must(data, "the line was closed")
            self.buffer += data

    def ask(self, body: str) -> bytes:
        """A packet's reply."""
        self.peer.sendall(f"${body}#{sum(body.encode()) & 255:02x}".encode())
        return self.reply()


def packets(guest: Guest) -> None:
    """What LLDB 14 was seen to send, in its order."""
    wire = Wire(guest.gdb_path)
    same(wire.ask("QStartNoAckMode"), b"OK", "QStartNoAckMode")
    wire.acks = False
    must(b"PacketSize=40000" in wire.ask("qSupported:xmlRegisters=i386"))
    for packet in ("QThreadSuffixSupported", "QListThreadsInStopReply",
                   "QEnableErrorStrings"):
        same(wire.ask(packet), b"OK", packet)
    must(b"ptrsize:8;" in wire.ask("qHostInfo"))
    must(b"vCont;c" in wire.ask("vCont?"))
    same(wire.ask("qVAttachOrWaitSupported"), b"", "unknown packet")
    must(b"pid:1;" in wire.ask("qProcessInfo"))
    stop = wire.ask("?")
    must(re.match(rb"T05thread:1;core:0;threads:1,2;reason:\w+;", stop), stop)
    must(wire.ask("qXfer:features:read:target.xml:0,3ffff")[:1] == b"l")
    same(len(wire.ask("p20;thread:0001;")), 16, "PC of thread 1")
    must(re.fullmatch(rb"T00thread:2;core:1;threads:1,2;.*",
                      wire.ask("qThreadStopInfo2")))
    same(wire.ask("x0,0"), b"OK", "x0,0")
    same(len(wire.ask(f"m{PHYS | 0x4000_0000:x},8")), 16, "memory")
    must(re.match(rb"E[0-9a-f]{2};[0-9a-f]{20,}", wire.ask("m10,4")))
    must(b"permissions:rwx;" in wire.ask("qMemoryRegionInfo:40200000"),
         "MMU off")
    must(wire.ask("qRcmd,68656c70").startswith(b"O68656c70"), "help")
    same(wire.reply(), b"OK", "end of the output")
    same(wire.ask("k"), b"X09", "k")
    wire.peer.close()


def attach(lldb: Lldb, guest: Guest) -> str:
    """Connect to the guest's socket."""
    return lldb.cmd(f"process connect --plugin gdb-remote "
                    f"unix-connect://{guest.gdb_path}", 60)


def session(report: Report, guest: Guest) -> None:
    """A kernel under LLDB, from its first instruction on."""
    lldb = Lldb(symbols())
    try:
        with report.case("attach"):
            must("stopped" in attach(lldb, guest))
            must(len(re.findall(r"thread #\d", lldb.cmd("thread list"))) == 2)
        with report.case("break start_kernel, and a backtrace"):
            lldb.cmd("breakpoint set -n start_kernel")
            text = lldb.until("continue", "stop reason = breakpoint 1")
            must("`start_kernel" in text, text)
            must("__primary_switched" in lldb.cmd("bt"))
        with report.case("registers by set, and a write"):
            must("TTBR1_EL1 = 0x" in lldb.cmd("register read --set 3"))
            lldb.cmd("register write TPIDR_EL0 0x77")
            must("0x0000000000000077"
                 in lldb.cmd("register read TPIDR_EL0"))
        with report.case("steps"):
            places = []
            for _ in range(3):
                lldb.until("thread step-inst", "instruction step into")
                match = re.search(r"pc = 0x([0-9a-f]+)",
                                  lldb.cmd("register read pc"))
                places.append(int(match.group(1), 16))
            same([b - a for a, b in zip(places, places[1:])], [4, 4], "steps")
        with report.case("memory through the physical window"):
            place = f"{PHYS | 0x5000_1000:#x}"
            lldb.cmd(f"memory write -s 4 {place} 0x11223344")
            must("0x11223344"
                 in lldb.cmd(f"memory read -f x -s 4 -c 1 {place}"))
            must("error" in lldb.cmd("memory read 0x10"))
        with report.case("a watched device register"):
            lldb.cmd("breakpoint delete -f")
            lldb.cmd(f"watchpoint set expression -w write -s 4 -- "
                     f"{PHYS | UART_DATA:#x}")
            text = lldb.until("continue", "stop reason = watchpoint 1")
            must("pl011" in lldb.cmd("bt"), text)
            lldb.cmd("watchpoint delete -f")
        with report.case("a hardware breakpoint"):
            lldb.cmd("breakpoint set -H -n schedule")
            text = lldb.until("continue", "stop reason = breakpoint")
            must("`schedule" in text, text)
            lldb.cmd("breakpoint delete -f")
        with report.case("monitor commands"):
            text = lldb.cmd("process plugin packet monitor info")
            must("cpu1" in text, text)
        with report.case("^C"):
            lldb.until("continue", "resuming")
            guest.wait_up()
            must("SIGINT" in lldb.interrupt()
                 or "stopped" in lldb.cmd("process status"))
        with report.case("memory regions, as the guest's tables have them"):
            text = lldb.cmd("memory region `(unsigned long)$pc`")
            must(" r-x" in text, text)
            text = lldb.cmd("memory region `(unsigned long)$sp`")
            must(" rw-" in text, text)
            text = lldb.cmd(f"memory region {PHYS:#x}")
            must("[0x0072000000000000-0x0073000000000000) rw-" in text, text)
            must(" ---" in lldb.cmd("memory region 0x1000000000000"))
        with report.case("detach, and the guest runs"):
            lldb.cmd("detach")
            guest.alive()
        with report.case("kill is a detach"):
            must("stopped" in attach(lldb, guest))
            text = lldb.cmd("process kill")
            must("failed" not in text, text)
            guest.alive()
    finally:
        lldb.close()


def slid(guest: Guest) -> None:
    """Symbols of a kernel that has moved itself."""
    lldb = Lldb(symbols())
    try:
        attach(lldb, guest)
        must("`do_idle" in lldb.cmd("bt"), "no symbols")
        lldb.cmd("detach")
    finally:
        lldb.close()
    guest.alive()


def main() -> int:
    report = Report()
    with Guest(smp=2, append="nokaslr", wait=True) as guest:
        with report.case("the packets of LLDB 14"):
            packets(guest)
    if not shutil.which("lldb"):
        print("# lldb is not installed; only its packets were tried")
        return report.end()
    with Guest(smp=2, append="nokaslr", wait=True) as guest:
        session(report, guest)
    with Guest() as guest, report.case("symbols follow KASLR"):
        slid(guest)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
