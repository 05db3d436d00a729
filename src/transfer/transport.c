/* SPDX-License-Identifier: Apache-2.0 */
/* Each step and its undo function, in the order of the protocol; the table is at the end.
 */
#include "transfer/transport.h"

#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "transfer/wrapped_key.h"
#include "transfer/own_key.h"
#include "transfer/sealing.h"

bool transport_check_own(struct hsm *hsm, const struct transport_side *side, uint64_t handle,
                         const struct own_key *want, struct step_result *result, struct err *err)
{
    const char *before = " (not reported: ";
    uint32_t unread = 0;
    size_t at = strlen(result->text), size = sizeof result->text;

    if (!own_key_check(hsm, handle, want, side->caps->unreadable, &unread, err))
        return false;
    for (uint32_t flag = 1; flag < 1U << KEY_FLAGS; flag <<= 1)
        if (unread & flag) {
            at += text_print(result->text + at, size - at, "%s%s", before, key_flag_name(flag));
            before = ", ";
        }
    if (unread)
        text_print(result->text + at, size - at, ")");
    return true;
}

struct hsm_template transport_kek_template(const struct transport *t, uint32_t uses)
{
    return (struct hsm_template){
        .class = KEY_CLASS_SECRET,
        .kind = KEY_KIND_AES,
        .length = KEK_BITS / 8,
        .flags = uses | KEY_SENSITIVE | KEY_PRIVATE | KEY_DESTROYABLE,
        .label = (const uint8_t *)t->label,
        .label_len = strlen(t->label),
    };
}

/* --- the evidence key, which is made with the KEK and crosses under it --- */

static void add_text(struct step_result *result, const char *text)
{
    const size_t len = strlen(result->text);

    text_print(result->text + len, sizeof result->text - len, "%s", text);
}

static bool make_evidence_key(struct hsm *hsm, struct transport *t, struct step_result *result,
                              struct err *err)
{
    struct transport_side *from = &t->source;

    if (!t->evidence.wanted)
        return true;
    add_text(result, "; an evidence key, for encryption only");
    return hsm->driver->make_evidence_key(hsm, t->label, &from->evidence_key, err) &&
           known_made(from->known, NULL, &from->evidence_key, err) &&
           transport_check_own(hsm, from, from->evidence_key, &own_source_evidence, result, err);
}

static bool wrap_evidence_key(struct hsm *hsm, struct transport *t, struct step_result *result,
                              struct err *err)
{
    struct bytes *wrapped = &t->evidence.wrapped;
    uint8_t sha256[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1], text[96];

    if (!t->evidence.wanted)
        return true;
    if (!wrapped_key_wrap(hsm, t->evidence.alg, t->source.kek, t->source.evidence_key, wrapped,
                          err))
        return false;
    SHA256(wrapped->data, wrapped->len, sha256);
    text_print(text, sizeof text, "; the evidence key under it, sha256 %.16s",
               text_hex(sha256, sizeof sha256, hex));
    add_text(result, text);
    return true;
}

bool transport_unwrap_evidence(struct hsm *hsm, struct transport *t, uint64_t kek, uint64_t *handle,
                               struct step_result *result, struct err *err)
{
    struct hsm_template template = transport_kek_template(t, KEY_DECRYPT);
    uint32_t unread;

    if (t->evidence.wanted && result)
        add_text(result, ", and under it an evidence key, for decryption only");
    template.length = EVIDENCE_BITS / 8;
    return !t->evidence.wanted ||
           (wrapped_key_unwrap(hsm, t->evidence.alg, kek, &t->evidence.wrapped, &template, handle,
                               err) &&
            own_key_check(hsm, *handle, &own_destination_evidence, t->destination.caps->unreadable,
                          &unread, err));
}

/* --- the steps --- */

static bool make_pair(struct hsm *hsm, struct transport *t, struct step_result *result,
                      struct err *err)
{
    struct transport_side *to = &t->destination;
    const struct own_key *want = t->stays ? &own_offered_private : &own_transport_private;
    struct hsm_pair pair = {0};
    bool ours;

    result->call = to->caps->op_calls[HSM_MAKE_PAIR];
    snprintf(result->text, sizeof result->text, "RSA %u, for unwrapping only", t->policy->rsa_bits);
    if (!(t->stays ? hsm->driver->make_token_pair
                   : hsm->driver->make_pair)(hsm, t->policy->rsa_bits, t->label, &pair, err))
        return false;
    bytes_free(&t->wire.spki);
    t->wire.spki = pair.spki; /* transferred */
    to->private_key = pair.private_handle;
    to->public_key = pair.public_handle;
    ours = known_made(to->known, NULL, &to->private_key, err);
    return known_made(to->known, NULL, &to->public_key, err) && ours &&
           transport_check_own(hsm, to, to->private_key, want, result, err);
}

static bool undo_make_pair(struct hsm *hsm, struct transport *t, struct err *err)
{
    struct transport_side *to = &t->destination;

    bytes_free(&t->wire.spki);
    return known_destroy(to->known, hsm, NULL, &to->private_key, err) &&
           known_destroy(to->known, hsm, NULL, &to->public_key, err);
}

static bool relay_public(struct hsm *none, struct transport *t, struct step_result *result,
                         struct err *err)
{
    (void)none;
    result->crossed = &t->wire.spki;
    if (!policy_check_transport(t->policy, t->wire.spki.data, t->wire.spki.len, err))
        return false;
    result->fingerprint = &t->wire.spki;
    return true;
}

/* The wrapping key of a key service, as its file has it. */
static bool take_public(struct hsm *none, struct transport *t, struct step_result *result,
                        struct err *err)
{
    const struct bytes *spki = &t->sealing->spki;

    return bytes_set(&t->wire.spki, spki->data, spki->len, err) &&
           relay_public(none, t, result, err);
}

static bool load_public(struct hsm *hsm, struct transport *t, struct step_result *result,
                        struct err *err)
{
    struct transport_side *from = &t->source;

    result->call = from->caps->op_calls[HSM_LOAD_PUBLIC];
    if (!hsm->driver->load_public(hsm, &t->wire.spki, t->label, &from->public_key, err) ||
        !known_made(from->known, NULL, &from->public_key, err) ||
        !hsm->driver->public_key(hsm, from->public_key, &t->wire.read_back, err))
        return false;
    result->fingerprint = &t->wire.read_back;
    snprintf(result->text, sizeof result->text, "the same as the destination's");
    if (bytes_equal(&t->wire.spki, &t->wire.read_back))
        return transport_check_own(hsm, from, from->public_key, &own_transport_public, result, err);
    err_set(err, ERR_DATA,
            "the source holds another transport public key than the destination made");
    return err_next(err, "Do not continue until you know what changed the key between the two.");
}

static bool undo_load_public(struct hsm *hsm, struct transport *t, struct err *err)
{
    bytes_free(&t->wire.read_back);
    return known_destroy(t->source.known, hsm, NULL, &t->source.public_key, err);
}

bool transport_make_kek(struct hsm *hsm, struct transport *t, struct step_result *result,
                        struct err *err)
{
    struct transport_side *from = &t->source;

    result->call = from->caps->op_calls[HSM_MAKE_KEK];
    snprintf(result->text, sizeof result->text, "AES %d, for wrapping only", KEK_BITS);
    return hsm->driver->make_kek(hsm, KEK_BITS, t->label, &from->kek, err) &&
           known_made(from->known, NULL, &from->kek, err) &&
           transport_check_own(hsm, from, from->kek, &own_source_kek, result, err) &&
           make_evidence_key(hsm, t, result, err);
}

bool transport_undo_make_kek(struct hsm *hsm, struct transport *t, struct err *err)
{
    return known_destroy(t->source.known, hsm, NULL, &t->source.evidence_key, err) &&
           known_destroy(t->source.known, hsm, NULL, &t->source.kek, err);
}

static bool wrap_kek(struct hsm *hsm, struct transport *t, struct step_result *result,
                     struct err *err)
{
    struct transport_side *from = &t->source;

    result->call = from->caps->alg[t->suite->transport].wrap_call;
    result->crossed = &t->wire.wrapped_kek;
    snprintf(result->text, sizeof result->text, "under the transport public key");
    return wrapped_key_wrap(hsm, t->suite->transport, from->public_key, from->kek,
                            &t->wire.wrapped_kek, err) &&
           wrap_evidence_key(hsm, t, result, err);
}

static bool relay_kek(struct hsm *none, struct transport *t, struct step_result *result,
                      struct err *err)
{
    (void)none;
    result->crossed = &t->wire.wrapped_kek;
    return wrapped_key_check(t->suite->transport, t->policy->rsa_bits, &t->wire.wrapped_kek, err);
}

static bool unwrap_kek(struct hsm *hsm, struct transport *t, struct step_result *result,
                       struct err *err)
{
    struct transport_side *to = &t->destination;
    const struct hsm_template template = transport_kek_template(t, KEY_UNWRAP);

    result->call = to->caps->alg[t->suite->transport].unwrap_call;
    result->crossed = &t->wire.wrapped_kek;
    snprintf(result->text, sizeof result->text, "accepted");
    return wrapped_key_unwrap(hsm, t->suite->transport, to->private_key, &t->wire.wrapped_kek,
                              &template, &to->kek, err) &&
           known_made(to->known, NULL, &to->kek, err) &&
           transport_check_own(hsm, to, to->kek, &own_destination_kek, result, err) &&
           transport_unwrap_evidence(hsm, t, to->kek, &to->evidence_key, result, err) &&
           known_made(to->known, NULL, &to->evidence_key, err);
}

static bool undo_unwrap_kek(struct hsm *hsm, struct transport *t, struct err *err)
{
    return known_destroy(t->destination.known, hsm, NULL, &t->destination.evidence_key, err) &&
           known_destroy(t->destination.known, hsm, NULL, &t->destination.kek, err);
}

const struct transport_row transport_rows[] = {
    /* step, side, gate before it, needs, leaves, run, undo */
    {{STEP_MAKE_PAIR, SIDE_DESTINATION, GATE_REVIEW, 0, WIRE_PUBLIC}, make_pair, undo_make_pair},
    {{STEP_RELAY_PUBLIC, SIDE_RELAY, GATE_NONE, WIRE_PUBLIC, 0}, relay_public, NULL},
    {{STEP_LOAD_PUBLIC, SIDE_SOURCE, GATE_NONE, WIRE_PUBLIC, WIRE_READ_BACK},
     load_public,
     undo_load_public},
    {{STEP_MAKE_KEK, SIDE_SOURCE, GATE_FINGERPRINT, WIRE_READ_BACK, 0},
     transport_make_kek,
     transport_undo_make_kek},
    {{STEP_WRAP_KEK, SIDE_SOURCE, GATE_NONE, WIRE_READ_BACK, WIRE_KEK}, wrap_kek, NULL},
    {{STEP_RELAY_KEK, SIDE_RELAY, GATE_NONE, WIRE_KEK, 0}, relay_kek, NULL},
    {{STEP_UNWRAP_KEK, SIDE_DESTINATION, GATE_NONE, WIRE_KEK, WIRE_ACCEPTED},
     unwrap_kek,
     undo_unwrap_kek},
};

const size_t transport_rows_count = sizeof transport_rows / sizeof transport_rows[0];

const struct transport_row sealed_transport_rows[] = {
    {{STEP_RELAY_PUBLIC, SIDE_RELAY, GATE_REVIEW, 0, WIRE_PUBLIC}, take_public, NULL},
    {{STEP_LOAD_PUBLIC, SIDE_SOURCE, GATE_NONE, WIRE_PUBLIC, WIRE_READ_BACK},
     load_public,
     undo_load_public},
    {{STEP_MAKE_KEK, SIDE_SOURCE, GATE_FINGERPRINT, WIRE_READ_BACK, 0},
     transport_make_kek,
     transport_undo_make_kek},
    {{STEP_WRAP_KEK, SIDE_SOURCE, GATE_NONE, WIRE_READ_BACK, WIRE_KEK}, wrap_kek, NULL},
    {{STEP_RELAY_KEK, SIDE_RELAY, GATE_NONE, WIRE_KEK, 0}, relay_kek, NULL},
};

const size_t sealed_transport_rows_count =
    sizeof sealed_transport_rows / sizeof sealed_transport_rows[0];

uint32_t transport_bits(const struct transport *t)
{
    const struct wrap_alg *alg = wrap_alg(t->suite->transport);

    return alg->bits ? alg->bits : t->policy->rsa_bits;
}

bool transport_run(const struct transport_row *row, struct hsm *hsm, struct transport *t,
                   struct step_result *result, struct err *err)
{
    if (!step_has(&row->head, t->wire.there, err) || !row->run(hsm, t, result, err))
        return false;
    t->wire.there |= row->head.leaves;
    return true;
}

bool transport_undo(const struct transport_row *row, struct hsm *hsm, struct transport *t,
                    struct err *err)
{
    t->wire.there &= ~row->head.leaves;
    return !row->undo || row->undo(hsm, t, err);
}

void transport_free(struct transport *t)
{
    bytes_free(&t->wire.spki);
    bytes_free(&t->wire.answer);
    bytes_free(&t->wire.read_back);
    bytes_free(&t->wire.met);
    bytes_free(&t->wire.wrapped_kek);
    bytes_free(&t->evidence.wrapped);
}
