/* SPDX-License-Identifier: Apache-2.0 */
/* accept --format: the destination decrypts, proves and keeps a key that comes as a file of a key
 * service. The file stands for a bundle with one key and no test key; the paper source has what the
 * ceremony file says of it. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ceremony/accept_parts.h"
#include "ceremony/paper.h"
#include "plan/companion.h"
#include "plan/provable.h"
#include "transfer/wrapped_key.h"

/* What stands for the bundle. accept_of() needs its first member. */
struct arrive {
    struct accept accept;
    struct sealed_bundle bundle;
    struct sealed_key key, half; /* and its public half, if that came by another way */
};

static struct arrive *arrive_of(const struct visit_walk *v)
{
    return v->own_data;
}

/* --- the file, before anything is opened --- */

static bool refused(struct err *err, const char *why, const char *next)
{
    err_set(err, ERR_DENIED, "%s", why);
    err_now(err, "Nothing was opened");
    return err_next(err, "%s", next);
}

static bool check_time(const struct visit_walk *v, struct err *err)
{
    const int64_t now = v->c->host.utc_ms(v->c->host.ctx);

    if (v->past->returned.is) /* it was taken in time, and goes on */
        return true;
    if (now >= v->past->expires_ms)
        return refused(err, "the offer has expired", "Withdraw it, and make a new one.");
    return now >= v->past->offered_ms / 1000 * 1000 ||
           refused(err, "the clock of this host is before the time of the offer",
                   "Set the clock, and start again.");
}

/* Octets of the part that OAEP encrypts. */
static size_t modulus_of(const struct visit_walk *v)
{
    return v->c->setup.policy.rsa_bits / 8;
}

/* A file of another length is not recorded, and costs no offer. */
static bool check_length(const struct visit_walk *v, struct err *err)
{
    const struct arrival *arrival = v->job->arrival;
    const size_t modulus = modulus_of(v), len = arrival->blob.len;
    const bool fits = arrival->format == ARRIVAL_RSA_OAEP
                          ? len == modulus
                          : len > modulus && wrap_may_be_ciphertext(HSM_AES_KWP, len - modulus, 0);

    if (fits)
        return true;
    err_set(err, ERR_DATA, "%s under a key of RSA %u is not %zu bytes long",
            arrival_format_name(arrival->format), v->c->setup.policy.rsa_bits, len);
    err_now(err, "Nothing was opened");
    return err_next(err, "Compare the format with what the service returned; the file may be cut.");
}

static bool check_arrive(struct visit_walk *v, struct err *err)
{
    const struct visit_past *past = v->past;

    if (!past || !past->has_pair)
        return refused(err, "the journal that the offer wrote is not in this report folder",
                       "Use the ceremony file, and the folder, with which the offer was made.");
    if (past->returned_over)
        return refused(err, "this file was used before",
                       "Make a new offer, and let the service wrap the key again.");
    if (past->returned.is &&
        memcmp(past->returned.sha256, v->job->arrival->sha256, SHA256_SIZE) != 0)
        return refused(err, "the offer took another file", "Use that file, or make a new offer.");
    for (enum sealed_stage stage = 0; stage < SEALED_STAGES; stage++)
        if (past->taken[SEALED_BUNDLE][stage].is)
            return refused(err, "the offer took a bundle of another room", "Make a new offer.");
    return check_time(v, err) && check_length(v, err);
}

/* --- what stands for the bundle --- */

static bool takes(const struct suite *suite, enum key_route route, enum wrap_family family,
                  enum hsm_alg *alg)
{
    for (unsigned i = 0; i < suite->option_count; i++)
        if (suite->options[i].route == route && wrap_alg(suite->options[i].alg)->family == family &&
            (family != WRAP_AES || suite->options[i].alg == HSM_AES_KWP)) {
            *alg = suite->options[i].alg;
            return true;
        }
    return false;
}

/* By the two calls of its parts, or by the one call for all of it. */
static bool split_blob(struct visit_walk *v, struct err *err)
{
    struct arrive *a = arrive_of(v);
    const struct suite *suite = &v->c->suite;
    const struct bytes *blob = &v->job->arrival->blob;
    const bool direct = v->job->arrival->format == ARRIVAL_RSA_OAEP;
    const size_t modulus = direct ? 0 : modulus_of(v);

    a->bundle.kek.alg = suite->transport;
    a->key.route = ROUTE_DIRECT;
    if (direct ? takes(suite, ROUTE_DIRECT, WRAP_RSA_OAEP, &a->key.alg)
               : takes(suite, ROUTE_DIRECT, WRAP_RSA_AES, &a->key.alg))
        return bytes_set(&a->key.wrapped, blob->data, blob->len, err);
    a->key.route = ROUTE_ENVELOPE;
    if (!direct && takes(suite, ROUTE_ENVELOPE, WRAP_AES, &a->key.alg))
        return bytes_set(&a->bundle.kek.wrapped, blob->data, modulus, err) &&
               bytes_set(&a->key.wrapped, blob->data + modulus, blob->len - modulus, err);
    return err_set(err, ERR_UNSUPPORTED, "this HSM cannot decrypt the format %s",
                   arrival_format_name(v->job->arrival->format));
}

/* The first proof by which the public half alone shows a private key; a secret has none. */
static enum hsm_proof proof_of(const struct visit_walk *v, const struct key_desc *key)
{
    const uint32_t proofs = key->has_public ? provable_by(&v->c->suite, key) : 0;

    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++)
        if (proofs & 1U << proof)
            return proof;
    return HSM_PROOFS;
}

static bool add_key(struct visit_walk *v, struct sealed_key *key, enum hsm_proof proof,
                    struct err *err)
{
    const struct bytes *spki = &v->job->arrival->spki;
    struct record *record = accept_add_record(&arrive_of(v)->accept, err);

    if (!record || !bytes_set(&key->public_half, spki->data, spki->len, err))
        return false;
    *record = (struct record){.number = key->number,
                              .role = key->role,
                              .route = key->route,
                              .alg = key->alg,
                              .want_flags = key->want_flags,
                              .evidence.proof = proof,
                              .evidence.given = true};
    return paper_add(v->c->side[SIDE_SOURCE].hsm, &key->desc, &key->public_half, err);
}

/* The public half accompanies its key, as in every ceremony. */
static bool add_half(struct visit_walk *v, struct err *err)
{
    struct arrive *a = arrive_of(v);
    const struct plan_item owner = {.key = &a->key.desc};
    struct plan_item made;

    if (!a->key.desc.has_public)
        return true;
    if (!companion_made_of(&owner, a->key.number, &made, err))
        return false;
    a->half.desc = *made.own;
    free(made.own);
    a->half.number = a->key.number + 1;
    a->half.role = SEALED_COMPANION;
    a->half.route = ROUTE_PUBLIC;
    a->half.alg = SEALED_ALG_NONE;
    a->half.desc.handle = a->half.number;
    a->half.want_flags = policy_public_flags(&a->half.desc);
    return add_key(v, &a->half, HSM_PROOF_BYTES, err);
}

static bool make_bundle(struct visit_walk *v, struct err *err)
{
    struct arrive *a = arrive_of(v);
    const struct arrival *from = v->job->arrival;
    struct hsm **source = &v->c->side[SIDE_SOURCE].hsm;

    a->bundle.evidence.alg = SEALED_ALG_NONE;
    memcpy(a->bundle.transport_sha256, v->past->pair, SHA256_SIZE);
    a->accept.bundle = &a->bundle;
    a->accept.stage = SEALED_STAGE_ALL;
    a->accept.keys = 1;
    a->key.number = 1;
    a->key.role = SEALED_KEY;
    a->key.desc = from->key;
    a->key.desc.handle = a->key.number;
    a->key.want_flags = policy_want_flags(&v->c->setup.policy, &from->key);
    if (!split_blob(v, err) || !paper_new(source, err))
        return false;
    paper_has_checks(*source);
    return add_key(v, &a->key, proof_of(v, &a->key.desc), err) && add_half(v, err) &&
           (*source)->driver->list(*source, &v->c->side[SIDE_SOURCE].keys, err);
}

static bool negotiate_format(struct visit_walk *v, struct err *err)
{
    const struct agreement on = agreement_of(v->c);

    return accept_negotiate(v, &v->c->setup.policy, false, err) &&
           emit_transport(&v->c->narrator, &on, err);
}

/* --- the visit --- */

/* Nobody has signed the file, and nobody reads its words out: what shows the key is its proof. */
static bool take_file(struct visit_walk *v, struct err *err)
{
    const struct arrival *from = v->job->arrival;
    char trust[EVENT_TEXT_MAX], hex[2 * SHA256_SIZE + 1];
    const struct visit_other file = {arrival_format_name(from->format),
                                     SEALED_STAGE_ALL,
                                     from->sha256,
                                     from->bytes,
                                     from->path,
                                     trust};

    text_print(trust, sizeof trust, "%s%s",
               from->key.has_public
                   ? "nothing in the file: the key is proven by the public key with "
                     "sha256 "
                   : "nothing in the file, and nothing proves the key",
               from->key.has_public ? text_hex(from->key.spki_sha256, SHA256_SIZE, hex) : "");
    return visit_emit_other(v, FILE_TAKEN, &file, err);
}

static bool ask_key(struct visit_walk *v, struct err *err)
{
    struct ceremony *c = v->c;
    struct transfer *t = &c->transfers.at[0];
    const struct gate_subject about = {
        .gate = GATE_KEY, .item = t->item, .number = t->number, .keys = c->plan.movable};

    if (t->final) /* it was asked before the visit was cut off */
        return true;
    if (t->item->route == ROUTE_NONE) {
        *err = err_note_get(&t->item->reason);
        return err_next(err, "Read the reason next to the key.");
    }
    return visit_review(v, "accept 1", err) && visit_gate(v, &about, err) &&
           (!c->gatekeeper.skip || err_set(err, ERR_STOPPED, "the key was left out at its gate"));
}

/* The offer is not lost if this HSM cannot take such a key. */
static bool try_way(struct visit_walk *v, struct err *err)
{
    if (arrive_canary(v, &arrive_of(v)->key, err))
        return true;
    err_now(err, "The file was not touched, and the offer is still open");
    return false;
}

/* The HSM does not say what is wrong with a ciphertext, and must not. */
static bool explain(const struct visit_walk *v, struct err *err)
{
    if (wrapped_key_is_bad(err))
        err_next(err,
                 "It was altered, or was wrapped for another offer, another kind of key, or not "
                 "with %s. Make a new offer.",
                 wrap_alg(v->c->suite.transport)->title);
    return false;
}

static bool run_arrive(struct visit_walk *v, struct err *err)
{
    struct arrive *a = v->own_data = calloc(1, sizeof *a);

    if (!a)
        return err_set(err, ERR_FAILED, "no memory for a key");
    a->accept.waits = !v->past->returned.is; /* until the file is recorded */
    if (!visit_capabilities(v, err) || !negotiate_format(v, err) || !make_bundle(v, err) ||
        !accept_find_pair(v, err) || !accept_take_transport(v, err) || !accept_make_plan(v, err) ||
        !ask_key(v, err) || !try_way(v, err) || !take_file(v, err) || !accept_sweep_left(v, err))
        return false;
    a->accept.waits = false;
    if (!accept_take_kek(v, err) || !accept_take_record(v, &a->key, err))
        return explain(v, err);
    if (a->half.number && !accept_take_record(v, &a->half, err))
        return false;
    return a->accept.through = true;
}

static void free_arrive(struct visit_walk *v)
{
    struct arrive *a = arrive_of(v);

    if (a) {
        bytes_free(&a->bundle.kek.wrapped);
        sealed_key_free(&a->key);
        sealed_key_free(&a->half);
    }
    accept_free(v);
}

const struct visit_row visit_arrive = {VISIT_ACCEPT, check_arrive,       run_arrive,
                                       accept_close, accept_prove_fresh, free_arrive};
