/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/token_lock.h"

#include <string.h>

#include <openssl/sha.h>

#include "base/lock.h"
#include "base/text.h"

enum { NAME_DIGITS = 32 };

/* The name is the same for every process that uses this token, and reveals nothing about it. */
static void make_name(const struct hsm_slot *slot, char *name, size_t size)
{
    char all[HSM_IDENTITY], hex[2 * SHA256_SIZE + 1];
    uint8_t sha256[SHA256_SIZE];

    hsm_identity(slot, all);
    SHA256((const unsigned char *)all, strlen(all), sha256);
    text_print(name, size, "hsmferry-%.*s.lock", NAME_DIGITS, text_hex(sha256, sizeof sha256, hex));
}

bool token_lock_take(const char *const *folders, const struct hsm_slot *slot, enum side side,
                     int *fd, struct err *err)
{
    char name[64], what[2 * sizeof slot->label];

    make_name(slot, name, sizeof name);
    text_print(what, sizeof what, "The token %s, serial %s,", slot->label, slot->serial);
    for (; *folders; folders++)
        if (lock_for_all(*folders, name, side == SIDE_SOURCE, what, fd, err))
            return true;
        else if (err->code != ERR_NO_INPUT)
            return false;
    err->code = ERR_DENIED;
    return false;
}
