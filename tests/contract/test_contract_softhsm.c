/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's suite on SoftHSM: in this process, and through a pipe to the real agent. */
#include <stdlib.h>

#include "base/text.h"
#include "driver/pkcs11/pkcs11.h"
#include "tests/contract/contract.h"
#include "tests/softhsm/place.h"
#include "tests/softhsm/tokens.h"

static bool set_up_local(struct contract_place *place)
{
    bool ok = softhsm_set_up(place);

    text_print(place->where.dialect, sizeof place->where.dialect, "%s", tokens_dialect());
    return ok;
}

int main(void)
{
    const char *build = getenv("abs_top_builddir");
    char agent[4096], quick[4096];
    int failed = 0;

    if (!tokens_module())
        return 77;
    text_print(agent, sizeof agent, "%s/hsmferry-agent", build ? build : ".");
    text_print(quick, sizeof quick, "%s/tests/faults/quick/hsmferry-agent", build ? build : ".");
    const struct contract_hsm local = {"softhsm", &pkcs11_driver, NULL, set_up_local,
                                       softhsm_tear_down};
    const struct contract_hsm piped = {"softhsm-behind-an-agent", NULL, agent, softhsm_set_up,
                                       softhsm_tear_down};
    const struct contract_hsm one_of_two = {"softhsm-of-a-pair", NULL, quick, softhsm_set_up,
                                            softhsm_tear_down};

    failed += contract_run(&local);
    failed += contract_run(&piped);
    failed += contract_run_pair(&one_of_two, &one_of_two);
    return failed != 0;
}
