# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""The things in the cache folder: libfdt, kernels with their modules,
busybox, the initramfs, a newer gdb and QEMU. Each function returns where its
thing is, and fetches it first if it is not there yet."""

from __future__ import annotations

import hashlib
import lzma
import os
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Mapping, Sequence

from lib import initramfs as initramfs_module
from lib import board, cfi, kallsyms, kernelimage, symelf
from lib.apt import Apt, os_release
from lib.common import Failure, cache_dir, locked, new_dir, read_bytes, say
from lib.common import write_file

KEPT_INITRAMFS = 16
MODULES_OF = re.compile(rb"depends=([^\0]*)\0")


def codename() -> str:
    """This Debian's release name."""
    release = os_release()
    name = release.get("VERSION_CODENAME", "")
    if release.get("ID") != "debian" or not name:
        raise Failure("this is not Debian, so there is no mirror to take "
                      "packages from; give your own files instead "
                      "(scripts/qemu --kernel, --initrd)")
    return name


def _prepare(name: str, make: Callable[[Path], None],
             refresh: bool) -> Path:
    """A folder of the cache, made by `make` when it is not there."""
    path = cache_dir() / name
    if path.exists() and not refresh:
        return path
    with locked(name):
        if path.exists() and not refresh:
            return path
        with new_dir(path) as temp:
            make(temp)
        say(f"{name} is in {path}")
    return path


def libfdt(refresh: bool = False) -> Path:
    """A folder with the arm64 libfdt.a and include/, for -Dlibfdt_dir."""
    def make(temp: Path) -> None:
        apt = Apt(codename(), "arm64")
        apt.update(refresh)
        root = temp / "root"
        apt.unpack("libfdt-dev", root)
        archives = list(root.glob("usr/lib/**/libfdt.a"))
        if len(archives) != 1:
            raise Failure("the libfdt-dev package holds no libfdt.a")
        shutil.copy(archives[0], temp / "libfdt.a")
        (temp / "include").mkdir()
        for header in root.glob("usr/include/*fdt*.h"):
            shutil.copy(header, temp / "include")
        shutil.copy(root / "usr/share/doc/libfdt-dev/copyright", temp)
        shutil.rmtree(root)
    return _prepare("libfdt", make, refresh)


@dataclass(frozen=True)
class DebianKernel:
    """One of Debian's kernels, unpacked."""

    path: Path

    @property
    def vmlinuz(self) -> Path:
        """The kernel as it is packed in its package."""
        return self.path / "vmlinuz"

    @property
    def release(self) -> str:
        """What uname -r says."""
        return (self.path / "release").read_text().strip()

    def module_names(self) -> dict[str, Path]:
        """Each module's file by its name (with _ for -)."""
        folder = self.path / "modules"
        return {path.name.split(".ko")[0].replace("-", "_"): path
                for path in folder.rglob("*.ko*")}

    def module(self, name: str) -> bytes:
        """A module's ELF file, unpacked where the package packs it."""
        path = self.module_names().get(name.replace("-", "_"))
        if path is None:
            raise Failure(f"{self.release} has no module {name}")
        data = read_bytes(path)
        return lzma.decompress(data) if path.suffix == ".xz" else data

    def with_dependencies(self, *names: str) -> dict[str, bytes]:
        """Modules by name, in the order in which insmod takes them."""
        found: dict[str, bytes] = {}
        waiting = [name.replace("-", "_") for name in reversed(names)]
        while waiting:
            name = waiting[-1]
            data = self.module(name)
            match = MODULES_OF.search(data)
            needed = [n.replace("-", "_")
                      for n in match.group(1).decode().split(",")
                      if n] if match else []
            left = [n for n in needed if n not in found]
            if left and len(waiting) < 100:
                waiting += left
                continue
            found.setdefault(name, data)
            waiting.pop()
        return found


@dataclass(frozen=True)
class Flavour:
    """Where a kernel comes from."""

    metapackage: str
    pattern: str
    suites: Mapping[str, str]   # Debian release -> suite to ask


KERNELS = {
    "kernel": Flavour("linux-image-arm64", r"linux-image-[\d.]+.*-arm64",
                      {"bookworm": "bookworm", "trixie": "trixie"}),
    "kernel-6.1": Flavour("linux-image-arm64", r"linux-image-6\.1\..*-arm64",
                          {"bookworm": "bookworm", "trixie": "bookworm"}),
    "kernel-6.12": Flavour(
        "linux-image-arm64", r"linux-image-6\.12\..*-arm64",
        {"bookworm": "bookworm-backports", "trixie": "trixie"}),
    "kernel-6.12-16k": Flavour(
        "linux-image-arm64-16k", r"linux-image-6\.12\..*-arm64-16k",
        {"bookworm": "bookworm-backports", "trixie": "trixie"}),
}
SAME = {("bookworm", "kernel"): "kernel-6.1",
        ("trixie", "kernel"): "kernel-6.12"}


def kernel(flavour: str = "kernel", refresh: bool = False) -> DebianKernel:
    """Debian's arm64 kernel: this release's own, or one named by version."""
    if flavour not in KERNELS:
        raise Failure(f"no kernel {flavour!r}; there are: "
                      + ", ".join(KERNELS))
    name = SAME.get((os_release().get("VERSION_CODENAME", ""), flavour),
                    flavour)
    path = cache_dir() / name
    if refresh or not path.exists():
        release = codename()
        suite = KERNELS[name].suites.get(release)
        if suite is None:
            raise Failure(f"Debian {release} is not known here; it must be "
                          "Debian 12 or 13")
        path = _prepare(name, lambda temp: _make_kernel(
            temp, suite, KERNELS[name], refresh), refresh)
    return DebianKernel(path)


def _make_kernel(temp: Path, suite: str, flavour: Flavour,
                 refresh: bool) -> None:
    apt = Apt(suite, "arm64")
    apt.update(refresh)
    package = apt.dependency(flavour.metapackage, flavour.pattern)
    release = package[len("linux-image-"):]
    root = temp / "root"
    version = apt.unpack(package, root)
    modules = next((p for p in (root / f"usr/lib/modules/{release}",
                                root / f"lib/modules/{release}")
                    if p.exists()), None)
    vmlinuz = root / f"boot/vmlinuz-{release}"
    if modules is None or not vmlinuz.exists():
        raise Failure(f"{package} holds no kernel or no modules")
    os.rename(vmlinuz, temp / "vmlinuz")
    os.rename(root / f"boot/config-{release}", temp / "config")
    os.rename(modules, temp / "modules")
    (temp / "release").write_text(release + "\n")
    (temp / "package").write_text(f"{package} {version}\n")
    shutil.rmtree(root)


def _one_file(name: str, package: str, places: Sequence[str], file: str,
              refresh: bool) -> Path:
    """A file of a package, at the first of its places; `name` in the cache."""
    def make(temp: Path) -> None:
        apt = Apt(codename(), "arm64")
        apt.update(refresh)
        root = temp / "root"
        apt.unpack(package, root)
        found = [p for p in (root / place for place in places) if p.exists()]
        if not found:
            raise Failure(f"the {package} package holds no {places[0]}")
        shutil.copy(found[0], temp / file)
        shutil.rmtree(root)
    return _prepare(name, make, refresh) / file


def busybox(refresh: bool = False) -> Path:
    """The arm64 static busybox binary."""
    return _one_file("busybox", "busybox-static",
                     ("bin/busybox", "usr/bin/busybox"), "busybox", refresh)


def uboot(refresh: bool = False) -> Path:
    """Debian's U-Boot for QEMU's arm64 virt board, a firmware for -bios."""
    return _one_file("u-boot", "u-boot-qemu",
                     ("usr/lib/u-boot/qemu_arm64/u-boot.bin",), "u-boot.bin",
                     refresh)


def initramfs(files: Mapping[str, bytes] | None = None,
              refresh: bool = False) -> Path:
    """
    A busybox initramfs, with extra files where they are given (guest name ->
    contents). Its own file in the cache for each content.
    """
    data = initramfs_module.build(busybox(refresh), files)
    name = "initramfs.cpio"
    if files:
        name = f"initramfs-{hashlib.sha256(data).hexdigest()[:16]}.cpio"
    path = cache_dir() / name
    if path.exists() and path.read_bytes() == data:
        path.touch()
    else:
        write_file(path, data)
    for old in sorted(cache_dir().glob("initramfs-*.cpio"),
                      key=lambda p: p.stat().st_mtime)[:-KEPT_INITRAMFS]:
        old.unlink(missing_ok=True)
    return path


GDB16 = """#!/bin/sh
# gdb 16 from its unpacked packages, with their own libc and loader.
root={root}
lib=$root/usr/lib/{triplet}
export PYTHONHOME=$root/usr PYTHONDONTWRITEBYTECODE=1
export TERMINFO_DIRS=$root/usr/share/terminfo:/usr/share/terminfo:/lib/terminfo
exec "$lib/{loader}" --library-path "$lib" \\
	"$root/usr/bin/gdb-multiarch" --data-directory="$root/usr/share/gdb" "$@"
"""
QEMU10 = """#!/bin/sh
# QEMU 10 from its unpacked packages, with their own libc and loader.
root={root}
lib=$root/usr/lib/{triplet}
exec "$lib/{loader}" --library-path "$lib" \\
	"$root/usr/bin/qemu-system-aarch64" "$@"
"""
LOADERS = {"amd64": ("x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
           "arm64": ("aarch64-linux-gnu", "ld-linux-aarch64.so.1")}


def _debian13(name: str, packages: list[str], program: str, text: str,
              links: Mapping[str, str], refresh: bool) -> Path:
    """
    A program of Debian 13, beside the system: its wrapper script. `links`
    are made beside its libraries.
    """
    arch = subprocess.run(["dpkg", "--print-architecture"], check=False,
                          stdout=subprocess.PIPE, text=True).stdout.strip()
    if arch not in LOADERS:
        raise Failure(f"{name}: no loader is known for "
                      f"{arch or 'this system'}")
    triplet, loader = LOADERS[arch]
    place = cache_dir() / name

    def make(temp: Path) -> None:
        codename()
        apt = Apt("trixie", arch)
        apt.update(refresh)
        apt.unpack_closure(packages, temp)
        for link, target in links.items():
            (temp / "usr/lib" / triplet / link).symlink_to(target)
        script = text.format(root=place, triplet=triplet, loader=loader)
        write_file(temp / program, script.encode(), 0o755)
    return _prepare(name, make, refresh) / program


def gdb16(refresh: bool = False) -> Path:
    """Debian 13's gdb-multiarch."""
    return _debian13("gdb16", ["gdb-multiarch"], "gdb", GDB16,
                     {}, refresh)


def qemu10(refresh: bool = False) -> Path:
    """
    Debian 13's QEMU, for QEMU=. The link is where QEMU, run by that loader,
    looks for its files before it does in /usr.
    """
    return _debian13("qemu10", ["qemu-system-arm", "ipxe-qemu"],
                     "qemu-system-aarch64", QEMU10,
                     {"qemu-bundle": "../../.."}, refresh)


def source(package: str, refresh: bool = False) -> Path:
    """A Debian source package of this release, unpacked."""
    suite = codename()
    path = cache_dir() / "source" / package
    with locked(f"source-{package}"):
        if refresh or not path.exists():
            apt = Apt(suite, "amd64", "deb-src")
            apt.update(refresh)
            apt.source(package, path)
    return next(p for p in path.iterdir() if p.is_dir())


def symbols(flavour: str = "kernel") -> Path:
    """A symbol file of a Debian kernel, from its own kallsyms."""
    package = kernel(flavour)
    return symbols_of(package.vmlinuz, package.path / "ksyms.elf")


def symbols_of(image_path: Path, path: Path) -> Path:
    """A kernel's symbol file, written to `path` where it is missing or old."""
    makers = [Path(module.__file__) for module in (cfi, kallsyms, symelf)]
    newest = max(maker.stat().st_mtime for maker in makers)
    if not path.exists() or path.stat().st_mtime < newest:
        data = kernelimage.unpack(read_bytes(image_path), str(image_path))
        memory, = struct.unpack_from("<Q", data, 16)
        write_file(path, symelf.write(kallsyms.read(data), data, memory))
    return path


def image(flavour: str = "kernel") -> Path:
    """A Debian kernel as a plain Image, whatever its package packs."""
    return kernelimage.load(kernel(flavour).vmlinuz, 0).path


FETCHERS: dict[str, Callable[[bool], Path]] = {
    "libfdt": libfdt,
    "kernel": lambda refresh: kernel("kernel", refresh).vmlinuz,
    "kernel-6.1": lambda refresh: kernel("kernel-6.1", refresh).vmlinuz,
    "kernel-6.12": lambda refresh: kernel("kernel-6.12", refresh).vmlinuz,
    "kernel-6.12-16k":
        lambda refresh: kernel("kernel-6.12-16k", refresh).vmlinuz,
    "busybox": busybox,
    "initramfs": lambda refresh: initramfs(refresh=refresh),
    "gdb16": gdb16,
    "qemu10": qemu10,
    "board": board.qemu,
}
CACHED = {"kernel": "kernel*/vmlinuz", "initramfs": "initramfs.cpio",
          "busybox": "busybox/busybox"}
EVERYDAY = ("libfdt", "kernel", "initramfs")


def is_cached(name: str) -> bool:
    """Is that thing in the cache already?"""
    if name == "board":
        return board.binary().exists()
    if name == "kernel":
        release = os_release().get("VERSION_CODENAME", "")
        name = SAME.get((release, name), name)
    return (cache_dir() / CACHED.get(name, name)).exists()
