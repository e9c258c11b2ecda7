/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a host or a cable can do that usbredir has no words for: packets that
 * are too long, that are lost, control transfers that are broken off. Asked
 * for by a property of the device, so many times each.
 */
#include "qemu/osdep.h"
#include "host.h"
#include "qemu/cutils.h"

static const char *const names[HS_FAULTS] = {
	[FAULT_BABBLE] = "babble",
	[FAULT_LOST] = "lost",
	[FAULT_SETUP_AGAIN] = "setup-again",
	[FAULT_EARLY_STATUS] = "early-status",
};

bool host_inject(struct hs_host *h, const char *text)
{
	const char *space = strchr(text, ' ');
	size_t length = space ? space - text : strlen(text);
	unsigned int count = 1, i;

	if (space && qemu_strtoui(space + 1, NULL, 10, &count))
		return false;
	for (i = 0; i < HS_FAULTS; i++)
		if (strlen(names[i]) == length &&
		    !memcmp(names[i], text, length)) {
			h->fault[i] = count;
			return true;
		}
	return false;
}

char *host_injected(struct hs_host *h)
{
	GString *text = g_string_new(NULL);
	unsigned int i;

	for (i = 0; i < HS_FAULTS; i++)
		g_string_append_printf(text, "%s%s %u", i ? ", " : "",
				       names[i], h->fault[i]);
	return g_string_free(text, false);
}

/* Is one due? It is used up then. */
bool host_fault(struct hs_host *h, enum hs_fault which)
{
	if (!h->fault[which])
		return false;
	h->fault[which]--;
	return true;
}
