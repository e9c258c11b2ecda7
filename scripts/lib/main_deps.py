# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Install what the project needs and fetch what its guests are made of.

With no names: installs the Debian packages that are missing (as root or by
sudo; says what before it does it) and fetches libfdt, Debian's arm64 kernel
and a busybox initramfs into the cache folder ($XDG_CACHE_HOME or ~/.cache,
below it hyperstub/). What is there already is left as it is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True

from lib import assets, packages  # noqa: E402
from lib.common import Failure, run_main, say  # noqa: E402

NAMES = ("system", *assets.FETCHERS)


def check(names: list[str]) -> int:
    """List what is missing; nothing is changed."""
    status = 0
    if "system" in names:
        needs = packages.missing()
        if needs:
            print("missing (Debian's package names):")
            print(packages.describe(needs))
            status = 1
    for name in names:
        if name != "system" and not assets.is_cached(name):
            print(f"not fetched yet: {name}")
            status = 1
    if not status:
        print("nothing is missing")
    return status


def build_initramfs(adds: list[str]) -> Path:
    """The initramfs with extra files, each given as NAME=FILE."""
    files = {}
    for word in adds:
        name, equals, file = word.partition("=")
        if not equals or not name:
            raise Failure(f"--add {word}: write NAME-IN-GUEST=FILE")
        try:
            files[name] = Path(file).read_bytes()
        except OSError as err:
            raise Failure(f"--add {file}: {err.strerror}") from err
    return assets.initramfs(files)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/deps", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="only these: " + ", ".join(NAMES)
                        + "; default: system, " + ", ".join(assets.EVERYDAY))
    parser.add_argument("--check", action="store_true",
                        help="list what is missing, change nothing; exit 1 "
                        "if there is something")
    parser.add_argument("--path", action="store_true",
                        help="print where each named thing is (fetching it "
                        "first), and nothing else")
    parser.add_argument("--add", action="append", default=[],
                        metavar="NAME=FILE",
                        help="with initramfs: a further file in it")
    parser.add_argument("--refresh", action="store_true",
                        help="fetch again what is in the cache already")
    args = parser.parse_args()
    names = args.names or ["system", *assets.EVERYDAY]
    for name in names:
        if name not in NAMES:
            raise Failure(f"no such thing: {name}; there are: "
                          + ", ".join(NAMES))
    if args.check:
        return check(names)
    if args.add and "initramfs" not in names:
        raise Failure("--add goes with initramfs")
    for name in names:
        if name == "system":
            packages.install()
            continue
        if name == "initramfs" and args.add:
            path = build_initramfs(args.add)
        else:
            path = assets.FETCHERS[name](args.refresh)
        if args.path:
            print(path)
    if not args.path:
        say("everything is there")
    return 0


run_main(main, "deps")
