/* SPDX-License-Identifier: Apache-2.0 */
/* The policy in force: what was chosen on the screen, what the ceremony file says, and what is left
 * to its default. Older reports do not say which is which. */
#include <string.h>

#include "base/text.h"
#include "report/sheet_view.h"

/* In words of people; a rule that is not here keeps its name. */
static const char *const words[][2] = {
    {"rsa-bits", "RSA bits of the transport key"},
    {"transports", "transports"},
    {"kdf", "key-derivation function"},
    {"sensitive", "keys arrive sensitive"},
    {"extractable", "keys remain extractable"},
    {"unauthenticated-envelope", "encryption without integrity"},
    {"cmac-check-values", "check values by CMAC besides those by ECB"},
    {"canary", "test keys"},
    {"writes-before-review", "test keys are stored before the review"},
    {"unproven", "keys that nothing proves"},
    {"rsa-oaep-sha1", "OAEP with SHA-1"},
    {"rsa-oaep-sha256", "OAEP with SHA-256"},
    {"rsa-oaep-sha384", "OAEP with SHA-384"},
    {"rsa-oaep-sha512", "OAEP with SHA-512"},
};

static const char *words_of(const struct node *rule)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (node_is(rule, "name", words[i][0]))
            return words[i][1];
    return node_text(rule, "name");
}

/* All rules that come from there, in one fact. */
static void put_from(struct sheet *s, const struct node *policy, const char *from, const char *name,
                     enum sheet_tone tone)
{
    char text[4096];
    size_t len = 0;

    for (const struct node *p = policy->first; p; p = p->next)
        if (node_is(p, "from", from) || (!*from && !node_at(p, "from")))
            len += text_print(text + len, sizeof text - len, "%s%s: %s", len ? "; " : "",
                              words_of(p), node_text(p, "value"));
    if (len)
        sheet_toned(s, tone, name, "%s", text);
}

void sheet_policy(struct sheet *s)
{
    const struct node *policy = node_at(s->report, "policy");

    sheet_section(s, "POLICY");
    if (!policy || policy->count == 0) {
        sheet_fact(s, "", "%s", "none: it ended before that");
        return;
    }
    put_from(s, policy, "screen", "ON THE SCREEN", SHEET_WARNING);
    put_from(s, policy, "file", "from the file", SHEET_PLAIN);
    put_from(s, policy, "default", "by default", SHEET_PLAIN);
    put_from(s, policy, "", "in force", SHEET_PLAIN);
}
