#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
# needs: board
"""The user-space USB host against Linux's own gadget on the board: Debian's
unmodified dwc3 and g_serial with three serial functions. What usbhost does to
the project's device it does here to one that is known to be right."""

from __future__ import annotations

import hashlib
import os
import random
import sys
from pathlib import Path

from harness import Guest, Report, assets, must, same
from usb import Port, UsbHost, folder

KERNEL = "kernel-6.1"
MB = 1 << 20
DATA = random.Random(6).randbytes(MB)
GADGET = ("phy-generic", "dwc3", "usb_f_acm", "g_serial")
COUNT = 3
STAGES = {
    "linux": ("first-descriptor", "device", "bos-header", "config-header",
              "config", "languages", "product", "manufacturer",
              "set-configuration", "interface-strings", "class"),
    "windows": ("first-descriptor", "config-255", "ms-os", "languages",
                "qualifier", "device-again", "set-configuration",
                "interface-strings", "line-coding"),
}


class Gadget(Guest):
    """Linux as the device."""

    def __init__(self, cable: Path) -> None:
        files, script = {}, ""
        modules = assets.kernel(KERNEL).with_dependencies(*GADGET)
        for name, data in modules.items():
            files[f"usb/{name}.ko"] = data
            words = f" use_acm=1 n_ports={COUNT}" if name == "g_serial" else ""
            script += f"insmod /usb/{name}.ko{words}\n"
        files["etc/init.d/usb"] = script.encode()
        super().__init__(native=True, kernel=KERNEL, memory="256M",
                         files=files, options=["--board", "virt-usb", "--usb",
                                               f"unix:{cable}"])
        for number in range(COUNT):
            self.sh(f"stty -F /dev/ttyGS{number} raw -echo -onlcr -opost")

    def quiet(self) -> None:
        """Its kernel complains of nothing."""
        log = self.sh("dmesg")
        for bad in ("WARNING:", "BUG", "Call trace", "Unable to handle",
                    "timed out"):
            must(bad not in log, log[-3000:])


def names(host: UsbHost) -> list[str]:
    """Its ports, in the order of the functions."""
    host.command("wait configured 10")
    found = [line.split()[1]
             for line in host.command("status").splitlines()
             if line.startswith("port ")]
    same(len(found), COUNT, "ports")
    return found


def open_port(host: UsbHost, number: int) -> Port:
    """The port of that function."""
    return Port(os.open(host.folder / names(host)[number],
                        os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK))


def both_ways(host: UsbHost, device: Gadget, number: int,
              data: bytes) -> None:
    """Bytes to the gadget, looked at there, and back."""
    tty = f"/dev/ttyGS{number}"
    with open_port(host, number) as port:
        token = device.start_sh(f"exec 3< {tty}; echo 'is ''open'; "
                                f"head -c {len(data)} <&3 > /tmp/got; "
                                "exec 3<&-")
        # What comes while the tty is closed, g_serial throws away.
        device.console.wait("is open", 20, token[0])
        port.write(data, 60)
        device.end_sh(token, 60)
        got = device.sh("md5sum < /tmp/got").split()[0]
        same(got, hashlib.md5(data).hexdigest(), "what arrived")
        token = device.start_sh(f"cat /tmp/got > {tty}")
        same(port.read(len(data), 60) == data, True, "what came back")
        device.end_sh(token, 60)


def check_descriptors(host: UsbHost, device: Gadget) -> None:
    text = host.command("list")
    for wanted in ("idVendor                 0x0525",
                   "Linux 6.1", "CDC Abstract Control Model (ACM)"):
        must(wanted in text, f"{wanted!r} is not in\n{text}")
    same(text.count("Interface Association"), COUNT, "associations")
    same(device.sh("cat /sys/class/udc/*/state").strip(), "configured")


def check_resets(host: UsbHost, device: Gadget, who: str) -> None:
    """
    After each request, not within: where the reset comes in a status stage
    that it has begun, Linux's driver ends that transfer and then waits for a
    SETUP packet without a TRB for one.
    """
    for stage in STAGES[who]:
        host.command(f"at reset {stage} after")
        host.command("reset")
    both_ways(host, device, 0, DATA[:20000])


def check_unplug(host: UsbHost, device: Gadget, who: str) -> None:
    for stage in STAGES[who]:
        host.command(f"at unplug {stage} after")
        host.try_command("reset")
        must("absent" in host.command("status"), stage)
        host.command("plug")
        host.command("wait configured 10")
    both_ways(host, device, 1, DATA[:20000])


def check_halts(host: UsbHost, device: Gadget) -> None:
    for ep in ("1", "81"):
        host.command(f"halt {ep}")
        same(host.command(f"control 82 0 0 {ep} 2").strip(), "data 0100")
        host.refused("in 1 512" if ep == "81" else "out 1 41", "stalled")
        host.command(f"unhalt {ep}")
        same(host.command(f"control 82 0 0 {ep} 2").strip(), "data 0000")
    both_ways(host, device, 0, DATA[:20000])


def check_storm(host: UsbHost, device: Gadget) -> None:
    answer = host.command("nak-storm 3 500", 60)
    must("500 requests, 0 bytes" in answer, answer)
    both_ways(host, device, 2, DATA[:20000])


def check_requests(host: UsbHost, device: Gadget) -> None:
    """Any request: the gadget answers or stalls, and lives."""
    noise = random.Random(11)
    for _ in range(150):
        words = [noise.choice((0x21, 0x80, 0x81, 0x82, 0xa1, 0xc0,
                               noise.randrange(0x20, 256))),
                 noise.randrange(64), noise.randrange(65536),
                 noise.choice((0, 1, 2, 0x81, noise.randrange(65536))),
                 noise.choice((0, 1, 2, 7, 8, 64, 65,
                               noise.randrange(1024)))]
        data = "" if words[0] & 0x80 else \
            " " + noise.randbytes(words[4]).hex()
        host.try_command("control " + " ".join(f"{w:x}" for w in words)
                         + data)
    host.command("reset")
    both_ways(host, device, 0, DATA[:20000])


CHECKS = {
    "descriptors": check_descriptors,
    "1 MB each way, first function":
        lambda host, device: both_ways(host, device, 0, DATA),
    "1 MB each way, last function":
        lambda host, device: both_ways(host, device, COUNT - 1, DATA),
    "halts": check_halts,
    "requests taken back": check_storm,
    "any control request": check_requests,
}


def main() -> int:
    report = Report("board usbhost: ")
    with folder() as path, Gadget(path / "cable") as device:
        for who in ("linux", "windows"):
            with UsbHost(path, f"unix:{path}/cable", "--as", who) as host:
                for name, check in CHECKS.items():
                    with report.case(f"{who}: {name}"):
                        check(host, device)
                with report.case(f"{who}: a reset after any request"):
                    check_resets(host, device, who)
                with report.case(f"{who}: unplug after any request"):
                    check_unplug(host, device, who)
        with report.case("the gadget's kernel complains of nothing"):
            device.quiet()
            device.alive()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
