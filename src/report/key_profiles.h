/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles: what is the same for many keys, so that the report says it once. Keys have one profile
 * if their records differ only in names, values, digests and times.
 */
#ifndef HSMFERRY_REPORT_KEY_PROFILES_H
#define HSMFERRY_REPORT_KEY_PROFILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/event_index.h"
#include "journal/event_log.h"

/* {0} is empty. */
struct key_profiles {
    uint32_t *of;  /* [number of a key - 1]: its profile, from 1; 0: it is not in the plan */
    size_t *first; /* [profile - 1]: the place in index->keys of the first key that has it */
    size_t count;
};

/* Errors: ERR_FAILED (memory). The caller frees *profiles with key_profiles_free(), also after a
 * failure. */
bool key_profiles_make(const struct event_log *log, const struct event_index *index,
                       struct key_profiles *profiles, struct err *err);
void key_profiles_free(struct key_profiles *profiles);

/* Does each key have its own value of this attribute (fidelity.h)? Is it one by which the key is
 * known? */
bool key_profiles_is_own(const char *attribute);
bool key_profiles_is_name(const char *attribute);

#endif
