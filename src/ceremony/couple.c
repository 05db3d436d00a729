/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/couple.h"

#include <stdio.h>
#include <string.h>

#include "ceremony/members.h"
#include "plan/provable.h"
#include "transfer/kcv.h"
#include "transfer/proof.h"

static void conclude(struct compared *to, enum comparison result, const char *method,
                     const char *text)
{
    to->result = result;
    snprintf(to->method, sizeof to->method, "%s", method);
    snprintf(to->text, sizeof to->text, "%s", text);
}

/* Adds the check values of keys that are the same, as far as their uses allow them. */
static bool add_kcvs(struct ceremony *c, const struct couple *couple, struct compared *to,
                     struct err *err)
{
    const struct kcv_pair pair = {{couple->key[0], couple->key[1]},
                                  {source_of(c), destination_of(c)},
                                  {couple->key[0]->handle, couple->key[1]->handle},
                                  NULL};
    unsigned count = kcv_count(couple->key[SIDE_SOURCE]);

    for (unsigned i = 0; i < count; i++)
        if (!kcv_compute(&pair, i, c->suite.proofs, &to->kcvs[i], err))
            return false;
    to->kcv_count = count;
    return true;
}

static bool prove(struct ceremony *c, const struct couple *couple, enum hsm_proof *which,
                  struct err *err)
{
    const struct key_desc *source = couple->key[SIDE_SOURCE];
    const struct key_desc *found = couple->key[SIDE_DESTINATION];
    struct bytes spki = {0};
    const struct proof_pair pair = {source_of(c),  source->handle, &spki, destination_of(c),
                                    found->handle, found->class,   {0},   false};
    bool ok =
        (source->class != KEY_CLASS_PRIVATE ||
         source_of(c)->driver->public_key(source_of(c), source->handle, &spki, err)) &&
        proof_run(&pair, proof_exact(provable_by(&c->suite, source), source, found), which, err);

    bytes_free(&spki);
    return ok;
}

/* Errors: those that are no statement about the keys. */
static bool judge(struct ceremony *c, const struct couple *couple, struct compared *to,
                  struct err *err)
{
    const struct key_desc *source = couple->key[SIDE_SOURCE];
    const struct key_desc *found = couple->key[SIDE_DESTINATION];
    enum hsm_proof which;

    if (!source || !found)
        conclude(to, COMPARED_ONLY_HERE, "", "the other side has no key of this name");
    else if (source->kind != found->kind)
        conclude(to, COMPARED_DIFFERS, "", "they are of different kinds");
    else if (source->has_public && found->has_public)
        conclude(to,
                 memcmp(source->spki_sha256, found->spki_sha256, sizeof found->spki_sha256) == 0
                     ? COMPARED_SAME
                     : COMPARED_DIFFERS,
                 "public half", "as both sides report it; no operation on the key");
    else if (prove(c, couple, &which, err) && add_kcvs(c, couple, to, err))
        conclude(to, COMPARED_SAME, hsm_proof_name(which), proof_sentence(which));
    else if (err->code == ERR_DATA)
        conclude(to, COMPARED_DIFFERS, "", "both sides answer the same challenge differently");
    else if (err->code == ERR_UNSUPPORTED)
        conclude(to, COMPARED_UNKNOWN, "",
                 key_needs_public(source)
                     ? "the source lists no public key with it; a ceremony would look for one"
                     : "their uses allow no operation that would show it");
    else
        return false;
    return true;
}

bool couple_compare(struct ceremony *c, const struct couple *couple, enum comparison *result,
                    struct err *err)
{
    struct event e = {.kind = EVENT_COMPARED, .side = SIDE_RELAY};

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        if (!couple->key[side])
            continue;
        e.compared.handle[side] = couple->key[side]->handle;
        key_label_text(couple->key[side], e.compared.label);
    }
    if (!judge(c, couple, &e.compared, err))
        return false;
    *result = e.compared.result;
    return emit_event(&c->narrator, &e, err);
}
