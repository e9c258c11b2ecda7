#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 200 s
"""Breakpoints in user space, in text that comes from a disk: evicted and read
back by the device's DMA, shared by processes, replaced by another program."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import Gdb, Guest, Report, assets, guest_program, must, same

CPUS = 4
SYSTEM_CALLS = ("mkdirat", "symlinkat", "unlinkat", "mount", "umount", "sync")
QUIET = ("panic", "machine_restart", "machine_halt", "machine_power_off",
         "emergency_restart", "kernel_halt", "orderly_reboot")
PLACE = 0x7001000       # touched(), where no other program has anything
SOURCE = r"""
/* PROG CPU TIMES SALT: calls touched(), sums up its own text; 0 if both are right. */
__attribute__((section(".hot"), noinline, used))
u64 touched(u64 x) { return x * FACTOR + 3; }

int main(int argc, char **argv)
{
	u64 mask = 1ul << number(argv[1]), times = number(argv[2]), x = 1;
	u64 want = 1;
	const unsigned *text = (const unsigned *)PLACE;
	unsigned sum = 0;

	if (sys3(122, 0, sizeof(mask), (long)&mask) < 0)
		return 9;
	for (u64 i = 0; i < times; i++) {
		u64 (*volatile call)(u64) = touched;
		x = call(x);
		want = want * FACTOR + 3;
		for (int k = 0; k < 1024; k++)
			sum += text[k] >> 8 == 0xd42000; /* a BRK of somebody's */
	}
	return (x != want) | (sum != 0) << 1;
}
"""
MODULES = ("virtio_mmio", "virtio_blk", "crc32c_generic", "ext4")


def program(factor: int) -> bytes:
    """One that multiplies by factor, touched() at PLACE."""
    source = f"#define FACTOR {factor}ul\n#define PLACE {PLACE:#x}ul\n" + SOURCE
    return guest_program(source, f"-Wl,--section-start=.hot={PLACE:#x}")


def mount(guest: Guest) -> None:
    """The disk, made by the guest, with both programs on it."""
    for name in assets.kernel("kernel-6.1").with_dependencies(*MODULES):
        guest.sh(f"insmod /mod/{name}.ko", status=None)
    guest.sh("mke2fs -F /dev/vda && mkdir -p /disk && "
             "mount -t ext4 /dev/vda /disk && cp /bin/first /bin/second /disk "
             "&& sync", 60)
    evict(guest)


def evict(guest: Guest) -> None:
    """No clean page of the disk stays in memory."""
    guest.sh("sync; echo 3 >/proc/sys/vm/drop_caches; umount /disk; "
             "mount -t ext4 /dev/vda /disk", 30)


def run_all(name: str, times: int) -> str:
    """A shell command: the program on each CPU at once; 0 if all were right."""
    return ("(rm -f /tmp/bad; " + "".join(
        f"(/disk/{name} {cpu} {times} || echo {name} >>/tmp/bad) & "
        for cpu in range(CPUS)) + "wait; test ! -e /tmp/bad)")


def counted(guest: Guest, gdb: Gdb, name: str, times: int) -> None:
    """All CPUs run it under one breakpoint that counts; none is missed."""
    number = gdb.value("$bpnum")
    before = gdb.hits(number)
    gdb.send("continue")
    guest.sh(run_all(name, times), 120)
    gdb.interrupt()
    same(gdb.hits(number) - before, CPUS * times, f"hits in {name}")


def evicted(report: Report, guest: Guest, gdb: Gdb, how: str) -> None:
    """Text that comes by DMA, goes, and comes again under a breakpoint."""
    with report.case(f"a process's text before it runs: set, then hit by all"
                     f"{how}", gdb):
        gdb.cmds("monitor set bp-global on", f"break *{PLACE:#x}",
                 "ignore $bpnum 100000000")
        counted(guest, gdb, "first", 5)
        same(in_all_processes(gdb), int(how != ""), "in all processes")
    for again in range(3):
        with report.case(f"evicted and read back, {again + 1}{how}", gdb):
            gdb.send("continue")
            evict(guest)
            guest.sh("/disk/first 0 0")
            gdb.interrupt()
            counted(guest, gdb, "first", 3)
    with report.case(f"another program in the same pages{how}", gdb):
        gdb.send("continue")
        evict(guest)
        # memory is given out again: nothing may be left in a page
        guest.sh("dd if=/dev/zero of=/tmp/fill bs=1M count=40 2>/dev/null; "
                 "rm /tmp/fill", 60)
        gdb.interrupt()
        counted(guest, gdb, "second", 3)
        counted(guest, gdb, "first", 3)
    with report.case(f"two programs there at once{how}", gdb):
        number = gdb.value("$bpnum")
        before = gdb.hits(number)
        gdb.send("continue")
        guest.sh(f"{run_all('first', 40)} & p=$!; {run_all('second', 40)} && "
                 "wait $p", 120)
        gdb.interrupt()
        same(gdb.hits(number) - before, 2 * CPUS * 40, "hits in both")
    with report.case(f"removed: both run untouched{how}", gdb):
        gdb.cmd("delete")
        gdb.send("continue")
        guest.sh(run_all("first", 1000), 60)
        guest.sh(run_all("second", 1000), 60)
        gdb.interrupt()


def in_all_processes(gdb: Gdb) -> int:
    """Breakpoints that count in every process, by pages."""
    text = gdb.cmd("monitor info breakpoints")
    return int(re.search(r"in all processes (\d+)", text)[1])


def numbers(gdb: Gdb) -> list[int]:
    """All of gdb's breakpoints."""
    return [int(n) for n in gdb.cmd(
        "python print(*(b.number for b in gdb.breakpoints()))").split()]


def no_comparator(report: Report, guest: Guest, gdb: Gdb) -> None:
    """bp-global where all comparators are in use."""
    with report.case("one more than there are comparators, put in before "
                     "those that hold them: none is missed", gdb):
        for name in SYSTEM_CALLS:
            gdb.cmd(f"hbreak *&__arm64_sys_{name}")
        gdb.cmd("python for b in gdb.breakpoints(): b.ignore_count = 100000")
        gdb.send("continue")
        guest.sh("true")
        gdb.interrupt()
        before = [gdb.hits(b) for b in numbers(gdb)]
        gdb.cmds(f"break *{PLACE:#x}", "ignore $bpnum 100000")
        gdb.send("continue")
        guest.sh("/disk/first 0 1")     # before gdb arms all of them anew
        guest.sh("mkdir /tmp/q && ln -s q /tmp/q/l && rm -r /tmp/q")
        evict(guest)
        gdb.interrupt()
        now = [gdb.hits(b) for b in numbers(gdb)]
        must(all(b > a for a, b in zip(before, now)), f"{before} {now}")
        same(now[len(before):], [1], "in the process")
        gdb.cmd("delete")
    gdb.cmd("set breakpoint always-inserted on")
    for name in QUIET:
        gdb.cmd(f"hbreak *&{name}")
    evicted(report, guest, gdb, ", no comparator free")
    gdb.cmd("set breakpoint always-inserted off")
    with report.case("more than can count in every process: said", gdb):
        for n in range(80):
            gdb.cmd(f"break *{PLACE + 0x800 + 4 * n:#x}")
        gdb.send("continue")
        text = gdb.wait()
        must("Cannot insert breakpoint" in text, text)
        gdb.cmd("delete")
        gdb.send("continue")
        guest.sh(run_all("first", 1))
        gdb.interrupt()
        same(in_all_processes(gdb), 0, "after delete")


def one_process(report: Report, guest: Guest, gdb: Gdb) -> None:
    """The page is shared; the breakpoint is of one process."""
    with report.case("set in one of four processes: it alone stops", gdb):
        gdb.cmds("monitor set bp-global on", f"tbreak *{PLACE:#x}")
        gdb.send("continue")
        token = guest.start_sh(run_all("first", 20))
        gdb.wait()
        same(gdb.value("$pc"), PLACE, "PC")
        table = gdb.value("$TTBR0_EL1.BADDR")
        # (gdb steps over the first on its own)
        gdb.cmds("monitor set bp-global off", f"break *{PLACE:#x}")
        for _ in range(19):
            gdb.go()
            same(gdb.value("$pc"), PLACE, "PC")
            same(gdb.value("$TTBR0_EL1.BADDR"), table, "process")
        # Linux may give a process its dead one's table: a hit like any other.
        gdb.cmd("ignore $bpnum 100000000")
        gdb.send("continue")
        guest.end_sh(token, 60)
    with report.case("its process has gone: others have the page as it is",
                     gdb):
        guest.sh(run_all("first", 100), 60)
        evict(guest)
        guest.sh(run_all("second", 100), 60)
        guest.sh(run_all("first", 100), 60)
        gdb.interrupt()
        gdb.cmd("delete")


def main() -> int:
    report = Report("linux user: ")
    modules = assets.kernel("kernel-6.1").with_dependencies(*MODULES)
    files = {f"mod/{name}.ko": data for name, data in modules.items()}
    files |= {"bin/first": program(5), "bin/second": program(7)}
    with tempfile.TemporaryDirectory(prefix="hs-disk-") as temp:
        disk = Path(temp) / "disk"
        subprocess.run(["truncate", "-s", "16M", str(disk)], check=True)
        with Guest(smp=CPUS, files=files, memory="256M", extra=(
                "-drive", f"file={disk},format=raw,if=none,id=d",
                "-device", "virtio-blk-device,drive=d")) as guest, \
                Gdb(symbols=assets.symbols("kernel-6.1")) as gdb:
            mount(guest)
            gdb.attach(guest)
            evicted(report, guest, gdb, "")
            no_comparator(report, guest, gdb)
            one_process(report, guest, gdb)
            gdb.cmd("detach")
            guest.alive()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
