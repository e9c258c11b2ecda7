/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* What a program under test/board says to people, with its own name before. */
#ifndef TEST_BOARD_SAY_H
#define TEST_BOARD_SAY_H

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
