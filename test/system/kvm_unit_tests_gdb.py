# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""gdb's part in scripts/kvm-unit-tests: it holds all comparators and some
breakpoints on hot text while a test runs, and stops it now and then."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from harness import Bad, Gdb

# Functions that every test calls; the condition never holds.
HOT = ("puts", "memset", "vsnprintf")
LOADED = 0x4008_0000
GAP = 0.4  # seconds between two stops


class Socket:
    """What Gdb.attach() wants of a guest."""

    def __init__(self, path: str) -> None:
        self.gdb_path = path


def attach(gdb: Gdb, child: subprocess.Popen, path: str,
           program: Path) -> None:
    """Attach, and set everything."""
    end = time.monotonic() + 60
    while not Path(path).exists():
        if child.poll() is not None:
            raise Bad(f"ended with {child.returncode} and made no socket")
        if time.monotonic() > end:
            raise Bad("no socket")
        time.sleep(0.05)
    # Its programs are linked at 0 and run where they are loaded.
    gdb.cmd(f"symbol-file {program} -o {LOADED:#x}")
    gdb.attach(Socket(path))  # type: ignore[arg-type]
    gdb.cmd("set breakpoint always-inserted on")
    for name in HOT:
        text = gdb.cmd(f"break *{name} if $x0 == 1")
        if "Cannot" in text:
            raise Bad(f"break {name}: {text}")
    for n in range(6):
        gdb.cmd(f"hbreak *{0x4ff00000 + 64 * n:#x}")
    for n in range(4):
        gdb.cmd(f"awatch *(int *){0x4ff10000 + 64 * n:#x}")


def drive(child: subprocess.Popen, path: str, program: Path,
          seconds: float) -> str:
    """
    Until the guest's machine ends, or its time is over: what did not go as it
    should, "" where all did.
    """
    try:
        with Gdb() as gdb:
            attach(gdb, child, path, program)
            stop_and_go(gdb, child, seconds)
    except Bad as bad:
        return str(bad)
    return ""


def stop_and_go(gdb: Gdb, child: subprocess.Popen, seconds: float) -> None:
    """Let it run for a moment and stop it, again and again."""
    end = time.monotonic() + seconds
    while child.poll() is None and time.monotonic() < end:
        gdb.child.sendline("continue")
        until = time.monotonic() + GAP
        while child.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        if child.poll() is not None:
            return
        try:
            gdb.interrupt()
        except Bad:
            if child.poll() is None:
                raise
