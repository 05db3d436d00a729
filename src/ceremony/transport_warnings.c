/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/transport_warnings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ceremony/members.h"
#include "ceremony/negotiation.h"
#include "hsm/wrap_alg.h"
#include "plan/strength.h"

static bool is_of(enum transport_kind kind, enum hsm_alg alg)
{
    return transport_kinds[kind].algs & UINT32_C(1) << alg;
}

/* --- a stronger one failed -------------------------------------------------------------------- */

/* Why a side does not use a transport that it is known to have; NULL: it does, or has none. */
static const char *why_not(const struct party *party, enum side side, enum hsm_alg alg)
{
    const struct hsm_capability *cap = &party->caps.alg[alg];
    const bool works = side == SIDE_SOURCE ? cap->wrap : cap->unwrap;

    return works || !cap->mechanism || !(party->wanted.algs & UINT32_C(1) << alg) ||
                   negotiation_yielded(cap->reason)
               ? NULL
               : cap->reason;
}

static bool warn_of_failed(struct ceremony *c, struct err *err)
{
    enum transport_kind kinds[TRANSPORTS];
    const unsigned count = policy_transports(&c->setup.policy, kinds);
    const enum transport_kind chosen = transport_of(c->suite.transport);

    for (unsigned i = 0; i < count && kinds[i] != chosen; i++)
        for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
            for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
                const char *why = why_not(&c->side[side], side, alg);
                if (!wrap_is_agreed(alg) || !is_of(kinds[i], alg) || !why)
                    continue;
                if (!emit_warning(&c->narrator, side, NO_ITEM, err, "transport-downgrade",
                                  "%s failed, which this HSM has: %.90s; %s is used instead",
                                  hsm_alg_name(alg), why, hsm_alg_name(c->suite.transport)))
                    return false;
            }
    return true;
}

/* What the policy prefers, and neither refuses nor gets. */
static bool warn_of_quantum(struct ceremony *c, struct err *err)
{
    if (c->setup.policy.quantum != QUANTUM_PREFERRED || wrap_is_post_quantum(c->suite.transport))
        return true;
    return emit_warning(&c->narrator, SIDE_RELAY, NO_ITEM, err, "post-quantum",
                        "the policy prefers a transport that withstands a quantum computer; these "
                        "HSMs have none in common, and %s is used",
                        hsm_alg_name(c->suite.transport));
}

/* --- not that of the rehearsal ---------------------------------------------------------------- */

/* "ecdh-p521, KDF none", "rsa-oaep-sha1, RSA 3072" */
static void describe(enum hsm_alg alg, uint32_t bits, const char *kdf, char *out, size_t size)
{
    if (kdf[0])
        text_print(out, size, "%s with KDF %s", hsm_alg_name(alg), kdf);
    else
        text_print(out, size, "%s with RSA %" PRIu32, hsm_alg_name(alg), bits);
}

static bool warn_of_rehearsal(struct ceremony *c, struct err *err)
{
    const struct rehearsed *was = c->setup.rehearsed;
    const bool agreed = wrap_is_agreed(c->suite.transport);
    const char *kdf = agreed ? hsm_kdf_name(c->suite.kdf) : "";
    const uint32_t bits = transport_bits(&c->transport);
    char before[96], now[96];

    if (c->setup.rehearsal || !was || !was->id[0] ||
        (was->transport == c->suite.transport && was->bits == bits && strcmp(was->kdf, kdf) == 0))
        return true;
    describe(was->transport, was->bits, was->kdf, before, sizeof before);
    describe(c->suite.transport, bits, kdf, now, sizeof now);
    return emit_warning(&c->narrator, SIDE_RELAY, NO_ITEM, err, "transport-rehearsed",
                        "the rehearsal %.16s of this pair went by %s; this ceremony goes by %s",
                        was->id, before, now);
}

/* --- weaker than a key ------------------------------------------------------------------------ */

/* Could this side use it, as far as is known? One that was not tried has it by its dialect. */
static bool may_have(const struct party *party, enum side side, enum transport_kind kind)
{
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        const struct hsm_capability *cap = &party->caps.alg[alg];
        const bool tried = party->wanted.algs & UINT32_C(1) << alg;
        if (is_of(kind, alg) &&
            ((side == SIDE_SOURCE ? cap->wrap : cap->unwrap) || (cap->mechanism && !tried)))
            return true;
    }
    return false;
}

/* Would the policy keep a transport of this kind at the head of the list? */
static bool may_begin(const struct ceremony *c, enum transport_kind kind)
{
    return c->setup.policy.quantum == QUANTUM_ANY || transport_is_post_quantum(kind) ||
           !wrap_is_post_quantum(c->suite.transport);
}

/* The line of the ceremony file under which a key of this strength would have a transport that is
 * no weaker; false: no line would do. A key service has no other transport than its own key. */
static bool find_line(const struct ceremony *c, unsigned needs, char *out, size_t size)
{
    static const uint32_t rsa[] = {3072, 4096};
    const enum transport_kind chosen = transport_of(c->suite.transport);

    if (c->setup.sealing)
        return false;
    for (enum transport_kind kind = 0; kind < TRANSPORTS; kind++)
        if (kind != chosen && kind != TRANSPORT_RSA_OAEP && may_begin(c, kind) &&
            transport_strength(kind, c->setup.policy.rsa_bits) >= needs &&
            may_have(&c->side[SIDE_SOURCE], SIDE_SOURCE, kind) &&
            may_have(&c->side[SIDE_DESTINATION], SIDE_DESTINATION, kind)) {
            text_print(out, size, "\"transports\" that begins with %s", transport_kinds[kind].name);
            return true;
        }
    for (size_t i = 0; chosen == TRANSPORT_RSA_OAEP && i < sizeof rsa / sizeof rsa[0]; i++)
        if (strength_of(KEY_KIND_RSA, rsa[i]) >= needs) {
            text_print(out, size, "\"rsa-bits: %" PRIu32 "\"", rsa[i]);
            return true;
        }
    return false;
}

static bool is_carried(const struct plan_item *item)
{
    return item->route != ROUTE_NONE && item->route != ROUTE_PUBLIC;
}

/* How strong the key is, if the transport is weaker; otherwise 0. */
static unsigned stronger(const struct ceremony *c, const struct plan_item *item)
{
    const unsigned needs = strength_of_key(item->key);
    const unsigned have =
        transport_strength(transport_of(c->suite.transport), transport_bits(&c->transport));

    return is_carried(item) && needs > have ? needs : 0;
}

bool transport_warn_of_key(struct ceremony *c, size_t i, struct err *err)
{
    const struct plan_item *item = &c->plan.items[i];
    const uint32_t bits = transport_bits(&c->transport);
    const unsigned have = transport_strength(transport_of(c->suite.transport), bits);
    char type[KEY_TYPE_TEXT], pair[TRANSPORT_TEXT];

    return !stronger(c, item) ||
           emit_warning(&c->narrator, SIDE_RELAY, (int64_t)i, err, "transport-strength",
                        "%s (%u bits of strength) under an %s transport key "
                        "(%u): weaker than the key it carries",
                        key_type_text(item->key, type), stronger(c, item),
                        transport_pair_text(c->suite.transport, bits, pair), have);
}

bool transport_warn_of_line(struct ceremony *c, struct err *err)
{
    char line[96], found[96] = "";
    unsigned most = 0;

    for (size_t i = 0; i < c->plan.count; i++) {
        const unsigned needs = stronger(c, &c->plan.items[i]);
        if (needs > most && find_line(c, needs, line, sizeof line)) {
            text_cut(found, sizeof found, line);
            most = needs;
        }
    }
    return !found[0] ||
           emit_warning(&c->narrator, SIDE_RELAY, NO_ITEM, err, "transport-policy",
                        "%s in the ceremony file avoids a transport that is weaker than its keys",
                        found);
}

bool transport_warn(struct ceremony *c, struct err *err)
{
    return warn_of_quantum(c, err) && warn_of_failed(c, err) && warn_of_rehearsal(c, err);
}
