#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
"""Newer kernels of Debian's, with 4K and 16K pages and KASLR on: they boot to a
shell and stop where gdb 13 and gdb 16 say, by the symbols that they carry, in
modules too."""

from __future__ import annotations

import re
import sys

from harness import Gdb, Guest, Report, must, same, symbols
from lib import assets

report = Report()
MODULE = "dummy"  # a network device: no hardware, no other module


def stops_by_name(gdb: Gdb, guest: Guest) -> None:
    with report.case("attached to where KASLR put it", gdb):
        gdb.attach(guest)
        release = gdb.cmd("x/s linux_banner")
        must("Linux version 6.12" in release, release)
        slide = gdb.value("(long)&_text") & 0xffff_ffff_ffff
        must("do_idle" in gdb.cmd("thread apply all bt"), "no backtrace")
        print(f"# _text at {slide:#x}")
    with report.case("a breakpoint by name", gdb):
        gdb.cmd("break ksys_sync")
        gdb.send("continue")
        token = guest.start_sh("sync")
        text = gdb.wait(30)
        must("ksys_sync ()" in text, text)
        must(re.search(r"(el0_svc|do_el0_svc)", gdb.cmd("bt")), "backtrace")
        gdb.cmd("delete")
        gdb.send("continue")
        guest.end_sh(token)
        gdb.interrupt()


def in_module(gdb: Gdb, guest: Guest, flavour: str) -> None:
    with report.case("a breakpoint in a module, before it is there", gdb):
        gdb.send("continue")
        guest.sh(f"insmod /{MODULE}.ko numdummies=1")
        text = guest.sh(f"cat /sys/module/{MODULE}/sections/.text").strip()
        guest.sh(f"rmmod {MODULE}")
        gdb.interrupt()
        file = guest.folder / f"{MODULE}.ko"
        file.write_bytes(assets.kernel(flavour).module(MODULE))
        gdb.cmd(f"add-symbol-file {file} {text}")
        gdb.cmd("break *&dummy_setup")
        place = gdb.value("(long)&dummy_setup")
        token = guest.start_sh(f"insmod /{MODULE}.ko numdummies=1")
        text = gdb.go(60)
        must("dummy_setup ()" in text, text)
        same(gdb.value("$pc"), place, "PC")
        must("alloc_netdev_mqs" in gdb.cmd("bt"), "backtrace")
        gdb.cmd("delete")
        gdb.send("continue")
        guest.end_sh(token, 30)
        gdb.interrupt()


def dumps(gdb: Gdb, guest: Guest) -> None:
    with report.case("a dump by x packets is that by m packets", gdb):
        files = []
        for state in ("on", "off"):
            gdb.cmd(f"set remote binary-upload-packet {state}")
            files.append(guest.folder / state)
            gdb.cmd(f"dump binary memory {files[-1]} (long)&_text "
                    "(long)&_text+3000001", 60)
        text = gdb.cmd("show remote binary-upload-packet")
        must("off" in text, text)
        same(files[0].stat().st_size, 3000001)
        must(files[0].read_bytes() == files[1].read_bytes(), "different")


def main() -> int:
    for flavour, page, program in (
            ("kernel-6.12", "4 kB", str(assets.gdb16())),
            ("kernel-6.12-16k", "16 kB", "gdb-multiarch")):
        report.prefix = f"{flavour}: "
        files = {f"{MODULE}.ko": assets.kernel(flavour).module(MODULE)}
        with Guest(smp=2, kernel=flavour, files=files) as guest, \
                Gdb(program, symbols(flavour)) as gdb:
            with report.case(f"boots to a shell with {page} pages"):
                same(guest.sh("uname -r").strip(),
                     assets.kernel(flavour).release)
                must(re.search(rf"KernelPageSize: +{page}",
                               guest.sh("cat /proc/self/smaps")), "page size")
                bad = re.findall(r"^.*(?:Call trace|WARNING:|BUG:|stall).*$",
                                 guest.sh("dmesg"), re.M)
                must(not bad, "\n".join(bad))
            stops_by_name(gdb, guest)
            in_module(gdb, guest, flavour)
            if program != "gdb-multiarch":
                dumps(gdb, guest)
            gdb.cmd("detach")
            with report.case("detached, it lives"):
                guest.alive()
    return report.end()


sys.exit(main())
