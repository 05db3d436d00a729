/* SPDX-License-Identifier: Apache-2.0 */
/* A target with a fault in it: who runs it and finds nothing would find nothing anywhere. */
#include <string.h>

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_must(len < 4 || memcmp(data, "wrap", 4) != 0, "no input begins with \"wrap\"");
    return 0;
}
