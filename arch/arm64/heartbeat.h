/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * When a CPU counts as hanging in the monitor: its beat (something that changes
 * whenever it gets on) is looked at by another CPU at each tick, and by itself
 * when it is asked. Pure.
 */
#ifndef ARCH_HEARTBEAT_H
#define ARCH_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#define HEARTBEAT_TICK_US 1000000
#define HEARTBEAT_ASK 2 /* ticks without a beat, then it is asked */
#define HEARTBEAT_DEAD 8 /* and when it has not even answered */
#define HEARTBEAT_QUESTIONS 3
#define HEARTBEAT_HANGS_US 2000000 /* from the first of its questions */

struct heartbeat {
	uint64_t beat;
	unsigned int ticks;
};

enum heartbeat_verdict {
	HEARTBEAT_IS_FINE,
	HEARTBEAT_IS_LATE, /* ask it, at each tick */
	HEARTBEAT_IS_DEAD, /* said once */
};

/* At each tick; away: in the guest or asleep, where no beat is to be expected. */
enum heartbeat_verdict heartbeat_look(struct heartbeat *h, bool away,
				      uint64_t beat);

/* What a CPU that is asked knows of the questions before. */
struct heartbeat_asked {
	uint64_t beat, since_us;
	unsigned int questions;
};

/*
 * It is asked, and can think: does it hang? A host that gives a CPU no time is
 * no hang, so it takes several questions, and some time of its own.
 */
bool heartbeat_hangs(struct heartbeat_asked *a, uint64_t beat, uint64_t now_us);

#endif
