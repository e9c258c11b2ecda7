# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""What system tests share: a guest behind scripts/qemu with its console and
shell, a stock gdb on a terminal, and the lines that scripts/test counts.
Everything lives in one temporary folder and ends by process id."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import Iterator, Mapping, Optional, Sequence

import pexpect

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True

from lib import assets  # noqa: E402
from lib.initramfs import MARKER  # noqa: E402
from lib.supervise import die_with_parent  # noqa: E402

QEMU = ROOT / "scripts" / "qemu"
# What the launcher starts.
EMULATOR = os.environ.get("QEMU") or "qemu-system-aarch64"
# The window for physical addresses, as stub/target.h has it.
PHYS = 0x0072 << 48
UART_DATA = 0x0900_0000
PROMPT = "<<gdb>>"
BOOT_LIMIT = 150


class Bad(AssertionError):
    """A check did not hold; the text says what was seen."""


def must(good: object, why: object = "") -> None:
    """Fail the case under way unless good."""
    if not good:
        raise Bad(str(why))


def same(got: object, wanted: object, what: str = "") -> None:
    """Fail unless both are equal; shows both."""
    if got != wanted:
        shown = [text if len(text) < 2000 else f"{text[:900]}...{text[-900:]}"
                 for text in (repr(got), repr(wanted))]
        raise Bad(f"{what or 'value'}: got {shown[0]}, wanted {shown[1]}")


def wanted(name: str) -> bool:
    """Does HYPERSTUB_CASES, a regular expression, match that name?"""
    return bool(re.search(os.environ.get("HYPERSTUB_CASES", ""), name))


class Report:
    """Prints the lines that scripts/test counts."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.failures = 0

    @contextlib.contextmanager
    def case(self, name: str, gdb: Optional["Gdb"] = None) -> Iterator[None]:
        """
        One named check: ok unless its block raises. After a failure gdb is
        brought back to its prompt, so that the next case can run.
        """
        name = self.prefix + name
        start = time.monotonic()
        try:
            yield
        except Skip as why:
            print(f"skip {name}: {why}", flush=True)
            return
        except Exception as err:  # Any error is this case's failure.
            self.failures += 1
            print(f"not ok {name}", flush=True)
            text = str(err) if isinstance(err, Bad) \
                else traceback.format_exc(limit=-4)
            for line in text.splitlines()[-40:]:
                print(f"#   {line}")
            if gdb is not None:
                gdb.recover()
            return
        print(f"ok {name}  # {time.monotonic() - start:.1f} s", flush=True)

    def alike(self, native: Mapping[str, object],
              found: Mapping[str, Mapping[str, object]]) -> None:
        """A case for each fact and each way in which it was found."""
        for how, texts in found.items():
            for name, wanted in native.items():
                with self.case(f"{name}: {how}"):
                    same(texts[name], wanted, name)

    def end(self) -> int:
        """The exit status."""
        return 1 if self.failures else 0


class Skip(Exception):
    """This case cannot be run here; the text says why."""


class Console(threading.Thread):
    """Reads the guest's serial port; all of its text is kept."""

    def __init__(self, path: str) -> None:
        super().__init__(daemon=True)
        self.peer = socket.socket(socket.AF_UNIX)
        connect(self.peer, path)
        self.text = ""
        self.news = threading.Condition()
        self.closed = False

    def run(self) -> None:
        while True:
            try:
                data = self.peer.recv(65536)
            except OSError:
                data = b""
            with self.news:
                self.text += data.decode(errors="replace").replace("\r", "")
                self.closed = not data
                self.news.notify_all()
            if not data:
                return

    def wait(self, pattern: str, seconds: float, start: int = 0) -> re.Match:
        """Wait until the text from `start` on matches."""
        regex = re.compile(pattern, re.S)
        end = time.monotonic() + seconds
        with self.news:
            while True:
                match = regex.search(self.text, start)
                if match:
                    return match
                left = end - time.monotonic()
                if left <= 0 or self.closed:
                    tail = self.text[max(start, len(self.text) - 1500):]
                    raise Bad(f"the console does not show {pattern!r}"
                              f"{' (closed)' if self.closed else ''}; its "
                              f"end:\n{tail}")
                self.news.wait(left)

    def send(self, text: str) -> None:
        """Type that."""
        self.peer.sendall(text.encode())


def connect(peer: socket.socket, path: str, seconds: float = 20) -> None:
    """Connect to a Unix socket that may not be there yet."""
    end = time.monotonic() + seconds
    while True:
        try:
            peer.connect(path)
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


class Guest:
    """A guest under the monitor (or native), its console and shell."""

    def __init__(self, cpu: str = "cortex-a76", smp: int = 1,
                 memory: str = "512M", append: str = "", wait: bool = False,
                 native: bool = False, monitor: Sequence[str] = (),
                 kernel: str | Path = "kernel-6.1",
                 files: Optional[Mapping[str, bytes]] = None,
                 boot: bool = True, extra: Sequence[str] = (),
                 program: Optional[Path] = None,
                 options: Sequence[str] = (),
                 serial: str = "guest") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hs-"))
        self.gdb_path = f"{self.folder}/gdb"
        self.log = open(self.folder / "launcher.log", "w+")
        command = [str(QEMU), "--cpu", cpu, "--smp", str(smp), "--memory",
                   memory, "--gdb", f"unix:{self.gdb_path}", "--console",
                   f"unix:{self.folder}/console"]
        if program is not None:
            command += ["--kernel", str(program)]
        else:
            image = (kernel if isinstance(kernel, Path)
                     else assets.kernel(kernel).vmlinuz)
            command += ["--kernel", str(image), "--initrd", str(assets.initramfs(files)), "--append",
                        f"console=ttyAMA0 loglevel=4 {append}".strip()]
        command += ["--wait"] if wait else []
        command += options
        if serial != "guest":
            command += ["--serial", serial, "--log",
                        f"file:{self.folder}/uart.log"]
        command += ["--native"] if native else []
        for words in monitor:
            command += ["--monitor", words]
        if extra:
            command += ["--", *extra]
        self.launcher = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, preexec_fn=die_with_parent(signal.SIGTERM))
        self.shell_ready = False
        self.number = 0
        try:
            self.console = Console(f"{self.folder}/console")
            self.console.start()
            if boot and not wait and program is None:
                self.wait_up()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Guest":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def wait_up(self, seconds: float = BOOT_LIMIT) -> None:
        """Wait for init, then make the shell quiet."""
        self.console.wait(re.escape(MARKER), seconds)
        # Of the typed line only the output has both halves together.
        self.console.send("stty -echo; PS1=; echo shell-'ready'\n")
        self.console.wait("shell-ready\n", 30)
        self.shell_ready = True

    def start_sh(self, command: str) -> tuple[int, int]:
        """Type a command; where its output starts, and its number."""
        self.number += 1
        start = len(self.console.text)
        self.console.send(f"{command}\necho \"<$?\"\"done{self.number}>\"\n")
        return start, self.number

    def end_sh(self, token: tuple[int, int], seconds: float = 30,
               status: Optional[int] = 0) -> str:
        """Wait for a command that start_sh() began; its output."""
        start, number = token
        match = self.console.wait(rf"<(\d+)done{number}>\n", seconds, start)
        text = self.console.text[start:match.start()]
        if status is not None and int(match.group(1)) != status:
            raise Bad(f"the guest's command ended with {match.group(1)}: "
                      f"{text}")
        return text

    def sh(self, command: str, seconds: float = 30,
           status: Optional[int] = 0) -> str:
        """Run a command in the guest; its output."""
        return self.end_sh(self.start_sh(command), seconds, status)

    def no_complaints(self) -> None:
        """Its kernel has said nothing bad so far."""
        bad = re.findall(r"^.*(?:Call trace|WARNING:|BUG|Unable to handle|"
                         r"SError|stall).*$", self.sh("dmesg"), re.M)
        must(not bad, "\n".join(bad))

    def alive(self) -> None:
        """The guest still answers on its console."""
        same(self.sh("echo al''ive", 20).strip(), "alive", "guest's shell")

    def close(self) -> None:
        """End the launcher, its QEMU goes with it."""
        self.launcher.terminate()
        try:
            self.launcher.wait(10)
        except subprocess.TimeoutExpired:
            self.launcher.kill()
            self.launcher.wait()
        self.log.flush()
        text = (self.folder / "launcher.log").read_text(errors="replace")
        for line in text.splitlines()[-10:]:
            if "terminating on signal" not in line:
                print(f"# launcher: {line}")
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


STEPPER = """python
import time
def step_for(seconds, least):
    start = time.monotonic()
    places, odd = [], []
    arch = gdb.selected_frame().architecture()
    at = int(gdb.parse_and_eval('(unsigned long)$pc'))
    thread = gdb.selected_thread().num
    while len(places) < least or time.monotonic() < start + seconds:
        text = arch.disassemble(at)[0]['asm']
        gdb.execute('stepi', True, True)
        new = int(gdb.parse_and_eval('(unsigned long)$pc'))
        word = text.split()[0]
        jumps = word.startswith(('b', 'cb', 'tb', 'ret', 'eret', 'svc')) \\
            and not word.startswith('bf') or word in ('retaa', 'retab')
        if new != at + 4 and not jumps:
            odd.append('%#x %s -> %#x' % (at, text, new))
        if gdb.selected_thread().num != thread:
            odd.append('thread %d' % gdb.selected_thread().num)
        places.append(at)
        at = new
    print("STEPS %d DISTINCT %d ODD %r" %
          (len(places), len(set(places)), odd[:5]))
end"""


class Gdb:
    """gdb-multiarch on a terminal: commands in, their text out."""

    def __init__(self, program: str = "gdb-multiarch",
                 symbols: Optional[Path] = None) -> None:
        self.program, self.symbols = program, symbols
        self.start()

    def start(self) -> None:
        """A new process of it."""
        env = {**os.environ, "TERM": "dumb", "LC_ALL": "C"}
        self.child = pexpect.spawn(self.program, ["-nx", "-q"], env=env,
                                   echo=False, encoding="utf-8",
                                   codec_errors="replace", timeout=60,
                                   dimensions=(50, 400))
        self.child.delaybeforesend = None
        self.stepper = False
        self.child.expect(r"\(gdb\) ")
        self.child.sendline(f"set prompt {PROMPT}")
        self.child.expect(PROMPT)
        for setting in ("editing off", "confirm off", "pagination off",
                        "width 0", "height 0", "breakpoint pending off",
                        "architecture aarch64", "remotetimeout 20",
                        "style enabled off"):
            self.cmd(f"set {setting}")
        if self.symbols is not None:
            self.cmd(f"file {self.symbols}", 60)

    def __enter__(self) -> "Gdb":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def cmd(self, command: str, seconds: float = 30) -> str:
        """A command's output."""
        self.child.sendline(command)
        return self.wait(seconds, command)

    def cmds(self, *commands: str) -> str:
        """Several; their output in one."""
        return "".join(self.cmd(each) for each in commands)

    def send(self, command: str, until: str = "Continuing.") -> None:
        """A command that does not come back by itself."""
        self.child.sendline(command)
        self.child.expect_exact(until, timeout=20)

    def wait(self, seconds: float = 30, what: str = "a stop") -> str:
        """Wait for the prompt; what was printed before it."""
        try:
            self.child.expect_exact(PROMPT, timeout=seconds)
        except (pexpect.TIMEOUT, pexpect.EOF) as err:
            seen = (self.child.before or "").replace("\r", "")[-1500:]
            raise Bad(f"gdb: no prompt within {seconds} s after {what!r} "
                      f"({type(err).__name__}); it had printed:\n{seen}") \
                from None
        return self.child.before.replace("\r", "")

    def interrupt(self, seconds: float = 20) -> str:
        """^C, and what gdb says to the stop."""
        self.child.sendintr()
        return self.wait(seconds, "^C")

    def line_gone(self, seconds: float = 30) -> str:
        """
        Its tty goes while the guest runs: what it says, at its prompt again.
        gdb 16 prints an error and does not come back, by no ^C either: then
        it is a new process.
        """
        which = self.child.expect_exact([PROMPT, "Error detected on fd"],
                                        timeout=seconds)
        text = self.child.before.replace("\r", "")
        if which == 1:
            print("# this gdb does not come back from a tty that is gone")
            self.kill()
            self.start()
        return text

    def recover(self) -> None:
        """Back to a prompt with nothing inserted, whatever went before."""
        for number in range(3):
            mark = f"in-step-{number}"
            try:
                self.child.sendline(f"echo {mark}\\n")
                self.child.expect(rf"{mark}\s*{PROMPT}", timeout=3)
                break
            except (pexpect.TIMEOUT, pexpect.EOF):
                with contextlib.suppress(Exception):
                    self.child.sendintr()
        with contextlib.suppress(Exception):
            self.cmd("delete", 5)

    def value(self, expression: str) -> int:
        """An expression's value as an unsigned number."""
        text = self.cmd(f"output/d (unsigned long)({expression})")
        try:
            return int(text.strip()) & (1 << 64) - 1
        except ValueError:
            raise Bad(f"{expression}: gdb says {text.strip()}") from None

    def attach(self, guest: Guest, seconds: float = 30) -> str:
        """target remote to a guest's socket."""
        text = self.cmd(f"target remote {guest.gdb_path}", seconds)
        if re.search(r"refused|timed out|closed|Remote replied|No such", text):
            raise Bad(f"attach: {text}")
        return text

    def go(self, seconds: float = 30) -> str:
        """continue, and what gdb says to the stop."""
        return self.cmd("continue", seconds)

    def steps(self, seconds: float, least: int) -> tuple[int, int]:
        """
        stepi for so long and so often at least, each one looked at: how many,
        and at how many places.
        """
        if not self.stepper:
            for line in STEPPER.splitlines():
                self.child.sendline(line)
            self.wait(30, "the stepper")
            self.stepper = True
        text = self.cmd(f"python step_for({seconds}, {least})", 90)
        match = re.search(r"STEPS (\d+) DISTINCT (\d+) ODD (.*)", text)
        must(match, text)
        same(match.group(3), "[]", "steps that go elsewhere")
        return int(match.group(1)), int(match.group(2))

    def threads(self) -> list[str]:
        """The lines of `info threads`."""
        return re.findall(r"^[* ] +\d+ +.*$", self.cmd("info threads"), re.M)

    def hits(self, number: int) -> int:
        """How often gdb's breakpoint of that number was hit."""
        text = self.cmd(f"info breakpoints {number}")
        match = re.search(r"already hit (\d+) time", text)
        return int(match.group(1)) if match else 0

    def kill(self) -> None:
        """kill -9, as when gdb crashes."""
        os.kill(self.child.pid, signal.SIGKILL)
        with contextlib.suppress(Exception):
            self.child.wait()
        self.child.close(force=True)

    def close(self) -> None:
        """Quit."""
        if not self.child.isalive():
            return
        with contextlib.suppress(Exception):
            self.child.sendline("quit")
            self.child.expect(pexpect.EOF, timeout=3)
        self.child.close(force=True)


# A guest program in C without a libc: arguments are numbers.
START = """
	.globl _start
_start:	ldr	x0, [sp]
	add	x1, sp, #8
	and	sp, x1, #-16
	bl	main
	mov	x8, #94
	svc	#0
"""
HEAD = """
typedef unsigned long u64;
static inline long sys3(long n, long a, long b, long c)
{
	register long x8 asm("x8") = n, x0 asm("x0") = a;
	register long x1 asm("x1") = b, x2 asm("x2") = c;
	asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}
static inline u64 number(const char *s)
{
	u64 v = 0;
	while (*s >= '0' && *s <= '9')
		v = v * 10 + (u64)(*s++ - '0');
	return v;
}
"""


def guest_program(source: str, *options: str) -> bytes:
    """A static arm64 program from C source with main(argc, argv)."""
    with tempfile.TemporaryDirectory(prefix="hs-cc-") as temp:
        (Path(temp) / "start.s").write_text(START)
        (Path(temp) / "prog.c").write_text(HEAD + source)
        subprocess.run(
            ["aarch64-linux-gnu-gcc", "-O2", "-nostdlib", "-static",
             "-ffreestanding", "-fno-stack-protector", "-Wl,--build-id=none",
             "-s", *options, "-o", "prog", "start.s", "prog.c"],
            cwd=temp, check=True)
        return (Path(temp) / "prog").read_bytes()


def libc_program(name: str, *more: str) -> tuple[bytes, dict[str, int]]:
    """
    A static arm64 program with glibc, from test/guest/linux and more words of
    gcc, with files of test/guest; where its symbols are.
    """
    source = Path("linux") / f"{name}.c"
    with tempfile.TemporaryDirectory(prefix="hs-cc-") as temp:
        out = str(Path(temp) / name)
        subprocess.run(
            ["aarch64-linux-gnu-gcc", "-O2", "-Wall", "-Wextra", "-Werror",
             "-fno-strict-aliasing", "-no-pie", "-static",
             # where no other program has code, not even busybox
             "-Wl,--build-id=none,-Ttext-segment=0x7000000",
             "-Wl,--no-warn-rwx-segments", "-o", out, str(source), *more],
            cwd=ROOT / "test" / "guest", check=True)
        lines = subprocess.run(["aarch64-linux-gnu-nm", out], check=True,
                               stdout=subprocess.PIPE, text=True).stdout
        subprocess.run(["aarch64-linux-gnu-strip", out], check=True)
        fields = [line.split() for line in lines.splitlines()]
        return Path(out).read_bytes(), {
            words[2]: int(words[0], 16) for words in fields
            if len(words) == 3}


def symbols(kernel: str = "kernel-6.1") -> Path:
    """A kernel's symbol file."""
    return assets.symbols(kernel)
