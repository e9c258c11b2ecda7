# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""What the rows of scripts/bench share: lines of the table, the small C helpers,
guests with their instructions counted, gdb with its commands timed."""

from __future__ import annotations

import mmap
import os
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterable, Optional, Sequence

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
for folder in (ROOT / "scripts", ROOT / "test" / "system"):
    sys.path.insert(0, str(folder))
sys.dont_write_bytecode = True

from bare import Rsp  # noqa: E402
from harness import Bad, Gdb, Guest  # noqa: E402
from lib import assets  # noqa: E402
from lib.launch import MONITOR_SHARE, RAM_BASE  # noqa: E402

MIB = 1 << 20
# Guests of the rows that count instructions: the monitor is above this RAM.
COUNTED_MEMORY = 128 * MIB
# As count.c lays its file out.
COUNTED_IMAGE = MIB
COUNTS_BYTES = 4096 + COUNTED_IMAGE // 4 * 8


@dataclass
class Line:
    """One line of the table. Ratios are ours over QEMU's where more is better
    (rates), QEMU's over ours where less is."""

    name: str
    unit: str
    ours: Optional[float] = None
    qemu: Optional[float] = None
    null: Optional[float] = None
    aim: str = ""
    good: Optional[bool] = None
    more_is_better: bool = True
    text: str = ""

    def ratio(self) -> Optional[float]:
        if not self.ours or not self.qemu:
            return None
        return self.ours / self.qemu if self.more_is_better \
            else self.qemu / self.ours

    def of_null(self) -> Optional[float]:
        return self.ours / self.null if self.ours and self.null else None


@dataclass
class Row:
    """Lines that are measured together."""

    name: str
    how: str
    run: Callable[["Bench"], Iterable[Line]]


ROWS: list[Row] = []


def row(name: str, how: str) -> Callable:
    """Register a function as a row of the table."""
    def add(run: Callable[["Bench"], Iterable[Line]]) -> Callable:
        ROWS.append(Row(name, " ".join(how.split()), run))
        return run
    return add


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


@dataclass
class Bench:
    """Options, and what is built once for all rows."""

    builddir: Path
    quick: bool = False
    cpu: str = "cortex-a76"
    folder: Path = field(default_factory=lambda: Path(
        tempfile.mkdtemp(prefix="hs-bench-")))

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def elf(self) -> Path:
        return self.builddir / "hyperstub.elf"

    @property
    def image(self) -> Path:
        return self.builddir / "hyperstub.bin"

    def times(self, full: int, quick: int = 1) -> int:
        return quick if self.quick else full

    def _make(self, name: str, command: Sequence[str]) -> Path:
        path = self.folder / name
        if not path.exists():
            subprocess.run([*command, "-o", str(path)], check=True)
        return path

    def null_stub(self) -> Path:
        return self._make("nullstub", ["gcc", "-O2", str(HERE / "nullstub.c")])

    def plugin(self) -> Path:
        return self._make("count.so", ["gcc", "-O2", "-shared", "-fPIC",
                                       str(HERE / "count.c")])

    def program(self) -> Path:
        """The guest of exits.S as a raw binary."""
        raw = self.folder / "exits.bin"
        if not raw.exists():
            elf = self._make("exits.elf", [
                "aarch64-linux-gnu-gcc", "-nostdlib", "-static",
                "-Wl,-Ttext=0x40080000,--build-id=none", "-Wl,-e,0x40080000",
                str(HERE / "exits.S")])
            subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary",
                            str(elf), str(raw)], check=True)
        return raw

    def random_file(self, size: int) -> Path:
        path = self.folder / f"random-{size}"
        if not path.exists():
            path.write_bytes(os.urandom(size))
        return path

    def bare(self, native: bool = False, counted: bool = False,
             smp: int = 1) -> Guest:
        """exits.S at its first instruction."""
        return Guest(cpu=self.cpu, smp=smp, native=native, wait=True,
                     memory=f"{COUNTED_MEMORY // MIB}M",
                     program=self.program(),
                     extra=self.counting() if counted else ())

    def counting(self, memory: int = COUNTED_MEMORY) -> list[str]:
        """QEMU's words that count instructions of the monitor."""
        low = RAM_BASE + memory
        counts = self.folder / "counts"
        counts.write_bytes(bytes(COUNTS_BYTES))
        return ["-plugin", f"{self.plugin()},low={low:#x},"
                           f"high={low + MONITOR_SHARE:#x},counts={counts}"]

    def counts(self) -> "Counts":
        return Counts(self.folder / "counts")


class Counts:
    """The plugin's counters, which change while one looks."""

    def __init__(self, path: Path) -> None:
        with open(path, "rb") as file:
            self.map = mmap.mmap(file.fileno(), COUNTS_BYTES,
                                 access=mmap.ACCESS_READ)

    def monitor(self) -> int:
        """Instructions executed in the monitor's memory."""
        return struct.unpack_from("<Q", self.map, 0)[0]

    def profile(self) -> list[int]:
        """Executions of each instruction of the image, by its place."""
        return list(struct.unpack_from(f"<{COUNTED_IMAGE // 4}Q", self.map,
                                       4096))

    def settled(self) -> int:
        """The same once the monitor has nothing more to do."""
        last = self.monitor()
        for _ in range(100):
            time.sleep(0.05)
            now = self.monitor()
            if now == last:
                return now
            last = now
        raise Bad("the monitor does not come to rest while all is stopped")


class NullStub:
    """nullstub.c on a Unix socket of its own."""

    def __init__(self, bench: Bench, packet_size: int = 0x40000) -> None:
        self.gdb_path = str(bench.folder / "null.sock")
        self.process = subprocess.Popen(
            [str(bench.null_stub()), self.gdb_path, str(packet_size)])

    def __enter__(self) -> "NullStub":
        end = time.monotonic() + 5
        while not os.path.exists(self.gdb_path):
            if time.monotonic() > end:
                raise Bad("the null stub does not start")
            time.sleep(0.01)
        return self

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()
        os.unlink(self.gdb_path)


def timed(gdb: Gdb, command: str, seconds: float = 120) -> float:
    """Seconds that gdb takes for a command."""
    start = time.monotonic()
    text = gdb.cmd(command, seconds)
    took = time.monotonic() - start
    if re.search(r"error|annot|E[0-9.]|rror accessing|not being run", text):
        raise Bad(f"{command}: {text}")
    return took


def gdb16() -> Optional[str]:
    """Debian 13's gdb, where scripts/deps has laid it out."""
    if not assets.is_cached("gdb16"):
        return None
    found = assets.gdb16()
    path = found / "gdb" if Path(found).is_dir() else Path(found)
    return str(path)
