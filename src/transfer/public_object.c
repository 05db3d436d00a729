/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/public_object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "plan/companion.h"
#include "transfer/ahead.h"
#include "transfer/commit.h"
#include "transfer/confirm.h"
#include "transfer/proof.h"
#include "transfer/transport.h"

bool public_object_read(struct hsm *source, const struct plan_item *item, struct bytes *out,
                        struct err *err)
{
    if (item->key->class == KEY_CLASS_SECRET)
        return true;
    return item->key->class == KEY_CLASS_PRIVATE
               ? proof_public(source, item->key, &item->half, out, err)
           : item->half.handle ? proof_half(source, &item->half, out, err)
                               : proof_value(source, item->key->class, item->key->handle, out, err);
}

/* Did the listing report this public key as that of the owner? */
static bool is_listed_half(const struct plan_item *item, const struct plan_item *owner)
{
    const struct key_desc *key = item->key, *of = owner->key;

    return key->class == KEY_CLASS_PUBLIC && key->has_public && of->has_public &&
           memcmp(key->spki_sha256, of->spki_sha256, sizeof key->spki_sha256) == 0;
}

/* Checks what was read of an item against the public half of its key, if it has one. shown: that
 * public half; NULL: it is read, unless the listing is enough. */
static bool check(struct hsm *source, const struct plan_item *item, const struct plan_item *owner,
                  const struct bytes *shown, const struct bytes *der, char subject[EVENT_TEXT_MAX],
                  struct err *err)
{
    const bool ask = owner && !shown && !is_listed_half(item, owner);
    struct bytes spki = {0};
    bool ok = (!ask || public_object_read(source, owner, &spki, err)) &&
              companion_check(item->key, der, ask ? &spki : shown, subject, err);

    bytes_free(&spki);
    return ok;
}

static bool read_checked(struct hsm *source, const struct plan_item *item,
                         const struct plan_item *owner, struct bytes *der,
                         char subject[EVENT_TEXT_MAX], struct err *err)
{
    return public_object_read(source, item, der, err) &&
           check(source, item, owner, NULL, der, subject, err);
}

/* --- for the plan --- */

/* The subject of a certificate is taken from the certificate, whatever the source reports. */
static bool take_subject(struct plan_item *item, const struct bytes *der, struct err *err)
{
    const unsigned char *at = der->data;
    struct key_desc key = *item->key;
    X509 *x = key.class == KEY_CLASS_CERTIFICATE ? d2i_X509(NULL, &at, (long)der->len) : NULL;
    unsigned char *name = NULL;
    int len = x ? i2d_X509_NAME(X509_get_subject_name(x), &name) : -1;

    if (len > 0)
        key_set_subject(&key, name, (size_t)len);
    OPENSSL_free(name);
    X509_free(x);
    if (memcmp(&key, item->key, sizeof key) == 0)
        return true;
    if (!plan_item_own(item, err))
        return false;
    *item->own = key;
    return true;
}

/* A single answer of the source may be wrong. An object is refused for its content only if the
 * source returns the same twice; if it does not, the source is faulty. */
static bool read_for_plan(struct hsm *source, const struct plan_item *item,
                          const struct plan_item *owner, struct bytes *der,
                          char subject[EVENT_TEXT_MAX], struct err *why)
{
    struct bytes again = {0};
    struct err second = {0};

    if (read_checked(source, item, owner, der, subject, why))
        return true;
    if (!companion_is_refused(why->code))
        return false;
    if (read_checked(source, item, owner, &again, subject, &second))
        err_set(why, ERR_HSM, "the source contradicts itself; its first answer: %.150s", why->what);
    else if (!companion_is_refused(second.code))
        *why = second;
    bytes_free(&again);
    return false;
}

static void say_how(struct plan_item *item, const struct plan_item *owner, const char *subject)
{
    char label[KEY_LABEL_TEXT];
    struct err how;

    err_set(&how, ERR_NONE, "as it is: it is public%s%.80s%s%s%.60s",
            owner ? ", together with " : "", owner ? key_label_text(owner->key, label) : "",
            item->renamed ? ", and takes its id, by which they are found there" : "",
            subject[0] ? "; " : "", subject);
    err_note_set(&item->reason, &how);
}

static int compare_handle(const void *handle, const void *read)
{
    const uint64_t a = *(const uint64_t *)handle, b = ((const struct plan_read *)read)->handle;

    return (a > b) - (a < b);
}

/* The public key as it was read for this plan already, if nothing but that must be known of it. */
static const struct plan_read *was_read(const struct plan *plan, const struct plan_item *item,
                                        const struct plan_item *owner)
{
    if (plan->read_count == 0 || item->key->class != KEY_CLASS_PUBLIC || item->half.handle ||
        (owner && !is_listed_half(item, owner)))
        return NULL;
    return bsearch(&item->key->handle, plan->read, plan->read_count, sizeof *plan->read,
                   compare_handle);
}

/* Errors: ERR_FAILED (memory). */
static bool accept(struct plan_item *item, const struct plan_item *owner, const struct bytes *der,
                   const char *subject, struct err *err)
{
    SHA256(der->data, der->len, item->sha256);
    item->bytes = (uint32_t)der->len;
    if (!take_subject(item, der, err))
        return false;
    say_how(item, owner, subject);
    return true;
}

static bool judge(struct hsm *source, struct plan *plan, struct plan_item *item, struct err *err)
{
    const struct plan_item *owner =
        item->companion_of ? &plan->items[item->companion_of - 1] : NULL;
    const struct plan_read *read = was_read(plan, item, owner);
    char subject[EVENT_TEXT_MAX];
    struct bytes der = {0};
    struct err why = {0};
    bool ok = true;

    if (read) {
        memcpy(item->sha256, item->key->spki_sha256, sizeof item->sha256);
        item->bytes = read->bytes;
        say_how(item, owner, "");
        return true;
    }
    if (read_for_plan(source, item, owner, &der, subject, &why)) {
        ok = accept(item, owner, &der, subject, err);
    } else {
        companion_fault(&why);
        item->route = ROUTE_NONE;
        err_note_set(&item->reason, &why);
        --*(item->companion_of ? &plan->companions : &plan->movable);
        ok = why.code != ERR_GONE;
        if (!ok)
            *err = why;
    }
    bytes_free(&der);
    return ok;
}

bool public_objects_judge(struct hsm *source, struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->items[i].route == ROUTE_PUBLIC && !judge(source, plan, &plan->items[i], err))
            return false;
    return true;
}

/* --- the steps --- */

static bool read_object(struct hsm *hsm, struct transfer *t, struct step_result *result,
                        struct err *err)
{
    result->call = t->transport->source.caps->op_calls[HSM_READ_PUBLIC];
    result->crossed = &t->wire.spki;
    return public_object_read(hsm, t->item, &t->wire.spki, err);
}

/* The public half under which the owner's private key has answered; NULL: it has not. */
static const struct bytes *shown_half(const struct transfer *t)
{
    const struct transfers *all = t->transport->destination.known->arrived;
    const size_t owner = t->item->companion_of;
    const struct ahead *ahead =
        all && owner && owner <= all->count ? all->at[owner - 1].ahead : NULL;

    return ahead_shows_public(ahead) ? &ahead->spki : NULL;
}

/* What was read is what the plan read: an answer that the source gives twice is no transient fault.
 */
static bool relay_object(struct hsm *hsm, struct transfer *t, struct step_result *result,
                         struct err *err)
{
    char subject[EVENT_TEXT_MAX];
    uint8_t sha256[SHA256_SIZE];

    result->crossed = &t->wire.spki;
    snprintf(result->text, sizeof result->text, "%s",
             t->owner ? "of the private key that it accompanies" : "");
    SHA256(t->wire.spki.data, t->wire.spki.len, sha256);
    if (memcmp(sha256, t->item->sha256, sizeof sha256) != 0)
        return err_set(err, ERR_CONFLICT,
                       "the object on the source was changed since the plan was made");
    return check(hsm, t->item, t->owner, shown_half(t), &t->wire.spki, subject, err);
}

const struct transfer_row public_rows[] = {
    {.head = {STEP_READ_OBJECT, SIDE_SOURCE, GATE_REVIEW, 0, WIRE_OBJECT}, .run = read_object},
    {.head = {STEP_RELAY_OBJECT, SIDE_SOURCE, GATE_NONE, WIRE_OBJECT, 0}, .run = relay_object},
    {.head = {STEP_COMMIT, SIDE_DESTINATION, GATE_NONE, WIRE_OBJECT, 0},
     .run = commit_object,
     .undo = commit_undo},
    {.head = {STEP_PROVE_AGAIN, SIDE_DESTINATION, GATE_NONE, 0, 0},
     .prove = confirm_final,
     .finish = confirm_finish},
};

const size_t public_rows_count = sizeof public_rows / sizeof public_rows[0];
