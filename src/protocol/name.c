/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/name.h"

#include <stddef.h>

const char *name_of(const char *const *names, unsigned count, unsigned value)
{
    return value < count && names[value] ? names[value] : "?";
}
