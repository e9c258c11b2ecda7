/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The split virtqueue, against a device that is good and one that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>

#include "fake_queue.h"

struct ctx {
	struct virtio_ring r;
	struct fake_queue dev;
	void *mem;
	uint8_t buf[64];
};

static int setup(void **state)
{
	struct ctx *c = calloc(1, sizeof(*c));

	c->mem = fake_memory(VIRTIO_RING_BYTES);
	c->dev.r = &c->r;
	*state = c;
	return virtio_ring_init(&c->r, c->mem, 8);
}

static int teardown(void **state)
{
	struct ctx *c = *state;

	free(c->mem);
	free(c);
	return 0;
}

static void sizes_that_are_no_power_of_two_are_refused(void **state)
{
	struct ctx *c = *state;

	assert_int_equal(virtio_ring_init(&c->r, c->mem, 0), -EINVAL);
	assert_int_equal(virtio_ring_init(&c->r, c->mem, 6), -EINVAL);
	assert_int_equal(virtio_ring_init(&c->r, c->mem, 256), -EINVAL);
	assert_int_equal(virtio_ring_init(&c->r, (uint8_t *)c->mem + 64, 8),
			 -EINVAL);
	assert_int_equal(virtio_ring_init(&c->r, c->mem, VIRTIO_RING_MAX), 0);
}

static void buffers_go_out_when_published_and_come_back(void **state)
{
	struct ctx *c = *state;
	struct fake_buffer b;
	uint16_t id;
	uint32_t len;
	int out;

	out = virtio_ring_add(&c->r, c->buf, 10, true);
	assert_in_range(out, 0, 7);
	assert_int_equal(fake_avail(&c->dev), 0);
	assert_true(virtio_ring_publish(&c->r));
	assert_false(virtio_ring_publish(&c->r));
	assert_true(fake_pop(&c->dev, &b));
	assert_int_equal(b.id, out);
	assert_ptr_equal(b.mem, c->buf);
	assert_int_equal(b.len, 10);
	assert_true(b.device_writes);
	assert_int_equal(virtio_ring_outstanding(&c->r), 1);
	assert_int_equal(virtio_ring_reap(&c->r, &id, &len), 0);
	fake_push(&c->dev, b.id, 7);
	assert_int_equal(virtio_ring_outstanding(&c->r), 0);
	assert_int_equal(virtio_ring_reap(&c->r, &id, &len), 1);
	assert_int_equal(id, out);
	assert_int_equal(len, 7);
	assert_int_equal(virtio_ring_reap(&c->r, &id, &len), 0);
}

static void a_full_ring_takes_no_more(void **state)
{
	struct ctx *c = *state;

	for (int i = 0; i < 8; i++) {
		int id = virtio_ring_next_id(&c->r);

		assert_int_equal(virtio_ring_add(&c->r, c->buf, 1, false), id);
	}
	assert_int_equal(virtio_ring_next_id(&c->r), -ENOSPC);
	assert_int_equal(virtio_ring_add(&c->r, c->buf, 1, false), -ENOSPC);
}

static void indices_run_freely_and_order_does_not_matter(void **state)
{
	struct ctx *c = *state;
	struct fake_buffer a, b;
	uint16_t id;
	uint32_t len;

	for (uint32_t i = 0; i < 70000; i++) {
		int first = virtio_ring_add(&c->r, c->buf, 1, false);
		int second = virtio_ring_add(&c->r, c->buf, 2, false);

		virtio_ring_publish(&c->r);
		assert_true(fake_pop(&c->dev, &a) && fake_pop(&c->dev, &b));
		fake_push(&c->dev, b.id, 0);
		fake_push(&c->dev, a.id, 0);
		assert_int_equal(virtio_ring_reap(&c->r, &id, &len), 1);
		assert_int_equal(id, second);
		assert_int_equal(virtio_ring_reap(&c->r, &id, &len), 1);
		assert_int_equal(id, first);
	}
	assert_int_equal(c->r.free_count, 8);
}

static void the_device_may_ask_for_no_notifications(void **state)
{
	struct ctx *c = *state;

	c->r.used[0] = 1;
	virtio_ring_add(&c->r, c->buf, 1, false);
	assert_false(virtio_ring_publish(&c->r));
	assert_int_equal(fake_avail(&c->dev), 1);
	virtio_ring_set_interrupts(&c->r, false);
	assert_int_equal(c->r.avail[0], 1);
	virtio_ring_set_interrupts(&c->r, true);
	assert_int_equal(c->r.avail[0], 0);
}

static void assert_broken(struct ctx *c)
{
	uint16_t id;
	uint32_t len;

	assert_int_equal(virtio_ring_reap(&c->r, &id, &len), -EIO);
	assert_non_null(c->r.broken);
	assert_int_equal(virtio_ring_reap(&c->r, &id, &len), -EIO);
	assert_int_equal(virtio_ring_add(&c->r, c->buf, 1, true), -EIO);
	assert_false(virtio_ring_publish(&c->r));
}

static void an_id_out_of_range_breaks_it(void **state)
{
	struct ctx *c = *state;

	virtio_ring_add(&c->r, c->buf, 64, true);
	virtio_ring_publish(&c->r);
	fake_push(&c->dev, 8, 1);
	assert_broken(c);
}

static void a_huge_id_breaks_it(void **state)
{
	struct ctx *c = *state;
	int id = virtio_ring_add(&c->r, c->buf, 64, true);

	virtio_ring_publish(&c->r);
	fake_push(&c->dev, 0x10000u + (uint32_t)id, 1);
	assert_broken(c);
}

static void an_id_given_back_twice_breaks_it(void **state)
{
	struct ctx *c = *state;
	int first = virtio_ring_add(&c->r, c->buf, 64, true);
	uint16_t id;
	uint32_t len;

	virtio_ring_add(&c->r, c->buf, 64, true);
	virtio_ring_publish(&c->r);
	fake_push(&c->dev, (uint32_t)first, 1);
	fake_push(&c->dev, (uint32_t)first, 1);
	assert_int_equal(virtio_ring_reap(&c->r, &id, &len), 1);
	assert_broken(c);
}

static void more_bytes_than_there_was_room_for_breaks_it(void **state)
{
	struct ctx *c = *state;
	int id = virtio_ring_add(&c->r, c->buf, 64, true);

	virtio_ring_publish(&c->r);
	fake_push(&c->dev, (uint32_t)id, 65);
	assert_broken(c);
}

static void a_length_for_a_buffer_that_is_only_read_means_nothing(void **state)
{
	struct ctx *c = *state;
	int out = virtio_ring_add(&c->r, c->buf, 64, false);
	uint16_t id;
	uint32_t len;

	virtio_ring_publish(&c->r);
	fake_push(&c->dev, (uint32_t)out, 12345);
	assert_int_equal(virtio_ring_reap(&c->r, &id, &len), 1);
	assert_int_equal(len, 0);
}

static void an_index_that_jumps_breaks_it(void **state)
{
	struct ctx *c = *state;

	virtio_ring_add(&c->r, c->buf, 64, true);
	virtio_ring_publish(&c->r);
	c->r.used[1] = 2;
	assert_broken(c);
}

static void an_index_that_goes_back_breaks_it(void **state)
{
	struct ctx *c = *state;

	virtio_ring_add(&c->r, c->buf, 64, true);
	virtio_ring_publish(&c->r);
	c->r.used[1] = 0xffff;
	assert_broken(c);
}

static void what_is_forgotten_is_free_and_no_longer_waited_for(void **state)
{
	struct ctx *c = *state;
	uint16_t id;
	uint32_t len;

	for (int i = 0; i < 1000; i++) {
		int out = virtio_ring_add(&c->r, c->buf, 64, false);

		virtio_ring_publish(&c->r);
		c->dev.last_avail++;
		virtio_ring_forget(&c->r, (uint16_t)out);
		virtio_ring_forget(&c->r, (uint16_t)out);
		assert_int_equal(virtio_ring_outstanding(&c->r), 0);
	}
	assert_int_equal(c->r.free_count, 8);
	assert_int_equal(virtio_ring_reap(&c->r, &id, &len), 0);
	c->r.used[1]++; /* one more than it has now */
	assert_broken(c);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(sizes_that_are_no_power_of_two_are_refused),
		T(buffers_go_out_when_published_and_come_back),
		T(a_full_ring_takes_no_more),
		T(indices_run_freely_and_order_does_not_matter),
		T(the_device_may_ask_for_no_notifications),
		T(an_id_out_of_range_breaks_it),
		T(a_huge_id_breaks_it),
		T(an_id_given_back_twice_breaks_it),
		T(more_bytes_than_there_was_room_for_breaks_it),
		T(a_length_for_a_buffer_that_is_only_read_means_nothing),
		T(an_index_that_jumps_breaks_it),
		T(an_index_that_goes_back_breaks_it),
		T(what_is_forgotten_is_free_and_no_longer_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
