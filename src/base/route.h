/* SPDX-License-Identifier: Apache-2.0 */
/* The way to an agent in one line, as its command says it. */
#ifndef HSMFERRY_BASE_ROUTE_H
#define HSMFERRY_BASE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

/* "ssh hsm@host, port 22" for a command that is ssh with a host; no other word of it is shown. argv
 * ends with NULL. out gets safe text. Returns false, with an empty out, for any other command. */
bool route_text(const char *const *argv, char *out, size_t size);

#endif
