/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* rsp: frames whole and in pieces, restarts, escapes, resending. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stub/rsp.h"
#include "fake_target.h"

static uint8_t body[301];
static struct rsp_rx rx;

static void fresh(void)
{
	rsp_rx_init(&rx, body, sizeof(body));
}

static enum rsp_event feed(const char *text)
{
	enum rsp_event event = RSP_NONE;
	size_t len = strlen(text);

	assert_int_equal(rsp_rx_feed(&rx, (const uint8_t *)text, len, &event),
			 len);
	return event;
}

static size_t make_frame(uint8_t *frame, const uint8_t *p, size_t len)
{
	uint8_t sum = 0;
	size_t i;

	frame[0] = '$';
	for (i = 0; i < len; i++) {
		frame[1 + i] = p[i];
		sum += p[i];
	}
	snprintf((char *)frame + 1 + len, 4, "#%02x", sum);
	return len + 4;
}

static void bytes_outside_frames(void **state)
{
	fresh();
	assert_int_equal(feed("+"), RSP_ACK);
	assert_int_equal(feed("-"), RSP_NACK);
	assert_int_equal(feed("\x03"), RSP_BREAK);
	assert_int_equal(feed("garbage#00 \x7f\xff"), RSP_NONE);
	assert_int_equal(feed("noise$OK#9a"), RSP_PACKET);
	assert_string_equal((char *)rx.body, "OK");
	assert_int_equal(feed("$#00"), RSP_PACKET);
	assert_int_equal(rx.len, 0);
	assert_int_equal(feed("$OK#9A"), RSP_PACKET);
}

static void a_break_inside_a_frame_is_data(void **state)
{
	fresh();
	assert_int_equal(feed("$a\x03z#de"), RSP_PACKET);
	assert_int_equal(rx.len, 3);
	assert_int_equal(feed("$a#6\x03"), RSP_BAD);
}

static void a_dollar_restarts(void **state)
{
	fresh();
	assert_int_equal(feed("$m400$OK#9a"), RSP_PACKET);
	assert_string_equal((char *)rx.body, "OK");
	assert_int_equal(feed("$x#$OK#9a"), RSP_PACKET);
	assert_int_equal(feed("$x#0$OK#9a"), RSP_PACKET);
	assert_int_equal(feed("$12345678901234567$OK#9a"), RSP_PACKET);
	assert_string_equal((char *)rx.body, "OK");
	assert_int_equal(feed("$OK#9b"), RSP_BAD);
	assert_int_equal(feed("$OK#xy"), RSP_BAD);
}

static void stops_behind_each_event(void **state)
{
	const uint8_t bytes[] = "$OK#9a$g#67+";
	enum rsp_event event;

	fresh();
	assert_int_equal(rsp_rx_feed(&rx, bytes, 12, &event), 6);
	assert_int_equal(event, RSP_PACKET);
	assert_int_equal(rsp_rx_feed(&rx, bytes + 6, 6, &event), 5);
	assert_string_equal((char *)rx.body, "g");
	assert_int_equal(rsp_rx_feed(&rx, bytes + 11, 1, &event), 1);
	assert_int_equal(event, RSP_ACK);
}

static void every_length_in_pieces_of_every_size(void **state)
{
	uint8_t data[300], frame[310];
	size_t len, piece, i;

	for (len = 0; len <= 300; len += len < 70 ? 1 : 23) {
		for (i = 0; i < len; i++) {
			data[i] = (uint8_t)(i * 29 + len);
			if (data[i] == '$' || data[i] == '#')
				data[i] = 'x';
		}
		for (piece = 1; piece < 40; piece++) {
			size_t n = make_frame(frame, data, len), at = 0;
			enum rsp_event event = RSP_NONE;

			fresh();
			while (at < n) {
				size_t take = n - at < piece ? n - at : piece;

				assert_int_equal(event, RSP_NONE);
				assert_int_equal(rsp_rx_feed(&rx, frame + at,
							     take, &event),
						 take);
				at += take;
			}
			assert_int_equal(event, RSP_PACKET);
			assert_int_equal(rx.len, len);
			assert_memory_equal(rx.body, data, len);
			assert_int_equal(rx.body[len], 0);
		}
	}
}

static void too_long_a_frame_is_told_and_over(void **state)
{
	uint8_t data[400], frame[410];
	enum rsp_event event;
	size_t n;

	fresh();
	memset(data, 'a', sizeof(data));
	n = make_frame(frame, data, 301);
	assert_int_equal(rsp_rx_feed(&rx, frame, n, &event), n);
	assert_int_equal(event, RSP_TOO_LONG);
	n = make_frame(frame, data, 300);
	assert_int_equal(rsp_rx_feed(&rx, frame, n, &event), n);
	assert_int_equal(event, RSP_PACKET);
	n = make_frame(frame, data, 400);
	frame[n - 1] ^= 1;
	assert_int_equal(rsp_rx_feed(&rx, frame, n, &event), n);
	assert_int_equal(event, RSP_BAD);
	assert_int_equal(feed("$OK#9a"), RSP_PACKET);
}

static void all_bytes_survive_escaping_at_every_length(void **state)
{
	size_t len, i;

	for (len = 0; len <= 700; len += len < 40 ? 1 : 41) {
		uint8_t *data = malloc(len + 1), *back = malloc(len + 1);
		uint8_t *frame = malloc(2 * len + RSP_FRAME_EXTRA);
		struct rsp_tx tx;
		uint8_t sum = 0;

		for (i = 0; i < len; i++)
			data[i] = (uint8_t)(len & 1 ? i : i * i + 0x23);
		rsp_tx_init(&tx, frame, 2 * len + RSP_FRAME_EXTRA);
		rsp_begin(&tx);
		assert_int_equal(rsp_put_binary(&tx, data, len), len);
		rsp_end(&tx, false);
		for (i = 1; i < tx.len - 3; i++) {
			assert_null(strchr("$#*", tx.buf[i]) && tx.buf[i]
					    ? "bare"
					    : NULL);
			sum += tx.buf[i];
		}
		assert_int_equal(sum, tx.sum);
		/* In place, as X does it. */
		assert_int_equal(rsp_unescape(frame, frame + 1, tx.len - 4),
				 len);
		assert_memory_equal(frame, data, len);
		free(data);
		free(back);
		free(frame);
	}
}

/*
 * Two escapes in every pair of places of two blocks, short and long, out and
 * back over themselves.
 */
static void escapes_in_all_places_of_a_block(void **state)
{
	for (unsigned int at = 0; at < 36 * 36 * 2; at++) {
		uint8_t data[200], frame[2 * 200 + RSP_FRAME_EXTRA], sum = 0;
		size_t len = at % 2 ? 200 : 40, put;
		unsigned int places = at / 2;
		struct rsp_tx tx;

		for (unsigned int i = 0; i < len; i++)
			data[i] = (uint8_t)(i % 28 * 37 + 0x80);
		data[places % 36] = '}';
		data[places / 36] = "#$*}"[at % 4];
		rsp_tx_init(&tx, frame, len + 20 + at % 3 * len / 3);
		rsp_begin(&tx);
		put = rsp_put_binary(&tx, data, len);
		assert_true(put == len || rsp_room(&tx) < 2);
		for (size_t i = 1; i < tx.len; i++)
			sum += frame[i];
		assert_int_equal(sum, tx.sum);
		assert_int_equal(
			rsp_unescape(frame + at % 2, frame + 1, tx.len - 1),
			put);
		assert_memory_equal(frame + at % 2, data, put);
	}
}

/* Sums of many words of the largest bytes, in and out. */
static void long_frames_have_the_right_sum(void **state)
{
	static uint8_t data[9000], frame[9000 + RSP_FRAME_EXTRA + 1], in[9001];
	enum rsp_event event;
	struct rsp_tx tx;
	size_t n;

	memset(data, 0xff, sizeof(data));
	rsp_rx_init(&rx, in, sizeof(in));
	n = make_frame(frame, data, sizeof(data));
	assert_int_equal(rsp_rx_feed(&rx, frame, n, &event), n);
	assert_int_equal(event, RSP_PACKET);
	rsp_tx_init(&tx, frame, sizeof(frame));
	rsp_begin(&tx);
	assert_int_equal(rsp_put_binary(&tx, data, 9000), 9000);
	assert_int_equal(tx.sum, (uint8_t)(9000 * 0xff));
	rsp_begin(&tx);
	assert_int_equal(rsp_put_hex(&tx, data, 4500), 4500);
	assert_int_equal(tx.sum, (uint8_t)(9000 * 'f'));
}

static void an_escape_at_the_end_is_dropped(void **state)
{
	uint8_t p[] = "ab}";

	assert_int_equal(rsp_unescape(p, p, 3), 2);
	assert_int_equal(rsp_unescape(p, p, 0), 0);
}

static void a_body_stops_at_its_limit(void **state)
{
	uint8_t frame[20 + RSP_FRAME_EXTRA];
	struct rsp_tx tx;

	rsp_tx_init(&tx, frame, sizeof(frame));
	rsp_begin(&tx);
	rsp_puts(&tx, "0123456789");
	assert_int_equal(rsp_put_hex(&tx, "abcdefgh", 8), 5);
	rsp_putc(&tx, 'x');
	assert_int_equal(rsp_room(&tx), 0);
	rsp_end(&tx, false);
	assert_int_equal(tx.len, 24);
	rsp_begin(&tx);
	assert_int_equal(rsp_put_binary(&tx, "#############", 13), 10);
	rsp_begin(&tx);
	assert_int_equal(rsp_put_binary(&tx, "x#############", 14), 10);
	rsp_begin(&tx);
	assert_int_equal(rsp_put_binary(&tx, "123456789012345678901234", 24),
			 20);
	rsp_begin(&tx);
	rsp_put_number(&tx, 0);
	rsp_put_number(&tx, 0xfedcba9876543210ull);
	assert_memory_equal(frame, "$0fedcba9876543210", 18);
}

static void take(struct rsp_tx *tx, size_t n, const char *want)
{
	size_t len;
	const uint8_t *p = rsp_tx_peek(tx, &len);

	assert_true(len >= n);
	assert_memory_equal(p, want, n);
	rsp_tx_done(tx, n);
}

static void acks_never_come_inside_a_frame(void **state)
{
	uint8_t frame[50];
	struct rsp_tx tx;
	size_t len;

	rsp_tx_init(&tx, frame, sizeof(frame));
	rsp_tx_control(&tx, '+');
	rsp_begin(&tx);
	rsp_puts(&tx, "OK");
	rsp_end(&tx, true);
	take(&tx, 1, "+");
	take(&tx, 2, "$O");
	rsp_tx_control(&tx, '-');
	take(&tx, 4, "K#9a");
	assert_true(rsp_tx_waits(&tx));
	take(&tx, 1, "-");
	rsp_tx_peek(&tx, &len);
	assert_int_equal(len, 0);
}

static void a_nack_sends_again_until_the_ack(void **state)
{
	uint8_t frame[50];
	struct rsp_tx tx;

	rsp_tx_init(&tx, frame, sizeof(frame));
	rsp_begin(&tx);
	rsp_puts(&tx, "OK");
	rsp_end(&tx, true);
	take(&tx, 6, "$OK#9a");
	assert_false(rsp_tx_free(&tx));
	rsp_tx_nack(&tx);
	take(&tx, 3, "$OK");
	rsp_tx_nack(&tx);
	take(&tx, 3, "#9a");
	take(&tx, 6, "$OK#9a");
	rsp_tx_ack(&tx);
	assert_true(rsp_tx_free(&tx));
	rsp_tx_nack(&tx);
	assert_true(rsp_tx_free(&tx));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_outside_frames),
		cmocka_unit_test(a_break_inside_a_frame_is_data),
		cmocka_unit_test(a_dollar_restarts),
		cmocka_unit_test(stops_behind_each_event),
		cmocka_unit_test(every_length_in_pieces_of_every_size),
		FAKE_WITHOUT_VREGS(every_length_in_pieces_of_every_size),
		cmocka_unit_test(too_long_a_frame_is_told_and_over),
		cmocka_unit_test(all_bytes_survive_escaping_at_every_length),
		FAKE_WITHOUT_VREGS(all_bytes_survive_escaping_at_every_length),
		cmocka_unit_test(escapes_in_all_places_of_a_block),
		FAKE_WITHOUT_VREGS(escapes_in_all_places_of_a_block),
		cmocka_unit_test(long_frames_have_the_right_sum),
		FAKE_WITHOUT_VREGS(long_frames_have_the_right_sum),
		cmocka_unit_test(an_escape_at_the_end_is_dropped),
		cmocka_unit_test(a_body_stops_at_its_limit),
		cmocka_unit_test(acks_never_come_inside_a_frame),
		cmocka_unit_test(a_nack_sends_again_until_the_ack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
