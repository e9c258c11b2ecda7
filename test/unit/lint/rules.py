# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""The rules of the house that a machine can check. Each rule looks at a tree
(a folder) and yields a line for each place that breaks it."""

from __future__ import annotations

import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterator, Sequence

C_FOLDERS = ("stub", "transport", "arch")
LARGEST = 600                 # lines in a file of the monitor; aim for 500
SPDX = "SPDX-License-Identifier: MIT OR GPL-2.0-or-later"
# Built into QEMU, whose licence they take.
QEMU_FILES = "test/board/qemu/"
QEMU_SPDX = "SPDX-License-Identifier: GPL-2.0-or-later"

# What a driver in transport/ may take from the architecture.
DRIVER_HEADERS = {"mmio.h", "barrier.h", "clock.h", "platform.h",
                  "platform/platform.h"}
# What makes a file of arch/arm64 privileged.
PRIVILEGED = {"sysreg.h", "mmio.h", "barrier.h"}
FREESTANDING = {"stdint.h", "stddef.h", "stdbool.h", "string.h", "errno.h",
                "stdarg.h"}
# Where TLB and cache instructions may be spelled, and why there.
MAINTENANCE = {
    "arch/arm64/barrier.h": "their home",
    "arch/arm64/view.c": "stage-2 TLBs, each under its VMID",
    "arch/arm64/start.S": "before there is C, MMU off",
    "arch/arm64/access.S": "waits for the abort of its own access",
    "arch/arm64/vectors.S": "no speculation past the eret",
}
ASM = re.compile(r"\basm\b[^;]*\([^;]*;", re.S)
INSTRUCTION = re.compile(
    r"(?:^|\"|\\n|\\t|;)[ \t]*(?:\w+:)?[ \t]*"
    r"(dsb|dmb|tlbi|dc|ic)(?=[ \t]+[a-z])", re.M | re.I)
BARRIER_CALL = re.compile(r"^\s*(?:isb|dsb|dmb)\([a-z]*\);(.*)$")
INCLUDE = re.compile(r"^\s*#\s*include\s+([<\"])([^>\"]+)[>\"]", re.M)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|^\s*#\s*if\s+0\b", re.M)
CONDITIONAL = re.compile(r"^\s*#\s*(ifdef|ifndef|if|elif)\s+(.*)$", re.M)
BANNED = re.compile(r"\b(malloc|calloc|realloc|free|alloca|setjmp|longjmp"
                    r"|double|float)\b")


def files(root: Path, folders: Sequence[str], *suffixes: str) -> list[Path]:
    """Files below these folders with one of these suffixes."""
    return sorted(path for folder in folders
                  for path in (root / folder).rglob("*")
                  if path.suffix in suffixes and path.is_file()
                  and "__pycache__" not in path.parts)


def name_of(root: Path, path: Path) -> str:
    """A file's name as seen from the root."""
    return path.relative_to(root).as_posix()


def line_of(text: str, at: int) -> int:
    """The line that a position is in."""
    return text.count("\n", 0, at) + 1


def without_comments(text: str) -> str:
    """C text with its comments and strings blanked, lines kept."""
    def blank(match: re.Match) -> str:
        return re.sub(r"[^\n]", " ", match.group())
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", blank, text,
                  flags=re.S)


# ---- includes -------------------------------------------------------------

def resolve(root: Path, path: Path, name: str) -> str | None:
    """The file that #include "name" means, as seen from the root."""
    for folder in (path.parent, root, root / "arch/arm64"):
        candidate = folder / name
        if candidate.is_file():
            return name_of(root, candidate.resolve())
    return None


def pure_files(root: Path) -> set[str]:
    """The .c files that meson.build lists as pure."""
    found = set()
    for build in (root / "arch/arm64").rglob("meson.build"):
        text = build.read_text()
        for block in re.findall(r"\w+_pure_src\s*=\s*files\((.*?)\)", text,
                                re.S):
            found |= {name_of(root, build.parent / name)
                      for name in re.findall(r"'([^']+)'", block)}
    return found


def includes(root: Path) -> Iterator[str]:
    """Includes go downwards only; each names a file that is there."""
    for path in files(root, C_FOLDERS, ".c", ".h", ".S"):
        text, name = path.read_text(), name_of(root, path)
        if name.startswith("arch/arm64/lib/"):
            continue
        top = name.split("/")[0]
        for match in INCLUDE.finditer(text):
            where = f"{name}:{line_of(text, match.start())}"
            if match.group(1) == "<":
                system = FREESTANDING | ({"libfdt.h", "stdlib.h"}
                                         if "platform/fdt" in name else set())
                if match.group(2) not in system:
                    yield f"{where}: <{match.group(2)}> is not for EL2"
                continue
            target = resolve(root, path, match.group(2))
            if target is None:
                if not match.group(2).endswith(".def"):
                    yield f"{where}: {match.group(2)} is not there"
                continue
            if top == "stub" and not (target.startswith("stub/")
                                      or target == "transport/transport.h"):
                yield f"{where}: stub/ may not know {target}"
            if top == "transport" and not (
                    target.startswith("transport/")
                    or target == "stub/strbuf.h"
                    or target in {f"arch/arm64/{h}" for h in DRIVER_HEADERS}):
                yield f"{where}: transport/ may not know {target}"
            if target.endswith(".c"):
                yield f"{where}: includes a .c file"


def pure(root: Path) -> Iterator[str]:
    """Pure files reach no privileged header, whatever includes what."""
    def closure(name: str, seen: dict[str, str]) -> dict[str, str]:
        text = (root / name).read_text()
        for _, header in INCLUDE.findall(text):
            target = resolve(root, root / name, header)
            if target and target not in seen:
                seen[target] = name
                closure(target, seen)
        return seen
    sources = pure_files(root) | {name_of(root, p)
                                  for p in files(root, ("stub",), ".c")}
    if not sources:
        yield "no pure files are listed in arch/arm64"
    for name in sorted(sources):
        for target, by in closure(name, {}).items():
            if target in {f"arch/arm64/{h}" for h in PRIVILEGED}:
                yield f"{name}: is pure, but {by} includes {target}"


def headers(root: Path, compiler: Sequence[str]) -> Iterator[str]:
    """Each header compiles alone, and twice."""
    gcc = subprocess.run([*compiler, "-print-file-name=include"], check=True,
                         stdout=subprocess.PIPE, text=True).stdout.strip()
    flags = ["-ffreestanding", "-nostdinc", "-isystem", gcc,
             f"-I{root}/arch/arm64/lib/include", f"-I{root}",
             f"-I{root}/arch/arm64", "-march=armv8-a", "-mgeneral-regs-only",
             "-std=gnu11", "-Wall", "-Wextra", "-Wno-unused-parameter",
             "-Werror", "-fsyntax-only"]
    paths = [p for p in files(root, C_FOLDERS, ".h")
             if "/lib/include/" not in p.as_posix()]

    def check(path: Path) -> str | None:
        with tempfile.NamedTemporaryFile("w", suffix=".c") as temp:
            temp.write(f'#include "{path}"\n#include "{path}"\n')
            temp.flush()
            done = subprocess.run([*compiler, *flags, temp.name], text=True,
                                  stderr=subprocess.PIPE, check=False)
        if done.returncode == 0:
            return None
        errors = [line for line in done.stderr.splitlines()
                  if "error" in line]
        return f"{name_of(root, path)}: does not compile alone: " \
            + (errors[0] if errors else done.stderr[-200:])
    with ThreadPoolExecutor(2) as pool:
        yield from (text for text in pool.map(check, paths) if text)


# ---- sources --------------------------------------------------------------

def licence(root: Path) -> Iterator[str]:
    """Each source says its licence in its first lines."""
    folders = [f for f in (*C_FOLDERS, "scripts", "gdb", "test")
               if (root / f).is_dir()]
    paths = files(root, folders, ".c", ".h", ".S", ".py", ".lds", ".def",
                  ".sh")
    paths += [p for p in (root / "scripts").glob("*") if p.is_file()]
    for path in paths:
        head = "\n".join(path.read_text().splitlines()[:2])
        name = name_of(root, path)
        wanted = QEMU_SPDX if name.startswith(QEMU_FILES) else SPDX
        if wanted not in head:
            yield f"{name}: no SPDX line"


def maintenance(root: Path) -> Iterator[str]:
    """TLB, cache and barrier instructions are in their few files only."""
    for path in files(root, C_FOLDERS, ".c", ".h", ".S"):
        name = name_of(root, path)
        if name in MAINTENANCE:
            continue
        text = re.sub(r"/\*.*?\*/",
                      lambda m: re.sub(r"[^\n]", " ", m.group()),
                      path.read_text(), flags=re.S)
        pieces = [(0, text)] if path.suffix == ".S" else \
            [(m.start(), m.group()) for m in ASM.finditer(text)]
        for start, piece in pieces:
            for match in INSTRUCTION.finditer(piece):
                line = line_of(text, start + match.start(1))
                yield f"{name}:{line}: open-coded {match.group(1)}"


def barriers(root: Path) -> Iterator[str]:
    """Each barrier says what it orders, or completes the one before it."""
    for path in files(root, C_FOLDERS, ".c", ".h"):
        said = False
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = BARRIER_CALL.match(line)
            if match and "/*" not in match.group(1) and not said:
                yield (f"{name_of(root, path)}:{number}: a barrier that does "
                       "not say what it orders")
            said = bool(match) or line.strip().startswith("/*") \
                or line.strip().endswith("*/")


def unfinished(root: Path) -> Iterator[str]:
    """Nothing is left for later in the sources."""
    folders = [f for f in (*C_FOLDERS, "scripts", "gdb", "test")
               if (root / f).is_dir()]
    for path in files(root, folders, ".c", ".h", ".S", ".py"):
        if "lint" in path.parts:
            continue
        text = path.read_text()
        for match in UNFINISHED.finditer(text):
            yield (f"{name_of(root, path)}:{line_of(text, match.start())}: "
                   f"{match.group().strip()}")


def size(root: Path) -> Iterator[str]:
    """Files of the monitor stay small."""
    for path in files(root, C_FOLDERS, ".c", ".h", ".S"):
        lines = len(path.read_text().splitlines())
        if lines > LARGEST:
            yield f"{name_of(root, path)}: {lines} lines"


def language(root: Path) -> Iterator[str]:
    """No allocation, floating point or conditional compilation at EL2."""
    for path in files(root, C_FOLDERS, ".c", ".h"):
        name = name_of(root, path)
        if name.startswith("arch/arm64/lib/"):
            continue
        text = without_comments(path.read_text())
        for match in BANNED.finditer(text):
            # A field or a word of another kind: only what is used as such.
            after = text[match.end():match.end() + 1]
            if match.group() in ("double", "float") or after == "(":
                yield f"{name}:{line_of(text, match.start())}: {match.group()}"
        for match in CONDITIONAL.finditer(text):
            guard = re.fullmatch(r"[A-Z0-9_]+_H", match.group(2).strip())
            if not (match.group(1) == "ifndef" and guard) \
                    and "__ASSEMBLER__" not in match.group(2):
                yield (f"{name}:{line_of(text, match.start())}: #"
                       f"{match.group(1)} {match.group(2).strip()}")


# ---- documents ------------------------------------------------------------

def table(text: str, name: str) -> str:
    """The body of a C table of that name."""
    match = re.search(rf"\b{name}\[\] = \{{(.*?)\n\}};", text, re.S)
    return match.group(1) if match else ""


def packets_of(root: Path) -> set[str]:
    """The packets that the stub's tables know."""
    core = (root / "stub/gdbstub.c").read_text()
    query = (root / "stub/query.c").read_text()
    xfer = (root / "stub/xfer.c").read_text()
    first = re.compile(r'\{"([^"]+)"')
    found = set(first.findall(table(core, "packets"))) - {"q", "Q"}
    for letter, name in (("q", "queries"), ("Q", "settings")):
        found |= {letter + word for word in
                  first.findall(table(query, name))}
    found |= {"qXfer:" + word for word in
              re.findall(r'cursor_text\(c, "([a-z]+:read:)"\)', xfer)}
    found.discard("qXfer:")
    # One row for a packet and its form without arguments.
    return {word.rstrip(":;,=") for word in found}


def protocol(root: Path) -> Iterator[str]:
    """docs/protocol.md has a row for each packet and each feature word."""
    text = (root / "docs/protocol.md").read_text()
    rows = "\n".join(line for line in text.splitlines()
                     if line.startswith("|"))
    words = packets_of(root)
    if len(words) < 40:
        yield f"only {len(words)} packets were found in stub/"
    for word in sorted(words):
        if not re.search(rf"`{re.escape(word)}(?![A-Za-z])", rows):
            yield f"docs/protocol.md: no row for {word}"
    features = re.findall(r"([A-Za-z:-]+)[+=]",
                          "".join(re.findall(r'"([^"]*)"', re.search(
                              r'"PacketSize=.*?return 0;',
                              (root / "stub/query.c").read_text(),
                              re.S).group())))
    for word in features:
        if word not in text:
            yield f"docs/protocol.md: does not say {word}"


def options(root: Path) -> Iterator[str]:
    """The user guide has each option of the monitor, and no other."""
    known = set(re.findall(r'is\(name, nn, "([a-z-]+)"\)',
                           (root / "arch/arm64/options.c").read_text()))
    if not known:
        yield "no options were found in arch/arm64/options.c"
    guide = (root / "docs/user-guide.md").read_text()
    for word in sorted(known):
        if f"`hyperstub.{word}" not in guide:
            yield f"docs/user-guide.md: hyperstub.{word} is missing"
    for path in documents(root):
        for word in re.findall(r"\bhyperstub\.([a-z][a-z-]*)",
                               path.read_text()):
            if word not in known | {"bin", "elf", "py", "gdb", "console",
                                    "trace", "h", "lds", "rules"}:
                yield (f"{name_of(root, path)}: hyperstub.{word} is no "
                       "option of the monitor")


def commands(root: Path) -> Iterator[str]:
    """The user guide has each `monitor` command and setting."""
    stub = (root / "stub/command.c").read_text()
    arch = (root / "arch/arm64/command.c").read_text()
    found = set(re.findall(r'"([a-z]+(?: [a-z0-9]+)?)[^"\n]* -- ', stub))
    found |= set(re.findall(r'^\s*\{ "([a-z0-9 ]+)", "',
                            table(arch, "commands"), re.M))
    settings = set(re.findall(r'\{ "([a-z-]+)", &',
                              table(arch, "settings")))
    settings |= set(re.findall(r'command_word\(args, "([a-z]+-[a-z]+)"\)',
                               arch))
    if len(found) < 5 or len(settings) < 3:
        yield f"found only {sorted(found)} and {sorted(settings)}"
    guide = (root / "docs/user-guide.md").read_text()
    for word in sorted(found):
        if f"`monitor {word}" not in guide:
            yield f"docs/user-guide.md: monitor {word} is missing"
    for word in sorted(settings):
        if f"`monitor set {word}" not in guide:
            yield f"docs/user-guide.md: monitor set {word} is missing"


def documents(root: Path) -> list[Path]:
    """The documents of the project."""
    return [*sorted((root / "docs").glob("*.md")), root / "README.md"]


def references(root: Path) -> Iterator[str]:
    """What documents name is there: files, folders, tests."""
    tops = ("stub/", "arch/", "transport/", "scripts/", "gdb/", "test/",
            "docs/")
    tests = {p.stem for p in (root / "test").rglob("test_*")}
    for path in documents(root):
        text = path.read_text()
        for match in re.finditer(r"`([A-Za-z0-9_./-]+)`", text):
            word = match.group(1)
            here = f"{name_of(root, path)}:{line_of(text, match.start())}"
            if word.startswith(tops) and not (root / word).exists():
                yield f"{here}: {word} is not there"
            if re.fullmatch(r"test_\w+", word) and word not in tests:
                yield f"{here}: there is no {word}"
        for match in re.finditer(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            if not (path.parent / match.group(1)).exists():
                yield (f"{name_of(root, path)}:"
                       f"{line_of(text, match.start())}: dead link "
                       f"{match.group(1)}")
