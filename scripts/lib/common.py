# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""What all scripts share: where things are, how errors and progress are said,
and files that appear whole or not at all. Knows nothing of QEMU or apt."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent.parent
KIB = 1024
MIB = 1024 * 1024


class Failure(Exception):
    """An error for the person at the keyboard: one line, what to do."""


def say(text: str) -> None:
    """A line of progress, on standard error."""
    print(f"hyperstub: {text}", file=sys.stderr, flush=True)


def run_main(main: Callable[[], int], name: str) -> None:
    """Run a script's main(); a Failure becomes one line and status 2."""
    try:
        status = main()
        sys.stdout.flush()
    except Failure as err:
        print(f"scripts/{name}: {err}", file=sys.stderr)
        status = 2
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = 1
    sys.exit(status)


def cache_dir() -> Path:
    """The user's cache folder for this project; made when it is missing."""
    base = os.environ.get("XDG_CACHE_HOME") or ""
    path = Path(base) if os.path.isabs(base) else Path.home() / ".cache"
    path = path / "hyperstub"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise Failure(f"{path}: {err.strerror}; set XDG_CACHE_HOME to a "
                      "folder that can be written") from err
    return path


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the cache's lock of that name, so that two runs share one fetch."""
    with open(cache_dir() / f".{name}.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say(f"another run is preparing {name}; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def new_dir(target: Path) -> Iterator[Path]:
    """A temporary folder that becomes `target` if the block succeeds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temp = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        temp.chmod(0o755)
        yield temp
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=".old.", dir=target.parent))
            os.rename(target, old / target.name)
            os.rename(temp, target)
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.rename(temp, target)
    finally:
        if temp.exists():
            shutil.rmtree(temp, ignore_errors=True)


def write_file(target: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file so that a reader sees the old one or the new one whole."""
    try:
        fd, temp = tempfile.mkstemp(prefix=f".{target.name}.",
                                    dir=target.parent)
    except OSError as err:
        raise Failure(f"{target}: {err.strerror}") from err
    try:
        with os.fdopen(fd, "wb") as out:
            out.write(data)
        os.chmod(temp, mode)
        os.replace(temp, target)
    except BaseException as err:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temp)
        if isinstance(err, OSError):
            raise Failure(f"{target}: {err.strerror}") from err
        raise


def read_bytes(path: Path) -> bytes:
    """A whole file, or a Failure that says why not."""
    try:
        return Path(path).read_bytes()
    except OSError as err:
        raise Failure(f"{path}: {err.strerror}") from err


def parse_size(text: str) -> int:
    """A size in bytes: `64M`, `1G`, `4096K`, or a plain number of MiB."""
    units = {"K": KIB, "M": MIB, "G": 1024 * MIB}
    word = text.strip().upper().replace("IB", "")
    unit = MIB
    if word and word[-1] in units:
        unit = units[word[-1]]
        word = word[:-1]
    if not (word.isascii() and word.isdigit()):
        raise Failure(f"{text!r} is no size; write 512M or 2G")
    return int(word) * unit


def align_up(value: int, step: int) -> int:
    """The next multiple of step, or value itself."""
    return (value + step - 1) // step * step
