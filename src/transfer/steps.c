/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol as ONE table of steps. What each step does stands above it, in the order in which
 * it happens; what takes it back stands beside it.
 */
#include "ceremony/state.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "hsm/fidelity.h"
#include "hsm/wrap_alg.h"
#include "plan/limits.h"
#include "transfer/kcv.h"
#include "transfer/proof.h"

static void say(struct step_facts *facts, const char *text)
{
    snprintf(facts->text, sizeof facts->text, "%s", text);
}

static const char *act_words(const struct ceremony *c, enum side side, enum hsm_act act)
{
    return c->side[side].offers.act_words[act];
}

/* An HSM may give out the handle of an object that was there, or of a key that has arrived. */
static bool is_anothers(const struct ceremony *c, enum side side, uint64_t handle)
{
    for (size_t i = 0; side == SIDE_DESTINATION && i < c->plan.count; i++)
        if (i != c->item && c->fates && c->fates[i].final == handle)
            return true;
    return inventory_has(&c->side[side], handle);
}

bool steps_made(struct ceremony *c, enum side side, uint64_t *handle, struct err *err)
{
    if (*handle == 0 || !is_anothers(c, side, *handle))
        return true;
    err_set(err, ERR_HSM, "the %s answered with the handle of an object that existed: %llu",
            side_name(side), (unsigned long long)*handle);
    err_now(err, "That object was not destroyed, and nothing is done with it");
    *handle = 0;
    return err_next(err, "Do not use this HSM: it confuses objects, and one may be a key of yours");
}

/* Tries twice: the first time may have failed after the object was gone, which then is no error. */
bool steps_destroy(struct ceremony *c, enum side side, uint64_t *handle, struct err *err)
{
    struct hsm *hsm = c->side[side].hsm;

    if (*handle == 0)
        return true;
    if (!steps_made(c, side, handle, err))
        return false;
    if (!hsm->driver->destroy(hsm, *handle, err) &&
        (err->code == ERR_GONE || !hsm->driver->destroy(hsm, *handle, err)))
        return false;
    *handle = 0;
    return true;
}

/* All of a name, in as many lines as it takes. */
static bool tell_swept(struct ceremony *c, enum side side, uint64_t handle, const char *what,
                       const uint8_t *bytes, size_t len)
{
    enum { PART = 64 };
    char hex[2 * PART + 1];

    for (size_t at = 0; at < len || at == 0; at += PART)
        if (!tell_note(c, EVENT_WARNING, side, "swept", "handle %llu: %s, %zu octets, from %zu: %s",
                       (unsigned long long)handle, what, len, at,
                       text_hex(bytes + at, len - at < PART ? len - at : PART, hex)))
            return false;
    return true;
}

bool steps_remove(struct ceremony *c, enum side side, const struct key_desc *key, const char *why,
                  struct err *err)
{
    struct hsm *hsm = c->side[side].hsm;
    char label[KEY_LABEL_TEXT], type[KEY_TYPE_TEXT];

    if (key->label_len > KEY_LABEL_MAX || key->id_len > KEY_ID_MAX)
        return err_set(err, ERR_UNSUPPORTED, "an object with so long a label or id is left alone");
    if (!tell_note(c, EVENT_WARNING, side, "swept", "%s, handle %llu: %s, %s, %.120s", why,
                   (unsigned long long)key->handle, key_class_name(key->class),
                   key_type_text(key, type), key_label_text(key, label)) ||
        !tell_swept(c, side, key->handle, "label", key->label, key->label_len) ||
        !tell_swept(c, side, key->handle, "id", key->id, key->id_len))
        return tell_why(c, err);
    if (!hsm->driver->remove(hsm, key, err))
        return false;
    inventory_forget(&c->side[side], key->handle);
    return true;
}

/* One sentence, whatever is wrong with a blob and whoever finds out: to be told more would help who
 * alters it. */
static bool bad_blob(struct err *err)
{
    err_set(err, ERR_DATA, "the encrypted key cannot be used: it was damaged or altered");
    err_now(err, "Nothing of it is on the destination");
    return err_next(err, "Find out what alters it between the two HSMs before you try again.");
}

static bool wrap(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
                 struct bytes *blob, struct err *err)
{
    return hsm->driver->wrap(hsm, alg, wrapping, key, blob, err) ||
           (err->code == ERR_DATA && bad_blob(err));
}

static bool unwrap(struct hsm *hsm, enum hsm_alg alg, uint64_t unwrapping, const struct bytes *blob,
                   const struct hsm_template *template, uint64_t *handle, struct err *err)
{
    return hsm->driver->unwrap(hsm, alg, unwrapping, blob, template, handle, err) ||
           (err->code == ERR_DATA && bad_blob(err));
}

bool steps_check_own_key(struct ceremony *c, enum side side, uint64_t handle,
                         const struct own_key *want, struct step_facts *facts, struct err *err)
{
    const struct party *party = &c->side[side];
    const char *before = " (not reported: ";
    uint32_t unread = 0;
    size_t at = strlen(facts->text);

    if (!own_key_check(party->hsm, handle, want, party->offers.unreadable, &unread, err))
        return false;
    for (uint32_t flag = 1; flag < 1U << KEY_FLAGS; flag <<= 1)
        if (unread & flag) {
            at += text_print(facts->text + at, sizeof facts->text - at, "%s%s", before,
                             key_flag_name(flag));
            before = ", ";
        }
    if (unread)
        text_print(facts->text + at, sizeof facts->text - at, ")");
    return true;
}

/* --- 1 to 7: the transport keys --- */

static bool make_pair(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    struct hsm *hsm = destination_of(c);
    uint32_t bits = c->setup.policy.rsa_bits;
    bool ours;

    facts->words = act_words(c, SIDE_DESTINATION, HSM_MAKE_PAIR);
    snprintf(facts->text, sizeof facts->text, "RSA %u, for unwrapping only", bits);
    if (!hsm->driver->make_pair(hsm, bits, c->label, &c->pair, err))
        return false;
    ours = steps_made(c, SIDE_DESTINATION, &c->pair.private_handle, err);
    return steps_made(c, SIDE_DESTINATION, &c->pair.public_handle, err) && ours &&
           steps_check_own_key(c, SIDE_DESTINATION, c->pair.private_handle, &own_transport_private,
                               facts, err);
}

static bool undo_pair(struct ceremony *c, struct err *err)
{
    bytes_free(&c->pair.spki);
    return steps_destroy(c, SIDE_DESTINATION, &c->pair.private_handle, err) &&
           steps_destroy(c, SIDE_DESTINATION, &c->pair.public_handle, err);
}

static bool relay_public(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    const struct policy *policy = &c->setup.policy;

    facts->crossed = &c->pair.spki;
    return policy_check_transport(policy, c->pair.spki.data, c->pair.spki.len, err) &&
           tell_fingerprint(c, SIDE_DESTINATION, &c->pair.spki, policy->rsa_bits, err);
}

static bool load_public(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    struct hsm *hsm = source_of(c);

    facts->words = act_words(c, SIDE_SOURCE, HSM_LOAD_PUBLIC);
    if (!hsm->driver->load_public(hsm, &c->pair.spki, c->label, &c->public_handle, err) ||
        !steps_made(c, SIDE_SOURCE, &c->public_handle, err) ||
        !hsm->driver->public_key(hsm, c->public_handle, &c->read_back, err) ||
        !tell_fingerprint(c, SIDE_SOURCE, &c->read_back, c->setup.policy.rsa_bits, err))
        return false;
    say(facts, "the same as the destination's");
    if (bytes_equal(&c->pair.spki, &c->read_back))
        return steps_check_own_key(c, SIDE_SOURCE, c->public_handle, &own_transport_public, facts,
                                   err);
    err_set(err, ERR_DATA,
            "the source holds another transport public key than the destination made");
    return err_next(err, "Do not go on: find out what changed the key between the two.");
}

static bool undo_load(struct ceremony *c, struct err *err)
{
    bytes_free(&c->read_back);
    return steps_destroy(c, SIDE_SOURCE, &c->public_handle, err);
}

static bool make_aes(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    struct hsm *hsm = source_of(c);

    facts->words = act_words(c, SIDE_SOURCE, HSM_MAKE_AES);
    snprintf(facts->text, sizeof facts->text, "AES %d, for wrapping only", AES_BITS);
    return hsm->driver->make_aes(hsm, AES_BITS, c->label, &c->source_aes, err) &&
           steps_made(c, SIDE_SOURCE, &c->source_aes, err) &&
           steps_check_own_key(c, SIDE_SOURCE, c->source_aes, &own_source_aes, facts, err);
}

static bool undo_make_aes(struct ceremony *c, struct err *err)
{
    return steps_destroy(c, SIDE_SOURCE, &c->source_aes, err);
}

static bool wrap_aes(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    struct hsm *hsm = source_of(c);

    facts->words = c->side[SIDE_SOURCE].offers.alg[c->deal.transport].wrap_words;
    facts->crossed = &c->aes_blob;
    say(facts, "under the transport public key");
    return wrap(hsm, c->deal.transport, c->public_handle, c->source_aes, &c->aes_blob, err);
}

static size_t modulus_of(const struct ceremony *c)
{
    return (c->setup.policy.rsa_bits + 7) / 8;
}

static bool relay_aes(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    facts->crossed = &c->aes_blob;
    return wrap_may_be_blob(c->deal.transport, c->aes_blob.len, modulus_of(c)) || bad_blob(err);
}

static bool unwrap_aes(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    struct hsm *hsm = destination_of(c);
    const struct hsm_template template = {
        .class = KEY_CLASS_SECRET,
        .kind = KEY_KIND_AES,
        .length = AES_BITS / 8,
        .flags = KEY_UNWRAP | KEY_SENSITIVE | KEY_PRIVATE | KEY_DESTROYABLE,
        .label = (const uint8_t *)c->label,
        .label_len = strlen(c->label),
    };

    facts->words = c->side[SIDE_DESTINATION].offers.alg[c->deal.transport].unwrap_words;
    facts->crossed = &c->aes_blob;
    say(facts, "accepted");
    return unwrap(hsm, c->deal.transport, c->pair.private_handle, &c->aes_blob, &template,
                  &c->destination_aes, err) &&
           steps_made(c, SIDE_DESTINATION, &c->destination_aes, err) &&
           steps_check_own_key(c, SIDE_DESTINATION, c->destination_aes, &own_destination_aes, facts,
                               err);
}

static bool undo_unwrap_aes(struct ceremony *c, struct err *err)
{
    return steps_destroy(c, SIDE_DESTINATION, &c->destination_aes, err);
}

/* --- 8 to 11: one key --- */

static bool changed(struct err *err, const char *how)
{
    err_set(err, ERR_CONFLICT, "%s", how);
    err_now(err, "Nothing of it left the source");
    return err_next(err, "Find out who is at work on the source, then list it again and plan anew");
}

/* A half that was found elsewhere is read and compared by itself. */
static bool same_half(const struct plan_item *planned, const struct key_desc *now)
{
    return planned->half.handle ||
           (planned->key.has_public == now->has_public &&
            memcmp(planned->key.spki_sha256, now->spki_sha256, sizeof now->spki_sha256) == 0);
}

/* The key may have been changed, destroyed or replaced since it was listed and judged. */
static bool check_unchanged(struct ceremony *c, struct err *err)
{
    const struct key_desc *planned = &item_of(c)->key;
    struct key_desc now;

    if (!source_of(c)->driver->describe(source_of(c), planned->handle, &now, err)) {
        if (err->code != ERR_NO_INPUT)
            return false;
        return changed(err, "the key is no longer on the source");
    }
    if (key_same_name(planned, &now) && planned->kind == now.kind &&
        planned->length == now.length && planned->flags == now.flags &&
        planned->flags_known == now.flags_known && same_half(item_of(c), &now) &&
        memcmp(&planned->terms, &now.terms, sizeof now.terms) == 0)
        return true;
    return changed(err, "the key on the source was changed since it was listed");
}

/* Why the source could not do it, where the plan could not know that. */
static bool explain_wrap(const struct ceremony *c, const struct plan_item *item, struct err *err)
{
    if (err->code == ERR_UNSUPPORTED && item->route == ROUTE_DIRECT && item->key.length == 0)
        err_next(err, "The source does not know how long it is; more than %u bytes cannot go.",
                 limits_direct(&c->deal));
    return false;
}

bool steps_read_public(struct ceremony *c, const struct plan_item *item, struct bytes *out,
                       struct err *err)
{
    struct hsm *hsm = source_of(c);

    if (item->key.class == KEY_CLASS_SECRET)
        return true;
    return item->key.class == KEY_CLASS_PRIVATE
               ? proof_public(hsm, &item->key, &item->half, out, err)
           : item->half.handle ? proof_half(hsm, &item->half, out, err)
                               : proof_value(hsm, item->key.class, item->key.handle, out, err);
}

static bool wrap_key(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    struct hsm *hsm = source_of(c);
    const struct plan_item *item = item_of(c);
    bool direct = item->route == ROUTE_DIRECT;
    enum hsm_alg alg = item->alg;

    facts->words = c->side[SIDE_SOURCE].offers.alg[alg].wrap_words;
    facts->crossed = &c->passage.blob;
    say(facts, direct ? "under the transport public key" : "under the AES key");
    return check_unchanged(c, err) && steps_read_public(c, item, &c->passage.spki, err) &&
           (wrap(hsm, alg, direct ? c->public_handle : c->source_aes, item->key.handle,
                 &c->passage.blob, err) ||
            explain_wrap(c, item, err));
}

static bool relay_key(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    const struct bytes *blob = &c->passage.blob;

    facts->crossed = blob;
    return wrap_may_be_blob(item_of(c)->alg, blob->len, modulus_of(c)) || bad_blob(err);
}

/* What arrived must be what was asked for, in kind and size, and may do no more. */
static bool check_arrived(const struct plan_item *item, const struct key_desc *is, bool temporary,
                          struct err *err)
{
    const struct fidelity_pair pair = {&item->key, &item->want_flags, is, temporary};

    if (fidelity_check(&pair, err))
        return true;
    if (err->code == ERR_DENIED)
        return err_next(err, "Leave this key on the source, or take an HSM that has this guard.");
    return err_next(err, "Move nothing more there before you know why the destination did this.");
}

/* That a secret of unknown length may be too long for the destination was known before: this says
 * no more of a blob than the one sentence does. */
static bool explain_unwrap(const struct ceremony *c, const struct plan_item *item, struct err *err)
{
    if (err->code == ERR_DATA && item->route == ROUTE_DIRECT && item->key.length == 0 &&
        c->deal.limits.secret_max) {
        err_set(err, ERR_DATA,
                "the encrypted key cannot be used: the secret has more than %u bytes, or it was "
                "damaged or altered",
                c->deal.limits.secret_max);
        err_now(err, "Nothing of it is on the destination");
        err_next(err, "The source does not report its length, and the destination takes no longer "
                      "one: find out how long it is.");
    }
    return false;
}

static bool unwrap_key(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    struct hsm *hsm = destination_of(c);
    const struct plan_item *item = item_of(c);
    bool direct = item->route == ROUTE_DIRECT;
    enum hsm_alg alg = item->alg;
    struct key_desc *is = &c->passage.arrived;
    const struct hsm_template template = {
        .class = item->key.class,
        .kind = item->key.kind,
        .length = item->key.length,
        .flags = item->want_flags,
        .label = (const uint8_t *)c->label,
        .label_len = strlen(c->label),
        .id = item->key.id,
        .id_len = item->key.id_len,
        .spki = c->passage.spki.len ? &c->passage.spki : NULL,
        .terms = &item->key.terms,
    };

    facts->words = c->side[SIDE_DESTINATION].offers.alg[alg].unwrap_words;
    facts->crossed = &c->passage.blob;
    return (unwrap(hsm, alg, direct ? c->pair.private_handle : c->destination_aes, &c->passage.blob,
                   &template, &c->passage.temporary, err) ||
            explain_unwrap(c, item, err)) &&
           steps_made(c, SIDE_DESTINATION, &c->passage.temporary, err) &&
           hsm->driver->describe(hsm, c->passage.temporary, is, err) &&
           check_arrived(item, is, true, err);
}

static bool undo_unwrap_key(struct ceremony *c, struct err *err)
{
    return steps_destroy(c, SIDE_DESTINATION, &c->passage.temporary, err);
}

/* A public object crosses as it is. */
static bool read_object(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    facts->words = act_words(c, SIDE_SOURCE, HSM_READ_PUBLIC);
    facts->crossed = &c->passage.spki;
    return steps_read_public(c, item_of(c), &c->passage.spki, err);
}

static bool prove_at(struct ceremony *c, enum step_id stage, uint64_t handle,
                     const struct key_desc *found, struct step_facts *facts, struct err *err)
{
    struct fate *fate = &c->fates[c->item];
    const struct proof_pair pair = {
        .source = source_of(c),
        .source_key = item_of(c)->key.handle,
        .source_spki = &c->passage.spki,
        .destination = destination_of(c),
        .destination_key = handle,
        .class = item_of(c)->key.class,
        .half = item_of(c)->half,
    };

    if (!proof_run(&pair, proof_exact(item_of(c)->proofs, &item_of(c)->key, found), &fate->proof,
                   err))
        return false;
    facts->words = hsm_proof_name(fate->proof);
    say(facts, proof_sentence(fate->proof));
    return tell_proof(c, c->item, stage, fate->proof, NULL, facts->text, err);
}

static bool tell_check(struct ceremony *c, const struct check *check, struct err *err)
{
    struct event e = {
        .kind = EVENT_CHECK, .side = SIDE_RELAY, .key = (uint32_t)c->item + 1, .check = *check};

    return ceremony_tell(c, &e, err);
}

static bool tell_checks(struct ceremony *c, uint64_t handle, const struct key_desc *found,
                        struct err *err)
{
    const struct key_desc *key = &item_of(c)->key;
    const struct check_pair pair = {
        {key, found}, {source_of(c), destination_of(c)}, {key->handle, handle}};
    struct check check;

    for (unsigned i = 0; i < check_count(key); i++)
        if (!check_value(&pair, i, c->deal.proofs, &check, err) || !tell_check(c, &check, err))
            return false;
    return true;
}

/* What vouches for it besides that the envelope opened. */
static bool compare_unproven(struct ceremony *c, uint64_t handle, const struct key_desc *found,
                             struct step_facts *facts, struct err *err)
{
    struct check check;

    say(facts, "UNPROVEN by waiver: its uses allow no proof");
    return tell_checks(c, handle, found, err) && rewrap_check(c, handle, found, &check, err) &&
           tell_check(c, &check, err);
}

/* After a proof that failed: a destination that sets the parity bits of a DES key (FIPS 46-3) holds
 * another value than a source that has it without odd parity, though the same key for the cipher.
 * Nobody can know before, as nobody sees the value. Only an envelope with integrity excludes that
 * somebody altered it. Always false. */
static bool explain_parity(struct ceremony *c, uint64_t handle, const struct key_desc *found,
                           struct err *err)
{
    const struct key_desc *key = &item_of(c)->key;
    const struct check_pair pair = {
        {key, found}, {source_of(c), destination_of(c)}, {key->handle, handle}};

    if (err->code != ERR_DATA || key->kind != KEY_KIND_DES3 ||
        negotiation_is_weak(item_of(c)->alg) || !check_agree(&pair, c->deal.proofs))
        return false;
    c->passage.parity = true;
    err_set(err, ERR_UNSUPPORTED,
            "a DES key without odd parity (FIPS 46-3), which this destination sets: the check "
            "values agree, the bytes would not be the original's");
    return err_next(err, "Leave it where it is, or give it odd parity at its origin.");
}

static bool prove(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    uint64_t handle = c->passage.temporary;
    const struct key_desc *found = &c->passage.arrived;

    if (item_of(c)->unproven)
        return compare_unproven(c, handle, found, facts, err);
    return prove_at(c, STEP_PROVE, handle, found, facts, err)
               ? tell_checks(c, handle, found, err)
               : explain_parity(c, handle, found, err);
}

static bool commit(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    struct hsm *hsm = destination_of(c);
    const struct key_desc *key = &item_of(c)->key;
    struct fate *fate = &c->fates[c->item];

    if (item_of(c)->route == ROUTE_PUBLIC) {
        facts->words = act_words(c, SIDE_DESTINATION, HSM_MAKE_PUBLIC);
        return companions_make(c, facts, err);
    }
    facts->words = act_words(c, SIDE_DESTINATION, HSM_COMMIT);
    say(facts, "with the label and id of the original");
    c->passage.committing = true;
    return hsm->driver->commit(hsm, c->passage.temporary, key->label, key->label_len, key->id,
                               key->id_len, &fate->final, err) &&
           steps_made(c, SIDE_DESTINATION, &fate->final, err);
}

static bool proves_ours(struct ceremony *c, const struct key_desc *found)
{
    const struct key_desc *key = &item_of(c)->key;
    const struct proof_pair pair = {source_of(c),  key->handle, &c->passage.spki, destination_of(c),
                                    found->handle, key->class,  item_of(c)->half};
    enum hsm_proof which;
    struct err err;

    return proof_run(&pair, proof_exact(item_of(c)->proofs, key, found), &which, &err);
}

/* A commit that failed may still have been carried out: then a new object bears the key's name and
 * proves to be the key. Any other was made by somebody else, and is not ours to destroy; the
 * inventory will name it. */
static bool find_lost_commit(struct ceremony *c, struct key_desc *found, struct err *err)
{
    struct hsm *hsm = destination_of(c);
    struct key_list now = {0};
    bool ok = hsm->driver->list(hsm, &now, err);

    for (size_t i = 0; ok && i < now.count; i++)
        if (key_same_name(&now.keys[i], &item_of(c)->key) &&
            !is_anothers(c, SIDE_DESTINATION, now.keys[i].handle) &&
            now.keys[i].handle != c->passage.temporary && /* of the canary's it is the name, too */
            proves_ours(c, &now.keys[i]))
            *found = now.keys[i];
    key_list_free(&now);
    return ok;
}

/* The agent does not know the handle of a commit whose answer was lost as one of its session. */
static bool undo_commit(struct ceremony *c, struct err *err)
{
    uint64_t *final = &c->fates[c->item].final;
    struct key_desc found = {0};

    if (*final != 0)
        return steps_destroy(c, SIDE_DESTINATION, final, err);
    return find_lost_commit(c, &found, err) &&
           (found.handle == 0 ||
            steps_remove(c, SIDE_DESTINATION, &found, "kept by a commit that failed", err));
}

/* The bytes of a public object are all that matters of it. One that the destination keeps otherwise
 * than it was asked to is not worth the ceremony: it is taken back, and the others go on. */
static bool prove_public(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    struct fate *fate = &c->fates[c->item];

    if (!prove_at(c, STEP_PROVE_AGAIN, fate->final, &fate->found, facts, err))
        return false;
    if (check_arrived(item_of(c), &fate->found, false, err))
        return true;
    err->code = ERR_DENIED;
    return false;
}

bool steps_prove_again(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    struct hsm *hsm = destination_of(c);
    struct fate *fate = &c->fates[c->item];

    if (!hsm->driver->describe(hsm, fate->final, &fate->found, err))
        return false;
    if (item_of(c)->route == ROUTE_PUBLIC) {
        fate->proven = prove_public(c, facts, err);
        return fate->proven;
    }
    if (!check_arrived(item_of(c), &fate->found, false, err) ||
        !(item_of(c)->unproven
              ? compare_unproven(c, fate->final, &fate->found, facts, err)
              : prove_at(c, STEP_PROVE_AGAIN, fate->final, &fate->found, facts, err)))
        return false;
    if (c->passage.temporary != fate->final &&
        !steps_destroy(c, SIDE_DESTINATION, &c->passage.temporary, err))
        return false;
    fate->proven = true;
    return true;
}

/* --- the table --- */

const struct step_row *steps_table(size_t *count)
{
    static const struct step_row rows[] = {
        /* step, for each, closing, gate before it, run, undo */
        {STEP_MAKE_PAIR, ROW_ONCE, false, GATE_REVIEW, make_pair, undo_pair},
        {STEP_RELAY_PUBLIC, ROW_ONCE, false, GATE_NONE, relay_public, NULL},
        {STEP_LOAD_PUBLIC, ROW_ONCE, false, GATE_NONE, load_public, undo_load},
        {STEP_MAKE_AES, ROW_ONCE, false, GATE_FINGERPRINT, make_aes, undo_make_aes},
        {STEP_WRAP_AES, ROW_ONCE, false, GATE_NONE, wrap_aes, NULL},
        {STEP_RELAY_AES, ROW_ONCE, false, GATE_NONE, relay_aes, NULL},
        {STEP_UNWRAP_AES, ROW_ONCE, false, GATE_NONE, unwrap_aes, undo_unwrap_aes},
        {STEP_WRAP_KEY, ROW_KEY, false, GATE_KEY, wrap_key, NULL},
        {STEP_RELAY_KEY, ROW_KEY, false, GATE_NONE, relay_key, NULL},
        {STEP_UNWRAP_KEY, ROW_KEY, false, GATE_NONE, unwrap_key, undo_unwrap_key},
        {STEP_PROVE, ROW_KEY, false, GATE_NONE, prove, NULL},
        {STEP_READ_OBJECT, ROW_PUBLIC, false, GATE_REVIEW, read_object, NULL},
        {STEP_RELAY_OBJECT, ROW_PUBLIC, false, GATE_NONE, companions_relay, NULL},
        {STEP_COMMIT, ROW_ITEM, false, GATE_NONE, commit, undo_commit},
        {STEP_PROVE_AGAIN, ROW_ITEM, false, GATE_NONE, steps_prove_again, NULL},
        {STEP_DESTROY, ROW_ONCE, true, GATE_NONE, closing_destroy, NULL},
        {STEP_INVENTORY, ROW_ONCE, true, GATE_NONE, closing_inventory, NULL},
        {STEP_PROVE_FRESH, ROW_ONCE, true, GATE_NONE, closing_fresh, NULL},
    };

    *count = sizeof rows / sizeof rows[0];
    return rows;
}
