/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's suite on the fake HSM: in this process, and through a pipe to an agent. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/contract/contract.h"
#include "tests/fake/fake.h"

static bool set_up(struct contract_place *place)
{
    *place =
        (struct contract_place){.slot = FAKE_SLOT, .pin = "4711", .folder = "/tmp/fake.XXXXXX"};
    text_print(place->where.api, sizeof place->where.api, "fake");
    text_print(place->where.params, sizeof place->where.params, "pin=4711");
    if (!mkdtemp(place->folder))
        return false;
    text_print(place->where.module, sizeof place->where.module, "%s/token", place->folder);
    return true;
}

/* As SoftHSM is: no SHA-256 in OAEP, secrets padded, no length in a template. */
static bool set_up_poor(struct contract_place *place)
{
    bool ok = set_up(place);
    text_print(place->where.params, sizeof place->where.params,
               "pin=4711;offers=rsa-oaep-sha1,aes-kwp;exact=no;takes=no");
    return ok;
}

static void tear_down(struct contract_place *place)
{
    unlink(place->where.module);
    rmdir(place->folder);
}

int main(void)
{
    const char *build = getenv("abs_top_builddir");
    char agent[4096];
    int failed = 0;

    text_print(agent, sizeof agent, "%s/tests/fake/hsmferry-agent-fake", build ? build : ".");
    const struct contract_hsm poor = {"poor-fake", &fake_driver, NULL, set_up_poor, tear_down};
    const struct contract_hsm piped = {"fake-behind-a-pipe", NULL, agent, set_up, tear_down};

    failed += contract_run(&poor);
    failed += contract_run(&piped);
    failed += contract_run_pair(&poor, &poor);
    failed += contract_run_pair(&poor, &piped);
    failed += contract_run_pair(&piped, &poor);
    return failed != 0;
}
