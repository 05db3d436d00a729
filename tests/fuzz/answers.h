/* SPDX-License-Identifier: Apache-2.0 */
/* What the console may believe once it has taken an answer from the wire (hsm/wire.h). */
#ifndef HSMFERRY_TESTS_FUZZ_ANSWERS_H
#define HSMFERRY_TESTS_FUZZ_ANSWERS_H

#include "hsm/facts.h"
#include "hsm/key.h"

/* Each ends the program where something in it is not within the contract. */
void answers_check_info(const struct hsm_info *info);
void answers_check_slot(const struct hsm_slot *slot);
void answers_check_key(const struct key_desc *key);
void answers_check_capabilities(const struct hsm_capabilities *caps);

#endif
