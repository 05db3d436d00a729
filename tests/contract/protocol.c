/* SPDX-License-Identifier: Apache-2.0 */
/* The whole protocol from one HSM to another, straight from the contract: no ceremony between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/contract/contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/contract/bench.h"
#include "tests/contract/evidence.h"
#include "transfer/own_key.h"

static const char label[] = "hsmferry:protocol";

struct pair {
    const struct contract_hsm *kinds[2];
    struct bench from, to;
    enum hsm_alg oaep;
    /* the transport keys: */
    struct hsm_pair rsa;
    uint64_t public, source_kek, destination_kek;
};

/* The first OAEP that one side wraps and the other unwraps by. */
static enum hsm_alg common_oaep(const struct pair *p)
{
    for (enum hsm_alg alg = HSM_RSA_OAEP_SHA256; alg <= HSM_RSA_OAEP_SHA1; alg++)
        if (p->from.caps.alg[alg].wrap && p->to.caps.alg[alg].unwrap)
            return alg;
    return HSM_ALGS;
}

/* Steps 1 to 7. */
static void make_transport(struct pair *p)
{
    struct bench *from = &p->from, *to = &p->to;
    struct bytes back = {0}, wrapped_key = {0};
    const struct hsm_template aes = {
        .class = KEY_CLASS_SECRET,
        .kind = KEY_KIND_AES,
        .length = 32,
        .flags = KEY_UNWRAP | KEY_SENSITIVE | KEY_PRIVATE | KEY_DESTROYABLE,
        .label = (const uint8_t *)label,
        .label_len = strlen(label),
    };

    MUST(to, to->hsm->driver->make_pair(to->hsm, 3072, label, &p->rsa, &to->err));
    MUST(from,
         from->hsm->driver->load_public(from->hsm, &p->rsa.spki, label, &p->public, &from->err));
    MUST(from, from->hsm->driver->public_key(from->hsm, p->public, &back, &from->err));
    assert_true(bytes_equal(&back, &p->rsa.spki));
    MUST(from, from->hsm->driver->make_kek(from->hsm, 256, label, &p->source_kek, &from->err));
    MUST(from, from->hsm->driver->wrap(from->hsm, p->oaep, p->public, p->source_kek, &wrapped_key,
                                       &from->err));
    MUST(to, to->hsm->driver->unwrap(to->hsm, p->oaep, p->rsa.private_handle, &wrapped_key, &aes,
                                     &p->destination_kek, &to->err));
    bytes_free(&back);
    bytes_free(&wrapped_key);
}

/* Step 12: and nothing else was left behind. */
static void destroy_transport(struct pair *p)
{
    struct bench *from = &p->from, *to = &p->to;

    MUST(from, from->hsm->driver->destroy(from->hsm, p->public, &from->err));
    MUST(from, from->hsm->driver->destroy(from->hsm, p->source_kek, &from->err));
    MUST(to, to->hsm->driver->destroy(to->hsm, p->destination_kek, &to->err));
    MUST(to, to->hsm->driver->destroy(to->hsm, p->rsa.private_handle, &to->err));
    if (p->rsa.public_handle)
        MUST(to, to->hsm->driver->destroy(to->hsm, p->rsa.public_handle, &to->err));
    bytes_free(&p->rsa.spki);
}

/* Does this algorithm carry this key whole, from this source to that destination? */
static bool carries(const struct pair *p, enum hsm_alg alg, const struct object *known)
{
    const struct hsm_capabilities *from = &p->from.caps, *to = &p->to.caps;
    bool secret = known->desc.class == KEY_CLASS_SECRET, eights = known->value.len % 8 == 0;

    if (!from->alg[alg].wrap || !to->alg[alg].unwrap)
        return false;
    switch (alg) {
    case HSM_AES_KWP:
    case HSM_RSA_AES_SHA256:
    case HSM_RSA_AES_SHA1:
        return !secret || eights || from->exact_length == HSM_YES || to->takes_length == HSM_YES;
    case HSM_AES_KW:
        return secret && eights;
    case HSM_AES_CBC_PAD:
        return true;
    default:
        return secret && alg == p->oaep;
    }
}

/* Steps 8 to 11 for one key, by the envelope or under OAEP itself. */
static void carry(struct pair *p, enum hsm_alg alg, const struct object *known)
{
    struct bench *from = &p->from, *to = &p->to;
    bool direct = wrap_is_by_rsa(alg);
    struct bytes wrapped_key = {0}, spki = {0};
    uint64_t temporary, final;

    uint64_t original = bench_import(from, known);
    MUST(from, from->hsm->driver->wrap(from->hsm, alg, direct ? p->public : p->source_kek, original,
                                       &wrapped_key, &from->err));
    struct hsm_template template = bench_template(known, &spki);
    template.flags &= ~(uint32_t)KEY_EXTRACTABLE;
    MUST(to,
         to->hsm->driver->unwrap(to->hsm, alg, direct ? p->rsa.private_handle : p->destination_kek,
                                 &wrapped_key, &template, &temporary, &to->err));
    bench_prove(to, temporary, known);
    if (to->caps.can_copy) {
        MUST(to,
             to->hsm->driver->commit(to->hsm, temporary, known->desc.label, known->desc.label_len,
                                     known->desc.id, known->desc.id_len, &final, &to->err));
        bench_prove(to, final, known);
        MUST(to, to->hsm->driver->destroy(to->hsm, final, &to->err));
    }
    MUST(to, to->hsm->driver->destroy(to->hsm, temporary, &to->err));
    MUST(from, from->hsm->driver->destroy(from->hsm, original, &from->err));
    bytes_free(&wrapped_key);
    bytes_free(&spki);
}

/* The envelope for the evidence key. */
static enum hsm_alg common_envelope(const struct pair *p)
{
    for (enum hsm_alg alg = HSM_AES_KWP; alg < HSM_ALGS; alg++)
        if (p->from.caps.alg[alg].wrap && p->to.caps.alg[alg].unwrap)
            return alg;
    return HSM_ALGS;
}

/* The evidence key crosses under the KEK, and the source's evidence under it. */
static void evidence_crosses(struct pair *p)
{
    struct bench *from = &p->from, *to = &p->to;
    const enum hsm_alg alg = common_envelope(p);
    struct hsm_template template = {.class = KEY_CLASS_SECRET,
                                    .kind = KEY_KIND_AES,
                                    .length = EVIDENCE_BITS / 8,
                                    .flags =
                                        KEY_DECRYPT | KEY_SENSITIVE | KEY_PRIVATE | KEY_DESTROYABLE,
                                    .label = (const uint8_t *)label,
                                    .label_len = strlen(label)};
    struct object *known = known_key("generic13");
    struct bytes wrapped_key = {0}, answer = {0};
    uint64_t source, destination;
    uint32_t unread;

    if (alg == HSM_ALGS || !from->caps.evidence.wrap || !to->caps.evidence.unwrap)
        return;
    MUST(from, from->hsm->driver->make_evidence_key(from->hsm, label, &source, &from->err));
    MUST(from,
         from->hsm->driver->wrap(from->hsm, alg, p->source_kek, source, &wrapped_key, &from->err));
    MUST(to, to->hsm->driver->unwrap(to->hsm, alg, p->destination_kek, &wrapped_key, &template,
                                     &destination, &to->err));
    MUST(to, own_key_check(to->hsm, destination, &own_destination_evidence, to->caps.unreadable,
                           &unread, &to->err));
    uint64_t original = bench_import(from, known), arrived = bench_import(to, known);
    for (unsigned open = 0; open < 2; open++) {
        struct evidence_subject of = evidence_subject_of(HSM_PROOF_DIGEST, original, source, open);
        struct evidence_cipher cipher = {.challenge = {1}};
        MUST(from, from->hsm->driver->seal(from->hsm, &of, &cipher, &from->err));
        of.key = arrived;
        of.evidence_key = destination;
        MUST(to, to->hsm->driver->unseal(to->hsm, &of, &cipher, &answer, &to->err));
        of.number++;
        MUST_FAIL(to, to->hsm->driver->unseal(to->hsm, &of, &cipher, &answer, &to->err), ERR_DATA);
    }
    MUST(from, from->hsm->driver->destroy(from->hsm, source, &from->err));
    MUST(from, from->hsm->driver->destroy(from->hsm, original, &from->err));
    MUST(to, to->hsm->driver->destroy(to->hsm, destination, &to->err));
    MUST(to, to->hsm->driver->destroy(to->hsm, arrived, &to->err));
    bytes_free(&wrapped_key);
    bytes_free(&answer);
    object_free(known);
}

static void every_kind_crosses(void **state)
{
    struct pair *p = *state;
    unsigned carried = 0;

    bench_login(&p->from);
    bench_login(&p->to);
    p->oaep = common_oaep(p);
    if (p->oaep == HSM_ALGS)
        skip();
    bench_kek(&p->from);
    bench_kek(&p->to);
    struct inventory from = bench_inventory(&p->from), to = bench_inventory(&p->to);
    make_transport(p);
    for (size_t i = 0; known_types[i]; i++) {
        if (!bench_has(&p->from, known_types[i]) || !bench_has(&p->to, known_types[i]))
            continue;
        struct object *known = known_key(known_types[i]);
        for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
            if (carries(p, alg, known)) {
                carry(p, alg, known);
                carried++;
            }
        object_free(known);
    }
    assert_true(carried > 0);
    evidence_crosses(p);
    destroy_transport(p);
    bench_same_inventory(&p->from, from);
    bench_same_inventory(&p->to, to);
}

static int start(void **state)
{
    struct pair *p = *state;
    return bench_start(&p->from, p->kinds[0]) && bench_start(&p->to, p->kinds[1]) ? 0 : -1;
}

static int finish(void **state)
{
    struct pair *p = *state;
    bench_stop(&p->from);
    bench_stop(&p->to);
    return 0;
}

int contract_run_pair(const struct contract_hsm *from, const struct contract_hsm *to)
{
    struct pair pair = {.kinds = {from, to}};
    char name[128];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate_setup_teardown(every_kind_crosses, start, finish, &pair),
    };

    snprintf(name, sizeof name, "%s to %s", from->name, to->name);
    return _cmocka_run_group_tests(name, tests, 1, NULL, NULL);
}
