# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Says what a kernel file is and unpacks it: arm64 Linux Image, gzip, EFI
zboot, ELF, raw binary. Files that are plainly something else are refused
with a word on what to do. Everything read is checked against the size."""

from __future__ import annotations

import bz2
import hashlib
import lzma
import shutil
import struct
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path

from lib.common import Failure, MIB, align_up, cache_dir, read_bytes
from lib.common import write_file

IMAGE_MAGIC = b"ARM\x64"
MAX_UNPACKED = 1024 * MIB
KEPT = 4
RAW_OFFSET = 0x80000
IMAGE_MINIMUM_OFFSET = 0x1000


@dataclass(frozen=True)
class Kernel:
    """A file that can be staged as it is."""

    path: Path
    kind: str           # "image", "elf" or "raw"
    size: int           # of the file
    load_offset: int    # from the start of RAM; 0 for ELF
    memory_size: int    # from there, bss included; for ELF from RAM's start


def gunzip(data: bytes, name: str) -> bytes:
    """The first member of a gzip file; bytes after it do not matter."""
    engine = zlib.decompressobj(wbits=31)
    try:
        out = engine.decompress(data, MAX_UNPACKED)
    except zlib.error as err:
        raise Failure(f"{name}: broken gzip data ({err})") from err
    if not engine.eof:
        raise Failure(f"{name}: the gzip data ends too early or is too large")
    return out


def _tool(name: str, *args: str):
    def unpack(data: bytes, file: str) -> bytes:
        tool = shutil.which(name)
        if not tool:
            raise Failure(f"{file}: {name} is needed to unpack it; install "
                          f"{name}")
        done = subprocess.run([tool, *args], input=data, check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
        if not done.stdout:
            raise Failure(f"{file}: broken {name} data")
        return done.stdout
    return unpack


def _with(function, *errors):
    def unpack(data: bytes, file: str) -> bytes:
        try:
            return function(data)
        except errors as err:
            raise Failure(f"{file}: broken compressed data ({err})") from err
    return unpack


ZBOOT = {
    b"gzip": gunzip,
    b"zstd": _tool("zstd", "-dcqf"),
    b"lz4": _tool("lz4", "-dcqf"),
    b"xz": _with(lzma.decompress, lzma.LZMAError, EOFError),
    b"xzkern": _with(lzma.decompress, lzma.LZMAError, EOFError),
    b"lzma": _with(lzma.decompress, lzma.LZMAError, EOFError),
    b"bzip2": _with(bz2.decompress, OSError, ValueError, EOFError),
}


def _zboot(data: bytes, name: str) -> bytes:
    """The payload of an EFI zboot image (drivers/firmware/efi/libstub)."""
    if len(data) < 64:
        raise Failure(f"{name}: the EFI zboot header is cut short")
    offset, size = struct.unpack_from("<II", data, 8)
    kind = data[24:56].split(b"\0")[0]
    if offset > len(data) or size > len(data) - offset or size == 0:
        raise Failure(f"{name}: the EFI zboot payload lies outside the file")
    if kind not in ZBOOT:
        raise Failure(f"{name}: EFI zboot compression "
                      f"{kind.decode(errors='replace')!r} is not known")
    return ZBOOT[kind](data[offset:offset + size], name)


def unpack(data: bytes, name: str) -> bytes:
    """The kernel inside gzip and EFI zboot wrappers, at most two deep."""
    for _ in range(2):
        if data[:2] == b"\x1f\x8b":
            data = gunzip(data, name)
        elif data[:2] == b"MZ" and data[4:8] == b"zimg":
            data = _zboot(data, name)
        else:
            break
    return data


FOREIGN = (
    (0x202, b"HdrS", "an x86 bzImage"),
    (0, b"\x27\x05\x19\x56", "a U-Boot uImage; give the Image inside it"),
    (0x24, b"\x18\x28\x6f\x01", "a 32-bit ARM zImage"),
    (0, b"\xd0\x0d\xfe\xed", "a device tree or FIT image"),
    (0, b"\xfd7zXZ\0", "xz data; unpack it first"),
    (0, b"\x28\xb5\x2f\xfd", "zstd data; unpack it first"),
    (0, b"BZh", "bzip2 data; unpack it first"),
    (0, b"!<arch>\n", "a package or library; give the kernel inside it"),
    (0, b"070701", "a cpio archive; give it as --initrd"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"\xcf\xfa\xed\xfe", "a Mach-O file, which is not loaded on virt"),
)


def _refuse(name: str, what: str) -> Failure:
    return Failure(f"{name} is no arm64 kernel: it is {what}")


def _elf(data: bytes, name: str, ram: int) -> tuple[int, int]:
    """Check an ELF header; the end of its last segment above ram."""
    if len(data) < 64 or data[4] != 2 or data[5] != 1:
        raise _refuse(name, "an ELF file, but not of 64 bits little-endian")
    kind, machine = struct.unpack_from("<HH", data, 16)
    if machine != 183:
        raise _refuse(name, f"an ELF file for another machine ({machine})")
    if kind not in (2, 3):
        raise _refuse(name, "an ELF object or module; link it first")
    phoff, = struct.unpack_from("<Q", data, 32)
    phentsize, phnum = struct.unpack_from("<HH", data, 54)
    end = 0
    for index in range(phnum):
        at = phoff + index * phentsize
        if phentsize < 56 or at + 56 > len(data):
            raise _refuse(name, "an ELF file that is cut short")
        (ptype, _, offset, _, paddr, filesz,
         memsz) = struct.unpack_from("<IIQQQQQ", data, at)
        if ptype != 1 or memsz == 0:
            continue
        if offset + filesz > len(data) or filesz > memsz:
            raise _refuse(name, "an ELF file that is cut short")
        if paddr < ram:
            raise Failure(f"{name}: a segment wants physical address "
                          f"{paddr:#x}, below RAM at {ram:#x}; link it for "
                          "this board")
        end = max(end, paddr + memsz - ram)
    if end == 0:
        raise _refuse(name, "an ELF file with nothing to load")
    return 0, end


def classify(data: bytes, name: str, ram: int) -> tuple[str, int, int]:
    """(kind, load offset, memory size) of an unpacked kernel, or a Failure."""
    if not data:
        raise Failure(f"{name} is empty; give a kernel Image")
    if data[:4] == b"\x7fELF":
        return ("elf", *_elf(data, name, ram))
    if data[56:60] == IMAGE_MAGIC:
        offset, size = struct.unpack_from("<QQ", data, 8)
        if size == 0:
            return "image", RAW_OFFSET, len(data)
        if offset < IMAGE_MINIMUM_OFFSET:
            offset += 2 * MIB
        return "image", offset, max(size, len(data))
    for at, magic, what in FOREIGN:
        if data[at:at + len(magic)] == magic:
            raise _refuse(name, what)
    if data[:2] == b"MZ":
        raise _refuse(name, "an EFI program without an arm64 Image header")
    head = data[:4096]
    text = bytes(range(32, 127)) + b"\t\n\r"
    if not head.translate(None, text):
        raise _refuse(name, "a text file")
    if len(data) < 4 or head[:4] in (bytes(4), b"\xff\xff\xff\xff"):
        raise _refuse(name, "data that does not begin with an instruction")
    return "raw", RAW_OFFSET, len(data)


def _cached(data: bytes, source: bytes) -> Path:
    """Keep an unpacked kernel; the few newest stay."""
    folder = cache_dir() / "unpacked"
    folder.mkdir(exist_ok=True)
    path = folder / (hashlib.sha256(source).hexdigest()[:32] + ".Image")
    if path.exists() and path.stat().st_size == len(data):
        path.touch()
        return path
    write_file(path, data)
    files = sorted(folder.glob("*.Image"), key=lambda p: p.stat().st_mtime)
    for old in files[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def load(path: Path, ram: int) -> Kernel:
    """Look at a kernel file; unpack it into the cache where it is packed."""
    source = read_bytes(path)
    data = unpack(source, str(path))
    kind, offset, memory = classify(data, str(path), ram)
    if data is not source:
        path = _cached(data, source)
    return Kernel(path, kind, len(data), offset, align_up(memory, 4096))
