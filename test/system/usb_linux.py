# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""For tests with a USB cable: QEMU's control socket, Debian's kernel with the
modules of a USB gadget or of a USB host, the tty of each, and bytes compared
on both ends."""

from __future__ import annotations

import json
import re
import socket
import tempfile
import time

from typing import Any, Callable, Mapping, Optional, Sequence

from harness import BOOT_LIMIT, Bad, Guest, assets, connect, must, same

DWC3 = "/machine/dwc3"


class Qmp:
    """QEMU's control socket."""

    def __init__(self, path: str) -> None:
        self.peer = socket.socket(socket.AF_UNIX)
        connect(self.peer, path)
        self.peer.settimeout(20)
        self.lines = self.peer.makefile("r")
        self.lines.readline()
        self.cmd("qmp_capabilities")

    def cmd(self, name: str, **arguments: Any) -> Any:
        """A command's result."""
        self.peer.sendall(json.dumps(
            {"execute": name, "arguments": arguments}).encode() + b"\n")
        while True:
            line = self.lines.readline()
            if not line:
                raise Bad(f"{name}: QEMU has gone")
            answer = json.loads(line)
            if "error" in answer:
                raise Bad(f"{name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def get(self, name: str) -> Any:
        """A property of the DWC3."""
        return self.cmd("qom-get", path=DWC3, property=name)

    def set(self, name: str, value: Any) -> None:
        """Change a property of the DWC3."""
        self.cmd("qom-set", path=DWC3, property=name, value=value)


def modules(names: Sequence[str], kernel: str = "kernel-6.1",
            then: str = "") -> dict[str, bytes]:
    """Guest files: modules, and a script of init's that loads them."""
    files, script = {}, ""
    for name, data in assets.kernel(kernel).with_dependencies(*names).items():
        files[f"lib/m/{name}.ko"] = data
        script += f"insmod /lib/m/{name}.ko\n"
    files["etc/init.d/usb"] = (script + then).encode()
    return files


class UsbGuest(Guest):
    """A guest with a control socket."""

    def __init__(self, tty: str, extra: Sequence[str] = (),
                 **arguments: Any) -> None:
        self.tty = tty
        self.qmp_folder = tempfile.TemporaryDirectory(prefix="hs-qmp-")
        path = f"{self.qmp_folder.name}/qmp"
        super().__init__(extra=["-qmp", f"unix:{path},server=on,wait=off",
                                *extra], **arguments)
        try:
            self.qmp = Qmp(path)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        super().close()
        self.qmp_folder.cleanup()

    def wait_up(self, seconds: float = BOOT_LIMIT) -> None:
        """Wait for the shell; the kernel's messages stay in dmesg."""
        super().wait_up(seconds)
        self.sh("dmesg -n 1")

    def background(self, command: str) -> None:
        """
        Start a command that is nobody's job: at the end of one of its own
        busybox's shell can take the signal for the end of its input.
        """
        self.sh(f"(({command}) < /dev/null > /dev/null 2>&1 &)")

    def until(self, command: str, wanted: str, seconds: float = 20) -> None:
        """Repeat a command in the guest until it prints just that."""
        tries = int(seconds * 10)
        text = self.sh(f"i=0; while t=\"$({command})\"; [ \"$t\" != "
                       f"\"{wanted}\" -a $i -lt {tries} ]; do sleep 0.1; "
                       "i=$((i+1)); done; echo \"$t\"", seconds * 4 + 20)
        same(text.strip(), wanted, command)

    def raw(self) -> None:
        """Make the tty pass every byte."""
        self.sh(f"stty -F {self.tty} raw -echo -onlcr -opost -ixon")


def gadget(cable: str, names: Sequence[str] = ("usb_f_acm", "g_serial"),
           options: Sequence[str] = (), then: str = "",
           **arguments: Any) -> UsbGuest:
    """Debian's kernel with no monitor on the board, its cable at that path."""
    return UsbGuest(
        "/dev/ttyGS0", native=True,
        files={**modules(("phy_generic", "dwc3", *names), then=then)},
        options=["--board", "virt-usb", "--usb", f"unix:{cable}", *options],
        **arguments)


def host(cable: Optional[str], names: Sequence[str] = ("cdc_acm",),
         files: Optional[Mapping[str, bytes]] = None,
         **arguments: Any) -> UsbGuest:
    """Debian's kernel on stock QEMU, the cable plugged into its xhci."""
    extra = ["-device", "qemu-xhci,id=xhci"]
    if cable:
        extra += ["-chardev", f"socket,id=cable,path={cable}",
                  "-device", "usb-redir,chardev=cable,id=plug"]
    return UsbGuest("/dev/ttyACM0", native=True, extra=extra,
                    files={**modules(("xhci_pci", *names)), **(files or {})},
                    **arguments)


def plug(guest: UsbGuest, cable: str, name: str) -> None:
    """Plug the cable into a running host."""
    guest.qmp.cmd("chardev-add", id=name, backend={
        "type": "socket", "data": {
            "addr": {"type": "unix", "data": {"path": cable}},
            "server": False}})
    guest.qmp.cmd("device_add", driver="usb-redir", chardev=name, id=name)


def transfer(sender: UsbGuest, receiver: UsbGuest, size: int,
             seconds: float = 60,
             meanwhile: Optional[Callable[[], None]] = None) -> float:
    """Random bytes from one tty to the other; seconds it took."""
    sender.sh(f"head -c {size} /dev/urandom > /tmp/sent", seconds)
    sent = sender.sh("md5sum < /tmp/sent", seconds).split()[0]
    for end in (sender, receiver):
        end.raw()
    receiver.sh("rm -f /tmp/got /tmp/open /tmp/all")
    receiver.background(f"exec 3< {receiver.tty}; touch /tmp/open; "
                        f"head -c {size} <&3 > /tmp/got; touch /tmp/all")
    receiver.until("ls /tmp/open 2> /dev/null", "/tmp/open")
    start = time.monotonic()
    token = sender.start_sh(f"cat /tmp/sent > {sender.tty}")
    if meanwhile:
        meanwhile()
    sender.end_sh(token, seconds)
    receiver.until("ls /tmp/all 2> /dev/null", "/tmp/all", seconds)
    took = time.monotonic() - start
    got = receiver.sh("md5sum < /tmp/got", seconds).split()[0]
    if got != sent:
        raise Bad(f"{size} bytes sent, other ones received: "
                  + receiver.sh("ls -l /tmp/got"))
    return took


def quiet(guest: UsbGuest) -> None:
    """Its kernel complains of nothing."""
    bad = re.findall(r"^.*(?:Call trace|WARNING:|BUG|Unable to handle|"
                     r"timed out|failed).*$", guest.sh("dmesg"), re.M | re.I)
    bad = [line for line in bad if "regulatory.db" not in line]
    must(not bad, "\n".join(bad))


