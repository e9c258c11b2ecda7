# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Finds, runs and counts the tests: meson's unit tests by their JUnit log,
Python unit tests, and system tests, which are programs that print lines
`ok NAME`, `not ok NAME` and `skip NAME: reason`."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import unittest
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from lib.common import Failure, ROOT, say

SYSTEM_TIMEOUT = 300
UNIT_TIMEOUT_FACTOR = 4
LINE = re.compile(r"(ok|not ok|skip)\s+(?:\d+\s+)?(?:-\s+)?(\S.*)")
TIMEOUT = re.compile(r"^# time limit: (\d+) s$", re.MULTILINE)

NEEDS = re.compile(r"^# needs: (\w+)$", re.MULTILINE)


@dataclass
class Count:
    """What came of a run."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, other: "Count") -> None:
        """Add another run's results."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures

    def fail(self, name: str) -> None:
        """One more failure."""
        self.failed += 1
        self.failures.append(name)

    def line(self) -> str:
        """The line that a run ends with."""
        text = f"{self.passed} passed, {self.failed} failed"
        return text + (f", {self.skipped} skipped" if self.skipped else "")


def chosen(name: str, wanted: list[str]) -> bool:
    """Is a test of that name among the wanted ones (all, if none named)?"""
    short = name.split(":")[-1]
    names = (name, short, short.removeprefix("test_"), "test_" + short, short + ".py",
             "test_" + short + ".py")
    return not wanted or any(fnmatch.fnmatchcase(each, pattern)
                             for pattern in wanted for each in names)


# Unit tests in C.

def meson_tests(build: Path) -> list[str]:
    """The names of meson's unit tests."""
    done = subprocess.run(["meson", "introspect", "--tests", str(build)],
                          stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise Failure(f"{build} is no build folder; remove it")
    return [test["name"] for test in json.loads(done.stdout)
            if any(suite.split(":")[-1] == "unit"
                   for suite in test["suite"])]


def count_junit(text: str) -> Count:
    """Count the cases of a JUnit log, TAP subtests one by one."""
    count = Count()
    for suite in ElementTree.fromstring(text).iter("testsuite"):
        name = suite.get("name", "?").split(".")[-1]
        for case in suite.iter("testcase"):
            if case.find("failure") is not None \
                    or case.find("error") is not None:
                count.fail(f"unit {name} {case.get('name')}")
            elif case.find("skipped") is not None:
                count.skipped += 1
            else:
                count.passed += 1
    return count


def run_meson(build: Path, names: list[str]) -> Count:
    """Run these unit tests of meson's."""
    log = build / "meson-logs" / "testlog.junit.xml"
    log.unlink(missing_ok=True)
    done = subprocess.run(
        ["meson", "test", "-C", str(build), "--suite", "unit",
         "--no-rebuild", "--print-errorlogs", "-t",
         str(UNIT_TIMEOUT_FACTOR), *names], check=False)
    count = count_junit(log.read_text()) if log.exists() else Count()
    if done.returncode and not count.failed:
        count.fail(f"meson test ended with status {done.returncode}")
    return count


# Unit tests in Python.

class _Result(unittest.TextTestResult):
    """Prints a line for each test, as system tests do."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.count = Count()

    def startTest(self, test) -> None:
        unittest.TestResult.startTest(self, test)

    def addSuccess(self, test) -> None:
        unittest.TestResult.addSuccess(self, test)
        self.count.passed += 1
        self.stream.writeln(f"ok scripts {test.id()}")

    def addFailure(self, test, err) -> None:
        unittest.TestResult.addFailure(self, test, err)
        self._failed(test)

    def addError(self, test, err) -> None:
        unittest.TestResult.addError(self, test, err)
        self._failed(test)

    def addSubTest(self, test, subtest, err) -> None:
        unittest.TestResult.addSubTest(self, test, subtest, err)
        if err is not None:
            self._failed(subtest)

    def addSkip(self, test, reason) -> None:
        unittest.TestResult.addSkip(self, test, reason)
        self.count.skipped += 1
        self.stream.writeln(f"skip scripts {test.id()}: {reason}")

    def _failed(self, test) -> None:
        self.count.fail(f"scripts {test.id()}")
        self.stream.writeln(f"not ok scripts {test.id()}")


def _python_cases(wanted: list[str]) -> unittest.TestSuite:
    folder = ROOT / "test" / "unit" / "scripts"
    for path in (folder, ROOT / "scripts"):
        if str(path) not in sys.path:
            sys.path.insert(0, str(path))
    suite = unittest.TestSuite()
    loader = unittest.TestLoader()
    for path in sorted(folder.glob("test_*.py")):
        if chosen(path.stem, wanted):
            suite.addTests(loader.loadTestsFromName(path.stem))
    return suite


def python_tests() -> list[str]:
    """The names of the Python unit tests' files."""
    return sorted(p.stem for p in
                  (ROOT / "test" / "unit" / "scripts").glob("test_*.py"))


def run_python(wanted: list[str]) -> Count:
    """Run the Python unit tests of those files."""
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=0,
                                     resultclass=_Result)
    result = runner.run(_python_cases(wanted))
    return result.count


# System tests.

def system_tests() -> list[Path]:
    """The system tests. One that cannot be executed would not be run: said."""
    found = sorted((ROOT / "test" / "system").glob("test_*.py"))
    for path in found:
        if not os.access(path, os.X_OK):
            raise Failure(f"{path} is not executable: chmod +x it")
    return found


def needs(path: Path) -> set[str]:
    """What a system test says that has to be built for it."""
    return set(NEEDS.findall(path.read_text()[:2000]))


def count_lines(name: str, output: str, status: int) -> Count:
    """Count a system test's lines; an exit status counts where none says."""
    count = Count()
    for line in output.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        if match.group(1) == "ok":
            count.passed += 1
        elif match.group(1) == "skip":
            count.skipped += 1
        else:
            count.fail(f"system {name} {match.group(2)}")
    if status and not count.failed:
        count.fail(f"system {name}: ended with status {status}")
    if not (count.passed or count.failed or count.skipped):
        count.fail(f"system {name}: printed no result")
    return count


def _run_system(path: Path, build: Path, show: threading.Lock) -> Count:
    """One system test, with its time limit; its output goes to a log."""
    name = path.stem[len("test_"):]
    match = TIMEOUT.search(path.read_text()[:2000])
    limit = int(match.group(1)) if match else SYSTEM_TIMEOUT
    logs = build / "test-logs"
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{path.stem}.log"
    start = time.monotonic()
    late = False
    with open(log, "wb") as out:
        test = subprocess.Popen(
            [sys.executable, str(path)], stdin=subprocess.DEVNULL,
            stdout=out, stderr=subprocess.STDOUT, cwd=ROOT,
            start_new_session=True,
            env={**os.environ, "HYPERSTUB_BUILD": str(build),
                 "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1",
                 "HYPERSTUB": str(build / "hyperstub.bin")})
        try:
            status = test.wait(limit)
        except subprocess.TimeoutExpired:
            late, status = True, 1
        finally:
            _end_group(test)
    output = log.read_text(errors="replace")
    count = count_lines(name, output, status)
    if late:
        count.fail(f"system {name}: not done after {limit} s")
    with show:
        for line in output.splitlines():
            if LINE.match(line):
                print(line, flush=True)
        for failure in count.failures:
            print(f"FAILED {failure} (log: {log})", flush=True)
        if count.failures:
            print("\n".join("    " + line for line
                            in output.splitlines()[-30:]), flush=True)
        print(f"system {name}: {count.line()} "
              f"({time.monotonic() - start:.0f} s)", flush=True)
    return count


def _end_group(test: subprocess.Popen) -> None:
    """End what a test left behind in its own session."""
    try:
        os.killpg(test.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    test.wait()


def run_system(paths: list[Path], build: Path, jobs: int) -> Count:
    """Run system tests, so many at once."""
    total = Count()
    show = threading.Lock()
    with ThreadPoolExecutor(max_workers=max(jobs, 1)) as pool:
        for count in pool.map(lambda p: _run_system(p, build, show), paths):
            total.add(count)
    return total


# Building.

def configure(build: Path, libfdt: Path) -> None:
    """meson setup, unless the build folder stands already."""
    options = ["--cross-file", "cross-m1.ini", f"-Dlibfdt_dir={libfdt}"]
    if (build / "build.ninja").exists():
        done = subprocess.run(
            ["meson", "configure", str(build), f"-Dlibfdt_dir={libfdt}"],
            stdout=subprocess.DEVNULL, check=False)
        if done.returncode == 0:
            return
        options.append("--wipe")
    say(f"setting up {build}")
    if subprocess.run(["meson", "setup", str(build), *options], cwd=ROOT,
                      stdout=sys.stderr, check=False).returncode:
        raise Failure("meson setup failed")


def compile_all(build: Path) -> None:
    """ninja."""
    say("building")
    if subprocess.run(["ninja", "-C", str(build)], stdout=sys.stderr,
                      check=False).returncode:
        raise Failure("the build failed")
