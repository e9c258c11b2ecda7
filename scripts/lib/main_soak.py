# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""A guest under load, and a debugger that does anything at any time.

Debian's kernel computes, forks, maps and writes on all CPUs, and checks its own
results. gdb attaches, stops, steps, sets and removes breakpoints and watchpoints
at random places, looks around, detaches and is killed, stopped or running. In
the end the guest's sums must be right, its log clean, every counted call seen,
and nothing of the debugger left. The seed is printed: the same one asks for the
same actions (what the guest is at then differs).

  scripts/soak                     ten minutes
  scripts/soak --minutes 240       a night
  scripts/soak --seed 7 --cpu max"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True

from lib.common import Failure, ROOT, run_main, say  # noqa: E402

# Functions that the load calls all the time, of the kernels 6.1 to 6.12.
HOT_FUNCTIONS = ("vfs_write", "el0_svc", "do_el0_svc", "schedule", "ktime_get",
                 "handle_mm_fault", "copy_page", "wake_up_process",
                 "try_to_wake_up", "pipe_write", "pipe_read", "kmem_cache_free",
                 "enqueue_hrtimer", "__arm64_sys_getppid", "vfs_read",
                 "scheduler_tick", "do_mem_abort", "clear_page", "dput")
DATA = ("jiffies_64", "tick_next_period", "init_task", "vm_event_states")
NEVER = "$x0 == 0x5eed5eed5eed5eed"
BAD_LOG = "BUG|WARNING:|Oops|stall|hung_task|soft lockup|Bad mode|SError"
MILL = r"""
/* mill CPU: works until /stop is there; tells if a sum came out wrong. */
static u64 page[2048];

static u64 sum(u64 seed)
{
	u64 x = seed | 1, all = 0;
	for (int i = 0; i < 2048; i++) {
		x ^= x << 13; x ^= x >> 7; x ^= x << 17;
		page[i] = x;
	}
	for (int i = 2047; i >= 0; i--)
		all = all * 31 + page[i];
	return all;
}

static long sys6(long n, long a, long b, long c, long d, long e, long f)
{
	register long x8 asm("x8") = n, x0 asm("x0") = a, x1 asm("x1") = b;
	register long x2 asm("x2") = c, x3 asm("x3") = d, x4 asm("x4") = e;
	register long x5 asm("x5") = f;
	asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3),
		     "r"(x4), "r"(x5) : "memory");
	return x0;
}

/* A page that is new, a child, and a pipe between both. */
static int child(u64 seed)
{
	u64 *map = (u64 *)sys6(222, 0, 65536, 3, 0x22, -1, 0), got = 0;
	int ends[2], status = 0;

	if ((long)map < 0 && (long)map > -4096)
		return 1;
	for (int i = 0; i < 8192; i += 512)
		map[i] = seed + i;
	if (sys3(59, (long)ends, 0, 0))
		return 2;
	long pid = sys6(220, 17, 0, 0, 0, 0, 0);
	if (!pid) {
		for (int i = 0; i < 8192; i += 512)
			map[i] += 1;
		sys3(64, ends[1], (long)&map[512], 8);
		sys3(93, map[1024] == seed + 1025 ? 0 : 5, 0, 0);
	}
	if (pid < 0 || sys3(63, ends[0], (long)&got, 8) != 8)
		return 3;
	sys6(260, pid, (long)&status, 0, 0, 0, 0);
	sys3(57, ends[0], 0, 0);
	sys3(57, ends[1], 0, 0);
	/* the child's writes are its own */
	if (got != seed + 513 || map[512] != seed + 512 || status)
		return 4;
	sys3(215, (long)map, 65536, 0);
	return 0;
}

int main(int argc, char **argv)
{
	u64 mask = 1ul << number(argv[1]), rounds = 0;

	sys3(122, 0, sizeof(mask), (long)&mask);
	while (sys6(48, -100, (long)"/stop", 0, 0, 0, 0)) {
		u64 seed = rounds % 64 * 77 + mask, a = sum(seed);
		for (int i = 0; i < 20; i++)
			sys3(173, 0, 0, 0);
		if (sum(seed) != a)
			return 10;
		int bad = child(seed);
		if (bad)
			return 10 + bad;
		rounds++;
	}
	return rounds > 3 ? 0 : 9;
}
"""


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/soak", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--minutes", type=float, default=10, metavar="N",
        help="how long (default 10)")
    add("--seed", type=int, metavar="N", help="repeat the actions of a run")
    add("--cpu", default="cortex-a76", metavar="MODEL")
    add("--smp", type=int, default=4, metavar="N", help="CPUs (default 4)")
    add("--kernel", default="kernel-6.1", help="which of Debian's kernels")
    add("--monitor", action="append", default=[], metavar="WORD",
        help="options of the monitor")
    add("--builddir", type=Path, default=ROOT / "build", metavar="DIR")
    add("--verbose", action="store_true", help="name each action")
    return parser.parse_args()


class Soak:
    """One guest, the gdb that is there now, and what was done."""

    def __init__(self, args: argparse.Namespace, harness) -> None:
        self.args, self.h = args, harness
        self.random = random.Random(args.seed)
        self.done: Counter = Counter()
        self.symbols = harness.symbols(args.kernel)
        from guest_programs import HOT, hot_all, programs
        self.hot, self.hot_all = HOT, hot_all
        self.guest = harness.Guest(
            cpu=args.cpu, smp=args.smp, kernel=args.kernel,
            monitor=args.monitor, append="watchdog_thresh=2",
            files={**programs(), "bin/mill": harness.guest_program(MILL)})
        self.gdb = None
        self.points = 0

    def close(self) -> None:
        if self.gdb is not None:
            self.gdb.close()
        self.guest.close()

    def connect(self) -> None:
        """A gdb, attached; the guest is stopped."""
        self.gdb = self.h.Gdb(symbols=self.symbols)
        self.gdb.attach(self.guest)
        self.points = 0

    def patiently(self, command: str) -> None:
        """
        One that may not come back: at a load exclusive gdb's stepi puts a
        breakpoint behind the store exclusive, which a loop that waits for a
        lock need not reach.
        """
        self.gdb.child.sendline(command)
        try:
            self.gdb.wait(3)
        except self.h.Bad:
            self.gdb.interrupt(60)
            # The stop may have come just then: one prompt more, from the ^C.
            mark = f"here-{sum(self.done.values())}"
            self.gdb.child.sendline(f"echo {mark}\\n")
            self.gdb.child.expect(rf"{mark}\s*{self.h.PROMPT}", timeout=20)

    # -- what gdb may do, with the guest stopped before and after ------------

    def run(self) -> None:
        self.gdb.send("continue")
        time.sleep(self.random.random() * 0.3)
        self.gdb.interrupt(60)

    def step(self) -> None:
        self.gdb.cmd(f"thread {self.random.randint(1, self.args.smp)}")
        self.patiently(f"stepi {self.random.randint(1, 40)}")

    def insert(self) -> None:
        place = self.random.choice(HOT_FUNCTIONS)
        offset = 4 * self.random.randint(0, 7)
        kind = self.random.choice(("break", "break", "break", "hbreak"))
        self.gdb.cmd(f"{kind} *(&{place} + {offset}) if {NEVER}")
        self.points += 1

    def insert_many(self) -> None:
        for _ in range(self.random.randint(5, 30)):
            self.insert()

    def watch(self) -> None:
        name = self.random.choice(DATA)
        kind = self.random.choice(("watch", "rwatch", "awatch"))
        self.gdb.cmd(f"{kind} -l *(long *)&{name} if {NEVER}")
        self.points += 1
        self.run()
        self.gdb.cmd("delete $bpnum")

    def remove(self) -> None:
        self.gdb.cmd("delete")
        self.points = 0

    def look(self) -> None:
        self.gdb.cmd(self.random.choice((
            "thread apply all bt 4", "info registers", "x/40i $pc - 40",
            "x/64gx $sp", "info threads", "monitor info",
            "monitor log", "info registers el1_mmu", "p $v0")), 60)

    def stop_at(self) -> None:
        """A breakpoint that hits, then steps and goes."""
        place = self.random.choice(HOT_FUNCTIONS)
        self.gdb.cmd(f"tbreak *&{place}")
        self.patiently("continue")
        self.patiently("finish" if self.random.random() < 0.2 else "stepi 3")

    def count(self) -> None:
        """Calls on all CPUs, all of them seen by gdb."""
        times = self.random.randint(1, 8)
        self.gdb.cmds(f"break *&{self.hot}", "ignore $bpnum 1000000")
        number = self.gdb.value("$bpnum")
        self.gdb.send("continue")
        self.guest.sh(f"({self.hot_all(self.args.smp, times)})", 300)
        self.gdb.interrupt(60)
        seen = self.gdb.hits(number)
        if seen != times * self.args.smp:
            raise Failure(f"{seen} hits of {times * self.args.smp} calls")
        self.gdb.cmd(f"delete {number}")

    def hotplug(self) -> None:
        """A CPU goes and comes while breakpoints are in place."""
        if self.args.smp < 2:
            return
        path = f"/sys/devices/system/cpu/cpu{self.args.smp - 1}/online"
        self.gdb.send("continue")
        self.guest.sh(f"echo 0 >{path} && echo 1 >{path}", 120)
        self.gdb.interrupt(60)

    def detach(self) -> None:
        self.gdb.cmd("detach")
        self.guest.alive()
        self.gdb.attach(self.guest)

    def quit(self) -> None:
        self.gdb.close()
        time.sleep(self.random.random() * 0.5)
        self.connect()

    def kill_stopped(self) -> None:
        self.gdb.kill()
        self.connect()

    def kill_running(self) -> None:
        self.gdb.send("continue")
        time.sleep(self.random.random() * 0.2)
        self.gdb.kill()
        self.guest.alive()
        self.connect()

    ACTIONS: tuple[tuple[int, Callable[["Soak"], None]], ...] = (
        (10, run), (8, step), (10, insert), (3, insert_many), (5, watch),
        (3, remove), (6, look), (6, stop_at), (4, count), (1, hotplug),
        (2, detach), (1, quit), (1, kill_stopped), (1, kill_running))

    def once(self) -> None:
        action = self.random.choices([a for _, a in self.ACTIONS],
                                     [w for w, _ in self.ACTIONS])[0]
        if self.points > 150:
            action = Soak.remove
        name = action.__name__
        if self.args.verbose:
            say(name)
        try:
            action(self)
        except Exception as err:
            if "Fatal signal" in str(err) and not self.gdb.child.isalive():
                # gdb 13 has been seen to crash by itself, in `break`
                say(f"in `{name}`: gdb itself crashed; another one is taken")
                name = "crashes of gdb"
                self.connect()
                self.done[name] += 1
                return
            raise Failure(f"after {sum(self.done.values())} actions, in "
                          f"`{name}`: {err}\n{self.state()}") from err
        self.done[name] += 1

    def state(self) -> str:
        """What a person would look at first."""
        text = ""
        with contextlib.suppress(Exception):
            # At a prompt already, it has stopped by itself: why is here.
            self.gdb.child.sendintr()
            text += f"gdb had printed:\n{self.gdb.wait(5)}"
            text += self.gdb.cmd("echo here\\n", 5)
        for command in ("info threads", "thread apply all bt 8",
                        "info breakpoints", "monitor info",
                        "monitor info breakpoints", "monitor log"):
            with contextlib.suppress(Exception):
                text += f"(gdb) {command}\n{self.gdb.cmd(command, 20)}"
        return text

    # -- from start to end -----------------------------------------------------

    def load(self) -> None:
        mills = "".join(f"((mill {cpu} || echo mill $? >>/wrong) &) ; "
                        for cpu in range(self.args.smp))
        self.guest.sh(f"({mills})", 30)

    def finish(self) -> None:
        """Everything gone, and the guest in order?"""
        self.gdb.cmd("delete")
        self.gdb.send("continue")
        time.sleep(1)
        self.gdb.interrupt(60)
        text = self.gdb.cmd("monitor info")
        left = re.search(r"(\d+) of \d+ shadow pages", text)
        if left and int(left[1]):
            raise Failure(f"shadow pages are left: {text}")
        self.gdb.cmd("detach")
        self.guest.alive()
        self.guest.sh("echo >/stop; while pidof mill >/dev/null; do "
                      "sleep 1; done", 60)
        wrong = self.guest.sh("cat /wrong", status=None)
        if "mill" in wrong:
            raise Failure(f"the guest came to wrong results: {wrong}")
        log = self.guest.sh(f"dmesg | grep -E '{BAD_LOG}'", 30, None)
        if log.strip():
            raise Failure(f"the guest's log: {log}")

    def whole(self) -> None:
        end = time.monotonic() + self.args.minutes * 60
        told = time.monotonic()
        self.load()
        self.connect()
        while time.monotonic() < end:
            self.once()
            if time.monotonic() - told > 60:
                told = time.monotonic()
                say(f"{sum(self.done.values())} actions, "
                    f"{(end - told) / 60:.0f} minutes to go")
        self.finish()
        say("all is well after " + ", ".join(
            f"{count} {name.replace('_', ' ')}"
            for name, count in self.done.most_common()))


def main() -> int:
    args = parse()
    if args.seed is None:
        args.seed = random.SystemRandom().randrange(1 << 32)
    image = (args.builddir / "hyperstub.bin").resolve()
    if not image.exists():
        raise Failure(f"{image} is not there; scripts/test --build makes it")
    os.environ["HYPERSTUB"] = str(image)
    sys.path.insert(0, str(ROOT / "test" / "system"))
    try:
        import harness
    except ModuleNotFoundError as err:
        raise Failure(f"{err.name} is missing; scripts/deps installs it") \
            from err
    say(f"seed {args.seed}, {args.minutes:g} minutes")
    soak = Soak(args, harness)
    try:
        soak.whole()
    finally:
        soak.close()
    return 0


run_main(main, "soak")
