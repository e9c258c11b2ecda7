/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Parts of `monitor info` that are in files of their own. */
#ifndef ARCH_COMMAND_INFO_H
#define ARCH_COMMAND_INFO_H

struct strbuf;

/* command_translate.c: `info stage2 ADDR` */
int info_stage2(const char *args, struct strbuf *out);
/* command_mmu.c: `info mmu` */
int info_mmu(struct strbuf *out);

#endif
