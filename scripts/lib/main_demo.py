# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""A tour: Debian's own arm64 kernel under hyperstub, debugged by stock gdb.

Does all set-up (installs what is missing, says what before; fetches the
kernel into the cache folder; builds), boots the kernel on four CPUs, stops
it in a function by name, shows backtrace, threads and system registers,
catches who writes to the serial port, steps, continues, interrupts, and
hands you gdb's prompt. With --usb all of it goes over a USB cable. With
--batch there is no prompt, and the exit status is 0 only if each step showed
what it must."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True

from lib import assets, board, packages, testing  # noqa: E402
from lib.common import Failure, ROOT, run_main, say  # noqa: E402
from lib.initramfs import MARKER  # noqa: E402
from lib.supervise import die_with_parent  # noqa: E402

BOOT_LIMIT = 180
BATCH_LIMIT = 240
# Something for the breakpoints to see: a line now and then.
TICKER = b"""#!/bin/sh
(n=0; while sleep 1; do n=$((n+1)); echo "tick $n"; done) >/dev/console &
"""


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/demo", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--batch", action="store_true",
        help="no prompt; exit 0 only if each step showed what it must")
    add("--smp", type=int, default=4, metavar="N", help="CPUs (default 4)")
    add("--cpu", default="cortex-a76", metavar="MODEL")
    add("--kernel", default="kernel", choices=list(assets.KERNELS),
        help="which of Debian's kernels (default: this release's own)")
    add("--gdb", default="gdb-multiarch", metavar="PROGRAM",
        help="another gdb, for example what scripts/deps --path gdb16 prints")
    add("--usb", action="store_true",
        help="gdb is on the tty of a USB cable: a machine with a USB device "
        "controller (built first if need be, 5 minutes), see docs/board.md")
    add("--native", action="store_true",
        help="the same under QEMU's own stub, without what it cannot do")
    add("--builddir", type=Path, default=ROOT / "build", metavar="DIR")
    add("--no-deps", action="store_true", help="install nothing")
    args = parser.parse_args()
    if args.usb and args.native:
        parser.error("--usb is the monitor's")
    return args


class Console(threading.Thread):
    """Reads the guest's console; knows when the guest is up."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.path = path
        self.up = threading.Event()
        self.gone = threading.Event()
        self.text = b""

    def run(self) -> None:
        peer = socket.socket(socket.AF_UNIX)
        for _ in range(200):
            try:
                peer.connect(str(self.path))
                break
            except OSError:
                time.sleep(0.05)
        while True:
            try:
                data = peer.recv(65536)
            except OSError:
                data = b""
            if not data:
                self.gone.set()
                return
            self.text = (self.text + data)[-65536:]
            if MARKER.encode() in self.text:
                self.up.set()

    def tail(self, lines: int = 8) -> str:
        """The last lines that the guest printed."""
        text = self.text.decode(errors="replace").replace("\r", "")
        return "\n".join("  | " + line
                         for line in text.strip().splitlines()[-lines:])


def start_guest(args: argparse.Namespace, folder: Path,
                initrd: Path) -> subprocess.Popen:
    """scripts/qemu with both of its sockets in `folder`."""
    append = "console=ttyAMA0" + (" nokaslr" if args.native else "")
    command = [str(ROOT / "scripts" / "qemu"), "--cpu", args.cpu, "--smp",
               str(args.smp), "--memory", "1G", "--kernel",
               str(assets.kernel(args.kernel).vmlinuz), "--initrd",
               str(initrd), "--append", append, "--gdb",
               f"usb:{folder}" if args.usb else f"unix:{folder}/gdb",
               "--console", f"unix:{folder}/console"]
    if args.native:
        command.append("--native")
    else:
        command += ["--image", str(args.builddir / "hyperstub.bin")]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL,
        env={**os.environ, "HYPERSTUB_BUILD": str(args.builddir)},
        preexec_fn=die_with_parent(signal.SIGTERM))


def wait_until_up(args: argparse.Namespace, guest: subprocess.Popen,
                  console: Console) -> None:
    """Wait for init's line, saying that it takes a moment."""
    release = assets.kernel(args.kernel).release
    under = "natively" if args.native else "under hyperstub"
    say(f"booting Debian's kernel {release} on {args.smp} CPUs {under}")
    start = time.monotonic()
    told = start
    while not console.up.wait(0.1):
        now = time.monotonic()
        if guest.poll() is not None:
            raise Failure(f"the guest ended while it booted\n"
                          f"{console.tail()}")
        if now - start > BOOT_LIMIT:
            raise Failure(f"the guest is not up after {BOOT_LIMIT} s; its "
                          f"last lines:\n{console.tail()}")
        if now - told > 10:
            told = now
            say(f"still booting ({now - start:.0f} s)")
    say(f"the guest is up after {time.monotonic() - start:.1f} s:")
    print(console.tail(), flush=True)


def where_gdb_is(args: argparse.Namespace, folder: Path) -> str:
    """What gdb attaches to: a socket, or a tty once the host has made it."""
    if not args.usb:
        return f"{folder}/gdb"
    tty = folder / "ttyHyperstubGdb"
    for _ in range(200):
        if tty.exists():
            return str(tty)
        time.sleep(0.1)
    raise Failure("the USB host has made no tty for gdb")


def run_gdb(args: argparse.Namespace, folder: Path) -> int:
    """gdb with the tour; its exit status."""
    tour = {"socket": where_gdb_is(args, folder), "cpus": args.smp,
            "symbols": str(assets.symbols(args.kernel)),
            "native": args.native, "batch": args.batch}
    command = [args.gdb, "-nx", "-q", "-x",
               str(ROOT / "scripts" / "lib" / "demo_gdb.py")]
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        gdb = subprocess.Popen(
            command, env={**os.environ, "HYPERSTUB_TOUR": json.dumps(tour)},
            stdin=subprocess.DEVNULL if args.batch else None,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        try:
            return gdb.wait(BATCH_LIMIT if args.batch else None)
        except subprocess.TimeoutExpired:
            gdb.kill()
            gdb.wait()
            raise Failure(f"the tour was not done after {BATCH_LIMIT} s; gdb "
                          "was ended") from None
    except OSError as err:
        raise Failure(f"{args.gdb}: {err.strerror}") from err
    finally:
        signal.signal(signal.SIGINT, previous)


def main() -> int:
    args = parse()
    if not args.no_deps:
        packages.install()
    if not args.native:
        testing.configure(args.builddir, assets.libfdt())
        testing.compile_all(args.builddir)
    if args.usb:
        board.qemu()
    initrd = assets.initramfs({"etc/init.d/ticker": TICKER})
    with tempfile.TemporaryDirectory(prefix="hyperstub-") as temp:
        folder = Path(temp)
        guest = start_guest(args, folder, initrd)
        try:
            console = Console(folder / "console")
            console.start()
            wait_until_up(args, guest, console)
            status = run_gdb(args, folder)
        finally:
            guest.terminate()
            guest.wait()
    if args.batch:
        say("the demo showed everything" if status == 0
            else "the demo did not show everything")
        return 1 if status else 0
    return 0


run_main(main, "demo")
