/* SPDX-License-Identifier: Apache-2.0 */
/* A fuzz target without a fuzzer: gives it each file that is named, in memory of just that size. */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "tests/fuzz/fuzz.h"

static bool replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    long len = f && fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
    bool ok = len >= 0 && fseek(f, 0, SEEK_SET) == 0 && (data = malloc(len ? (size_t)len : 1)) &&
              fread(data, 1, (size_t)len, f) == (size_t)len;

    if (ok)
        LLVMFuzzerTestOneInput(data, (size_t)len);
    else
        fprintf(stderr, "%s cannot be read\n", path);
    free(data);
    if (f)
        fclose(f);
    return ok;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        printf("%s\n", argv[i]);
        fflush(stdout); /* where it ends, the last line names the input */
        if (!replay(argv[i]))
            return EX_NOINPUT;
    }
    return argc > 1 ? EX_OK : EX_USAGE;
}
