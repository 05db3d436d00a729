/* SPDX-License-Identifier: Apache-2.0 */
/* A fresh SoftHSM token as the contract's tests want it. */
#ifndef HSMFERRY_TESTS_SOFTHSM_PLACE_H
#define HSMFERRY_TESTS_SOFTHSM_PLACE_H

#include <stdbool.h>

#include "tests/contract/contract.h"

bool softhsm_set_up(struct contract_place *place);
void softhsm_tear_down(struct contract_place *place);

#endif
