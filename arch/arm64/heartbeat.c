/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See heartbeat.h. */
#include "heartbeat.h"

enum heartbeat_verdict heartbeat_look(struct heartbeat *h, bool away,
				      uint64_t beat)
{
	if (away || beat != h->beat) {
		h->beat = beat;
		h->ticks = 0;
		return HEARTBEAT_IS_FINE;
	}
	h->ticks++;
	if (h->ticks == HEARTBEAT_DEAD)
		return HEARTBEAT_IS_DEAD;
	return h->ticks >= HEARTBEAT_ASK && h->ticks < HEARTBEAT_DEAD ?
		       HEARTBEAT_IS_LATE :
		       HEARTBEAT_IS_FINE;
}

bool heartbeat_hangs(struct heartbeat_asked *a, uint64_t beat, uint64_t now_us)
{
	if (!a->questions || beat != a->beat) {
		*a = (struct heartbeat_asked){ beat, now_us, 1 };
		return false;
	}
	a->questions++;
	return a->questions >= HEARTBEAT_QUESTIONS &&
	       now_us - a->since_us >= HEARTBEAT_HANGS_US;
}
