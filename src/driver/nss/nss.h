/* SPDX-License-Identifier: Apache-2.0 */
/* The driver for an NSS key database (key4.db), through NSS's own API. */
#ifndef HSMFERRY_DRIVER_NSS_NSS_H
#define HSMFERRY_DRIVER_NSS_NSS_H

#include "hsm/hsm.h"

/* where.module is "sql:" and an absolute folder; where.params is "". NSS supports one open database
 * in a process: a second open() fails until the first is closed. */
extern const struct hsm_driver nss_driver;

#endif
