/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A virtual CPU interface in software acknowledges, ends and deactivates at
 * random what vgic.c gives it, next to a reference that has no list registers:
 * none may be lost, come twice, or come in another order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "irq/gicv3_regs.h"
#include "irq/vgic.h"

#define IRQS 48
#define STEPS 60000

/* 0..15 SGIs, 16..31 with hardware link, 32..47 LPIs */
struct model {
	struct vgic_cpu v;
	struct vgic_prio_state ps;
	bool split;
	bool lpi_stays; /* active after EOI with EOImode 1, as old QEMU has it
			 */
	unsigned int eoicount;
	uint32_t seed;
	/* the reference */
	bool pending[IRQS], active[IRQS];
	unsigned int stack[IRQS], depth; /* not yet EOId */
	unsigned int acks, evictions;
};

static uint32_t rnd(struct model *m, uint32_t n)
{
	m->seed = m->seed * 1664525 + 1013904223;
	return (m->seed >> 8) % n;
}

static uint32_t intid_of(unsigned int n)
{
	return n < 32 ? n : GIC_LPI + n - 32;
}

static unsigned int number_of(uint32_t intid)
{
	return intid < 32 ? intid : intid - GIC_LPI + 32;
}

static bool is_hw(unsigned int n)
{
	return n >= 16 && n < 32;
}

static bool is_nmi(unsigned int n)
{
	return n % 13 == 5 && n < 32;
}

static struct vgic_irq irq_of(unsigned int n)
{
	return (struct vgic_irq){
		intid_of(n), is_nmi(n) ? 0 : (uint8_t)(n * 11 % 24 << 3),
		(uint8_t)(VGIC_GROUP1 | (is_hw(n) ? VGIC_HW : 0) |
			  (is_nmi(n) ? VGIC_NMI : 0))};
}

/* An order of all that is there: an NMI, then the priorities, then nothing. */
#define NOTHING (VGIC_IDLE + 1)

static unsigned int rank_of(const struct vgic_irq *irq)
{
	return irq->flags & VGIC_NMI ? 0 : irq->prio + 1u;
}

static unsigned int running(const struct model *m)
{
	return vgic_running_rank(&m->ps);
}

/* The distributor is told of each end exactly once. */
static void deactivated(struct model *m, unsigned int n)
{
	assert_true(m->active[n]);
	m->active[n] = false;
}

static void check_one_place(const struct model *m)
{
	unsigned int n, i, places;

	for (n = 0; n < IRQS; n++) {
		uint32_t intid = intid_of(n);

		places = 0;
		for (i = 0; i < m->v.nr_lrs; i++)
			places += (m->v.lr[i] & ICH_LR_STATE) &&
				  FIELD_GET(ICH_LR_VINTID, m->v.lr[i]) == intid;
		assert_in_range(places, 0, 1);
		for (i = 0; i < m->v.nr_queue; i++)
			places += m->v.queue[i].intid == intid;
		for (i = 0; i < m->v.nr_evicted; i++)
			places += m->v.evicted[i].intid == intid;
		assert_in_range(places, 0, 1 + (m->active[n] && !is_hw(n)));
		if (is_hw(n))
			assert_int_equal(places, m->pending[n] || m->active[n]);
	}
}

static void maintenance(struct model *m)
{
	uint64_t hcr = vgic_hcr(&m->v);
	struct vgic_irq over;
	uint32_t ended[VGIC_MAX_LRS];
	bool any = false, eoi = false;
	unsigned int i;

	for (i = 0; i < m->v.nr_lrs; i++) {
		any |= (m->v.lr[i] & ICH_LR_STATE) == ICH_LR_PENDING;
		eoi |= !(m->v.lr[i] & (ICH_LR_STATE | ICH_LR_HW)) &&
		       (m->v.lr[i] & ICH_LR_EOI);
	}
	if (!(hcr & ICH_HCR_NPIE && !any) && !eoi &&
	    !(hcr & ICH_HCR_LRENPIE && m->eoicount))
		return;
	vgic_loaded(&m->v);
	vgic_take_ended(&m->v, ended);
	while (!m->split && vgic_reap(&m->v, &m->ps, &over))
		if (over.flags & VGIC_HW)
			deactivated(m, number_of(over.intid));
	vgic_refill(&m->v);
	m->eoicount = 0;
}

static void do_inject(struct model *m, unsigned int n)
{
	struct vgic_irq irq = irq_of(n);

	if (is_hw(n) && (m->pending[n] || m->active[n]))
		return; /* active in the distributor: does not come again */
	vgic_loaded(&m->v);
	assert_int_not_equal(vgic_inject(&m->v, &irq), VGIC_FULL);
	m->pending[n] = true;
}

/* The most urgent one that the guest may take, by the reference. */
static unsigned int due_rank(const struct model *m)
{
	unsigned int n, best = NOTHING;

	for (n = 0; n < IRQS; n++) {
		struct vgic_irq irq = irq_of(n);

		if (m->pending[n] && (!m->active[n] || n >= 32) &&
		    rank_of(&irq) < best)
			best = rank_of(&irq);
	}
	return best < running(m) ? best : NOTHING;
}

static int best_lr(const struct model *m)
{
	unsigned int i, least = running(m);
	int best = -1;

	for (i = 0; i < m->v.nr_lrs; i++) {
		struct vgic_irq irq = vgic_lr_decode(m->v.lr[i]);

		if ((m->v.lr[i] & ICH_LR_STATE) != ICH_LR_PENDING ||
		    rank_of(&irq) >= least)
			continue;
		least = rank_of(&irq);
		best = (int)i;
	}
	return best;
}

static void do_ack(struct model *m)
{
	unsigned int due = due_rank(m), n;
	int i = best_lr(m);
	struct vgic_irq irq;

	assert_int_equal(vgic_can_take(&m->v, &m->ps), due != NOTHING);
	if (due == NOTHING) {
		assert_int_equal(i, -1);
		return;
	}
	assert_int_not_equal(i, -1);
	n = number_of(vgic_lr_decode(m->v.lr[i]).intid);
	assert_true(m->pending[n]);
	irq = irq_of(n);
	assert_int_equal(rank_of(&irq), due);
	m->v.lr[i] ^= ICH_LR_STATE;
	if (is_nmi(n))
		m->ps.nmi = true;
	else
		m->ps.ap1r[0] |= 1u << (irq.prio >> 3);
	m->pending[n] = false;
	m->active[n] = true;
	m->stack[m->depth++] = n;
	m->acks++;
	maintenance(m);
}

static int active_lr(const struct model *m, uint32_t intid)
{
	unsigned int i;

	for (i = 0; i < m->v.nr_lrs; i++)
		if ((m->v.lr[i] & ICH_LR_ACTIVE) &&
		    FIELD_GET(ICH_LR_VINTID, m->v.lr[i]) == intid)
			return (int)i;
	return -1;
}

static void end_lr(struct model *m, int i)
{
	m->v.lr[i] &= ~ICH_LR_ACTIVE;
}

static void do_eoi(struct model *m)
{
	unsigned int n;
	int i;

	if (!m->depth)
		return;
	n = m->stack[--m->depth];
	if (m->ps.nmi)
		m->ps.nmi = false;
	else
		m->ps.ap1r[0] &= m->ps.ap1r[0] - 1;
	i = active_lr(m, intid_of(n));
	if (n >= 32) {
		m->active[n] = false;
		if (i >= 0 && !(m->split && m->lpi_stays))
			end_lr(m, i);
		else if (i < 0 && m->lpi_stays)
			m->eoicount++;
	} else if (!m->split) {
		if (i >= 0) {
			end_lr(m, i);
			deactivated(m, n);
		} else {
			m->eoicount++;
			if (!is_hw(n))
				m->active[n] = false;
		}
	}
	maintenance(m);
	if (!m->split)
		assert_false(m->active[n]);
}

/* EOImode 1: any that was ended is deactivated, in any order. */
static void do_dir(struct model *m, unsigned int n)
{
	struct vgic_irq over;
	unsigned int i;
	int lr;

	for (i = 0; i < m->depth; i++)
		if (m->stack[i] == n)
			return;
	if (!m->split || n >= 32 || !m->active[n])
		return;
	if (vgic_hcr(&m->v) & ICH_HCR_TDIR) {
		vgic_loaded(&m->v);
		assert_true(vgic_dir(&m->v, intid_of(n), &over));
		assert_int_equal(!!(over.flags & VGIC_HW), is_hw(n));
		vgic_refill(&m->v);
	} else {
		lr = active_lr(m, intid_of(n));
		assert_int_not_equal(lr, -1);
		end_lr(m, lr);
	}
	deactivated(m, n);
	maintenance(m);
}

/* What the distributor's registers would be answered. */
static void do_query(struct model *m, uint32_t take)
{
	struct vgic_held h = vgic_query(&m->v, 0);
	unsigned int n;

	for (n = 0; n < 32; n++) {
		assert_int_equal(h.pending >> n & 1, m->pending[n]);
		assert_int_equal(h.active >> n & 1, m->active[n]);
	}
	vgic_loaded(&m->v);
	h.pending = vgic_take_pending(&m->v, 0, take);
	vgic_refill(&m->v);
	for (n = 0; n < 32; n++) {
		if (!(take >> n & 1))
			continue;
		assert_int_equal(h.pending >> n & 1, m->pending[n]);
		m->pending[n] = false;
	}
}

static void run_model(unsigned int lrs, bool split, bool lpi_stays)
{
	static struct model m;
	unsigned int step;

	memset(&m, 0, sizeof(m));
	m.v.nr_lrs = lrs;
	m.v.groups = VGIC_GRP1_ON;
	m.v.split = m.split = split;
	m.lpi_stays = lpi_stays;
	m.seed = lrs * 7 + split * 3 + lpi_stays;
	m.ps.prebits = 5;
	m.ps.vmcr = 0xffu << 24 | ICH_VMCR_VENG1 | 2 << 21 | 3 << 18;
	for (step = 0; step < STEPS; step++) {
		switch (rnd(&m, 16)) {
		case 0 ... 4:
			do_inject(&m, rnd(&m, IRQS));
			break;
		case 5 ... 9:
			do_ack(&m);
			break;
		case 10 ... 12:
			do_eoi(&m);
			break;
		case 13 ... 14:
			do_dir(&m, rnd(&m, 32));
			break;
		default:
			do_query(&m, rnd(&m, 4) ? 0 : 1u << rnd(&m, 32));
		}
		m.evictions += m.v.nr_evicted;
		check_one_place(&m);
	}
	assert_true(m.acks > STEPS / 20);
	if (lrs <= 2)
		assert_true(m.evictions > 100);
}

static void test_eoimode_0(void **state)
{
	unsigned int lrs;

	for (lrs = 1; lrs <= 16; lrs *= 2)
		run_model(lrs, false, false);
}

static void test_eoimode_1(void **state)
{
	unsigned int lrs;

	for (lrs = 1; lrs <= 16; lrs *= 2)
		run_model(lrs, true, false);
}

static void test_with_lpis_that_stay_active(void **state)
{
	unsigned int lrs;

	for (lrs = 1; lrs <= 16; lrs *= 2) {
		run_model(lrs, false, true);
		run_model(lrs, true, true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_eoimode_0),
		cmocka_unit_test(test_eoimode_1),
		cmocka_unit_test(test_with_lpis_that_stay_active),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
