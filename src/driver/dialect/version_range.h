/* SPDX-License-Identifier: Apache-2.0 */
/* The releases of a module, or of a token's firmware, for which a dialect was written. */
#ifndef HSMFERRY_DRIVER_DIALECT_VERSION_RANGE_H
#define HSMFERRY_DRIVER_DIALECT_VERSION_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* Versions from one to another, both included: major << 8 | minor, as in CK_VERSION. */
struct version_range {
    bool given; /* otherwise any version, also one that is not known */
    uint16_t from, to;
};

/* Reads "3.8 to 3.18", "3.19 or later", "3.18 or earlier" or "3.8". Returns false if it is none of
 * them, or an empty range. */
bool version_range_read(const char *text, struct version_range *range);

/* Is this version, such as "2.40", in the range? NULL: it is not known. */
bool version_is_within(const struct version_range *range, const char *text);

#endif
