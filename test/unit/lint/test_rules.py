#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Each rule finds what it is there for, and leaves the right thing alone."""

from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import rules  # noqa: E402

HEAD = f"/* {rules.SPDX} */\n"
COMPILER = sys.argv[1:]
QUERY = '''
static int query_supported(void)
{
	rsp_puts(&s->tx, "PacketSize=");
	rsp_puts(&s->tx, ";swbreak+;binary-upload+");
	return 0;
}
static const struct session_packet queries[] = {
	{"Rcmd,", packet_rcmd, 0},
};
static const struct session_packet settings[] = {
	{"StartNoAckMode", set_noack, SESSION_EXACT},
};
'''


class Tree(unittest.TestCase):
    """A small tree of its own for each test."""

    def setUp(self) -> None:
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.root = Path(temp.name)
        for folder in ("stub", "transport", "arch/arm64/platform", "scripts",
                       "test", "docs"):
            (self.root / folder).mkdir(parents=True)
        self.put("README.md", "")
        self.put("stub/strbuf.h", HEAD)
        self.put("transport/transport.h", HEAD)
        self.put("arch/arm64/sysreg.h", HEAD)
        self.put("arch/arm64/mmio.h", HEAD)
        self.put("arch/arm64/cpu.h", HEAD + '#include "sysreg.h"\n')
        self.put("arch/arm64/meson.build", "arch_pure_src = files(\n  'esr.c',"
                 "\n)\n")
        self.put("arch/arm64/esr.c", HEAD + "#include <stdint.h>\n")

    def put(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def check(self, rule, *words: str) -> None:
        """The rule complains of these, one each, and of nothing else."""
        found = list(rule(self.root))
        self.assertEqual(len(found), len(words), found)
        for word in words:
            self.assertEqual(len([f for f in found if word in f]), 1,
                             (word, found))

    def test_good_tree(self) -> None:
        for rule in (rules.includes, rules.pure, rules.licence,
                     rules.maintenance, rules.barriers, rules.unfinished,
                     rules.size, rules.language):
            self.check(rule)

    def test_includes_go_downwards(self) -> None:
        self.put("stub/a.c", HEAD + '#include "arch/arm64/cpu.h"\n'
                 '#include "stub/strbuf.h"\n#include "transport/transport.h"\n')
        self.put("stub/b.c", HEAD + "#include <stdio.h>\n")
        self.put("transport/c.c", HEAD + '#include "mmio.h"\n'
                 '#include "arch/arm64/cpu.h"\n')
        self.put("arch/arm64/d.c", HEAD + '#include "missing.h"\n')
        self.check(rules.includes, "stub/a.c:2: stub/ may not know",
                   "stub/b.c:2: <stdio.h>",
                   "transport/c.c:3: transport/ may not know",
                   "arch/arm64/d.c:2: missing.h is not there")

    def test_pure_files_stay_pure_by_way_of_headers(self) -> None:
        self.put("arch/arm64/esr.c", HEAD + '#include "cpu.h"\n')
        self.check(rules.pure, "arch/arm64/esr.c: is pure, but "
                   "arch/arm64/cpu.h includes arch/arm64/sysreg.h")

    def test_an_empty_list_of_pure_files_is_found(self) -> None:
        self.put("arch/arm64/meson.build", "")
        self.check(rules.pure, "no pure files")

    def test_licence(self) -> None:
        self.put("stub/a.c", "int a;\n")
        self.put("scripts/run", "#!/bin/sh\n")
        self.put("scripts/good", f"#!/bin/sh\n# {rules.SPDX}\n")
        self.check(rules.licence, "scripts/run", "stub/a.c")

    def test_maintenance(self) -> None:
        self.put("arch/arm64/view.c", HEAD + 'asm volatile("tlbi alle1");\n')
        self.put("arch/arm64/a.c", HEAD + 'asm volatile("dsb sy");\n'
                 '/* "tlbi" in words */\nlog("dc is direct current");\n')
        self.put("arch/arm64/b.S", HEAD + "1:\tic\tiallu\n\tisb\n")
        self.check(rules.maintenance, "arch/arm64/a.c:2: open-coded dsb",
                   "arch/arm64/b.S:2: open-coded ic")

    def test_barriers_say_what_they_order(self) -> None:
        self.put("arch/arm64/a.c", HEAD + "\tint x;\n\tisb();\n"
                 "\tdsb(ish); /* orders this before that */\n\tisb();\n")
        self.check(rules.barriers, "arch/arm64/a.c:3")

    def test_unfinished(self) -> None:
        self.put("stub/a.c", HEAD + "#if 0\n#endif\n/* TODO: more */\n")
        self.check(rules.unfinished, "stub/a.c:2", "stub/a.c:4")

    def test_size(self) -> None:
        self.put("stub/a.c", HEAD + "\n" * (rules.LARGEST - 1))
        self.check(rules.size)
        self.put("stub/a.c", HEAD + "\n" * rules.LARGEST)
        self.check(rules.size, f"{rules.LARGEST + 1} lines")

    def test_language(self) -> None:
        self.put("stub/a.c", HEAD + "char *p = malloc(3);\n/* free() */\n"
                 "int free;\ndouble d;\n#ifdef UNIT_TEST\n#endif\n")
        self.put("stub/a.h", "#ifndef STUB_A_H\n#define STUB_A_H\n#endif\n")
        self.check(rules.language, "a.c:2: malloc", "a.c:5: double",
                   "a.c:6: #ifdef UNIT_TEST")

    def test_protocol(self) -> None:
        letters = "".join(f'\t{{"v{n}", f, 0}},\n' for n in range(50))
        self.put("stub/gdbstub.c", "static const struct session_packet "
                 f"packets[] = {{\n{letters}}};\n")
        self.put("stub/query.c", QUERY)
        self.put("stub/xfer.c", 'cursor_text(c, "features:read:")')
        rows = "".join(f"| `v{n}` |\n" for n in range(1, 50))
        self.put("docs/protocol.md", rows + "| `qRcmd,HEX` |\n"
                 "| `QStartNoAckMode` |\nPacketSize, swbreak\n")
        self.check(rules.protocol, "no row for v0",
                   "no row for qXfer:features:read",
                   "does not say binary-upload")

    def test_options(self) -> None:
        self.put("arch/arm64/options.c", 'is(name, nn, "wait")\n'
                 'is(name, nn, "vhe")\n')
        self.put("docs/user-guide.md",
                 "`hyperstub.wait`; hyperstub.weight; hyperstub.bin\n")
        self.check(rules.options, "hyperstub.vhe is missing",
                   "hyperstub.weight is no option")

    def test_commands(self) -> None:
        self.put("stub/command.c", '"help -- this list\\n"\n')
        rows = "".join(f'\t{{ "c{n}", "", "does" }},\n' for n in range(5))
        names = "".join(f'\t{{ "s{n}", &v }},\n' for n in "abc")
        self.put("arch/arm64/command.c",
                 f"struct command commands[] = {{\n{rows}}};\n"
                 f"struct setting settings[] = {{\n"
                 + names.replace("s", "set-") + "\n};\n")
        guide = "`monitor help` `monitor set set-a` `monitor set set-b` "
        self.put("docs/user-guide.md", guide
                 + " ".join(f"`monitor c{n}`" for n in range(4)))
        self.check(rules.commands, "monitor c4 is missing",
                   "monitor set set-c is missing")

    def test_references(self) -> None:
        self.put("docs/a.md", "`stub/strbuf.h` `stub/gone.c` `test_gone`\n"
                 "[here](a.md) [there](b.md)\n")
        self.check(rules.references, "stub/gone.c", "test_gone", "b.md")

    def test_headers_compile_alone(self) -> None:
        if not COMPILER:
            self.skipTest("no compiler was named")
        self.put("stub/a.h", "#ifndef A_H\n#define A_H\nuint32_t a;\n#endif\n")
        self.put("stub/twice.h", "static inline int f(void) { return 0; }\n")
        found = list(rules.headers(self.root, COMPILER))
        self.assertEqual(len(found), 2, found)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
