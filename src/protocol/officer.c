/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/officer.h"

#include <stddef.h>

#include "base/text.h"

const char *const officer_roles[2] = {"source officer", "destination officer"};

const struct officer *officer_find(const struct officer *officers, unsigned count, const char *role)
{
    for (unsigned i = 0; i < count; i++)
        if (text_typed_equal(officers[i].role, role, true))
            return &officers[i];
    return NULL;
}
