/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Error numbers, with Linux's values (gdb's File-I/O and guests know them). */
#ifndef LIB_ERRNO_H
#define LIB_ERRNO_H

#define EPERM 1
#define ENOENT 2
#define ESRCH 3
#define EIO 5
#define ENXIO 6
#define E2BIG 7
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define ENODEV 19
#define EINVAL 22
#define ENOSPC 28
#define EROFS 30
#define EDOM 33
#define ERANGE 34
#define ENAMETOOLONG 36
#define ENOSYS 38
#define ENODATA 61
#define EPROTO 71
#define EBADMSG 74
#define EOVERFLOW 75
#define EILSEQ 84
#define EOPNOTSUPP 95
#define EMSGSIZE 90
#define ENOTSUP EOPNOTSUPP
#define ETIMEDOUT 110
#define EALREADY 114
#define ECANCELED 125
#define EKEYREJECTED 129

#endif
