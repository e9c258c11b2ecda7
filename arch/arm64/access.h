/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Data accesses that EL2 performs for the guest: on device pages that are played
 * or watched, on pages with shadows. The instruction says what they are where the
 * syndrome does not.
 */
#ifndef ARCH_ACCESS_H
#define ARCH_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"
#include "insn.h"

struct page;

void access_get_regs(struct cpu *c, struct insn_regs *r);
void access_set_regs(struct cpu *c, const struct insn_regs *r);
/* Has the guest enabled the keys that PACIASP and kin use? */
bool access_pauth_on(void);

/*
 * One access of 1, 2, 4 or 8 bytes, aligned or not as the guest does it, to RAM
 * (a shadow follows) or a device that is played or real. -EFAULT.
 */
int access_word(struct cpu *c, uint64_t ipa, unsigned int size, bool write,
		uint64_t *v);
/* The core does the instruction at PC, with page p open for it. */
void access_let_through(struct cpu *c, struct page *p);
/*
 * The access that aborted at PC (stage-2 data abort, IPA of its first fault):
 * watched? reported; else performed and PC moved on. Where it cannot be done
 * here it is stepped in a view that lets it through.
 */
enum cpu_exit access_abort(struct cpu *c, uint64_t ipa);
/*
 * The core is to do the instruction at PC in a hidden step, where shadows do not
 * follow: the page that it writes to, if that has one; all do afterwards if that
 * is not known.
 */
struct page *access_follow(struct cpu *c);
/* Do this load or store (no abort came) as far as it is a plain one. */
int access_simulate(struct cpu *c, uint32_t insn);

#endif
