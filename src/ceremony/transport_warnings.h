/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What officers must know of a transport that is weaker than necessary, or another one than before:
 * an attacker between the HSMs may want just that.
 */
#ifndef HSMFERRY_CEREMONY_TRANSPORT_WARNINGS_H
#define HSMFERRY_CEREMONY_TRANSPORT_WARNINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct ceremony;

/* Of a stronger transport that failed and that a dialect has; of another transport than the last
 * rehearsal took. */
bool transport_warn(struct ceremony *c, struct err *err);

/* Of one key of the plan, from 0, that is stronger than the transport; and, once for all of them,
 * of the line of the ceremony file that would avoid that, if there is one. */
bool transport_warn_of_key(struct ceremony *c, size_t item, struct err *err);
bool transport_warn_of_line(struct ceremony *c, struct err *err);

#endif
