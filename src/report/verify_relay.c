/* SPDX-License-Identifier: Apache-2.0 */
#include "report/verify_relay.h"

#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "hsm/key_agreement.h"
#include "hsm/wrap_alg.h"

bool relay_read_groups(const char *groups, uint8_t sha256[SHA256_SIZE])
{
    char hex[2 * SHA256_SIZE + 1];
    size_t len = 0, size = SHA256_SIZE;

    for (; *groups && len < sizeof hex - 1; groups++)
        if (*groups != ' ')
            hex[len++] = *groups;
    hex[len] = '\0';
    return text_unhex(hex, sha256, &size) && size == SHA256_SIZE;
}

/* The step of this kind that ended well; NULL: none did. */
static const struct rule_step *step_done(const struct rule_steps *steps, enum step_id id)
{
    for (size_t i = 0; i < steps->count; i++)
        if (steps->steps[i].id == id && steps->steps[i].state == EVENT_OK)
            return &steps->steps[i];
    return NULL;
}

/* What both sides know of both public keys follows from those on the relay. */
static bool check_agreed(const struct node *report, const struct rule_steps *steps,
                         const struct node *transport, struct err *err)
{
    static const char *const sides[] = {"destination.sha256", "source.sha256"};
    const struct rule_step *to = step_done(steps, STEP_RELAY_PUBLIC),
                           *from = step_done(steps, STEP_RELAY_ANSWER);
    const char *name = node_text(report, "negotiation.transport.algorithm");
    uint8_t known[AGREEMENT_KNOWN_MAX], sha256[SHA256_SIZE], other[SHA256_SIZE];
    char label[64];
    const enum hsm_alg alg = wrap_alg_named(name);

    if (!to || !from || alg == HSM_ALGS || !wrap_is_agreed(alg))
        return true;
    text_print(label, sizeof label, "hsmferry:%s", node_text(report, "ceremony.id"));
    SHA256(known, agreement_known(alg, label, to->sha256, from->sha256, known), sha256);
    for (size_t i = 0; i < 2; i++)
        if (node_at(transport, sides[i]) && !node_is(transport, "agree", "no") &&
            (!relay_read_groups(node_text(transport, sides[i]), other) ||
             memcmp(sha256, other, sizeof other) != 0))
            return rule_step_wrong(steps, to, err,
                                   "these are not the public keys that both sides reported");
    return true;
}

bool relay_check(const struct node *report, const struct rule_steps *steps, struct err *err)
{
    const struct rule_step *step = steps->steps, *end = step + steps->count;
    const struct node *transport = node_at(report, "transport-key");
    static const char *const sides[] = {"destination.sha256", "source.sha256"};
    uint8_t other[SHA256_SIZE];

    if (node_at(report, "negotiation.transport.kdf"))
        return check_agreed(report, steps, transport, err);
    while (step < end && !(step->id == STEP_RELAY_PUBLIC && step->state == EVENT_OK))
        step++;
    if (step == end)
        return true;
    if (step->bytes < 0)
        return rule_step_wrong(steps, step, err, "the transferred data is not described");
    for (size_t i = 0; i < 2; i++)
        if (node_at(transport, sides[i]) &&
            (!relay_read_groups(node_text(transport, sides[i]), other) ||
             memcmp(step->sha256, other, sizeof other) != 0) &&
            !(i == 1 && node_is(transport, "agree", "no")))
            return rule_step_wrong(steps, step, err,
                                   "this is not the transport key that both sides reported");
    return true;
}
