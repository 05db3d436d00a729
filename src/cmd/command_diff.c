/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry diff A B: was the ceremony performed as it was rehearsed? */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "config/config.h"

/* Is this a value that may differ between a rehearsal and its ceremony? */
static bool is_device(const char *path)
{
    static const char *const places[] = {"source.", "destination.", "rehearsal", "report-folder",
                                         "sign-report."};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (strncmp(path, places[i], strlen(places[i])) == 0)
            return true;
    return false;
}

/* One pass over the differences. */
struct pass {
    bool devices; /* prints the differences of the devices, otherwise the others */
    size_t count;
};

static void print_difference(void *ctx, const char *path, const char *a, const char *b)
{
    char safe[TEXT_SAFE_SIZE(EVENT_PATH_MAX)];
    struct pass *pass = ctx;

    if (is_device(path) != pass->devices)
        return;
    if (pass->count++ == 0)
        puts(pass->devices ? "Devices and surroundings, which may differ:"
                           : "Not only the devices differ:");
    text_safe(a ? a : b, strlen(a ? a : b), safe, sizeof safe);
    printf("  %s %-24s %s\n", a ? "A" : "B", path, safe);
}

static int print_diff(const struct config *a, const struct config *b)
{
    struct pass others = {0}, devices = {.devices = true};
    struct err err = {0};

    if (!config_diff(a, b, print_difference, &others, &err) ||
        !config_diff(a, b, print_difference, &devices, &err))
        return command_failed(&err);
    if (others.count) {
        puts("These are two different ceremonies.");
        return EX_DATAERR;
    }
    puts(devices.count ? "The same ceremony, except for the devices." : "The same ceremony.");
    return EX_OK;
}

int command_diff(const struct invocation *in)
{
    struct config *a = NULL, *b = NULL;
    struct err err = {0};
    int code = config_load(in->words[0], CONFIG_TO_COMPARE, &a, &err) &&
                       config_load(in->words[1], CONFIG_TO_COMPARE, &b, &err)
                   ? print_diff(a, b)
                   : command_failed(&err);

    config_free(a);
    config_free(b);
    return code;
}
