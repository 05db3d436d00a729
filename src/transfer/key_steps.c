/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/key_steps.h"

#include <stdio.h>
#include <string.h>

#include "hsm/wrap_alg.h"
#include "plan/limits.h"
#include "transfer/wrapped_key.h"
#include "transfer/commit.h"
#include "transfer/confirm.h"
#include "transfer/public_object.h"
#include "transfer/sealed_file.h"
#include "transfer/transport.h"

static bool changed(struct err *err, const char *how)
{
    err_set(err, ERR_CONFLICT, "%s", how);
    err_now(err, "Nothing of it left the source");
    return err_next(err,
                    "Determine who is at work on the source, then list its keys and plan again");
}

/* If the public half was found in another object, that object is read and compared. */
static bool same_half(const struct plan_item *planned, const struct key_desc *now)
{
    return planned->half.handle ||
           (planned->key->has_public == now->has_public &&
            memcmp(planned->key->spki_sha256, now->spki_sha256, sizeof now->spki_sha256) == 0);
}

/* The key may have been changed, destroyed or replaced since it was listed and judged. */
static bool check_unchanged(struct hsm *hsm, const struct plan_item *item, struct err *err)
{
    const struct key_desc listed = plan_item_listed(item), *planned = &listed;
    struct key_desc now;

    if (!hsm->driver->describe(hsm, planned->handle, &now, err)) {
        if (err->code != ERR_NO_INPUT)
            return false;
        return changed(err, "the key is no longer on the source");
    }
    if (key_same_name(planned, &now) && planned->kind == now.kind &&
        planned->length == now.length && planned->flags == now.flags &&
        planned->flags_known == now.flags_known && same_half(item, &now) &&
        memcmp(&planned->constraints, &now.constraints, sizeof now.constraints) == 0)
        return true;
    return changed(err, "the key on the source was changed since it was listed");
}

static bool is_by_oaep(const struct transfer *t)
{
    return wrap_alg(t->item->alg)->family == WRAP_RSA_OAEP;
}

/* Explains why the source could not wrap the key, if the plan could not foresee that. */
static bool explain_wrap(const struct transfer *t, struct err *err)
{
    if (err->code == ERR_UNSUPPORTED && is_by_oaep(t) && t->item->key->length == 0)
        err_next(err, "The source does not report its length; at most %u bytes can be migrated.",
                 limits_direct(t->transport->suite));
    return false;
}

/* Nothing leaves the source before the destination has accepted the transport, which a key service
 * cannot do here. That is recorded in the wire of the transport, not of the transfer. */
static bool is_accepted(const struct transfer *t, struct err *err)
{
    const struct step_head wrap = {STEP_WRAP_KEY, SIDE_SOURCE, GATE_KEY,
                                   t->transport->sealing ? WIRE_KEK : WIRE_ACCEPTED, 0};

    return step_has(&wrap, t->transport->wire.there, err);
}

/* No destination proves what a key service gets. If the algorithm gives the same for the same key,
 * a result that was damaged differs from a second one. */
static bool wraps_the_same(struct hsm *hsm, const struct transfer *t, struct err *err)
{
    const struct transport_side *from = &t->transport->source;
    const enum hsm_alg alg = t->item->alg;
    struct bytes again = {0};
    bool ok;

    if (!t->transport->sealing || t->item->route == ROUTE_DIRECT || !wrap_alg(alg)->repeats)
        return true;
    ok = wrapped_key_wrap(hsm, alg, from->kek, t->item->key->handle, &again, err) &&
         (bytes_equal(&again, &t->wire.wrapped) ||
          err_set(err, ERR_HSM, "the source wrapped the key twice and gave two different results"));
    bytes_free(&again);
    return ok;
}

static bool wrap_key(struct hsm *hsm, struct transfer *t, struct step_result *result,
                     struct err *err)
{
    const struct transport_side *from = &t->transport->source;
    const struct plan_item *item = t->item;
    bool direct = item->route == ROUTE_DIRECT;

    result->call = from->caps->alg[item->alg].wrap_call;
    result->crossed = &t->wire.wrapped;
    snprintf(result->text, sizeof result->text, "%s",
             !direct         ? "under the AES key"
             : is_by_oaep(t) ? "under the transport public key"
                             : "under a fresh AES key, and that under the transport public key");
    return is_accepted(t, err) && check_unchanged(hsm, item, err) &&
           public_object_read(hsm, item, &t->wire.spki, err) &&
           (wrapped_key_wrap(hsm, item->alg, direct ? from->public_key : from->kek,
                             item->key->handle, &t->wire.wrapped, err) ||
            explain_wrap(t, err)) &&
           wraps_the_same(hsm, t, err);
}

static bool relay_key(struct hsm *none, struct transfer *t, struct step_result *result,
                      struct err *err)
{
    (void)none;
    result->crossed = &t->wire.wrapped;
    return wrapped_key_check(t->item->alg, t->transport->policy->rsa_bits, &t->wire.wrapped, err);
}

/* It was known before that a secret of unknown length may be too long for the destination, so this
 * message reveals no more about the wrapped key than the uniform error does. */
static bool explain_unwrap(const struct transfer *t, struct err *err)
{
    uint32_t secret_max = t->transport->suite->limits.secret_max;

    if (err->code == ERR_DATA && is_by_oaep(t) && t->item->key->length == 0 && secret_max) {
        err_set(err, ERR_DATA,
                "the encrypted key cannot be used: the secret has more than %u bytes, or it was "
                "damaged or altered",
                secret_max);
        err_now(err, "Nothing of it is on the destination");
        err_next(err, "The source does not report its length, and the destination accepts no "
                      "longer one: determine how long it is.");
    }
    return false;
}

static bool unwrap_key(struct hsm *hsm, struct transfer *t, struct step_result *result,
                       struct err *err)
{
    const struct transport_side *to = &t->transport->destination;
    const struct plan_item *item = t->item;
    const struct hsm_template template = {
        .class = item->key->class,
        .kind = item->key->kind,
        .length = item->key->length,
        .flags = item->want_flags,
        .label = (const uint8_t *)t->transport->label,
        .label_len = strlen(t->transport->label),
        .id = item->key->id,
        .id_len = item->key->id_len,
        .spki = t->wire.spki.len ? &t->wire.spki : NULL,
        .constraints = &item->key->constraints,
    };
    struct key_desc arrived;

    result->call = to->caps->alg[item->alg].unwrap_call;
    result->crossed = &t->wire.wrapped;
    return (wrapped_key_unwrap(hsm, item->alg,
                               item->route == ROUTE_DIRECT ? to->private_key : to->kek,
                               &t->wire.wrapped, &template, &t->temporary, err) ||
            explain_unwrap(t, err)) &&
           known_made(to->known, t, &t->temporary, err) &&
           transfer_describe(hsm, t->temporary, &arrived, &t->arrived, err) &&
           confirm_attributes(item, &arrived, true, err);
}

static bool undo_unwrap_key(struct hsm *hsm, struct transfer *t, struct err *err)
{
    return known_destroy(t->transport->destination.known, hsm, t, &t->temporary, err);
}

static bool seal_key(struct hsm *none, struct transfer *t, struct step_result *result,
                     struct err *err)
{
    const struct transport *transport = t->transport;
    const bool direct = t->item->route == ROUTE_DIRECT;
    char path[EVENT_PATH_MAX];

    (void)none;
    result->crossed = &t->wire.file;
    sealed_file_path(transport->sealing, t->number, t->item->key, path);
    snprintf(result->text, sizeof result->text, "%.*s", (int)sizeof result->text - 1,
             strrchr(path, '/') + 1);
    if (!sealed_file_make(transport->sealing, direct ? NULL : &transport->wire.wrapped_kek,
                          &t->wire.wrapped, &t->wire.file, err) ||
        !sealed_file_write(path, &t->wire.file, err))
        return false;
    t->wire.there |= WIRE_FILE;
    t->outcome = KEY_SEALED;
    return true;
}

/* A file of another ceremony stays. */
static bool undo_seal_key(struct hsm *none, struct transfer *t, struct err *err)
{
    char path[EVENT_PATH_MAX];

    (void)none;
    if (!(t->wire.there & WIRE_FILE))
        return true;
    t->wire.there &= ~(uint32_t)WIRE_FILE;
    return sealed_file_remove(
        sealed_file_path(t->transport->sealing, t->number, t->item->key, path), err);
}

const struct transfer_row key_rows[] = {
    {.head = {STEP_WRAP_KEY, SIDE_SOURCE, GATE_KEY, 0, WIRE_KEY}, .run = wrap_key},
    {.head = {STEP_RELAY_KEY, SIDE_RELAY, GATE_NONE, WIRE_KEY, 0}, .run = relay_key},
    {.head = {STEP_UNWRAP_KEY, SIDE_DESTINATION, GATE_NONE, WIRE_KEY, 0},
     .run = unwrap_key,
     .undo = undo_unwrap_key},
    {.head = {STEP_PROVE, SIDE_RELAY, GATE_NONE, 0, 0}, .prove = confirm_arrived},
    {.head = {STEP_COMMIT, SIDE_DESTINATION, GATE_NONE, 0, 0},
     .run = commit_key,
     .undo = commit_undo},
    {.head = {STEP_PROVE_AGAIN, SIDE_DESTINATION, GATE_NONE, 0, 0},
     .prove = confirm_final,
     .finish = confirm_finish},
};

const size_t key_rows_count = sizeof key_rows / sizeof key_rows[0];

const struct transfer_row sealed_key_rows[] = {
    {.head = {STEP_WRAP_KEY, SIDE_SOURCE, GATE_KEY, 0, WIRE_KEY}, .run = wrap_key},
    {.head = {STEP_RELAY_KEY, SIDE_RELAY, GATE_NONE, WIRE_KEY, 0}, .run = relay_key},
    {.head = {STEP_SEAL, SIDE_RELAY, GATE_NONE, WIRE_KEY, 0},
     .run = seal_key,
     .undo = undo_seal_key},
};

const size_t sealed_key_rows_count = sizeof sealed_key_rows / sizeof sealed_key_rows[0];
