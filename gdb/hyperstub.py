# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Commands for stock gdb attached to hyperstub; `source gdb/hyperstub.py`.

Sets $phys, $ipa and $live, the windows in which addresses are physical, and
adds the commands `hs regs`, `hs sysregs`, `hs phys`, `hs translate` and
`hs watch`. Nothing here is needed to debug: each is a few commands less to
type."""

from __future__ import annotations

import gdb

WINDOWS = {"phys": 0x0072 << 48, "ipa": 0x0074 << 48, "live": 0x0076 << 48}
GENERAL = [*(f"x{n}" for n in range(31)), "sp", "pc", "cpsr"]
# gdb's own groups and those that the architecture fills by itself.
STANDARD = {"general", "float", "system", "vector", "all", "save", "restore",
            "mmx", "csr"}
KINDS = {"write": "watch", "read": "rwatch", "access": "awatch"}
SIZES = {1: "unsigned char", 2: "unsigned short", 4: "unsigned int",
         8: "unsigned long"}


def evaluate(text: str) -> int:
    """An expression as an unsigned 64-bit number."""
    return int(gdb.parse_and_eval(f"(unsigned long)({text})")) & (1 << 64) - 1


def frame() -> gdb.Frame:
    """The innermost frame: where registers are the CPU's own."""
    try:
        return gdb.newest_frame()
    except gdb.error:
        raise gdb.GdbError("attach to a guest first") from None


def fields_of(value: gdb.Value) -> list[tuple[str, int, int, str]]:
    """A structured register's fields: name, width, number, text."""
    found = []
    for field in value.type.fields():
        if not field.name:
            continue
        part = value[field.name]
        width = field.bitsize or 8 * field.type.sizeof
        number = int(part) & (1 << width) - 1
        found.append((field.name, width, number, str(part)))
    return found


def fields_text(value: gdb.Value) -> str:
    """The fields of a structured register that are not 0."""
    words = [name if width == 1 else
             f"{name}={text}" if not text.lstrip("-").isdigit()
             else f"{name}={number:#x}"
             for name, width, number, text in fields_of(value) if number]
    # Bits without a name are in the number alone, which gdb 15 gives.
    raw = getattr(value, "bytes", None)
    number = f"{int.from_bytes(raw, 'little'):#018x}  " if raw else ""
    return number + (" ".join(words) or "no field is set")


def describe(value: gdb.Value) -> str:
    """A register as a line: a number, its symbol, or the fields that are set."""
    try:
        if value.type.code == gdb.TYPE_CODE_STRUCT:
            return fields_text(value)
        number = int(value) & (1 << 8 * value.type.sizeof) - 1
        symbol = str(value).partition("<")[2]
        return f"{number:#x}" + (f" <{symbol}" if symbol else "")
    except gdb.error as err:
        if "not available" in str(err):
            return "<unavailable>"
        raise


def groups(arch: gdb.Architecture) -> list[str]:
    """The stub's own register groups, in its order."""
    return [group.name for group in arch.register_groups()
            if group.name not in STANDARD and system_registers(arch,
                                                               group.name)]


def system_registers(arch: gdb.Architecture, group: str) -> list[str]:
    """The registers of a group that have a name as system registers have."""
    return [register.name for register in arch.registers(group)
            if register.name and register.name[0].isupper()]


class Hs(gdb.Command):
    """Commands for guests under hyperstub; `help hs` lists them."""

    def __init__(self) -> None:
        super().__init__("hs", gdb.COMMAND_USER, gdb.COMPLETE_NONE, True)


class HsRegs(gdb.Command):
    """The selected CPU's general registers alone.

hs regs

A plain `info registers` lists all scalar registers, system registers too."""

    def __init__(self) -> None:
        super().__init__("hs regs", gdb.COMMAND_DATA)

    def invoke(self, argument: str, from_tty: bool) -> None:
        """Print them, three in a line."""
        here = frame()
        for start in range(0, 30, 3):
            gdb.write("  ".join(
                f"{name:>4} {int(here.read_register(name)) & (1 << 64) - 1:#018x}"
                for name in GENERAL[start:start + 3]) + "\n")
        for name in GENERAL[30:]:
            gdb.write(f"{name:>4} {describe_flags(here.read_register(name))}\n")


def describe_flags(value: gdb.Value) -> str:
    """x30, sp, pc and cpsr: the number, and what gdb says beside it."""
    number = int(value) & (1 << 8 * value.type.sizeof) - 1
    text = str(value)
    symbol = text[text.index("<"):] if "<" in text else ""
    flags = text if text.startswith("[") else ""
    if not symbol and not flags and number:
        place = gdb.execute(f"info symbol {number:#x}", False, True)
        if not place.startswith("No symbol"):
            symbol = f"<{place.split(' in section')[0].strip()}>"
    return f"{number:#018x} {symbol}{flags}".rstrip()


class HsSysregs(gdb.Command):
    """The selected CPU's system registers: of one group, or of all.

hs sysregs [GROUP]

One line a register, with the fields that are not 0. Groups are el1_core,
el1_mmu and others; `hs sysregs` shows their names. `info registers GROUP` and
`print $NAME` show the same registers in gdb's own way."""

    def __init__(self) -> None:
        super().__init__("hs sysregs", gdb.COMMAND_DATA)

    def complete(self, text: str, word: str) -> list[str]:
        """Names of groups."""
        return [name for name in groups(frame().architecture())
                if name.startswith(word)]

    def invoke(self, argument: str, from_tty: bool) -> None:
        """Print them by group."""
        here = frame()
        arch = here.architecture()
        known = groups(arch)
        if argument and argument not in known:
            raise gdb.GdbError(f"no group {argument}; there are: "
                               + " ".join(known))
        for group in [argument] if argument else known:
            gdb.write(f"{group}:\n")
            for name in system_registers(arch, group):
                gdb.write(f"  {name:<16} "
                          f"{describe(here.read_register(name))}\n")


class HsPhys(gdb.Command):
    """The address to give to gdb for a physical address.

hs phys EXPRESSION

Prints it for the three windows: $phys (memory; of devices the last value
seen), $ipa (the same by guest physical address), $live (reads go to the
device). It can be used wherever gdb takes an address."""

    def __init__(self) -> None:
        super().__init__("hs phys", gdb.COMMAND_DATA,
                         gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument: str, from_tty: bool) -> None:
        """Print the three addresses."""
        if not argument:
            raise gdb.GdbError("hs phys EXPRESSION")
        address = evaluate(argument)
        if address >> 48:
            raise gdb.GdbError(f"{address:#x} is no physical address: it has "
                               "more than 48 bits")
        for name, base in WINDOWS.items():
            gdb.write(f"${name} + {address:#x} = {base | address:#x}\n")


class HsTranslate(gdb.Command):
    """How the selected CPU translates a virtual address.

hs translate EXPRESSION

`monitor translate`, with an expression in place of a number."""

    def __init__(self) -> None:
        super().__init__("hs translate", gdb.COMMAND_DATA,
                         gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument: str, from_tty: bool) -> None:
        """Ask the monitor."""
        if not argument:
            raise gdb.GdbError("hs translate EXPRESSION")
        gdb.execute(f"monitor translate {evaluate(argument):#x}", from_tty)


class HsWatch(gdb.Command):
    """Stop at accesses to a device register or memory, by physical address.

hs watch ADDRESS [SIZE [KIND]]

ADDRESS is physical; SIZE is 1, 2, 4 (if not given) or 8; KIND is access (if
not given), read or write. The same as
awatch *(unsigned int *)($phys + ADDRESS)."""

    def __init__(self) -> None:
        super().__init__("hs watch", gdb.COMMAND_BREAKPOINTS,
                         gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument: str, from_tty: bool) -> None:
        """Set the watchpoint."""
        words = gdb.string_to_argv(argument)
        if not 1 <= len(words) <= 3:
            raise gdb.GdbError("hs watch ADDRESS [SIZE [KIND]]")
        address = evaluate(words[0])
        size = int(words[1], 0) if len(words) > 1 else 4
        kind = words[2] if len(words) > 2 else "access"
        if size not in SIZES or kind not in KINDS:
            raise gdb.GdbError("SIZE is 1, 2, 4 or 8, KIND access, read or "
                               "write")
        if address >> 48:
            raise gdb.GdbError(f"{address:#x} is no physical address")
        gdb.execute(f"{KINDS[kind]} *({SIZES[size]} *)"
                    f"{WINDOWS['phys'] | address:#x}", from_tty)


for window, start in WINDOWS.items():
    gdb.execute(f"set ${window} = {start:#x}")
for command in (Hs, HsRegs, HsSysregs, HsPhys, HsTranslate, HsWatch):
    command()
