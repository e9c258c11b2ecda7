#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
"""The launcher's life: when gdb goes, it and its QEMU are gone within a
second; on sockets the guest lives on. Counted by process id, with the
monitor where it is built and natively."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
QEMU = ROOT / "scripts" / "qemu"
MONITOR = Path(os.environ.get("HYPERSTUB", ROOT / "build/hyperstub.bin"))
CONNECTS = 50
failures = 0


def report(good: bool, name: str, why: str = "") -> None:
    global failures
    failures += not good
    print(("ok " if good else "not ok ") + name)
    if not good and why:
        print(f"# {why}")


def children(pid: int) -> list[int]:
    """The processes that a process has started and that live."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def alive(pid: int) -> bool:
    """Is there such a process, and is it no zombie?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2] \
            .split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


def start(*words: str, **how) -> tuple[subprocess.Popen, int]:
    """A launcher, and its QEMU's process id."""
    launcher = subprocess.Popen([str(QEMU), *words], **how)
    assert wait_for(lambda: children(launcher.pid), 10), "no QEMU"
    return launcher, children(launcher.pid)[0]


def all_gone(pids: list[int]) -> bool:
    return not any(alive(pid) for pid in pids)


def piped_gdb(kind: list[str]) -> subprocess.Popen:
    """gdb with the launcher as its pipe, attached to a waiting guest."""
    command = " ".join([str(QEMU), *kind, "--gdb", "stdio"])
    return subprocess.Popen(
        ["gdb-multiarch", "-nx", "-q", "-ex", "set confirm off", "-ex",
         "set architecture aarch64", "-ex", "set remotetimeout 20", "-ex",
         f"target remote | {command}",
         "-ex", "echo attached\\n"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def attached_tree(gdb: subprocess.Popen) -> list[int]:
    """Wait until gdb is attached; the launcher and its QEMU."""
    for line in gdb.stdout:
        if line.strip() == "attached":
            break
    for child in children(gdb.pid):
        grand = children(child)
        # gdb may go by way of a shell.
        if grand and children(grand[0]):
            return [child, *grand, *children(grand[0])]
        if grand:
            return [child, *grand]
    return []


def test_pipe(kind: list[str], what: str) -> None:
    """gdb's ways to go, by turns."""
    ways = {
        "killed": lambda gdb: gdb.kill(),
        "quit": lambda gdb: gdb.communicate("quit\n", timeout=20),
        "detached": lambda gdb: gdb.communicate("detach\nquit\n", timeout=20),
        "sent kill": lambda gdb: gdb.communicate("kill\nquit\n", timeout=20),
    }
    slowest, left, seen = 0.0, [], 0
    for turn in range(CONNECTS):
        # Detach waits for the pipe's child to end, so it is tried less.
        names = list(ways)
        name = names[turn % len(names)] if turn < 12 else "killed"
        gdb = piped_gdb(kind)
        tree = attached_tree(gdb)
        seen += len(tree) >= 2
        ways[name](gdb)
        gone = time.monotonic()
        if not wait_for(lambda: all_gone(tree), 1.0):
            left.append(f"{name}: {[p for p in tree if alive(p)]}")
        slowest = max(slowest, time.monotonic() - gone)
        gdb.stdin.close() if not gdb.stdin.closed else None
        gdb.stdout.close()
        gdb.wait()
    report(seen == CONNECTS, f"{what}: gdb attached through the pipe "
           f"{CONNECTS} times", f"only {seen}")
    report(not left, f"{what}: nothing is left after {CONNECTS} connects",
           "; ".join(left[:3]))
    print(f"# slowest end: {slowest:.2f} s")


def test_signals(kind: list[str], what: str) -> None:
    """Signals to the launcher end its QEMU."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT,
                   signal.SIGKILL):
        launcher, pid = start(*kind, "--gdb", "stdio",
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        time.sleep(0.2)
        launcher.send_signal(number)
        good = wait_for(lambda: all_gone([launcher.pid, pid]), 1.0)
        launcher.wait()
        report(good, f"{what}: {signal.Signals(number).name} to the launcher "
               "ends QEMU")
        launcher.stdin.close()
        launcher.stdout.close()


def test_sockets(kind: list[str], what: str) -> None:
    """On a socket the guest outlives its debuggers."""
    with tempfile.TemporaryDirectory() as temp:
        path = f"{temp}/gdb,1"
        launcher, pid = start(*kind, "--console", "null", "--gdb",
                              f"unix:{path}", stdin=subprocess.DEVNULL)
        wait_for(lambda: os.path.exists(path), 10)
        for _ in range(3):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(path)
                peer.sendall(b"+$?#3f")
                peer.settimeout(5)
                try:
                    answer = peer.recv(100)
                except OSError:
                    answer = b""
                report(answer.startswith((b"+", b"$")),
                       f"{what}: a debugger on the socket is answered")
        time.sleep(1.2)
        report(alive(pid) and launcher.poll() is None,
               f"{what}: the guest lives on when debuggers have gone")
        launcher.terminate()
        launcher.wait()
        report(all_gone([pid]), f"{what}: and ends with its launcher")


def test_end_of_qemu() -> None:
    """QEMU's own end is the launcher's, with its status."""
    launcher, pid = start("--native", "--gdb", "null", "--console", "null",
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    os.kill(pid, signal.SIGKILL)
    _, text = launcher.communicate(timeout=10)
    report(launcher.returncode == 128 + 9 and b"signal 9" in text,
           "QEMU's end by a signal is told", repr((launcher.returncode, text)))
    done = subprocess.run([str(QEMU), "--native", "--gdb", "null",
                           "--console", "null", "--", "-nonsense"],
                          stderr=subprocess.DEVNULL, check=False)
    report(done.returncode == 1, "QEMU's own error is the launcher's status")


def main() -> int:
    kinds = [(["--native", "--wait"], "native")]
    if MONITOR.exists():
        kinds.append((["--image", str(MONITOR)], "monitor"))
    else:
        print("skip launcher under the monitor: it is not built")
    for kind, what in kinds:
        test_signals(kind, what)
        test_sockets(kind, what)
        test_pipe(kind, what)
    test_end_of_qemu()
    return 1 if failures else 0


sys.exit(main())
