/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softhsm/place.h"

#include "base/text.h"
#include "tests/softhsm/tokens.h"

bool softhsm_set_up(struct contract_place *place)
{
    struct tokens tokens;

    *place = (struct contract_place){.pin = TOKENS_PIN, .speaks = "softhsm"};
    if (!tokens_make(&tokens))
        return false;
    place->slot = tokens.slot[TOKENS_OLD];
    text_print(place->where.api, sizeof place->where.api, "pkcs11");
    text_print(place->where.module, sizeof place->where.module, "%s", tokens.module);
    text_print(place->folder, sizeof place->folder, "%s", tokens.dir);
    text_print(place->environment[0], sizeof place->environment[0],
               "SOFTHSM2_CONF=%s/softhsm2.conf", tokens.dir);
    return true;
}

void softhsm_tear_down(struct contract_place *place)
{
    struct tokens tokens;

    text_print(tokens.dir, sizeof tokens.dir, "%s", place->folder);
    tokens_remove(&tokens);
}
