# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""QEMU's command line for a guest, under the monitor or native: where the
files are staged, which device carries the debugger. Pure: it looks at sizes
and words and starts nothing."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from lib.common import Failure, KIB, MIB, align_up
from lib.kernelimage import Kernel

RAM_BASE = 0x4000_0000
# What the monitor takes at the top of RAM. Its pool of shadow pages is part
# of that; a larger pool makes the share larger by the difference.
MONITOR_SHARE = 64 * MIB
MONITOR_POOL = 32 * MIB
SMALLEST_SHARE = 8 * MIB
# QEMU puts a kernel's FDT here at the latest, and gives it this much room.
QEMU_FDT_LIMIT = 128 * MIB
FDT_ROOM = 2 * MIB
STEP = 2 * MIB
# Of the share, what maps RAM page by page, a 512th of it, may take.
PAGE_TABLES = 16 * MIB
# Where QEMU loads the monitor (its text_offset), and a Linux Image natively.
MONITOR_OFFSET = 512 * KIB
IMAGE_OFFSET = 2 * MIB
LARGEST_MONITOR = IMAGE_OFFSET - MONITOR_OFFSET

PORTS = ("gdb", "console", "trace")
WORD = re.compile(r"hyperstub\.[a-z0-9_.-]+(=\S*)?")


@dataclass
class Guest:
    """What the person asked for."""

    cpu: str = "cortex-a76"
    smp: int = 1
    memory: int = 1024 * MIB
    kernel: Optional[Kernel] = None
    initrd: Optional[Path] = None
    initrd_size: int = 0
    append: str = ""
    gdb: str = "tcp::1234"
    console: str = "stdio"
    trace: str = "null"
    serial: str = "guest"
    log: str = "null"
    wait: bool = False
    native: bool = False
    monitor: list[str] = field(default_factory=list)
    share: Optional[int] = None
    extra: list[str] = field(default_factory=list)
    terminal: bool = False
    # Board virt-usb: where its USB cable (a usbredir stream) ends; None is
    # plain virt.
    usb: Optional[str] = None
    usb_speed: str = "high"
    usb2: Optional[str] = None  # of a second controller; None: there is none


def escape(value: str) -> str:
    """A value inside one of QEMU's option strings: its commas are doubled."""
    return value.replace(",", ",,")


def monitor_words(text: list[str]) -> list[str]:
    """The monitor's own words, each checked for its form."""
    words = [word for part in text for word in part.split()]
    for word in words:
        if not WORD.fullmatch(word):
            raise Failure(f"--monitor {word}: the monitor's words look like "
                          "hyperstub.NAME or hyperstub.NAME=VALUE")
        if word.split("=")[0] == "hyperstub.share":
            raise Failure("give the monitor's share as --share")
    return words


def word_value(words: list[str], name: str) -> Optional[str]:
    """The value of the monitor's word of that name; the last one counts."""
    found = None
    for word in words:
        key, _, value = word.partition("=")
        if key == f"hyperstub.{name}":
            found = value
    return found


def share_of(guest: Guest, words: list[str]) -> int:
    """How many bytes the monitor takes at the top of RAM."""
    if guest.share is not None:
        if guest.share < SMALLEST_SHARE or guest.share % STEP:
            raise Failure("--share is a multiple of 2M, at least "
                          f"{SMALLEST_SHARE // MIB}M")
        return guest.share
    pages = word_value(words, "shadow-pages") or "0"
    granule = word_value(words, "granule") or "4"
    if not pages.isdecimal() or granule.rstrip("K") not in ("4", "16", "64"):
        raise Failure("hyperstub.shadow-pages is a number, "
                      "hyperstub.granule 4K, 16K or 64K")
    pool = int(pages) * int(granule.rstrip("K")) * KIB
    tables = guest.memory // 512 if page_by_page(words) else 0
    return align_up(MONITOR_SHARE + max(pool - MONITOR_POOL, 0)
                    + max(tables - PAGE_TABLES, 0), STEP)


def page_by_page(words: list[str]) -> bool:
    """
    Is RAM mapped without blocks? It is so here where nothing else is said: a
    guest's TLBI of one page makes QEMU drop a whole TLB where the page was in
    a block of stage 2, which takes a kernel that patches itself twice the time.
    """
    blocks = word_value(words, "blocks")
    if blocks is None:
        return word_value(words, "granule") in (None, "4", "4K")
    return blocks in ("off", "no", "0")


def fdt_address(ram: int, initrd_size: int = 0) -> int:
    """Where QEMU puts the FDT of a -kernel (hw/arm/boot.c)."""
    start = RAM_BASE + min(ram // 2, QEMU_FDT_LIMIT)
    start = align_up(start, 4 * KIB)
    return align_up(start + initrd_size, STEP)


@dataclass(frozen=True)
class Staging:
    """Where the guest's files wait for the monitor."""

    kernel: int
    initrd: int


def mebibytes(size: int) -> str:
    """A size rounded up to whole MiB."""
    return f"{align_up(size, MIB) // MIB} MiB"


def check_fits(guest: Guest) -> None:
    """The guest's own memory must hold what will be put into it."""
    kernel = guest.kernel
    assert kernel is not None
    need = (kernel.load_offset + kernel.memory_size + FDT_ROOM
            + align_up(guest.initrd_size, STEP))
    if need > guest.memory:
        raise Failure(f"--memory {mebibytes(guest.memory)} is too small: "
                      f"kernel, initrd and device tree take "
                      f"{mebibytes(need)}")


def stage(guest: Guest, share: int) -> Staging:
    """
    Places for kernel and initrd that nothing else uses: not the monitor as
    QEMU loads it, not QEMU's FDT, not the monitor's share at the top. A Linux
    Image is put where it runs if that is free; else it is moved there, and
    the initrd stays clear. Above the FDT if there is room, else below.
    """
    kernel = guest.kernel
    assert kernel is not None
    fdt = fdt_address(guest.memory + share)
    top = RAM_BASE + guest.memory
    bottom = RAM_BASE + IMAGE_OFFSET
    free = [(bottom, min(fdt, top)), (fdt + FDT_ROOM, top)]
    final = RAM_BASE + kernel.load_offset
    final_end = final + kernel.memory_size
    initrd = 0
    if guest.initrd is not None:
        initrd = _take(free, guest.initrd_size, final_end)
    if (kernel.kind == "image" and final >= bottom
            and any(low <= final and final_end <= high for low, high in free)):
        return Staging(final, initrd)
    return Staging(_take(free, kernel.size, 0), initrd)


def _take(free: list[tuple[int, int]], size: int, above: int) -> int:
    """Cut a place of that size out of the free ranges, highest range first."""
    for index in range(len(free) - 1, -1, -1):
        low, high = free[index]
        start = align_up(max(low, above), STEP)
        if start + size > high:
            continue
        end = align_up(start + size, STEP)
        free[index:index + 1] = [(low, start), (end, high)]
        return start
    raise Failure("too little memory to place kernel and initrd beside the "
                  "monitor; give a larger --memory")


def chardev(where: str, name: str, terminal: bool, what: str) -> list[str]:
    """
    A -chardev of that id for tcp::PORT, unix:PATH, stdio or null; a log may
    be file:PATH.
    """
    if where == "null":
        return ["-chardev", f"null,id={name}"]
    if where == "stdio":
        mux = ",mux=on" if terminal and what == "console" else ""
        return ["-chardev", f"stdio,id={name},signal=off{mux}"]
    kind, _, rest = where.partition(":")
    if kind == "file" and rest and what == "log":
        return ["-chardev", f"file,id={name},path={escape(rest)}"]
    if kind == "unix" and rest:
        return ["-chardev", f"socket,id={name},path={escape(rest)},"
                "server=on,wait=off"]
    if kind == "tcp":
        host, _, port = rest.rpartition(":")
        if port.isascii() and port.isdigit() and int(port) < 65536:
            return ["-chardev",
                    f"socket,id={name},host={escape(host or '127.0.0.1')},"
                    f"port={int(port)},server=on,wait=off,nodelay=on"]
    raise Failure(f"--{what} {where}: write tcp::PORT, unix:PATH, stdio or "
                  "null")


def _console(guest: Guest) -> list[str]:
    """The guest's console; QEMU's own monitor is on a terminal's C-a."""
    args = chardev(guest.console, "hscon", guest.terminal, "console")
    if guest.terminal and guest.console == "stdio":
        args += ["-mon", "chardev=hscon,mode=readline"]
    return args


def _machine(guest: Guest, virtualization: bool, memory: int) -> list[str]:
    if memory % STEP:
        raise Failure("--memory is a multiple of 2M")
    machine = "virt" if guest.usb is None else "hyperstub-virt"
    if virtualization:
        machine += ",virtualization=on"
    machine += ",gic-version=3"
    usb = []
    if guest.usb is not None:
        machine += f",usbredir=hsusb,usb-speed={guest.usb_speed}"
        usb = chardev(guest.usb, "hsusb", False, "usb")
    if guest.usb2 is not None:
        machine += ",usbredir2=hsusb2"
        usb += chardev(guest.usb2, "hsusb2", False, "usb2")
    return [*usb, "-M", machine, "-cpu", guest.cpu, "-smp", str(guest.smp),
            "-m", f"{memory // MIB}M", "-display", "none", "-monitor",
            "none", "-nic", "none"]


def native_args(guest: Guest) -> list[str]:
    """The same guest with no monitor, at EL1."""
    args = _machine(guest, False, guest.memory)
    args += _console(guest)
    args += ["-serial", "chardev:hscon"]
    if guest.kernel is not None:
        check_fits(guest)
        args += ["-kernel", str(guest.kernel.path)]
        if guest.initrd is not None:
            args += ["-initrd", str(guest.initrd)]
        if guest.append:
            args += ["-append", guest.append]
    else:
        args += ["-device", f"loader,addr={RAM_BASE:#x},cpu-num=0"]
    if guest.gdb != "null":
        args += chardev(guest.gdb, "hsgdb", guest.terminal, "gdb")
        args += ["-gdb", "chardev:hsgdb"]
    if guest.wait or guest.kernel is None:
        args.append("-S")
    return args + guest.extra


def _guest_modules(guest: Guest, share: int) -> list[str]:
    """The staged files, as multiboot modules in the FDT's /chosen."""
    check_fits(guest)
    place = stage(guest, share)
    kernel = guest.kernel
    assert kernel is not None
    option = (f"guest-loader,addr={place.kernel:#x},"
              f"kernel={escape(str(kernel.path))}")
    if guest.append:
        option += f",bootargs={escape(guest.append)}"
    args = ["-device", option]
    if guest.initrd is not None:
        args += ["-device", f"guest-loader,addr={place.initrd:#x},"
                 f"initrd={escape(str(guest.initrd))}"]
    return args


def monitor_args(guest: Guest, image: Path) -> list[str]:
    """
    The guest under the monitor. The debugger's device comes after all that
    the person gave, so that the guest's own devices come out as natively.
    """
    words = monitor_words(guest.monitor)
    share = share_of(guest, words)
    serial = word_value(words, "serial") or guest.serial
    debugger = word_value(words, "gdb") or "virtio"
    uart = debugger == "uart"
    usb = debugger.partition("@")[0] == "usb"
    if uart and serial == "channel":
        raise Failure("the serial port is the debugger's with "
                      "hyperstub.gdb=uart, which has no console channel")
    args = _machine(guest, True, guest.memory + share)
    args += ["-kernel", str(image)]
    line = [f"hyperstub.share={share // MIB}M"]
    if guest.wait:
        line.append("hyperstub.wait")
    if guest.kernel is None:
        line.append("hyperstub.guest=none")
    if word_value(words, "blocks") is None and page_by_page(words):
        line.append("hyperstub.blocks=off")
    if word_value(words, "gdb") is None:
        line.append("hyperstub.gdb=virtio")
    if word_value(words, "serial") is None and (usb or serial != "guest"):
        line.append(f"hyperstub.serial={serial}")
    args += ["-append", " ".join(line + words)]
    if guest.kernel is not None:
        args += _guest_modules(guest, share)
    if not usb:
        args += chardev(guest.gdb, "hsgdb", guest.terminal, "gdb")
    if uart:
        return args + ["-serial", "chardev:hsgdb", *guest.extra]
    if not usb or serial == "guest":
        args += _console(guest)
    if serial == "guest":
        args += ["-serial", "chardev:hscon"]
    else:
        args += chardev(guest.log, "hslog", False, "log")
        args += ["-serial", "chardev:hslog"]
    args += guest.extra
    return args if usb else args + _debugger_device(guest, serial)


def _debugger_device(guest: Guest, serial: str) -> list[str]:
    """The virtio console in the slot that the guest's devices reach last."""
    ports = ["hsgdb", "hsvcon", "hstrace"]
    args = chardev(guest.trace, "hstrace", False, "trace")
    if serial == "channel":
        ports[1] = "hscon"
    else:
        args += chardev("null", "hsvcon", False, "console")
    args += ["-device", "virtio-serial-device,bus=virtio-mmio-bus.0,"
             "id=hsdbg,max_ports=4"]
    for number, name in enumerate(ports, 1):
        args += ["-device", f"virtserialport,bus=hsdbg.0,nr={number},"
                 f"chardev={name},name=org.hyperstub.{PORTS[number - 1]}"]
    return args


def shown(command: list[str]) -> str:
    """A command as a shell takes it."""
    return " ".join(shlex.quote(word) for word in command)
