# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Measures hyperstub beside QEMU's own stub and prints one table.

Each row is measured in the same run on both sides, over Unix sockets; gdb's own
ceiling is what it does against a stub in C that costs nothing ("null"). Counts
of instructions are exact (a QEMU plugin), times are medians. `ratio` is above 1
where hyperstub is better. Times mean little on a machine that does other work:
the load is printed with the table.

  scripts/bench                    all rows
  scripts/bench transfer stepi     these
  scripts/bench --quick            fewer repetitions
  scripts/bench --list             rows, and how each is measured"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True

from lib.common import Failure, ROOT, run_main, say  # noqa: E402

FORMAT = "{:<29} {:>9} {:>10} {:>10} {:>7} {:>9} {:>6}  {}"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("rows", nargs="*", metavar="ROW", help="rows (default: all of them)")
    add("--quick", action="store_true", help="fewer repetitions")
    add("--list", action="store_true", help="name the rows and their methods")
    add("--cpu", default="cortex-a76", metavar="MODEL")
    add("--builddir", type=Path, default=ROOT / "build", metavar="DIR",
        help="where hyperstub.bin and hyperstub.elf are (default build)")
    return parser.parse_args()


def number(value: float | None) -> str:
    if value is None:
        return ""
    if value and abs(value) < 10:
        return f"{value:.2f}"
    return f"{value:.1f}" if abs(value) < 1000 else f"{value:.0f}"


def show(line) -> None:
    """A line of the table."""
    ratio, share = line.ratio(), line.of_null()
    mark = {True: "ok ", False: "BELOW ", None: ""}[line.good]
    remark = f"{mark}{line.aim}" + (" " if line.aim and line.text else "") \
        + line.text
    print(FORMAT.format(
        line.name, line.unit, number(line.ours), number(line.qemu),
        f"{ratio:.2f}x" if ratio else "", number(line.null),
        f"{share:.0%}" if share else "", remark).rstrip(), flush=True)


def measure(bench, rows) -> int:
    """All rows, one after the other; those that could not be measured."""
    failed = 0
    print(FORMAT.format("", "unit", "hyperstub", "QEMU", "ratio", "null",
                        "", "aim").rstrip())
    for row in rows:
        load = os.getloadavg()[0]
        start = time.monotonic()
        try:
            for line in row.run(bench):
                show(line)
        except Exception as err:  # One row's trouble leaves the others be.
            failed += 1
            print(f"{row.name}: could not be measured: "
                  f"{str(err) or type(err).__name__}", flush=True)
        print(f"    [{row.name}: {row.how}; {time.monotonic() - start:.0f} s, "
              f"load {load:.1f} at its start]", flush=True)
    return failed


def main() -> int:
    args = parse()
    os.environ["HYPERSTUB"] = str((args.builddir / "hyperstub.bin").resolve())
    os.environ["HYPERSTUB_BUILD"] = str(args.builddir.resolve())
    sys.path.insert(0, str(ROOT / "test" / "bench"))
    try:
        import tools
        import rows_transfer  # noqa: F401
        import rows_guest  # noqa: F401
        import rows_cost  # noqa: F401
        import rows_usb  # noqa: F401
    except ModuleNotFoundError as err:
        raise Failure(f"{err.name} is missing; scripts/deps installs it") \
            from err
    known = {row.name: row for row in tools.ROWS}
    if args.list:
        for row in tools.ROWS:
            print(f"{row.name}: {row.how}")
        return 0
    for name in args.rows:
        if name not in known:
            raise Failure(f"no row {name}; there are {', '.join(known)}")
    if not Path(os.environ["HYPERSTUB"]).exists():
        raise Failure(f"{args.builddir}/hyperstub.bin is not there; "
                      "scripts/test builds it")
    bench = tools.Bench(args.builddir, args.quick, args.cpu)
    say(f"{len(os.sched_getaffinity(0))} CPUs here, load "
        f"{os.getloadavg()[0]:.1f}")
    try:
        return 1 if measure(bench, [known[name] for name in args.rows]
                            or tools.ROWS) else 0
    finally:
        bench.close()


run_main(main, "bench")
