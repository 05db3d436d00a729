/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/opencryptoki/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"

enum { SLOTS = 2 };

static bool taken[SLOTS];

static const char *module(void)
{
    static const char *const places[] = {"/usr/lib/x86_64-linux-gnu/pkcs11/libopencryptoki.so",
                                         "/usr/lib/aarch64-linux-gnu/pkcs11/libopencryptoki.so",
                                         "/usr/lib64/pkcs11/libopencryptoki.so"};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    return NULL;
}

static void script(const char *name, char *out, size_t size)
{
    const char *top = getenv("abs_top_srcdir");

    text_print(out, size, "%s/tests/opencryptoki/%s", top ? top : ".", name);
}

void opencryptoki_enter(char **argv)
{
    char start[HSM_PATH_MAX];

    if (!module()) {
        fprintf(stderr, "SKIPPED: opencryptoki is not installed\n");
        exit(77);
    }
    if (getenv("HSMFERRY_OPENCRYPTOKI"))
        return;
    script("start.sh", start, sizeof start);
    execlp("sh", "sh", start, argv[0], (char *)NULL);
    perror("sh");
    exit(99);
}

bool opencryptoki_set_up(struct contract_place *place)
{
    char fresh[HSM_PATH_MAX], command[2 * HSM_PATH_MAX];
    unsigned slot = 0;

    while (slot < SLOTS && taken[slot])
        slot++;
    if (slot == SLOTS)
        return false;
    script("fresh.sh", fresh, sizeof fresh);
    text_print(command, sizeof command, "sh '%s' %u", fresh, slot);
    if (system(command) != 0)
        return false;
    taken[slot] = true;
    *place = (struct contract_place){
        .slot = slot, .pin = "87651234", .speaks = "opencryptoki", .lacks = "ec hmac"};
    text_print(place->where.api, sizeof place->where.api, "pkcs11");
    text_print(place->where.module, sizeof place->where.module, "%s", module());
    return true;
}

void opencryptoki_tear_down(struct contract_place *place)
{
    taken[place->slot] = false;
}
