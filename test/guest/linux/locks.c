/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Locks and atomics on a page that is text as well (../locks.S), by threads, in
 * processes that share the page until they write to it, under protection that
 * comes and goes, and while the guest's own debugger holds all comparators.
 * It prints a line for each kind, the same wherever it runs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../locks.h"

#ifndef PROT_BTI
#define PROT_BTI 0x10
#endif
#define MAX_THREADS 16
#define SLOW 8 /* so many times fewer rounds where each waits for its turn */
#define COMPARATORS 6

static pthread_barrier_t barrier;
static const struct lock_kind *kind;
static uint64_t rounds;
static unsigned int faults;

static void die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static bool there(const struct lock_kind *k)
{
	return !k->lse || getauxval(AT_HWCAP) & 1 << 8; /* HWCAP_ATOMICS */
}

static void told(const struct lock_kind *k, uint64_t wanted)
{
	if (lock_right(k, wanted))
		printf("%s: right\n", k->name);
	else
		printf("%s: %#lx %#lx, wrong, not %#lx\n", k->name,
		       (unsigned long)lock_part(k, 0),
		       (unsigned long)lock_part(k, 1), (unsigned long)wanted);
}

static void *count(void *arg)
{
	pthread_barrier_wait(&barrier);
	kind->run(rounds);
	return arg;
}

/* So many threads count at once. */
static void threads(unsigned int n, uint64_t times)
{
	pthread_t t[MAX_THREADS];

	n = n > MAX_THREADS ? MAX_THREADS : n;
	for (kind = lock_kinds; kind->name; kind++) {
		if (!there(kind))
			continue;
		lock_reset(kind);
		rounds = kind->slow ? (times + SLOW - 1) / SLOW : times;
		pthread_barrier_init(&barrier, NULL, n);
		for (unsigned int i = 0; i < n; i++)
			if (pthread_create(&t[i], NULL, count, NULL))
				die("pthread_create");
		for (unsigned int i = 0; i < n; i++)
			pthread_join(t[i], NULL);
		told(kind, n * rounds);
	}
}

/* A page that is copied by the store of a load exclusive's sequence. */
static void copied(unsigned int times)
{
	for (const struct lock_kind *k = lock_kinds; k->name; k++) {
		unsigned int bad = 0;

		if (!there(k))
			continue;
		for (unsigned int i = 0; i < times; i++) {
			int status;
			pid_t pid;

			lock_reset(k);
			pid = fork();
			if (pid < 0)
				die("fork");
			k->run(3);
			if (!pid)
				_exit(!lock_right(k, 3));
			bad += !lock_right(k, 3);
			if (waitpid(pid, &status, 0) != pid)
				die("waitpid");
			if (status)
				printf("%s: the child ended with %#x\n",
				       k->name, (unsigned int)status);
			bad += status != 0;
		}
		printf("%s: %u wrong\n", k->name, bad);
	}
}

static void *hot_page(void)
{
	return (void *)((uint64_t)lock_called & ~4095ul);
}

/* Guarded where the core can: calls must meet landing pads. */
static void protect(int more)
{
	if (getauxval(AT_HWCAP2) & 1 << 17) /* HWCAP2_BTI */
		more |= PROT_BTI;
	if (mprotect(hot_page(), 4096, PROT_READ | PROT_EXEC | more))
		die("mprotect");
}

static void on_fault(int sig)
{
	(void)sig;
	faults++;
	protect(PROT_WRITE);
}

/* Each first store is refused once, and done when the handler has been. */
static void refused(unsigned int times)
{
	signal(SIGSEGV, on_fault);
	for (const struct lock_kind *k = lock_kinds; k->name; k++) {
		if (!there(k))
			continue;
		lock_reset(k);
		faults = 0;
		for (unsigned int i = 0; i < times; i++) {
			protect(0);
			k->run(1);
		}
		printf("%u faults, ", faults);
		told(k, times);
	}
}

static void place(void)
{
	asm volatile("");
}

/* The guest's own breakpoints are in all comparators meanwhile. */
static void held(uint64_t times)
{
	unsigned int got = 0;

	for (unsigned int i = 0; i < COMPARATORS; i++) {
		struct perf_event_attr a = { .type = PERF_TYPE_BREAKPOINT,
					     .size = sizeof(a),
					     .bp_type = HW_BREAKPOINT_X,
					     .bp_addr = (uint64_t)place + 4 * i,
					     .bp_len = sizeof(long),
					     .exclude_kernel = 1 };

		got += syscall(SYS_perf_event_open, &a, 0, -1, -1, 0ul) >= 0;
	}
	printf("%u held\n", got);
	for (const struct lock_kind *k = lock_kinds; k->name; k++) {
		if (!there(k))
			continue;
		lock_reset(k);
		k->run(times);
		told(k, times);
	}
}

int main(int argc, char **argv)
{
	unsigned int n = argc > 2 ? (unsigned int)atoi(argv[2]) : 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	protect(PROT_WRITE);
	/* the page is this process's own before a debugger looks */
	lock_word[1] = 1;
	sched_get_priority_max(SCHED_OTHER);
	if (argc > 3 && !strcmp(argv[1], "threads"))
		threads(n, (uint64_t)atoi(argv[3]));
	else if (argc > 2 && !strcmp(argv[1], "copied"))
		copied(n);
	else if (argc > 2 && !strcmp(argv[1], "refused"))
		refused(n);
	else if (argc > 2 && !strcmp(argv[1], "held"))
		held(n);
	else
		printf("threads THREADS ROUNDS, copied N, refused N, held N\n");
	return 0;
}
