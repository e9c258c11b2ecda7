# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""What tests of USB share: usbhost (a host in user space) with its commands
and its ports, and usbdev (the project's device as a program). Both end with
the test, by process id."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Optional, Sequence

from harness import Bad, Skip, connect, die_with_parent, must, same

BUILD = Path(os.environ.get("HYPERSTUB_BUILD", "build"))
PORTS = ("Gdb", "Console", "Trace")
# Of the three functions: the data endpoint's number, either way.
ENDPOINT = {"Gdb": 1, "Console": 2, "Trace": 3}


def program(name: str) -> Path:
    """A program of test/board; skips where it was not built."""
    path = BUILD / "test/board" / name / name
    if not path.exists():
        raise Skip(f"{path} was not built (libusbredirparser-dev)")
    return path


class Program:
    """A child that tells what happens in lines; all of them are kept."""

    def __init__(self, command: Sequence[str]) -> None:
        self.name = Path(command[0]).name
        self.lines: list[str] = []
        self.news = threading.Condition()
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, bufsize=1,
            preexec_fn=die_with_parent(signal.SIGKILL))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _read(self) -> None:
        for line in self.child.stdout:
            with self.news:
                self.lines.append(line.rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.news.notify_all()

    def wait(self, pattern: str, seconds: float = 10,
             start: int = 0) -> int:
        """Wait for a line from number `start` on; the number after it."""
        regex = re.compile(pattern)
        end = time.monotonic() + seconds
        with self.news:
            while True:
                for number in range(start, len(self.lines)):
                    if regex.search(self.lines[number]):
                        return number + 1
                left = end - time.monotonic()
                if left <= 0 or not self.reader.is_alive():
                    raise Bad(f"{self.name} does not say {pattern!r}; it "
                              "said:\n" + "\n".join(self.lines[-20:]))
                self.news.wait(min(left, 0.5))

    def tell(self, line: str) -> None:
        """A line on its standard input."""
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def ended(self, seconds: float = 5) -> int:
        """Wait for its end by itself; the exit status."""
        try:
            status = self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Bad(f"{self.name} does not end; it said:\n"
                      + "\n".join(self.lines[-20:])) from None
        self.reader.join(seconds)  # its last words
        return status

    def close(self) -> None:
        """End it; what a sanitizer found is a failure."""
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.reader.join(5)
        for line in self.lines:
            if "Sanitizer" in line or "runtime error" in line:
                raise Bad("\n".join(self.lines[-40:]))


class UsbDev(Program):
    """The device. Each port's bytes end at a Unix socket in the folder, or
    echo."""

    def __init__(self, folder: Path, *options: str,
                 echo: Sequence[str] = ()) -> None:
        self.folder = folder
        self.address = f"unix:{folder}/usbredir"
        command = [str(program("usbdev")), "--with-parent", *options]
        for name in PORTS:
            name = name.lower()
            where = "echo" if name in echo else f"unix:{folder}/{name}"
            command += [f"--{name}", where]
        super().__init__([*command, self.address])
        self.wait("^plugged")

    def line(self, port: str) -> socket.socket:
        """Where a port's bytes come out of the device."""
        peer = socket.socket(socket.AF_UNIX)
        connect(peer, f"{self.folder}/{port.lower()}")
        return peer


class UsbHost(Program):
    """The host."""

    def __init__(self, folder: Path, address: str, *options: str) -> None:
        self.folder = folder
        self.control: Optional[socket.socket] = None
        super().__init__([str(program("usbhost")), "--with-parent", "--dir",
                          str(folder), "--control", f"{folder}/control",
                          *options, address])

    def command(self, line: str, seconds: float = 20) -> str:
        """A command's answer, which must be good."""
        answer = self.try_command(line, seconds)
        must(answer.endswith("ok\n"), f"{line}: {answer}")
        return answer[:-3]

    def refused(self, line: str, why: str, seconds: float = 20) -> None:
        """A command that must fail like that."""
        answer = self.try_command(line, seconds)
        must(re.search(rf"error: .*{why}", answer), f"{line}: {answer}")

    def try_command(self, line: str, seconds: float = 20) -> str:
        """A command's answer, with its last line."""
        if self.control is None:
            self.control = socket.socket(socket.AF_UNIX)
            connect(self.control, f"{self.folder}/control")
        self.control.settimeout(seconds)
        self.control.sendall(line.encode() + b"\n")
        data = b""
        while not re.search(rb"(^|\n)(ok|error: [^\n]*)\n$", data):
            try:
                more = self.control.recv(65536)
            except socket.timeout:
                raise Bad(f"usbhost does not answer {line!r} within "
                          f"{seconds} s") from None
            must(more, f"usbhost ended at {line!r}:\n"
                 + "\n".join(self.lines[-20:]))
            data += more
        return data.decode()

    def path(self, port: str) -> Path:
        """The port's name, which stays the same."""
        return self.folder / f"ttyHyperstub{port}"

    def counts(self, port: str) -> dict[str, int]:
        """The numbers of a port's status line."""
        text = self.command("status")
        match = re.search(rf"^port ttyHyperstub{port} (.*)$", text, re.M)
        must(match, text)
        return {word: int(value) for word, value in re.findall(
            r"\b(lines|in|out|lost|errors|notifications) (\d+)",
            match.group(1))}

    def open(self, port: str) -> "Port":
        """Open a port as a program on the host would."""
        return Port(os.open(self.path(port), os.O_RDWR | os.O_NOCTTY
                            | os.O_NONBLOCK))

    def close(self) -> None:
        if self.control is not None:
            self.control.close()
        super().close()


class Port:
    """Either end of a serial port: a terminal or a socket. Raw bytes."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __enter__(self) -> "Port":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Close it, once."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def read(self, size: int, seconds: float = 10) -> bytes:
        """Exactly so many bytes."""
        data = b""
        end = time.monotonic() + seconds
        while len(data) < size:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise Bad(f"{len(data)} of {size} bytes within {seconds} s:"
                          f" {data[:80]!r}")
            more = os.read(self.fd, min(size - len(data), 65536))
            must(more, f"the end after {len(data)} of {size} bytes")
            data += more
        return data

    def quiet(self, seconds: float = 0.3) -> None:
        """Nothing comes."""
        if select.select([self.fd], [], [], seconds)[0]:
            raise Bad(f"unexpected: {os.read(self.fd, 4096)[:80]!r}")

    def drain(self, seconds: float = 0.3) -> None:
        """What comes, until nothing does for so long."""
        while select.select([self.fd], [], [], seconds)[0]:
            must(os.read(self.fd, 65536), "the end")

    def ended(self, seconds: float = 5) -> None:
        """The other side has gone: as a hung up tty says it."""
        if not select.select([self.fd], [], [], seconds)[0]:
            raise Bad(f"no end within {seconds} s")
        try:
            data = os.read(self.fd, 4096)
        except OSError as err:
            same(err.errno, errno.EIO, "error")
            return
        same(data, b"", "what was read at the end")

    def write(self, data: bytes, seconds: float = 10) -> None:
        """All of it."""
        end = time.monotonic() + seconds
        view = memoryview(data)
        while view:
            left = end - time.monotonic()
            if left <= 0 or not select.select([], [self.fd], [], left)[1]:
                raise Bad(f"{len(view)} of {len(data)} bytes are not taken "
                          f"within {seconds} s")
            with contextlib.suppress(BlockingIOError):
                view = view[os.write(self.fd, view[:65536]):]


def transfer(sender: Port, receiver: Port, data: bytes,
             seconds: float = 20) -> float:
    """Send all of it from one to the other; the seconds that it took."""
    start = time.monotonic()
    failure: list[BaseException] = []

    def send() -> None:
        try:
            sender.write(data, seconds)
        except BaseException as err:  # Raised again below.
            failure.append(err)
    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    got = receiver.read(len(data), seconds)
    thread.join(seconds)
    if failure:
        raise failure[0]
    if got != data:
        at = next(i for i in range(len(data)) if got[i] != data[i])
        raise Bad(f"byte {at} of {len(data)} differs: {got[at:at + 16]!r}")
    return time.monotonic() - start


@contextlib.contextmanager
def folder():
    """A folder for sockets and names, gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="hs-usb-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


__all__ = ["BUILD", "ENDPOINT", "PORTS", "Port", "Program", "UsbDev",
           "UsbHost", "folder", "program", "same", "transfer"]
