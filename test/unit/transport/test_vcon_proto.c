/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The control protocol: ports found, opened, lost, and nonsense survived. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "transport/vcon_proto.h"

static enum vcon_change feed(struct vcon_proto *p, uint32_t id, uint16_t event,
			     uint16_t value, enum transport_channel *ch)
{
	struct vcon_msg m = {id, event, value};
	enum transport_channel dummy;

	return vcon_proto_rx(p, &m, sizeof(m), ch ? ch : &dummy);
}

static enum vcon_change name(struct vcon_proto *p, uint32_t id, const char *s,
			     size_t len, enum transport_channel *ch)
{
	/* Of exactly this size, so that a read past its end is noticed. */
	uint8_t *m = malloc(8 + len);
	struct vcon_msg head = {id, VCON_PORT_NAME, 1};
	enum vcon_change change;

	memcpy(m, &head, 8);
	memcpy(m + 8, s, len);
	change = vcon_proto_rx(p, m, 8 + len, ch);
	free(m);
	return change;
}

static void expect_out(struct vcon_proto *p, uint32_t id, uint16_t event,
		       uint16_t value)
{
	struct vcon_msg m;

	assert_true(vcon_proto_next(p, &m));
	assert_int_equal(m.id, id);
	assert_int_equal(m.event, event);
	assert_int_equal(m.value, value);
}

static void expect_quiet(struct vcon_proto *p)
{
	struct vcon_msg m;

	assert_false(vcon_proto_next(p, &m));
}

static void ports_are_found_by_name(void **state)
{
	static const char *const names[] = {"org.hyperstub.gdb",
					    "org.hyperstub.console",
					    "org.hyperstub.trace"};
	struct vcon_proto p;
	enum transport_channel ch;
	uint32_t epoch;

	vcon_proto_init(&p, 4);
	expect_out(&p, 0, VCON_DEVICE_READY, 1);
	expect_quiet(&p);
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t id = 3 - i;

		feed(&p, id, VCON_PORT_ADD, 1, NULL);
		expect_out(&p, id, VCON_PORT_READY, 1);
		/* With a NUL at the end, and without. */
		assert_int_equal(
			name(&p, id, names[i], strlen(names[i]) + i % 2, &ch),
			VCON_BOUND);
		assert_int_equal(ch, i);
		expect_out(&p, id, VCON_PORT_OPEN, 1);
		expect_quiet(&p);
		assert_int_equal(p.port_of[i], id);
		assert_false(vcon_proto_connected(&p, ch, &epoch));
	}
	assert_true(p.gdb_named);
	assert_false(vcon_proto_settle(&p));
}

static void names_that_only_begin_alike_are_not_ours(void **state)
{
	struct vcon_proto p;
	enum transport_channel ch;

	vcon_proto_init(&p, 4);
	feed(&p, 1, VCON_PORT_ADD, 1, NULL);
	assert_int_equal(name(&p, 1, "org.hyperstub.gdb2", 18, &ch), VCON_NONE);
	assert_int_equal(name(&p, 1, "org.hyperstub.gd", 16, &ch), VCON_NONE);
	assert_int_equal(name(&p, 1, "", 0, &ch), VCON_NONE);
	assert_int_equal(p.port_of[TRANSPORT_GDB], -1);
	/* A port with a name of its own is somebody else's. */
	assert_false(vcon_proto_settle(&p));
}

static void connections_are_counted(void **state)
{
	struct vcon_proto p;
	enum transport_channel ch;
	uint32_t epoch;

	vcon_proto_init(&p, 4);
	feed(&p, 1, VCON_PORT_ADD, 1, NULL);
	name(&p, 1, "org.hyperstub.gdb", 17, &ch);
	for (uint32_t i = 1; i < 30; i++) {
		assert_int_equal(feed(&p, 1, VCON_PORT_OPEN, 1, &ch),
				 VCON_OPENED);
		assert_int_equal(ch, TRANSPORT_GDB);
		assert_true(vcon_proto_connected(&p, TRANSPORT_GDB, &epoch));
		assert_int_equal(epoch, i);
		assert_int_equal(feed(&p, 1, VCON_PORT_OPEN, 0, &ch),
				 VCON_CLOSED);
		assert_false(vcon_proto_connected(&p, TRANSPORT_GDB, &epoch));
		assert_int_equal(feed(&p, 1, VCON_PORT_OPEN, 0, &ch),
				 VCON_NONE);
	}
}

static void an_open_without_a_close_is_a_new_connection(void **state)
{
	struct vcon_proto p;
	enum transport_channel ch;
	uint32_t epoch;

	vcon_proto_init(&p, 4);
	feed(&p, 1, VCON_PORT_ADD, 1, NULL);
	name(&p, 1, "org.hyperstub.gdb", 17, &ch);
	feed(&p, 1, VCON_PORT_OPEN, 1, NULL);
	assert_int_equal(feed(&p, 1, VCON_PORT_OPEN, 1, &ch), VCON_OPENED);
	vcon_proto_connected(&p, TRANSPORT_GDB, &epoch);
	assert_int_equal(epoch, 2);
}

static void a_client_from_before_the_name_is_there(void **state)
{
	struct vcon_proto p;
	enum transport_channel ch;
	uint32_t epoch;

	vcon_proto_init(&p, 4);
	feed(&p, 2, VCON_PORT_ADD, 1, NULL);
	assert_int_equal(feed(&p, 2, VCON_PORT_OPEN, 1, &ch), VCON_NONE);
	name(&p, 2, "org.hyperstub.gdb", 17, &ch);
	assert_true(vcon_proto_connected(&p, TRANSPORT_GDB, &epoch));
	assert_int_equal(epoch, 1);
}

static void without_a_name_the_first_console_is_gdb(void **state)
{
	struct vcon_proto p;

	vcon_proto_init(&p, 8);
	for (uint32_t id = 0; id < 5; id++)
		feed(&p, id, VCON_PORT_ADD, 1, NULL);
	feed(&p, 3, VCON_CONSOLE_PORT, 1, NULL);
	feed(&p, 2, VCON_CONSOLE_PORT, 1, NULL);
	assert_true(vcon_proto_settle(&p));
	assert_int_equal(p.port_of[TRANSPORT_GDB], 2);
	assert_false(p.gdb_named);
}

static void without_a_console_the_first_unnamed_port_is_gdb(void **state)
{
	struct vcon_proto p;
	enum transport_channel ch;

	vcon_proto_init(&p, 8);
	for (uint32_t id = 1; id < 5; id++)
		feed(&p, id, VCON_PORT_ADD, 1, NULL);
	name(&p, 1, "org.qemu.guest_agent.0", 23, &ch);
	name(&p, 2, "org.hyperstub.console", 21, &ch);
	assert_true(vcon_proto_settle(&p));
	assert_int_equal(p.port_of[TRANSPORT_GDB], 3);
}

static void a_single_port_is_always_connected(void **state)
{
	struct vcon_proto p;
	uint32_t epoch;

	vcon_proto_init_single(&p);
	expect_quiet(&p);
	assert_true(vcon_proto_connected(&p, TRANSPORT_GDB, &epoch));
	assert_int_equal(epoch, 1);
	assert_false(vcon_proto_connected(&p, TRANSPORT_TRACE, &epoch));
}

static void a_port_that_is_removed_and_comes_back_is_opened_again(void **state)
{
	struct vcon_proto p;
	enum transport_channel ch;
	struct vcon_msg m;
	uint32_t epoch;

	vcon_proto_init(&p, 4);
	feed(&p, 1, VCON_PORT_ADD, 1, NULL);
	name(&p, 1, "org.hyperstub.gdb", 17, &ch);
	feed(&p, 1, VCON_PORT_OPEN, 1, NULL);
	while (vcon_proto_next(&p, &m))
		;
	assert_int_equal(feed(&p, 1, VCON_PORT_REMOVE, 1, &ch), VCON_CLOSED);
	assert_false(vcon_proto_connected(&p, TRANSPORT_GDB, &epoch));
	feed(&p, 1, VCON_PORT_ADD, 1, NULL);
	expect_out(&p, 1, VCON_PORT_READY, 1);
	expect_out(&p, 1, VCON_PORT_OPEN, 1);
	assert_int_equal(name(&p, 1, "org.hyperstub.gdb", 17, &ch), VCON_NONE);
	feed(&p, 1, VCON_PORT_OPEN, 1, NULL);
	assert_true(vcon_proto_connected(&p, TRANSPORT_GDB, &epoch));
	assert_int_equal(epoch, 2);
}

static void a_name_used_twice_stays_with_the_first(void **state)
{
	struct vcon_proto p;
	enum transport_channel ch;

	vcon_proto_init(&p, 4);
	feed(&p, 1, VCON_PORT_ADD, 1, NULL);
	feed(&p, 2, VCON_PORT_ADD, 1, NULL);
	assert_int_equal(name(&p, 1, "org.hyperstub.gdb", 17, &ch), VCON_BOUND);
	assert_int_equal(name(&p, 2, "org.hyperstub.gdb", 17, &ch), VCON_NONE);
	/* Nor does one port become two channels. */
	assert_int_equal(name(&p, 1, "org.hyperstub.trace", 19, &ch),
			 VCON_NONE);
	assert_int_equal(p.port_of[TRANSPORT_GDB], 1);
	assert_int_equal(p.port_of[TRANSPORT_TRACE], -1);
}

static void nonsense_is_counted_and_changes_nothing(void **state)
{
	struct vcon_proto p, before;
	enum transport_channel ch;
	uint8_t bytes[8] = {0};
	struct vcon_msg m;

	vcon_proto_init(&p, 4);
	assert_true(vcon_proto_next(&p, &m));
	before = p;
	for (size_t len = 0; len < 8; len++)
		assert_int_equal(vcon_proto_rx(&p, bytes, len, &ch), VCON_NONE);
	feed(&p, 4, VCON_PORT_ADD, 1, NULL); /* it said 4 ports */
	feed(&p, 0xffffffff, VCON_PORT_OPEN, 1, NULL);
	feed(&p, 1, VCON_PORT_OPEN, 1, NULL); /* never added */
	name(&p, 1, "org.hyperstub.gdb", 17, &ch);
	assert_int_equal(p.rejected, 12);
	p.rejected = 0;
	assert_memory_equal(&p, &before, sizeof(p));
	feed(&p, 1, VCON_PORT_ADD, 1, NULL);
	feed(&p, 1, 99, 1, NULL);
	assert_int_equal(p.rejected, 1);
}

static void a_flood_waits_until_the_answers_are_sent(void **state)
{
	struct vcon_proto p;
	struct vcon_msg m;
	unsigned int fed = 0;

	vcon_proto_init(&p, 8);
	while (vcon_proto_ready(&p)) {
		feed(&p, fed++ % 8, VCON_PORT_ADD, 1, NULL);
		assert_in_range(p.out_count, 1, VCON_MSG_OUT);
	}
	assert_in_range(fed, VCON_MSG_OUT / VCON_MSG_REPLIES, VCON_MSG_OUT);
	assert_true(vcon_proto_next(&p, &m));
	assert_int_equal(m.event, VCON_DEVICE_READY);
	for (unsigned int i = 0; i < fed; i++)
		expect_out(&p, i % 8, VCON_PORT_READY, 1);
	expect_quiet(&p);
}

static void so_many_ports_as_the_device_says_are_cut_to_ours(void **state)
{
	struct vcon_proto p;

	vcon_proto_init(&p, 0xffffffff);
	assert_int_equal(p.ports, VCON_PORTS);
	vcon_proto_init(&p, 0);
	feed(&p, 0, VCON_PORT_ADD, 1, NULL);
	assert_int_equal(p.rejected, 1);
	assert_false(vcon_proto_settle(&p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_found_by_name),
		cmocka_unit_test(names_that_only_begin_alike_are_not_ours),
		cmocka_unit_test(connections_are_counted),
		cmocka_unit_test(an_open_without_a_close_is_a_new_connection),
		cmocka_unit_test(a_client_from_before_the_name_is_there),
		cmocka_unit_test(without_a_name_the_first_console_is_gdb),
		cmocka_unit_test(
			without_a_console_the_first_unnamed_port_is_gdb),
		cmocka_unit_test(a_single_port_is_always_connected),
		cmocka_unit_test(
			a_port_that_is_removed_and_comes_back_is_opened_again),
		cmocka_unit_test(a_name_used_twice_stays_with_the_first),
		cmocka_unit_test(nonsense_is_counted_and_changes_nothing),
		cmocka_unit_test(a_flood_waits_until_the_answers_are_sent),
		cmocka_unit_test(
			so_many_ports_as_the_device_says_are_cut_to_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
