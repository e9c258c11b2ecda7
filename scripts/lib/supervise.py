# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Runs one QEMU and sees to it that it never outlives the one who wanted
it: ended by its process id on a signal, on hang-up of a piped standard
input, and by the kernel if this process is killed."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import termios
from typing import Callable, Optional, Sequence

from lib.common import Failure
from lib.door import Door

PR_SET_PDEATHSIG = 1
GRACE = 0.3
POLLRDHUP = getattr(select, "POLLRDHUP", 0x2000)
SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def die_with_parent(number: int) -> Callable[[], None]:
    """What a child runs before exec, to get a signal when its parent goes."""
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def set_up() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
    return set_up


class Terminal:
    """The terminal's settings, put back as they were when QEMU is gone."""

    def __init__(self) -> None:
        self.saved: Optional[list] = None
        try:
            self.saved = termios.tcgetattr(0)
        except (termios.error, OSError):
            pass

    def restore(self) -> None:
        """Put back what was there at the start."""
        if self.saved is not None:
            try:
                termios.tcsetattr(0, termios.TCSANOW, self.saved)
            except (termios.error, OSError):
                pass


def _end(child: subprocess.Popen) -> None:
    """End the child by its process id: asked first, then made to."""
    for how in (child.terminate, child.kill):
        if child.poll() is not None:
            return
        how()
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            pass
    child.wait()


def supervise(command: list[str], watch_stdin: bool,
              beside: Sequence[str] = (),
              door: Optional[Door] = None) -> int:
    """
    Run QEMU until it ends by itself (its exit status is returned), a signal
    comes (128 + signal), or, with watch_stdin, the other side of standard
    input hangs up (0). Another command may run beside it, and ends with it.
    With a door, see to it meanwhile.
    """
    got: list[int] = []
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    os.set_blocking(wake_read, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    for number in SIGNALS:
        signal.signal(number, lambda num, frame: got.append(num))
    signal.signal(signal.SIGCHLD, lambda num, frame: None)
    terminal = Terminal()
    try:
        child = subprocess.Popen(
            command, preexec_fn=die_with_parent(signal.SIGKILL),
            pass_fds=door.inherited() if door else ())
    except OSError as err:
        raise Failure(f"{command[0]}: {err.strerror}; set QEMU= to a "
                      "qemu-system-aarch64") from err
    helper = None
    if beside:
        helper = subprocess.Popen(beside, stdin=subprocess.DEVNULL,
                                  preexec_fn=die_with_parent(signal.SIGKILL))
    poller = select.poll()
    poller.register(wake_read, select.POLLIN)
    if watch_stdin:
        poller.register(0, POLLRDHUP)
    if door:
        door.started()
        poller.register(door.listener, select.POLLIN)
    try:
        while child.poll() is None and not got:
            for fd, events in poller.poll(door and door.timeout()):
                if fd == 0 and events & (select.POLLHUP | select.POLLERR
                                         | select.POLLNVAL | POLLRDHUP):
                    return 0
                if fd == wake_read:
                    os.read(wake_read, 64)
                if door and fd == door.listener.fileno():
                    door.accept()
            if door:
                door.tick()
        if got:
            return 128 + got[0]
        status = child.returncode
        if status < 0:
            print(f"scripts/qemu: QEMU was ended by signal {-status}",
                  file=sys.stderr)
            return 128 - status
        return status
    finally:
        _end(child)
        if helper is not None:
            _end(helper)
        if door:
            door.close()
        terminal.restore()
