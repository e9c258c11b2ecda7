#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 120 s
"""The user-space USB host against the project's USB device, with nothing else
between them: enumeration as Linux and as Windows do it, bytes, flow control,
and what no good host does."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator

from harness import Report, must, same
from usb import (ENDPOINT, PORTS, Port, Program, UsbDev, UsbHost, folder,
                 program, transfer)

MB = 1 << 20
DATA = random.Random(4).randbytes(MB)


@contextlib.contextmanager
def pair(*options: str, echo: tuple[str, ...] = (),
         device: tuple[str, ...] = ()) -> Iterator[tuple[UsbDev, UsbHost]]:
    """A device and a host, configured."""
    with folder() as path, UsbDev(path, *device, echo=echo) as dev, \
            UsbHost(path, dev.address, *options) as host:
        host.command("wait configured 10")
        dev.wait("^configured")
        yield dev, host


def listing(path: Path, dev: UsbDev, *options: str) -> str:
    """What usbhost --list says."""
    done = subprocess.run(
        [str(program("usbhost")), "--list", *options, dev.address],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        timeout=20, check=False)
    must(done.returncode == 0, done.stderr)
    return done.stdout


def check_list() -> None:
    with folder() as path, UsbDev(path, "--serial", "ABC-1") as dev:
        linux = listing(path, dev)
        for text in ("idVendor                 0x1209",
                     "iSerialNumber            3 ABC-1",
                     "bNumInterfaces         6", "hyperstub gdb",
                     "hyperstub console", "hyperstub trace",
                     "bmCapabilities     0x06"):
            must(text in linux, f"{text!r} is not in\n{linux}")
        same(linux.count("Interface Association"), 3, "associations")
        same(linux.count("CDC Union"), 3, "unions")
        windows = listing(path, dev, "--as", "windows")
        must("0xee        stalled" in windows, windows)
        must("qualifier         present" in windows, windows)
        same(windows.split("Configuration Desc")[1],
             linux.split("Configuration Desc")[1], "configuration")
    with folder() as path, UsbDev(path, "--speed", "full") as dev:
        full = listing(path, dev)
        same(full.count("wMaxPacketSize     64\n"), 6, "packets of 64")
        # One that knows no other speed has no qualifier (USB 2.0, 9.6.2).
        must("qualifier         stalled" in full, full)


def check_names() -> None:
    for who in ("linux", "windows"):
        with pair("--as", who) as (dev, host):
            for port in PORTS:
                must(os.readlink(host.path(port)).startswith("/dev/pts/"))
            names = [host.path(port) for port in PORTS]
            host.command("quit")
            same(host.ended(), 0, "exit status")
            must(not any(os.path.lexists(name) for name in names),
                 "the links are left behind")


def check_bytes(who: str, device: tuple[str, ...] = ()) -> None:
    """1 MB each way on each port."""
    with pair("--as", who, device=device) as (dev, host):
        for port in PORTS:
            with dev.line(port) as line, host.open(port) as tty:
                inner = Port(line.detach())
                with inner:
                    out = transfer(tty, inner, DATA)
                    back = transfer(inner, tty, DATA)
                print(f"#   {port}: {1 / out:.0f} MiB/s out, "
                      f"{1 / back:.0f} in")
            counts = host.counts(port)
            same((counts["in"], counts["out"]), (MB, MB), "bytes counted")


def check_both_ways() -> None:
    """An echo has both directions full at once; nothing is lost."""
    with pair(echo=("gdb", "console")) as (dev, host):
        for port in ("Gdb", "Console"):
            with host.open(port) as tty:
                transfer(tty, tty, DATA)


def check_packets() -> None:
    """Lengths about a packet and a request arrive, none waits for more."""
    with pair(echo=("gdb",)) as (dev, host):
        with host.open("Gdb") as tty:
            for zlp in ("off", "on"):
                host.command(f"zlp {zlp}")
                for size in (1, 2, 63, 64, 65, 511, 512, 513, 1023, 1024,
                             4096, 65535, 65536, 65537):
                    transfer(tty, tty, DATA[:size], 5)
            for size in (1, 7, 512):
                host.command(f"split Gdb {size}")
                transfer(tty, tty, DATA[:5000], 10)


def check_dtr() -> None:
    """DTR is set while somebody has the terminal open."""
    with pair() as (dev, host):
        tty = host.open("Gdb")
        at = dev.wait("^dtr-on gdb")
        same(host.counts("Gdb")["lines"], 3, "DTR and RTS")
        tty.write(b"last words")
        tty.close()
        at = dev.wait("^dtr-off gdb", start=at)
        with Port(dev.line("Gdb").detach()) as inner:
            same(inner.read(10), b"last words")
            inner.write(b"nobody reads this")
            time.sleep(0.1)
            with host.open("Gdb") as tty:
                dev.wait("^dtr-on gdb", start=at)
                same(tty.read(17), b"nobody reads this")
        must("dtr-on console" not in dev.lines, dev.lines)
        host.command("dtr Console 1")
        dev.wait("^dtr-on console")
        host.command("break Gdb 200")
        dev.wait("^break gdb")


def check_notifications() -> None:
    """SERIAL_STATE arrives by the notification endpoint."""
    with pair() as (dev, host):
        dev.tell("state console 65")
        end = time.monotonic() + 5
        while "state 0041" not in host.command("status"):
            must(time.monotonic() < end, host.command("status"))
            time.sleep(0.02)
        must(host.counts("Console")["notifications"] >= 1)


def check_flow() -> None:
    """A host that does not read stops the device, and loses nothing."""
    with pair() as (dev, host):
        with host.open("Console") as tty, \
                Port(dev.line("Console").detach()) as inner:
            tty_data = DATA * 2
            sent = 0
            with contextlib.suppress(BlockingIOError):
                os.set_blocking(inner.fd, False)
                end = time.monotonic() + 1
                while sent < len(tty_data) and time.monotonic() < end:
                    try:
                        sent += os.write(inner.fd,
                                         tty_data[sent:sent + 65536])
                    except BlockingIOError:
                        time.sleep(0.02)
            must(sent < len(tty_data), "all of it went, with no reader")
            # The other ports do not mind.
            with host.open("Gdb") as other, \
                    Port(dev.line("Gdb").detach()) as far:
                transfer(other, far, DATA[:100000])
            same(tty.read(sent), tty_data[:sent], "what was held")
            host.command("stop Console")
            inner.write(b"x" * 1000)
            tty.quiet()
            host.command("start Console")
            same(tty.read(1000), b"x" * 1000)
            same(host.counts("Console")["lost"], 0, "bytes lost")


def alive(host: UsbHost, dev: UsbDev) -> None:
    """The device is configured and its ports work."""
    host.command("wait configured 10")
    with Port(dev.line("Gdb").detach()) as inner, host.open("Gdb") as tty:
        transfer(tty, inner, b"to the device" * 100)
        transfer(inner, tty, b"to the host" * 100)


STAGES = {
    "linux": ("first-descriptor", "device", "config-header", "config",
              "languages", "product", "manufacturer", "serial",
              "set-configuration", "interface-strings", "class"),
    "windows": ("config-255", "ms-os", "qualifier", "device-again",
                "line-coding"),
}


def check_reset() -> None:
    """A reset within any request of the enumeration is survived."""
    for who, stages in STAGES.items():
        with pair("--as", who) as (dev, host):
            for stage in stages:
                host.command(f"at reset {stage}")
                host.command("reset")
            alive(host, dev)
            with host.open("Gdb") as tty:
                host.command("reset")
                tty.ended()
            alive(host, dev)


def check_unplug() -> None:
    """The cable goes at any moment and comes again."""
    for who, stages in STAGES.items():
        with pair("--as", who) as (dev, host):
            for stage in stages:
                host.command(f"at unplug {stage}")
                host.try_command("reset")
                must("absent" in host.command("status"), stage)
                host.command("plug")
                host.command("wait configured 10")
            alive(host, dev)
    with pair() as (dev, host):
        with host.open("Gdb") as tty, \
                Port(dev.line("Gdb").detach()) as inner:
            inner.write(DATA[:500000])
            host.command("unplug")
            must(not os.path.lexists(host.path("Gdb")), "the link is there")
            dev.wait("^detached")
            host.command("plug")
            host.command("wait configured 10")
            with host.open("Gdb") as again: # what was not sent before
                again.drain()
        # The device pulls itself off the bus.
        at = dev.wait("^configured")
        dev.tell("unplug")
        host.command("wait absent 5")
        dev.tell("plug")
        host.command("wait configured 5")
        dev.wait("^configured", start=at)
        alive(host, dev)


def check_stalls() -> None:
    """Halted endpoints answer STALL until they are cleared."""
    with pair() as (dev, host):
        for port in ("Gdb", "Trace"):
            number = ENDPOINT[port]
            for ep in (number, 0x80 | number):
                host.command(f"halt {ep:x}")
                same(host.command(f"control 82 0 0 {ep:x} 2").strip(),
                     "data 0100", "GET_STATUS")
            host.refused(f"in {number:x} 512", "stalled")
            host.refused(f"out {number:x} 41", "stalled")
            for ep in (number, 0x80 | number):
                host.command(f"unhalt {ep:x}")
                same(host.command(f"control 82 0 0 {ep:x} 2").strip(),
                     "data 0000", "GET_STATUS")
        # One that is in use is cleared as Linux's driver does it.
        with host.open("Gdb") as tty, \
                Port(dev.line("Gdb").detach()) as inner:
            transfer(tty, inner, b"before")
            host.command("halt 81")
            transfer(inner, tty, b"after")
            transfer(tty, inner, b"and out")


def check_storms() -> None:
    """Requests taken back, too short, cut and damaged."""
    with pair(echo=("console",)) as (dev, host):
        answer = host.command("nak-storm 1 2000")
        must("2000 requests, 0 bytes" in answer, answer)
        with Port(dev.line("Gdb").detach()) as inner:
            host.command("dtr Gdb 1")
            dev.wait("^dtr-on gdb")
            inner.write(b"more than one byte")
            host.refused("in 1 1 3000", "Value too large")
            answer = host.command("in 1 512")
            must(answer.startswith("success 18 "), answer)
            host.command("dtr Gdb auto")
        with host.open("Console") as tty:
            host.command("flip Console out 1")
            tty.write(b"\0" * 9)
            same(tty.read(9), b"\0\0\0\0\x10\0\0\0\0", "one bit")
            host.command("flip Console in 1")
            tty.write(b"\0" * 9)
            same(tty.read(9), b"\0\0\0\0\x10\0\0\0\0", "one bit")
            tty.write(b"\0" * 9)
            same(tty.read(9), b"\0" * 9)
        alive(host, dev)


# bmRequestType bRequest wValue wIndex wLength: what the answer must be.
REQUESTS = (
    ("80 0 0 0 2", "data 0100"),             # self powered
    ("80 0 0 0 0", "data "),
    ("80 8 0 0 1", "data 01"),               # GET_CONFIGURATION
    ("81 a 0 1 1", "data 00"),               # GET_INTERFACE
    ("80 6 100 0 ffff", "data 12010002"),    # more than there is
    ("80 6 100 0 1", "data 12"),
    ("a1 21 0 0 7", "data "),                # GET_LINE_CODING
    ("80 6 600 0 a", "data 0a06"),
    ("80 6 700 0 ff", "data "),              # other speed
    ("80 6 9999 0 ff", "stalled"),
    ("80 6 3ee 0 12", "stalled"),
    ("81 a 0 9 1", "stalled"),               # no such interface
    ("a1 21 0 9 7", "stalled"),
    ("21 20 0 0 ffff " + "00" * 64, "stalled"),
    ("c0 1 0 0 ff", "stalled"),              # vendor
    ("e2 ff ffff ffff ffff", "stalled"),
    ("0 3 1 0 0", "stalled"),                # remote wake-up is declined
    ("2 1 0 f 0", "stalled"),                # no such endpoint
    ("0 9 7 0 0", "stalled"),                # no such configuration
)


def check_requests() -> None:
    """Control requests of every kind, and any bytes."""
    with pair() as (dev, host):
        for line, wanted in REQUESTS:
            answer = host.try_command("control " + line)
            must(wanted in answer, f"{line}: {answer}, wanted {wanted}")
        alive(host, dev)
        noise = random.Random(9)
        for _ in range(400):
            words = [noise.choice((0, 1, 2, 0x21, 0x80, 0x81, 0x82, 0xa1,
                                   noise.randrange(256))),
                     noise.randrange(64),
                     noise.choice((0, 1, noise.randrange(65536))),
                     noise.choice((0, 1, 2, 0x81, noise.randrange(65536))),
                     noise.choice((0, 1, 2, 7, 8, 64, 65,
                                   noise.randrange(4096)))]
            if words[:2] == [0, 9]:
                continue            # it would take the configuration away
            data = "" if words[0] & 0x80 else \
                " " + noise.randbytes(words[4]).hex()
            host.try_command("control " + " ".join(f"{w:x}" for w in words)
                             + data)
        host.command("reset")
        alive(host, dev)


def check_ends() -> None:
    """It ends when the other side goes, by SIGTERM, and when nobody is
    there; it says why."""
    with pair() as (dev, host):
        dev.close()
        same(host.ended(), 1, "exit status")
        must(any("other side has gone" in line for line in host.lines),
             host.lines)
    with pair() as (dev, host):
        host.child.terminate()
        same(host.ended(), 0, "exit status")
    with folder() as path:
        with UsbHost(path, f"unix:{path}/none", "--timeout", "1") as host:
            same(host.ended(), 1, "exit status")
            must(any("nobody is there" in line for line in host.lines),
                 host.lines)
        for words, why in ((["--as", "mac", "unix:x"], "linux or windows"),
                           (["carrier:pigeon"], "unix:PATH"),
                           (["tcp:10.0.0.1:9"], "127.0.0.1"),
                           ([], "where is the device"),
                           (["--requests", "99", "unix:x"], "from 1 to 8")):
            done = subprocess.run(
                [str(program("usbhost")), *words], text=True, timeout=10,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                check=False)
            must(done.returncode != 0 and why in done.stdout,
                 f"{words}: {done.returncode} {done.stdout}")


def free_port() -> int:
    """A TCP port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def check_addresses() -> None:
    """It listens too, over TCP; a descriptor will do; commands on stdin."""
    with folder() as path:
        address = f"tcp:127.0.0.1:{free_port()}"
        with UsbHost(path, address, "--listen", "--stay", "--stdin") as host, \
                Program([str(program("usbdev")), "--with-parent",
                         "--connect", address]) as dev:
            host.wait("^configured")
            host.tell("status")
            host.wait("^port ttyHyperstubGdb /dev/pts/")
            dev.close()
            host.command("wait absent 5")
            with Program([str(program("usbdev")), "--with-parent",
                          "--connect", address]):
                host.command("wait configured 10")
    with folder() as path, UsbDev(path) as dev:
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(f"{path}/usbredir")
        done = subprocess.run(
            [str(program("usbhost")), "--list", f"fd:{peer.fileno()}"],
            pass_fds=[peer.fileno()], stdout=subprocess.PIPE, timeout=20,
            text=True, check=False)
        peer.close()
        must(done.returncode == 0 and "hyperstub gdb" in done.stdout,
             done.stdout)


def runs(pid: int) -> bool:
    """Is that process there, and not only waiting to be reaped?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def check_parent() -> None:
    """--with-parent: it does not outlive who started it."""
    with folder() as path, UsbDev(path) as dev:
        shell = subprocess.Popen(
            ["sh", "-c", f"{program('usbhost')} --with-parent {dev.address} "
             "> /dev/null & echo $!; wait"], stdout=subprocess.PIPE,
            text=True)
        pid = int(shell.stdout.readline())
        dev.wait("^configured")
        shell.kill()
        shell.wait()
        dev.wait("^detached", 5)
        end = time.monotonic() + 5
        while runs(pid):
            must(time.monotonic() < end, "it lives on")
            time.sleep(0.02)


CHECKS = {
    "descriptors are read as Linux and as Windows read them": check_list,
    "ports have names that stay, and leave none behind": check_names,
    "1 MB each way on each port, as Linux": lambda: check_bytes("linux"),
    "1 MB each way on each port, as Windows":
        lambda: check_bytes("windows"),
    "1 MB each way at full speed":
        lambda: check_bytes("linux", ("--speed", "full")),
    "both directions at once": check_both_ways,
    "any length of a write arrives": check_packets,
    "DTR follows the terminal, a break arrives": check_dtr,
    "notifications arrive": check_notifications,
    "a host that does not read loses nothing": check_flow,
    "a reset at any stage": check_reset,
    "unplug at any stage, and plug": check_unplug,
    "stalls": check_stalls,
    "taken back, short and damaged transfers": check_storms,
    "any control request": check_requests,
    "it ends when it must": check_ends,
    "listening, TCP, a descriptor, standard input": check_addresses,
    "it ends with its parent": check_parent,
}


def main() -> int:
    report = Report("usbhost: ")
    for name, check in CHECKS.items():
        with report.case(name):
            check()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
