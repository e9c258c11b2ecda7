/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * List registers, spill queue and evicted interrupts of one CPU. The rules:
 * an INTID is in one place only; the most urgent pending ones are in list
 * registers; with HW = 1 there is no "pending and active".
 */
#include "vgic.h"

#include <stddef.h>
#include <string.h>

#include "gicv3_regs.h"

unsigned int vgic_rank(const struct vgic_irq *irq)
{
	return irq->flags & VGIC_NMI ? 0 : 1u + irq->prio;
}

struct vgic_irq vgic_lr_decode(uint64_t lr)
{
	struct vgic_irq irq = {
		.intid = (uint32_t)FIELD_GET(ICH_LR_VINTID, lr),
		.prio = (uint8_t)FIELD_GET(ICH_LR_PRIORITY, lr),
	};

	if (lr & ICH_LR_GROUP1)
		irq.flags |= VGIC_GROUP1;
	if (lr & ICH_LR_NMI)
		irq.flags |= VGIC_NMI;
	if (lr & ICH_LR_HW)
		irq.flags |= VGIC_HW;
	else if (lr & ICH_LR_EOI)
		irq.flags |= VGIC_EOI;
	return irq;
}

static void lr_set(struct vgic_cpu *v, unsigned int i, uint64_t lr)
{
	v->lr[i] = lr;
	v->dirty |= (uint16_t)(1u << i);
}

static bool lr_ended(uint64_t lr)
{
	return !(lr & (ICH_LR_STATE | ICH_LR_HW)) && (lr & ICH_LR_EOI);
}

static bool lr_free(uint64_t lr)
{
	return !(lr & ICH_LR_STATE) && !lr_ended(lr);
}

static bool lr_holds(uint64_t lr, uint32_t intid)
{
	return (lr & ICH_LR_STATE) && FIELD_GET(ICH_LR_VINTID, lr) == intid;
}

static unsigned int lr_rank(uint64_t lr)
{
	struct vgic_irq irq = vgic_lr_decode(lr);

	return vgic_rank(&irq);
}

void vgic_loaded(struct vgic_cpu *v)
{
	unsigned int i;

	v->dirty = 0;
	for (i = 0; v->split && i < v->nr_lrs; i++) {
		uint64_t lr = v->lr[i];

		if ((lr & ICH_LR_ACTIVE) &&
		    FIELD_GET(ICH_LR_VINTID, lr) >= GIC_LPI)
			lr_set(v, i,
			       lr & ICH_LR_PENDING ? lr & ~ICH_LR_ACTIVE : 0);
	}
}

static bool group_on(const struct vgic_cpu *v, const struct vgic_irq *irq)
{
	return v->groups &
	       (irq->flags & VGIC_GROUP1 ? VGIC_GRP1_ON : VGIC_GRP0_ON);
}

/* Sorted with the most urgent last; of equals the older is more urgent. */
static bool queue_insert(struct vgic_cpu *v, const struct vgic_irq *irq,
			 bool older)
{
	unsigned int i = v->nr_queue, rank = vgic_rank(irq);

	if (v->nr_queue == VGIC_QUEUE)
		return false;
	while (i && vgic_rank(&v->queue[i - 1]) < rank + !older)
		i--;
	memmove(&v->queue[i + 1], &v->queue[i],
		(v->nr_queue - i) * sizeof(v->queue[0]));
	v->queue[i] = *irq;
	v->nr_queue++;
	return true;
}

static void queue_remove(struct vgic_cpu *v, unsigned int i)
{
	v->nr_queue--;
	memmove(&v->queue[i], &v->queue[i + 1],
		(v->nr_queue - i) * sizeof(v->queue[0]));
}

static int queue_find(const struct vgic_cpu *v, uint32_t intid)
{
	unsigned int i = v->nr_queue;

	while (i--)
		if (v->queue[i].intid == intid)
			return (int)i;
	return -1;
}

unsigned int vgic_take_ended(struct vgic_cpu *v, uint32_t intid[VGIC_MAX_LRS])
{
	unsigned int i, n = 0;

	for (i = 0; i < v->nr_lrs; i++) {
		if (!lr_ended(v->lr[i]))
			continue;
		intid[n] = (uint32_t)FIELD_GET(ICH_LR_VINTID, v->lr[i]);
		if (queue_find(v, intid[n]) < 0)
			n++;
		lr_set(v, i, 0);
	}
	return n;
}

static void evicted_remove(struct vgic_cpu *v, unsigned int i)
{
	v->nr_evicted--;
	memmove(&v->evicted[i], &v->evicted[i + 1],
		(v->nr_evicted - i) * sizeof(v->evicted[0]));
}

static int find_free(const struct vgic_cpu *v)
{
	unsigned int i;

	for (i = 0; i < v->nr_lrs; i++)
		if (lr_free(v->lr[i]))
			return (int)i;
	return -1;
}

/* The least urgent list register in exactly this state. */
static int find_least(const struct vgic_cpu *v, bool active)
{
	unsigned int i;
	int least = -1;

	for (i = 0; i < v->nr_lrs; i++) {
		uint64_t lr = v->lr[i];

		if (!(lr & ICH_LR_STATE) || !!(lr & ICH_LR_ACTIVE) != active)
			continue;
		if (least < 0 || lr_rank(lr) > lr_rank(v->lr[least]))
			least = (int)i;
	}
	return least;
}

static bool evict(struct vgic_cpu *v, unsigned int i)
{
	struct vgic_irq irq = vgic_lr_decode(v->lr[i]);
	int q = queue_find(v, irq.intid);

	if (irq.intid >= GIC_LPI) /* nobody would tell of its end */
		return !(v->lr[i] & ICH_LR_PENDING) ||
		       queue_insert(v, &irq, false);
	if (v->nr_evicted == VGIC_EVICTED)
		return false;
	if (q >= 0)
		queue_remove(v, (unsigned int)q);
	if (q >= 0 || (v->lr[i] & ICH_LR_PENDING))
		irq.flags |= VGIC_PENDING;
	v->evicted[v->nr_evicted++] = irq;
	return true;
}

/*
 * A list register for one more pending interrupt: a free one, that of a less
 * urgent pending one, or, where not one of them is pending, that of the least
 * urgent active one. -1: it must wait.
 */
static int make_room(struct vgic_cpu *v, unsigned int rank)
{
	struct vgic_irq out;
	int i = find_free(v);

	if (i >= 0)
		return i;
	i = find_least(v, false);
	if (i >= 0) {
		if (lr_rank(v->lr[i]) <= rank)
			return -1;
		out = vgic_lr_decode(v->lr[i]);
		return queue_insert(v, &out, true) ? i : -1;
	}
	i = find_least(v, true);
	return i >= 0 && evict(v, (unsigned int)i) ? i : -1;
}

/* An interrupt without hardware link that is known already. */
static bool merge(struct vgic_cpu *v, uint32_t intid)
{
	unsigned int i;

	if (queue_find(v, intid) >= 0)
		return true;
	for (i = 0; i < v->nr_lrs; i++) {
		if (!lr_holds(v->lr[i], intid))
			continue;
		if (!(v->lr[i] & ICH_LR_PENDING))
			lr_set(v, i, v->lr[i] | ICH_LR_PENDING);
		return true;
	}
	for (i = 0; i < v->nr_evicted; i++) {
		if (v->evicted[i].intid != intid)
			continue;
		v->evicted[i].flags |= VGIC_PENDING;
		return true;
	}
	return false;
}

/*
 * With others waiting, one that is active and pending would go first when its
 * active state ends, urgent or not: its pending state waits with the others.
 */
static void split_both(struct vgic_cpu *v)
{
	struct vgic_irq irq;
	unsigned int i;

	for (i = 0; v->nr_queue && i < v->nr_lrs; i++) {
		if ((v->lr[i] & ICH_LR_STATE) != ICH_LR_STATE)
			continue;
		irq = vgic_lr_decode(v->lr[i]);
		if (queue_insert(v, &irq, false))
			lr_set(v, i, (v->lr[i] & ~ICH_LR_PENDING) | ICH_LR_EOI);
	}
}

static bool active_in_lr(const struct vgic_cpu *v, uint32_t intid)
{
	unsigned int i;

	for (i = 0; i < v->nr_lrs; i++)
		if (lr_holds(v->lr[i], intid))
			return true;
	return false;
}

/* The most urgent one that may be in a list register. */
static int queue_best(const struct vgic_cpu *v)
{
	unsigned int i = v->nr_queue;

	while (i--)
		if (group_on(v, &v->queue[i]) &&
		    !active_in_lr(v, v->queue[i].intid))
			return (int)i;
	return -1;
}

static void evicted_return(struct vgic_cpu *v, unsigned int lr)
{
	unsigned int i, best = 0;
	uint64_t state = ICH_LR_ACTIVE;

	for (i = 1; i < v->nr_evicted; i++)
		if (vgic_rank(&v->evicted[i]) < vgic_rank(&v->evicted[best]))
			best = i;
	if (v->evicted[best].flags & VGIC_PENDING)
		state |= ICH_LR_PENDING;
	lr_set(v, lr, vgic_lr_encode(&v->evicted[best], state));
	evicted_remove(v, best);
}

void vgic_refill(struct vgic_cpu *v)
{
	struct vgic_irq irq;
	int q, i;

	while ((q = queue_best(v)) >= 0) {
		irq = v->queue[q];
		queue_remove(v, (unsigned int)q);
		i = make_room(v, vgic_rank(&irq));
		if (i < 0) {
			queue_insert(v, &irq, true);
			split_both(v);
			return;
		}
		lr_set(v, (unsigned int)i,
		       vgic_lr_encode(&irq, ICH_LR_PENDING));
	}
	while (v->nr_evicted && (i = find_free(v)) >= 0)
		evicted_return(v, (unsigned int)i);
	split_both(v);
}

enum vgic_result vgic_inject(struct vgic_cpu *v, const struct vgic_irq *irq)
{
	enum vgic_result r = VGIC_TAKEN;

	if (!(irq->flags & VGIC_HW) && merge(v, irq->intid))
		r = VGIC_MERGED;
	else if (!queue_insert(v, irq, false))
		return VGIC_FULL;
	vgic_refill(v);
	return r;
}

uint64_t vgic_hcr(const struct vgic_cpu *v)
{
	uint64_t hcr = 0;

	if (queue_best(v) >= 0 &&
	    (v->nr_evicted < VGIC_EVICTED || find_least(v, false) >= 0))
		hcr |= ICH_HCR_NPIE;
	if (v->nr_evicted)
		hcr |= v->split ? ICH_HCR_TDIR : ICH_HCR_LRENPIE;
	return hcr;
}

static uint32_t word_bit(uint32_t intid, uint32_t first)
{
	return intid - first < 32 ? (uint32_t)BIT(intid - first) : 0;
}

struct vgic_held vgic_query(const struct vgic_cpu *v, uint32_t first)
{
	struct vgic_held h = {0, 0};
	unsigned int i;

	for (i = 0; i < v->nr_lrs; i++) {
		uint32_t bit = word_bit(
			(uint32_t)FIELD_GET(ICH_LR_VINTID, v->lr[i]), first);

		if (v->lr[i] & ICH_LR_PENDING)
			h.pending |= bit;
		if (v->lr[i] & ICH_LR_ACTIVE)
			h.active |= bit;
	}
	for (i = 0; i < v->nr_queue; i++)
		h.pending |= word_bit(v->queue[i].intid, first);
	for (i = 0; i < v->nr_evicted; i++) {
		h.active |= word_bit(v->evicted[i].intid, first);
		if (v->evicted[i].flags & VGIC_PENDING)
			h.pending |= word_bit(v->evicted[i].intid, first);
	}
	return h;
}

uint32_t vgic_take_pending(struct vgic_cpu *v, uint32_t first, uint32_t mask)
{
	uint32_t bit, had = 0;
	unsigned int i;

	for (i = 0; i < v->nr_lrs; i++) {
		uint64_t lr = v->lr[i];

		bit = word_bit((uint32_t)FIELD_GET(ICH_LR_VINTID, lr), first);
		if (!(bit & mask) || !(lr & ICH_LR_PENDING))
			continue;
		lr_set(v, i, lr & ICH_LR_ACTIVE ? lr & ~ICH_LR_PENDING : 0);
		had |= bit;
	}
	for (i = v->nr_queue; i--;) {
		bit = word_bit(v->queue[i].intid, first);
		if (!(bit & mask))
			continue;
		queue_remove(v, i);
		had |= bit;
	}
	for (i = 0; i < v->nr_evicted; i++) {
		bit = word_bit(v->evicted[i].intid, first);
		if (!(bit & mask) || !(v->evicted[i].flags & VGIC_PENDING))
			continue;
		v->evicted[i].flags &= (uint8_t)~VGIC_PENDING;
		had |= bit;
	}
	return had;
}

/* An evicted one is no longer active: if it was pending too, that remains. */
static struct vgic_irq evicted_end(struct vgic_cpu *v, unsigned int i)
{
	struct vgic_irq irq = v->evicted[i], again = irq;

	evicted_remove(v, i);
	if (again.flags & VGIC_PENDING) {
		again.flags &= (uint8_t)~VGIC_PENDING;
		vgic_inject(v, &again);
	}
	return irq;
}

uint32_t vgic_take_active(struct vgic_cpu *v, uint32_t first, uint32_t mask)
{
	uint32_t bit, had = 0;
	unsigned int i;

	for (i = 0; i < v->nr_lrs; i++) {
		uint64_t lr = v->lr[i];

		bit = word_bit((uint32_t)FIELD_GET(ICH_LR_VINTID, lr), first);
		if (!(bit & mask) || !(lr & ICH_LR_ACTIVE))
			continue;
		lr_set(v, i, lr & ICH_LR_PENDING ? lr & ~ICH_LR_ACTIVE : 0);
		had |= bit;
	}
	for (i = v->nr_evicted; i--;) {
		bit = word_bit(v->evicted[i].intid, first);
		if (!(bit & mask))
			continue;
		evicted_end(v, i);
		had |= bit;
	}
	return had;
}

bool vgic_take_any(struct vgic_cpu *v, struct vgic_irq *irq)
{
	int i = find_least(v, false);

	if (i >= 0) {
		*irq = vgic_lr_decode(v->lr[i]);
		lr_set(v, (unsigned int)i, 0);
		return true;
	}
	if (!v->nr_queue)
		return false;
	*irq = v->queue[--v->nr_queue];
	return true;
}

void vgic_unload(struct vgic_cpu *v)
{
	struct vgic_irq irq;
	int i;

	while ((i = find_least(v, false)) >= 0) {
		irq = vgic_lr_decode(v->lr[i]);
		if (!queue_insert(v, &irq, true))
			return;
		lr_set(v, (unsigned int)i, 0);
	}
}

bool vgic_reap(struct vgic_cpu *v, const struct vgic_prio_state *ps,
	       struct vgic_irq *over)
{
	unsigned int i;

	for (i = 0; i < v->nr_evicted; i++) {
		if (vgic_is_running(v, ps, &v->evicted[i]))
			continue;
		*over = evicted_end(v, i);
		return true;
	}
	return false;
}

bool vgic_dir(struct vgic_cpu *v, uint32_t intid, struct vgic_irq *over)
{
	unsigned int i;

	for (i = 0; i < v->nr_lrs; i++) {
		uint64_t lr = v->lr[i];

		if (!lr_holds(lr, intid) || !(lr & ICH_LR_ACTIVE))
			continue;
		*over = vgic_lr_decode(lr);
		lr_set(v, i, lr & ICH_LR_PENDING ? lr & ~ICH_LR_ACTIVE : 0);
		return true;
	}
	for (i = 0; i < v->nr_evicted; i++) {
		if (v->evicted[i].intid != intid)
			continue;
		*over = evicted_end(v, i);
		return true;
	}
	return false;
}
