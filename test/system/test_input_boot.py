#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
"""What the monitor is booted with: machines that it cannot use, device trees
that lie or are cut, kernels that are none, words that it does not know. Each
gives a clear message on the UART, and a debugger is answered where one can
be."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, Optional, Sequence

from harness import EMULATOR, QEMU, Report, must, same
from machine import Client, MONITOR, Machine

VIRT = "virt,virtualization=on,gic-version=3"
LOADED, BOOT, TREE = 0x4020_0000, 0x4700_0000, 0x4800_0000
PORT = ["-device", "virtio-serial-device,bus=virtio-mmio-bus.0,id=d",
        "-device", "virtserialport,bus=d.0,nr=1,chardev=g,"
        "name=org.hyperstub.gdb"]
STANDS = "nothing was booted; the machine stands still"
report = Report()
temp = Path(tempfile.mkdtemp(prefix="hs-input-"))


def board(machine: str = VIRT, memory: str = "256M",
          port: Sequence[str] = tuple(PORT)) -> list[str]:
    """QEMU's words for a board with a serial port and a debugger's port."""
    return [EMULATOR, "-M", machine, "-cpu", "cortex-a76", "-m", memory,
            "-display", "none", "-monitor", "none", "-nic", "none",
            "-chardev", "socket,id=c,path={dir}/console,server=on,wait=on",
            "-serial", "chardev:c",
            "-chardev", "socket,id=g,path={dir}/gdb,server=on,wait=off",
            *port]


def kernel(words: str = "hyperstub.guest=none") -> list[str]:
    return ["-kernel", str(MONITOR), "-append", words]


def refused(name: str, qemu: list[str], *wanted: str) -> None:
    """It says why, and that it stands still."""
    with report.case(name):
        with Machine(qemu=qemu) as machine:
            for want in wanted:
                machine.serial.wait(want, 15)
            machine.serial.wait(STANDS, 5)


def answers(name: str, qemu: list[str], *wanted: str,
            then: Optional[Callable[[Client], None]] = None) -> None:
    """It says what is wrong, and a debugger is answered."""
    with report.case(name):
        with Machine(qemu=qemu) as machine:
            for want in wanted:
                machine.serial.wait(want, 15)
            with Client(machine) as stub:
                must(stub.ask("?").startswith("T05"), "stop reply")
                same(stub.ask("m40000000,4")[:1] != "E", True, "memory")
                if then:
                    then(stub)


def loader(tree: bytes, machine: str = VIRT, at: int = TREE,
           **how) -> list[str]:
    """The monitor started by hand, with that tree in x0."""
    def mov(reg: int, value: int) -> list[int]:
        return [0xd2a00000 | (value >> 16) << 5 | reg]
    code = b"".join(word.to_bytes(4, "little") for word in
                    mov(0, at) + mov(1, LOADED) + [0xd61f0020])
    (temp / "code").write_bytes(code)
    (temp / "tree").write_bytes(tree)
    return board(machine, **how) + [
        "-device", f"loader,file={temp}/tree,addr={TREE:#x},force-raw=on",
        "-device", f"loader,file={MONITOR},addr={LOADED:#x},force-raw=on",
        "-device", f"loader,file={temp}/code,addr={BOOT:#x},force-raw=on",
        "-device", f"loader,addr={BOOT:#x},cpu-num=0"]


def virt_tree() -> str:
    """The board's own tree, as source."""
    subprocess.run([EMULATOR, "-M", f"{VIRT},dumpdtb={temp}/virt.dtb",
                    "-cpu", "cortex-a76", "-m", "256M", "-display", "none",
                    "-nic", "none"], check=True, stderr=subprocess.DEVNULL)
    return subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts",
                           f"{temp}/virt.dtb"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def compiled(source: str) -> bytes:
    """Source to blob; dtc's doubts do not count."""
    return subprocess.run(["dtc", "-q", "-f", "-I", "dts", "-O", "dtb"],
                          input=source.encode(), check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def replaced(source: str, pattern: str, text: str) -> str:
    """One place changed; it must be there."""
    new, count = re.subn(pattern, text, source, count=1, flags=re.S)
    must(count == 1, f"{pattern} is not in the tree")
    return new


def machines() -> None:
    refused("too little memory", board(memory="64M") + kernel(),
            "too little memory: RAM is 64 MiB, the monitor takes 64 MiB")
    refused("GICv2", board("virt,virtualization=on,gic-version=2")
            + kernel(), "GICv2; a GICv3 is needed")
    refused("no EL2", board("virt,gic-version=3") + kernel(),
            "entered at EL1; EL2 is needed")
    refused("entered at EL3", loader(compiled(virt_tree()),
                                     VIRT + ",secure=on"),
            "entered at EL3; start me at EL2")
    refused("a share that cannot be",
            board() + kernel("hyperstub.share=3M"), "hyperstub.share=")
    refused("a share larger than memory",
            board() + kernel("hyperstub.share=512M"), "too little memory")
    answers("secure=on with a Linux loader's entry at EL2",
            board(VIRT + ",secure=on") + kernel())


def words() -> None:
    answers("unknown words are named, and the rest counts",
            board() + kernel("hyperstub.guest=none hyperstub.nonsense=1 "
                             "hyperstub.granule=5K hyperstub.vhe=off"),
            r"hyperstub.nonsense=1 is not an option.*hyperstub.granule=5K "
            "has a value that is not allowed: ignored",
            then=lambda stub: must("E2H=0, stage 2 with 4K" in
                                   stub.monitor("info"), "vhe=off"))
    answers("RAM page by page where the share has no room for the tables",
            board(memory="2G") + kernel(
                "hyperstub.guest=none hyperstub.blocks=off "
                "hyperstub.share=40M"),
            r"hyperstub.blocks=off: \d+ KiB of tables do not fit into the "
            "monitor's share, blocks are used")
    answers("another's words are no matter",
            board() + kernel("console=ttyAMA0 hyperstub.guest=none quiet"))


def trees() -> None:
    good = virt_tree()
    args = replaced(good, r"chosen \{",
                    'chosen { bootargs = "hyperstub.guest=none";')
    answers("a loader's tree, to begin with", loader(compiled(args)))
    cases = {
        "no memory": (r"\tmemory@40000000 \{.*?\};\n", "",
                      "no memory node"),
        "memory of no size": (
            r"reg = <0x00 0x40000000 0x00 0x10000000>",
            "reg = <0x00 0x40000000 0x00 0x00>", "no memory node"),
        "memory beyond all addresses": (
            r"reg = <0x00 0x40000000 0x00 0x10000000>",
            "reg = <0xffffffff 0xf0000000 0x01 0x10000000>",
            "no memory node"),
        "memory elsewhere": (
            r"reg = <0x00 0x40000000 0x00 0x10000000>",
            "reg = <0x01 0x00000000 0x00 0x10000000>",
            "is not where I was loaded"),
        "no CPUs": (r"\tcpus \{.*?\n\t\};\n", "", "no /cpus"),
        "no interrupt controller": (
            r'"arm,gic-v3"', '"arm,something-else"', "no arm,gic-v3"),
        "interrupt controller with half a reg": (
            r"(intc@8000000 \{.*?reg = <)[^>]*>", r"\g<1>0x00 0x8000000>",
            "GICv3 node without a usable reg"),
        "too many redistributor regions": (
            r"#redistributor-regions = <0x01>",
            "#redistributor-regions = <0xffffffff>",
            "GICv3 node without a usable reg"),
        "cells of no size that is known": (
            r"#address-cells = <0x02>", "#address-cells = <0x09>",
            "memory"),
    }
    for name, (pattern, text, want) in cases.items():
        source = replaced(args, pattern, text)
        if name == "cells of no size that is known":
            # Then the UART has no address either: keep one that has.
            with report.case("a tree that gives no UART hurts nobody"):
                with Machine(qemu=loader(compiled(source))) as machine:
                    must(machine.process.poll() is None, "QEMU has gone")
            continue
        refused(f"tree: {name}", loader(compiled(source)), want)
    blob = bytearray(compiled(args))
    (_, size, struct_at, strings_at) = struct.unpack(">4I", blob[:16])
    after = max(blob.index(b"psci\0\0\0\0"),
                blob.index(b"pl011@9000000\0") + 300)
    same(size, len(blob), "size")
    must(struct_at < after < strings_at, "the nodes' places")
    cut = bytes(blob[:after]) + b"\0" * (strings_at - after) \
        + bytes(blob[strings_at:])
    refused("tree: cut short", loader(cut), "device tree at 0x")
    large = bytearray(blob)
    large[4:8] = struct.pack(">I", 0x7fff_ffff)
    # where no tree can be read, the UART is a guess
    for name, tree in (("a size of 2 GiB", bytes(large)),
                       ("no magic", b"\0" * 4 + bytes(blob[4:])),
                       ("nothing", b"\0" * 64)):
        refused(f"tree: {name}", loader(tree),
                f"cannot start: device tree at {TREE:#x}: FDT_ERR_")
    for at in (0x7f00_0000, 0x1000_0000):
        refused(f"tree: x0 is {at:#x}, where there is nothing",
                loader(bytes(blob), at=at), "no device tree in x0: nothing answers|FDT_ERR_BADMAGIC")


def guests() -> None:
    def module(file: Path, kind: str = "kernel",
               addr: int = 0x4400_0000) -> list[str]:
        return ["-device", f"guest-loader,addr={addr:#x},{kind}={file}"]

    def bare() -> list[str]:
        return ["-kernel", str(MONITOR)]

    elf = bytearray(b"\177ELF\2\1\1" + b"\0" * 9
                    + struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, 0x40080000,
                                  64, 0, 0, 64, 56, 1, 0, 0, 0)
                    + struct.pack("<IIQQQQQQ", 1, 5, 0, 0x40080000,
                                  0x40080000, 64, 64, 4096))
    answers("no guest at all", board() + bare(),
            "no guest: /chosen has no multiboot,kernel", "no guest runs")
    wrong = bytes(elf[:18]) + struct.pack("<H", 62) + bytes(elf[20:])
    (temp / "x86").write_bytes(wrong)
    answers("an x86 program as kernel", board() + bare()
            + module(temp / "x86"), "not a little-endian 64-bit arm64",
            "no guest runs")
    (temp / "headers").write_bytes(
        bytes(elf[:32]) + struct.pack("<Q", 1 << 40) + bytes(elf[40:]))
    answers("an ELF whose headers are not there", board() + bare()
            + module(temp / "headers"), "program headers lie outside")
    (temp / "far").write_bytes(
        bytes(elf[:64 + 24]) + struct.pack("<Q", 1 << 40)
        + bytes(elf[64 + 32:]))
    answers("an ELF for memory that is not there", board() + bare()
            + module(temp / "far"), "the guest has 0x40000000")
    linux = bytearray(4096)
    linux[16:24] = struct.pack("<Q", 1 << 40)
    linux[56:60] = b"ARM\x64"
    (temp / "linux").write_bytes(bytes(linux))
    answers("an Image that wants more than there is", board() + bare()
            + module(temp / "linux"), "Linux Image needs memory at")
    (temp / "good").write_bytes(b"\x7f\x20\x03\xd5\xff\xff\xff\x17" * 64)
    answers("a kernel in the monitor's own memory", board() + bare()
            + module(temp / "good", addr=0x4f00_0000),
            "a module lies outside the guest's RAM")
    (temp / "initrd").write_bytes(b"\1" * (100 << 20))
    answers("an initrd that leaves no room", board() + bare()
            + module(temp / "good", addr=0x4a80_0000)
            + module(temp / "initrd", "initrd", 0x4180_0000),
            "too little memory for the guest")


def ports() -> None:
    other = ["-device", "virtio-serial-device,bus=virtio-mmio-bus.0,id=d",
             "-device", "virtconsole,bus=d.0,chardev=g"]
    for name, port, word, want in (
            ("no port", [], "virtio", "no virtio console with a port"),
            ("no port, any would do", [], "", "no virtio console or USB port "
             "for the debugger; hyperstub.gdb=uart"),
            ("a console that is the guest's", other, "",
             "no virtio console or USB port for the debugger"),
            ("no USB port", PORT, "usb", "no such USB controller"),
            ("a USB port that is not there", PORT, "usb@fe800000",
             "no such USB controller"),
            ("no debugger wanted", PORT, "none", "debugger on nothing")):
        with report.case(f"{name}: said, and the rest goes on"):
            line = "hyperstub.guest=none"
            line += f" hyperstub.gdb={word}" if word else ""
            with Machine(qemu=board(port=port) + kernel(line)) as machine:
                machine.serial.wait(want, 15)
                machine.serial.wait("CPUs, EL2", 15)
    answers("a console with no name, asked for by gdb=virtio",
            board(port=other)
            + kernel("hyperstub.guest=none hyperstub.gdb=virtio"),
            "debugger on virtio-console")


def usb_nodes() -> None:
    """Nodes of a DWC3 that are not true: a line each, and no hang."""
    tree = replaced(virt_tree(), r"chosen \{", 'chosen { bootargs = '
                    '"hyperstub.guest=none hyperstub.gdb=usb";')

    def node(address: int, extra: str = "interrupts = <0x00 0x60 0x04>;",
             size: int = 0x10000) -> str:
        return replaced(
            tree, r"\tpl011@9000000 \{", f"\tusb@{address:x} {{ compatible = "
            f'"snps,dwc3"; reg = <0x00 {address:#x} 0x00 {size:#x}>; '
            f"{extra} }};\n\tpl011@9000000 {{")
    behind = replaced(
        replaced(node(0x1000), r"\tusb@1000 \{", "\tglue { #address-cells = "
                 "<2>; #size-cells = <2>; ranges = <0 0 0 0x0b100000 0 "
                 "0x100000>; dma-ranges = <0 0 1 0 1 0>; usb@1000 {"),
        r"(usb@1000 .*?\};)", r"\1 };")
    for name, source, want in (
            ("nothing there", node(0xb100000),
             "USB controller at 0xb100000: nothing answers there"),
            ("another device", node(0x8000000),
             "GSNPSID is 0x00000000, which is no DWC3"),
            ("no interrupt", node(0xb100000, ""), "no interrupt of the GIC"),
            ("too few registers", node(0xb100000, size=0x1000),
             "0x1000 bytes of registers, too few"),
            ("behind a bus that moves memory", behind,
             "at 0xb101000: it sees memory at other addresses"),
            ("disabled", node(0xb100000, 'status = "disabled";'),
             "no such USB controller"),
            ("a host's", node(0xb100000, 'dr_mode = "host";'),
             "no such USB controller")):
        with report.case(f"USB controller: {name}: said, the rest goes on"):
            with Machine(qemu=loader(compiled(source))) as machine:
                machine.serial.wait(re.escape(want), 15)
                machine.serial.wait("debugger on nothing", 15)


def launcher() -> None:
    (temp / "empty").write_bytes(b"")
    (temp / "cut.gz").write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\0\3abc")
    (temp / "x86").write_bytes(b"\177ELF\2\1\1" + b"\0" * 11 + b"\x3e\0"
                               + b"\0" * 200)
    for name, file in (("an empty file", temp / "empty"),
                       ("a broken archive", temp / "cut.gz"),
                       ("an x86 program", temp / "x86"),
                       ("no file", temp / "missing"),
                       ("a folder", temp)):
        with report.case(f"the launcher says that {name} is no kernel"):
            done = subprocess.run(
                [str(QEMU), "--kernel", str(file), "--gdb", "null",
                 "--console", "null", "--dry-run"], text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30,
                check=False)
            must(done.returncode != 0, "status 0")
            must("Traceback" not in done.stderr and
                 str(file.name) in done.stderr, done.stderr)


def main() -> int:
    machines()
    words()
    trees()
    guests()
    ports()
    usb_nodes()
    launcher()
    return report.end()


sys.exit(main())
