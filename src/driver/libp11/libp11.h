/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The private keys of a PKCS#11 token as an application reaches them: OpenSSL's EVP_PKEY, through
 * libp11. It proves keys over a path other than the one that migrated them, from a separate
 * process. It creates, wraps and changes nothing: it has only open, close, info, slots, login, list
 * and prove.
 */
#ifndef HSMFERRY_DRIVER_LIBP11_LIBP11_H
#define HSMFERRY_DRIVER_LIBP11_LIBP11_H

#include "hsm/hsm.h"

extern const struct hsm_driver libp11_driver;

#endif
