#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
"""The address windows through stock gdb 13 and 16: physical, guest physical
and live addresses in x, set, hbreak and awatch, on RAM and on a device, with
pointer authentication and without. The guest is a loop with its MMU on,
at an address as kernels have."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import Gdb, Guest, Report, must, same  # noqa: E402
from lib import assets  # noqa: E402

WINDOWS = {"phys": 0x0072 << 48, "ipa": 0x0074 << 48, "live": 0x0076 << 48}
HIGH = 0xffff_ff80_0000_0000     # what TTBR1 translates with T1SZ = 25
UART = 0x0900_0000
DIVISOR = UART + 0x24            # UARTIBRD: 16 bits, harmless, can be read
FLAGS = UART + 0x18

# Tables: devices at 0, RAM at 1 GiB, each 1 GiB block; TTBR0 is off once the
# loop runs, so that a bare physical address does not translate.
PROGRAM = """
	.equ	TCR, 25 | 1 << 8 | 1 << 10 | 3 << 12 | 25 << 16 | \\
		1 << 24 | 1 << 26 | 3 << 28 | 2 << 30
	.globl	_start
_start:	adr	x1, table
	msr	ttbr0_el1, x1
	msr	ttbr1_el1, x1
	ldr	x1, =TCR
	msr	tcr_el1, x1
	mov	x1, #0xff00
	msr	mair_el1, x1
	isb
	mrs	x1, sctlr_el1
	mov	x2, #0x1005
	orr	x1, x1, x2
	msr	sctlr_el1, x1
	isb
	adr	x1, high
	mov	x2, #0xffffff8000000000
	orr	x1, x1, x2
	br	x1
high:	mrs	x1, tcr_el1
	orr	x1, x1, #1 << 7		// EPD0
	msr	tcr_el1, x1
	isb
	mov	x19, #0x09000000
	orr	x19, x19, x2
	adr	x20, cell
	mov	w4, #0x41
loop:	nop
	.globl	there
there:	nop
	add	w4, w4, #1
	.globl	store
store:	str	w4, [x20]
	.globl	device
device:	str	w4, [x19, #0x24]
	b	loop
	.ltorg
	.balign	8
	.globl	cell
cell:	.quad	0
	.balign	4096
table:	.quad	0x401
	.quad	0x40000705
	.fill	510, 8, 0
"""
LOAD = 0x4008_0000


class Program:
    """The loop as a raw binary, and where its labels are."""

    def __init__(self, folder: Path) -> None:
        (folder / "p.S").write_text(PROGRAM)
        elf, self.path = folder / "p.elf", folder / "p.bin"
        subprocess.run(["aarch64-linux-gnu-gcc", "-nostdlib", "-static",
                        "-Wl,--build-id=none", f"-Wl,-Ttext={LOAD:#x}", "-o",
                        str(elf), str(folder / "p.S")], check=True)
        subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", str(elf),
                        str(self.path)], check=True)
        names = subprocess.run(["aarch64-linux-gnu-nm", str(elf)], check=True,
                               stdout=subprocess.PIPE, text=True).stdout
        self.at = {line.split()[2]: int(line.split()[0], 16)
                   for line in names.splitlines()}


def sent_by(gdb: Gdb, command: str, pattern: str) -> str:
    """A command's output; it must have sent a packet like that."""
    gdb.cmd("set debug remote 1")
    text = gdb.cmd(command)
    gdb.cmd("set debug remote 0")
    sent = re.findall(r"Sending packet: \$([^#]*)#", text)
    must([packet for packet in sent if re.fullmatch(pattern, packet)],
         f"no {pattern} among {sent}")
    return "\n".join(line for line in text.splitlines()
                     if "[remote]" not in line)


def pc(gdb: Gdb) -> int:
    return gdb.value("$pc")


def stopped_at(gdb: Gdb, place: int, text: str) -> None:
    same(hex(pc(gdb)), hex(HIGH | place), f"PC after {text.strip()!r}")


def reads(gdb: Gdb, prog: Program) -> None:
    """x through each window is what x by virtual address is."""
    plain = gdb.value(f"*(unsigned int *){HIGH | prog.at['store']:#x}")
    for name, base in WINDOWS.items():
        address = base | prog.at["store"]
        same(gdb.value(f"*(unsigned int *)(${name} + {prog.at['store']:#x})"),
             plain, name)
        text = sent_by(gdb, f"x/xw {address:#x}", f"[mx]{address:x},4")
        must(f"{plain:08x}" in text, text)


def writes(gdb: Gdb, prog: Program) -> None:
    """A value stored through a window is there by virtual address."""
    for number, (name, base) in enumerate(WINDOWS.items(), 0x1122):
        gdb.cmd(f"set var *(unsigned short *){base | prog.at['cell'] + 4:#x}"
                f" = {number:#x}")
        same(gdb.value(f"*(unsigned int *){HIGH | prog.at['cell'] + 4:#x}"),
             number, name)


def hbreaks(gdb: Gdb, prog: Program, window: str) -> None:
    """hbreak on a physical address: each continue is one turn of the loop."""
    address = WINDOWS[window] | prog.at["there"]
    gdb.cmd(f"hbreak *(${window} + {prog.at['there']:#x})")
    stopped_at(gdb, prog.at["there"],
               sent_by(gdb, "continue", f"Z1,{address:x},4"))
    turn = gdb.value("$w4")
    for step in range(1, 4):
        stopped_at(gdb, prog.at["there"], gdb.go())
        same(gdb.value("$w4"), turn + step, "turns of the loop")
    gdb.cmd("stepi")
    same(hex(pc(gdb)), hex(HIGH | prog.at["there"] + 4), "PC after stepi")
    stopped_at(gdb, prog.at["there"], gdb.go())
    gdb.cmd("delete")


def conditions(gdb: Gdb, prog: Program) -> None:
    """A condition on a breakpoint through the window is evaluated there."""
    turn = gdb.value("$w4") + 500
    gdb.cmd(f"hbreak *($phys + {prog.at['there']:#x}) if $x4 == {turn}")
    stopped_at(gdb, prog.at["there"], gdb.go())
    same(gdb.value("$w4"), turn, "w4")
    gdb.cmd("delete")


def awatch_ram(gdb: Gdb, prog: Program, window: str) -> None:
    """awatch on RAM by its physical address; values as gdb shows them."""
    address = WINDOWS[window] | prog.at["cell"]
    gdb.cmd(f"awatch *(unsigned int *)(${window} + {prog.at['cell']:#x})")
    text = sent_by(gdb, "continue", f"Z4,{address:x},4")
    must("access (read/write) watchpoint" in text.lower(), text)
    value = gdb.value("$w4")
    text = gdb.go()
    same(gdb.value("$w4"), value + 1, "w4")
    # gdb steps once over the access and shows what it did.
    must(re.search(rf"(New value|Value) = {value + 1}\b", text), text)
    gdb.cmd("delete")


def awatch_device(gdb: Gdb, prog: Program, window: str) -> None:
    """awatch on a device register by its physical address."""
    address = WINDOWS[window] | DIVISOR
    gdb.cmd(f"awatch *(unsigned int *)(${window} + {DIVISOR:#x})")
    sent_by(gdb, "continue", f"Z4,{address:x},4")
    gdb.go()
    value = gdb.value("$w4")
    text = gdb.go()
    same(gdb.value("$w4"), value + 1, "w4")
    must(f"Old value = {value}" in text
         and f"New value = {value + 1}" in text, text)
    same(hex(pc(gdb)), hex(HIGH | prog.at["device"] + 4), "PC")
    # The remembered value is answered, the device is asked through $live.
    same(gdb.value(f"*(unsigned int *)($phys + {DIVISOR:#x})"), value + 1,
         "last value seen")
    same(gdb.value(f"*(unsigned short *)($live + {DIVISOR:#x})"),
         value + 1 & 0xffff, "the device's own")
    gdb.cmd("delete")


def refusals(gdb: Gdb, texts: bool) -> None:
    """
    What cannot be done is an error that says what can. gdb 16 asks for such
    texts and shows those of breakpoints; of a failed read neither gdb says
    more than that.
    """
    reason = "no value has been seen" if texts else "E"
    text = gdb.cmd(f"maint packet m{WINDOWS['phys'] | FLAGS:x},4")
    must(reason in text, text)
    must("annot access memory" in gdb.cmd(f"x/xw $phys + {FLAGS:#x}"))
    must("0x" in gdb.cmd(f"output/x *(unsigned int *)($live + {FLAGS:#x})"),
         "no live read")
    must("annot access memory" in gdb.cmd(f"x/xw {FLAGS:#x}"))
    text = gdb.cmd(f"maint packet m{FLAGS:x},4")
    must((f"{WINDOWS['phys'] | FLAGS:x}" if texts else "E") in text, text)
    gdb.cmd(f"hbreak *($phys + {DIVISOR:#x})")
    text = gdb.go()
    must("annot insert" in text, text)
    watch = f"awatch {{int}}{WINDOWS['phys'] | DIVISOR:#x}"
    must(not texts or watch in text, text)
    gdb.cmd("delete")
    if texts:
        gdb.cmd(watch)
        must("access (read/write) watchpoint" in gdb.go().lower(), watch)
        gdb.cmd("delete")
    text = gdb.cmd(f"maint packet m{WINDOWS['phys'] | 0x4c << 40:x},4")
    must(("beyond" if texts else "E") in text, text)


def masks(gdb: Gdb, pauth: bool) -> None:
    """Only the masks for high addresses are real."""
    text = gdb.cmd("info registers pauth_dmask pauth_cmask pauth_dmask_high "
                   "pauth_cmask_high")
    if not pauth:
        must("nvalid register" in text, text)
        return
    same([int(word, 16) for word in
          re.findall(r"^pauth_\w+ +(0x[0-9a-f]+)", text, re.M)],
         [0, 0, 0xff7f_ff80_0000_0000, 0xff7f_ff80_0000_0000], "masks")


def run(report: Report, prog: Program, cpu: str, program: str,
        name: str) -> None:
    """All cases with this core and this gdb."""
    report.prefix = f"{cpu}, {name}: "
    with Guest(cpu=cpu, memory="128M", program=prog.path,
               wait=True) as guest, Gdb(program) as gdb:
        gdb.attach(guest)
        for window, base in WINDOWS.items():
            gdb.cmd(f"set ${window} = {base:#x}")
        gdb.cmd(f"hbreak *{HIGH | prog.at['loop']:#x}")
        with report.case("hbreak by virtual address before the MMU is on",
                         gdb):
            stopped_at(gdb, prog.at["loop"], gdb.go())
            gdb.cmd("delete")
        with report.case("pointer authentication masks", gdb):
            masks(gdb, cpu == "max")
        with report.case("x", gdb):
            reads(gdb, prog)
        with report.case("set var", gdb):
            writes(gdb, prog)
        for window in WINDOWS:
            with report.case(f"hbreak through ${window}", gdb):
                hbreaks(gdb, prog, window)
        with report.case("hbreak through $phys with a condition", gdb):
            conditions(gdb, prog)
        for window in WINDOWS:
            with report.case(f"awatch on RAM through ${window}", gdb):
                awatch_ram(gdb, prog, window)
            with report.case(f"awatch on a device through ${window}", gdb):
                awatch_device(gdb, prog, window)
        with report.case("errors", gdb):
            refusals(gdb, "16" in name)


def main() -> int:
    report = Report()
    newer = str(assets.gdb16())
    with tempfile.TemporaryDirectory(prefix="hs-windows-") as temp:
        prog = Program(Path(temp))
        run(report, prog, "max", "gdb-multiarch", "gdb 13")
        run(report, prog, "max", newer, "gdb 16")
        run(report, prog, "cortex-a57", "gdb-multiarch", "gdb 13")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
