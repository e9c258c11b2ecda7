/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Between CPUs: list registers are reached by their own CPU only, so what
 * another one wants there is asked for by mail and a kick. Who waits for a lock
 * or an answer goes on answering, so that two cannot wait for each other.
 */
#include "clock.h"
#include "barrier.h"
#include "cpu.h"
#include "irq/gicv3.h"

#define REQUEST_US 1000000 /* another CPU's answer; its host may have no time */

enum vgic_result gic_inject(struct gic_cpu *g, struct vgic_irq irq)
{
	enum vgic_result r;

	g->injected++;
	if (gic_lr_fast(g, irq))
		return VGIC_TAKEN;
	g->spilled++;
	gic_lr_load(g);
	r = vgic_inject(&g->v, &irq);
	gic_lr_store(g);
	return r;
}

/* What other CPUs put here: LPIs of one that went off, played SPIs. */
void gic_inbox_drain(struct gic_cpu *g)
{
	struct vgic_irq irq;

	/* what comes after this look comes with a wake-up of its own */
	while (__atomic_load_n(&g->nr_inbox, __ATOMIC_ACQUIRE)) {
		spin_lock(&g->inbox_lock);
		if (!g->nr_inbox) {
			spin_unlock(&g->inbox_lock);
			return;
		}
		irq = g->inbox[--g->nr_inbox];
		spin_unlock(&g->inbox_lock);
		if (gic_inject(g, irq) == VGIC_FULL)
			g->lost++;
	}
}

void gic_kick(struct gic_cpu *t)
{
	if (!__atomic_exchange_n(&t->kicked, 1, __ATOMIC_SEQ_CST))
		gic_send_kick(&t->at);
}

void gic_nudge(struct gic_cpu *t)
{
	if (t != this_cpu()->gic)
		gic_kick(t);
}

void gic_wake(struct gic_cpu *t, enum gic_work work)
{
	__atomic_fetch_or(&t->work, work, __ATOMIC_SEQ_CST);
	gic_nudge(t);
}

void gic_post(struct gic_cpu *t, const struct vgic_irq *irq)
{
	spin_lock(&t->inbox_lock);
	if (t->nr_inbox < GIC_INBOX)
		t->inbox[t->nr_inbox++] = *irq;
	else
		t->lost++;
	spin_unlock(&t->inbox_lock);
	gic_wake(t, GIC_WORK_INBOX);
}

static struct vgic_held perform(struct gic_cpu *g, enum gic_op op,
				uint32_t first, uint32_t mask)
{
	struct vgic_held h = {0, 0};

	gic_inbox_drain(g);
	gic_level_check(g);
	gic_lr_load(g);
	switch (op) {
	case GIC_QUERY:
		h = vgic_query(&g->v, first);
		h.pending &= mask;
		h.active &= mask;
		return h;
	case GIC_TAKE_PENDING:
		h.pending = vgic_take_pending(&g->v, first, mask);
		break;
	case GIC_TAKE_ACTIVE:
		h.active = vgic_take_active(&g->v, first, mask);
		break;
	case GIC_GROUPS:
		g->v.groups = gic_groups();
		vgic_unload(&g->v);
		break;
	}
	vgic_refill(&g->v);
	gic_lr_store(g);
	return h;
}

/* Also for one that was asked and came too late, or was not on yet. */
void gic_groups_follow(struct gic_cpu *g)
{
	if (g->v.groups != gic_groups())
		perform(g, GIC_GROUPS, 0, 0);
}

static bool mail_move(struct gic_mail *m, enum gic_mail_state from,
		      enum gic_mail_state to)
{
	uint32_t expect = from;

	return __atomic_compare_exchange_n(&m->state, &expect, to, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

void gic_mail_serve(struct gic_cpu *g)
{
	struct gic_mail *m = &g->mail;

	if (__atomic_load_n(&m->state, __ATOMIC_RELAXED) != GIC_MAIL_POSTED ||
	    !mail_move(m, GIC_MAIL_POSTED, GIC_MAIL_DOING))
		return;
	m->held = perform(g, m->op, m->first, m->mask);
	__atomic_store_n(&m->state, GIC_MAIL_DONE, __ATOMIC_RELEASE);
}

static struct vgic_held mail_wait(struct gic_cpu *t)
{
	struct gic_cpu *me = this_cpu()->gic;
	uint64_t end = clock_us() + REQUEST_US;
	bool late = false;

	for (;;) {
		if (mail_move(&t->mail, GIC_MAIL_DONE, GIC_MAIL_FREE))
			return t->mail.held;
		late = late || clock_us() > end ||
		       !__atomic_load_n(&t->online, __ATOMIC_ACQUIRE);
		if (late && mail_move(&t->mail, GIC_MAIL_POSTED, GIC_MAIL_FREE))
			return (struct vgic_held){0, 0};
		if (me)
			gic_mail_serve(me);
		cpu_relax();
	}
}

/*
 * Under gic.lock, so there is one sender at a time. A CPU that does not answer
 * in time counts as one that has nothing in hand.
 */
struct vgic_held gic_request(struct gic_cpu *t, enum gic_op op, uint32_t first,
			     uint32_t mask)
{
	/* a CPU that comes on sees what the caller changed, or is seen here */
	if (!__atomic_load_n(&t->online, __ATOMIC_SEQ_CST))
		return (struct vgic_held){0, 0};
	if (t == this_cpu()->gic)
		return perform(t, op, first, mask);
	t->mail.op = op;
	t->mail.first = first;
	t->mail.mask = mask;
	__atomic_store_n(&t->mail.state, GIC_MAIL_POSTED, __ATOMIC_RELEASE);
	gic_wake(t, GIC_WORK_MAIL);
	return mail_wait(t);
}

/* Who waits here still answers others, so that two cannot wait for each other.
 */
void gic_lock(void)
{
	struct gic_cpu *g = this_cpu()->gic;

	while (!spin_trylock(&gic.lock)) {
		if (g)
			gic_mail_serve(g);
		cpu_relax();
	}
}

void gic_unlock(void)
{
	spin_unlock(&gic.lock);
}
