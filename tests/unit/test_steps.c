/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each step of the protocol alone, between two fake HSMs: what it calls and on which side, what it
 * needs, and that a fault at any call that it makes leaves nothing behind once it was undone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "plan/selection.h"
#include "tests/fake/fake.h"
#include "transfer/ahead.h"
#include "transfer/commit.h"
#include "transfer/confirm.h"
#include "transfer/key_steps.h"
#include "transfer/known.h"
#include "transfer/proof.h"
#include "transfer/public_object.h"
#include "transfer/sealed_file.h"
#include "transfer/sealing.h"
#include "transfer/transfer.h"
#include "transfer/transport.h"

#define KEYS "keys=aes32:aes:+encrypt:+decrypt:+sign,ec256:ec:+sign:+public,generic13:password"

/* Which keys of the source: the items of the rig's plan. */
enum { ITEM_AES, ITEM_EC, ITEM_PASSWORD, ITEM_PUBLIC, ITEMS };

/* --- an HSM that fails at one call, and counts all --- */

static struct {
    struct hsm *hsm[2];
    unsigned calls[2];
    unsigned fail_at; /* of both sides' calls; 0: none */
    bool lose;        /* the answer: the call was made all the same */
    bool damage;      /* a bit of the next wrapped key */
} tripwire;

static unsigned calls_made(void)
{
    return tripwire.calls[SIDE_SOURCE] + tripwire.calls[SIDE_DESTINATION];
}

/* Counts a call. Is it the one that fails? */
static bool trips(const struct hsm *hsm)
{
    tripwire.calls[hsm == tripwire.hsm[SIDE_DESTINATION]]++;
    return calls_made() == tripwire.fail_at;
}

static bool trip(bool now, bool ok, struct err *err)
{
    return now ? err_set(err, ERR_HSM, "it trips") : ok;
}

/* Calls the fake unless this call fails; where only its answer is lost, also then. */
static bool trip_describe(struct hsm *hsm, uint64_t handle, struct key_desc *key, struct err *err)
{
    bool now = trips(hsm);

    return trip(now, now || fake_driver.describe(hsm, handle, key, err), err);
}

static bool trip_public_key(struct hsm *hsm, uint64_t handle, struct bytes *spki, struct err *err)
{
    bool now = trips(hsm);

    return trip(now, now || fake_driver.public_key(hsm, handle, spki, err), err);
}

static bool trip_list(struct hsm *hsm, struct key_list *list, struct err *err)
{
    bool now = trips(hsm);

    return trip(now, now || fake_driver.list(hsm, list, err), err);
}

static bool trip_make_pair(struct hsm *hsm, uint32_t bits, const char *label, struct hsm_pair *pair,
                           struct err *err)
{
    bool now = trips(hsm);

    return trip(now, now || fake_driver.make_pair(hsm, bits, label, pair, err), err);
}

static bool trip_make_agreement_pair(struct hsm *hsm, enum hsm_alg alg, const char *label,
                                     struct hsm_pair *pair, struct err *err)
{
    bool now = trips(hsm);

    return trip(now, now || fake_driver.make_agreement_pair(hsm, alg, label, pair, err), err);
}

static bool trip_agree(struct hsm *hsm, const struct hsm_agreement *on, uint64_t *handle,
                       struct err *err)
{
    bool now = trips(hsm);

    return trip(now, now || fake_driver.agree(hsm, on, handle, err), err);
}

static bool trip_load_public(struct hsm *hsm, const struct bytes *spki, const char *label,
                             uint64_t *handle, struct err *err)
{
    bool now = trips(hsm);

    return trip(now, now || fake_driver.load_public(hsm, spki, label, handle, err), err);
}

static bool trip_make_kek(struct hsm *hsm, uint32_t bits, const char *label, uint64_t *handle,
                          struct err *err)
{
    bool now = trips(hsm);

    return trip(now, now || fake_driver.make_kek(hsm, bits, label, handle, err), err);
}

static bool trip_wrap(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
                      struct bytes *wrapped_key, struct err *err)
{
    bool now = trips(hsm);
    bool ok = now || fake_driver.wrap(hsm, alg, wrapping, key, wrapped_key, err);

    if (ok && !now && tripwire.damage)
        wrapped_key->data[wrapped_key->len - 1] ^= 1;
    tripwire.damage = false;
    return trip(now, ok, err);
}

static bool trip_unwrap(struct hsm *hsm, enum hsm_alg alg, uint64_t unwrapping,
                        const struct bytes *wrapped_key, const struct hsm_template *template,
                        uint64_t *handle, struct err *err)
{
    bool now = trips(hsm);

    return trip(now,
                now || fake_driver.unwrap(hsm, alg, unwrapping, wrapped_key, template, handle, err),
                err);
}

static bool trip_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                       const struct bytes *challenge, struct bytes *answer, struct err *err)
{
    bool now = trips(hsm);

    return trip(now, now || fake_driver.prove(hsm, proof, handle, challenge, answer, err), err);
}

static bool trip_commit(struct hsm *hsm, uint64_t temporary, const uint8_t *label, size_t label_len,
                        const uint8_t *id, size_t id_len, uint64_t *final, struct err *err)
{
    bool now = trips(hsm);
    uint64_t lost;

    if (now && tripwire.lose)
        assert_true(fake_driver.commit(hsm, temporary, label, label_len, id, id_len, &lost, err));
    return trip(now,
                now || fake_driver.commit(hsm, temporary, label, label_len, id, id_len, final, err),
                err);
}

static bool trip_make_public(struct hsm *hsm, const struct hsm_template *template, uint64_t *final,
                             struct err *err)
{
    bool now = trips(hsm);
    uint64_t lost;

    if (now && tripwire.lose)
        assert_true(fake_driver.make_public(hsm, template, &lost, err));
    return trip(now, now || fake_driver.make_public(hsm, template, final, err), err);
}

static bool trip_destroy(struct hsm *hsm, uint64_t handle, struct err *err)
{
    bool now = trips(hsm);

    return trip(now, now || fake_driver.destroy(hsm, handle, err), err);
}

static struct hsm_driver tripping;

/* --- the rig: two HSMs, what they agreed on, and a plan --- */

struct rig {
    struct hsm *hsm[2];
    struct key_list keys[2];
    struct hsm_capabilities caps[2];
    struct known known[2];
    struct policy policy;
    struct suite suite;
    struct plan plan;
    struct transport transport;
    struct transfers transfers;
    struct step_result result;
    struct err err;
};

/* Do both sides agree on the transport's key? Else it crosses under RSA. What they offer for it. */
static bool agreed;
static const char *by = "ecdh-p521,ecdh-p256";
static uint32_t by_kdfs; /* those that they have; 0: all */

static void enter(struct rig *rig, enum side side, const char *params)
{
    char offers[128] = "";
    struct hsm_where where = {.api = "fake"};
    struct secret pin = {0};
    struct hsm **hsm = &rig->hsm[side];
    struct known *known = &rig->known[side];

    if (agreed)
        snprintf(offers, sizeof offers, "offers=rsa-oaep-sha256,aes-kwp,%s;", by);
    snprintf(where.params, sizeof where.params, "quick=yes;serial=%d;%s%s", side, offers, params);
    assert_true(fake_driver.open(&where, hsm, &rig->err));
    assert_true(secret_new(&pin, SECRET_PIN_MAX, &rig->err) &&
                secret_set(&pin, "1234", 4, &rig->err));
    assert_true(fake_driver.login(*hsm, FAKE_SLOT, &pin, &rig->err));
    secret_free(&pin);
    known->side = side;
    assert_true(fake_driver.handles(*hsm, &known->before, &known->before_count, &rig->err) &&
                fake_driver.list(*hsm, &rig->keys[side], &rig->err) &&
                fake_driver.capabilities(*hsm, &hsm_wanted_all, &rig->caps[side], &rig->err));
    for (enum hsm_alg alg = 0; by_kdfs && alg < HSM_ALGS; alg++)
        rig->caps[side].alg[alg].kdfs &= by_kdfs;
    (*hsm)->driver = &tripping;
    tripwire.hsm[side] = *hsm;
}

static uint64_t handle_of(const struct rig *rig, const char *label, enum key_class class)
{
    for (size_t i = 0; i < rig->keys[SIDE_SOURCE].count; i++) {
        const struct key_desc *key = &rig->keys[SIDE_SOURCE].keys[i];
        if (key->class == class && key->label_len == strlen(label) &&
            memcmp(key->label, label, key->label_len) == 0)
            return key->handle;
    }
    fail_msg("no %s on the source", label);
    return 0;
}

/* In the order of ITEM_...: plan_make() has an order of its own. */
static void make_plan(struct rig *rig)
{
    static const struct {
        const char *label;
        enum key_class class;
    } wanted[ITEMS] = {
        [ITEM_AES] = {"aes", KEY_CLASS_SECRET},
        [ITEM_EC] = {"ec", KEY_CLASS_PRIVATE},
        [ITEM_PASSWORD] = {"password", KEY_CLASS_SECRET},
        [ITEM_PUBLIC] = {"ec", KEY_CLASS_PUBLIC},
    };

    for (size_t i = 0; i < ITEMS; i++) {
        uint64_t handle = handle_of(rig, wanted[i].label, wanted[i].class);
        struct selection selection = {.handles = &handle, .handle_count = 1};
        struct plan one = {0};
        assert_true(plan_make(&rig->policy, &rig->suite, &rig->keys[SIDE_SOURCE],
                              &rig->keys[SIDE_DESTINATION], &selection, &one, &rig->err));
        assert_int_not_equal(one.items[0].route, ROUTE_NONE);
        assert_true(plan_add(&rig->plan, &one.items[0], &rig->err));
        one.count = 0; /* the other plan owns it now */
        plan_free(&one);
    }
    assert_true(public_objects_judge(rig->hsm[SIDE_SOURCE], &rig->plan, &rig->err));
}

static void begin_with(struct rig *rig, const char *source, const char *destination)
{
    struct transport *t = &rig->transport;
    struct transport_side *ends[2] = {&t->source, &t->destination};

    memset(&tripwire, 0, sizeof tripwire);
    *rig = (struct rig){.policy = policy_default()};
    rig->policy.rsa_bits = 2048;
    enter(rig, SIDE_SOURCE, source);
    enter(rig, SIDE_DESTINATION, destination);
    assert_true(negotiate(&rig->policy, &rig->caps[0], &rig->caps[1], &rig->suite, &rig->err));
    make_plan(rig);
    *t = (struct transport){.label = "hsmferry:test", .policy = &rig->policy, .suite = &rig->suite};
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        ends[side]->caps = &rig->caps[side];
        ends[side]->known = &rig->known[side];
    }
    rig->known[SIDE_DESTINATION].arrived = &rig->transfers;
    assert_true(transfers_make(&rig->plan, t, &rig->transfers, &rig->err));
    tripwire.calls[0] = tripwire.calls[1] = 0;
}

static void begin(struct rig *rig)
{
    begin_with(rig, KEYS, "");
}

static void end(struct rig *rig)
{
    transfers_free(&rig->transfers);
    transport_free(&rig->transport);
    plan_free(&rig->plan);
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        fake_driver.close(rig->hsm[side]);
        key_list_free(&rig->keys[side]);
        free(rig->known[side].before);
    }
}

/* Both HSMs hold what they held at the login, and nothing else. */
static void assert_untouched(struct rig *rig)
{
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        const struct known *known = &rig->known[side];
        uint64_t *now;
        size_t count;
        assert_true(fake_driver.handles(rig->hsm[side], &now, &count, &rig->err));
        assert_int_equal(count, known->before_count);
        for (size_t i = 0; i < count; i++)
            assert_true(now[i] == known->before[i]);
        free(now);
    }
}

/* --- rows of all tables --- */

static const struct transport_row *table(void)
{
    return agreed ? agreed_transport_rows : transport_rows;
}

static size_t table_count(void)
{
    return agreed ? agreed_transport_rows_count : transport_rows_count;
}

/* A row: of the transport; or of this item, which goes once the transport is there. */
struct place {
    bool transport;
    size_t item, at;
};

static const struct transfer_row *rows_of(const struct rig *rig, size_t item, size_t *count)
{
    bool is_public = rig->plan.items[item].route == ROUTE_PUBLIC;

    *count = is_public ? public_rows_count : key_rows_count;
    return is_public ? public_rows : key_rows;
}

static const struct step_head *head_of(const struct rig *rig, struct place p)
{
    size_t count;

    return p.transport ? &table()[p.at].head : &rows_of(rig, p.item, &count)[p.at].head;
}

static bool run(struct rig *rig, struct place p)
{
    const struct transport_row *row = &table()[p.at];
    struct transfer *t = &rig->transfers.at[p.item];
    size_t count;
    const struct transfer_row *rows = rows_of(rig, p.item, &count);

    rig->result = (struct step_result){0};
    if (!p.transport)
        return transfer_run(&rows[p.at], rig->hsm, t, &rig->result, &rig->err) &&
               transfer_finish(&rows[p.at], rig->hsm, t, &rig->err);
    return transport_run(row, row->head.side == SIDE_RELAY ? NULL : rig->hsm[row->head.side],
                         &rig->transport, &rig->result, &rig->err);
}

static bool undo(struct rig *rig, struct place p)
{
    const struct transport_row *row = &table()[p.at];
    size_t count;
    const struct transfer_row *rows = rows_of(rig, p.item, &count);

    return p.transport
               ? transport_undo(row, row->head.side == SIDE_RELAY ? NULL : rig->hsm[row->head.side],
                                &rig->transport, &rig->err)
               : transfer_undo(&rows[p.at], rig->hsm, &rig->transfers.at[p.item], &rig->err);
}

static void run_before(struct rig *rig, struct place p)
{
    for (size_t i = 0; i < (p.transport ? p.at : table_count()); i++)
        assert_true(run(rig, (struct place){.transport = true, .at = i}));
    for (size_t i = 0; !p.transport && i < p.at; i++)
        assert_true(run(rig, (struct place){.item = p.item, .at = i}));
}

/* From this row on back to the first. */
static void undo_all(struct rig *rig, struct place p)
{
    size_t from = p.at + 1;

    for (size_t i = from; !p.transport && i-- > 0;)
        assert_true(undo(rig, (struct place){.item = p.item, .at = i}));
    for (size_t i = p.transport ? from : table_count(); i-- > 0;)
        assert_true(undo(rig, (struct place){.transport = true, .at = i}));
}

/* Calls each for every row of every table. */
static void for_each_row(void (*each)(struct place p))
{
    const size_t counts[ITEMS] = {key_rows_count, key_rows_count, key_rows_count,
                                  public_rows_count};

    for (size_t i = 0; i < table_count(); i++)
        each((struct place){.transport = true, .at = i});
    for (size_t item = 0; item < ITEMS; item++)
        for (size_t i = 0; i < counts[item]; i++)
            each((struct place){.item = item, .at = i});
}

/* --- a fault at each call --- */

/* Did the source answer for all proofs of this key at once? */
static bool answers_ahead(const struct rig *rig, struct place p)
{
    return rig->transfers.at[p.item].ahead != NULL;
}

/* A call for something that only tells more, or that is made twice, may fail. */
static bool may_fail(enum step_id id, unsigned call, bool ahead)
{
    return (id == STEP_PROVE && call > 2) /* check values, after both answers */
           /* destroying the derived key is tried twice */
           || (agreed && ((id == STEP_WRAP_KEK && call > 3) || (id == STEP_UNWRAP_KEK && call > 4)))
           /* destroying the temporary is tried twice */
           || (id == STEP_PROVE_AGAIN && call > (ahead ? 2 : 3));
}

static void fails_at_each_call(struct place p)
{
    struct rig rig;
    unsigned calls;
    enum step_id id;
    bool ahead;

    begin(&rig);
    run_before(&rig, p);
    calls = calls_made();
    assert_true(run(&rig, p));
    calls = calls_made() - calls;
    id = head_of(&rig, p)->id;
    ahead = answers_ahead(&rig, p);
    undo_all(&rig, p);
    assert_untouched(&rig);
    end(&rig);
    for (unsigned at = 1; at <= calls; at++) {
        bool ok;
        begin(&rig);
        run_before(&rig, p);
        tripwire.fail_at = calls_made() + at;
        ok = run(&rig, p);
        if (ok && !may_fail(id, at, ahead))
            fail_msg("step %s of item %zu went on after its call %u failed", step_name(id), p.item,
                     at);
        if (!ok && rig.err.code != ERR_HSM)
            fail_msg("step %s, call %u: %s", step_name(id), at, rig.err.what);
        undo_all(&rig, p);
        assert_untouched(&rig);
        end(&rig);
    }
}

static void a_fault_at_any_call_is_undone(void **state)
{
    (void)state;
    for_each_row(fails_at_each_call);
}

static void leaves_something(struct place p)
{
    struct rig rig;
    size_t count, before[2];
    uint64_t *now;
    bool made = false, undoes;

    begin(&rig);
    run_before(&rig, p);
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        assert_true(fake_driver.handles(rig.hsm[side], &now, &before[side], &rig.err));
        free(now);
    }
    assert_true(run(&rig, p));
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        assert_true(fake_driver.handles(rig.hsm[side], &now, &count, &rig.err));
        made |= count > before[side];
        free(now);
    }
    undoes =
        p.transport ? table()[p.at].undo != NULL : rows_of(&rig, p.item, &count)[p.at].undo != NULL;
    if (made && !undoes)
        fail_msg("step %s makes an object, and nothing undoes it", step_name(head_of(&rig, p)->id));
    end(&rig);
}

static void what_makes_objects_has_an_undo(void **state)
{
    (void)state;
    for_each_row(leaves_something);
}

/* --- one side --- */

/* What the source returned when it was asked to read the object is all that is compared. */
static bool calls_nothing(const struct step_head *head)
{
    return head->id == STEP_RELAY_OBJECT;
}

static void calls_its_own_side(struct place p)
{
    struct rig rig;
    const struct step_head *head;
    unsigned before[2], made[2];
    bool both;

    begin(&rig);
    run_before(&rig, p);
    memcpy(before, tripwire.calls, sizeof before);
    assert_true(run(&rig, p));
    head = head_of(&rig, p);
    both = head->id == STEP_PROVE || (head->id == STEP_PROVE_AGAIN && !answers_ahead(&rig, p));
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        made[side] = tripwire.calls[side] - before[side];
        if ((made[side] > 0) != (both || (head->side == side && !calls_nothing(head))))
            fail_msg("step %s made %u calls on the %s", step_name(head->id), made[side],
                     side_name(side));
    }
    end(&rig);
}

static void a_step_reaches_one_side(void **state)
{
    (void)state;
    for_each_row(calls_its_own_side);
}

/* --- what it needs, and what it leaves --- */

static void refuses_without_its_needs(struct place p)
{
    struct rig rig;
    unsigned calls;

    begin(&rig);
    if (head_of(&rig, p)->needs) {
        calls = calls_made();
        assert_false(run(&rig, p));
        assert_int_equal(rig.err.code, ERR_FAILED);
        assert_int_equal(calls_made(), calls);
    }
    end(&rig);
}

static void a_step_waits_for_what_it_needs(void **state)
{
    (void)state;
    for_each_row(refuses_without_its_needs);
}

static void no_key_leaves_before_its_transport_was_accepted(void **state)
{
    const struct place last = {.transport = true, .at = table_count() - 1};
    const struct place wrap = {.item = ITEM_AES, .at = 0};
    struct rig rig;
    unsigned calls;
    (void)state;

    assert_int_equal(table()[last.at].head.id, STEP_UNWRAP_KEK);
    begin(&rig);
    run_before(&rig, last);
    calls = calls_made();
    assert_false(run(&rig, wrap));
    assert_int_equal(rig.err.code, ERR_FAILED);
    assert_int_equal(calls_made(), calls);
    assert_true(run(&rig, last) && run(&rig, wrap)); /* control */
    assert_true(undo(&rig, last));
    assert_false(run(&rig, wrap));
    end(&rig);
}

static void needs_are_left_by_earlier_rows(void **state)
{
    uint32_t there = 0;
    (void)state;

    for (size_t i = 0; i < table_count(); i++) {
        assert_int_equal(table()[i].head.needs & ~there, 0);
        there |= table()[i].head.leaves;
    }
    there = 0;
    for (size_t i = 0; i < key_rows_count; i++) {
        assert_int_equal(key_rows[i].head.needs & ~there, 0);
        there |= key_rows[i].head.leaves;
    }
    there = 0;
    for (size_t i = 0; i < public_rows_count; i++) {
        assert_int_equal(public_rows[i].head.needs & ~there, 0);
        there |= public_rows[i].head.leaves;
    }
}

/* --- for a key service --- */

/* The wrapping key is one that the other fake HSM makes. */
static void begin_sealing(struct rig *rig, struct sealing *sealing, char *folder)
{
    const struct place pair = {.transport = true, .at = 0};

    begin(rig);
    assert_non_null(mkdtemp(folder));
    assert_true(run(rig, pair));
    *sealing = (struct sealing){.service = service_find("rsa-aes"), .bits = rig->policy.rsa_bits};
    snprintf(sealing->stem, sizeof sealing->stem, "%s/report", folder);
    assert_true(bytes_set(&sealing->spki, rig->transport.wire.spki.data,
                          rig->transport.wire.spki.len, &rig->err));
    assert_true(undo(rig, pair));
    rig->transport.sealing = sealing;
}

static bool run_sealed(struct rig *rig, size_t at)
{
    const struct transport_row *row = &sealed_transport_rows[at];

    rig->result = (struct step_result){0};
    return transport_run(row, row->head.side == SIDE_RELAY ? NULL : rig->hsm[SIDE_SOURCE],
                         &rig->transport, &rig->result, &rig->err);
}

static bool run_sealed_key(struct rig *rig, size_t at)
{
    rig->result = (struct step_result){0};
    return transfer_run(&sealed_key_rows[at], rig->hsm, &rig->transfers.at[ITEM_AES], &rig->result,
                        &rig->err);
}

static void end_sealing(struct rig *rig, struct sealing *sealing, const char *folder)
{
    for (size_t i = sealed_transport_rows_count; i-- > 0;)
        assert_true(transport_undo(&sealed_transport_rows[i], rig->hsm[SIDE_SOURCE],
                                   &rig->transport, &rig->err));
    assert_untouched(rig);
    end(rig);
    sealing_free(sealing);
    assert_int_equal(rmdir(folder), 0);
}

static void a_sealed_key_is_a_file_that_undoing_removes(void **state)
{
    char folder[] = "/tmp/hsmferry-steps-XXXXXX", path[EVENT_PATH_MAX];
    struct sealing sealing;
    struct rig rig;
    (void)state;

    begin_sealing(&rig, &sealing, folder);
    const struct transfer *t = &rig.transfers.at[ITEM_AES];
    const unsigned calls = tripwire.calls[SIDE_DESTINATION];
    for (size_t i = 0; i < sealed_transport_rows_count; i++) {
        if (i <= 3) /* the wrapped AES key is not there yet */
            assert_false(run_sealed_key(&rig, 0));
        assert_true(run_sealed(&rig, i));
    }
    for (size_t i = 0; i < sealed_key_rows_count; i++)
        assert_true(run_sealed_key(&rig, i));
    assert_int_equal(tripwire.calls[SIDE_DESTINATION], calls);
    assert_int_equal(t->outcome, KEY_SEALED);
    sealed_file_path(&sealing, t->number, t->item->key, path);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(t->wire.file.len, rig.transport.wire.wrapped_kek.len + t->wire.wrapped.len);
    assert_true(transfer_undo(&sealed_key_rows[2], rig.hsm, &rig.transfers.at[ITEM_AES], &rig.err));
    assert_int_not_equal(access(path, F_OK), 0);
    end_sealing(&rig, &sealing, folder);
}

static void a_strangers_file_stays(void **state)
{
    char folder[] = "/tmp/hsmferry-steps-XXXXXX", path[EVENT_PATH_MAX];
    struct sealing sealing;
    struct rig rig;
    (void)state;

    begin_sealing(&rig, &sealing, folder);
    const struct transfer *t = &rig.transfers.at[ITEM_AES];
    for (size_t i = 0; i < sealed_transport_rows_count; i++)
        assert_true(run_sealed(&rig, i));
    sealed_file_path(&sealing, t->number, t->item->key, path);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fclose(file);
    assert_true(run_sealed_key(&rig, 0) && run_sealed_key(&rig, 1));
    assert_false(run_sealed_key(&rig, 2));
    assert_int_equal(rig.err.code, ERR_CONFLICT);
    assert_int_not_equal(t->outcome, KEY_SEALED);
    assert_true(transfer_undo(&sealed_key_rows[2], rig.hsm, &rig.transfers.at[ITEM_AES], &rig.err));
    assert_int_equal(unlink(path), 0); /* it is still there */
    end_sealing(&rig, &sealing, folder);
}

/* The control of a_sealed_key_is_a_file...: the source damages one of two results. */
static void a_damaged_key_is_not_sealed(void **state)
{
    char folder[] = "/tmp/hsmferry-steps-XXXXXX";
    struct sealing sealing;
    struct rig rig;
    (void)state;

    begin_sealing(&rig, &sealing, folder);
    for (size_t i = 0; i < sealed_transport_rows_count; i++)
        assert_true(run_sealed(&rig, i));
    tripwire.damage = true;
    assert_false(run_sealed_key(&rig, 0));
    assert_int_equal(rig.err.code, ERR_HSM);
    assert_non_null(strstr(rig.err.what, "two different results"));
    assert_true(run_sealed_key(&rig, 0));
    end_sealing(&rig, &sealing, folder);
}

/* What was undone is needed again. */
static void an_undone_step_leaves_nothing_on_the_wire(void **state)
{
    const struct place first = {.transport = true, .at = 0}, second = {.transport = true, .at = 1};
    const struct place read = {.item = ITEM_PUBLIC, .at = 0},
                       relay = {.item = ITEM_PUBLIC, .at = 1};
    struct rig rig;
    (void)state;

    begin(&rig);
    assert_true(run(&rig, first) && run(&rig, second));
    assert_true(undo(&rig, first));
    assert_false(run(&rig, second));
    assert_int_equal(rig.err.code, ERR_FAILED);
    assert_true(run(&rig, read));
    assert_true(undo(&rig, read));
    assert_false(run(&rig, relay));
    assert_int_equal(rig.err.code, ERR_FAILED);
    end(&rig);
}

/* --- findings --- */

static void steps_report_what_they_found(void **state)
{
    const struct place loaded = {.transport = true, .at = 2}, proven = {.item = ITEM_AES, .at = 3};
    struct rig rig;
    (void)state;

    begin(&rig);
    run_before(&rig, loaded);
    assert_true(run(&rig, loaded));
    assert_true(bytes_equal(rig.result.fingerprint, &rig.transport.wire.spki));
    assert_non_null(rig.result.call);
    for (size_t i = 3; i < transport_rows_count; i++)
        assert_true(run(&rig, (struct place){.transport = true, .at = i}));
    assert_true(bytes_equal(rig.result.crossed, &rig.transport.wire.wrapped_kek));
    for (size_t i = 0; i < proven.at; i++)
        assert_true(run(&rig, (struct place){.item = ITEM_AES, .at = i}));
    assert_false(rig.result.has_proof);
    assert_true(run(&rig, proven));
    assert_true(rig.result.has_proof);
    assert_int_equal(rig.result.proof, HSM_PROOF_AES_ECB);
    assert_int_equal(rig.result.kcv_count, 1); /* one by CMAC besides it: on request only */
    end(&rig);

    begin(&rig);
    rig.policy.cmac = true;
    run_before(&rig, proven);
    assert_true(run(&rig, proven));
    assert_int_equal(rig.result.kcv_count, 2);
    end(&rig);
}

/* --- another's handles --- */

static void handles_of_others_are_no_new_objects(void **state)
{
    struct rig rig;
    struct transfer *mine, *other;
    const struct known *known;
    uint64_t handle;
    (void)state;

    begin(&rig);
    known = &rig.known[SIDE_DESTINATION];
    mine = &rig.transfers.at[0];
    other = &rig.transfers.at[1];
    other->final = mine->final = 4711;
    handle = 4711;
    other->final = 0;
    assert_true(known_made(known, mine, &handle, &rig.err)); /* control: it is its own */
    other->final = 4711;
    assert_false(known_made(known, mine, &handle, &rig.err));
    assert_int_equal(handle, 0);
    mine->final = other->final = 0;
    handle = rig.known[SIDE_SOURCE].before[0];
    assert_false(
        known_destroy(&rig.known[SIDE_SOURCE], rig.hsm[SIDE_SOURCE], NULL, &handle, &rig.err));
    assert_int_equal(handle, 0);
    assert_untouched(&rig);
    end(&rig);
}

/* --- a commit whose answer was lost --- */

static void a_lost_commit_is_found_by_its_proof(void **state)
{
    static const size_t items[] = {ITEM_AES, ITEM_EC, ITEM_PUBLIC};
    (void)state;

    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        struct place commit = {.item = items[i], .at = items[i] == ITEM_PUBLIC ? 2 : 4};
        struct transfer *t;
        struct key_desc found;
        struct rig rig;
        begin(&rig);
        t = &rig.transfers.at[items[i]];
        run_before(&rig, commit);
        assert_true(commit_find_lost(rig.hsm, t, &found, &rig.err)); /* control: not yet */
        assert_true(found.handle == 0);
        tripwire.fail_at = calls_made() + 1;
        tripwire.lose = true;
        assert_false(run(&rig, commit));
        assert_true(t->committing && t->final == 0);
        assert_true(commit_find_lost(rig.hsm, t, &found, &rig.err));
        assert_true(found.handle != 0);
        /* Where another transfer has brought it, it is not this one's. */
        rig.transfers.at[ITEM_PASSWORD].final = found.handle;
        assert_true(commit_find_lost(rig.hsm, t, &found, &rig.err));
        assert_true(found.handle == 0);
        end(&rig);
    }
}

/* --- the source's answers, ahead of time --- */

/* Each turn asks the destination; the source only once, and again if a challenge would be put
 * twice. */
static void the_source_answers_once_for_all_turns(void **state)
{
    static const size_t items[] = {ITEM_AES, ITEM_EC};

    (void)state;
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        struct rig rig;
        struct transfer *t;
        struct proof_pair pair;
        enum hsm_proof which;
        unsigned calls[2];
        begin(&rig);
        t = &rig.transfers.at[items[i]];
        run_before(&rig, (struct place){.item = items[i], .at = 3});
        pair = confirm_pair(rig.hsm, t, t->temporary);
        for (unsigned turn = 0; turn <= AHEAD_TURNS; turn++) {
            bool again = turn == AHEAD_TURNS;
            bool asked = turn == 0 || (again && items[i] == ITEM_AES);
            memcpy(calls, tripwire.calls, sizeof calls);
            assert_true(ahead_run(&pair, &t->ahead, again ? AHEAD_FRESH : turn, t->item->proofs,
                                  &which, &rig.err));
            assert_int_equal(tripwire.calls[SIDE_SOURCE] - calls[SIDE_SOURCE], asked);
            assert_int_equal(tripwire.calls[SIDE_DESTINATION] - calls[SIDE_DESTINATION], 1);
            assert_int_equal(t->ahead->earlier, !asked);
        }
        end(&rig);
    }
}

/* The controls: another key on the destination is found in each turn. */
static void another_key_is_found_in_each_turn(void **state)
{
    static const size_t items[] = {ITEM_AES, ITEM_EC};

    (void)state;
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
        for (enum ahead_turn turn = AHEAD_ARRIVED; turn < AHEAD_TURNS; turn++) {
            struct rig rig, other;
            struct transfer *t;
            struct proof_pair pair;
            enum hsm_proof which;
            begin(&rig);
            begin_with(&other, KEYS, "lie=unwrap:2:other");
            t = &rig.transfers.at[items[i]];
            run_before(&rig, (struct place){.item = items[i], .at = 3});
            run_before(&other, (struct place){.item = items[i], .at = 2});
            run(&other, (struct place){.item = items[i], .at = 2});
            pair = confirm_pair(rig.hsm, t, t->temporary);
            if (turn > AHEAD_ARRIVED)
                assert_true(
                    ahead_run(&pair, &t->ahead, AHEAD_ARRIVED, t->item->proofs, &which, &rig.err));
            pair.destination = other.hsm[SIDE_DESTINATION];
            pair.destination_key = other.transfers.at[items[i]].temporary;
            assert_false(ahead_run(&pair, &t->ahead, turn, t->item->proofs, &which, &rig.err));
            assert_int_equal(rig.err.code, ERR_DATA);
            assert_null(t->ahead);
            end(&other);
            end(&rig);
        }
}

/* --- the proof in its three parts --- */

/* Answers that were given in two rooms. */
static bool judged(struct rig *rig, enum hsm_proof proof, size_t item, uint64_t there)
{
    const struct transfer *t = &rig->transfers.at[item];
    const struct proof_place here = {t->item->key->handle, t->item->key->class, t->item->half};
    const struct proof_place place = {there, t->item->key->class, {0}};
    struct proof_challenge challenge;
    struct proof_answers answers = {0};
    unsigned calls[2];
    bool ok;

    assert_true(proof_challenge(proof, &t->wire.spki, NULL, &challenge, &rig->err));
    assert_false(challenge.expected.len && bytes_equal(&challenge.expected, &challenge.bytes) &&
                 proof == HSM_PROOF_RSA_DECRYPT);
    memcpy(calls, tripwire.calls, sizeof calls);
    assert_true(proof_answer(rig->hsm[0], &here, &challenge, &answers.source, &rig->err));
    assert_int_equal(tripwire.calls[SIDE_DESTINATION], calls[SIDE_DESTINATION]);
    memcpy(calls, tripwire.calls, sizeof calls);
    assert_true(proof_answer(rig->hsm[1], &place, &challenge, &answers.destination, &rig->err));
    assert_int_equal(tripwire.calls[SIDE_SOURCE], calls[SIDE_SOURCE]);
    ok = proof_judge(&challenge, &t->wire.spki, &answers, &rig->err);
    bytes_free(&answers.source);
    bytes_free(&answers.destination);
    proof_challenge_free(&challenge);
    return ok;
}

static void each_side_answers_alone_and_one_judges(void **state)
{
    static const struct {
        size_t item;
        enum hsm_proof proof;
    } rows[] = {
        {ITEM_AES, HSM_PROOF_AES_ECB},
        {ITEM_AES, HSM_PROOF_DIGEST},
        {ITEM_PASSWORD, HSM_PROOF_DIGEST},
        {ITEM_EC, HSM_PROOF_ECDSA},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int other = 0; other <= 1; other++) {
            struct rig rig;
            begin_with(&rig, KEYS, other ? "lie=unwrap:2:other" : "");
            run_before(&rig, (struct place){.item = rows[i].item, .at = 2});
            /* Another private key is seen by its public half already: it is judged all the same. */
            run(&rig, (struct place){.item = rows[i].item, .at = 2});
            assert_true(rig.transfers.at[rows[i].item].temporary != 0);
            assert_true(judged(&rig, rows[i].proof, rows[i].item,
                               rig.transfers.at[rows[i].item].temporary) == !other);
            if (other)
                assert_int_equal(rig.err.code, ERR_DATA);
            end(&rig);
        }
}

/* --- a transport that is agreed on --- */

static void run_rows_to(struct rig *rig, enum step_id last)
{
    for (size_t i = 0; i < table_count(); i++) {
        assert_true(run(rig, (struct place){.transport = true, .at = i}));
        if (table()[i].head.id == last)
            return;
    }
}

static struct place place_of(enum step_id id)
{
    struct place p = {.transport = true};

    while (table()[p.at].head.id != id)
        p.at++;
    return p;
}

static void both_know_both_public_halves(void **state)
{
    struct rig rig;
    (void)state;

    begin(&rig);
    run_rows_to(&rig, STEP_LOAD_ANSWER);
    assert_true(rig.transport.wire.met.len > 64);
    assert_true(bytes_equal(&rig.transport.wire.met, &rig.transport.wire.read_back));
    assert_true(bytes_equal(rig.result.fingerprint, &rig.transport.wire.met));
    assert_int_equal(rig.suite.transport, HSM_ECDH_P521);
    assert_int_equal(rig.suite.kdf, HSM_KDF_SHA256);
    end(&rig);
}

/* Another pair of the same kind, as somebody between the two would have it. */
static void make_spki(struct bytes *spki)
{
    EVP_PKEY *pair = EVP_EC_gen("P-521");
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(pair, &der);

    assert_true(len > 0 && bytes_set(spki, der, (size_t)len, NULL));
    OPENSSL_free(der);
    EVP_PKEY_free(pair);
}

/* The relay is honest and the way to one HSM is not: its HSM meets another key than was made. */
static void a_key_replaced_on_its_way(struct rig *rig, enum step_id before, struct bytes *wire)
{
    struct bytes was = {0};

    begin(rig);
    run_rows_to(rig, before);
    assert_true(bytes_set(&was, wire->data, wire->len, NULL));
    make_spki(wire);
    if (before == STEP_RELAY_PUBLIC) {
        assert_true(run(rig, place_of(STEP_LOAD_PUBLIC)));
        assert_true(bytes_set(wire, was.data, was.len, NULL));
        assert_true(run(rig, place_of(STEP_RELAY_ANSWER)));
    }
    assert_false(run(rig, place_of(STEP_LOAD_ANSWER)));
    assert_int_equal(rig->err.code, ERR_DATA);
    /* what officers would compare differs */
    assert_true(rig->transport.wire.met.len > 0);
    assert_false(bytes_equal(&rig->transport.wire.met, &rig->transport.wire.read_back));
    assert_true(bytes_equal(rig->result.fingerprint, &rig->transport.wire.met));
    /* and nothing goes on */
    assert_false(run(rig, place_of(STEP_MAKE_KEK)));
    bytes_free(&was);
    end(rig);
}

static void a_replaced_point_is_seen(void **state)
{
    struct rig rig;
    (void)state;

    a_key_replaced_on_its_way(&rig, STEP_RELAY_PUBLIC, &rig.transport.wire.spki);
    a_key_replaced_on_its_way(&rig, STEP_RELAY_ANSWER, &rig.transport.wire.answer);
}

/* It is another key than the one of this run. */
static void a_point_of_another_run_is_seen(void **state)
{
    struct rig rig, other;
    struct bytes was = {0};
    (void)state;

    begin(&other);
    run_rows_to(&other, STEP_LOAD_PUBLIC);
    assert_true(
        bytes_set(&was, other.transport.wire.answer.data, other.transport.wire.answer.len, NULL));
    end(&other);
    begin(&rig);
    run_rows_to(&rig, STEP_LOAD_PUBLIC);
    assert_true(bytes_set(&rig.transport.wire.answer, was.data, was.len, NULL));
    assert_true(run(&rig, place_of(STEP_RELAY_ANSWER)));
    assert_false(run(&rig, place_of(STEP_LOAD_ANSWER)));
    assert_int_equal(rig.err.code, ERR_DATA);
    bytes_free(&was);
    end(&rig);
}

/* The halves in each other's place: each HSM gets its own back. */
static void a_point_that_comes_back_is_refused(void **state)
{
    struct rig rig;
    (void)state;

    begin(&rig);
    run_rows_to(&rig, STEP_RELAY_ANSWER);
    assert_true(bytes_set(&rig.transport.wire.answer, rig.transport.wire.spki.data,
                          rig.transport.wire.spki.len, NULL));
    assert_false(run(&rig, place_of(STEP_LOAD_ANSWER)));
    assert_int_equal(rig.err.code, ERR_DATA);
    end(&rig);
}

static void a_derived_key_that_is_loose_is_refused(void **state)
{
    static const char *const lies[] = {"lie=agree:1:guards", "lie=agree:1:use"};
    struct rig rig;
    char params[256];
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        snprintf(params, sizeof params, "%s;%s", KEYS, lies[i]);
        begin_with(&rig, params, "");
        run_rows_to(&rig, STEP_MAKE_KEK);
        assert_false(run(&rig, place_of(STEP_WRAP_KEK)));
        assert_int_equal(rig.err.code, ERR_DATA);
        assert_int_equal(rig.transport.wire.wrapped_kek.len, 0); /* nothing left */
        end(&rig);
        begin_with(&rig, KEYS, lies[i]);
        run_rows_to(&rig, STEP_RELAY_KEK);
        assert_false(run(&rig, place_of(STEP_UNWRAP_KEK)));
        assert_int_equal(rig.err.code, ERR_DATA);
        assert_true(rig.transport.destination.kek == 0);
        end(&rig);
    }
    begin_with(&rig, KEYS, "lie=agree:1:other"); /* another key than the source has */
    run_rows_to(&rig, STEP_RELAY_KEK);
    assert_false(run(&rig, place_of(STEP_UNWRAP_KEK)));
    assert_int_equal(rig.err.code, ERR_DATA);
    end(&rig);
    begin_with(&rig, KEYS, "lie=make_agreement:1:guards"); /* a base key that may sign */
    assert_false(run(&rig, place_of(STEP_MAKE_PAIR)));
    assert_int_equal(rig.err.code, ERR_DATA);
    end(&rig);
    begin(&rig); /* control */
    run_rows_to(&rig, STEP_UNWRAP_KEK);
    assert_true(rig.transport.source.derived == 0 && rig.transport.destination.derived == 0);
    end(&rig);
}

static void the_relay_checks_each_point(void **state)
{
    static const char *const lies[] = {"lie=make_agreement:1:flip", "lie=make_agreement:1:other"};
    char params[256];
    struct rig rig;
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        begin_with(&rig, KEYS, lies[i]);
        assert_true(run(&rig, place_of(STEP_MAKE_PAIR)));
        assert_false(run(&rig, place_of(STEP_RELAY_PUBLIC)));
        assert_int_equal(rig.err.code, ERR_DATA);
        end(&rig);
        snprintf(params, sizeof params, "%s;%s", KEYS, lies[i]);
        begin_with(&rig, params, "");
        run_rows_to(&rig, STEP_LOAD_PUBLIC);
        assert_false(run(&rig, place_of(STEP_RELAY_ANSWER)));
        assert_int_equal(rig.err.code, ERR_DATA);
        end(&rig);
    }
}

/* --- by ML-KEM --- */

/* Both ways of a hybrid, and ML-KEM alone: the KEK is the same on both sides. */
static void all_know_what_crossed(void **state)
{
    struct rig rig;
    (void)state;

    begin(&rig);
    run_rows_to(&rig, STEP_LOAD_ANSWER);
    assert_true(bytes_equal(&rig.transport.wire.met, &rig.transport.wire.read_back));
    run_rows_to(&rig, STEP_UNWRAP_KEK);
    assert_true(rig.transport.source.derived == 0 && rig.transport.destination.derived == 0);
    assert_true(rig.transport.source.outer == 0 && rig.transport.destination.outer == 0);
    end(&rig);
}

/* The relay, or the way to one HSM, gives another ciphertext, also one of another run: what both
 * sides know differs before any key is made. */
static void a_changed_ciphertext_is_seen(void **state)
{
    struct bytes was = {0};
    struct rig rig, other;
    (void)state;

    begin(&other);
    run_rows_to(&other, STEP_LOAD_PUBLIC);
    assert_true(
        bytes_set(&was, other.transport.wire.answer.data, other.transport.wire.answer.len, NULL));
    end(&other);
    for (int replayed = 0; replayed < 2; replayed++) {
        begin(&rig);
        run_rows_to(&rig, STEP_RELAY_ANSWER);
        if (replayed)
            assert_true(bytes_set(&rig.transport.wire.answer, was.data, was.len, NULL));
        else
            rig.transport.wire.answer.data[rig.transport.wire.answer.len - 1] ^= 1;
        assert_false(run(&rig, place_of(STEP_LOAD_ANSWER)));
        assert_int_equal(rig.err.code, ERR_DATA);
        assert_false(bytes_equal(&rig.transport.wire.met, &rig.transport.wire.read_back));
        assert_false(run(&rig, place_of(STEP_MAKE_KEK)));
        end(&rig);
    }
    bytes_free(&was);
}

static void what_is_encapsulated_is_checked(void **state)
{
    static const struct {
        const char *lie;
        enum step_id at;
        bool at_source;
    } lies[] = {
        {"lie=make_agreement:1:kem", STEP_LOAD_ANSWER, false}, /* reports another key than it has */
        {"lie=encapsulate:1:guards", STEP_LOAD_PUBLIC, true},
        {"lie=encapsulate:1:use", STEP_LOAD_PUBLIC, true},
        {"lie=encapsulate:1:other", STEP_UNWRAP_KEK, true}, /* wraps under another secret */
        {"lie=encapsulate:1:flip", STEP_UNWRAP_KEK, true},  /* implicit rejection */
        {"lie=agree:1:other", STEP_UNWRAP_KEK, false},
    };
    char params[256];
    struct rig rig;
    (void)state;

    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        snprintf(params, sizeof params, "%s;%s", KEYS, lies[i].lie);
        begin_with(&rig, lies[i].at_source ? params : KEYS, lies[i].at_source ? "" : lies[i].lie);
        for (size_t at = 0; table()[at].head.id != lies[i].at; at++)
            assert_true(run(&rig, (struct place){.transport = true, .at = at}));
        assert_false(run(&rig, place_of(lies[i].at)));
        assert_int_equal(rig.err.code, ERR_DATA);
        end(&rig);
    }
}

/* A token that cuts the second secret off derives another key than one that does not. */
static void a_truncating_token_is_caught(void **state)
{
    char params[256];
    struct rig rig;
    (void)state;

    snprintf(params, sizeof params, "%s;lie=agree:1:truncate", KEYS);
    begin_with(&rig, params, "");
    run_rows_to(&rig, STEP_RELAY_KEK);
    assert_false(run(&rig, place_of(STEP_UNWRAP_KEK)));
    assert_int_equal(rig.err.code, ERR_DATA);
    end(&rig);
    /* The control: two of the same kind do not notice, so each token is tried against another
     * implementation. */
    begin_with(&rig, params, "lie=agree:1:truncate");
    run_rows_to(&rig, STEP_UNWRAP_KEK);
    end(&rig);
}

static int run_by_kem(void)
{
    static const struct {
        const char *name;
        uint32_t kdfs;
        enum hsm_kdf kdf;
    } ways[] = {
        {"ml-kem-768", 0, HSM_KDF_KEM},
        {"ml-kem-1024", 0, HSM_KDF_KEM},
        {"ecdh-p384+ml-kem-768", 1U << HSM_KDF_HKDF, HSM_KDF_HKDF},
        {"ecdh-p384+ml-kem-768", 1U << HSM_KDF_NESTED, HSM_KDF_NESTED},
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_know_what_crossed),
        cmocka_unit_test(a_changed_ciphertext_is_seen),
        cmocka_unit_test(what_is_encapsulated_is_checked),
        cmocka_unit_test(a_step_reaches_one_side),
        cmocka_unit_test(a_step_waits_for_what_it_needs),
        cmocka_unit_test(no_key_leaves_before_its_transport_was_accepted),
    };
    const struct CMUnitTest of_two[] = {cmocka_unit_test(a_truncating_token_is_caught)};
    int failed = 0;

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        by = ways[i].name;
        by_kdfs = ways[i].kdfs;
        failed += cmocka_run_group_tests_name(ways[i].name, tests, NULL, NULL);
        if (ways[i].kdf == HSM_KDF_HKDF)
            failed += cmocka_run_group_tests_name("two secrets", of_two, NULL, NULL);
    }
    return failed;
}

int main(void)
{
    const struct CMUnitTest of_agreed[] = {
        cmocka_unit_test(a_fault_at_any_call_is_undone),
        cmocka_unit_test(what_makes_objects_has_an_undo),
        cmocka_unit_test(a_step_reaches_one_side),
        cmocka_unit_test(a_step_waits_for_what_it_needs),
        cmocka_unit_test(no_key_leaves_before_its_transport_was_accepted),
        cmocka_unit_test(needs_are_left_by_earlier_rows),
        cmocka_unit_test(both_know_both_public_halves),
        cmocka_unit_test(a_replaced_point_is_seen),
        cmocka_unit_test(a_point_of_another_run_is_seen),
        cmocka_unit_test(a_point_that_comes_back_is_refused),
        cmocka_unit_test(a_derived_key_that_is_loose_is_refused),
        cmocka_unit_test(the_relay_checks_each_point),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_at_any_call_is_undone),
        cmocka_unit_test(what_makes_objects_has_an_undo),
        cmocka_unit_test(a_step_reaches_one_side),
        cmocka_unit_test(a_step_waits_for_what_it_needs),
        cmocka_unit_test(no_key_leaves_before_its_transport_was_accepted),
        cmocka_unit_test(needs_are_left_by_earlier_rows),
        cmocka_unit_test(a_sealed_key_is_a_file_that_undoing_removes),
        cmocka_unit_test(a_strangers_file_stays),
        cmocka_unit_test(a_damaged_key_is_not_sealed),
        cmocka_unit_test(an_undone_step_leaves_nothing_on_the_wire),
        cmocka_unit_test(steps_report_what_they_found),
        cmocka_unit_test(handles_of_others_are_no_new_objects),
        cmocka_unit_test(a_lost_commit_is_found_by_its_proof),
        cmocka_unit_test(the_source_answers_once_for_all_turns),
        cmocka_unit_test(another_key_is_found_in_each_turn),
        cmocka_unit_test(each_side_answers_alone_and_one_judges),
    };

    tripping = fake_driver;
    tripping.describe = trip_describe;
    tripping.public_key = trip_public_key;
    tripping.list = trip_list;
    tripping.make_pair = trip_make_pair;
    tripping.make_agreement_pair = trip_make_agreement_pair;
    tripping.agree = trip_agree;
    tripping.load_public = trip_load_public;
    tripping.make_kek = trip_make_kek;
    tripping.wrap = trip_wrap;
    tripping.unwrap = trip_unwrap;
    tripping.prove = trip_prove;
    tripping.commit = trip_commit;
    tripping.make_public = trip_make_public;
    tripping.destroy = trip_destroy;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    agreed = true;
    failed += cmocka_run_group_tests(of_agreed, NULL, NULL);
    return failed + run_by_kem();
}
