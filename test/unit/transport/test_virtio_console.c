/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Channels over a virtio console whose clients come, go and do not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "fake_console.h"

#define GDB 1 /* port ids */
#define CONSOLE 2
#define TRACE 3

struct ctx {
	struct virtio_console v;
	struct transport *t;
	void *mem;
	char text[200];
	struct strbuf why;
};

static void new_device(struct ctx *c)
{
	fake_console_init();
	dev.port[GDB].exists = true;
	dev.port[GDB].name = "org.hyperstub.gdb";
	dev.port[CONSOLE].exists = true;
	dev.port[CONSOLE].name = "org.hyperstub.console";
	c->mem = fake_memory(VIRTIO_CONSOLE_MEMORY);
	c->t = &c->v.transport;
	strbuf_init(&c->why, c->text, sizeof(c->text));
}

static int setup(void **state)
{
	struct ctx *c = calloc(1, sizeof(*c));

	new_device(c);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct ctx *c = *state;

	fake_console_free();
	free(c->mem);
	free(c);
	return 0;
}

static int probe(struct ctx *c)
{
	return virtio_console_probe(&c->v, 0xa000000, 48, c->mem,
				    VIRTIO_CONSOLE_MEMORY, false, &c->why);
}

static int probe_named(struct ctx *c)
{
	return virtio_console_probe(&c->v, 0xa000000, 48, c->mem,
				    VIRTIO_CONSOLE_MEMORY, true, &c->why);
}

static void poll(struct ctx *c)
{
	c->t->ops->poll(c->t);
}

static bool connected(struct ctx *c, enum transport_channel ch, uint32_t *epoch)
{
	return c->t->ops->connected(c->t, ch, epoch);
}

static size_t tx(struct ctx *c, const void *buf, size_t len)
{
	return c->t->ops->tx(c->t, TRANSPORT_GDB, buf, len);
}

/* Receives what is there and compares it. */
static void expect_rx(struct ctx *c, const char *s)
{
	uint8_t buf[100];
	size_t n = c->t->ops->rx(c->t, TRANSPORT_GDB, buf, sizeof(buf));

	assert_int_equal(n, strlen(s));
	assert_memory_equal(buf, s, n);
}

static void expect_sent(uint32_t id, const char *s)
{
	assert_int_equal(dev.port[id].sent_len, strlen(s));
	assert_memory_equal(dev.port[id].sent, s, strlen(s));
}

/* A client on the gdb port whose coming was noticed. */
static void start(struct ctx *c)
{
	assert_int_equal(probe(c), 0);
	fake_open(GDB);
	poll(c);
}

static void named_ports_become_channels(void **state)
{
	struct ctx *c = *state;
	uint32_t epoch;

	assert_int_equal(probe(c), 0);
	assert_int_equal(c->t->irq, 48);
	assert_true(c->v.proto.gdb_named);
	assert_true(c->t->ops->has(c->t, TRANSPORT_GDB));
	assert_true(c->t->ops->has(c->t, TRANSPORT_CONSOLE));
	assert_false(c->t->ops->has(c->t, TRANSPORT_TRACE));
	assert_true(dev.port[GDB].guest_open);
	assert_false(connected(c, TRANSPORT_GDB, &epoch));
	assert_int_equal(tx(c, "x", 1), 0);
}

/* A virtual CPU that its host lets run now and then only. */
static void time_that_is_lost_is_no_silence(void **state)
{
	struct ctx *c = *state;

	dev.step = 300000;
	assert_int_equal(probe(c), 0);
	assert_true(c->v.proto.gdb_named);
	assert_true(c->t->ops->has(c->t, TRANSPORT_CONSOLE));
}

static void a_client_from_before_the_boot_is_connected(void **state)
{
	struct ctx *c = *state;
	uint32_t epoch;

	fake_open(GDB);
	assert_int_equal(probe(c), 0);
	assert_true(connected(c, TRANSPORT_GDB, &epoch));
	assert_int_equal(epoch, 1);
	assert_int_equal(fake_client_send(GDB, "hi", 2), 2);
	poll(c);
	expect_rx(c, "hi");
}

static void other_devices_are_left_alone(void **state)
{
	struct ctx *c = *state;

	dev.absent = true;
	assert_int_equal(probe(c), -ENODEV);
	assert_int_equal(dev.resets, 0);
	assert_true(c->why.len > 0);
}

static void a_console_that_is_not_for_us_is_given_back(void **state)
{
	struct ctx *c = *state;

	dev.port[GDB].name = "org.qemu.guest_agent.0";
	dev.port[CONSOLE].exists = false;
	assert_int_equal(probe(c), -ENXIO);
	assert_int_equal(dev.resets, 1);
	assert_true(c->why.len > 0);
}

static void a_device_that_never_answers_costs_100_ms(void **state)
{
	struct ctx *c = *state;

	dev.mute = true;
	assert_int_equal(probe(c), -ENXIO);
	assert_in_range(dev.now, 100000, 110000);
}

static void bad_memory_and_bad_devices_are_errors(void **state)
{
	struct ctx *c = *state;

	assert_int_equal(virtio_console_probe(&c->v, 0, 0, c->mem,
					      VIRTIO_CONSOLE_MEMORY - 1, false,
					      &c->why),
			 -EINVAL);
	dev.missing_queue = 5;
	assert_int_equal(probe(c), -EIO);
	dev.missing_queue = 0;
	dev.begin_fails = true;
	assert_int_equal(probe(c), -EIO);
	dev.begin_fails = false;
	dev.port[GDB].exists = false;
	dev.port[CONSOLE].exists = false;
	dev.reset_hangs = true;
	assert_int_equal(probe(c), -EIO);
}

static void a_device_with_one_port_is_gdb_and_always_connected(void **state)
{
	struct ctx *c = *state;
	uint32_t epoch;

	dev.no_multiport = true;
	assert_int_equal(probe(c), 0);
	assert_false(c->v.proto.gdb_named);
	assert_true(connected(c, TRANSPORT_GDB, &epoch));
	assert_int_equal(fake_client_send(0, "+", 1), 1);
	poll(c);
	expect_rx(c, "+");
	assert_int_equal(tx(c, "$OK#9a", 6), 6);
	expect_sent(0, "$OK#9a");
}

/* What its client has sent would be lost. */
static void a_port_without_our_name_is_not_opened(void **state)
{
	struct ctx *c = *state;

	assert_int_equal(probe_named(c), 0);
	assert_int_equal(virtio_console_release(&c->v), 0);
	dev.port[GDB].exists = false;
	dev.port[0].exists = true;
	dev.port[0].console = true;
	dev.port[0].host_open = true;
	assert_int_equal(probe_named(c), -ENXIO);
	assert_false(dev.port[0].was_opened);
	dev.no_multiport = true;
	assert_int_equal(probe_named(c), -ENXIO);
	assert_false(dev.port[0].was_opened);
	dev.no_multiport = false;
	assert_int_equal(probe(c), 0);
	assert_true(dev.port[0].was_opened);
}

static void a_virtconsole_is_gdb_where_no_name_says_otherwise(void **state)
{
	struct ctx *c = *state;
	uint32_t epoch;

	dev.port[GDB].exists = false;
	dev.port[0].exists = true;
	dev.port[0].console = true;
	dev.port[0].host_open = true;
	assert_int_equal(probe(c), 0);
	assert_false(c->v.proto.gdb_named);
	assert_true(connected(c, TRANSPORT_GDB, &epoch));
	assert_int_equal(fake_client_send(0, "x", 1), 1);
	poll(c);
	expect_rx(c, "x");
	assert_int_equal(tx(c, "y", 1), 1);
	expect_sent(0, "y");
}

static void big_transfers_arrive_whole(void **state)
{
	struct ctx *c = *state;
	static uint8_t data[700000], back[700000];
	size_t in = 0, out = 0, sent = 0;

	start(c);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	while (sent < sizeof(data)) {
		in += fake_client_send(GDB, data + in, sizeof(data) - in);
		poll(c);
		out += c->t->ops->rx(c->t, TRANSPORT_GDB, back + out, 5000);
		sent += tx(c, back + sent, out - sent);
	}
	assert_memory_equal(back, data, sizeof(data));
	assert_int_equal(dev.port[GDB].sent_len, sizeof(data));
	assert_memory_equal(dev.port[GDB].sent, data, sizeof(data));
	assert_true(c->t->ops->idle(c->t));
}

static void a_stream_costs_few_notifications(void **state)
{
	struct ctx *c = *state;
	static uint8_t data[64 * 4096];

	start(c);
	dev.notified[4] = 0;
	assert_int_equal(fake_client_send(GDB, data, sizeof(data)),
			 sizeof(data));
	assert_int_equal(fake_client_send(GDB, data, 1), 0);
	poll(c);
	for (size_t i = 0; i < sizeof(data); i += 4096)
		assert_int_equal(c->t->ops->rx(c->t, TRANSPORT_GDB, data, 4096),
				 4096);
	/* It was empty, so it has to be told, but not 64 times. */
	assert_in_range(dev.notified[4], 1, 4);
	assert_int_equal(fake_client_send(GDB, data, sizeof(data)),
			 sizeof(data));
}

static void small_packets_cost_no_notification_for_buffers(void **state)
{
	struct ctx *c = *state;

	start(c);
	dev.notified[4] = 0;
	for (int i = 0; i < 1000; i++) {
		fake_client_send(GDB, "$g#67", 5);
		poll(c);
		expect_rx(c, "$g#67");
	}
	assert_int_equal(dev.notified[4], 0);
}

static void a_client_that_does_not_read_fills_the_queue_only(void **state)
{
	struct ctx *c = *state;
	static uint8_t data[1000000];
	size_t n;

	start(c);
	dev.port[GDB].stalled = true;
	n = tx(c, data, sizeof(data));
	assert_int_equal(n, 128 * 4096);
	assert_int_equal(tx(c, data, 1), 0);
	/* It is to interrupt when there is room again. */
	assert_int_equal(dev.queue[5].r->avail[0], 0);
	assert_false(c->t->ops->idle(c->t));
	dev.port[GDB].holding = false;
	fake_push(&dev.queue[5], dev.queue[5].r->avail[2], 0);
	fake_client_read(GDB);
	assert_true(c->t->ops->idle(c->t));
	assert_int_equal(tx(c, data, 1), 1);
	assert_int_equal(dev.queue[5].r->avail[0], 1);
}

static void what_a_client_left_behind_is_dropped(void **state)
{
	struct ctx *c = *state;
	uint32_t epoch;

	start(c);
	fake_client_send(GDB, "STALE", 5);
	fake_close(GDB);
	poll(c);
	assert_false(connected(c, TRANSPORT_GDB, &epoch));
	expect_rx(c, "");
	fake_open(GDB);
	fake_client_send(GDB, "new", 3);
	poll(c);
	assert_true(connected(c, TRANSPORT_GDB, &epoch));
	assert_int_equal(epoch, 2);
	expect_rx(c, "new");
}

static void half_read_buffers_of_an_old_client_are_dropped(void **state)
{
	struct ctx *c = *state;
	uint8_t b[2];

	start(c);
	fake_client_send(GDB, "STALE", 5);
	poll(c);
	assert_int_equal(c->t->ops->rx(c->t, TRANSPORT_GDB, b, 2), 2);
	fake_close(GDB);
	fake_open(GDB);
	fake_client_send(GDB, "new", 3);
	poll(c);
	expect_rx(c, "new");
}

static void seen_bytes_of_a_client_replaced_unseen_are_dropped(void **state)
{
	struct ctx *c = *state;
	uint32_t epoch;

	start(c);
	fake_client_send(GDB, "STALE", 5);
	poll(c);
	fake_close(GDB);
	fake_open(GDB);
	fake_client_send(GDB, "new", 3);
	poll(c);
	connected(c, TRANSPORT_GDB, &epoch);
	assert_int_equal(epoch, 2);
	expect_rx(c, "new");
}

static void a_new_clients_bytes_wait_until_it_was_noticed(void **state)
{
	struct ctx *c = *state;
	uint32_t epoch;

	start(c);
	fake_close(GDB);
	fake_open(GDB);
	fake_client_send(GDB, "new", 3);
	/* Nobody looked: this is still the session of the first one. */
	expect_rx(c, "");
	assert_true(connected(c, TRANSPORT_GDB, &epoch));
	assert_int_equal(epoch, 1);
	poll(c);
	connected(c, TRANSPORT_GDB, &epoch);
	assert_int_equal(epoch, 2);
	expect_rx(c, "new");
}

static void clients_in_quick_succession_each_get_their_own(void **state)
{
	struct ctx *c = *state;
	uint32_t epoch;
	char s[12];

	assert_int_equal(probe(c), 0);
	for (uint32_t i = 1; i < 500; i++) {
		fake_open(GDB);
		s[0] = (char)('a' + i % 26);
		s[1] = '\0';
		fake_client_send(GDB, s, 1);
		if (i % 3 == 0)
			poll(c);
		poll(c);
		assert_true(connected(c, TRANSPORT_GDB, &epoch));
		assert_int_equal(epoch, i);
		expect_rx(c, s);
		assert_int_equal(tx(c, s, 1), 1);
		expect_sent(GDB, s);
		fake_close(GDB);
		if (i % 2)
			poll(c);
	}
}

static void more_comings_and_goings_than_control_buffers_end_well(void **state)
{
	struct ctx *c = *state;
	uint32_t epoch;

	start(c);
	for (int i = 0; i < 100; i++) {
		fake_close(GDB);
		fake_open(GDB);
	}
	poll(c);
	fake_close(GDB); /* the first one that is heard of again */
	fake_open(GDB);
	fake_client_send(GDB, "+", 1);
	poll(c);
	assert_true(connected(c, TRANSPORT_GDB, &epoch));
	expect_rx(c, "+");
}

static void what_was_queued_for_an_old_client_never_reaches_a_new(void **state)
{
	struct ctx *c = *state;
	static uint8_t data[100000];

	memset(data, 'S', sizeof(data));
	start(c);
	dev.port[GDB].stalled = true;
	assert_int_equal(tx(c, data, sizeof(data)), sizeof(data));
	fake_close(GDB);
	poll(c);
	fake_open(GDB);
	poll(c);
	assert_int_equal(tx(c, "new", 3), 3);
	expect_sent(GDB, "new");
}

static void a_device_that_holds_on_sends_blanks(void **state)
{
	struct ctx *c = *state;
	struct fake_buffer b;

	start(c);
	/* Begun for the first client, given back for the second. */
	dev.port[GDB].holding = true;
	assert_int_equal(tx(c, "STALE", 5), 5);
	dev.port[GDB].host_open = false;
	fake_send(&dev.queue[2], &(struct vcon_msg){GDB, VCON_PORT_OPEN, 0}, 8);
	fake_open(GDB);
	dev.port[GDB].holding = false;
	poll(c);
	assert_int_equal(dev.port[GDB].sent_len, 5);
	assert_memory_equal(dev.port[GDB].sent, "\0\0\0\0\0", 5);
	assert_false(fake_pop(&dev.queue[5], &b));
}

static void buffers_that_never_come_back_do_not_stop_it(void **state)
{
	struct ctx *c = *state;
	static uint8_t data[20000];

	assert_int_equal(probe(c), 0);
	for (int i = 0; i < 500; i++) {
		fake_open(GDB);
		poll(c);
		assert_int_equal(tx(c, "hello", 5), 5);
		expect_sent(GDB, "hello");
		dev.port[GDB].stalled = true;
		assert_int_equal(tx(c, data, sizeof(data)), sizeof(data));
		fake_close(GDB);
		if (i % 2)
			poll(c);
	}
	assert_null(virtio_console_failed(&c->v));
}

static void a_broken_ring_is_a_failed_transport(void **state)
{
	struct ctx *c = *state;
	uint8_t buf[10];
	uint32_t epoch;

	start(c);
	fake_push(&dev.queue[4], 77, 1000);
	poll(c);
	c->t->ops->rx(c->t, TRANSPORT_GDB, buf, sizeof(buf));
	poll(c);
	assert_non_null(virtio_console_failed(&c->v));
	assert_false(connected(c, TRANSPORT_GDB, &epoch));
	assert_int_equal(tx(c, "x", 1), 0);
	assert_true(c->t->ops->idle(c->t));
	poll(c);
}

static void a_device_in_need_of_a_reset_is_a_failed_transport(void **state)
{
	struct ctx *c = *state;
	uint32_t epoch;

	start(c);
	dev.needs_reset = true;
	poll(c);
	assert_non_null(virtio_console_failed(&c->v));
	assert_false(connected(c, TRANSPORT_GDB, &epoch));
}

static void channels_do_not_mix(void **state)
{
	struct ctx *c = *state;
	uint8_t buf[10];

	start(c);
	fake_open(CONSOLE);
	fake_client_send(CONSOLE, "ls\n", 3);
	fake_client_send(GDB, "+", 1);
	poll(c);
	expect_rx(c, "+");
	assert_int_equal(c->t->ops->rx(c->t, TRANSPORT_CONSOLE, buf, 10), 3);
	assert_memory_equal(buf, "ls\n", 3);
	assert_int_equal(c->t->ops->tx(c->t, TRANSPORT_CONSOLE,
				       (const uint8_t *)"# ", 2),
			 2);
	expect_sent(CONSOLE, "# ");
	expect_sent(GDB, "");
	assert_int_equal(c->t->ops->rx(c->t, TRANSPORT_TRACE, buf, 10), 0);
	assert_int_equal(c->t->ops->tx(c->t, TRANSPORT_TRACE, buf, 1), 0);
}

static void small_queues_do(void **state)
{
	struct ctx *c = *state;
	static uint8_t data[10000];

	dev.num = 4;
	start(c);
	for (int i = 0; i < 100; i++) {
		fake_client_send(GDB, "abc", 3);
		poll(c);
		expect_rx(c, "abc");
		assert_int_equal(tx(c, data, sizeof(data)), sizeof(data));
	}
	assert_int_equal(dev.port[GDB].sent_len, 100 * sizeof(data));
}

static uint32_t lcg(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* One thing that no good device does. */
static void lie(uint32_t *seed)
{
	struct fake_queue *q = &dev.queue[lcg(seed) % 8];
	struct vcon_msg m = {lcg(seed) % 6, (uint16_t)(lcg(seed) % 9),
			     (uint16_t)(lcg(seed) % 2)};

	switch (lcg(seed) % 6) {
	case 0:
		q->r->used[1] = (uint16_t)lcg(seed);
		break;
	case 1:
		fake_push(q, lcg(seed) % 140, lcg(seed) % 5000);
		break;
	case 2:
		memset((void *)q->r->used_ring, (int)lcg(seed), 100);
		break;
	default:
		if (dev.queue[2].r->used[1] == dev.queue[2].used_idx)
			fake_send(&dev.queue[2], &m, lcg(seed) % 9);
		break;
	}
}

static void a_device_that_lies_at_random_does_no_harm(void **state)
{
	struct ctx *c = *state;
	unsigned int failed = 0;
	uint8_t buf[300];

	for (uint32_t round = 0; round < 300; round++) {
		uint32_t seed = round, epoch;

		fake_console_free();
		free(c->mem);
		new_device(c);
		start(c);
		for (int i = 0; i < 60; i++) {
			if (lcg(&seed) % 4 == 0)
				lie(&seed);
			poll(c);
			for (int ch = 0; ch < TRANSPORT_CHANNELS; ch++) {
				connected(c, ch, &epoch);
				assert_in_range(c->t->ops->rx(c->t, ch, buf,
							      sizeof(buf)),
						0, sizeof(buf));
				c->t->ops->tx(c->t, ch, buf, 200);
			}
			c->t->ops->idle(c->t);
		}
		failed += virtio_console_failed(&c->v) != NULL;
	}
	/* Most lies are found out; the rest did no harm. */
	assert_in_range(failed, 100, 300);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(named_ports_become_channels),
		T(time_that_is_lost_is_no_silence),
		T(a_client_from_before_the_boot_is_connected),
		T(other_devices_are_left_alone),
		T(a_console_that_is_not_for_us_is_given_back),
		T(a_device_that_never_answers_costs_100_ms),
		T(bad_memory_and_bad_devices_are_errors),
		T(a_device_with_one_port_is_gdb_and_always_connected),
		T(a_port_without_our_name_is_not_opened),
		T(a_virtconsole_is_gdb_where_no_name_says_otherwise),
		T(big_transfers_arrive_whole),
		T(a_stream_costs_few_notifications),
		T(small_packets_cost_no_notification_for_buffers),
		T(a_client_that_does_not_read_fills_the_queue_only),
		T(what_a_client_left_behind_is_dropped),
		T(half_read_buffers_of_an_old_client_are_dropped),
		T(seen_bytes_of_a_client_replaced_unseen_are_dropped),
		T(a_new_clients_bytes_wait_until_it_was_noticed),
		T(clients_in_quick_succession_each_get_their_own),
		T(more_comings_and_goings_than_control_buffers_end_well),
		T(what_was_queued_for_an_old_client_never_reaches_a_new),
		T(a_device_that_holds_on_sends_blanks),
		T(buffers_that_never_come_back_do_not_stop_it),
		T(a_broken_ring_is_a_failed_transport),
		T(a_device_in_need_of_a_reset_is_a_failed_transport),
		T(channels_do_not_mix),
		T(small_queues_do),
		T(a_device_that_lies_at_random_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
