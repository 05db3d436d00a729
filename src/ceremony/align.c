/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/align.h"

#include <stdlib.h>

#include <openssl/sha.h>

#include "ceremony/couple.h"
#include "ceremony/members.h"
#include "transfer/certificate.h"

/* Reads one certificate. One that cannot be read is the same as no other one. */
static bool read_one(struct hsm *hsm, uint64_t handle, struct map_certificate *to, struct err *err)
{
    struct bytes der = {0}, spki = {0};
    struct err why = {0};

    if (!hsm->driver->certificate(hsm, handle, &der, &why)) {
        if (why.code != ERR_GONE)
            return true;
        *err = why;
        return false;
    }
    to->read = true;
    SHA256(der.data, der.len, to->sha256);
    if (certificate_spki(&der, &spki, &why)) { /* of which key is it? */
        to->certifies = true;
        SHA256(spki.data, spki.len, to->spki_sha256);
    }
    bytes_free(&der);
    bytes_free(&spki);
    return true;
}

/* The caller frees *out. */
static bool read_certificates(const struct party *party, struct map_certificate **out,
                              struct err *err)
{
    const struct key_list *list = &party->keys;
    bool ok = true;

    *out = calloc(list->count + 1, sizeof **out);
    if (!*out)
        return err_set(err, ERR_FAILED, "no memory for %zu certificates", list->count);
    for (size_t i = 0; ok && i < list->count; i++)
        if (list->keys[i].class == KEY_CLASS_CERTIFICATE)
            ok = read_one(party->hsm, list->keys[i].handle, &(*out)[i], err);
    return ok;
}

/* Asks about each row of which the lists do not show whether it is the same key. */
static bool challenge(struct ceremony *c, const struct map_sides *sides, struct err *err)
{
    struct map *map = &c->verdicts.map;

    for (size_t i = 0; i < map->count; i++) {
        const struct map_row *row = &map->rows[i];
        const uint32_t here = row->object[SIDE_SOURCE], there = row->object[SIDE_DESTINATION];
        enum comparison answer;
        if (!here || !map_may_ask(row, &sides->keys[SIDE_SOURCE]->keys[here - 1]))
            continue;
        const struct couple couple = {{&sides->keys[SIDE_SOURCE]->keys[here - 1],
                                       &sides->keys[SIDE_DESTINATION]->keys[there - 1]}};
        if (!couple_compare(c, &couple, &answer, err))
            return false;
        map_answer(map, i, &(struct map_couple){couple.key[0], couple.key[1], sides->policy},
                   answer);
    }
    return true;
}

/* May each object of the source be migrated? */
static bool judge(struct ceremony *c, struct err *err)
{
    plan_verdicts_free(&c->verdicts.keys);
    c->verdicts.made = plan_verdicts(&c->setup.policy, &c->suite, &c->side[SIDE_SOURCE].keys,
                                     &c->side[SIDE_DESTINATION].keys, &c->verdicts.keys, err);
    return c->verdicts.made;
}

bool align_lists(struct ceremony *c, bool asks, struct err *err)
{
    struct map_certificate *certificates[2] = {NULL, NULL};
    const struct party *side = c->side;
    bool ok = judge(c, err);

    map_free(&c->verdicts.map);
    for (enum side i = SIDE_SOURCE; ok && i <= SIDE_DESTINATION; i++)
        ok = read_certificates(&side[i], &certificates[i], err);
    const struct map_sides sides = {
        .keys = {&side[SIDE_SOURCE].keys, &side[SIDE_DESTINATION].keys},
        .certificates = {certificates[SIDE_SOURCE], certificates[SIDE_DESTINATION]},
        .verdicts = &c->verdicts.keys,
        .policy = &c->setup.policy};
    ok = ok && map_make(&sides, &c->verdicts.map, err);
    c->verdicts.map.utc_ms = c->host.utc_ms(c->host.ctx);
    ok = ok && (!asks || challenge(c, &sides, err));
    free(certificates[SIDE_SOURCE]);
    free(certificates[SIDE_DESTINATION]);
    if (!ok)
        map_free(&c->verdicts.map);
    return ok;
}
