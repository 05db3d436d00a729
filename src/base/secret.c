/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <openssl/crypto.h>

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* The size of the whole pages that cap bytes need. */
static size_t whole_pages(size_t cap)
{
    size_t page = page_size();

    return (cap + page - 1) / page * page;
}

bool secret_new(struct secret *s, size_t cap, struct err *err)
{
    size_t page = page_size();
    size_t inner = whole_pages(cap);
    uint8_t *map;

    if (cap > SIZE_MAX / 2) /* the sums would overflow */
        return err_set(err, ERR_FAILED, "No memory for a secret of %zu bytes", cap);
    map = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return err_set_errno(err, ERR_FAILED, errno, "No memory for a secret");
    if (mprotect(map + page, inner, PROT_READ | PROT_WRITE) != 0 ||
        madvise(map + page, inner, MADV_DONTDUMP) != 0 ||
        madvise(map + page, inner, MADV_WIPEONFORK) != 0) {
        int no = errno;
        munmap(map, inner + 2 * page);
        return err_set_errno(err, ERR_FAILED, no, "The memory for a secret cannot be protected");
    }
    (void)mlock(map + page, inner); /* tolerated if RLIMIT_MEMLOCK forbids it */
    secret_free(s);
    /* The data ends at the upper guard page: an overrun by one byte is a fault, not a leak. */
    *s = (struct secret){.data = map + page + inner - cap, .cap = cap};
    return true;
}

bool secret_set(struct secret *s, const void *data, size_t len, struct err *err)
{
    if (len > s->cap)
        return err_set(err, ERR_USAGE, "The secret is longer than %zu bytes", s->cap);
    if (len)
        memmove(s->data, data, len);
    if (len < s->cap)
        OPENSSL_cleanse(s->data + len, s->cap - len);
    s->len = len;
    return true;
}

void secret_free(struct secret *s)
{
    if (!s)
        return;
    if (s->data) {
        size_t inner = whole_pages(s->cap);
        uint8_t *pages = s->data + s->cap - inner;
        OPENSSL_cleanse(s->data, s->cap);
        munmap(pages - page_size(), inner + 2 * page_size());
    }
    *s = (struct secret){0};
}

bool secret_harden_process(struct err *err)
{
    if (setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return err_set_errno(err, ERR_FAILED, errno,
                             "This process cannot be excluded from core dumps");
    return true;
}

bool secret_check_pin(const struct secret *pin, struct err *err)
{
    if (pin->len == 0)
        return err_set(err, ERR_USAGE, "The PIN is empty");
    if (pin->len > SECRET_PIN_MAX)
        return err_set(err, ERR_USAGE, "The PIN is longer than %d bytes", SECRET_PIN_MAX);
    if (memchr(pin->data, 0, pin->len))
        return err_set(err, ERR_USAGE, "The PIN contains a NUL byte");
    return true;
}
