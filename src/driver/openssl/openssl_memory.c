/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/openssl/openssl_memory.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <openssl/crypto.h>

/* Pieces of 64, 128, ... octets up to PIECE_MAX are cut from chunks, and go into the list of their
 * size when they are freed. Larger ones are separate mappings. */
enum { CHUNK = 512 * 1024, PIECE_MIN = 64, PIECE_MAX = 64 * 1024, SIZES = 11, PAGE = 4096 };

struct piece {
    size_t room;        /* octets after this header */
    struct piece *next; /* of the free ones of this size */
};

_Static_assert(PIECE_MIN << (SIZES - 1) == PIECE_MAX, "every size has a list");
_Static_assert(sizeof(struct piece) % _Alignof(max_align_t) == 0, "what follows is aligned");

/* OpenSSL's allocator is one for the process, and is called without a context. */
static struct {
    pthread_mutex_t lock;
    struct piece *free[SIZES];
    uint8_t *chunk; /* the rest of the newest one */
    size_t left;
    size_t unlocked;
} heap = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *map(size_t len)
{
    void *pages = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        return NULL;
    if (madvise(pages, len, MADV_DONTDUMP) != 0 || madvise(pages, len, MADV_WIPEONFORK) != 0) {
        munmap(pages, len);
        return NULL;
    }
    if (mlock(pages, len) != 0)
        heap.unlocked += len;
    return pages;
}

static unsigned size_of(size_t room)
{
    unsigned size = 0;

    while ((size_t)PIECE_MIN << size < room)
        size++;
    return size;
}

/* The rest of the chunk before is lost: at most one piece. */
static struct piece *cut(size_t room)
{
    struct piece *piece;

    if (heap.left < sizeof *piece + room) {
        uint8_t *chunk = map(CHUNK);
        if (!chunk)
            return NULL;
        heap.chunk = chunk;
        heap.left = CHUNK;
    }
    piece = (struct piece *)(void *)heap.chunk;
    heap.chunk += sizeof *piece + room;
    heap.left -= sizeof *piece + room;
    piece->room = room;
    return piece;
}

static struct piece *take_large(size_t len)
{
    size_t whole = (len + sizeof(struct piece) + PAGE - 1) / PAGE * PAGE;
    struct piece *piece = map(whole);

    if (piece)
        piece->room = whole - sizeof *piece;
    return piece;
}

static void *take(size_t len, const char *file, int line)
{
    unsigned size = size_of(len);
    struct piece *piece;

    (void)file, (void)line;
    if (len == 0 || len > SIZE_MAX / 2)
        return NULL;
    pthread_mutex_lock(&heap.lock);
    if (len > PIECE_MAX) {
        piece = take_large(len);
    } else if ((piece = heap.free[size])) {
        heap.free[size] = piece->next;
    } else {
        piece = cut((size_t)PIECE_MIN << size);
    }
    pthread_mutex_unlock(&heap.lock);
    return piece ? piece + 1 : NULL;
}

static void give_back(void *data, const char *file, int line)
{
    struct piece *piece = (struct piece *)data - 1;

    (void)file, (void)line;
    if (!data)
        return;
    OPENSSL_cleanse(data, piece->room);
    pthread_mutex_lock(&heap.lock);
    if (piece->room > PIECE_MAX) {
        munmap(piece, piece->room + sizeof *piece);
    } else {
        unsigned size = size_of(piece->room);
        piece->next = heap.free[size];
        heap.free[size] = piece;
    }
    pthread_mutex_unlock(&heap.lock);
}

static void *take_again(void *data, size_t len, const char *file, int line)
{
    const struct piece *piece = (const struct piece *)data - 1;
    void *grown;

    if (data && len > 0 && len <= piece->room)
        return data;
    grown = take(len, file, line);
    if (data && grown)
        memcpy(grown, data, piece->room < len ? piece->room : len);
    if (grown || len == 0)
        give_back(data, file, line);
    return grown;
}

/* The first of OpenSSL's next pieces comes from here. */
static bool is_used(void)
{
    void *data = OPENSSL_malloc(PIECE_MIN);
    const struct piece *piece = (const struct piece *)data - 1;
    bool is = data && (const uint8_t *)data + PIECE_MIN == heap.chunk && piece->room == PIECE_MIN;

    OPENSSL_free(data);
    return is;
}

bool openssl_memory_use(struct err *err)
{
    if (heap.chunk)
        return true;
    if (CRYPTO_set_mem_functions(take, take_again, give_back) != 1 || !is_used())
        return err_set(err, ERR_FAILED, "OpenSSL cannot be given memory that is locked and wiped");
    return true;
}

size_t openssl_memory_unlocked(void)
{
    size_t unlocked;

    pthread_mutex_lock(&heap.lock);
    unlocked = heap.unlocked;
    pthread_mutex_unlock(&heap.lock);
    return unlocked;
}

__attribute__((noinline)) void openssl_stack_wipe(void)
{
    uint8_t used[256 * 1024];

    OPENSSL_cleanse(used, sizeof used);
}
