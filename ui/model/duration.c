/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/duration.h"

#include <inttypes.h>
#include <stdio.h>

char *duration_text(int64_t micros, char *out)
{
    int64_t ms = micros / 1000, tenths = (micros + 99) / 100;

    if (tenths < 100)
        snprintf(out, DURATION_TEXT, "%" PRId64 ".%" PRId64 " ms", tenths / 10, tenths % 10);
    else if (ms < 10000)
        snprintf(out, DURATION_TEXT, "%" PRId64 " ms", ms);
    else
        snprintf(out, DURATION_TEXT, "%" PRId64 ".%" PRId64 " s", ms / 1000, ms / 100 % 10);
    return out;
}
