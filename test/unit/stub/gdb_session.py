#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Drives the real gdb against stubserver and compares what gdb prints.

usage: gdb_session.py STUBSERVER; exits with 77 (skipped) without a gdb that
knows aarch64. The packets that gdb sent are compared as well.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

PREPARE = """set pagination off
set confirm off
set width 0
set architecture aarch64
set language c
set remotetimeout 10
set logging file {dir}/log
set logging debugredirect on
set logging enabled on
set debug remote 1
python
import gdb, os, signal, threading
def interrupt_soon():
    threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()
def many_breakpoints(n):
    for i in range(n):
        gdb.Breakpoint("*0x%x" % (0x40040000 + 4 * i))
end
target remote {dir}/socket
"""

# gdb's commands and, indented below each, regular expressions that must be
# found, in this order, in what gdb prints for it.
SCRIPT = r"""
info threads
    \* 1 +Thread 1 "cpu0" \(stopped\)
    4 +Thread 4 "cpu3" \(off\)
p/x $pc
    = 0x40001000
p $HIDDEN
    <unavailable>
set var $LOCKED = 1
    Could not write register
set var $x5 = 0x1234
p/x $x5
    = 0x1234
thread 3
    Switching to thread 3
p $x0
    = 2
thread 4
p $pc
    <unavailable>
thread 1
x/4xb 0x40000000
    0x00\s+0x01\s+0x02\s+0x03
x/2xw 0x400ffffc
    Cannot access memory at address 0x40100000
dump binary memory {dir}/ram 0x40000000 0x40008000
restore {dir}/bytes binary 0x40008000
    Restoring binary file
dump binary memory {dir}/back 0x40008000 0x40009000
find 0x40000000, +0x200, (char)0xfe, (char)0xff
    0x400000fe
break *0x40001008 if $x0 == 40
    Breakpoint 1 at
continue
    hit Breakpoint 1
p $x0
    = 40
delete
thread 1
set var $pc = 0x40001008
stepi
p/x $pc
    = 0x4000100c
watch *(long *)0x40004000
    Hardware watchpoint 2
continue
    hit Hardware watchpoint 2
    Old value
    New value
delete
awatch -l *(char (*)[256])0x40004200
    Hardware access
continue
    hit Hardware access
delete
hbreak *0x40001014
continue
    hit Breakpoint 4
delete
tbreak *0x40001004
continue
    Temporary breakpoint 5
python interrupt_soon()
continue
    received signal SIGINT
stepi
monitor echo hi there
    hi there
monitor nonsense
    unknown command
maint packet qqemu.sstepbits
    ENABLE=1,NOIRQ=2,NOTIMER=4
python many_breakpoints(2000)
stepi
info breakpoints
    0x0000000040041f3c
delete
detach
    Inferior 1 \(Remote target\) detached
target remote {dir}/socket
info threads
    Thread 1 "cpu0" \(stopped\)
kill
    killed
"""

# What must be found in the packets, as gdb logs them.
PACKETS = [
    r"Sending packet: \$Z0,40001008,4;X[0-9a-f]+,[0-9a-f]+#",
    r"Sending packet: \$X40008000,",
    r"Sending packet: \$vCont;s:1;c#",
    r"Sending packet: \$vCont;s:1#",
    r"Sending packet: \$Z2,40004000,8#",
    r"Sending packet: \$Z4,40004200,100#",
    r"Sending packet: \$Z1,40001014,4#",
    r"Packet received: T05swbreak:;thread:",
    r"Packet received: T05hwbreak:;thread:",
    r"Packet received: T05watch:40004000;thread:1;",
    r"Packet received: T05awatch:40004200;thread:3;",
    r"Packet received: T02thread:",
    r"Sending packet: \$D#",
    r"Sending packet: \$(k|vKill;)",
]


def steps() -> list[tuple[str, list[str]]]:
    """The script as pairs of a command and what must be printed."""
    result: list[tuple[str, list[str]]] = []
    for line in SCRIPT.strip("\n").split("\n"):
        if line.startswith("    "):
            result[-1][1].append(line.strip())
        else:
            result.append((line, []))
    return result


def compare(output: str) -> list[str]:
    """What was printed but should not have been, or the reverse."""
    errors = []
    parts = re.split(r"@@(\d+)@@", output)
    seen = dict(zip(parts[1::2], parts[2::2]))
    for number, (command, wants) in enumerate(steps()):
        text = seen.get(str(number), "")
        at = 0
        for want in wants:
            found = re.compile(want).search(text, at)
            if not found:
                errors.append(f"{command}: no {want!r} in {text.strip()!r}")
                break
            at = found.end()
    return errors


def compare_files(directory: str) -> list[str]:
    """Memory that went out and memory that came back."""
    errors = []
    with open(f"{directory}/ram", "rb") as file:
        ram = file.read()
    pattern = bytes((i ^ i >> 8) & 0xff for i in range(0x8000))
    if ram[:0x1000] != pattern[:0x1000] or ram[0x5000:] != pattern[0x5000:]:
        errors.append("dump: not what is in memory")
    with open(f"{directory}/back", "rb") as file:
        if file.read() != bytes(range(256)) * 16:
            errors.append("restore: not what was written")
    return errors


def run(server: str, gdb: str, directory: str) -> list[str]:
    with open(f"{directory}/bytes", "wb") as file:
        file.write(bytes(range(256)) * 16)
    lines = PREPARE
    for number, (command, _) in enumerate(steps()):
        lines += f"echo @@{number}@@\\n\n{command}\n"
    with subprocess.Popen([server, f"{directory}/socket"],
                          stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        done = subprocess.run([gdb, "-nx", "-q"], timeout=100, text=True,
                              errors="replace",
                              input=lines.replace("{dir}", directory),
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        process.stdin.close()
        told = process.stdout.read()
    errors = compare(done.stdout)
    if told != b"gone: points 0, running 1\n" * 2:
        errors.append(f"stubserver: {told!r}")
    if process.returncode:
        errors.append(f"stubserver: exit status {process.returncode}")
    with open(f"{directory}/log", "rb") as file:
        log = file.read().decode("latin1")
    errors += [f"no packet {p}" for p in PACKETS if not re.search(p, log)]
    return errors + compare_files(directory)


def main() -> int:
    gdb = shutil.which("gdb-multiarch")
    if not gdb:
        print("no gdb-multiarch")
        return 77
    with tempfile.TemporaryDirectory() as directory:
        errors = run(os.path.abspath(sys.argv[1]), gdb, directory)
    for error in errors:
        print("FAIL", error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
