/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What the size of pages and addresses means to a program: memory that hardware
 * marks as used and as written, text and data above 48 bits. What it prints is
 * the same wherever it runs. Linux only, statically linked, with glibc.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGES 64
#define ODD 19 /* a number of pages, and prime */
#define HIGH ((char *)(5ull << 49))
#define CALLS 100

static void die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

/* A system call that nobody else makes: where a debugger outside can stop. */
static void here(const volatile void *address)
{
	syscall(SYS_sched_get_priority_max, 1, address);
}

/* ---- marks that hardware makes -------------------------------------------------- */

/* A line of /proc/self/smaps of that mapping, in pages. */
static long marked(const char *map, const char *name)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[256];
	unsigned long start;
	long kib = -1;
	int inside = 0;

	if (!f)
		die("smaps");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%*x ", &start) == 1 && strchr(line, '-'))
			inside = start == (unsigned long)map;
		if (inside && !strncmp(line, name, strlen(name)))
			kib = strtol(line + strlen(name), NULL, 10);
	}
	fclose(f);
	return kib * 1024 / getpagesize();
}

static long faults(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u))
		die("getrusage");
	return u.ru_minflt;
}

/* The kernel forgets what was used, but only mprotect() drops the TLB's too. */
static void forget_used(char *map, size_t size)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);

	if (fd < 0 || write(fd, "1", 1) != 1)
		die("clear_refs");
	close(fd);
	if (mprotect(map, size, PROT_READ) ||
	    mprotect(map, size, PROT_READ | PROT_WRITE))
		die("mprotect");
}

/* A file's pages, mapped, used and written, and what the page tables say. */
static int marks(void)
{
	long size = getpagesize(), before, bad = 0;
	int fd = open("/tmp/marks", O_RDWR | O_CREAT | O_TRUNC, 0600);
	volatile char *map;

	if (fd < 0 || ftruncate(fd, PAGES * size))
		die("/tmp/marks");
	map = mmap(NULL, PAGES * size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   0);
	if (map == MAP_FAILED)
		die("mmap");
	for (int i = 0; i < PAGES; i++)
		bad |= map[i * size];
	here(map);
	forget_used((char *)map, PAGES * (size_t)size);
	/* stdio and the counting itself are warm before faults are counted */
	printf("used before: %ld\n", marked((char *)map, "Referenced:"));
	before = faults();
	for (int i = 0; i < ODD; i++)
		bad |= map[i * size];
	before = faults() - before;
	printf("used: %ld, faults: %ld\n", marked((char *)map, "Referenced:"),
	       before);
	printf("written before: %ld\n", marked((char *)map, "Private_Dirty:"));
	before = faults();
	for (int i = 0; i < ODD; i++)
		map[(PAGES - 1 - i) * size] = (char)(i + 1);
	before = faults() - before;
	printf("written: %ld, faults: %ld\n",
	       marked((char *)map, "Private_Dirty:"), before);
	here(map + (PAGES - 1) * size);
	for (int i = 0; i < PAGES; i++)
		bad |= map[i * size] != (i < PAGES - ODD ? 0 : PAGES - i);
	printf("contents: %s\n", bad ? "wrong" : "right");
	unlink("/tmp/marks");
	return 0;
}

/* ---- above 48 bits -------------------------------------------------------------- */

/* Text that adds one, and a word that counts, at the place that is asked for. */
static int high(void)
{
	static const uint32_t text[] = { 0x91000400, 0xd65f03c0 };
	size_t size = (size_t)getpagesize();
	char *map = mmap(HIGH, 2 * size, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile uint64_t *word = (uint64_t *)(map + size);
	uint64_t (*volatile call)(uint64_t) =
		(uint64_t(*)(uint64_t))(uintptr_t)map;
	uint64_t x = 0;

	if (map == MAP_FAILED)
		die("mmap");
	printf("addresses: %d bits\n", map == HIGH ? 52 : 48);
	memcpy(map, text, sizeof(text));
	__builtin___clear_cache(map, map + sizeof(text));
	*word = 0;
	here(map);
	for (int i = 0; i < CALLS; i++)
		x = call(x);
	for (int i = 0; i < CALLS; i++)
		*word += 1;
	printf("calls: %lu, word: %lu, text: %s\n", (unsigned long)x,
	       (unsigned long)*word,
	       memcmp(map, text, sizeof(text)) ? "changed" : "its own");
	return 0;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "size"))
		return printf("pages: %d\n", getpagesize()) < 0;
	if (argc == 2 && !strcmp(argv[1], "marks"))
		return marks();
	if (argc == 2 && !strcmp(argv[1], "high"))
		return high();
	fputs("pages size|marks|high\n", stderr);
	return 2;
}
