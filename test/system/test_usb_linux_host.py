#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
"""The project's USB device, as a program, plugged into a stock Linux: Debian's
own xhci and cdc_acm bind it, and bytes come through its ttyACMs."""

from __future__ import annotations

import random
import sys

from harness import Report, must, same
from usb import PORTS, Port, UsbDev, folder, transfer
from usb_relay import LinuxHost

MB = 1 << 20
DATA = random.Random(5).randbytes(MB)
DEVICE = "1-1"


def check_facts(host: LinuxHost) -> None:
    """What lsusb would say, from sysfs."""
    for name, wanted in (("idVendor", "1209"), ("idProduct", "0001"),
                         ("serial", "R2-D2"), ("speed", "480"),
                         ("bNumInterfaces", "6"), ("version", "2.00"),
                         ("bDeviceClass", "ef"),
                         ("manufacturer", "hyperstub")):
        same(host.facts(f"{DEVICE}/{name}"), wanted, name)
    for number, port in enumerate(PORTS):
        interface = f"{DEVICE}:1.{2 * number}"
        same(host.facts(f"{interface}/interface"),
             f"hyperstub {port.lower()}", "interface string")
        same(host.sh(f"ls /sys/bus/usb/devices/{interface}/tty").strip(),
             f"ttyACM{number}", "its tty")
        for which in (0, 1):
            driver = host.sh(f"readlink /sys/bus/usb/devices/{DEVICE}:1."
                             f"{2 * number + which}/driver").strip()
            same(driver.split("/")[-1], "cdc_acm", "driver")
    log = host.sh("dmesg")
    for bad in ("unable to enumerate", "error -", "can't set config",
                "not responding"):
        must(not any(bad in line for line in log.splitlines()
                     if "usb" in line), f"{bad!r} in\n{log[-2000:]}")


def check_bytes(host: LinuxHost, dev: UsbDev, port: str) -> None:
    """1 MB each way."""
    with Port(dev.line(port).detach()) as inner, host.port(port) as tty:
        dev.wait(f"^dtr-on {port.lower()}")
        out = transfer(tty, inner, DATA, 60)
        back = transfer(inner, tty, DATA, 60)
        print(f"#   {port}: {1 / out:.1f} MiB/s out, {1 / back:.1f} in")
        for size in (1, 63, 64, 511, 512, 513, 4096, 10240):
            transfer(tty, inner, DATA[:size])
            transfer(inner, tty, DATA[:size])


def check_dtr(host: LinuxHost, dev: UsbDev) -> None:
    """DTR and the line's settings follow a program in the VM."""
    at = len(dev.lines)
    host.sh("stty -F /dev/ttyACM2 115200 raw; sleep 1 < /dev/ttyACM2")
    at = dev.wait("^dtr-on trace", start=at)
    dev.wait("^dtr-off trace", start=at)
    with host.port("Trace"):
        at = dev.wait("^dtr-on trace", start=at)
    dev.wait("^dtr-off trace", start=at)


def check_replug(host: LinuxHost, dev: UsbDev) -> None:
    """The device leaves the bus and comes back; so do its ports."""
    with host.port("Gdb") as tty, Port(dev.line("Gdb").detach()) as inner:
        transfer(tty, inner, b"before")
        at = len(dev.lines)
        dev.tell("unplug")
        host.wait_for("! [ -e /dev/ttyACM0 ]")
        must(f"usb {DEVICE}: USB disconnect" in host.sh("dmesg"))
        dev.tell("plug")
        dev.wait("^configured", 20, at)
        host.wait_for("[ -c /dev/ttyACM0 ]")
        # The relay's client has stayed: it is opened anew for it.
        dev.wait("^dtr-on gdb", 20, at)
        transfer(tty, inner, b"and after")
    check_bytes(host, dev, "Gdb")


def check_reset(host: LinuxHost, dev: UsbDev) -> None:
    """The VM's driver lets go and binds again; the VM resets the device."""
    at = len(dev.lines)
    host.sh(f"echo {DEVICE} > /sys/bus/usb/drivers/usb/unbind")
    dev.wait("^deconfigured", 10, at)
    host.sh(f"echo {DEVICE} > /sys/bus/usb/drivers/usb/bind")
    dev.wait("^configured", 10, at)
    for _ in range(3):
        at = len(dev.lines)
        host.sh(f"echo 0 > /sys/bus/usb/devices/{DEVICE}/authorized")
        dev.wait("^deconfigured", 10, at)
        host.sh(f"echo 1 > /sys/bus/usb/devices/{DEVICE}/authorized")
        dev.wait("^configured", 10, at)
    host.wait_for("[ -c /dev/ttyACM2 ]")
    check_bytes(host, dev, "Console")


def check_death(host: LinuxHost, dev: UsbDev) -> None:
    """The other side dies in the middle of a transfer; a new one comes."""
    with host.port("Gdb"), Port(dev.line("Gdb").detach()) as inner:
        inner.write(DATA[:100000])
        dev.child.kill()
        host.wait_for("! [ -e /dev/ttyACM0 ]")
    with UsbDev(dev.folder, "--serial", "R2-D3") as again:
        again.wait("^configured", 30)
        host.wait_for("[ -c /dev/ttyACM0 ]", 30)
        same(host.facts(f"{DEVICE}/serial"), "R2-D3", "serial")
        check_bytes(host, again, "Gdb")


def main() -> int:
    report = Report("usb, Linux host: ")
    with folder() as path:
        dev = UsbDev(path, "--serial", "R2-D2")
        with LinuxHost(path, f"{path}/usbredir") as host:
            with report.case("stock drivers bind what they see"):
                host.wait_for("[ -c /dev/ttyACM2 ]")
                check_facts(host)
            for port in PORTS:
                with report.case(f"1 MB each way, {port}"):
                    check_bytes(host, dev, port)
            with report.case("DTR follows the VM's programs"):
                check_dtr(host, dev)
            with report.case("unplug and plug"):
                check_replug(host, dev)
            with report.case("drivers unbound and bound, device reset"):
                check_reset(host, dev)
            with report.case("the device dies, another one comes"):
                check_death(host, dev)
        with report.case("the device program has no fault"):
            dev.close()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
