# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Set up, build, and run the tests: all of them, or those named.

Installs what is missing (says what before), fetches kernels and libfdt into
the cache folder, builds in build/, and ends with a line `N passed, N failed`
(`, N skipped` may follow). Exit 1 if a test failed or none was run. Logs of
system tests are in build/test-logs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True

from lib import assets, board, packages, testing, witness  # noqa: E402
from lib.common import Failure, ROOT, run_main, say  # noqa: E402


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/test", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME",
        help="only these tests (shell patterns; see --list)")
    add("--suite", choices=["unit", "system", "all"], default="all")
    add("--list", action="store_true", help="list the tests, run none")
    add("--build", action="store_true", help="set up and build, no tests")
    add("--builddir", type=Path, default=ROOT / "build", metavar="DIR")
    add("--jobs", type=int, default=2, metavar="N",
        help="system tests at once (default 2)")
    add("--no-deps", action="store_true",
        help="install nothing; fetch only what the build needs")
    add("--ci", action="store_true",
        help="count a skipped test as a failure: on CI nothing may miss")
    return parser.parse_args()


def set_up(args: argparse.Namespace) -> None:
    """What is needed, the build folder, the build."""
    if not args.no_deps:
        packages.install()
    testing.configure(args.builddir, assets.libfdt())
    testing.compile_all(args.builddir)


def list_all(args: argparse.Namespace) -> int:
    """Print the tests that the arguments choose."""
    if args.suite != "system":
        if (args.builddir / "build.ninja").exists():
            for name in testing.meson_tests(args.builddir):
                if testing.chosen(name, args.names):
                    print(f"unit {name}")
        else:
            say("the C unit tests are listed once build/ is set up")
        for name in testing.python_tests():
            if testing.chosen(name, args.names):
                print(f"unit {name}")
    if args.suite != "unit":
        for path in testing.system_tests():
            if testing.chosen(path.stem, args.names):
                print(f"system {path.stem}")
    return 0


# What tests say that they need, and what builds it.
BUILT = {"board": board.qemu, "witness": lambda: witness.Witness().build()}


def with_built(paths: list[Path], total: testing.Count) -> list[Path]:
    """What tests need is built; where it cannot be, they are skipped."""
    for what, build in BUILT.items():
        needing = [path for path in paths if what in testing.needs(path)]
        if not needing:
            continue
        try:
            build()
        except Failure as err:
            for path in needing:
                print(f"skip system {path.stem}: no {what}: {err}")
            total.skipped += len(needing)
            paths = [path for path in paths if path not in needing]
    return paths


def run_all(args: argparse.Namespace) -> testing.Count:
    """Run what the arguments choose."""
    total = testing.Count()
    if args.suite != "system":
        names = [name for name in testing.meson_tests(args.builddir)
                 if testing.chosen(name, args.names)]
        if names:
            total.add(testing.run_meson(args.builddir,
                                        names if args.names else []))
        total.add(testing.run_python(args.names))
    if args.suite != "unit":
        paths = [path for path in testing.system_tests()
                 if testing.chosen(path.stem, args.names)]
        if paths:
            if not args.no_deps:
                assets.kernel()
                assets.initramfs()
                paths = with_built(paths, total)
            say(f"running {len(paths)} system tests")
            total.add(testing.run_system(paths, args.builddir.resolve(),
                                         args.jobs))
    return total


def main() -> int:
    args = parse()
    if args.list:
        return list_all(args)
    set_up(args)
    if args.build:
        return 0
    total = run_all(args)
    for name in total.failures:
        print(f"FAILED {name}")
    if args.ci and total.skipped:
        print(f"FAILED {total.skipped} skipped: on CI nothing may miss")
    print(total.line())
    if not total.passed and not total.failed:
        raise Failure("no test was run")
    return 1 if total.failed or (args.ci and total.skipped) else 0


run_main(main, "test")
