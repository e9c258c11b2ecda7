# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""The QEMU of our own board: Debian 12's source package with the files of
test/board/qemu added, configured small. The binary is kept in the cache under
a hash of what it is made of; the build tree beside it, so that a changed file
costs seconds."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from lib.apt import Apt, os_release
from lib.common import Failure, ROOT, cache_dir, locked, read_bytes, say
from lib.common import write_file

SUITE = "bookworm"
VERSION = "7.2+dfsg"
FILES = ROOT / "test" / "board" / "qemu"
BINARY = "qemu-system-aarch64"
KEPT = 6
CONFIGURE = (
    "--target-list=aarch64-softmmu", "--without-default-features",
    "--without-default-devices", "--with-devices-aarch64=hyperstub",
    "--enable-system", "--enable-tcg", "--enable-fdt=system",
    "--enable-usb-redir", "--enable-plugins", "--disable-docs", "--disable-tools",
    "--disable-debug-info", "--disable-werror", "--meson=meson")
# Where our files go, and what makes QEMU's own build find them: a file of the
# source and the line that is added at its end.
PLACE = "hw/usb/hyperstub"
HOOKS = {"hw/usb/meson.build": "subdir('hyperstub')",
         "hw/usb/Kconfig": "source hyperstub/Kconfig"}
DEVICES = "configs/devices/aarch64-softmmu/hyperstub.mak"
EVENTS = "hw/usb/trace-events"


def _files() -> list[Path]:
    return sorted(p for p in FILES.iterdir() if p.is_file())


def _digest(*parts: bytes) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "little") + part)
    return total.hexdigest()[:16]


def _base() -> list[bytes]:
    """What the configured source depends on."""
    release = os_release()
    return [VERSION.encode(), " ".join(CONFIGURE).encode(),
            f"{release.get('ID')} {release.get('VERSION_ID')}".encode(),
            os.uname().machine.encode()]


def binary() -> Path:
    """Where the binary for the files as they are now is, or will be."""
    parts = _base()
    for path in _files():
        parts += [path.name.encode(), read_bytes(path)]
    return cache_dir() / f"board-{_digest(*parts)}" / BINARY


def qemu(refresh: bool = False) -> Path:
    """The board's QEMU, built first where it is not there yet."""
    target = binary()
    if target.exists() and not refresh:
        return target
    with locked("board"):
        if target.exists() and not refresh:
            return target
        tree = _source()
        _add_files(tree)
        _configure(tree)
        _compile(tree)
        target.parent.mkdir(exist_ok=True)
        write_file(target, read_bytes(tree / "build" / BINARY), 0o755)
        _tidy()
        say(f"the board's QEMU is {target}")
    return target


def _source() -> Path:
    """The unpacked source, fetched once."""
    place = cache_dir() / f"board-build-{_digest(*_base())}"
    if not place.exists():
        tree = _fetch(place)
        for part in (*place.glob("*.tar.*"), tree / "roms"):
            shutil.rmtree(part) if part.is_dir() else part.unlink()
    return next(p for p in place.iterdir() if p.is_dir())


def _fetch(place: Path) -> Path:
    """
    Debian's source of that upstream version: the newest revision that the
    mirror has. A mirror can name one in its lists a while before, or after,
    it has the files.
    """
    apt = Apt(SUITE, "amd64", "deb-src")
    apt.update()
    versions = [version for version in apt.source_versions("qemu")
                if version.split(":")[-1].startswith(VERSION + "-")]
    if not versions:
        raise Failure(f"{SUITE} has no source of qemu {VERSION}")
    for version in versions[:-1]:
        try:
            return apt.source("qemu", place, version)
        except Failure as err:
            say(f"{err}; trying the one before")
    return apt.source("qemu", place, versions[-1])


def _put(path: Path, data: bytes) -> None:
    """Write a file only where it changes, so that little is built again."""
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)


def _add_files(tree: Path) -> None:
    """Our own files beside QEMU's, and the lines that name them."""
    place = tree / PLACE
    place.mkdir(exist_ok=True)
    names = {path.name for path in _files()}
    for old in place.iterdir():
        if old.name not in names:
            old.unlink()
    for path in _files():
        _put(place / path.name, path.read_bytes())
    _put(tree / DEVICES, (FILES / "devices.mak").read_bytes())
    extra = {name: line + "\n" for name, line in HOOKS.items()}
    extra[EVENTS] = (FILES / "trace-events").read_text()
    for name, text in extra.items():
        path = tree / name
        original = path.with_name(path.name + ".orig")
        if not original.exists():
            shutil.copy(path, original)
        _put(path, original.read_bytes() + b"\n" + text.encode())


def _configure(tree: Path) -> None:
    """QEMU's configure, once; ninja runs meson again where it must."""
    build = tree / "build"
    if (build / "build.ninja").exists():
        return
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir()
    say("configuring QEMU")
    _run(["../configure", *CONFIGURE], build, build / "configure.log")


def _run(command: list[str], cwd: Path, log: Path) -> None:
    """A command whose output is a log; its progress is shown."""
    shown, start = -1, time.monotonic()
    with open(log, "w") as out, subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace") as child:
        for line in child.stdout:
            out.write(line)
            match = re.match(r"\[(\d+)/(\d+)\]", line)
            if not match:
                continue
            done, total = int(match.group(1)), int(match.group(2))
            part = done * 10 // max(total, 1)
            if sys.stderr.isatty():
                print(f"\rhyperstub: building QEMU {done}/{total} ",
                      end="", file=sys.stderr, flush=True)
            elif part != shown and total > 20:
                say(f"building QEMU: {done} of {total} "
                    f"({time.monotonic() - start:.0f} s)")
            shown = part
    if shown >= 0 and sys.stderr.isatty():
        print(file=sys.stderr)
    if child.returncode:
        tail = log.read_text().splitlines()[-25:]
        print("\n".join(tail), file=sys.stderr)
        raise Failure(f"{command[0]} failed; its output is in {log}")


def _compile(tree: Path) -> None:
    """ninja, for this one binary."""
    say("building QEMU for our own board (the first time about 5 minutes on "
        "two cores)")
    build = tree / "build"
    _run(["ninja", BINARY], build, build / "ninja.log")


def _tidy() -> None:
    """Only the newest binaries and the current build tree are kept."""
    found = sorted((p for p in cache_dir().glob("board-*")
                    if not p.name.startswith("board-build-")),
                   key=lambda p: p.stat().st_mtime)
    old = found[:-KEPT]
    current = f"board-build-{_digest(*_base())}"
    old += [p for p in cache_dir().glob("board-build-*")
            if p.name != current]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)
