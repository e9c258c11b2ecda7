# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Writes cpio archives in the newc format that Linux takes as an initramfs
(Documentation/driver-api/early-userspace/buffer-format.rst). No files are
read here; names and contents are given."""

from __future__ import annotations

import stat


class Archive:
    """An archive that grows; folders on the way to a name are made."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._inode = 0
        self._names: set[str] = set()

    def _entry(self, name: str, mode: int, data: bytes = b"",
               rdev: tuple[int, int] = (0, 0)) -> None:
        self._inode += 1
        raw = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0,
                  rdev[0], rdev[1], len(raw), 0)
        self._out += b"070701" + b"".join(b"%08X" % f for f in fields) + raw
        self._pad()
        self._out += data
        self._pad()

    def _pad(self) -> None:
        self._out += bytes(-len(self._out) % 4)

    def _parents(self, name: str) -> str:
        name = name.strip("/")
        parts = name.split("/")
        if not name or ".." in parts or "" in parts:
            raise ValueError(f"{name!r} is no name for an archive")
        for count in range(1, len(parts)):
            folder = "/".join(parts[:count])
            if folder not in self._names:
                self._names.add(folder)
                self._entry(folder, stat.S_IFDIR | 0o755)
        if name in self._names:
            raise ValueError(f"{name!r} is there twice")
        self._names.add(name)
        return name

    def folder(self, name: str) -> None:
        """An empty folder."""
        if name.strip("/") not in self._names:
            self._entry(self._parents(name), stat.S_IFDIR | 0o755)

    def file(self, name: str, data: bytes, mode: int = 0o644) -> None:
        """A file with its contents."""
        self._entry(self._parents(name), stat.S_IFREG | mode, data)

    def link(self, name: str, target: str) -> None:
        """A symbolic link."""
        self._entry(self._parents(name), stat.S_IFLNK | 0o777,
                    target.encode())

    def device(self, name: str, major: int, minor: int) -> None:
        """A character device."""
        self._entry(self._parents(name), stat.S_IFCHR | 0o600,
                    rdev=(major, minor))

    def finish(self) -> bytes:
        """The whole archive, with its trailer."""
        self._entry("TRAILER!!!", 0)
        self._out += bytes(-len(self._out) % 512)
        return bytes(self._out)
