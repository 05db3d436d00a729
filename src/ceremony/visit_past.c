/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/visit_past.h"

#include <string.h>

const struct visit_past *visit_past_of(const struct visit_pasts *pasts, const char *migration)
{
    for (size_t i = 0; pasts && i < pasts->count; i++)
        if (strcmp(pasts->at[i].migration, migration) == 0)
            return &pasts->at[i];
    return NULL;
}
