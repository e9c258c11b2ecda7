# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""kvm-unit-tests as guests: which of its arm64 tests can run here, from its own
list (arm/unittests.cfg), and what a run came to. Pure: starts nothing."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from lib.common import Failure

# Programs that come with it and are not in its list: name, file.
MORE = (("pl031", "pl031"), ("spinlock", "spinlock-test"))
MAX_CPUS = 8
# What its programs expect of QEMU's board.
DEVICES = ["-nodefaults", "-device", "virtio-serial-device", "-device",
           "virtconsole,chardev=ctd", "-chardev", "testdev,id=ctd",
           "-device", "pci-testdev"]
# Cores of QEMU's with memory tagging. With others it refuses mte=on; without it
# the tests skip themselves.
TAGGING = ("max", "cortex-a710", "neoverse-n2")


@dataclass
class Test:
    """One entry of unittests.cfg."""

    name: str
    file: str = ""
    args: str = ""
    smp: str = "1"
    params: str = ""
    arch: str = ""
    groups: list[str] = field(default_factory=list)

    def cpus(self, most: int) -> int:
        """How many CPUs it gets where at most so many are wanted."""
        return int(self.smp) if self.smp.isdecimal() else most

    def memory(self) -> int:
        """MiB."""
        match = re.search(r"-m (\d+)", self.params)
        return int(match.group(1)) if match else 256

    def why_not(self) -> str:
        """Why it cannot be a guest here; "" where it can."""
        if self.arch not in ("", "arm64", "arm|arm64"):
            return f"for {self.arch}"
        if "gic-version=2" in self.params:
            return "GICv2"
        if "migration" in self.groups:
            return "migrates the machine"
        return ""

    def machine(self, cpu: str) -> list[str]:
        """What QEMU's board needs for it, with that core."""
        tags = "mte=on" in self.params and cpu in TAGGING
        return ["-machine", "mte=on"] if tags else []


@dataclass
class Outcome:
    """What a run came to: its verdicts, in no order, and QEMU's status."""

    verdicts: Counter
    status: int
    ended: bool

    def counts(self) -> str:
        """As the table has it."""
        kinds = Counter(verdict.split(": ")[0] for verdict in
                        self.verdicts.elements())
        text = "/".join(str(kinds[kind]) for kind in ("PASS", "FAIL", "SKIP"))
        return f"{text} {self.status if self.ended else 'no end'}"

    def differs(self, other: "Outcome") -> list[str]:
        """Verdicts of only one of both; other is the native one."""
        lines = [f"only here: {verdict}" for verdict in
                 (self.verdicts - other.verdicts).elements()]
        lines += [f"only natively: {verdict}" for verdict in
                  (other.verdicts - self.verdicts).elements()]
        if (self.ended, self.status) != (other.ended, other.status):
            lines.append(f"status {self.status}, natively {other.status}")
        if not other.ended:
            lines.append("natively it has no end: nothing is compared")
        return lines


def tests_of(config: str) -> list[Test]:
    """The entries of unittests.cfg, and the programs that it does not list."""
    tests: list[Test] = []
    for line in config.splitlines():
        line = line.split("#")[0].strip() if line.startswith("#") else \
            line.strip()
        match = re.fullmatch(r"\[(\S+)\]", line)
        if match:
            tests.append(Test(match.group(1)))
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not tests:
            continue
        test = tests[-1]
        if key == "file":
            test.file = value.removesuffix(".flat")
        elif key == "test_args":
            test.args = " ".join(shlex.split(value))
        elif key == "smp":
            test.smp = value
        elif key == "qemu_params":
            test.params = value
        elif key == "arch":
            test.arch = value
        elif key == "groups":
            test.groups = value.split()
    return tests + [Test(name, file, smp="MAX_SMP" if name == "spinlock"
                         else "1") for name, file in MORE]


def outcome_of(text: str, status: int) -> Outcome:
    """A run's verdicts from its console; numbers that move are taken out."""
    verdicts: Counter = Counter()
    for line in text.splitlines():
        match = re.match(r"(PASS|FAIL|SKIP|XFAIL|XPASS|ABORT): (.*)", line)
        if match:
            verdicts[f"{match.group(1)}: {steady(match.group(2))}"] += 1
    return Outcome(verdicts, status, "EXIT: STATUS=" in text)


def steady(text: str) -> str:
    """A verdict without what is measured: hexadecimal and long numbers."""
    return re.sub(r"0x[0-9a-f]+|\b\d{4,}\b", "N", text.strip())


def checkout(folder: Path) -> Path:
    """A built checkout, looked at: where its arm64 programs are."""
    programs = folder / "arm"
    if not (programs / "unittests.cfg").is_file():
        raise Failure(f"{folder} is no checkout of kvm-unit-tests: it has no "
                      "arm/unittests.cfg")
    if not (programs / "selftest.flat").is_file():
        raise Failure(f"{folder} is not built: no arm/selftest.flat; its own "
                      "README says how, for arm64")
    return programs
