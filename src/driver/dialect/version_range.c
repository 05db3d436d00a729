/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/dialect/version_range.h"

#include <string.h>

/* "2.40": two numbers of at most 255 (PKCS#11 v2.40 section 3.1, CK_VERSION), before *end. */
static bool read_version(const char *text, uint16_t *version, const char **end)
{
    unsigned part[2] = {0, 0};

    for (unsigned i = 0; i < 2; i++) {
        size_t digits = strspn(text, "0123456789");
        if (digits == 0 || digits > 3)
            return false;
        for (; digits > 0; digits--)
            part[i] = 10 * part[i] + (unsigned)(*text++ - '0');
        if (part[i] > UINT8_MAX || (i == 0 && *text++ != '.'))
            return false;
    }
    *version = (uint16_t)(part[0] << 8 | part[1]);
    *end = text;
    return true;
}

bool version_range_read(const char *text, struct version_range *range)
{
    static const char to[] = " to ";
    const char *rest;

    *range = (struct version_range){.given = true};
    if (!read_version(text, &range->from, &rest))
        return false;
    range->to = range->from;
    if (strcmp(rest, " or later") == 0)
        range->to = UINT16_MAX;
    else if (strcmp(rest, " or earlier") == 0)
        range->from = 0;
    else if (strncmp(rest, to, sizeof to - 1) == 0)
        return read_version(rest + sizeof to - 1, &range->to, &rest) && !*rest &&
               range->from <= range->to;
    else
        return !*rest;
    return true;
}

bool version_is_within(const struct version_range *range, const char *text)
{
    uint16_t version;
    const char *end;

    return !range->given || (text && read_version(text, &version, &end) && !*end &&
                             version >= range->from && version <= range->to);
}
