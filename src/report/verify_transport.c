/* SPDX-License-Identifier: Apache-2.0 */
#include "report/verify_transport.h"

#include <string.h>

#include "hsm/facts.h"
#include "report/verify_trail.h"

static const struct node *policy_named(const struct node *report, const char *name)
{
    const struct node *p = node_at(report, "policy")->first;

    while (p && !node_is(p, "name", name))
        p = p->next;
    return p;
}

/* "rsa-oaep" is the transport of all algorithms of an RSA pair; the others have one each. */
static bool names(const char *word, size_t len, const char *algorithm)
{
    static const char rsa[] = "rsa-oaep";

    return len == sizeof rsa - 1 && strncmp(word, rsa, len) == 0
               ? strncmp(algorithm, "rsa-", 4) == 0
               : strlen(algorithm) == len && strncmp(word, algorithm, len) == 0;
}

/* Is it in "ecdh-p521, rsa-oaep"? A policy that names none says "the strongest of both sides". */
static bool is_listed(const char *list, const char *algorithm)
{
    if (strncmp(list, "the strongest", 13) == 0)
        return true;
    for (const char *word = list; *word; word += strspn(word, ", ")) {
        const size_t len = strcspn(word, ",");
        if (names(word, len, algorithm))
            return true;
        word += len;
    }
    return false;
}

bool transport_check_policy(const struct node *report, struct err *err)
{
    const struct node *transport = node_at(report, "negotiation.transport");
    const struct node *kdf = policy_named(report, "kdf");
    const struct node *list = policy_named(report, "transports");

    if (!transport || node_at(report, "ceremony.sealed-for")) /* the service's key decides */
        return true;
    if (kdf && node_is(kdf, "value", "required") &&
        node_is(transport, "kdf", hsm_kdf_name(HSM_KDF_NONE)))
        return rule_wrong(transport, err, "the policy requires a KDF, and there was none");
    return !list || is_listed(node_text(list, "value"), node_text(transport, "algorithm")) ||
           rule_wrong(transport, err, "the policy does not allow this transport");
}
