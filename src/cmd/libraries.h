/* SPDX-License-Identifier: Apache-2.0 */
/* The libraries that hsmferry is linked with. */
#ifndef HSMFERRY_CMD_LIBRARIES_H
#define HSMFERRY_CMD_LIBRARIES_H

#include <stddef.h>

/* "OpenSSL 3.0.17 1 Jul 2025, libyaml 0.2.5, ...": the versions at run time, separated by
 * between. */
void libraries_text(const char *between, char *out, size_t size);

#endif
