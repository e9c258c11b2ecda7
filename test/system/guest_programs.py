# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""Small programs for the Linux guest: system calls in exact numbers, on the
CPU that is asked for, of a kind that nobody else makes."""

from harness import guest_program

# The kernel function that `hot` and `once` call; nothing else in the guest does.
HOT = "__arm64_sys_sched_get_priority_max"

HOT_SOURCE = r"""
/* hot CPU TIMES ARGUMENT: so many calls; their second argument counts. */
int main(int argc, char **argv)
{
	u64 mask = 1ul << number(argv[1]), times = number(argv[2]);

	if (sys3(122, 0, sizeof(mask), (long)&mask) < 0)
		return 9;
	for (u64 i = 1; i <= times; i++)
		if (sys3(125, argc > 3 ? (long)number(argv[3]) : 1, i, 0) == -38)
			return 8;
	return 0;
}
"""

ONCE_SOURCE = r"""
/* once: makes one call and ends with its result. */
int main(int argc, char **argv)
{
	return sys3(125, argc > 1 ? (long)number(argv[1]) : 1, 0, 0) & 0xff;
}
"""

SPIN_SOURCE = r"""
/* spin CPU MILLISECONDS: user space only, but for the clock. */
int main(int argc, char **argv)
{
	u64 mask = 1ul << number(argv[1]), start, now, freq;

	sys3(122, 0, sizeof(mask), (long)&mask);
	asm volatile("mrs %0, cntfrq_el0" : "=r"(freq));
	asm volatile("isb; mrs %0, cntvct_el0" : "=r"(start));
	do {
		asm volatile("isb; mrs %0, cntvct_el0" : "=r"(now));
	} while ((now - start) * 1000 / freq < number(argv[2]));
	return 0;
}
"""


def programs() -> dict[str, bytes]:
    """Files for the initramfs."""
    return {"bin/hot": guest_program(HOT_SOURCE),
            "bin/once": guest_program(ONCE_SOURCE),
            "bin/spin": guest_program(SPIN_SOURCE)}


def hot_all(cpus: int, times: int, argument: int = 1) -> str:
    """A shell command: that many calls on each CPU at once, then wait."""
    one = "".join(f"hot {cpu} {times} {argument} & " for cpu in range(cpus))
    return one + "wait"
