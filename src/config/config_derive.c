/* SPDX-License-Identifier: Apache-2.0 */
/* The new key that both HSMs derive, as the ceremony file describes it. */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/config_parts.h"

static bool take_old(const struct loader *l, const struct raw_derive *raw)
{
    struct config *config = l->config;

    if (config->key_count) {
        config_wrong(l, "derive",
                     "this ceremony derives a new key, and \"keys\" names some to carry");
        return err_next(l->err, "Leave out either \"keys\" or \"derive\"");
    }
    config->keys = calloc(1, sizeof *config->keys);
    config->expect = calloc(1, sizeof *config->expect);
    if (!config->keys || !config->expect)
        return config_no_memory(l);
    config->key_count = 1;
    if (!config_take_uri(l, raw->old, "derive.old", config->keys))
        return false;
    if (uri_is_pattern(config->keys))
        return config_wrong(l, "derive.old", "this must name one key, by object or id");
    return uri_add_token(&config->side[SIDE_SOURCE].token, config->keys) ||
           config_wrong(l, "derive.old", "this names another token than the token line does");
}

static bool take_name(const struct loader *l, const struct raw_derive *raw)
{
    struct plan_name *name = &l->config->derive.name;
    struct key_desc key = {0};
    struct uri as;

    if (!config_take_uri(l, raw->as, "derive.as", &as))
        return false;
    if (uri_is_pattern(&as) || !as.object.given || as.object.len == 0 || as.token.given ||
        (as.type != KEY_CLASS_OTHER && as.type != KEY_CLASS_SECRET)) {
        config_wrong(l, "derive.as",
                     "this must be the label of the new key, and its id if it has one");
        return err_next(l->err, "Write for example pkcs11:object=new-key;id=%%07");
    }
    key_set_label(&key, as.object.data, as.object.len);
    key_set_id(&key, as.id.data, as.id.given ? as.id.len : 0);
    *name = plan_name_of(&key);
    return true;
}

/* What the policy says of keys that are carried must not be read as if it were true of this one. */
static bool take_policy(const struct loader *l)
{
    struct policy *policy = &l->config->policy;

    if (policy->extractable)
        return config_wrong(l, "policy.extractable", "a key that is derived can never leave");
    if (policy->quantum == QUANTUM_REQUIRED)
        return config_wrong(l, "policy.post-quantum",
                            "a key is derived by ECDH, which withstands no quantum computer");
    if (policy->taken != TAKEN_SKIP)
        return config_wrong(l, "policy.taken-name", "a key that is derived has the name of \"as\"");
    return derived_key_policy(policy, l->err) ||
           config_wrong(l, "policy.transports",
                        "a key is derived by ECDH: name one of ecdh-p521, "
                        "ecdh-p384, ecdh-p256");
}

bool config_take_derive(const struct loader *l, const struct raw_derive *raw)
{
    struct derived_key *derive = &l->config->derive;

    if (!raw)
        return true;
    if (l->use == CONFIG_TO_SEAL || l->use == CONFIG_AT_DESTINATION || l->config->arriving.wanted ||
        l->config->sealed.wanted) {
        config_wrong(l, "derive", "a key is derived by two HSMs in one room");
        return err_next(l->err, "Run hsmferry with a file that names source and destination");
    }
    derive->wanted = true;
    derive->uses = *raw->uses;
    if (derive->uses == 0)
        return config_wrong(l, "derive.uses", "a key without a use is worth nothing");
    return take_old(l, raw) && take_name(l, raw) && take_policy(l);
}

bool config_same_derive(const struct derived_key *a, const struct derived_key *b)
{
    return a->wanted == b->wanted && a->uses == b->uses && a->name.label_len == b->name.label_len &&
           a->name.id_len == b->name.id_len &&
           memcmp(a->name.label, b->name.label, sizeof a->name.label) == 0 &&
           memcmp(a->name.id, b->name.id, sizeof a->name.id) == 0;
}
