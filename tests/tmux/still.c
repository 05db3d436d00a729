/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For LD_PRELOAD, under captures.sh: a console for which time stands still and that draws the same
 * random numbers in every run, so that its screens can be compared. Only the screen's own thread
 * sees time pass, or Esc would never be a key by itself.
 */
#include <openssl/rand.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *t)
{
    if (clock == CLOCK_REALTIME)
        *t = (struct timespec){.tv_sec = 1767268800}; /* 2026-01-01T12:00:00Z */
    else if (clock == CLOCK_MONOTONIC && gettid() != getpid())
        *t = (struct timespec){.tv_sec = 1000};
    else
        return (int)syscall(SYS_clock_gettime, clock, t);
    return 0;
}

__attribute__((visibility("default"))) int RAND_bytes(unsigned char *to, int len)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static uint32_t state = 1;

    pthread_mutex_lock(&lock);
    for (int i = 0; i < len; i++) {
        state = state * 1664525 + 1013904223;
        to[i] = (unsigned char)(state >> 24);
    }
    pthread_mutex_unlock(&lock);
    return 1;
}
