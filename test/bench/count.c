/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A QEMU plugin that counts executed instructions: those in the monitor's
 * memory, all others, and each one of the monitor's image, in a file that the
 * bench maps.
 *
 * -plugin count.so,low=0x60000000,high=0x64000000,counts=/tmp/x
 *
 * The few declarations follow QEMU's docs/devel/tcg-plugins.rst, API version 1;
 * Debian ships no header for them. Counts are exact with one CPU.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t qemu_plugin_id_t;

enum {
	INLINE_ADD_U64
};

extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
extern void
qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
					   int op, void *ptr, uint64_t imm);
extern void qemu_plugin_register_vcpu_tb_trans_cb(
	qemu_plugin_id_t id,
	void (*cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb));

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static uint64_t low, high;
#define IMAGE (1u << 20)
#define BYTES (4096 + IMAGE / 4 * sizeof(uint64_t))

/* 0: the monitor's, 1: all others; from 512 on each word of the image. */
static uint64_t *counts;

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t va = qemu_plugin_insn_vaddr(insn);

		qemu_plugin_register_vcpu_insn_exec_inline(
			insn, INLINE_ADD_U64, &counts[va < low || va >= high],
			1);
		if (va >= low && va < high && va - low < IMAGE)
			qemu_plugin_register_vcpu_insn_exec_inline(
				insn, INLINE_ADD_U64,
				&counts[512 + (va - low) / 4], 1);
	}
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc,
		    char **argv)
{
	int fd = -1;

	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "low=", 4))
			low = strtoull(argv[i] + 4, NULL, 0);
		if (!strncmp(argv[i], "high=", 5))
			high = strtoull(argv[i] + 5, NULL, 0);
		if (!strncmp(argv[i], "counts=", 7))
			fd = open(argv[i] + 7, O_RDWR | O_CREAT, 0600);
	}
	if (fd < 0 || ftruncate(fd, BYTES))
		return -1;
	counts = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (counts == MAP_FAILED)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
