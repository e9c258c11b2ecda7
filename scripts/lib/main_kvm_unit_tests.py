# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Runs kvm-unit-tests' arm64 programs as guests, natively and under hyperstub,
and compares: each test has to pass, fail or skip as it does natively.

Takes a folder with a checkout of kvm-unit-tests that is built for arm64; nothing
of it is part of hyperstub. With --gdb gdb is attached, holds breakpoints and
watchpoints and stops the guest now and then.

  scripts/kvm-unit-tests --from ~/kvm-unit-tests
  scripts/kvm-unit-tests --from ~/kvm-unit-tests --cpu max --smp 8 timer psci
  scripts/kvm-unit-tests --from ~/kvm-unit-tests 'pmu*' -- -icount 1

Words after -- go to QEMU.
A row of the table: passed/failed/skipped and QEMU's exit status, natively, under
hyperstub, and with gdb. The exit status is 1 where something differs."""

from __future__ import annotations

import argparse
import fnmatch
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Optional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True

from lib.common import Failure, ROOT, run_main  # noqa: E402
from lib.kvm_unit_tests import (DEVICES, MAX_CPUS, Outcome,  # noqa: E402
                                Test, checkout, outcome_of, tests_of)

QEMU = ROOT / "scripts" / "qemu"
FORMAT = "{:<30} {:<12} {:>4}  {:<16} {:<16} {:<16} {}"
# A test that differs is run again, natively too: some depend on the time.
TURNS = 3


def parse(argv: list[str]) -> argparse.Namespace:
    """The options; what comes after -- is kept apart."""
    extra: list[str] = []
    if "--" in argv:
        cut = argv.index("--")
        argv, extra = argv[:cut], argv[cut + 1:]
    parser = argparse.ArgumentParser(
        prog="scripts/kvm-unit-tests", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("tests", nargs="*", metavar="TEST",
        help="names or shell patterns (default: all)")
    add("--from", dest="folder", type=Path, metavar="DIR",
        default=os.environ.get("KVM_UNIT_TESTS"),
        help="the built checkout (default $KVM_UNIT_TESTS)")
    add("--cpu", action="append", metavar="MODEL",
        help="again and again (default cortex-a57, cortex-a76, max)")
    add("--smp", action="append", type=int, metavar="N", help="at most so "
        "many CPUs, again and again (default 1, 4, 8)")
    add("--gdb", action="store_true", help="a third column: with gdb attached")
    add("--monitor", action="append", default=[], metavar="WORDS",
        help="words for the monitor")
    add("--timeout", type=float, default=90, metavar="SECONDS",
        help="for each run (default 90)")
    add("--list", action="store_true", help="the tests, and why not")
    add("--verbose", action="store_true", help="what differs, line by line")
    args = parser.parse_args(argv)
    args.extra = extra
    return args


class Runner:
    """Runs one test in one way."""

    def __init__(self, programs: Path, args: argparse.Namespace) -> None:
        self.programs, self.args = programs, args

    def command(self, test: Test, cpu: str, smp: int,
                native: bool) -> list[str]:
        """The launcher's words."""
        words = [str(QEMU), "--kernel", str(self.programs /
                                            f"{test.file}.flat"),
                 "--cpu", cpu, "--smp", str(smp), "--memory",
                 f"{test.memory()}M", "--console", "stdio"]
        args = test.args.replace("smp=2", f"smp={smp}")
        if args:
            words += ["--append", args]
        if native:
            words.append("--native")
        else:
            for word in self.args.monitor:
                words += ["--monitor", word]
        return words

    def run(self, test: Test, cpu: str, smp: int, native: bool,
            gdb: bool = False) -> Outcome:
        """Start it, wait for its end, read what it says."""
        words = self.command(test, cpu, smp, native)
        with tempfile.TemporaryDirectory(prefix="hs-kut-") as temp:
            where = f"unix:{temp}/gdb" if gdb else "null"
            words += ["--gdb", where] + (["--wait"] if gdb else [])
            with open(f"{temp}/console", "w+b") as console:
                child = subprocess.Popen(
                    words + ["--"] + DEVICES + test.machine(cpu) +
                    self.args.extra, stdin=subprocess.DEVNULL,
                    stdout=console, stderr=subprocess.STDOUT)
                try:
                    trouble = self.wait(child, test,
                                        f"{temp}/gdb" if gdb else None)
                finally:
                    # With gdb the end of the connection comes first.
                    try:
                        child.wait(5 if gdb else 0)
                    except subprocess.TimeoutExpired:
                        child.terminate()
                    child.wait()
                console.seek(0)
                text = console.read().decode(errors="replace")
        outcome = outcome_of(text.replace("\r", ""), child.returncode)
        if trouble:
            outcome.verdicts[f"gdb: {trouble}"] += 1
        return outcome

    def wait(self, child: subprocess.Popen, test: Test,
             gdb: Optional[str]) -> str:
        """
        Until it ends or has had its time; gdb does its work meanwhile. What
        went wrong with gdb, "" else: a row must not end the table.
        """
        if gdb:
            sys.path.insert(0, str(ROOT / "test" / "system"))
            import kvm_unit_tests_gdb
            return kvm_unit_tests_gdb.drive(
                child, gdb, self.programs / f"{test.file}.elf",
                self.args.timeout)
        end = time.monotonic() + self.args.timeout
        while child.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        return ""


def compare(runner: Runner, test: Test, cpu: str, smp: int) -> bool:
    """A row of the table; whether all agree."""
    args = runner.args
    for turn in range(TURNS):
        native = runner.run(test, cpu, smp, True)
        ours = runner.run(test, cpu, smp, False)
        told = ours.differs(native)
        with_gdb = None
        if args.gdb:
            with_gdb = runner.run(test, cpu, smp, False, True)
            told += [f"gdb: {line}" for line in with_gdb.differs(native)]
        if not told:
            break
        if args.verbose and turn + 1 < TURNS:
            print("".join(f"    try {turn + 1}: {line}\n" for line in told),
                  end="", flush=True)
    verdict = "DIFFERS" if told else "same"
    if turn:
        verdict += f" ({turn + 1} tries)"
    print(FORMAT.format(test.name, cpu, smp, native.counts(), ours.counts(),
                        with_gdb.counts() if with_gdb else "-",
                        verdict), flush=True)
    if told and (args.verbose or len(told) < 6):
        for line in told:
            print(f"    {line}")
    return not told


def main() -> int:
    args = parse(sys.argv[1:])
    if args.folder is None:
        raise Failure("give a built checkout of kvm-unit-tests with --from, "
                      "or as KVM_UNIT_TESTS")
    programs = checkout(Path(args.folder))
    tests = [test for test in tests_of(
        (programs / "unittests.cfg").read_text())
        if not args.tests or any(fnmatch.fnmatch(test.name, pattern)
                                 for pattern in args.tests)]
    if not tests:
        raise Failure("no test of that name; --list names them")
    if args.list:
        for test in tests:
            print(f"{test.name}  {test.why_not()}".rstrip())
        return 0
    print(FORMAT.format("test", "CPU", "CPUs", "natively", "hyperstub",
                        "with gdb", "").rstrip())
    runner = Runner(programs, args)
    same = True
    for test in tests:
        if test.why_not():
            print(f"{test.name:<30} not run: {test.why_not()}")
            continue
        for cpu in args.cpu or ["cortex-a57", "cortex-a76", "max"]:
            counts = {min(test.cpus(most), MAX_CPUS)
                      for most in args.smp or [1, 4, 8]}
            for smp in sorted(counts):
                same &= compare(runner, test, cpu, smp)
    return 0 if same else 1


run_main(main, "kvm-unit-tests")
