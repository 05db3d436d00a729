/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blob of CKM_RSA_AES_KEY_WRAP on an HSM that has no call for it: RSA-OAEP of an AES key,
 * followed by AES-KWP of the key under that AES key, which is made for this one blob and destroyed
 * after it. Once for every driver.
 */
#ifndef HSMFERRY_AGENT_TWO_CALLS_H
#define HSMFERRY_AGENT_TWO_CALLS_H

#include "agent/guard.h"

/* Adds to *caps, those of the driver, what this makes possible, and has the guard do it. Its errors
 * are those of the driver, and ERR_HSM: the AES key can be read, or be used for more than this. */
void two_calls_offer(struct guard *g, struct hsm_capabilities *caps);

#endif
