# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""What the build and the tests need from the system: found by looking for
the tools themselves, named by their Debian packages, installed on request."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Callable

from lib.apt import os_release
from lib.common import Failure, say

SUPPORTED = ("12", "13")


@dataclass(frozen=True)
class Need:
    """One thing that must be there."""

    package: str
    what: str
    present: Callable[[], bool]


def _command(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _qemu() -> bool:
    return shutil.which(os.environ.get("QEMU") or "qemu-system-aarch64") \
        is not None


def _arm64_libc() -> bool:
    tool = shutil.which("aarch64-linux-gnu-gcc")
    done = tool and subprocess.run([tool, "-print-file-name=libc.a"],
                                   stdout=subprocess.PIPE, text=True,
                                   check=False)
    return bool(done) and os.path.isabs(done.stdout.strip())


def _module(name: str) -> Callable[[], bool]:
    def found() -> bool:
        return subprocess.run(
            ["/usr/bin/python3" if os.path.exists("/usr/bin/python3")
             else sys.executable, "-c", f"import {name}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            check=False).returncode == 0
    return found


def _library(name: str) -> Callable[[], bool]:
    def found() -> bool:
        tool = shutil.which("pkg-config")
        return bool(tool) and subprocess.run(
            [tool, "--exists", name], check=False).returncode == 0
    return found


NEEDS = (
    Need("meson", "the build system", _command("meson")),
    Need("ninja-build", "the build system's engine", _command("ninja")),
    Need("gcc", "the compiler of the unit tests", _command("gcc")),
    Need("libc6-dev", "its C library",
         lambda: os.path.exists("/usr/include/stdlib.h")),
    Need("pkg-config", "finds libraries", _command("pkg-config")),
    Need("libcmocka-dev", "the unit tests' library", _library("cmocka")),
    Need("libusbredirparser-dev", "USB over a socket",
         _library("libusbredirparser-0.5")),
    Need("libfdt-dev", "the unit tests of device trees",
         lambda: os.path.exists("/usr/include/libfdt.h")),
    Need("gcc-aarch64-linux-gnu", "the monitor's compiler",
         _command("aarch64-linux-gnu-gcc")),
    Need("binutils-aarch64-linux-gnu", "the monitor's linker",
         _command("aarch64-linux-gnu-objcopy")),
    Need("libc6-dev-arm64-cross", "the C library of tests' guest programs",
         _arm64_libc),
    Need("qemu-system-arm", "the machine it runs on", _qemu),
    Need("gdb-multiarch", "the debugger", _command("gdb-multiarch")),
    Need("python3-pexpect", "drives programs in tests", _module("pexpect")),
    Need("device-tree-compiler", "device trees for tests", _command("dtc")),
    Need("make", "the witness kernel's build", _command("make")),
    Need("flex", "the witness kernel's build", _command("flex")),
    Need("bison", "the witness kernel's build", _command("bison")),
    Need("bc", "the witness kernel's build", _command("bc")),
    Need("xz-utils", "unpacks the kernel's source", _command("xz")),
    Need("dpkg-dev", "unpacks the source of the board's QEMU",
         _command("dpkg-source")),
    Need("libglib2.0-dev", "the board's QEMU: its main library",
         _library("glib-2.0")),
    Need("libpixman-1-dev", "the board's QEMU cannot be built without",
         _library("pixman-1")),
    Need("zlib1g-dev", "the board's QEMU cannot be built without",
         _library("zlib")),
    Need("clang", "the fuzz targets' compiler", _command("clang")),
    Need("lldb", "the other debugger", _command("lldb")),
    Need("zstd", "unpacks kernels", _command("zstd")),
    Need("cpio", "reads the initramfs back in a test", _command("cpio")),
)


def missing() -> list[Need]:
    """What is not there, in the order of NEEDS."""
    return [need for need in NEEDS if not need.present()]


def is_supported() -> bool:
    """Is this a Debian whose package names are known?"""
    release = os_release()
    return (release.get("ID") == "debian"
            and release.get("VERSION_ID") in SUPPORTED)


def describe(needs: list[Need]) -> str:
    """A list for people, one line each."""
    width = max(len(need.package) for need in needs)
    return "\n".join(f"  {need.package:{width}}  {need.what}"
                     for need in needs)


def install() -> None:
    """Install what is missing, saying before what it will be."""
    needs = missing()
    if not needs:
        return
    if not is_supported():
        name = os_release().get("PRETTY_NAME", "this system")
        raise Failure(
            f"{name} is not Debian 12 or 13, so nothing is installed. "
            "Missing (Debian's package names):\n" + describe(needs))
    command = ["apt-get", "install", "-y", "--no-install-recommends",
               *(need.package for need in needs)]
    sudo = []
    if os.geteuid() != 0:
        if not shutil.which("sudo"):
            raise Failure("as root, please run: " + " ".join(command))
        sudo = ["sudo"]
    say("these packages are missing and will be installed now"
        + (" (with sudo):" if sudo else ":"))
    print(describe(needs), file=sys.stderr, flush=True)
    env = ["env", "DEBIAN_FRONTEND=noninteractive"]
    for args in (["apt-get", "update"], command):
        say("running: " + " ".join(sudo + args))
        if subprocess.run(sudo + env + args, stdout=sys.stderr,
                          check=False).returncode:
            raise Failure(f"{' '.join(args)} failed")
    left = missing()
    if left:
        raise Failure("still missing after the installation:\n"
                      + describe(left))
