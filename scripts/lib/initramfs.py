# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""The guest's user space: one static busybox, an init that says that it is
up and gives a shell on the console, and whatever files a test adds."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping

from lib.common import Failure, read_bytes
from lib.cpio import Archive

MARKER = "hyperstub-guest: init up"
INIT = f"""#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/root PS1='guest# '
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
for script in /etc/init.d/*; do
	[ -f "$script" ] && . "$script"
done
echo '{MARKER}'
setsid cttyhack sh
poweroff -f
"""


def build(busybox: Path,
          files: Mapping[str, bytes] | None = None) -> bytes:
    """
    An initramfs (not compressed). `files` maps a name in the guest to its
    contents; those below bin/ or with a #! line are executable. Files in
    etc/init.d are sourced by init before it says that it is up.
    """
    archive = Archive()
    for folder in ("bin", "dev", "etc/init.d", "proc", "root", "sys", "tmp"):
        archive.folder(folder)
    archive.device("dev/console", 5, 1)
    archive.device("dev/null", 1, 3)
    archive.file("bin/busybox", read_bytes(busybox), 0o755)
    archive.file("init", INIT.encode(), 0o755)
    for name, data in (files or {}).items():
        name = name.strip("/")
        runs = name.startswith("bin/") or data[:2] == b"#!"
        try:
            archive.file(name, data, 0o755 if runs else 0o644)
        except ValueError as err:
            raise Failure(f"initramfs: {err}") from err
    return archive.finish()
