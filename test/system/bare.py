# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""For the tests on small guest programs (test/guest): the programs, a bare
packet client for what gdb does not send, and stops as gdb prints them."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from pathlib import Path
from typing import Sequence

from harness import Bad, Gdb, Guest, ROOT, connect

PROGRAMS = Path(os.environ.get("HYPERSTUB_BUILD", ROOT / "build")) \
    / "test" / "guest"
# Eight virtual CPUs that spin may be slow to get anywhere on a busy host.
PATIENCE = 60.0
# The condition of a breakpoint that never stops: const8 0, end.
FALSE = ";X3,220027"
TAGS = ["-machine", "mte=on"]
# A PCI device that is nothing but memory, BAR 2.
IVSHMEM = ["-object", "memory-backend-ram,id=hsmem,size=1M", "-device",
           "ivshmem-plain,memdev=hsmem"]
GDB16 = Path(os.path.expanduser("~/.cache/hyperstub/gdb16/gdb"))


def start(name: str, gdb: Gdb, cpu: str = "cortex-a76", smp: int = 1,
          monitor: Sequence[str] = (), native: bool = False,
          extra: Sequence[str] = ()) -> Guest:
    """A guest at its first instruction, gdb attached with its symbols."""
    guest = Guest(cpu=cpu, smp=smp, memory="128M", wait=True, native=native,
                  monitor=monitor, program=PROGRAMS / f"{name}.bin",
                  extra=extra)
    try:
        gdb.cmd(f"file {PROGRAMS / name}.elf")
        gdb.attach(guest)
    except BaseException:
        guest.close()
        raise
    return guest


def run_to(gdb: Gdb, place: str, seconds: float = 20) -> None:
    """Continue to a breakpoint there that is gone afterwards."""
    gdb.cmd(f"tbreak *({place})")
    text = gdb.go(seconds)
    if gdb.value("$pc") != gdb.value(f"(unsigned long)({place})"):
        raise Bad(f"did not get to {place}: {text}")


def registers(gdb: Gdb) -> dict[str, int]:
    """The core registers."""
    found = {}
    names = " ".join(f"x{n}" for n in range(31)) + " sp pc cpsr"
    for line in gdb.cmd(f"info registers {names}").splitlines():
        match = re.match(r"(\w+)\s+(0x[0-9a-f]+)", line)
        if match:
            found[match.group(1)] = int(match.group(2), 16)
    return found


def escaped(data: bytes) -> bytes:
    """Binary data as X wants it."""
    out = data.replace(b"}", b"}]")
    for byte in b"#$*":
        out = out.replace(bytes([byte]), b"}" + bytes([byte ^ 32]))
    return out


class Rsp:
    """A client that sends packets as they are given."""

    def __init__(self, guest: Guest) -> None:
        self.peer = socket.socket(socket.AF_UNIX)
        connect(self.peer, guest.gdb_path)
        self.peer.settimeout(PATIENCE)
        self.data = b""
        self.ask("QStartNoAckMode")
        self.ask("qSupported:swbreak+;hwbreak+;vContSupported+")
        self.ask("qXfer:features:read:target.xml:0,40")  # QEMU: p wants it
        self.ask("?")

    def __enter__(self) -> "Rsp":
        return self

    def __exit__(self, *_) -> None:
        self.peer.close()

    def send(self, body: str | bytes) -> None:
        """One packet."""
        raw = body if isinstance(body, bytes) else body.encode()
        self.peer.sendall(b"$%s#%02x" % (raw, sum(raw) & 255))

    def reply(self, seconds: float = PATIENCE) -> str:
        """The next packet from the stub, its escapes taken away."""
        self.peer.settimeout(seconds)
        while True:
            match = re.search(rb"\$([^#]*)#..", self.data, re.S)
            if match:
                break
            more = self.peer.recv(65536)
            if not more:
                raise Bad("the stub's end is closed")
            self.data += more
        self.data = self.data[match.end():]
        return re.sub(rb"}(.)", lambda m: bytes([m.group(1)[0] ^ 32]),
                      match.group(1), flags=re.S).decode("latin-1")

    def ask(self, body: str | bytes) -> str:
        """A packet and its answer."""
        self.send(body)
        return self.reply()

    def register(self, number: int) -> int:
        """A 64-bit register by its number; 32 is PC."""
        text = self.ask(f"p{number:x}")
        if not re.fullmatch(r"[0-9a-f]{8,32}", text):
            raise Bad(f"p{number:x}: {text}")
        return int.from_bytes(bytes.fromhex(text), "little")

    def set_register(self, number: int, value: int) -> None:
        """Set one."""
        text = self.ask(f"P{number:x}={value.to_bytes(8, 'little').hex()}")
        if text != "OK":
            raise Bad(f"P{number:x}: {text}")

    def read(self, address: int, size: int) -> bytes:
        """Memory; short where the stub's answer is."""
        text = self.ask(f"m{address:x},{size:x}")
        if text.startswith("E"):
            raise Bad(f"m{address:x}: {text}")
        return bytes.fromhex(text)


def symbols_of(name: str) -> dict[str, int]:
    """A guest program's symbols."""
    text = subprocess.run(["nm", PROGRAMS / f"{name}.elf"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return {line.split()[2]: int(line.split()[0], 16)
            for line in text.splitlines() if len(line.split()) == 3}


class Program:
    """The variables of a guest program, by packets."""

    def __init__(self, name: str, rsp: Rsp) -> None:
        self.rsp, self.names = rsp, symbols_of(name)

    def poke(self, name: str, value: int) -> None:
        """Set a variable of 64 bits."""
        text = self.rsp.ask(f"M{self.names[name]:x},8:"
                            f"{value.to_bytes(8, 'little').hex()}")
        if text != "OK":
            raise Bad(f"{name}: {text}")

    def peek(self, name: str, index: int = 0) -> int:
        """Its value, or that of an element."""
        return int.from_bytes(self.rsp.read(self.names[name] + 8 * index, 8),
                              "little")
