/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * m, M, x, X, qSearch:memory and qCRC: memory as the selected CPU sees it. Bulk
 * reads go straight from RAM into the reply where the target lets them; a short
 * reply is what the protocol has for a fault in the middle.
 */
#include <errno.h>
#include <string.h>

#include "stub/session.h"

#define CHUNK 4096
#define PIECE 16384 /* of memory; then what there is of the reply is sent */
/* A search or checksum of more than this takes the world too long. */
#define MAX_SCAN (256ull << 20)

/* ADDR,LEN; the rest of the packet is left in c. */
static int get_range(struct gdbstub *s, struct cursor *c, char between,
		     uint64_t *addr, uint64_t *len)
{
	if (!cursor_hex(c, addr) || !cursor_char(c, between) ||
	    !cursor_hex(c, len))
		return -EINVAL;
	if (*len && *addr + *len - 1 < *addr)
		return session_fail(s, -EINVAL, "address wraps");
	if (s->client.phys && !(*addr & TARGET_WINDOW_MASK))
		*addr |= TARGET_WINDOW_PHYS;
	return 0;
}

static unsigned int memory_cpu(const struct gdbstub *s)
{
	return (unsigned int)s->client.g_cpu;
}

/*
 * Some of the bytes at addr: at *bytes, which points to RAM or to the bounce
 * buffer. Small reads are done by the target as they are, for their width.
 */
static int64_t get_bytes(struct gdbstub *s, uint64_t addr, size_t len,
			 const uint8_t **bytes)
{
	size_t n = len, page = CHUNK - (size_t)(addr % CHUNK);
	int64_t got;

	if (len > 8) {
		*bytes = target_mem_peek(s->target, memory_cpu(s), addr, &n);
		if (*bytes && n)
			return (int64_t)(n < len ? n : len);
	}
	n = len < page ? len : page;
	got = target_mem_read(s->target, memory_cpu(s), addr, s->mem.scratch, n,
			      &s->why);
	*bytes = s->mem.scratch;
	if (got > (int64_t)n)
		return -EIO;
	return got ? got : -EFAULT;
}

/*
 * With acknowledgements a frame may have to be sent again, and is made whole.
 * Without them a long one is sent in pieces: the line is busy while the next
 * one is made.
 */
int memory_go_on(struct gdbstub *s)
{
	struct gdbstub_reading *r = &s->reading;
	size_t piece = 0;

	while (r->left && rsp_room(&s->tx) >= 2) {
		uint64_t want = r->left;
		const uint8_t *bytes;
		int64_t n;
		size_t fits;

		if (s->client.noack && piece >= PIECE)
			return SESSION_MORE;
		if (s->client.noack && want > PIECE - piece)
			want = PIECE - piece;
		/* Nothing is read that could not be sent. */
		if (want > rsp_room(&s->tx))
			want = rsp_room(&s->tx);
		n = get_bytes(s, r->addr, (size_t)want, &bytes);
		if (n < 0) {
			r->left = 0;
			return r->begun ? 0 : (int)n;
		}
		fits = r->put(&s->tx, bytes, (size_t)n);
		r->begun = true;
		r->addr += fits;
		r->left -= fits;
		piece += fits;
		if (fits < (size_t)n)
			break;
	}
	r->left = 0;
	return 0;
}

static int put_memory(struct gdbstub *s, uint64_t addr, uint64_t len,
		      size_t (*put)(struct rsp_tx *tx, const void *p, size_t n))
{
	if (len > s->packet_size)
		len = s->packet_size;
	s->reading = (struct gdbstub_reading){
		.addr = addr, .left = len, .put = put,
	};
	return memory_go_on(s);
}

int packet_m(struct gdbstub *s, struct cursor *c)
{
	uint64_t addr, len;
	int err = get_range(s, c, ',', &addr, &len);

	if (err || !cursor_at_end(c))
		return err ? err : -EINVAL;
	if (len > rsp_room(&s->tx) / 2)
		len = rsp_room(&s->tx) / 2;
	return put_memory(s, addr, len, rsp_put_hex);
}

/*
 * gdb's replies begin with 'b'. LLDB's are bare, and "x0,0" asks whether there
 * is such a packet.
 */
int packet_x(struct gdbstub *s, struct cursor *c)
{
	uint64_t addr, len;
	int err = get_range(s, c, ',', &addr, &len);

	if (err || !cursor_at_end(c))
		return err ? err : -EINVAL;
	if (!s->client.lldb)
		rsp_putc(&s->tx, 'b');
	else if (!len)
		return session_ok(s);
	return put_memory(s, addr, len, rsp_put_binary);
}

static int put_bytes(struct gdbstub *s, uint64_t addr, const uint8_t *bytes,
		     size_t len)
{
	int64_t done;

	if (!len)
		return session_ok(s);
	done = target_mem_write(s->target, memory_cpu(s), addr, bytes, len,
				&s->why);
	if (done < 0)
		return (int)done;
	if ((uint64_t)done < len)
		return session_fail(s, -EFAULT,
				    "only 0x%llx of 0x%zx bytes were written",
				    (unsigned long long)done, len);
	return session_ok(s);
}

int packet_M(struct gdbstub *s, struct cursor *c)
{
	uint8_t *data = s->rx.body + (c->p - s->rx.body);
	uint64_t addr, len;
	int err = get_range(s, c, ',', &addr, &len);

	if (err || !cursor_char(c, ':'))
		return err ? err : -EINVAL;
	if (len != cursor_left(c) / 2 || cursor_left(c) % 2 ||
	    hex_decode(data, c->p, (size_t)len))
		return -EINVAL;
	return put_bytes(s, addr, data, (size_t)len);
}

int packet_X(struct gdbstub *s, struct cursor *c)
{
	uint64_t addr, len;
	uint8_t *data;
	int err = get_range(s, c, ',', &addr, &len);

	if (err || !cursor_char(c, ':'))
		return err ? err : -EINVAL;
	data = s->rx.body + (c->p - s->rx.body);
	if (rsp_unescape(data, c->p, cursor_left(c)) != len)
		return session_fail(s, -EINVAL,
				    "data is not of the length given");
	return put_bytes(s, addr, data, (size_t)len);
}

/* ---- qSearch:memory
 * ------------------------------------------------------------ */

static const uint8_t *find_bytes(const uint8_t *p, size_t len,
				 const uint8_t *pattern, size_t pattern_len)
{
	size_t i;

	for (i = 0; i + pattern_len <= len; i++) {
		if (p[i] == *pattern &&
		    memcmp(p + i, pattern, pattern_len) == 0)
			return p + i;
	}
	return NULL;
}

/* Read all of [addr, addr + len) to p; a fault is an error. */
static int read_all(struct gdbstub *s, uint64_t addr, uint8_t *p, size_t len)
{
	while (len) {
		int64_t n = target_mem_read(s->target, memory_cpu(s), addr, p,
					    len, &s->why);

		if (n <= 0 || (uint64_t)n > len)
			return n < 0 ? (int)n : -EFAULT;
		addr += (uint64_t)n;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/*
 * The window slides over memory with as much overlap as a match may have on
 * both sides.
 */
static int search(struct gdbstub *s, uint64_t addr, uint64_t len,
		  const uint8_t *pattern, size_t pattern_len)
{
	uint8_t *window = s->mem.scratch;
	size_t have = 0;
	uint64_t at = addr, next = addr;

	while (next - addr < len) {
		size_t n = s->mem.scratch_size - have;
		const uint8_t *hit;
		int err;

		if (n > len - (next - addr))
			n = (size_t)(len - (next - addr));
		err = read_all(s, next, window + have, n);
		if (err)
			return err;
		next += n;
		have += n;
		hit = find_bytes(window, have, pattern, pattern_len);
		if (hit) {
			rsp_puts(&s->tx, "1,");
			rsp_put_number(&s->tx, at + (uint64_t)(hit - window));
			return 0;
		}
		n = have < pattern_len - 1 ? have : pattern_len - 1;
		memmove(window, window + have - n, n);
		at += have - n;
		have = n;
	}
	rsp_putc(&s->tx, '0');
	return 0;
}

int packet_search(struct gdbstub *s, struct cursor *c)
{
	uint64_t addr, len;
	uint8_t *pattern;
	size_t pattern_len;
	int err = get_range(s, c, ';', &addr, &len);

	if (err || !cursor_char(c, ';'))
		return err ? err : -EINVAL;
	pattern = s->rx.body + (c->p - s->rx.body);
	pattern_len = rsp_unescape(pattern, c->p, cursor_left(c));
	if (!pattern_len || pattern_len > s->mem.scratch_size / 2)
		return session_fail(s, -EINVAL, "cannot search for %zu bytes",
				    pattern_len);
	if (len > MAX_SCAN)
		return session_fail(s, -E2BIG,
				    "search at most 0x%llx bytes at a time",
				    MAX_SCAN);
	return search(s, addr, len, pattern, pattern_len);
}

/* ---- qCRC
 * ------------------------------------------------------------------------- */

/* CRC-32 with polynomial 0x04c11db7, highest bit first, four bits at a time. */
static uint32_t crc_add(uint32_t crc, const uint8_t *p, size_t n)
{
	static const uint32_t table[16] = {
		0x00000000, 0x04c11db7, 0x09823b6e, 0x0d4326d9,
		0x130476dc, 0x17c56b6b, 0x1a864db2, 0x1e475005,
		0x2608edb8, 0x22c9f00f, 0x2f8ad6d6, 0x2b4bcb61,
		0x350c9b64, 0x31cd86d3, 0x3c8ea00a, 0x384fbdbd,
	};

	for (; n; n--, p++) {
		crc ^= (uint32_t)*p << 24;
		crc = crc << 4 ^ table[crc >> 28];
		crc = crc << 4 ^ table[crc >> 28];
	}
	return crc;
}

int packet_crc(struct gdbstub *s, struct cursor *c)
{
	uint32_t crc = 0xffffffff;
	uint64_t addr, len;
	int err = get_range(s, c, ',', &addr, &len);

	if (err || !cursor_at_end(c))
		return err ? err : -EINVAL;
	if (len > MAX_SCAN)
		return session_fail(s, -E2BIG, "at most 0x%llx bytes",
				    MAX_SCAN);
	while (len) {
		const uint8_t *bytes;
		int64_t n = get_bytes(s, addr, (size_t)len, &bytes);

		if (n < 0)
			return (int)n;
		crc = crc_add(crc, bytes, (size_t)n);
		addr += (uint64_t)n;
		len -= (uint64_t)n;
	}
	rsp_putc(&s->tx, 'C');
	rsp_put_number(&s->tx, crc);
	return 0;
}
