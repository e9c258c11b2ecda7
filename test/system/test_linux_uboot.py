#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 300 s
"""From a boot loader that nobody here wrote: Debian's U-Boot is the firmware,
its `booti` starts the monitor at EL2 with modules that U-Boot's own `fdt`
commands name, and gdb has the Linux beneath, also after a reset."""

from __future__ import annotations

import sys
from pathlib import Path

from harness import Gdb, MARKER, Report, must, same, symbols
from lib import assets
from machine import MONITOR, Machine

KERNEL = "kernel-6.1"
CPUS = 4
IMAGE, TREE, GUEST, INITRD = 0x5000_0000, 0x4f00_0000, 0x5200_0000, 0x5800_0000
PROMPT = r"\n=> $"
MODULES = ((GUEST, "kernel"), (INITRD, "ramdisk"))
report = Report("U-Boot: ")


def board(files: dict[int, Path]) -> list[str]:
    """QEMU's words: U-Boot in flash, the files where `load` would put them."""
    words = ["qemu-system-aarch64", "-M", "virt,virtualization=on,gic-version=3",
             "-cpu", "cortex-a76", "-smp", str(CPUS), "-m", "1G",
             "-display", "none", "-monitor", "none", "-nic", "none",
             "-chardev", "socket,id=c,path={dir}/console,server=on,wait=on",
             "-serial", "chardev:c",
             "-chardev", "socket,id=g,path={dir}/gdb,server=on,wait=off",
             "-device", "virtio-serial-device,bus=virtio-mmio-bus.0,id=d",
             "-device", "virtserialport,bus=d.0,nr=1,chardev=g,"
             "name=org.hyperstub.gdb", "-bios", str(assets.uboot())]
    for address, path in files.items():
        words += ["-device", f"loader,file={path},addr={address:#x},"
                  "force-raw=on"]
    return words


def commands(files: dict[int, Path]) -> list[str]:
    """What a person types at U-Boot's prompt."""
    words = ["setenv bootargs hyperstub.gdb=virtio",
             "fdt addr ${fdtcontroladdr}",
             f"fdt move ${{fdtcontroladdr}} {TREE:#x} 0x100000"]
    for address, kind in MODULES:
        node = f"/chosen/module@{address:x}"
        size = files[address].stat().st_size
        words += [f"fdt mknode /chosen module@{address:x}",
                  f'fdt set {node} compatible "multiboot,{kind}" '
                  '"multiboot,module"',
                  f"fdt set {node} reg <0 {address:#x} 0 {size:#x}>"]
    node = f"/chosen/module@{GUEST:x}"
    return words + [f'fdt set {node} bootargs "console=ttyAMA0 nokaslr"']


def boot(machine: Machine, files: dict[int, Path]) -> str:
    """From U-Boot's first words to the guest's init; the text of it."""
    serial = machine.serial
    start = len(serial.text)
    serial.wait("Hit any key to stop autoboot", 60, start)
    serial.send("\r")
    serial.wait(PROMPT, 30, start)
    for line in commands(files):
        at = len(serial.text)
        serial.send(line + "\r")
        answer = serial.wait("(.*)" + PROMPT, 30, at).group(1)
        must("rror" not in answer and "FDT_ERR" not in answer, answer)
    serial.send(f"booti {IMAGE:#x} - {TREE:#x}\r")
    serial.wait(MARKER, 150, start)
    return serial.text[start:]


def debug(machine: Machine) -> None:
    """A few things that a person does."""
    with Gdb(symbols=symbols(KERNEL)) as gdb:
        gdb.cmd(f"target remote {machine.gdb_path}", 60)
        same(len(gdb.threads()), CPUS, "threads")
        gdb.cmd("break vfs_write")
        gdb.send("continue")
        machine.serial.send("echo a > /dev/null\r")
        must("vfs_write" in gdb.wait(), "a breakpoint in the kernel")
        must("ksys_write" in gdb.cmd("backtrace"), "its caller")
        gdb.cmd("delete")
        gdb.cmd("detach")


def main() -> int:
    kernel = assets.kernel(KERNEL)
    files = {IMAGE: MONITOR, GUEST: kernel.vmlinuz,
             INITRD: assets.initramfs(None)}
    with Machine(qemu=board(files)) as machine:
        with report.case("booti starts the monitor at EL2, and that a Linux"):
            text = boot(machine, files)
            must(f"{CPUS} CPUs, EL2 E2H=1" in text, text[-3000:])
        with report.case("gdb has the kernel"):
            debug(machine)
        with report.case("the guest reboots through U-Boot, and gdb has it "
                         "again"):
            machine.serial.send("reboot -f\r")
            text = boot(machine, files)
            must(f"{CPUS} CPUs, EL2 E2H=1" in text, text[-3000:])
            debug(machine)
    return report.end()


sys.exit(main())
