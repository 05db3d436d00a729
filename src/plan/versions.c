/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/versions.h"

#include <string.h>

enum { DIGITS_MAX = 18 };

bool versions_number(const struct policy *policy, const struct key_desc *key, uint64_t *number)
{
    const char *pattern = policy->versions.pattern, *at = strstr(pattern, POLICY_NUMBER);
    const size_t before = at ? (size_t)(at - pattern) : 0;
    const char *after = at ? at + strlen(POLICY_NUMBER) : pattern;
    const size_t rest = strlen(after), len = key_label_held(key);
    const size_t digits = len - before - rest;

    if (!at || policy->versions.rule == VERSIONS_ALL || !key_is_movable_class(key) ||
        len <= before + rest || digits > DIGITS_MAX || memcmp(key->label, pattern, before) != 0 ||
        memcmp(key->label + len - rest, after, rest) != 0)
        return false;
    *number = 0;
    for (size_t i = before; i < before + digits; i++) {
        if (key->label[i] < '0' || key->label[i] > '9')
            return false;
        *number = *number * 10 + (uint64_t)(key->label[i] - '0');
    }
    return true;
}

/* Which one is newer? A key without a start date is the oldest. */
static int compare(const struct policy *policy, const struct key_desc *a, const struct key_desc *b)
{
    uint64_t x = 0, y = 0;

    if (policy->versions.rule == VERSIONS_BY_DATE)
        return strcmp(a->constraints.start, b->constraints.start);
    versions_number(policy, a, &x);
    versions_number(policy, b, &y);
    return (x > y) - (x < y);
}

bool versions_settle(const struct policy *policy, struct plan *plan, struct err *err)
{
    const struct plan_item *newest = NULL;
    bool twice = false;
    uint64_t number;

    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_item *item = &plan->items[i];
        const int order = newest && versions_number(policy, item->key, &number)
                              ? compare(policy, item->key, newest->key)
                              : 1;
        if (!versions_number(policy, item->key, &number))
            continue;
        twice = order == 0 || (twice && order < 0);
        newest = order > 0 ? item : newest;
    }
    if (twice) {
        err_set(err, ERR_CONFLICT, "two keys are the newest version of %s, by their %s",
                policy->versions.pattern, versions_rule_name(policy->versions.rule));
        err_now(err, "Nothing was changed.");
        return err_next(err, "Name the one that you mean in the ceremony file.");
    }
    for (size_t i = 0; newest && i < plan->count; i++)
        if (&plan->items[i] != newest && !plan->items[i].explicit &&
            versions_number(policy, plan->items[i].key, &number))
            plan->items[i].newer = (size_t)(newest - plan->items) + 1;
    return true;
}
