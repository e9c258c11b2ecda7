/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Included before every file of the image: nothing is shared with another
 * object at run time, so no address has to go through the GOT.
 */
#pragma GCC visibility push(hidden)
