# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""What kernel files are taken for, and what is said of those that are
none."""

import gzip
import lzma
import shutil
import struct
import subprocess
import unittest

from lib import kernelimage
from lib.common import Failure, MIB

RAM = 0x40000000


def image(size=0x10000, text_offset=0, memory=0x20000):
    data = bytearray(struct.pack("<I", 0x14000010).ljust(size, b"\1"))
    struct.pack_into("<QQ", data, 8, text_offset, memory)
    data[56:60] = b"ARM\x64"
    return bytes(data)


def zboot(kind, payload):
    head = b"MZ\0\0zimg" + struct.pack("<II", 128, len(payload))
    return head.ljust(24, b"\0") + kind.ljust(104, b"\0") + payload + b"tail"


def elf(paddr=RAM + MIB, machine=183, kind=2, filesz=16, memsz=4096):
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", kind, machine, 1, paddr, 64, 0, 0, 64, 56, 1, 64,
        0, 0)
    return head + struct.pack("<IIQQQQQQ", 1, 5, 120, paddr, paddr, filesz,
                              memsz, 4096) + bytes(16)


class Unpack(unittest.TestCase):
    def test_wrappers(self):
        plain = image()
        packed = {"Image.gz": gzip.compress(plain),
                  "Image.gz with bytes after it": gzip.compress(plain) + b"x",
                  "zboot gzip": zboot(b"gzip", gzip.compress(plain)),
                  "zboot xz": zboot(b"xz", lzma.compress(plain)),
                  "gzip around zboot":
                      gzip.compress(zboot(b"gzip", gzip.compress(plain)))}
        if shutil.which("zstd"):
            done = subprocess.run(["zstd", "-qc"], input=plain, check=True,
                                  stdout=subprocess.PIPE)
            packed["zboot zstd"] = zboot(b"zstd", done.stdout)
        for name, data in packed.items():
            with self.subTest(name):
                self.assertEqual(kernelimage.unpack(data, name), plain)

    def test_broken_wrappers_are_failures(self):
        good = gzip.compress(image())
        bad = [good[:-20], good[:12] + bytes(40) + good[52:], b"\x1f\x8b",
               zboot(b"gzip", good)[:70], zboot(b"snappy", good),
               zboot(b"gzip", good[:100]), b"MZ\0\0zimg" + b"\xff" * 100,
               zboot(b"xz", b"nothing"), b"MZ\0\0zimg"]
        for number, data in enumerate(bad):
            with self.subTest(number), self.assertRaises(Failure):
                kernelimage.unpack(data, "file")


class Classify(unittest.TestCase):
    def kind(self, data):
        return kernelimage.classify(data, "file", RAM)

    def test_images(self):
        self.assertEqual(self.kind(image()), ("image", 2 * MIB, 0x20000))
        self.assertEqual(self.kind(image(text_offset=0x80000)),
                         ("image", 0x80000, 0x20000))
        # Before 3.17 there was no size, and QEMU takes the old offset.
        self.assertEqual(self.kind(image(memory=0)),
                         ("image", 0x80000, 0x10000))

    def test_raw(self):
        data = struct.pack("<I", 0xd503201f) * 4
        self.assertEqual(self.kind(data), ("raw", 0x80000, 16))

    def test_elf(self):
        self.assertEqual(self.kind(elf()), ("elf", 0, MIB + 4096))

    def test_files_that_are_no_kernel(self):
        bzimage = bytearray(image())
        bzimage[56:60] = bytes(4)
        bzimage[0x202:0x206] = b"HdrS"
        cases = {"empty": b"", "text": b"#!/bin/sh\necho hello\n",
                 "x86 bzImage": bytes(bzimage),
                 "other ELF machine": elf(machine=62),
                 "kernel module": elf(kind=1),
                 "ELF below RAM": elf(paddr=0x1000),
                 "ELF cut short": elf()[:100],
                 "ELF without its data": elf(filesz=1 << 40, memsz=1 << 40),
                 "initramfs": b"070701" + bytes(200),
                 "zeroes": bytes(4096), "one byte": b"\1",
                 "device tree": b"\xd0\x0d\xfe\xed" + bytes(60),
                 "EFI program": b"MZ" + b"\1" * 100}
        for name, data in cases.items():
            with self.subTest(name), self.assertRaisesRegex(Failure, "^file"):
                self.kind(data)


if __name__ == "__main__":
    unittest.main()
