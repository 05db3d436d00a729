/* SPDX-License-Identifier: Apache-2.0 */
/* The public keys of the transport: those on the relay must be those that both sides report. */
#ifndef HSMFERRY_REPORT_VERIFY_RELAY_H
#define HSMFERRY_REPORT_VERIFY_RELAY_H

#include "report/verify_steps.h"

/* Reads sha256 from groups of hex digits. */
bool relay_read_groups(const char *groups, uint8_t sha256[SHA256_SIZE]);

/* The fingerprints of both sides follow from what crossed: the one public key that the source
 * loaded, or both of an agreement (hsm/key_agreement.h). Errors: ERR_DATA. */
bool relay_check(const struct node *report, const struct rule_steps *steps, struct err *err);

#endif
