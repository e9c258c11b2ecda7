/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The ITS of QEMU's virt board: tables in memory that the program gives, and
 * commands one at a time. Devices, events and LPIs are numbers of our own; the
 * INT command is the device.
 */
#ifndef TEST_GUEST_ITS_H
#define TEST_GUEST_ITS_H

#include "gic.h"

#define GITS 0x08080000ull
#define GITS_CBASER (GITS + 0x80)
#define GITS_CWRITER (GITS + 0x88)
#define GITS_CREADR (GITS + 0x90)
#define GITS_BASER(n) (GITS + 0x100 + 8 * (n))
#define GITS_VALID (1ull << 63)
#define ITS_QUEUE_SIZE 65536u

#define ITS_MOVI 0x01
#define ITS_INT 0x03
#define ITS_SYNC 0x05
#define ITS_MAPD 0x08
#define ITS_MAPC 0x09
#define ITS_MAPTI 0x0a
#define ITS_INV 0x0c
#define ITS_INVALL 0x0d

#define LPI_FIRST 8192
#define LPI_ID_BITS 14

static inline uint64_t read64(uint64_t a)
{
	uint64_t v;

	asm volatile("ldr %0, [%1]" : "=r"(v) : "r"(a) : "memory");
	return v;
}

static inline void write64(uint64_t a, uint64_t v)
{
	asm volatile("dsb sy\n str %0, [%1]" : : "r"(v), "r"(a) : "memory");
}

/* One command, done when this returns; false: the ITS does not take it. */
static inline bool its_command(uint64_t w0, uint64_t w1, uint64_t w2)
{
	uint64_t queue = read64(GITS_CBASER) & 0xffffffff000ull;
	uint64_t at = read64(GITS_CWRITER), next = (at + 32) % ITS_QUEUE_SIZE;

	write64(queue + at, w0);
	write64(queue + at + 8, w1);
	write64(queue + at + 16, w2);
	write64(queue + at + 24, 0);
	write64(GITS_CWRITER, next);
	for (unsigned int i = 0; i < 100000; i++)
		if (read64(GITS_CREADR) == next)
			return true;
	return false;
}

/* Tables of 64 KiB each from memory on: queue, devices, collections. */
static inline void its_on(uint64_t memory)
{
	uint64_t pages64k = 2ull << 8;

	write64(GITS_CBASER, GITS_VALID | memory | 15);
	write64(GITS_CWRITER, 0);
	for (uint64_t n = 0; n < 8; n++) {
		uint64_t type = read64(GITS_BASER(n)) >> 56 & 7;

		if (type == 1 || type == 4)
			write64(GITS_BASER(n),
				GITS_VALID | type << 56 | pages64k |
					(memory + (type == 1 ? 1 : 2) * 65536));
	}
	write32(GITS, 1);
}

/* This CPU's LPIs: configuration at config, pending bits at pending. */
static inline void lpis_on(uint64_t config, uint64_t pending)
{
	write64(GICR + 0x70, config | (LPI_ID_BITS - 1));
	write64(GICR + 0x78, pending | 1ull << 62);
	write32(GICR, 1);
}

static inline bool its_map_collection(uint64_t cpu)
{
	return its_command(ITS_MAPC, 0, GITS_VALID | cpu << 16 | cpu) &&
	       its_command(ITS_SYNC, 0, cpu << 16);
}

static inline bool its_map_device(uint64_t device, uint64_t itt,
				  unsigned int event_bits)
{
	return its_command(ITS_MAPD | device << 32, event_bits - 1,
			   GITS_VALID | itt);
}

static inline bool its_map_event(uint64_t device, uint64_t event, uint64_t lpi,
				 uint64_t cpu)
{
	return its_command(ITS_MAPTI | device << 32, event | lpi << 32, cpu);
}

#endif
