# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""A stock Linux VM as the USB host: Debian's kernel with its own xhci and
cdc_acm, behind QEMU's usb-redir. Each ttyACM is relayed to a Unix socket
outside, so that a debugger here can use it: while somebody is connected to
the socket the terminal is open in the VM, and DTR is set."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from harness import Bad, Guest, assets, connect, guest_program, must
from usb import PORTS, Port

KERNEL = "kernel-6.1"
MODULES = ("virtio_pci", "virtio_console", "xhci-pci", "cdc-acm")
# Between a ttyACM and a virtio port, raw, both ways, without blocking.
RELAY = r"""
static long sys5(long n, long a, long b, long c, long d, long e)
{
	register long x8 asm("x8") = n, x0 asm("x0") = a, x1 asm("x1") = b;
	register long x2 asm("x2") = c, x3 asm("x3") = d, x4 asm("x4") = e;

	asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3),
		     "r"(x4) : "memory");
	return x0;
}

struct pollfd { int fd; short events, revents; };
enum { POLLIN = 1, POLLOUT = 4, POLLERR = 8, POLLHUP = 16 };
enum { AT_FDCWD = -100, O_FLAGS = 02 | 0400 | 04000, EAGAIN = 11 };
enum { IOCTL = 29, OPENAT = 56, CLOSE = 57, READ = 63, WRITE = 64,
       PPOLL = 73 };

static int wait_for(struct pollfd *p, int n, long ms)
{
	long limit[2] = { ms / 1000, ms % 1000 * 1000000 };

	return sys5(PPOLL, (long)p, n, (long)limit, 0, 8);
}

static int open_file(const char *path)
{
	return sys5(OPENAT, AT_FDCWD, (long)path, O_FLAGS, 0, 0);
}

struct way { int from, to; long have, done; char data[16384]; };

/* False: an end has gone. */
static int move(struct way *w)
{
	long n;

	if (w->done == w->have) {
		w->done = w->have = 0;
		n = sys3(READ, w->from, (long)w->data, sizeof(w->data));
		if (n <= 0)
			return n == -EAGAIN;
		w->have = n;
	}
	n = sys3(WRITE, w->to, (long)(w->data + w->done), w->have - w->done);
	if (n < 0)
		return n == -EAGAIN;
	w->done += n;
	return 1;
}

static void set_raw(int fd)
{
	struct { unsigned int flags[4]; unsigned char line, cc[19]; } t;

	sys3(IOCTL, fd, 0x5401, (long)&t);
	t.flags[0] = t.flags[1] = t.flags[3] = 0;
	/* 115200 8N1; HUPCL: DTR goes off with the last close */
	t.flags[2] = 02 | 060 | 0200 | 02000 | 04000 | 010000;
	t.cc[6] = 1;
	t.cc[5] = 0;
	sys3(IOCTL, fd, 0x5402, (long)&t);
}

static struct way out, in;

static void relay(int tty, int port)
{
	struct pollfd p[2];

	out.from = in.to = tty;
	out.to = in.from = port;
	out.have = out.done = in.have = in.done = 0;
	for (;;) {
		int tty_full = out.have > out.done;
		int port_full = in.have > in.done;

		p[0] = (struct pollfd){ tty, (tty_full ? 0 : POLLIN) |
					(port_full ? POLLOUT : 0) };
		p[1] = (struct pollfd){ port, (port_full ? 0 : POLLIN) |
					(tty_full ? POLLOUT : 0) };
		wait_for(p, 2, 1000);
		if (p[0].revents & (POLLERR | POLLHUP))
			return;
		if (p[0].revents || p[1].revents)
			if (!move(&out) || !move(&in))
				return;
		if (p[1].revents & POLLHUP && in.have == in.done)
			return;
	}
}

int main(int argc, char **argv)
{
	int tty, port = open_file(argv[2]);

	if (argc != 3 || port < 0)
		return 1;
	for (;;) {
		struct pollfd p = { port, POLLOUT };

		wait_for(&p, 1, 1000);
		if (p.revents & POLLHUP || !p.revents) {
			wait_for(&p, 0, 20);
			continue;
		}
		tty = open_file(argv[1]);
		if (tty < 0) {
			wait_for(&p, 0, 50);
			continue;
		}
		set_raw(tty);
		relay(tty, port);
		sys3(CLOSE, tty, 0, 0);
	}
}
"""


class LinuxHost(Guest):
    """The VM. It connects to a usbredir device at that Unix socket, and again
    each second when that goes."""

    def __init__(self, folder: Path, usbredir: str) -> None:
        self.sockets = folder
        modules = assets.kernel(KERNEL).with_dependencies(*MODULES)
        files = {f"usb/{number:02}-{name}.ko": data
                 for number, (name, data) in enumerate(modules.items())}
        files["etc/init.d/usb"] = b"for m in /usb/*.ko; do insmod $m; done\n"
        files["bin/relay"] = guest_program(RELAY)
        extra = ["-device", "qemu-xhci,id=xhci",
                 "-chardev", f"socket,id=usb,path={usbredir},reconnect=1",
                 "-device", "usb-redir,chardev=usb,id=dev,bus=xhci.0",
                 "-device", "virtio-serial-pci,id=relay"]
        for number, name in enumerate(PORTS, 1):
            extra += ["-chardev", f"socket,id=r{number},server=on,wait=off,"
                      f"path={folder}/acm{name}",
                      "-device", f"virtserialport,bus=relay.0,nr={number},"
                      f"chardev=r{number},name={name}"]
        super().__init__(native=True, kernel=KERNEL, memory="256M",
                         files=files, extra=extra)
        # the kernel's complaints would come between the shell's words
        self.sh("echo 1 >/proc/sys/kernel/printk")
        for number in range(len(PORTS)):
            self.sh(f"relay /dev/ttyACM{number} /dev/vport0p{number + 1} "
                    ">/dev/null 2>&1 &")

    def facts(self, path: str) -> str:
        """A file below /sys/bus/usb/devices."""
        return self.sh(f"cat /sys/bus/usb/devices/{path}").strip()

    def wait_for(self, what: str, seconds: float = 20) -> None:
        """Wait until that shell condition holds in the VM."""
        end = time.monotonic() + seconds
        while "=yes" not in self.sh(f"{what} && echo =yes", status=None):
            if time.monotonic() > end:
                raise Bad(f"not so after {seconds} s: {what}\n"
                          + self.sh("dmesg | tail -20"))
            time.sleep(0.1)

    def port(self, name: str) -> Port:
        """One of the device's ports, as a program in the VM would open it."""
        peer = socket.socket(socket.AF_UNIX)
        connect(peer, f"{self.sockets}/acm{name}")
        return Port(peer.detach())

    def path(self, name: str) -> Path:
        """The Unix socket of that port, for `target remote`."""
        must(name in PORTS, name)
        return self.sockets / f"acm{name}"
