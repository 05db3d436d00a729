/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <string.h>

#include "config/config_parts.h"

/* NULL is equal to an empty list. */
static bool same_list(char *const *a, char *const *b)
{
    static char *const none[] = {NULL};

    a = a ? a : none;
    b = b ? b : none;
    for (; *a && *b; a++, b++)
        if (strcmp(*a, *b) != 0)
            return false;
    return *a == *b;
}

bool config_same_place(const struct config_side *a, const struct config_side *b)
{
    return strcmp(a->where.api, b->where.api) == 0 &&
           strcmp(a->where.module, b->where.module) == 0 &&
           strcmp(a->where.params, b->where.params) == 0 &&
           same_list(a->environment, b->environment) && same_list(a->agent, b->agent);
}

static bool same_uri(const struct uri *a, const struct uri *b)
{
    return strcmp(a->text, b->text) == 0 && strcmp(a->pin_file, b->pin_file) == 0;
}

static bool same_officers(const struct config *a, const struct config *b)
{
    for (unsigned i = 0; i < a->officer_count; i++)
        if (strcmp(a->officers[i].name, b->officers[i].name) != 0 ||
            strcmp(a->officers[i].role, b->officers[i].role) != 0)
            return false;
    return true;
}

static uint32_t expected(const struct config *config, size_t i)
{
    return config->expect ? config->expect[i] : 0;
}

static bool same_keys(const struct config *a, const struct config *b)
{
    for (size_t i = 0; i < a->key_count; i++)
        if (!same_uri(&a->keys[i], &b->keys[i]) || expected(a, i) != expected(b, i))
            return false;
    return true;
}

static bool same_device(const struct config_side *a, const struct config_side *b)
{
    return config_same_place(a, b) && same_uri(&a->token, &b->token) &&
           strcmp(a->where.dialect, b->where.dialect) == 0 &&
           strcmp(a->where.module_sha256, b->where.module_sha256) == 0 &&
           a->where.environment_trusted == b->where.environment_trusted &&
           a->asks_elsewhere == b->asks_elsewhere && a->agent_trusted == b->agent_trusted &&
           a->destroys == b->destroys && a->limit_ms == b->limit_ms;
}

static bool same_signer(const struct config_signer *a, const struct config_signer *b)
{
    return same_uri(&a->key, &b->key) && a->side == b->side &&
           same_device(&a->device, &b->device) && strcmp(a->officer, b->officer) == 0;
}

static bool same_sealed(const struct config_sealed *a, const struct config_sealed *b)
{
    for (unsigned i = 0; i < a->signer_count && a->signer_count == b->signer_count; i++)
        if (a->signers[i].side != b->signers[i].side ||
            memcmp(a->signers[i].sha256, b->signers[i].sha256, sizeof a->signers[i].sha256) != 0)
            return false;
    return a->wanted == b->wanted && a->one_bundle == b->one_bundle && a->hours == b->hours &&
           a->signer_count == b->signer_count;
}

bool config_equal(const struct config *a, const struct config *b)
{
    for (int i = 0; i < 2; i++)
        if (!same_device(&a->side[i], &b->side[i]))
            return false;
    return strcmp(a->title, b->title) == 0 && a->rehearsal == b->rehearsal && a->pace == b->pace &&
           a->sessions == b->sessions && a->syslog == b->syslog &&
           a->officer_count == b->officer_count && same_officers(a, b) &&
           a->key_count == b->key_count && same_keys(a, b) &&
           policy_equal(&a->policy, &b->policy) && same_signer(&a->signer, &b->signer) &&
           same_sealed(&a->sealed, &b->sealed) &&
           config_same_arriving(&a->arriving, &b->arriving) &&
           config_same_derive(&a->derive, &b->derive) &&
           strcmp(a->report_folder, b->report_folder) == 0;
}
