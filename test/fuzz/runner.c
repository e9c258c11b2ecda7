/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The fuzz target without a fuzzer: every file of a corpus as it is, and then
 * changed at random, always in the same way. runner COUNT FILE...
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_INPUT 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t state = 1;

static uint32_t below(uint32_t n)
{
	state = state * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)(state >> 4) * n) >> 28);
}

/* An input in a buffer of exactly its size, for the sanitizer. */
static void try_input(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static size_t mutate(uint8_t *p, size_t n)
{
	static const char bytes[] = "$#}*+-:;,\n0123456789abcdefxXZzcsvqmM?";
	size_t at = below((uint32_t)n), len;

	switch (below(5)) {
	case 0:
		p[at] = (uint8_t)bytes[below(sizeof(bytes) - 1)];
		return n;
	case 1:
		p[at] ^= (uint8_t)(1 << below(8));
		return n;
	case 2: /* cut */
		len = 1 + below((uint32_t)(n - at));
		memmove(p + at, p + at + len, n - at - len);
		return n - len;
	case 3: /* double */
		len = 1 + below((uint32_t)(n - at));
		if (n + len > MAX_INPUT)
			return n;
		memmove(p + at + len, p + at, n - at);
		return n + len;
	default: /* copy a byte from elsewhere */
		p[at] = p[below((uint32_t)n)];
		return n;
	}
}

static void run_file(const char *path, unsigned int count)
{
	static uint8_t seed[MAX_INPUT], input[MAX_INPUT];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file) {
		perror(path);
		exit(1);
	}
	size = fread(seed, 1, sizeof(seed), file);
	fclose(file);
	try_input(seed, size);
	while (count-- && size) {
		unsigned int changes = 1 + below(6);
		size_t n = size;

		memcpy(input, seed, size);
		while (changes-- && n)
			n = mutate(input, n);
		try_input(input, n);
	}
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 3) {
		fprintf(stderr, "usage: runner COUNT FILE...\n");
		return 2;
	}
	for (i = 2; i < argc; i++)
		run_file(argv[i], (unsigned int)atoi(argv[1]));
	printf("%d inputs\n", argc - 2);
	return 0;
}
