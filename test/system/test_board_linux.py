#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 400 s
# needs: board
"""The board's DWC3 is one for Linux: Debian's unmodified kernel drives it with
its own dwc3 and gadget drivers, and Debian's unmodified kernel on stock QEMU
is the USB host. HYPERSTUB_LONG=1 adds 100 MB."""

from __future__ import annotations

import os
import sys
import tempfile
import time

from harness import Report, guest_program, must, same
from usb_linux import UsbGuest, gadget, host, plug, quiet, transfer

report = Report("board linux: ")
STATE = "cat /sys/class/udc/*/state"
SUSPENDED = "cat /sys/class/udc/*/device/gadget.0/suspended"
SPEED = "cat /sys/class/udc/*/current_speed"
ACM = "ls /dev/ttyACM0 2> /dev/null"
LONG = os.environ.get("HYPERSTUB_LONG") == "1"


def both_ways(device: UsbGuest, pc: UsbGuest, size: int,
              seconds: float = 60) -> None:
    """Bytes in both directions."""
    for name, sender, receiver in (("to the gadget", pc, device),
                                   ("from the gadget", device, pc)):
        took = transfer(sender, receiver, size, seconds)
        print(f"# {size} bytes {name}: {size / took / 1e6:.2f} MB/s")


def attached(device: UsbGuest, pc: UsbGuest) -> None:
    """Both ends see each other."""
    pc.until(ACM, "/dev/ttyACM0")
    device.until(STATE, "configured")


def detached(device: UsbGuest, pc: UsbGuest) -> None:
    """Neither sees the other."""
    pc.until(ACM, "")
    device.until(STATE, "not attached")


def serial(cable: str) -> None:
    """g_serial and cdc_acm."""
    with gadget(cable) as device:
        with report.case("the gadget waits for a cable"):
            same(device.sh("cat /sys/class/udc/*/state").strip(),
                 "not attached")
        with host(cable) as pc:
            serial_cases(device, pc, cable)
        with report.case("the host's end is an unplug"):
            device.until(STATE, "not attached")
            device.alive()


def serial_cases(device: UsbGuest, pc: UsbGuest, cable: str) -> None:
    """One gadget, one host, a cable."""
    with report.case("the host enumerates g_serial at high speed"):
        attached(device, pc)
        same(device.sh(SPEED).strip(), "high-speed")
        same(pc.sh("cat /sys/bus/usb/devices/1-1/idProduct").strip(), "a4a7")
        same(pc.sh("cat /sys/bus/usb/devices/1-1/speed").strip(), "480")
    with report.case("bytes go both ways"):
        both_ways(device, pc, 1 << 20)
    with report.case("each size of a packet and its neighbours"):
        for size in (1, 63, 64, 65, 511, 512, 513, 1023, 1024, 4096):
            transfer(pc, device, size)
            transfer(device, pc, size)
    with report.case("both directions at once"):
        def other_way() -> None:
            device.sh("head -c 300000 /dev/zero > /dev/ttyGS0")
        pc.background("head -c 300000 /dev/ttyACM0 > /tmp/back")
        transfer(pc, device, 300000, meanwhile=other_way)
        pc.until("wc -c < /tmp/back", "300000")
    with report.case("the host suspends the bus and resumes it"):
        device.qmp.set("suspended", True)
        device.until(SUSPENDED, "1")
        time.sleep(0.3)
        device.qmp.set("suspended", False)
        device.until(SUSPENDED, "0")
        both_ways(device, pc, 5000)
    with report.case("the cable is pulled out and put back"):
        for _ in range(3):
            device.qmp.set("plugged", False)
            detached(device, pc)
            device.qmp.set("plugged", True)
            attached(device, pc)
        both_ways(device, pc, 5000)
    with report.case("unplugged in the middle of a transfer"):
        device.background("cat /dev/zero > /dev/ttyGS0")
        pc.background("cat /dev/ttyACM0 > /dev/null")
        time.sleep(0.5)
        device.qmp.set("plugged", False)
        detached(device, pc)
        device.sh("killall cat", status=None)
        device.qmp.set("plugged", True)
        attached(device, pc)
        both_ways(device, pc, 5000)
    with report.case("the host's driver is unbound and bound again"):
        pc.sh("cd /sys/bus/usb/drivers/usb; echo 1-1 > unbind")
        pc.until(ACM, "")
        pc.sh("echo 1-1 > bind; cd /")
        attached(device, pc)
        both_ways(device, pc, 5000)
    with report.case("the host's plug is taken away and put in again"):
        pc.qmp.cmd("device_del", id="plug")
        detached(device, pc)
        plug(pc, cable, "plug2")
        attached(device, pc)
        both_ways(device, pc, 5000)
    with report.case("the gadget leaves the bus and comes back"):
        device.sh("rmmod g_serial")
        pc.until(ACM, "")
        device.sh("insmod /lib/m/g_serial.ko")
        attached(device, pc)
        both_ways(device, pc, 5000)
    with report.case("no mistake of Linux's driver by the model's rules"):
        same(device.qmp.get("mistakes"), 0)
    with report.case("both kernels complain of nothing"):
        quiet(device)
        quiet(pc)
    if LONG:
        with report.case("100 MB each way"):
            for _ in range(10):
                both_ways(device, pc, 10_000_000, 600)


# An older core: Linux uses no interrupt moderation on it. Not coherent by the
# device tree: Linux maps its rings uncached.
OLDER = ("-global", "hyperstub-dwc3.snpsid=0x5533290a",
         "-machine", "usb-coherent=off")


def full_speed(cable: str) -> None:
    """A port that can do full speed only, an older and not coherent core."""
    with gadget(cable, options=["--usb-speed", "full"],
                extra=OLDER) as device, host(cable) as pc:
        with report.case("full speed, core 2.90a, not dma-coherent"):
            attached(device, pc)
            same(device.sh("ls /proc/device-tree/usb@b000000 | grep -c "
                           "dma-coherent", status=1).strip(), "0")
            same(device.sh(SPEED).strip(), "full-speed")
            same(pc.sh("cat /sys/bus/usb/devices/1-1/speed").strip(), "12")
            both_ways(device, pc, 100_000)
            same(device.qmp.get("mistakes"), 0)


ZERO = """
mount -t configfs none /sys/kernel/config
cd /sys/kernel/config/usb_gadget; mkdir z; cd z
echo 0x0525 > idVendor; echo 0xa4a0 > idProduct
mkdir configs/c.1 functions/SourceSink.0
ln -s functions/SourceSink.0 configs/c.1
ls /sys/class/udc > UDC
cd /
"""
# USBDEVFS_IOCTL with usbtest's request, as kernel's tools/usb/testusb.c does.
TESTUSB = """
struct param { unsigned test, iterations, length, vary, sglen; long sec, usec; };
struct wrap { int interface, code; void *data; };
int main(int argc, char **argv)
{
	static char path[] = "/dev/bus/usb/001/000";
	struct param p;
	struct wrap w = { 0, (int)0xc0285564, &p };
	u64 dev = number(argv[1]);
	long fd, r;

	path[17] = '0' + dev / 100;
	path[18] = '0' + dev / 10 % 10;
	path[19] = '0' + dev % 10;
	p.test = number(argv[2]);
	p.iterations = number(argv[3]);
	p.length = number(argv[4]);
	p.vary = number(argv[5]);
	p.sglen = number(argv[6]);
	fd = sys3(56, -100, (long)path, 2);
	if (fd < 0)
		return 100;
	r = sys3(29, fd, (long)0xc0105512, (long)&w);
	return r < 0 ? (int)-r : 0;
}
"""
# 24 (unlink from a queue) is not here: QEMU's own xhci cancels all that is
# queued when one transfer is unlinked, and does not start the rest again.
# number, iterations, length, vary, scatter-gather length; what it is
TESTS = (
    (0, 1, 0, 0, 0, "nothing"),
    (1, 200, 1024, 0, 0, "bulk writes"),
    (2, 200, 1024, 0, 0, "bulk reads"),
    (3, 200, 1024, 421, 0, "bulk writes, varied sizes"),
    (4, 200, 1024, 512, 0, "bulk reads, varied sizes"),
    (5, 20, 1024, 0, 8, "queued bulk writes"),
    (6, 20, 1024, 0, 8, "queued bulk reads"),
    (7, 20, 1024, 421, 8, "queued bulk writes, varied"),
    (8, 20, 1024, 512, 8, "queued bulk reads, varied"),
    (9, 200, 0, 0, 0, "chapter 9 on endpoint 0"),
    (10, 40, 0, 0, 16, "queued control requests"),
    (11, 30, 1024, 0, 0, "unlink reads"),
    (12, 30, 1024, 0, 0, "unlink writes"),
    (13, 30, 1024, 0, 0, "set and clear halt"),
    (14, 100, 1000, 137, 0, "control writes"),
    (17, 100, 1024, 0, 0, "bulk writes at odd addresses"),
    (18, 100, 1024, 0, 0, "bulk reads at odd addresses"),
    (21, 100, 1000, 137, 0, "control writes at odd addresses"),
    (29, 30, 0, 0, 0, "toggle after clear halt"),
)


def zero(cable: str) -> None:
    """The kernel's own test of controllers: gadget zero against usbtest."""
    with gadget(cable, ("usb_f_ss_lb",), then=ZERO) as device, \
            host(cable, ("usbtest",),
                 {"bin/testusb": guest_program(TESTUSB)}) as pc:
        with report.case("usbtest finds gadget zero"):
            pc.until("ls -d /sys/bus/usb/drivers/usbtest/1-1:* 2> /dev/null",
                     "/sys/bus/usb/drivers/usbtest/1-1:1.0")
            device.until(STATE, "configured")
        number = pc.sh("cat /sys/bus/usb/devices/1-1/devnum").strip()
        for test, loops, length, vary, sglen, what in TESTS:
            with report.case(f"usbtest {test}: {what}"):
                status = pc.sh(f"testusb {number} {test} {loops} {length} "
                               f"{vary} {sglen}; echo $?", 60).strip()
                same(status, "0", "errno")
        with report.case("usbtest: no mistake of Linux's driver"):
            same(device.qmp.get("mistakes"), 0)
            must(device.qmp.get("slots-in-ready") > 1000, "slots")


def main() -> int:
    for part in (serial, full_speed, zero):
        with tempfile.TemporaryDirectory(prefix="hs-usb-") as folder, \
                report.case(f"{part.__name__}: to the end"):
            part(f"{folder}/cable")
    return report.end()


sys.exit(main())
