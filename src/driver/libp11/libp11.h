/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The private keys of a PKCS#11 token as an application reaches them: OpenSSL's EVP_PKEY, through
 * libp11. Another path than the one that moved them, for proofs from a process of its own. It
 * makes, wraps and changes nothing: only open, close, info, slots, login, list and prove are there.
 */
#ifndef HSMFERRY_DRIVER_LIBP11_LIBP11_H
#define HSMFERRY_DRIVER_LIBP11_LIBP11_H

#include "hsm/hsm.h"

extern const struct hsm_driver libp11_driver;

#endif
