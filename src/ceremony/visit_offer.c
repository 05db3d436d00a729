/* SPDX-License-Identifier: Apache-2.0 */
/* offer: makes the transport pair, and the file that carries its public half to the other room.
 * withdraw: destroys an unused pair. */
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include "base/text.h"
#include "ceremony/accept_parts.h"
#include "ceremony/open_offers.h"
#include "ceremony/rows.h"
#include "ceremony/sweep.h"
#include "ceremony/visit_parts.h"
#include "ceremony/visit_sign.h"
#include "sealed/sealed_expect.h"
#include "sealed/sealed_words.h"
#include "sealed/sealed_write.h"
#include "transfer/sealed_file.h"

/* --- offer --- */

/* An offer that was cut off before its file had its name can be used by nobody. */
static bool is_void(const struct visit_walk *v, const struct visit_past *past)
{
    return past->begun[VISIT_OFFER] && !past->written[SEALED_OFFER][SEALED_STAGE_OFFER].is &&
           hsm_same_token(&past->slot, v->own->slot);
}

static bool sweep_void(struct visit_walk *v, struct err *err)
{
    struct key_list *keys = &v->own->keys;

    for (size_t p = 0; v->job->pasts && p < v->job->pasts->count; p++)
        for (size_t i = 0; i < keys->count;) {
            const struct visit_past *past = &v->job->pasts->at[p];
            if (!is_void(v, past) || !sweep_has_name(&keys->keys[i], past->migration)) {
                i++;
                continue;
            }
            if (!sweep_object(v->own, &keys->keys[i], "left by an offer that was cut off",
                              &v->c->narrator, err))
                return false;
            keys->keys[i] = keys->keys[--keys->count];
        }
    return true;
}

/* One transport for each algorithm that the policy allows and the token can use: all of the same
 * key. One blob comes last, for a source that can do nothing else. */
static bool add_transports(struct visit_walk *v, struct sealed_offer *offer, struct err *err)
{
    const struct policy *policy = &v->c->setup.policy;

    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        if (wrap_is_by_rsa(alg) && policy_allows(policy, alg) && v->own->caps.alg[alg].unwrap &&
            !sealed_add_rsa(offer, &v->c->transport.wire.spki, alg, policy->rsa_bits, err))
            return false;
    if (offer->transport_count > 0)
        return true;
    err_set(err, ERR_UNSUPPORTED, "this HSM unwraps by no OAEP variant that the policy allows");
    return err_next(err, "Files between two rooms have RSA-OAEP alone: allow it under "
                         "\"transports\" and \"oaep-hashes\" in the ceremony file.");
}

/* As the token reports it, not as it was asked for. */
static bool read_pair(struct visit_walk *v, struct sealed_offer *offer, struct err *err)
{
    struct key_desc is;

    if (!v->own->hsm->driver->describe(v->own->hsm, v->c->transport.destination.private_key, &is,
                                       err))
        return false;
    text_print(offer->pair.label, sizeof offer->pair.label, "%s", v->c->transport.label);
    offer->pair.flags = is.flags & is.flags_known;
    offer->pair.flags_known = is.flags_known;
    if (is.constraints.known & KEY_ALLOWED)
        offer->pair.allowed_count = is.constraints.allowed_count < KEY_ALLOWED_MAX
                                        ? is.constraints.allowed_count
                                        : KEY_ALLOWED_MAX;
    for (uint32_t i = 0; i < offer->pair.allowed_count; i++)
        offer->pair.allowed[i] = is.constraints.allowed[i];
    offer->pair.unwrap = is.constraints.templates[KEY_TEMPLATE_UNWRAP];
    return true;
}

static void describe_library(const struct visit_walk *v, struct sealed_about *about)
{
    const struct hsm_about *info = &v->own->info;
    const struct hsm_slot *slot = v->own->slot;

    text_print(about->api, sizeof about->api, "%s", info->api);
    text_print(about->library, sizeof about->library, "%s", info->library);
    text_print(about->manufacturer, sizeof about->manufacturer, "%s", info->manufacturer);
    text_print(about->version, sizeof about->version, "%s", info->version);
    text_print(about->api_version, sizeof about->api_version, "%s", info->api_version);
    text_print(about->dialect, sizeof about->dialect, "%s", info->dialect.name);
    text_print(about->hardware, sizeof about->hardware, "%s", slot->hardware);
    text_print(about->firmware, sizeof about->firmware, "%s", slot->firmware);
    text_print(about->agent_version, sizeof about->agent_version, "%s", info->agent_version);
}

static bool write_offer(struct visit_walk *v, struct err *err)
{
    const struct policy *policy = &v->c->setup.policy;
    struct sealed_file *file = calloc(1, sizeof *file);
    uint8_t sha256[SHA256_SIZE];
    bool ok = file || err_set(err, ERR_FAILED, "no memory for an offer");

    if (ok) {
        file->head = visit_head(v, SEALED_OFFER, SEALED_STAGE_OFFER, NULL);
        file->offer.arriving =
            (struct key_template){.named = KEY_SENSITIVE | KEY_EXTRACTABLE,
                                  .flags = (policy->sensitive ? KEY_SENSITIVE : 0) |
                                           (policy->extractable ? KEY_EXTRACTABLE : 0)};
        file->offer.can = v->own->caps;
        describe_library(v, &file->offer.about);
        ok = add_transports(v, &file->offer, err) && read_pair(v, &file->offer, err) &&
             sealed_write(v->job->out, file, sha256, err);
    }
    v->stays = ok;
    ok = ok && visit_written(v, &file->head, sha256, err);
    if (file)
        sealed_file_free(file);
    free(file);
    return ok;
}

/* --- its public key for a key service --- */

static bool make_pem(const struct bytes *spki, struct bytes *pem, struct err *err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    long len = 0;
    bool ok = bio && PEM_write_bio(bio, PEM_STRING_PUBLIC, "", spki->data, (long)spki->len) > 0;

    if (ok)
        len = BIO_get_mem_data(bio, &data);
    ok = ok ? bytes_set(pem, data, (size_t)len, err)
            : err_set(err, ERR_FAILED, "no memory for a public key");
    BIO_free(bio);
    return ok;
}

/* The offer and the public key exist both, or neither of them does. */
static bool write_both(struct visit_walk *v, struct err *err)
{
    struct bytes pem = {0};
    uint8_t sha256[SHA256_SIZE];
    struct visit_other file = {ARRIVAL_PEM, SEALED_STAGE_OFFER, sha256, 0, v->job->pem, ""};
    struct err ignored;
    bool ok;

    if (!v->job->pem[0])
        return write_offer(v, err);
    ok = make_pem(&v->c->transport.wire.spki, &pem, err) &&
         sealed_file_write(v->job->pem, &pem, err);
    if (ok) {
        SHA256(pem.data, pem.len, sha256);
        file.bytes = pem.len;
        ok = write_offer(v, err) && visit_emit_other(v, FILE_WRITTEN, &file, err);
        if (!v->stays)
            sealed_file_remove(v->job->pem, &ignored);
    }
    bytes_free(&pem);
    return ok;
}

/* A key service must be told which variant of OAEP it is to use. */
static bool say_transport(struct visit_walk *v, struct err *err)
{
    struct ceremony *c = v->c;
    const struct agreement on = agreement_of(c);

    if (!v->job->pem[0])
        return emit_own(&c->narrator, &on, v->side, err);
    return accept_negotiate(v, &c->setup.policy, false, err) &&
           emit_transport(&c->narrator, &on, err);
}

static bool run_offer(struct visit_walk *v, struct err *err)
{
    struct ceremony *c = v->c;
    struct transport *t = &c->transport;

    text_print(t->label, sizeof t->label, "hsmferry:%s", c->setup.visit.migration);
    t->stays = true;
    if (!visit_capabilities(v, err) || !say_transport(v, err) || !visit_review(v, "offer", err) ||
        !visit_transport_row(v, STEP_MAKE_PAIR, err) || !sweep_void(v, err) ||
        !visit_transport_row(v, STEP_RELAY_PUBLIC, err))
        return false;
    v->pair[0] = t->destination.private_key;
    v->pair[1] = t->destination.public_key;
    return write_both(v, err);
}

/* The pair stays only with its offer. */
static bool close_offer(struct visit_walk *v, struct err *err)
{
    return v->stays || visit_step(v, STEP_DESTROY, visit_undo_transport, err);
}

const struct visit_row visit_offer = {VISIT_OFFER, NULL, run_offer, close_offer, NULL, NULL};

/* --- withdraw --- */

static bool cannot(struct err *err, const char *why)
{
    err_set(err, ERR_DENIED, "The offer cannot be withdrawn: %s", why);
    err_now(err, "Nothing was destroyed");
    return err_next(err, "hsmferry(1) says when an offer can be withdrawn");
}

/* The journal that the offer wrote says which file it is. */
static bool check_withdraw(struct visit_walk *v, struct err *err)
{
    const struct sealed_head *head = &sealed_file(v->job->file)->head;
    struct sealed_expected expected = {.format = SEALED_OFFER,
                                       .stages = 1U << SEALED_STAGE_OFFER,
                                       .now_ms = head->expires_ms - 1}; /* whenever that is */
    const struct visit_file *own;
    char words[TEXT_WORDS_SIZE];
    unsigned left;
    uint8_t sha256[SHA256_SIZE];

    if (head->format != SEALED_OFFER)
        return cannot(err, "this file is no offer");
    if (!v->past || !v->past->has_pair)
        return cannot(err, "the journal that it wrote is not in this report folder");
    own = &v->past->written[SEALED_OFFER][SEALED_STAGE_OFFER];
    if (!visit_expect(v, v->job->file, &expected, err))
        return false;
    if (!own->is ||
        !sealed_trust_words(v->job->file, text_words(own->sha256, 0, SEALED_WORDS, words), &left,
                            err) ||
        !sealed_sha256(v->job->file, sha256, err) || memcmp(sha256, own->sha256, SHA256_SIZE) != 0)
        return cannot(err, "this is not the file that the journal names");
    if (v->past->returned.is)
        return cannot(err, "the file of a key service was accepted, or was about to be");
    if (v->past->taken[SEALED_BUNDLE][SEALED_STAGE_ALL].is ||
        v->past->taken[SEALED_BUNDLE][SEALED_STAGE_KEYS].is)
        return cannot(err, "a bundle for it was accepted, or was about to be");
    return true;
}

static bool destroy_pair(struct visit_walk *v, struct step_result *result, struct err *err)
{
    const struct key_list *keys = &v->own->keys;
    unsigned destroyed = 0;

    for (size_t i = 0; i < keys->count; i++) {
        if (!open_offers_is_of(v->past, &keys->keys[i]))
            continue;
        if (!sweep_object(v->own, &keys->keys[i], "the pair of an offer that is withdrawn",
                          &v->c->narrator, err))
            return false;
        destroyed++;
    }
    text_print(result->text, sizeof result->text, "%u object%s of the pair", destroyed,
               destroyed == 1 ? "" : "s");
    return destroyed > 0 || v->past->begun[VISIT_WITHDRAW] || /* that one was cut off at its end */
           err_set(err, ERR_NO_INPUT, "the pair of the offer is not on this token");
}

static bool run_withdraw(struct visit_walk *v, struct err *err)
{
    const struct agreement on = agreement_of(v->c);

    return emit_own(&v->c->narrator, &on, v->side, err) && visit_review(v, "withdraw", err) &&
           visit_step(v, STEP_DESTROY, destroy_pair, err);
}

const struct visit_row visit_withdraw = {VISIT_WITHDRAW, check_withdraw, run_withdraw,
                                         NULL,           NULL,           NULL};
