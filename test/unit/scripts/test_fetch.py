# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Private source lists made from the system's; the cpio writer; files that
appear whole."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from lib import apt, common, cpio, initramfs, packages

DEB822 = """\
Types: deb
# a remark
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abcd
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
URIs: http://mirror.example/security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://other.example/node
Suites: nodistro
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""
ONE_LINE = """\
deb [arch=amd64 signed-by=/k.gpg] http://a.example/debian bookworm main # x
# deb http://no.example/debian bookworm main
deb-src http://a.example/debian bookworm main
deb http://b.example/apt cloud main
"""


class Sources(unittest.TestCase):
    def test_own_release_takes_updates_and_security(self):
        text = apt.sources_for("bookworm", "bookworm",
                               apt.parse_deb822(DEB822))
        self.assertIn("Suites: bookworm bookworm-updates\n", text)
        self.assertIn("Suites: bookworm-security\n", text)
        self.assertIn(" abcd\n", text)
        self.assertNotIn("other.example", text)
        self.assertNotIn("off.example", text)

    def test_other_suite_comes_from_the_main_mirror(self):
        text = apt.sources_for("bookworm-backports", "bookworm",
                               apt.parse_deb822(DEB822))
        self.assertEqual(text.count("Types:"), 1)
        self.assertIn("URIs: http://mirror.example/debian\n", text)
        self.assertIn("Suites: bookworm-backports\n", text)

    def test_one_line_form(self):
        entries = apt.parse_one_line(ONE_LINE)
        text = apt.sources_for("bookworm", "bookworm", entries)
        self.assertEqual(text.count("Types: deb\n"), 1)
        self.assertIn("Signed-By: /k.gpg\n", text)
        self.assertIn("a.example", text)
        text = apt.sources_for("bookworm", "bookworm", entries, "deb-src")
        self.assertIn("Types: deb-src\n", text)

    def test_a_system_without_a_debian_source_is_told_so(self):
        with self.assertRaisesRegex(common.Failure, "no Debian archive"):
            apt.sources_for("trixie", "x", [])


class Cpio(unittest.TestCase):
    @unittest.skipUnless(shutil.which("cpio"), "cpio is not installed")
    def test_cpio_reads_it(self):
        archive = cpio.Archive()
        archive.file("a/b/c", b"hello", 0o755)
        archive.link("a/l", "b/c")
        archive.folder("empty")
        with tempfile.TemporaryDirectory() as temp:
            subprocess.run(["cpio", "-id", "--quiet"], cwd=temp, check=True,
                           input=archive.finish())
            self.assertEqual(Path(temp, "a/l").read_bytes(), b"hello")
            self.assertTrue(os.access(Path(temp, "a/b/c"), os.X_OK))
            self.assertTrue(Path(temp, "empty").is_dir())

    def test_sizes_and_padding(self):
        archive = cpio.Archive()
        archive.file("f", b"12345")
        data = archive.finish()
        self.assertEqual(len(data) % 512, 0)
        self.assertEqual(data[:6], b"070701")
        self.assertEqual(int(data[54:62], 16), 5)
        self.assertEqual(data.count(b"070701"), 2)

    def test_names_that_cannot_be(self):
        archive = cpio.Archive()
        archive.file("x", b"")
        for name in ("x", "", "../y", "a//b"):
            with self.subTest(name), self.assertRaises(ValueError):
                archive.file(name, b"")

    def test_initramfs_has_the_extra_file(self):
        with tempfile.NamedTemporaryFile() as busybox:
            data = initramfs.build(Path(busybox.name), {"/bin/probe": b"hey"})
        self.assertIn(b"bin/probe\0", data)
        self.assertIn(initramfs.MARKER.encode(), data)


class Files(unittest.TestCase):
    def test_failed_folder_leaves_nothing(self):
        with tempfile.TemporaryDirectory() as temp:
            target = Path(temp, "thing")
            with self.assertRaises(RuntimeError):
                with common.new_dir(target) as new:
                    (new / "half").touch()
                    raise RuntimeError
            self.assertEqual(os.listdir(temp), [])
            for content in ("one", "two"):
                with common.new_dir(target) as new:
                    (new / "file").write_text(content)
                self.assertEqual((target / "file").read_text(), content)
            self.assertEqual(os.listdir(temp), ["thing"])

    def test_sizes(self):
        for text, size in (("64M", 64 << 20), ("1g", 1 << 30), ("512", 512
                           << 20), ("4096K", 4 << 20), ("2GiB", 2 << 30)):
            self.assertEqual(common.parse_size(text), size)
        for text in ("", "M", "-1M", "1T", "1.5G", "x"):
            with self.assertRaises(common.Failure):
                common.parse_size(text)


class Packages(unittest.TestCase):
    def test_each_need_is_described(self):
        text = packages.describe(list(packages.NEEDS))
        self.assertEqual(len(text.splitlines()), len(packages.NEEDS))
        for need in packages.NEEDS:
            self.assertIn(need.package, text)


if __name__ == "__main__":
    unittest.main()
