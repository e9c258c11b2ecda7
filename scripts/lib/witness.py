# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Small kernels of our own configuration, from Debian's linux-source package.
Each is kept in the cache under a hash of its configuration and compiler; the
unpacked source beside them, so that the next one costs its compilation."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lib.apt import Apt, os_release
from lib.assets import codename, symbols_of
from lib.common import Failure, ROOT, cache_dir, locked, new_dir, read_bytes
from lib.common import say, write_file

PACKAGE = "linux-source-6.12"
PARTS = ROOT / "test" / "kernel"
BASE = "base"
COMPILER = "aarch64-linux-gnu-"
KEPT = 16
FILES = 850     # that the base is compiled from, about; for the progress only
LINE = re.compile(r"(CONFIG_\w+)=(\S.*)")
# Other architectures' code and drivers of graphics cards are most of the
# source, and are not unpacked; Kconfig files are, wherever they are.
LEFT_OUT = ("*/drivers/gpu/drm/*/*.[ch]", "*/tools/testing/*",
            "*/boot/dts/*.dts*", "*/Documentation/*/*.[rtyRs]*",
            *(f"*/arch/{name}/*.[chS]" for name in (
                "alpha", "arc", "csky", "hexagon", "loongarch", "m68k",
                "microblaze", "mips", "nios2", "openrisc", "parisc",
                "powerpc", "riscv", "s390", "sh", "sparc", "um", "x86",
                "xtensa")))
# Nothing of the place and time of building is in the kernel.
FIXED = {"KBUILD_BUILD_TIMESTAMP": "@0", "KBUILD_BUILD_USER": "hyperstub",
         "KBUILD_BUILD_HOST": "hyperstub", "LC_ALL": "C"}


def parts() -> list[str]:
    """The names of the parts of configurations, the base first."""
    names = sorted(path.stem for path in PARTS.glob("*.config"))
    return [BASE, *(name for name in names if name != BASE)]


def _part(name: str) -> str:
    if name not in parts():
        raise Failure(f"no configuration {name!r}; there are: "
                      + ", ".join(parts()) + "; or write CONFIG_X=y")
    return read_bytes(PARTS / f"{name}.config").decode()


def purpose(name: str) -> str:
    """A part's comment in its head, as one line."""
    found = []
    for line in _part(name).splitlines():
        if not line.startswith("#"):
            break
        if "SPDX" not in line:
            found.append(line[1:].strip())
    return " ".join(found)


def settings(*words: str) -> dict[str, str]:
    """
    What the base, the named parts and the lines given say together: a later
    one wins, lines win over parts.
    """
    found: dict[str, str] = {}
    names = [word for word in words if not word.startswith("CONFIG_")]
    lines = [word for word in words if word.startswith("CONFIG_")]
    text = [_part(name) for name in (BASE, *names)] + lines
    for line in "\n".join(text).splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = LINE.fullmatch(line.strip())
        if not match:
            raise Failure(f"{line.strip()!r} is no line of a configuration; "
                          "write CONFIG_X=y, or =n for one that is off")
        found[match.group(1)] = match.group(2)
    return found


def unmet(wanted: dict[str, str], config: str) -> list[str]:
    """The wanted lines that a finished .config does not have."""
    got = dict(match.groups() for match in LINE.finditer(config))
    return [f"{name}={value}" for name, value in wanted.items()
            if got.get(name, "n") != value]


def by_clang(wanted: dict[str, str]) -> bool:
    """Is it compiled with clang? The kernel's own name for that says so."""
    return wanted.get("CONFIG_CC_IS_CLANG") == "y"


def _compiler(clang: bool) -> str:
    """Its version; the linker is that of the cross tools for both."""
    for tool, package in ((COMPILER + "gcc", "gcc-aarch64-linux-gnu"),
                          *((("clang", "clang"),) if clang else ())):
        if not shutil.which(tool):
            raise Failure(f"{tool} is not there; install {package} "
                          "(scripts/deps does)")
    command = (["clang", "--version"] if clang
               else [COMPILER + "gcc", "-dumpfullversion"])
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE,
                          text=True)
    return (done.stdout.splitlines() or [""])[0]


class Witness:
    """One kernel, built or to be built."""

    def __init__(self, *words: str) -> None:
        self.settings = settings(*words)
        self.name = " ".join(("witness", *words))
        self.fragment = "".join(f"{name}={value}\n" for name, value
                                in self.settings.items())
        self.clang = by_clang(self.settings)
        total = hashlib.sha256("\0".join((
            PACKAGE, _compiler(self.clang), os_release().get("VERSION_ID", ""),
            self.fragment)).encode())
        self.folder = cache_dir() / f"witness-{total.hexdigest()[:16]}"

    @property
    def image(self) -> Path:
        """The kernel."""
        return self.folder / "Image"

    def symbols(self) -> Path:
        """Its symbol file."""
        return symbols_of(self.image, self.folder / "ksyms.elf")

    def built(self) -> bool:
        """Is it in the cache?"""
        return self.image.exists()

    def build(self, refresh: bool = False) -> Path:
        """Build it where it is not built yet; its Image."""
        if self.built() and not refresh:
            self.folder.touch()
            return self.image
        with locked("witness"):
            if self.built() and not refresh:
                return self.image
            source = _source(refresh)
            say(f"building {self.name} ({source.parent.name}; about 3 "
                "minutes on two cores)")
            with new_dir(self.folder) as target, \
                    tempfile.TemporaryDirectory(
                        dir=cache_dir(), prefix="witness-build-") as place:
                self._make(source, Path(place), target)
            _tidy(self.folder)
            say(f"it is in {self.folder}")
        return self.image

    def _make(self, source: Path, place: Path, target: Path) -> None:
        fragment = place / "fragment"
        write_file(fragment, self.fragment.encode())
        make = ["make", "-C", str(source), f"O={place}", "ARCH=arm64",
                f"CROSS_COMPILE={COMPILER}", f"-j{os.cpu_count() or 1}",
                *(["CC=clang"] if self.clang else [])]
        _run([*make, "allnoconfig"], {"KCONFIG_ALLCONFIG": str(fragment)})
        config = (place / ".config").read_text()
        missed = unmet(self.settings, config)
        if missed:
            raise Failure(f"{PACKAGE} does not accept "
                          + " ".join(missed[:10])
                          + ": something that it depends on is missing, or "
                          "something else selects it")
        debug = self.settings.get("CONFIG_GDB_SCRIPTS") == "y"
        _run([*make, "Image", *(["scripts_gdb"] if debug else [])], {})
        shutil.copy(place / "arch/arm64/boot/Image", target)
        shutil.copy(place / "System.map", target)
        shutil.copy(place / ".config", target / "config")
        if "CONFIG_DEBUG_INFO=y" in config:
            shutil.copy(place / "vmlinux", target)
        if debug:
            shutil.copy(place / "vmlinux-gdb.py", target)
            shutil.copytree(place / "scripts/gdb", target / "scripts/gdb",
                            symlinks=False)
        (target / "package").write_text(source.parent.name + "\n")


def _source(refresh: bool) -> Path:
    """The unpacked source, fetched once; its version is its folder's name."""
    found = sorted(cache_dir().glob(f"{PACKAGE}_*/linux-source-*"))
    if found and not refresh:
        return found[-1]
    apt = Apt(codename(), "amd64")      # the package is for all
    apt.update(refresh)
    version = apt.fields(PACKAGE)["Version"]
    place = cache_dir() / f"{PACKAGE}_{version}"
    if not place.exists():
        with new_dir(place) as temp, \
                tempfile.TemporaryDirectory(dir=cache_dir()) as deb:
            apt.unpack(PACKAGE, Path(deb))
            archive = Path(deb) / "usr/src" / f"{PACKAGE}.tar.xz"
            say("unpacking the kernel's source")
            _unpack(archive, temp)
    for old in cache_dir().glob(f"{PACKAGE}_*"):
        if old != place:
            shutil.rmtree(old, ignore_errors=True)
    return next(place.glob("linux-source-*"))


def _unpack(archive: Path, into: Path) -> None:
    done = subprocess.run(
        ["tar", "--use-compress-program=xz -T0", "-xf", str(archive), "-C",
         str(into), "--wildcards",
         *(f"--exclude={pattern}" for pattern in LEFT_OUT)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise Failure(f"{archive.name} cannot be unpacked: "
                      f"{done.stdout.strip()[-200:]}")


def _run(command: list[str], more: dict[str, str]) -> None:
    """make, its output in a log that is kept; its progress is shown."""
    log = cache_dir() / "witness.log"
    start = shown = time.monotonic()
    files = 0
    tty = sys.stderr.isatty()
    with open(log, "w", buffering=1) as out, subprocess.Popen(
            command, env={**os.environ, **FIXED, **more},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace") as child:
        for line in child.stdout:
            out.write(line)
            files += line.startswith(("  CC ", "  AS "))
            now = time.monotonic()
            if now - shown < (1 if tty else 30):
                continue
            shown = now
            text = (f"{files} of about {max(FILES, files)} files compiled "
                    f"({now - start:.0f} s)")
            if tty:
                print(f"\rhyperstub: {text} ", end="", file=sys.stderr,
                      flush=True)
            else:
                say(text)
    if tty and shown != start:
        print(file=sys.stderr)
    if child.returncode:
        tail = log.read_text().splitlines()[-25:]
        print("\n".join(tail), file=sys.stderr)
        raise Failure(f"the kernel's make failed; its output is in {log}")


def _tidy(newest: Path) -> None:
    """Only the kernels used last are kept."""
    found = sorted((path for path in cache_dir().glob("witness-*")
                    if (path / "Image").exists() and path != newest),
                   key=lambda path: path.stat().st_mtime)
    for path in found[:1 - KEPT]:
        shutil.rmtree(path, ignore_errors=True)
