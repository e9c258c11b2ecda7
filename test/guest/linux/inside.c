/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A debugger inside the guest: ptrace and perf_event_open on itself, one kind
 * a run. What it prints is the same wherever it runs, so that two machines can
 * be compared by their text. Linux only, statically linked, with glibc.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 16
#define ENABLE 1
#define EL0 (2 << 1)

struct slots { /* struct user_hwdebug_state */
	uint32_t info, pad;
	struct {
		uint64_t addr;
		uint32_t ctrl, pad;
	} reg[SLOTS];
};

static volatile uint64_t memory[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

/* ---- what is debugged ------------------------------------------------------------ */

#define PLACES(X) X(0) X(1) X(2) X(3) X(4) X(5)
#define PLACE(n)                                                           \
	__attribute__((noinline)) void place##n(void)                      \
	{                                                                  \
		memory[n]++;                                               \
		asm volatile("" ::: "memory");                             \
	}
PLACES(PLACE)

#define ADDRESS(n) place##n,
static void (*const places[])(void) = { PLACES(ADDRESS) };

/*
 * Instructions of each kind that a step can meet; x0 is the number of rounds.
 * Exclusives are left out: a kernel's single step clears the monitor each time.
 */
asm(".globl walk, walk_end\n"
    "walk:	paciasp\n"
    "	stp	x29, x30, [sp, #-16]!\n"
    "	mov	x9, #0\n"
    "1:	adr	x10, 2f\n"
    "	ldr	x11, 3f\n"
    "	add	x9, x9, x11\n"
    "	cbz	x9, 2f\n"
    "	tbnz	x9, #0, 2f\n"
    "	nop\n"
    "2:	mov	x8, #172\n" /* getpid */
    "	mov	x12, x0\n"
    "	svc	#0\n"
    "	mov	x0, x12\n"
    "	mrs	x13, nzcv\n"
    "	subs	x0, x0, #1\n"
    "	b.ne	1b\n"
    "	bl	4f\n"
    "	ldp	x29, x30, [sp], #16\n"
    "	autiasp\n"
    "	ret\n"
    "	.balign 8\n"
    "3:	.quad	3\n"
    "4:	dmb	ish\n"
    "	br	x30\n"
    "walk_end:\n");
extern char walk[], walk_end[];
extern long walk_rounds(long) __asm__("walk");

static void die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static const char *name_of(uint64_t pc)
{
	static char text[40];

	for (unsigned int i = 0; i < 6; i++)
		if (pc == (uint64_t)places[i]) {
			snprintf(text, sizeof(text), "place%u", i);
			return text;
		}
	if (pc >= (uint64_t)walk && pc < (uint64_t)walk_end)
		snprintf(text, sizeof(text), "walk+%#lx",
			 (unsigned long)pc - (unsigned long)walk);
	else
		snprintf(text, sizeof(text), "elsewhere");
	return text;
}

/* ---- ptrace ---------------------------------------------------------------------- */

static pid_t start(void (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		body();
		_exit(7);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		die("the child's first stop");
	return pid;
}

static void slots_get(pid_t pid, long set, struct slots *s)
{
	struct iovec v = { s, sizeof(*s) };

	if (ptrace(PTRACE_GETREGSET, pid, set, &v))
		die("PTRACE_GETREGSET");
}

static void slots_set(pid_t pid, long set, struct slots *s)
{
	struct iovec v = { s, offsetof(struct slots, reg) +
				      (s->info & 0xff) * sizeof(s->reg[0]) };

	if (ptrace(PTRACE_SETREGSET, pid, set, &v))
		die("PTRACE_SETREGSET");
}

static uint64_t pc_of(pid_t pid)
{
	struct user_regs_struct r;
	struct iovec v = { &r, sizeof(r) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &v))
		die("PTRACE_GETREGSET");
	return r.pc;
}

/* The child's next stop; false when it has ended. */
static bool next(pid_t pid, int request, siginfo_t *info)
{
	int status;

	if (ptrace(request, pid, 0, 0) || waitpid(pid, &status, 0) != pid)
		die("ptrace");
	if (WIFEXITED(status)) {
		printf("exit %d\n", WEXITSTATUS(status));
		return false;
	}
	if (WIFSIGNALED(status)) {
		printf("killed by %d\n", WTERMSIG(status));
		return false;
	}
	if (ptrace(PTRACE_GETSIGINFO, pid, 0, info))
		die("PTRACE_GETSIGINFO");
	return true;
}

static void call_places(void)
{
	for (unsigned int round = 0; round < 3; round++)
		for (unsigned int i = 0; i < 6; i++)
			places[i]();
}

/* All comparators on; each stop is gone over with them off, as gdb does. */
static void run_slots(pid_t pid, long set, struct slots *s, bool pc_counts)
{
	struct slots off = *s;
	siginfo_t info;

	for (unsigned int i = 0; i < SLOTS; i++)
		off.reg[i].ctrl &= ~(uint32_t)ENABLE;
	slots_set(pid, set, s);
	while (next(pid, PTRACE_CONT, &info)) {
		uint64_t at = (uint64_t)info.si_addr;

		printf("signal %d code %d at ", info.si_signo, info.si_code);
		if (pc_counts)
			printf("%s pc %s\n", name_of(at),
			       at == pc_of(pid) ? "there" : "elsewhere");
		else
			printf("memory+%#lx\n",
			       (unsigned long)(at - (uint64_t)memory));
		slots_set(pid, set, &off);
		if (!next(pid, PTRACE_SINGLESTEP, &info))
			return;
		printf("step: signal %d code %d\n", info.si_signo, info.si_code);
		slots_set(pid, set, s);
	}
}

static void ptrace_break(void)
{
	pid_t pid = start(call_places);
	struct slots s = { 0 };
	unsigned int count;

	slots_get(pid, NT_ARM_HW_BREAK, &s);
	count = s.info & 0xff;
	printf("breakpoint registers: %u\n", count);
	for (unsigned int i = 0; i < count && i < 6; i++) {
		s.reg[i].addr = (uint64_t)places[i];
		s.reg[i].ctrl = 0xf << 5 | EL0 | ENABLE;
	}
	run_slots(pid, NT_ARM_HW_BREAK, &s, true);
}

static void touch(void)
{
	volatile uint8_t *byte = (volatile uint8_t *)memory;

	for (unsigned int round = 0; round < 2; round++) {
		byte[0] = 1;				   /* none */
		byte[9] = 2;				   /* slot 0 */
		*(volatile uint16_t *)(byte + 18) = 3;	   /* slot 1 */
		*(volatile uint32_t *)(byte + 28) = 4;	   /* slot 2 */
		memory[4] = 5;				   /* slot 3 */
		byte[1] = byte[9];			   /* none: a load */
		byte[2] = byte[32];			   /* slot 3: a load */
		asm volatile("stp %0, %0, [%1]" ::"r"(6ul), "r"(byte + 40)
			     : "memory");		   /* none */
		asm volatile("dc zva, %0" ::"r"(byte) : "memory"); /* 0..3 */
	}
}

static void ptrace_watch(void)
{
	static const struct {
		unsigned int at, bas, type;
	} want[] = { { 8, 0x02, 2 }, { 16, 0x0c, 2 }, { 24, 0xf0, 2 },
		     { 32, 0xff, 3 } };
	pid_t pid = start(touch);
	struct slots s = { 0 };
	unsigned int count;

	slots_get(pid, NT_ARM_HW_WATCH, &s);
	count = s.info & 0xff;
	printf("watchpoint registers: %u\n", count);
	for (unsigned int i = 0; i < count && i < 4; i++) {
		/* the kernel takes an address and a length */
		s.reg[i].addr = (uint64_t)memory + want[i].at +
				(unsigned int)__builtin_ctz(want[i].bas);
		s.reg[i].ctrl =
			(uint32_t)((want[i].bas >>
				    __builtin_ctz(want[i].bas)) << 5 |
				   want[i].type << 3 | EL0 | ENABLE);
	}
	run_slots(pid, NT_ARM_HW_WATCH, &s, false);
}

static void walk_once(void)
{
	_exit((int)walk_rounds(3));
}

static void ptrace_step(void)
{
	pid_t pid = start(walk_once);
	struct slots s = { 0 };
	siginfo_t info;
	unsigned int n = 0;

	slots_get(pid, NT_ARM_HW_BREAK, &s);
	s.reg[0].addr = (uint64_t)walk;
	s.reg[0].ctrl = 0xf << 5 | EL0 | ENABLE;
	slots_set(pid, NT_ARM_HW_BREAK, &s);
	if (!next(pid, PTRACE_CONT, &info))
		return;
	printf("%s\n", name_of(pc_of(pid)));
	s.reg[0].ctrl = 0;
	slots_set(pid, NT_ARM_HW_BREAK, &s);
	while (n++ < 200 && next(pid, PTRACE_SINGLESTEP, &info)) {
		printf("%d/%d %s\n", info.si_signo, info.si_code,
		       name_of(pc_of(pid)));
		if (!strcmp(name_of(pc_of(pid)), "elsewhere"))
			break;
	}
	next(pid, PTRACE_CONT, &info);
}

/* A BRK written into the program, as a debugger without comparators does. */
static void ptrace_software(void)
{
	pid_t pid = start(call_places);
	uint64_t at = (uint64_t)place2 & ~7ul;
	unsigned int shift = (uint64_t)place2 & 4 ? 32 : 0;
	siginfo_t info;
	uint64_t was = (uint64_t)ptrace(PTRACE_PEEKTEXT, pid, at, 0);
	uint64_t brk = (was & ~(0xfffffffful << shift)) | 0xd4200000ul << shift;

	if (ptrace(PTRACE_POKETEXT, pid, at, brk))
		die("PTRACE_POKETEXT");
	while (next(pid, PTRACE_CONT, &info)) {
		printf("signal %d code %d %s\n", info.si_signo, info.si_code,
		       name_of(pc_of(pid)));
		ptrace(PTRACE_POKETEXT, pid, at, was);
		if (!next(pid, PTRACE_SINGLESTEP, &info))
			return;
		printf("step: signal %d code %d\n", info.si_signo, info.si_code);
		ptrace(PTRACE_POKETEXT, pid, at, brk);
	}
}

/* ---- perf ------------------------------------------------------------------------ */

static int perf_open(struct perf_event_attr *a, int cpu)
{
	a->size = sizeof(*a);
	return (int)syscall(SYS_perf_event_open, a, cpu < 0 ? 0 : -1, cpu, -1,
			    0ul);
}

static int perf_break(uint64_t addr, unsigned int type, uint64_t len, int cpu)
{
	struct perf_event_attr a = { .type = PERF_TYPE_BREAKPOINT,
				     .bp_type = type,
				     .bp_addr = addr,
				     .bp_len = len,
				     .exclude_hv = 1 };

	return perf_open(&a, cpu);
}

static uint64_t count_of(int fd)
{
	uint64_t n = 0;

	if (fd < 0 || read(fd, &n, sizeof(n)) != sizeof(n))
		return ~0ull;
	return n;
}

static void perf_user(void)
{
	int fd[10];

	for (unsigned int i = 0; i < 6; i++)
		fd[i] = perf_break((uint64_t)places[i], HW_BREAKPOINT_X,
				   sizeof(long), -1);
	fd[6] = perf_break((uint64_t)&memory[0], HW_BREAKPOINT_W, 8, -1);
	fd[7] = perf_break((uint64_t)&memory[1] + 2, HW_BREAKPOINT_W, 2, -1);
	fd[8] = perf_break((uint64_t)&memory[2], HW_BREAKPOINT_RW, 8, -1);
	fd[9] = perf_break((uint64_t)&memory[6], HW_BREAKPOINT_R, 4, -1);
	for (unsigned int round = 0; round < 50; round++) {
		sched_get_priority_max(SCHED_OTHER);
		for (unsigned int i = 0; i <= round % 6; i++)
			places[i]();
		*((volatile uint8_t *)&memory[1] + 3) = 0;
		(void)*(volatile uint32_t *)&memory[6];
	}
	for (unsigned int i = 0; i < 10; i++)
		printf("event %u: %s, %ld\n", i, fd[i] < 0 ? "none" : "there",
		       (long)count_of(fd[i]));
}

static uint64_t kernel_symbol(const char *wanted)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	unsigned long addr;
	char kind, name[256], line[512];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx %c %255s", &addr, &kind, name) == 3 &&
		    !strcmp(name, wanted)) {
			fclose(f);
			return addr;
		}
	if (f)
		fclose(f);
	return 0;
}

static void on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

/* An interrupt between a hit and the kernel's step over it is a second hit. */
static const char *about(uint64_t n, uint64_t wanted)
{
	return n >= wanted && n <= 2 * wanted ? "all" : "wrong";
}

/*
 * What the kernel executes and writes for this program alone. The kernel takes
 * breakpoints in itself for a CPU only, not for a program.
 */
static void perf_kernel(void)
{
	uint64_t code = kernel_symbol("__arm64_sys_sched_get_priority_max");
	uint64_t data = kernel_symbol("panic_timeout");
	int x = perf_break(code, HW_BREAKPOINT_X, sizeof(long), 0);
	int w = data ? perf_break(data, HW_BREAKPOINT_W, 4, 0) : -1;

	on_cpu(0);
	for (unsigned int i = 0; i < 40; i++)
		sched_get_priority_max(SCHED_OTHER);
	for (unsigned int i = 0; i < 5; i++) {
		int fd = open("/proc/sys/kernel/panic", O_WRONLY);

		if (fd < 0 || write(fd, "0\n", 2) != 2)
			die("/proc/sys/kernel/panic");
		close(fd);
	}
	fprintf(stderr, "executions %ld, writes %ld\n", (long)count_of(x),
		(long)count_of(w));
	printf("executions %s, writes %s\n", about(count_of(x), 40),
	       data ? about(count_of(w), 5) : "have no address");
}

#define RING (64 * 4096ul)

struct ring {
	int fd;
	struct perf_event_mmap_page *page;
	uint8_t *data;
};

static struct ring ring_open(struct perf_event_attr *a)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct ring r = { .fd = perf_open(a, -1) };

	if (r.fd < 0)
		die("perf_event_open");
	r.page = mmap(NULL, RING + page, PROT_READ | PROT_WRITE, MAP_SHARED,
		      r.fd, 0);
	if (r.page == MAP_FAILED)
		die("mmap");
	r.data = (uint8_t *)r.page + page;
	return r;
}

/* How many samples, and how many of them at first..last. */
static unsigned long samples(struct ring *r, uint64_t first, uint64_t last,
			     uint64_t *within)
{
	uint64_t at = 0, head = r->page->data_head;
	unsigned long n = 0;

	if (head > RING)
		head = RING; /* the first part of it will do */
	while (at + sizeof(struct perf_event_header) + 8 <= head) {
		struct perf_event_header *h = (void *)(r->data + at);
		uint64_t ip;

		if (h->type == PERF_RECORD_SAMPLE) {
			memcpy(&ip, h + 1, 8);
			n++;
			*within += ip >= first && ip <= last;
		}
		at += h->size ? h->size : RING;
	}
	return n;
}

/* A breakpoint that leaves a sample at each hit. */
static void perf_record(void)
{
	struct perf_event_attr a = { .type = PERF_TYPE_BREAKPOINT,
				     .bp_type = HW_BREAKPOINT_X,
				     .bp_addr = (uint64_t)place3,
				     .bp_len = sizeof(long),
				     .sample_period = 1,
				     .sample_type = PERF_SAMPLE_IP,
				     .exclude_kernel = 1 };
	uint64_t there = 0;
	struct ring r = ring_open(&a);

	for (unsigned int i = 0; i < 20; i++)
		place3();
	printf("hits %ld samples %lu ", (long)count_of(r.fd),
	       samples(&r, (uint64_t)place3, (uint64_t)place3, &there));
	printf("of the place %lu\n", (unsigned long)there);
}

static uint64_t milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

__attribute__((noinline)) static void spin(uint64_t ms)
{
	for (uint64_t end = milliseconds() + ms; milliseconds() < end;)
		for (volatile int i = 0; i < 1000; i++)
			;
}

/* Cycles of a program, a sample each 5 million of them: the PMU's interrupt. */
static void perf_sample(void)
{
	struct perf_event_attr a = { .type = PERF_TYPE_HARDWARE,
				     .config = PERF_COUNT_HW_CPU_CYCLES,
				     .sample_period = 5000000,
				     .sample_type = PERF_SAMPLE_IP };
	struct ring r = ring_open(&a);
	uint64_t user = 0;
	unsigned long n;

	spin(500);
	n = samples(&r, 0, 1ul << 48, &user);
	fprintf(stderr, "samples %lu, of them %lu in the program\n", n,
		(unsigned long)user);
	printf("samples %s, the program's own %s\n", n >= 10 ? "came" : "missing",
	       user >= n / 2 && n ? "most" : "few");
}

static void call_place(void)
{
	for (unsigned int i = 0; i < 20; i++)
		place1();
}

static const struct {
	const char *name;
	void (*run)(void);
} kinds[] = {
	{ "ptrace-break", ptrace_break },
	{ "ptrace-watch", ptrace_watch },
	{ "ptrace-step", ptrace_step },
	{ "ptrace-software", ptrace_software },
	{ "perf-user", perf_user },
	{ "perf-kernel", perf_kernel },
	{ "perf-record", perf_record },
	{ "perf-sample", perf_sample },
	{ "call", call_place },
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned int i = 0; argc > 1 && i < sizeof(kinds) / sizeof(kinds[0]);
	     i++)
		if (!strcmp(argv[1], kinds[i].name)) {
			kinds[i].run();
			return 0;
		}
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		printf("%s\n", kinds[i].name);
	return argc > 1;
}
