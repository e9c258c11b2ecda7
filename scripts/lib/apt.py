# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Packages fetched by name from the system's own Debian mirrors, for any
architecture or release, with apt's state in the cache folder. The system's
package state is neither changed nor read; nothing is installed from here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lib.common import Failure, cache_dir, new_dir, say

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
LISTS_MAX_AGE = 24 * 3600
Entry = dict[str, str]


def parse_one_line(text: str) -> list[Entry]:
    """Entries of a sources.list file in the one-line form."""
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*(deb|deb-src)\s+(?:\[([^]]*)\]\s+)?(\S+)\s+"
                         r"(\S+)((?:\s+[^#\s]+)*)", line)
        if not match:
            continue
        kind, options, uri, suite, components = match.groups()
        entry = {"Types": kind, "URIs": uri, "Suites": suite,
                 "Components": components.strip()}
        for option in (options or "").split():
            name, _, value = option.partition("=")
            if name.lower() == "signed-by":
                entry["Signed-By"] = value.replace(",", " ")
        found.append(entry)
    return found


def parse_deb822(text: str) -> list[Entry]:
    """Entries of a .sources file; continuation lines (keys) are kept."""
    found: list[Entry] = []
    text = "\n".join(line for line in text.splitlines()
                     if not line.startswith("#"))
    for block in re.split(r"\n\s*\n", text):
        entry: Entry = {}
        last = None
        for line in block.splitlines():
            if line[:1] in (" ", "\t"):
                if last:
                    entry[last] += "\n" + line
                continue
            name, colon, value = line.partition(":")
            if colon:
                last = next((known for known in (
                    "Types", "URIs", "Suites", "Components", "Signed-By",
                    "Enabled") if known.lower() == name.strip().lower()),
                    name.strip())
                entry[last] = value.strip()
        if entry.get("Enabled", "yes").lower() not in ("no", "false", "0"):
            if "URIs" in entry and "Suites" in entry:
                found.append(entry)
    return found


def system_sources(etc: Path = Path("/etc/apt")) -> list[Entry]:
    """All entries of the system's own source lists."""
    found: list[Entry] = []
    parts = sorted((etc / "sources.list.d").glob("*"))
    for path in [etc / "sources.list"] + parts:
        try:
            text = path.read_text(errors="replace")
        except OSError:
            continue
        if path.suffix == ".list":
            found += parse_one_line(text)
        elif path.suffix == ".sources":
            found += parse_deb822(text)
    return found


def os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    """The fields of os-release, without their quotes."""
    fields = {}
    try:
        for line in path.read_text().splitlines():
            name, equals, value = line.partition("=")
            if equals:
                fields[name] = value.strip().strip('"')
    except OSError:
        pass
    return fields


def sources_for(suite: str, codename: str, system: list[Entry],
                kind: str = "deb") -> str:
    """
    The text of a private .sources file for one Debian suite. The system's own
    release takes its mirrors with updates and security; another suite is
    looked for where the system's main archive is.
    """
    own = {codename, f"{codename}-updates", f"{codename}-security",
           f"{codename}/updates"}
    wanted = own if suite == codename else {codename}
    blocks = []
    for entry in system:
        suites = [s for s in entry["Suites"].split() if s in wanted]
        if "main" not in entry.get("Components", "").split() or not suites:
            continue
        if "deb" not in entry.get("Types", "deb").split():
            continue
        if suite != codename:
            suites = [suite]
        blocks.append(_block(kind, entry["URIs"], suites,
                             entry.get("Signed-By", KEYRING)))
    if not blocks:
        raise Failure("this system's package sources name no Debian archive; "
                      "add one (see sources.list(5)) and run it again")
    return "\n".join(dict.fromkeys(blocks))


def _block(kind: str, uris: str, suites: list[str], signed_by: str) -> str:
    key = signed_by if signed_by.startswith("\n") else " " + signed_by
    return (f"Types: {kind}\nURIs: {uris}\nSuites: {' '.join(suites)}\n"
            f"Components: main\nSigned-By:{key}\n")


class Apt:
    """apt for one suite and architecture, with all of its state private."""

    def __init__(self, suite: str, arch: str, kind: str = "deb") -> None:
        if not shutil.which("apt-get"):
            raise Failure("no apt-get here: this needs Debian 12 or 13")
        self.suite = suite
        self.arch = arch
        self.kind = kind
        name = f"{suite}-{arch}" + ("-src" if kind == "deb-src" else "")
        self.dir = cache_dir() / "apt" / name
        for part in ("lists/partial", "cache/archives/partial", "sources"):
            (self.dir / part).mkdir(parents=True, exist_ok=True)
        (self.dir / "status").touch()
        self.options = []
        for option in (
                f"APT::Architecture={arch}", f"APT::Architectures={arch}",
                f"Dir::State={self.dir}", f"Dir::State::lists={self.dir}/lists",
                f"Dir::State::status={self.dir}/status",
                f"Dir::Cache={self.dir}/cache",
                "Dir::Etc::SourceList=/dev/null",
                f"Dir::Etc::SourceParts={self.dir}/sources",
                "Dir::Etc::Preferences=/dev/null",
                "Dir::Etc::PreferencesParts=/dev/null",
                "APT::Sandbox::User=", "APT::Default-Release=",
                "Acquire::Languages=none", "APT::Install-Recommends=false"):
            self.options += ["-o", option]

    def command(self, *words: str) -> list[str]:
        """apt-get or apt-cache with the private options in place."""
        return [words[0], *self.options, *words[1:]]

    def run(self, *words: str, cwd: Path | None = None) -> None:
        """Run apt-get, its progress shown on a terminal; a Failure else."""
        tty = sys.stderr.isatty()
        args = self.command("apt-get", *([] if tty else ["-qq"]), *words)
        done = subprocess.run(
            args, cwd=cwd, stdin=subprocess.DEVNULL,
            stdout=sys.stderr if tty else subprocess.PIPE,
            stderr=None if tty else subprocess.STDOUT, text=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)
        if done.returncode:
            lines = [line for line in (done.stdout or "").splitlines()
                     if line.startswith(("E:", "Err:"))]
            raise Failure(f"apt-get {' '.join(words)} ({self.suite}, "
                          f"{self.arch}) failed"
                          + (": " + lines[0] if lines else "")
                          + "; is the mirror reachable?")

    def update(self, force: bool = False) -> None:
        """Fetch the package lists, unless today's are there."""
        text = sources_for(self.suite, os_release().get("VERSION_CODENAME", ""),
                           system_sources(), self.kind)
        listed = self.dir / "sources" / "hyperstub.sources"
        stamp = self.dir / "updated"
        same = listed.exists() and listed.read_text() == text
        fresh = (stamp.exists()
                 and time.time() - stamp.stat().st_mtime < LISTS_MAX_AGE)
        if same and fresh and not force:
            return
        listed.write_text(text)
        say(f"fetching the package lists of {self.suite} for {self.arch}")
        self.run("update", "--error-on=any")
        stamp.touch()

    def fields(self, package: str) -> dict[str, str]:
        """The control fields of a package's newest version."""
        done = subprocess.run(
            self.command("apt-cache", "show", "--no-all-versions", package),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            check=False)
        fields: dict[str, str] = {}
        for line in done.stdout.splitlines():
            if not line:
                break
            name, colon, value = line.partition(": ")
            if colon and not line.startswith(" "):
                fields.setdefault(name, value)
        if "Version" not in fields:
            raise Failure(f"{self.suite} has no package {package} for "
                          f"{self.arch}")
        return fields

    def dependency(self, metapackage: str, pattern: str) -> str:
        """The package that a metapackage depends on and that fits."""
        for word in self.fields(metapackage).get("Depends", "").split(","):
            name = word.split("(")[0].strip()
            if re.fullmatch(pattern, name):
                return name
        raise Failure(f"{metapackage} of {self.suite} names no {pattern}")

    def unpack(self, package: str, into: Path) -> str:
        """Download a package, unpack it below `into`, return its version."""
        fields = self.fields(package)
        size = int(fields.get("Size", "0"))
        say(f"fetching {package} {fields['Version']} for {self.arch} "
            f"({max(size // 1000, 1)} kB)")
        with tempfile.TemporaryDirectory(dir=self.dir) as temp:
            self.run("download", package, cwd=Path(temp))
            debs = list(Path(temp).glob("*.deb"))
            if len(debs) != 1:
                raise Failure(f"apt-get download {package} left no package")
            if size > 20_000_000:
                say(f"unpacking {package}")
            unpack_deb(debs[0], into)
        return fields["Version"]

    def unpack_closure(self, packages: list[str], into: Path) -> None:
        """Packages with all that they depend on, libc too, below `into`."""
        say(f"fetching {packages[0]} of {self.suite} and what it depends on")
        self.run("install", "--download-only", "-y", *packages)
        archives = self.dir / "cache" / "archives"
        debs = sorted(archives.glob("*.deb"))
        say(f"unpacking {len(debs)} packages")
        for deb in debs:
            unpack_deb(deb, into)
        shutil.rmtree(archives)

    def source_versions(self, package: str) -> list[str]:
        """The versions of a source package, newest first."""
        done = subprocess.run(
            self.command("apt-cache", "showsrc", "--only-source", package),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            check=False)
        found = set(re.findall(r"^Version: (\S+)$", done.stdout, re.M))
        return sorted(found, reverse=True, key=lambda version: [
            int(number) for number in re.findall(r"\d+", version)])

    def source(self, package: str, target: Path, version: str = "") -> Path:
        """
        Unpack a source package, of that version if one is given, below
        `target`; its tree is returned.
        """
        wanted = package + (f"={version}" if version else "")
        with new_dir(target) as temp:
            say(f"fetching the source of {wanted} from {self.suite}")
            self.run("source", "--only-source", wanted, cwd=temp)
        trees = [p for p in target.iterdir() if p.is_dir()]
        if len(trees) != 1:
            raise Failure(f"the source of {package} has no single folder")
        return trees[0]


def unpack_deb(deb: Path, into: Path) -> None:
    """dpkg -x, whose exit status counts."""
    into.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["dpkg", "-x", str(deb), str(into)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode:
        raise Failure(f"{deb.name} cannot be unpacked: "
                      f"{done.stdout.strip()[-200:]}")
