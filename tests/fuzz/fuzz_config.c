/* SPDX-License-Identifier: Apache-2.0 */
/* The ceremony file (config.h): what is read can be written, and says the same. */
#include <unistd.h>

#include "config/config.h"
#include "config/config_parts.h"
#include "tests/fuzz/fuzz.h"

static void no_difference(void *ctx, const char *path, const char *a, const char *b)
{
    (void)ctx, (void)path, (void)a, (void)b;
    fuzz_must(false, "nothing differs between two equal files");
}

static bool read_as(int fd, enum config_use use, struct config **config)
{
    struct err err = {0};

    lseek(fd, 0, SEEK_SET);
    if (config_read(fd, "/", "ceremony.yaml", use, config, &err))
        return true;
    fuzz_must_report(&err);
    return false;
}

static void check_written(const struct config *config, enum config_use use)
{
    int fd = fuzz_memory("", 0);
    struct config *again;
    struct err err = {0};

    fuzz_must(config_print(config, fd, &err), "what was read can be written");
    if (!read_as(fd, use, &again))
        fuzz_must(false, "what was written can be read");
    fuzz_must(config_equal(config, again), "what was written says the same");
    fuzz_must(config_diff(config, again, no_difference, NULL, &err), "two files can be compared");
    config_free(again);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    int fd = fuzz_memory(data, len);
    struct config *config;
    bool run = read_as(fd, CONFIG_TO_RUN, &config);

    if (run) {
        check_written(config, CONFIG_TO_RUN);
        config_free(config);
    }
    if (read_as(fd, CONFIG_TO_COMPARE, &config)) {
        check_written(config, CONFIG_TO_COMPARE);
        config_free(config);
    } else {
        fuzz_must(!run, "a file that can be run can be compared");
    }
    close(fd);
    return 0;
}
