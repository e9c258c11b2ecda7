/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* List registers, spill queue and evicted interrupts, one rule at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "irq/gicv3_regs.h"
#include "irq/vgic.h"

#define SPI(n, p) (&(struct vgic_irq){32 + (n), (p), VGIC_HW | VGIC_GROUP1})
#define SGI(n, p) (&(struct vgic_irq){(n), (p), VGIC_GROUP1})
#define NMI(n) \
	(&(struct vgic_irq){32 + (n), 0, VGIC_HW | VGIC_GROUP1 | VGIC_NMI})
#define LPI(n, p) (&(struct vgic_irq){GIC_LPI + (n), (p), VGIC_GROUP1})

static struct vgic_cpu *v;

static int setup(void **state)
{
	static struct vgic_cpu cpu;

	memset(&cpu, 0, sizeof(cpu));
	cpu.nr_lrs = 2;
	cpu.groups = VGIC_GRP1_ON;
	v = &cpu;
	return 0;
}

static bool in_lr(uint32_t intid, uint64_t lr_state)
{
	unsigned int i;

	for (i = 0; i < v->nr_lrs; i++)
		if ((v->lr[i] & ICH_LR_STATE) == lr_state &&
		    FIELD_GET(ICH_LR_VINTID, v->lr[i]) == intid)
			return true;
	return false;
}

/* What the guest's acknowledge and end do to a list register. */
static void make_active(uint32_t intid)
{
	unsigned int i;

	for (i = 0; i < v->nr_lrs; i++)
		if (FIELD_GET(ICH_LR_VINTID, v->lr[i]) == intid)
			v->lr[i] = (v->lr[i] & ~ICH_LR_STATE) | ICH_LR_ACTIVE;
}

static void test_encoding_round_trips(void **state)
{
	struct vgic_irq in = {77, 0xa8, VGIC_HW | VGIC_GROUP1}, out;
	uint64_t lr = vgic_lr_encode(&in, ICH_LR_PENDING);

	assert_int_equal(lr, UINT64_C(0x70a8004d0000004d));
	out = vgic_lr_decode(lr);
	assert_memory_equal(&in, &out, sizeof(in));

	in = (struct vgic_irq){0x2345, 0x10, VGIC_EOI};
	lr = vgic_lr_encode(&in, ICH_LR_ACTIVE);
	assert_int_equal(lr, UINT64_C(0x8010020000002345));
	out = vgic_lr_decode(lr);
	assert_memory_equal(&in, &out, sizeof(in));

	lr = vgic_lr_encode(NMI(1), ICH_LR_PENDING);
	assert_int_equal(lr, UINT64_C(0x7800002100000021));
	out = vgic_lr_decode(lr);
	assert_memory_equal(NMI(1), &out, sizeof(out));
}

static void test_free_list_registers_fill_first(void **state)
{
	assert_int_equal(vgic_inject(v, SPI(1, 0xa0)), VGIC_TAKEN);
	assert_int_equal(vgic_inject(v, SPI(2, 0xa0)), VGIC_TAKEN);
	assert_true(in_lr(33, ICH_LR_PENDING));
	assert_true(in_lr(34, ICH_LR_PENDING));
	assert_int_equal(v->dirty, 3);
	assert_int_equal(v->nr_queue, 0);
	assert_int_equal(vgic_hcr(v), 0);
}

static void test_more_urgent_displaces_least_urgent_pending(void **state)
{
	vgic_inject(v, SPI(1, 0xa0));
	vgic_inject(v, SPI(2, 0xb0));
	vgic_inject(v, SPI(3, 0x20));
	assert_true(in_lr(33, ICH_LR_PENDING));
	assert_true(in_lr(35, ICH_LR_PENDING));
	assert_int_equal(v->nr_queue, 1);
	assert_int_equal(v->queue[0].intid, 34);
	assert_int_equal(vgic_hcr(v), ICH_HCR_NPIE);
}

static void test_equal_priority_waits_in_order(void **state)
{
	uint32_t i;

	for (i = 0; i < 5; i++)
		vgic_inject(v, SPI(i, 0xa0));
	assert_int_equal(v->nr_queue, 3);
	v->lr[0] = v->lr[1] = 0;
	vgic_refill(v);
	assert_true(in_lr(34, ICH_LR_PENDING));
	assert_true(in_lr(35, ICH_LR_PENDING));
	assert_int_equal(v->queue[0].intid, 36);
}

static void test_pending_is_never_hidden_by_active_ones(void **state)
{
	vgic_inject(v, SPI(1, 0xa0));
	vgic_inject(v, SPI(2, 0x80));
	make_active(33);
	make_active(34);
	assert_int_equal(vgic_inject(v, SPI(3, 0x40)), VGIC_TAKEN);
	assert_true(in_lr(35, ICH_LR_PENDING));
	assert_true(in_lr(34, ICH_LR_ACTIVE));
	assert_int_equal(v->nr_evicted, 1);
	assert_int_equal(v->evicted[0].intid, 33);
	assert_int_equal(vgic_hcr(v), ICH_HCR_LRENPIE);
	v->split = true;
	assert_int_equal(vgic_hcr(v), ICH_HCR_TDIR);
}

static void test_evicted_comes_back_into_a_free_one(void **state)
{
	test_pending_is_never_hidden_by_active_ones(state);
	v->split = false;
	v->lr[0] = 0;
	vgic_refill(v);
	assert_true(in_lr(33, ICH_LR_ACTIVE));
	assert_int_equal(v->nr_evicted, 0);
	assert_int_equal(vgic_hcr(v), 0);
}

static void test_without_hardware_link_pending_merges(void **state)
{
	uint32_t i;

	assert_int_equal(vgic_inject(v, LPI(7, 0xa0)), VGIC_TAKEN);
	assert_int_equal(vgic_inject(v, LPI(7, 0xa0)), VGIC_MERGED);
	for (i = 0; i < 3; i++)
		vgic_inject(v, LPI(i, 0xa0));
	assert_int_equal(vgic_inject(v, LPI(2, 0xa0)), VGIC_MERGED);
	assert_int_equal(v->nr_queue, 2);
}

static void test_sgi_sent_again_while_active(void **state)
{
	vgic_inject(v, SGI(3, 0xa0));
	make_active(3);
	assert_int_equal(vgic_inject(v, SGI(3, 0xa0)), VGIC_MERGED);
	assert_true(in_lr(3, ICH_LR_STATE));
	assert_int_equal(vgic_take_pending(v, 0, 1u << 3), 1u << 3);
	assert_true(in_lr(3, ICH_LR_ACTIVE));
}

static void test_sgi_sent_again_while_evicted(void **state)
{
	struct vgic_irq over;

	v->nr_lrs = 1;
	v->split = true;
	vgic_inject(v, SGI(3, 0xa0));
	make_active(3);
	vgic_inject(v, SPI(1, 0x20));
	assert_int_equal(vgic_inject(v, SGI(3, 0xa0)), VGIC_MERGED);
	assert_int_equal(vgic_query(v, 0).pending, 1u << 3);
	assert_int_equal(vgic_query(v, 0).active, 1u << 3);
	assert_true(vgic_dir(v, 3, &over));
	assert_int_equal(vgic_query(v, 0).pending, 1u << 3);
	assert_int_equal(vgic_query(v, 0).active, 0);
	assert_int_equal(v->nr_evicted, 0);
	assert_int_equal(v->nr_queue, 1);
}

static void test_disabled_group_waits(void **state)
{
	v->groups = VGIC_GRP0_ON;
	vgic_inject(v, SPI(1, 0xa0));
	assert_int_equal(v->nr_queue, 1);
	assert_int_equal(vgic_hcr(v), 0);
	vgic_refill(v);
	assert_int_equal(v->nr_queue, 1);
	v->groups = VGIC_GRP1_ON;
	vgic_refill(v);
	assert_true(in_lr(33, ICH_LR_PENDING));
	v->groups = 0;
	vgic_unload(v);
	assert_int_equal(v->nr_queue, 1);
	assert_false(in_lr(33, ICH_LR_PENDING));
}

static void test_unload_leaves_active_ones(void **state)
{
	vgic_inject(v, SPI(1, 0xa0));
	make_active(33);
	v->groups = 0;
	vgic_unload(v);
	assert_true(in_lr(33, ICH_LR_ACTIVE));
}

static void test_take_pending_and_active(void **state)
{
	uint32_t i;
	struct vgic_held h;

	for (i = 0; i < 4; i++)
		vgic_inject(v, SPI(i, 0xa0));
	make_active(32);
	h = vgic_query(v, 32);
	assert_int_equal(h.pending, 0xe);
	assert_int_equal(h.active, 0x1);
	assert_int_equal(vgic_query(v, 64).pending, 0);
	assert_int_equal(vgic_query(v, 0).pending, 0);
	assert_int_equal(vgic_take_pending(v, 32, 0x7), 0x6);
	assert_int_equal(vgic_query(v, 32).pending, 0x8);
	assert_int_equal(vgic_take_active(v, 32, ~0u), 0x1);
	assert_int_equal(vgic_query(v, 32).active, 0);
}

static void test_queue_is_bounded(void **state)
{
	uint32_t i;

	for (i = 0; i < 2 + VGIC_QUEUE; i++)
		assert_int_equal(vgic_inject(v, LPI(i, 0xa0)), VGIC_TAKEN);
	assert_int_equal(vgic_inject(v, LPI(i, 0xa0)), VGIC_FULL);
	/* a more urgent one finds no place for what it would displace */
	assert_int_equal(vgic_inject(v, LPI(i, 0x10)), VGIC_FULL);
	assert_int_equal(v->nr_queue, VGIC_QUEUE);
}

static void test_evicted_are_bounded(void **state)
{
	uint32_t i;

	v->nr_lrs = 1;
	for (i = 0; i < VGIC_EVICTED + 1; i++) {
		vgic_inject(v, SPI(i, 0xa0));
		make_active(32 + i);
	}
	assert_int_equal(v->nr_evicted, VGIC_EVICTED);
	assert_int_equal(vgic_inject(v, SPI(i, 0xa0)), VGIC_TAKEN);
	assert_int_equal(v->nr_queue, 1);
	/* no maintenance that could change nothing */
	assert_int_equal(vgic_hcr(v) & ICH_HCR_NPIE, 0);
}

static void test_ended_ones_are_reported_once(void **state)
{
	uint32_t ended[VGIC_MAX_LRS];

	vgic_inject(v, &(struct vgic_irq){40, 0xa0, VGIC_GROUP1 | VGIC_EOI});
	assert_int_equal(vgic_take_ended(v, ended), 0);
	v->lr[0] &= ~ICH_LR_STATE;
	vgic_inject(v, SPI(1, 0xa0));
	assert_true(in_lr(33, ICH_LR_PENDING));
	assert_int_equal(FIELD_GET(ICH_LR_VINTID, v->lr[0]), 40);
	assert_int_equal(vgic_take_ended(v, ended), 1);
	assert_int_equal(ended[0], 40);
	assert_int_equal(vgic_take_ended(v, ended), 0);
}

static void test_lpi_has_no_active_state_to_end(void **state)
{
	vgic_inject(v, LPI(1, 0xa0));
	vgic_inject(v, LPI(2, 0xa0));
	make_active(GIC_LPI + 1);
	vgic_loaded(v);
	assert_true(in_lr(GIC_LPI + 1, ICH_LR_ACTIVE));
	v->split = true;
	vgic_loaded(v);
	assert_false(in_lr(GIC_LPI + 1, ICH_LR_ACTIVE));
	assert_true(in_lr(GIC_LPI + 2, ICH_LR_PENDING));
	assert_int_equal(vgic_inject(v, LPI(1, 0xa0)), VGIC_TAKEN);
	assert_true(in_lr(GIC_LPI + 1, ICH_LR_PENDING));
}

static void test_take_any_leaves_only_active_ones(void **state)
{
	struct vgic_irq irq;
	uint32_t i;

	for (i = 0; i < 5; i++)
		vgic_inject(v, SPI(i, 0xa0));
	make_active(32);
	for (i = 0; i < 4; i++)
		assert_true(vgic_take_any(v, &irq));
	assert_false(vgic_take_any(v, &irq));
	assert_true(in_lr(32, ICH_LR_ACTIVE));
}

static const struct vgic_prio_state open_state = {
	.vmcr = 0xffu << 24 | ICH_VMCR_VENG1 | 2 << 21 | 3 << 18,
	.prebits = 5,
};

static void test_can_take_needs_group_mask_and_priority(void **state)
{
	struct vgic_prio_state ps = open_state;

	assert_false(vgic_can_take(v, &ps));
	vgic_inject(v, SPI(1, 0xa0));
	assert_true(vgic_can_take(v, &ps));
	ps.vmcr &= ~ICH_VMCR_VENG1;
	assert_false(vgic_can_take(v, &ps));
	ps = open_state;
	ps.vmcr = (ps.vmcr & ~ICH_VMCR_VPMR) | 0xa0u << 24;
	assert_false(vgic_can_take(v, &ps)); /* equal to the mask */
	ps.vmcr = (ps.vmcr & ~ICH_VMCR_VPMR) | 0xa8u << 24;
	assert_true(vgic_can_take(v, &ps));
	ps = open_state;
	ps.ap1r[0] = 1u << (0xa0 >> 3);
	assert_false(vgic_can_take(v, &ps)); /* one as urgent runs */
	assert_int_equal(vgic_running_prio(&ps), 0xa0);
	ps.ap1r[0] = 1u << (0xa8 >> 3);
	assert_true(vgic_can_take(v, &ps));
	make_active(33);
	assert_false(vgic_can_take(v, &ps));
}

static void test_binary_point_groups_priorities(void **state)
{
	struct vgic_prio_state ps = open_state;

	ps.vmcr = (ps.vmcr & ~ICH_VMCR_VBPR1) | 5 << 18; /* 7:5 preempt */
	ps.ap1r[0] = 1u << (0xa0 >> 3);
	vgic_inject(v, SPI(1, 0xa8));
	assert_false(vgic_can_take(v, &ps));
	vgic_inject(v, SPI(2, 0x98));
	assert_true(vgic_can_take(v, &ps));
}

static void test_nmi_comes_before_priority_0(void **state)
{
	v->nr_lrs = 1;
	vgic_inject(v, SPI(1, 0));
	vgic_inject(v, NMI(2));
	assert_true(in_lr(34, ICH_LR_PENDING));
	assert_int_equal(v->nr_queue, 1);
	vgic_inject(v, NMI(3)); /* of equals the older */
	assert_true(in_lr(34, ICH_LR_PENDING));
	make_active(34);
	vgic_refill(v);
	assert_true(in_lr(35, ICH_LR_PENDING));
	assert_int_equal(v->queue[0].intid, 33);
}

static void test_nmi_is_taken_above_all_but_another(void **state)
{
	struct vgic_prio_state ps = open_state;

	vgic_inject(v, NMI(1));
	ps.vmcr &= ~ICH_VMCR_VPMR; /* masks all others */
	ps.ap1r[0] = 1;		   /* priority 0 runs */
	assert_true(vgic_can_take(v, &ps));
	assert_int_equal(vgic_rpr_read(&ps), 0);
	ps.nmi = true;
	assert_false(vgic_can_take(v, &ps));
	assert_int_equal(vgic_rpr_read(&ps), ICC_RPR_NMI);
	ps = open_state;
	ps.vmcr &= ~ICH_VMCR_VENG1;
	assert_false(vgic_can_take(v, &ps));
}

static void test_evicted_nmi_ends_by_its_own_bit(void **state)
{
	struct vgic_prio_state ps = open_state;

	ps.nmi = true;
	assert_true(vgic_is_running(v, &ps, NMI(1)));
	assert_false(vgic_is_running(v, &ps, SPI(2, 0)));
	ps.nmi = false;
	ps.ap1r[0] = 1;
	assert_false(vgic_is_running(v, &ps, NMI(1)));
	vgic_inject(v, SPI(2, 0));
	make_active(34);
	ps.nmi = true;
	assert_true(vgic_is_running(v, &ps, NMI(1)));
	vgic_inject(v, NMI(3));
	make_active(35);
	assert_false(vgic_is_running(v, &ps, NMI(1)));
}

static void test_running_priority_idle(void **state)
{
	struct vgic_prio_state ps = {.prebits = 7};

	assert_int_equal(vgic_running_prio(&ps), VGIC_IDLE);
	ps.ap0r[3] = 1u << 31;
	assert_int_equal(vgic_running_prio(&ps), 0xfe);
	ps.ap1r[1] = 1;
	assert_int_equal(vgic_running_prio(&ps), 0x40);
}

static void test_trapped_common_registers(void **state)
{
	uint64_t vmcr = 0xf0u << 24 | ICH_VMCR_VEOIM | ICH_VMCR_VENG1;
	/* 5 priority bits, 16-bit INTIDs, A3V */
	uint64_t vtr = 4ull << 29 | BIT(21) | 3;

	assert_int_equal(vgic_pmr_read(vmcr), 0xf0);
	assert_int_equal(vgic_pmr_write(vmcr, 0x1ff, 0xf8) >> 24, 0xf8);
	assert_int_equal(vgic_ctlr_read(vmcr, vtr), BIT(15) | 4 << 8 | 2);
	assert_int_equal(vgic_ctlr_write(vmcr, 1),
			 0xf0u << 24 | ICH_VMCR_VCBPR | ICH_VMCR_VENG1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(test_encoding_round_trips),
		T(test_free_list_registers_fill_first),
		T(test_more_urgent_displaces_least_urgent_pending),
		T(test_equal_priority_waits_in_order),
		T(test_pending_is_never_hidden_by_active_ones),
		T(test_evicted_comes_back_into_a_free_one),
		T(test_without_hardware_link_pending_merges),
		T(test_sgi_sent_again_while_active),
		T(test_sgi_sent_again_while_evicted),
		T(test_disabled_group_waits),
		T(test_unload_leaves_active_ones),
		T(test_take_pending_and_active),
		T(test_queue_is_bounded),
		T(test_evicted_are_bounded),
		T(test_ended_ones_are_reported_once),
		T(test_lpi_has_no_active_state_to_end),
		T(test_take_any_leaves_only_active_ones),
		T(test_can_take_needs_group_mask_and_priority),
		T(test_binary_point_groups_priorities),
		T(test_nmi_comes_before_priority_0),
		T(test_nmi_is_taken_above_all_but_another),
		T(test_evicted_nmi_ends_by_its_own_bit),
		T(test_running_priority_idle),
		T(test_trapped_common_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
