# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""QEMU's command line: staging places, order of devices, quoting."""

import random
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lib import board, launch
from lib.common import Failure, MIB
from lib.kernelimage import Kernel


def kernel(size=31 * MIB, memory=33 * MIB, offset=2 * MIB):
    return Kernel(Path("/k/Image"), "image", size, offset, memory)


def guest(**fields):
    fields.setdefault("kernel", kernel())
    return launch.Guest(**fields)


def options(args, name):
    return [args[i + 1] for i, word in enumerate(args) if word == name]


class Staging(unittest.TestCase):
    def check_places(self, asked, share):
        place = launch.stage(asked, share)
        ram = asked.memory + share
        fdt = launch.fdt_address(ram)
        base = launch.RAM_BASE
        taken = [(base, base + 2 * MIB), (fdt, fdt + 2 * MIB),
                 (base + asked.memory, base + ram),
                 (place.kernel, place.kernel + asked.kernel.size)]
        if asked.initrd:
            taken.append((place.initrd, place.initrd + asked.initrd_size))
            final = base + asked.kernel.load_offset
            end = final + asked.kernel.memory_size
            self.assertFalse(place.initrd < end
                             and final < place.initrd + asked.initrd_size)
        if fdt >= base + asked.memory:
            taken.remove((base + asked.memory, base + ram))
        taken.sort()
        for (_, end), (start, _) in zip(taken, taken[1:]):
            self.assertLessEqual(end, start)
        self.assertLessEqual(place.kernel + asked.kernel.size,
                             base + asked.memory)

    def test_nothing_overlaps_for_any_sizes(self):
        dice = random.Random(1)
        placed = 0
        for _ in range(3000):
            size = dice.randint(1, 80 * MIB)
            asked = guest(memory=dice.randint(8, 300) * 2 * MIB,
                          kernel=kernel(size, size + dice.randint(0, MIB)))
            if dice.random() < 0.7:
                asked.initrd = Path("/i")
                asked.initrd_size = dice.randint(1, 60 * MIB)
            try:
                launch.check_fits(asked)
                launch.stage(asked, 64 * MIB)
            except Failure:
                continue
            placed += 1
            self.check_places(asked, 64 * MIB)
        self.assertGreater(placed, 1500)

    def test_a_linux_image_is_put_where_it_runs(self):
        asked = guest(memory=512 * MIB)
        self.assertEqual(launch.stage(asked, 64 * MIB).kernel, 0x40200000)
        for other in (kernel(200 * MIB, 200 * MIB), kernel(offset=512 * 1024),
                      Kernel(Path("/k/elf"), "elf", 31 * MIB, 0, 33 * MIB)):
            asked.kernel = other
            self.assertGreater(launch.stage(asked, 64 * MIB).kernel,
                               0x40200000)

    def test_everyday_sizes_are_placed(self):
        for memory in (128, 256, 512, 1024, 4096):
            asked = guest(memory=memory * MIB, initrd=Path("/i"),
                          initrd_size=2 * MIB)
            self.check_places(asked, launch.MONITOR_SHARE)

    def test_too_little_memory_is_one_clear_line(self):
        with self.assertRaisesRegex(Failure, "--memory 32 MiB is too small"):
            launch.monitor_args(guest(memory=32 * MIB), Path("/m"))
        with self.assertRaisesRegex(Failure, "too small"):
            launch.native_args(guest(memory=32 * MIB))

    def test_fdt_is_where_qemu_puts_it(self):
        self.assertEqual(launch.fdt_address(1088 * MIB), 0x48000000)
        self.assertEqual(launch.fdt_address(130 * MIB), 0x44200000)


class CommandLine(unittest.TestCase):
    def test_guest_memory_is_exact_in_both(self):
        asked = guest(memory=512 * MIB)
        self.assertEqual(options(launch.native_args(asked), "-m"), ["512M"])
        self.assertEqual(options(launch.monitor_args(asked, Path("/m")),
                                 "-m"), ["576M"])

    def test_larger_pool_makes_the_share_larger(self):
        asked = guest(monitor=["hyperstub.shadow-pages=1536 "
                               "hyperstub.granule=64K"])
        args = launch.monitor_args(asked, Path("/m"))
        self.assertEqual(options(args, "-m"), ["1152M"])
        self.assertIn("hyperstub.share=128M", options(args, "-append")[0])

    def test_memory_is_mapped_page_by_page_with_room_for_the_tables(self):
        for memory, words, off, share in (
                (8192, [], True, 64), (16384, [], True, 80),
                (16384, ["hyperstub.blocks=on"], False, 64),
                (16384, ["hyperstub.granule=16K"], False, 64)):
            asked = guest(memory=memory * MIB, monitor=words)
            line = options(launch.monitor_args(asked, Path("/m")),
                           "-append")[0].split()
            self.assertEqual("hyperstub.blocks=off" in line, off, words)
            self.assertIn(f"hyperstub.share={share}M", line)

    def test_debugger_comes_after_the_guests_devices(self):
        asked = guest(extra=["-device", "virtio-rng-device"])
        args = launch.monitor_args(asked, Path("/m"))
        devices = options(args, "-device")
        mine = next(i for i, d in enumerate(devices) if "id=hsdbg" in d)
        self.assertLess(devices.index("virtio-rng-device"), mine)
        self.assertIn("bus=virtio-mmio-bus.0", devices[mine])
        self.assertEqual([d.split("name=")[1] for d in devices[mine + 1:]],
                         ["org.hyperstub.gdb", "org.hyperstub.console",
                          "org.hyperstub.trace"])
        self.assertNotIn("-global", args)

    def test_commas_and_quotes_survive(self):
        asked = guest(append='a="b,c" d=e,,f')
        asked.kernel = Kernel(Path("/k,1/Image"), "image", MIB, 2 * MIB, MIB)
        device = options(launch.monitor_args(asked, Path("/m")), "-device")[0]
        self.assertIn("kernel=/k,,1/Image,", device)
        self.assertTrue(device.endswith('bootargs=a="b,,c" d=e,,,,f'))

    def test_over_usb_there_is_no_virtio_device(self):
        asked = guest(monitor=["hyperstub.gdb=usb@b000000"], gdb="null",
                      usb="unix:/cable")
        args = launch.monitor_args(asked, Path("/h"))
        self.assertNotIn("virtio-serial", " ".join(args))
        self.assertFalse([c for c in options(args, "-chardev")
                          if "id=hsgdb" in c])
        self.assertIn("hyperstub.gdb=usb@b000000",
                      options(args, "-append")[0])

    def test_uart_is_the_debuggers(self):
        asked = guest(monitor=["hyperstub.gdb=uart"], gdb="unix:/s")
        args = launch.monitor_args(asked, Path("/m"))
        self.assertEqual(options(args, "-serial"), ["chardev:hsgdb"])
        self.assertFalse([d for d in args if "hsdbg" in d])

    def test_serial_port_over_the_console_channel(self):
        asked = guest(serial="channel", console="unix:/c", log="file:/l")
        args = launch.monitor_args(asked, Path("/m"))
        self.assertIn("hyperstub.serial=channel",
                      options(args, "-append")[0].split())
        self.assertEqual(options(args, "-serial"), ["chardev:hslog"])
        self.assertIn("file,id=hslog,path=/l", options(args, "-chardev"))
        port = next(d for d in options(args, "-device")
                    if "org.hyperstub.console" in d)
        self.assertIn("chardev=hscon,", port)

    def test_serial_port_to_gdb_leaves_the_uart_to_the_log(self):
        asked = guest(serial="gdb", console="null")
        args = launch.monitor_args(asked, Path("/m"))
        self.assertIn("hyperstub.serial=gdb",
                      options(args, "-append")[0].split())
        self.assertEqual(options(args, "-serial"), ["chardev:hslog"])
        self.assertIn("null,id=hslog", options(args, "-chardev"))

    def test_uart_has_no_console_channel(self):
        with self.assertRaisesRegex(Failure, "no console channel"):
            launch.monitor_args(guest(monitor=["hyperstub.gdb=uart"],
                                      serial="channel"), Path("/m"))

    def test_wait_and_no_guest(self):
        args = launch.monitor_args(guest(kernel=None, wait=True), Path("/m"))
        line = options(args, "-append")[0].split()
        self.assertIn("hyperstub.wait", line)
        self.assertIn("hyperstub.guest=none", line)
        self.assertIn("-S", launch.native_args(guest(wait=True)))

    def test_native_has_qemus_stub_on_the_same_chardev(self):
        args = launch.native_args(guest(gdb="unix:/a,b"))
        self.assertIn("socket,id=hsgdb,path=/a,,b,server=on,wait=off",
                      options(args, "-chardev"))
        self.assertEqual(options(args, "-gdb"), ["chardev:hsgdb"])
        self.assertEqual(options(args, "-M"), ["virt,gic-version=3"])

    def test_servers_listen_on_loopback(self):
        words = launch.chardev("tcp::1234", "x", False, "gdb")[1]
        self.assertIn("host=127.0.0.1,port=1234", words)

    def test_bad_places_and_words_are_refused(self):
        for where in ("tcp:", "tcp::x", "tcp::99999", "unix:", "file", ""):
            with self.assertRaises(Failure):
                launch.chardev(where, "x", False, "gdb")
        for share in (MIB, 9 * MIB):
            with self.assertRaises(Failure):
                launch.monitor_args(guest(share=share), Path("/m"))
        with self.assertRaisesRegex(Failure, "multiple of 2M"):
            launch.native_args(guest(memory=513 * MIB))
        for word in ("nokaslr", "hyperstub.granule=5", "hyperstub.shadow-"
                     "pages=all", "hyperstub.", "hyperstub.share=1M"):
            with self.assertRaises(Failure):
                launch.monitor_args(guest(monitor=[word]), Path("/m"))


class Board(unittest.TestCase):
    def test_usb_machine_and_its_cable(self):
        for build in (launch.native_args,
                      lambda g: launch.monitor_args(g, Path("/b/h.bin"))):
            args = build(guest(usb="unix:/tmp/cable,1", usb_speed="full"))
            machine = options(args, "-M")[0].split(",")
            self.assertEqual(machine[0], "hyperstub-virt")
            self.assertIn("usbredir=hsusb", machine)
            self.assertIn("usb-speed=full", machine)
            self.assertIn("socket,id=hsusb,path=/tmp/cable,,1,server=on,"
                          "wait=off", options(args, "-chardev"))

    def test_a_second_controller_has_a_cable_of_its_own(self):
        args = launch.native_args(guest(usb="null", usb2="unix:/tmp/two"))
        machine = options(args, "-M")[0].split(",")
        self.assertIn("usbredir=hsusb", machine)
        self.assertIn("usbredir2=hsusb2", machine)
        self.assertIn("socket,id=hsusb2,path=/tmp/two,server=on,wait=off",
                      options(args, "-chardev"))
        self.assertNotIn("usbredir2", launch.native_args(guest(usb="null"))[3])

    def test_plain_virt_has_no_cable(self):
        args = launch.native_args(guest())
        self.assertEqual(options(args, "-M")[0].split(",")[0], "virt")
        self.assertFalse([c for c in options(args, "-chardev")
                          if "hsusb" in c])

    def test_the_cache_follows_the_files(self):
        with tempfile.TemporaryDirectory() as folder:
            names = []
            for text in ("one", "two", "one"):
                (Path(folder) / "a.c").write_text(text)
                with mock.patch.object(board, "FILES", Path(folder)):
                    names.append(board.binary())
            self.assertNotEqual(names[0], names[1])
            self.assertEqual(names[0], names[2])


if __name__ == "__main__":
    unittest.main()
