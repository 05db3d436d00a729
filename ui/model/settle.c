/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/settle.h"

bool settle_is_on(const struct settle *s)
{
    return s->how == SETTLE_RESUMES || s->how == SETTLE_CLEANS;
}
