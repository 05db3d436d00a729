/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/token_lock.h"

#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/lock.h"
#include "base/text.h"

enum { NAME_DIGITS = 32 };

const char *const token_lock_folders[] = {"/run/lock/hsmferry", "/run/lock", "/tmp", NULL};

/* The name is the same for every process that uses this token, and reveals nothing about it. */
static void make_name(const struct hsm_slot *slot, char *name, size_t size)
{
    char all[HSM_IDENTITY], hex[2 * SHA256_SIZE + 1];
    uint8_t sha256[SHA256_SIZE];

    hsm_identity(slot, all);
    SHA256((const unsigned char *)all, strlen(all), sha256);
    text_print(name, size, "hsmferry-%.*s.lock", NAME_DIGITS, text_hex(sha256, sizeof sha256, hex));
}

const char *token_lock_folder(const char *const *folders)
{
    while (folders[1] && access(*folders, F_OK) != 0)
        folders++;
    return *folders;
}

static bool take(const char *const *folders, const char *name, const struct lock_want *want,
                 int *fd, struct err *err)
{
    for (; *folders; folders++)
        if (lock_for_all(*folders, name, want, fd, err))
            return true;
        else if (err->code != ERR_NO_INPUT)
            return false;
    err->code = ERR_DENIED;
    return false;
}

bool token_lock_take(const char *const *folders, const struct hsm_slot *slot, bool shared, int *fd,
                     struct err *err)
{
    char name[64], what[2 * sizeof slot->label];
    const struct lock_want want = {shared, 0, what};

    make_name(slot, name, sizeof name);
    text_print(what, sizeof what, "The token %s, serial %s,", slot->label, slot->serial);
    return take(folders, name, &want, fd, err);
}

bool token_lock_join(const char *const *folders, const struct hsm_slot *slot, bool shared,
                     uint64_t ceremony, int *fd, struct err *err)
{
    char name[64], host[64] = "", safe[TEXT_SAFE_SIZE(sizeof host)];
    char what[2 * sizeof slot->label + sizeof safe];
    const struct lock_want want = {shared, ceremony % LOCK_GROUP_MAX + 1, what};

    make_name(slot, name, sizeof name);
    (void)gethostname(host, sizeof host - 1);
    text_safe((const uint8_t *)host, strlen(host), safe, sizeof safe);
    text_print(what, sizeof what, "The token %s, serial %s, on the host %s,", slot->label,
               slot->serial, safe);
    return take(folders, name, &want, fd, err);
}
