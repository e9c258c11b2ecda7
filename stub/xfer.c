/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * qXfer objects: the target description and the list of threads, served in
 * the pieces that the client asks for.
 */
#include <errno.h>
#include <string.h>

#include "stub/session.h"

static int put_piece(struct gdbstub *s, const char *doc, size_t size,
		     uint64_t offset, uint64_t len)
{
	size_t n;
	bool last;

	if (offset > size)
		return session_fail(s, -EINVAL, "offset beyond the end");
	n = size - (size_t)offset;
	last = n <= len;
	if (!last)
		n = (size_t)len;
	rsp_putc(&s->tx, last ? 'l' : 'm');
	if (rsp_put_binary(&s->tx, doc + offset, n) < n && last) {
		/* Escapes made it too long for one reply: more follows. */
		rsp_begin(&s->tx);
		rsp_putc(&s->tx, 'm');
		rsp_put_binary(&s->tx, doc + offset, n);
	}
	return 0;
}

/* ANNEX:OFFSET,LENGTH */
static int get_annex(struct cursor *c, char *annex, size_t cap,
		     uint64_t *offset, uint64_t *len)
{
	size_t n = 0;

	while (n < cursor_left(c) && c->p[n] != ':')
		n++;
	if (n >= cap)
		return -ENOENT;
	memcpy(annex, c->p, n);
	annex[n] = '\0';
	c->p += n;
	if (!cursor_char(c, ':') || !cursor_hex(c, offset) ||
	    !cursor_char(c, ',') || !cursor_hex(c, len) || !cursor_at_end(c))
		return -EINVAL;
	return 0;
}

static int xfer_features(struct gdbstub *s, const char *annex, uint64_t offset,
			 uint64_t len)
{
	size_t size;
	const char *doc = target_xml(s->target, annex, &size);

	if (!doc)
		return session_fail(s, -ENOENT, "no such document");
	return put_piece(s, doc, size, offset, len);
}

/* Text between tags or in an attribute. */
static void put_escaped(struct strbuf *out, const struct strbuf *text)
{
	size_t i;

	for (i = 0; i < text->len; i++) {
		switch (text->s[i]) {
		case '<':
			strbuf_puts(out, "&lt;");
			break;
		case '>':
			strbuf_puts(out, "&gt;");
			break;
		case '&':
			strbuf_puts(out, "&amp;");
			break;
		case '"':
			strbuf_puts(out, "&quot;");
			break;
		default:
			strbuf_putc(out, text->s[i]);
		}
	}
}

static void describe_thread(struct gdbstub *s, unsigned int cpu)
{
	struct strbuf *doc = &s->document;
	STRBUF(text, 100);

	target_cpu_name(s->target, cpu, &text);
	strbuf_printf(doc, "<thread id=\"%x\" core=\"%u\" name=\"", cpu + 1,
		      cpu);
	put_escaped(doc, &text);
	strbuf_puts(doc, "\">");
	strbuf_init(&text, text.s, text.cap);
	target_cpu_extra(s->target, cpu, &text);
	put_escaped(doc, &text);
	strbuf_puts(doc, "</thread>\n");
}

/* Made when its first piece is asked for, so that the pieces fit together. */
static int xfer_threads(struct gdbstub *s, uint64_t offset, uint64_t len)
{
	struct strbuf *doc = &s->document;
	unsigned int cpu;

	if (!offset) {
		strbuf_init(doc, doc->s, doc->cap);
		strbuf_puts(doc, "<?xml version=\"1.0\"?>\n<threads>\n");
		for (cpu = 0; cpu < target_cpu_count(s->target); cpu++)
			describe_thread(s, cpu);
		strbuf_puts(doc, "</threads>\n");
	}
	return put_piece(s, doc->s, doc->len, offset, len);
}

int packet_xfer(struct gdbstub *s, struct cursor *c)
{
	bool features = cursor_text(c, "features:read:");
	uint64_t offset, len;
	char annex[64];
	int err;

	if (!features && !cursor_text(c, "threads:read:"))
		return -ENOTSUP;
	err = get_annex(c, annex, sizeof(annex), &offset, &len);
	if (err)
		return err;
	if (features)
		return xfer_features(s, annex, offset, len);
	if (annex[0])
		return session_fail(s, -ENOENT, "no such document");
	return xfer_threads(s, offset, len);
}
