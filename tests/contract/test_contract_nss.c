/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's suite on NSS's own API: in this process, through a pipe to the real agent, and
 * between it and SoftHSM. */
#include <stdlib.h>

#include "base/text.h"
#include "driver/nss/nss.h"
#include "tests/contract/contract.h"
#include "tests/nss/database.h"
#include "tests/nss/place.h"
#include "tests/softhsm/place.h"
#include "tests/softhsm/tokens.h"

/* NSS's own functions make a generic secret of a key whose type is bound to a hash. */
static bool set_up(struct contract_place *place)
{
    const bool ok = nss_set_up(place);

    place->lacks = "hmac";
    return ok;
}

int main(void)
{
    const char *build = getenv("abs_top_builddir");
    char agent[4096], quick[4096];
    int failed = 0;

    if (!database_tools())
        return 77;
    text_print(agent, sizeof agent, "%s/hsmferry-agent", build ? build : ".");
    text_print(quick, sizeof quick, "%s/tests/faults/quick/hsmferry-agent", build ? build : ".");
    const struct contract_hsm local = {"nss", &nss_driver, NULL, set_up, nss_tear_down};
    const struct contract_hsm piped = {"nss-behind-an-agent", NULL, agent, set_up, nss_tear_down};
    const struct contract_hsm softhsm = {"softhsm-of-a-pair", NULL, quick, softhsm_set_up,
                                         softhsm_tear_down};
    const struct contract_hsm one_of_two = {"nss-of-a-pair", NULL, quick, set_up, nss_tear_down};

    failed += contract_run(&local);
    failed += contract_run(&piped);
    failed += contract_run_pair(&one_of_two, &one_of_two);
    if (tokens_module()) {
        failed += contract_run_pair(&softhsm, &one_of_two);
        failed += contract_run_pair(&one_of_two, &softhsm);
    }
    return failed != 0;
}
