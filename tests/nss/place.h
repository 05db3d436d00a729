/* SPDX-License-Identifier: Apache-2.0 */
/* A fresh NSS database as the contract's tests want it. */
#ifndef HSMFERRY_TESTS_NSS_PLACE_H
#define HSMFERRY_TESTS_NSS_PLACE_H

#include <stdbool.h>

#include "tests/contract/contract.h"

bool nss_set_up(struct contract_place *place);
void nss_tear_down(struct contract_place *place);

#endif
