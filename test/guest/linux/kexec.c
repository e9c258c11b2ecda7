/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * kexec IMAGE INITRD: goes over to another kernel by kexec_load() and reboot().
 * The device tree is that of this boot, so the new initrd has to lie where the
 * old one was, and be no larger. Linux only, statically linked, with glibc.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* In a guest of 512 MiB from 1 GiB on, far from the kernel that runs. */
#define ENTRY 0x4f000000ul
#define TREE 0x4f100000ul
#define KERNEL 0x50000000ul
#define PAGE 0x10000ul /* a multiple of every page size */

struct file {
	uint8_t *data;
	size_t size;
};

static void die(const char *what)
{
	printf("kexec: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct file load(const char *name)
{
	size_t room = 64ul << 20;
	struct file f = { malloc(room), 0 };
	int fd = open(name, O_RDONLY);
	ssize_t n;

	if (fd < 0 || !f.data)
		die(name);
	while ((n = read(fd, f.data + f.size, room - f.size)) > 0)
		f.size += (size_t)n;
	if (n < 0 || !f.size || f.size == room)
		die(name);
	close(fd);
	return f;
}

static uint32_t word(const struct file *tree, size_t at)
{
	uint32_t v;

	if (at + 4 > tree->size)
		die("the device tree ends too early");
	memcpy(&v, tree->data + at, 4);
	return be32toh(v);
}

/* A property of one or two cells, wherever in the tree it is. */
static uint64_t property(const struct file *tree, const char *name)
{
	size_t at = word(tree, 8), strings = word(tree, 12);

	for (;;) {
		uint32_t token = word(tree, at), len;

		at += 4;
		if (token == 1) { /* FDT_BEGIN_NODE */
			at += strnlen((char *)tree->data + at,
				      tree->size - at) + 1;
			at = (at + 3) & ~3ul;
		} else if (token == 3) { /* FDT_PROP */
			size_t s = strings + word(tree, at + 4);

			len = word(tree, at);
			if (s < tree->size &&
			    !strcmp((char *)tree->data + s, name))
				return len == 4 ? word(tree, at + 8) :
						  (uint64_t)word(tree, at + 8)
								  << 32 |
							  word(tree, at + 12);
			at += 8 + ((len + 3) & ~3u);
		} else if (token == 9) { /* FDT_END */
			errno = ENOENT;
			die(name);
		}
	}
}

static struct kexec_segment segment(const void *data, size_t size, uint64_t at,
				    size_t room)
{
	struct kexec_segment s = { data, size, (void *)at,
				   (room + PAGE - 1) & ~(PAGE - 1) };

	return s;
}

int main(int argc, char **argv)
{
	/* ldr x0, tree; ldr x16, kernel; br x16 */
	static const uint32_t code[] = { 0x58000080, 0x580000b0,
					 0xd61f0200, 0xd503201f,
					 (uint32_t)TREE, 0, (uint32_t)KERNEL,
					 0 };
	struct file image, initrd, tree;
	uint64_t start, end, memory;

	if (argc != 3)
		return 2;
	image = load(argv[1]);
	initrd = load(argv[2]);
	tree = load("/sys/firmware/fdt");
	start = property(&tree, "linux,initrd-start");
	end = property(&tree, "linux,initrd-end");
	memcpy(&memory, image.data + 16, 8); /* the Image's memory size */
	if (initrd.size > end - start || start & 4095)
		die("the initrd does not fit");
	struct kexec_segment s[] = {
		segment(code, sizeof(code), ENTRY, sizeof(code)),
		segment(tree.data, tree.size, TREE, tree.size),
		segment(image.data, image.size, KERNEL, memory),
		segment(initrd.data, initrd.size, start & ~(PAGE - 1),
			end - start),
	};
	if (start & (PAGE - 1))
		s[3].mem = (void *)start, s[3].memsz = (end - start + 4095) & ~4095ul;
	if (syscall(SYS_kexec_load, ENTRY, 4ul, s, KEXEC_ARCH_AARCH64))
		die("kexec_load");
	printf("kexec: going over\n");
	fflush(stdout);
	if (syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		    LINUX_REBOOT_CMD_KEXEC, 0))
		die("reboot");
	return 0;
}
