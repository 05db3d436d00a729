/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's suite on opencryptoki's soft token, and between it and SoftHSM. */
#include <stdlib.h>

#include "base/text.h"
#include "tests/contract/contract.h"
#include "tests/opencryptoki/place.h"
#include "tests/softhsm/place.h"
#include "tests/softhsm/tokens.h"

int main(int argc, char **argv)
{
    const char *build = getenv("abs_top_builddir");
    char agent[4096], quick[4096];
    int failed = 0;

    (void)argc;
    opencryptoki_enter(argv);
    text_print(agent, sizeof agent, "%s/hsmferry-agent", build ? build : ".");
    text_print(quick, sizeof quick, "%s/tests/faults/quick/hsmferry-agent", build ? build : ".");
    const struct contract_hsm piped = {"opencryptoki-behind-an-agent", NULL, agent,
                                       opencryptoki_set_up, opencryptoki_tear_down};
    const struct contract_hsm softhsm = {"softhsm-of-a-pair", NULL, quick, softhsm_set_up,
                                         softhsm_tear_down};
    const struct contract_hsm one_of_two = {"opencryptoki-of-a-pair", NULL, quick,
                                            opencryptoki_set_up, opencryptoki_tear_down};

    failed += contract_run(&piped);
    failed += contract_run_pair(&one_of_two, &one_of_two);
    if (tokens_module()) {
        failed += contract_run_pair(&softhsm, &one_of_two);
        failed += contract_run_pair(&one_of_two, &softhsm);
    }
    return failed != 0;
}
