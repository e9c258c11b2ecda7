#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 400 s
"""The guest's serial port on the console channel: Linux boots with its console
there, with no byte lost, sysrq by a break, clients that go, come or do not
read, and gdb beside it."""

from __future__ import annotations

import base64
import hashlib
import random
import re
import socket
import sys
import time

from harness import (Bad, Console, Gdb, Guest, MARKER, Report, must,
                     same, symbols)
from lib import assets
from machine import Client, Machine, raw_peer

report = Report()
DATA = base64.encodebytes(random.Random(1).randbytes(780_000))
LOST = re.compile(r"\n\[hyperstub: (\d+) bytes lost here\]\n")


def digest(text: str) -> str:
    """To compare long texts by."""
    return hashlib.md5(text.encode()).hexdigest()


def drain(peer: socket.socket, until: bytes, seconds: float = 30) -> str:
    """What comes until that is its end, with \\r taken out."""
    end = time.monotonic() + seconds
    data = b""
    while not data.endswith(until):
        if time.monotonic() > end:
            raise Bad(f"{until!r} does not come: {data[-300:]!r}")
        peer.settimeout(max(0.1, end - time.monotonic()))
        data += peer.recv(65536)
    return data.replace(b"\r", b"").decode()


def boot() -> Guest:
    return Guest(smp=2, memory="256M", serial="channel",
                 append="earlycon loglevel=7 sysrq_always_enabled nokaslr",
                 files={"data": DATA})


def first_words(guest: Guest) -> None:
    text = guest.console.text
    with report.case("the kernel's words are there from the first to the last"):
        must(text.startswith("[    0.000000] Booting Linux on physical CPU"),
             text[:200])
        for want in ("earlycon: pl11 at MMIO 0x", "bootconsole [pl11] enabled",
                     "ttyAMA0 at MMIO 0x9000000", "Freeing unused kernel",
                     MARKER):
            must(want in text, want)
        must("hyperstub: " not in text.replace(MARKER, ""), "monitor's words")
    with report.case("the physical UART has the monitor's words alone"):
        log = (guest.folder / "uart.log").read_text()
        must("debugger on virtio-console" in log, log)
        must("Linux version" not in log, log)
    with report.case("a shell answers what is typed"):
        same(guest.sh("echo $((40 + 2))").strip(), "42")


def much(guest: Guest) -> None:
    with report.case("1 MB of output, and no byte is lost"):
        guest.sh("stty -opost")
        text = guest.sh("cat /data", 150)
        same(len(text), len(DATA))
        same(digest(text), hashlib.md5(DATA).hexdigest())
        guest.sh("stty opost")
    with report.case("more input than any buffer holds arrives whole"):
        part = DATA[:77 * 400]  # whole lines, for the tty
        start = len(guest.console.text)
        guest.console.send(f"echo 're'ady; head -c {len(part)} | md5sum\n")
        guest.console.wait("ready\n", 10, start)
        guest.console.send(part.decode())
        guest.console.wait(f"{hashlib.md5(part).hexdigest()}  -\n", 60, start)
        guest.alive()


def with_gdb(guest: Guest) -> None:
    with Gdb(symbols=symbols()) as gdb, \
            report.case("gdb beside it: breakpoint, ^C, and the console "
                        "stays the console", gdb):
        gdb.attach(guest)
        info = gdb.cmd("monitor info")
        must("played, to the console channel, where somebody is" in info, info)
        gdb.cmd("break ksys_sync")
        token = guest.start_sh("echo before; sync; echo after")
        text = gdb.go()
        must("ksys_sync" in text and "before" not in text, text)
        guest.console.wait("before\n", 5, token[0])
        must("after" not in guest.console.text[token[0]:], "not stopped")
        gdb.cmd("delete")
        gdb.send("continue")
        guest.end_sh(token)
        must("SIGINT" in gdb.interrupt(), "^C")
        guest.console.send("echo typed-while-'stopped'\n")
        gdb.cmd("detach")
        guest.console.wait("typed-while-stopped", 10)


def breaks(guest: Guest) -> None:
    with report.case("a break, then a letter: sysrq"):
        start = len(guest.console.text)
        with Client(guest) as stub:
            same(stub.monitor("break"), "")
            stub.ask("D")
        guest.console.send("h")
        guest.console.wait("sysrq: HELP : .*\n", 20, start)
        # without a break it is a letter
        guest.console.send("h\n")
        guest.console.wait("h: not found", 10, start)
        # from here on bytes are counted
        guest.sh("dmesg -n 1")


def numbers(count: int) -> str:
    """What seq, and then echo end, print."""
    return "".join(f"{i}\n" for i in range(1, count + 1)) + "end\n"


def missing(text: str) -> int:
    """How many bytes its notices say were lost."""
    return sum(int(n) for n in LOST.findall(text))


def lost(guest: Guest, at_least: int) -> int:
    """Wait until so many bytes are lost, and no more of them; how many."""
    end = time.monotonic() + 90
    seen = -1
    with Client(guest) as stub:
        while True:
            must(time.monotonic() < end, f"{seen} bytes lost in 90 s")
            now = int(re.search(r"(\d+) were lost",
                                stub.monitor("info")).group(1))
            if now == seen and now >= at_least:
                break
            seen = now
            stub.go()
            time.sleep(1)
            stub.interrupt()
        stub.ask("D")
    return seen


def comes_and_goes(guest: Guest) -> None:
    path = f"{guest.folder}/console"
    with report.case("who comes back finds what was said meanwhile"):
        guest.console.send("sleep 1; seq 1000; echo 'e'nd\n")
        time.sleep(0.2)
        guest.console.peer.shutdown(socket.SHUT_RDWR)
        time.sleep(3)
        peer = raw_peer(path)
        same(drain(peer, b"end\r\n"), numbers(1000))
    with report.case("what did not fit is told by number; the newest is kept"):
        peer.sendall(b"sleep 1; seq 30000; echo 'e'nd\n")
        time.sleep(0.2)
        peer.close()
        lost(guest, 1)
        peer = raw_peer(path)
        text = drain(peer, b"end\r\n")
        # carriage returns are bytes too
        whole = numbers(30000).replace("\n", "\r\n")
        match = LOST.match(text)
        must(match, text[:200])
        rest = text[match.end():].replace("\n", "\r\n")
        same(len(rest), 65536, "bytes kept")
        same(int(match.group(1)) + len(rest), len(whole), "lost and kept")
        must(whole.endswith(rest), rest[:100])
    peer.close()


def slow_readers(guest: Guest) -> None:
    path = f"{guest.folder}/console"
    peer = raw_peer(path)
    want = DATA.decode()
    with report.case("the guest waits for one who reads slowly"):
        peer.sendall(b"stty -opost; cat /data; echo 'e'nd\n")
        data = b""
        while not data.endswith(b"end\n"):
            peer.settimeout(20)
            data += peer.recv(20_000)
            time.sleep(0.02)
        same(digest(data.decode()), digest(want + "end\n"))
    with report.case("and not for one who does not read at all"):
        peer.sendall(b"cat /data; echo; cat /proc/uptime; echo 'e'nd\n")
        began = time.monotonic()
        time.sleep(1)
        # the guest, which is held up by now, goes on by itself
        lost(guest, 400_000)
        text = drain(peer, b"end\n", 60)
        must(missing(text) > 300_000, text[:100])
        got = LOST.sub("", text)
        got = got[:got.rindex("\n\n") + 1]
        must(want.endswith(got[-20_000:]), "the newest is not kept")
        must(time.monotonic() - began > 1, "too fast to have been held")
    with report.case("afterwards nothing is lost"):
        peer.sendall(b"seq 20000; echo 'e'nd\n")
        same(drain(peer, b"end\n"), numbers(20000))
    peer.close()


def last_words(guest: Guest) -> None:
    with report.case("the last words before power-off arrive"):
        guest.console = Console(f"{guest.folder}/console")
        guest.console.start()
        guest.console.send("poweroff -f\n")
        guest.console.wait("reboot: Power down", 30)


def late() -> None:
    """Nobody there while it boots."""
    with report.case("who comes late reads from the first character on"), \
            Machine("--memory", "256M", "--kernel",
                    str(assets.kernel("kernel-6.1").vmlinuz), "--initrd",
                    str(assets.initramfs(None)), "--append",
                    "console=ttyAMA0 earlycon", "--serial", "channel",
                    serial=False, console=True) as machine:
        time.sleep(8)
        console = Console(f"{machine.folder}/console")
        console.start()
        text = console.wait(".*" + MARKER, 60).group(0)
        must(text.startswith("[    0.000000] Booting Linux on physical CPU"),
             text[:200])
        must(not LOST.search(text), "bytes lost")


def to_gdb() -> None:
    with report.case("hyperstub.serial=gdb: gdb's console over virtio"), \
            Machine("--memory", "256M", "--kernel",
                    str(assets.kernel("kernel-6.1").vmlinuz), "--initrd",
                    str(assets.initramfs(None)), "--append",
                    "console=ttyAMA0 earlycon", "--serial", "gdb", "--wait",
                    serial=False) as machine, Client(machine) as stub:
        stub.ask("?")
        stub.go()
        text = stub.output(MARKER)
        must("Booting Linux on physical CPU" in text, text[:200])
        stub.interrupt()
        same(stub.monitor("type echo sum-$((40+2))"), "")
        stub.go()
        stub.output("sum-42")


def main() -> int:
    with boot() as guest:
        first_words(guest)
        much(guest)
        with_gdb(guest)
        breaks(guest)
        comes_and_goes(guest)
        slow_readers(guest)
        last_words(guest)
    late()
    to_gdb()
    return report.end()


sys.exit(main())
