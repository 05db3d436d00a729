/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/claim.h"

#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/lock.h"
#include "base/text.h"

enum { NAME_DIGITS = 32 };

/* A serial of nothing but zeros is none, and only PKCS#11 has serials that are worth the name. */
static bool has_serial(const struct hsm_where *where, const struct hsm_slot *slot)
{
    return strcmp(where->api, "pkcs11") == 0 && slot->serial[strspn(slot->serial, "0")] != '\0';
}

/* The same for every process that sees this token; nothing of it can be read there. */
static void make_name(const struct hsm_where *where, const struct hsm_slot *slot, char *name,
                      size_t size)
{
    static const struct hsm_where nowhere;
    const struct hsm_where *place = has_serial(where, slot) ? &nowhere : where;
    const char *const parts[] = {slot->manufacturer, slot->model,   slot->serial,
                                 slot->label,        place->module, place->params};
    char all[4 * HSM_PATH_MAX], hex[2 * SHA256_SIZE + 1];
    uint8_t sha256[SHA256_SIZE];
    size_t len = 0;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        len += text_print(all + len, sizeof all - len, "%s\n", parts[i]);
    SHA256((const unsigned char *)all, len, sha256);
    text_print(name, size, "hsmferry-%.*s.lock", NAME_DIGITS, text_hex(sha256, sizeof sha256, hex));
}

bool claim_token(const char *const *folders, const struct hsm_where *where,
                 const struct hsm_slot *slot, enum side side, int *fd, struct err *err)
{
    char name[64], what[2 * sizeof slot->label];
    bool opened = false;

    make_name(where, slot, name, sizeof name);
    for (; *folders && !opened; folders++)
        opened = lock_open(*folders, name, fd, err);
    if (!opened)
        return false;
    text_print(what, sizeof what, "The token %s, serial %s,", slot->label, slot->serial);
    if (lock_take(*fd, side == SIDE_SOURCE, what, err))
        return true;
    close(*fd);
    *fd = -1;
    return false;
}
