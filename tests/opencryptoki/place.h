/* SPDX-License-Identifier: Apache-2.0 */
/* A fresh soft token of opencryptoki as the contract's tests want it. */
#ifndef HSMFERRY_TESTS_OPENCRYPTOKI_PLACE_H
#define HSMFERRY_TESTS_OPENCRYPTOKI_PLACE_H

#include <stdbool.h>

#include "tests/contract/contract.h"

/* Runs this program again within start.sh, unless that is where it runs. Returns only inside; ends
 * the program with 77 and a sentence where there can be no opencryptoki. */
void opencryptoki_enter(char **argv);

/* Two tokens can live at the same time. */
bool opencryptoki_set_up(struct contract_place *place);
void opencryptoki_tear_down(struct contract_place *place);

#endif
