/* SPDX-License-Identifier: Apache-2.0 */
#include "report/verify_alignment.h"

#include <string.h>

#include "base/text.h"
#include "hsm/tightening.h"
#include "protocol/outcome.h"
#include "report/verify_trail.h"

static const struct node *row_of(const struct node *key, const char *name)
{
    static const char *const lists[] = {"attributes", "own-attributes"};

    for (size_t i = 0; i < 2; i++) {
        const struct node *rows = node_at(key, lists[i]);
        for (const struct node *row = rows ? rows->first : NULL; row; row = row->next)
            if (node_is(row, "name", name))
                return row;
    }
    return NULL;
}

/* Is this a change that never loosens a key? */
static bool is_tighter(const char *name, const char *value)
{
    for (uint32_t flag = 1; flag < 1U << KEY_FLAGS; flag <<= 1)
        if (strcmp(name, key_flag_name(flag)) == 0)
            return strcmp(value, "no") == 0    ? flag & TIGHTENING_OFF
                   : strcmp(value, "yes") == 0 ? flag & TIGHTENING_ON
                                               : 0;
    return strcmp(name, "start date") == 0 || strcmp(name, "end date") == 0;
}

/* One change: "sign: no". What was set must be what was found, if the copy was read at the end. */
static bool check_change(const struct node *key, char *change, struct err *err)
{
    char *value = strstr(change, ": ");
    const bool aligned = node_is(key, "outcome", key_outcome_name(KEY_ALIGNED));
    const struct node *row;

    if (!value)
        return rule_wrong(key, err, "a change names no value");
    *value = '\0';
    value += 2;
    if (!is_tighter(change, value))
        return rule_wrong(key, err, "a change would loosen the copy");
    row = row_of(key, change);
    return !aligned || (row && node_is(row, "found", value)) ||
           rule_wrong(key, err, "the copy does not have what was set");
}

static bool check_changes(const struct node *key, struct err *err)
{
    char text[TIGHTENING_TEXT], *rest = text;

    text_print(text, sizeof text, "%s", node_text(key, "changes"));
    for (char *change; (change = strsep(&rest, ";")) != NULL;)
        if (!check_change(key, change + strspn(change, " "), err))
            return false;
    return true;
}

bool alignment_check(const struct node *report, struct err *err)
{
    const struct node *summary = node_at(report, "summary");
    int64_t aligned = 0;

    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key)) {
        const bool route = node_is(key, "route", key_route_name(ROUTE_ALIGNED));
        const bool is = node_is(key, "outcome", key_outcome_name(KEY_ALIGNED));
        aligned += is;
        if (route != (node_text(key, "changes")[0] != '\0') || (is && !route))
            return rule_wrong(key, err, "a copy is brought into line by the changes of its plan");
        if (route && node_is(key, "outcome", key_outcome_name(KEY_MIGRATED)))
            return rule_wrong(key, err, "it was there already, and was not migrated");
        if (route && !check_changes(key, err))
            return false;
    }
    return (node_at(summary, "aligned") ? node_number(summary, "aligned") : 0) == aligned ||
           rule_wrong(summary, err, "the summary's count of aligned keys is not theirs");
}
