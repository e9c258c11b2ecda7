#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 400 s
"""Debian's kernel boots to a shell under the monitor, on each kind of CPU, and
finds the machine that it finds with no monitor: memory, interrupts, devices,
device tree."""

from __future__ import annotations

import re
import sys

from harness import Gdb, Guest, Report, must, same

report = Report("linux boot: ")
# What the monitor changes in the guest's device tree, and nothing else.
ALLOWED = re.compile(
    r"\./(chosen/(linux,initrd-(start|end)|kaslr-seed|rng-seed)"
    r"|virtio_mmio@a000000/.*)$")
TREE = ("cd /sys/firmware/devicetree/base; find . -type f -print0 | "
        "xargs -0 md5sum; cd /")


def facts(guest: Guest) -> dict[str, object]:
    """What the guest has found."""
    boot = guest.sh("dmesg")
    interrupts = guest.sh("cat /proc/interrupts")
    tree = {}
    for line in guest.sh(TREE, 60).splitlines():
        digest, name = line.split(None, 1)
        tree[name] = digest
    return {
        "boot": boot,
        "iomem": re.findall(r"^(?:  )?\w+-\w+ : (?!reserved).*$",
                            guest.sh("cat /proc/iomem"), re.M),
        "memory": re.search(r"Memory: \w+/(\d+)K", boot).group(1),
        "total": int(re.search(r"MemTotal: +(\d+)",
                               guest.sh("cat /proc/meminfo")).group(1)),
        "interrupts": sorted(
            (match.group(1), match.group(2)) for match in re.finditer(
                r"GICv3 +(\d+) \w+ +(\S.*)$", interrupts, re.M)),
        "cpus": guest.sh("cat /sys/devices/system/cpu/online").strip(),
        "features": re.search(r"^Features.*$", guest.sh("cat /proc/cpuinfo"),
                              re.M).group(0),
        "tree": tree,
    }


def boots(name: str, smp: int, got: dict[str, object]) -> None:
    """What holds with no other boot to compare with."""
    with report.case(f"{name}: boots to a shell with {smp} CPUs"):
        same(got["cpus"], "0" if smp == 1 else f"0-{smp - 1}", "CPUs online")
    with report.case(f"{name}: the kernel complains of nothing"):
        bad = re.findall(r"^.*(?:Call trace|WARNING:|BUG|Unable to handle|"
                         r"SError|rcu.*stall|firmware bug).*$", got["boot"],
                         re.M | re.I)
        must(not bad, "\n".join(bad))
    with report.case(f"{name}: memory is what --memory says"):
        same(got["memory"], str(512 * 1024), "KiB in dmesg")
        must("40000000-5fffffff : System RAM" in got["iomem"], got["iomem"])


def compare(name: str, got: dict[str, object],
            native: dict[str, object]) -> None:
    """The guest's view equals that of the same guest without a monitor."""
    with report.case(f"{name}: /proc/iomem as natively"):
        same(got["iomem"], native["iomem"])
    with report.case(f"{name}: memory as natively"):
        # A page or two more or less from one boot to the next.
        more = got["total"] - native["total"]
        must(abs(more) <= 16, f"{got['total']} and {native['total']} KiB")
    with report.case(f"{name}: interrupts as natively"):
        same(got["interrupts"], native["interrupts"])
    with report.case(f"{name}: the CPU's features as natively"):
        same(got["features"], native["features"])
    with report.case(f"{name}: the device tree as natively"):
        mine, theirs = got["tree"], native["tree"]
        odd = [key for key in sorted(set(mine) | set(theirs))
               if mine.get(key) != theirs.get(key)
               and not ALLOWED.match(key)]
        must(not odd, odd)
        left = [key for key in mine if "virtio_mmio@a000000/" in key]
        must(not left, left)
        must("./timer/interrupts" in mine, "no timer")


def one(cpu: str, smp: int, monitor: tuple[str, ...] = ()) \
        -> dict[str, object]:
    """A boot under the monitor with its own checks."""
    name = f"{cpu} x{smp}" + "".join(f" {word.split('.')[1]}"
                                     for word in monitor)
    with Guest(cpu=cpu, smp=smp, monitor=monitor) as guest:
        got = facts(guest)
        boots(name, smp, got)
        with report.case(f"{name}: gdb attaches, sees the CPUs, detaches"), \
                Gdb() as gdb:
            gdb.attach(guest)
            same(len(gdb.threads()), smp, "threads")
            vhe = cpu != "cortex-a57" and "hyperstub.vhe=off" not in monitor
            log = gdb.cmd("monitor log")
            must(re.search(rf"\b{smp} CPUs?, EL2 E2H={vhe:d}\b", log), log)
            gdb.cmd("detach")
            guest.alive()
    return got


def ipis(guest: Guest) -> list[int]:
    """How many each CPU has taken."""
    rows = re.findall(r"^IPI\d: +((?:\d+ +)+)",
                      guest.sh("cat /proc/interrupts"), re.M)
    return [sum(each) for each in zip(*(map(int, row.split())
                                        for row in rows))]


def clusters() -> None:
    """16 CPUs are named by one affinity: with 18 there are two."""
    with report.case("18 CPUs: IPIs reach each, and the one that is meant"), \
            Guest(smp=18) as guest:
        for cpu in (0, 1, 16, 17):
            # wakes that CPU, from another
            before = ipis(guest)
            guest.sh(f"taskset {1 << (cpu + 1) % 18:x} sh -c '"
                     f"for i in 1 2 3 4 5 6 7 8; do taskset {1 << cpu:x} "
                     "true; done'")
            more = [b - a for a, b in zip(before, ipis(guest))]
            must(more[cpu] >= 8, f"CPU {cpu}: {more}")
        guest.no_complaints()


def main() -> int:
    clusters()
    for cpu in ("cortex-a57", "cortex-a76", "max"):
        with report.case(f"{cpu}: all boots"):
            with Guest(cpu=cpu, smp=4, native=True) as guest:
                native = facts(guest)
            one(cpu, 1)
            compare(f"{cpu} x4", one(cpu, 4), native)
            if cpu == "cortex-a76":
                one(cpu, 4, ("hyperstub.vhe=off", "hyperstub.blocks=on"))
                one(cpu, 2, ("hyperstub.granule=16K",))
                one(cpu, 8, ("hyperstub.granule=64K",))
    return report.end()


sys.exit(main())
