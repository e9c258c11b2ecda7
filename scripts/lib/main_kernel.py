# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Build a small arm64 kernel of a configuration of our own, and print where
its Image is.

  scripts/kernel                            # 4K pages, all debugging: `base`
  scripts/kernel 16k debug                  # parts of test/kernel, by name
  scripts/kernel 64k CONFIG_PROVE_LOCKING=y CONFIG_KGDB=n

Debian's linux-source-6.12 is fetched (150 MB) and unpacked once; a kernel then
takes about 3 minutes on two cores. Each is kept in the cache folder
($XDG_CACHE_HOME or ~/.cache, below it hyperstub/) under a hash of what it is
made of: Image, config, System.map, and with `debug` vmlinux and its scripts
for gdb. A line that the kernel's own rules do not accept is an error."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True

from lib import packages, witness  # noqa: E402
from lib.common import run_main  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/kernel", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("words", nargs="*", metavar="NAME|CONFIG_X=VALUE",
        help="parts: " + ", ".join(witness.parts()) + "; or lines of a "
        "kernel configuration, which win over the parts'")
    add("--list", action="store_true", help="say what the parts are")
    add("--check", action="store_true",
        help="print where it is if it is built; exit 1 if it is not")
    add("--folder", action="store_true",
        help="print the folder with all of it, not the Image")
    add("--no-deps", action="store_true", help="install no packages")
    add("--refresh", action="store_true",
        help="build it again even where it is built, from the newest source")
    args = parser.parse_args()
    if args.list:
        for name in witness.parts():
            print(f"{name:8}  {witness.purpose(name)}")
        return 0
    kernel = witness.Witness(*args.words)
    if args.check and not kernel.built():
        print(f"{kernel.name} is not built")
        return 1
    if not args.check:
        if not args.no_deps:
            packages.install()
        kernel.build(args.refresh)
    print(kernel.folder if args.folder else kernel.image)
    return 0


run_main(main, "kernel")
