/* SPDX-License-Identifier: Apache-2.0 */
/* Can a sealed file have this content? The rules between its fields, for writer and reader. */
#ifndef HSMFERRY_SEALED_SEALED_SOUND_H
#define HSMFERRY_SEALED_SEALED_SOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "sealed/sealed.h"

/* The place in a list of keys or results. {0}: before its first entry. */
struct sealed_place {
    uint32_t entries; /* so far */
    uint32_t number;  /* of the last one */
    bool keys;        /* the test keys are over */
};

/* Each checks one part; the entries in their order, the place being updated. Errors: ERR_DATA. */
bool sealed_sound(const struct sealed_file *file, struct err *err);
bool sealed_sound_key(const struct sealed_file *file, const struct sealed_key *key,
                      struct sealed_place *place, struct err *err);
bool sealed_sound_result(const struct sealed_result *result, struct sealed_place *place,
                         struct err *err);

/* Are all entries there that the head counts? */
bool sealed_sound_end(const struct sealed_file *file, const struct sealed_place *place,
                      struct err *err);

#endif
