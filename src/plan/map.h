/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE MAP: the objects of both sides, aligned row by row, and what is the same. It is a function of
 * two lists. A name alone never makes two objects the same: what does is a public key, the octets
 * of a certificate, or a check value under the same name; or a challenge, which is the caller's.
 */
#ifndef HSMFERRY_PLAN_MAP_H
#define HSMFERRY_PLAN_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/key.h"
#include "plan/plan.h"
#include "plan/policy.h"
#include "protocol/outcome.h"
#include "protocol/side.h"

enum map_state {
    MAP_SAME,
    MAP_ONLY_SOURCE, /* and it can be migrated */
    MAP_ONLY_DESTINATION,
    MAP_NAME_TAKEN,       /* its label or id belongs to another object on the destination */
    MAP_OTHER_NAME,       /* the same, but its label or id is another one */
    MAP_OTHER_ATTRIBUTES, /* the same, but row->differs is not 0 */
    MAP_INCOMPLETE,       /* the same key, but row->missing is not 0 */
    MAP_CANNOT,           /* only on the source, and it cannot be migrated */
    MAP_NOT_KNOWN,        /* a name or a check value is the same: only a challenge can show more */
    MAP_STATES
};

/* What shows that two objects are the same; of MAP_NOT_KNOWN: the hint. */
enum map_by {
    MAP_BY_NAME,
    MAP_BY_PUBLIC,
    MAP_BY_CERTIFICATE,
    MAP_BY_KCV,
    MAP_BY_CHALLENGE,
    MAP_BYS
};

/* Of a private key: a public object of it that the source has and the destination lacks. */
enum { MAP_NO_PUBLIC = 1 << 0, MAP_NO_CERTIFICATE = 1 << 1 };

struct map_row {
    uint64_t differs;   /* bit (1 << n) for each row n of fidelity_row() that is not as a migration
                           would make it */
    uint32_t object[2]; /* by side: in its list, from 1; 0: none */
    uint32_t owner;     /* of a public object: the source's private key that it belongs to, from 1,
                           if that is there already; 0: none */
    uint8_t digest[4];  /* outdated: the first octets of the SHA-256 of the source's */
    uint8_t state;      /* enum map_state */
    uint8_t by;         /* enum map_by */
    uint8_t missing;
    bool outdated; /* a certificate: under its name the destination has another one of that key */
    bool accompanies; /* a public object of a private key that is only on the source */
    bool movable;     /* the verdict on the source's object, which may be its name's only */
};
_Static_assert(sizeof(struct map_row) <= 32, "there are rows by the ten thousand");

/* What was read of a certificate; {0}: nothing. */
struct map_certificate {
    bool read, certifies;
    uint8_t sha256[32];      /* of its DER */
    uint8_t spki_sha256[32]; /* certifies: of the public key in it, as in struct key_desc */
};

/* All of it must live until the map is made. */
struct map_sides {
    const struct key_list *keys[2];
    const struct map_certificate *certificates[2]; /* one for each object; NULL: none was read */
    const struct plan_verdicts *verdicts; /* on the source's objects, in their order; NULL: none */
    const struct policy *policy;
};

/* {0} is empty and valid. Rows: in the order of the source's list, then what only the destination
 * has. */
struct map {
    struct map_row *rows;
    size_t count, room;
    size_t counts[MAP_STATES];
    int64_t utc_ms; /* the caller's: when it was made */
    size_t work;    /* comparisons: what a test counts */
};

/* Makes the map. Several objects that are the same are aligned by their names first; one object of
 * the destination may be in several rows. Errors: ERR_FAILED (memory). Freed with map_free(). */
bool map_make(const struct map_sides *sides, struct map *map, struct err *err);
bool map_copy(const struct map *from, struct map *to, struct err *err);
void map_free(struct map *map);

/* The flags that a migration gives this object of the source. */
uint32_t map_asked_flags(const struct policy *policy, const struct key_desc *key);

/* Is a copy looser than its original in attributes that can be set? */
bool map_may_tighten(const struct policy *policy, const struct key_desc *source,
                     const struct key_desc *there);

/* Can a challenge show more about this row, which has this object of the source? */
bool map_may_ask(const struct map_row *row, const struct key_desc *source);

/* Takes over the answer to a challenge of the two keys of a row, if there can be one. */
struct map_couple {
    const struct key_desc *source, *found;
    const struct policy *policy;
};
void map_answer(struct map *map, size_t row, const struct map_couple *of, enum comparison answer);

#endif
