#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 300 s
# needs: witness
"""A kernel that goes and comes: CPUs off and on in a loop, suspend to idle with
an alarm, kexec, power-off. Natively and beneath the monitor the same, with gdb
before and after and breakpoints in all the while."""

from __future__ import annotations

import re
import sys
from typing import Optional

from harness import Gdb, Guest, MARKER, Report, assets, libc_program, must
from harness import same
from lib.witness import Witness

CPUS = 4
ROUNDS = 5
report = Report("linux power: ")


def hotplug(guest: Guest) -> str:
    """CPUs 1 to 3 off and on, several times over."""
    each = " ".join(f"/sys/devices/system/cpu/cpu{n}/online"
                    for n in range(1, CPUS))
    rounds = " ".join(map(str, range(ROUNDS)))
    guest.sh(f"for r in {rounds}; do for c in {each}; do echo 0 >$c || "
             f"exit 3; done; for c in {each}; do echo 1 >$c || exit 4; done; "
             "done", 120)
    return guest.sh("cat /sys/devices/system/cpu/online; "
                    "grep -c ^processor /proc/cpuinfo")


def idle(guest: Guest) -> str:
    """What cpuidle has, with the states that were entered."""
    return guest.sh("cd /sys/devices/system/cpu; cat cpuidle/current_* "
                    "cpu0/cpuidle/state*/name 2>&1; cd /", status=None)


def suspend(guest: Guest) -> str:
    """Suspend to idle; the real-time clock ends it."""
    guest.sh("echo 0 >/sys/class/rtc/rtc0/wakealarm; "
             "echo +2 >/sys/class/rtc/rtc0/wakealarm; "
             "echo freeze >/sys/power/state", 60)
    text = guest.sh("dmesg")
    return "\n".join(re.findall(r"\] (PM: suspend.*|Freezing.*|.*woke.*)",
                                re.sub(r" \(elapsed.*", "", text)))


def kexec(guest: Guest) -> str:
    """Over to the same kernel; what it says of its CPUs."""
    seen = len(guest.console.text)
    guest.console.send("kexec /Image /initrd\n")
    guest.console.wait("kexec: going over", 60, seen)
    guest.console.wait(re.escape(MARKER), 100, seen)
    guest.console.send("stty -echo; PS1=; echo shell-'ready'\n")
    guest.console.wait("shell-ready\n", 30, seen)
    return guest.sh("cat /sys/devices/system/cpu/online; ls / | grep -c Image; "
                    "dmesg | grep -c 'SMP: Total of 4 processors'",
                    status=None)


def panic(guest: Guest) -> str:
    """Three writes to a variable of the kernel's."""
    return guest.sh("for n in 1 2 3; do echo $n >/proc/sys/kernel/panic; "
                    "done; cat /proc/sys/kernel/panic")


def all_of(guest: Guest, gdb: Optional[Gdb] = None) -> dict[str, str]:
    """Everything; the end of the guest last."""
    found = {"cpuidle": idle(guest), "CPUs off and on": hotplug(guest),
             "suspend to idle": suspend(guest), "panic": panic(guest),
             "kexec": kexec(guest), "panic after kexec": panic(guest),
             "CPUs off and on after kexec": hotplug(guest)}
    if gdb is not None:
        with report.case("gdb's stops while CPUs went and came", gdb):
            text = gdb.interrupt()
            must("SIGINT" in text, text)
            # once a round and CPU, twice; and once a CPU at kexec's boot
            same(gdb.hits(1), (CPUS - 1) * (2 * ROUNDS + 1), "hits")
            # the new kernel has the variable elsewhere
            same(gdb.hits(2), 6, "writes")
            text = gdb.cmd("monitor info breakpoints")
            must(re.search(r"as watched pages +1\n", text), text)
            gdb.cmd("delete")
            same(len(gdb.threads()), CPUS, "CPUs")
            must("cpu_do_idle" in gdb.cmd("thread apply all bt 1")
                 or "in WFI" in gdb.cmd("info threads"),
                 gdb.cmd("info threads"))
        gdb.cmd("detach")
    guest.console.send("poweroff -f\n")
    found["power-off"] = str(guest.launcher.wait(60))
    return found


def main() -> int:
    kernel = Witness()
    program, _ = libc_program("kexec")
    files = {"bin/kexec": program, "Image": kernel.image.read_bytes(),
             "initrd": assets.initramfs().read_bytes()}
    found = {}
    for how in ("native", "beneath the monitor", "with gdb"):
        with Guest(smp=CPUS, kernel=kernel.image, files=files,
                   native=how == "native", append="nokaslr") as guest:
            if how != "with gdb":
                found[how] = all_of(guest)
                continue
            with Gdb(symbols=kernel.symbols()) as gdb:
                gdb.attach(guest)
                gdb.cmd("break *&secondary_start_kernel")
                gdb.cmd("ignore 1 100000")
                # 5 bytes over a double word's end: by pages
                at = gdb.value("(long)&panic_timeout")
                gdb.cmd(f"watch -l *(char (*)[5]){at - (at % 8 == 0):#x}")
                gdb.cmd("ignore 2 100000")
                for name in ("cpu_die", "cpu_psci_cpu_die",
                             "cpu_do_idle", "machine_kexec", "schedule"):
                    gdb.cmd(f"break {name} if $x29 == 0x4242")
                gdb.send("continue")
                found[how] = all_of(guest, gdb)
    native = found.pop("native")
    for name, text in native.items():
        print(f"# {name}: {text}")
    with report.case("natively all of it works"):
        same(native["kexec"], "0-3\n0\n1\n", "after kexec")
        must("suspend exit" in native["suspend to idle"], native)
        same(native["CPUs off and on"], "0-3\n4\n")
        same(native["power-off"], "0", "the launcher's status")
    report.alike(native, found)
    return report.end()


sys.exit(main())
