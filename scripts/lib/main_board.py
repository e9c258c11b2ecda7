# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Build the QEMU that has the board with a USB device controller
(hyperstub-virt, see docs/board.md), and print where it is.

Debian 12's source package of QEMU is fetched (40 MB), the files of
test/board/qemu are added, and it is built: 4 to 6 minutes on two cores the
first time, seconds after a change of those files. All of it stays in the
cache folder ($XDG_CACHE_HOME or ~/.cache, below it hyperstub/)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True

from lib import board, packages  # noqa: E402
from lib.common import run_main  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/board", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true",
                        help="print where it is if it is built; exit 1 if "
                        "it is not")
    parser.add_argument("--no-deps", action="store_true",
                        help="install no packages")
    parser.add_argument("--refresh", action="store_true",
                        help="build it again even where it is built")
    args = parser.parse_args()
    if args.check:
        built = board.binary().exists()
        print(board.binary() if built else "the board's QEMU is not built")
        return 0 if built else 1
    if not args.no_deps:
        packages.install()
    print(board.qemu(args.refresh))
    return 0


run_main(main, "board")
