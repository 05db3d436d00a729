/* SPDX-License-Identifier: Apache-2.0 */
/* Frames between the two ends of a socket or pipe: whole, in pieces, too long, cut off, late. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "link/frame.h"

enum { SOON_MS = 50, LONG_MS = 20000 };

struct ends {
    int fd[2];
    struct frame_io io; /* on fd[0] */
};

static struct frame_io io_of(int fd)
{
    return (struct frame_io){.fd = fd, .abandon_fd = -1, .aside_fd = -1};
}

static int make_ends(void **state)
{
    static struct ends ends;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends.fd) != 0)
        return -1;
    fcntl(ends.fd[0], F_SETFL, O_NONBLOCK);
    ends.io = io_of(ends.fd[0]);
    *state = &ends;
    return 0;
}

static int close_ends(void **state)
{
    struct ends *e = *state;
    close(e->fd[0]);
    close(e->fd[1]);
    return 0;
}

static void put(int fd, const void *data, size_t len)
{
    assert_int_equal(write(fd, data, len), (ssize_t)len);
}

static void end_other(struct ends *e)
{
    shutdown(e->fd[1], SHUT_RDWR);
}

static void frame_arrives_as_written(void **state)
{
    struct ends *e = *state;
    struct frame_io other = io_of(e->fd[1]);
    struct bytes got = {0};

    assert_int_equal(frame_write(&e->io, frame_deadline(LONG_MS), "ferry", 5), FRAME_OK);
    assert_int_equal(frame_write(&e->io, frame_deadline(LONG_MS), "", 0), FRAME_OK);
    assert_int_equal(frame_read(&other, -1, &got), FRAME_OK);
    assert_int_equal(got.len, 5);
    assert_memory_equal(got.data, "ferry", 5);
    assert_int_equal(frame_read(&other, -1, &got), FRAME_OK);
    assert_int_equal(got.len, 0);
    bytes_free(&got);
}

/* In place of the system's, which do it. */
static unsigned sendings, receipts;

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
    ssize_t (*real)(int, const struct msghdr *, int) =
        (ssize_t(*)(int, const struct msghdr *, int))(uintptr_t)dlsym(RTLD_NEXT, "sendmsg");

    sendings++;
    return real(fd, msg, flags);
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
    ssize_t (*real)(int, struct msghdr *, int) =
        (ssize_t(*)(int, struct msghdr *, int))(uintptr_t)dlsym(RTLD_NEXT, "recvmsg");

    receipts++;
    return real(fd, msg, flags);
}

/* The other end is woken once for each frame, and does not wait between its length and its
 * content. */
static void a_frame_is_sent_at_once(void **state)
{
    struct ends *e = *state;
    struct frame_io other = io_of(e->fd[1]);
    struct bytes frame = {0};

    sendings = receipts = 0;
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(frame_write(&e->io, frame_deadline(LONG_MS), "content", 7), FRAME_OK);
        assert_int_equal(sendings, i);
        assert_int_equal(frame_read(&other, frame_deadline(LONG_MS), &frame), FRAME_OK);
        assert_int_equal(receipts, 2 * i);
        assert_int_equal(frame.len, 7);
    }
    bytes_free(&frame);
}

static void frame_has_its_length_in_front(void **state)
{
    struct ends *e = *state;
    char seen[9];

    assert_int_equal(frame_write(&e->io, -1, "abcde", 5), FRAME_OK);
    assert_int_equal(read(e->fd[1], seen, sizeof seen), 9);
    assert_memory_equal(seen, "\0\0\0\5abcde", 9);
}

struct feeder {
    int fd;
    const uint8_t *data;
    size_t len;
};

/* One byte at a time: the worst that a stream may do. */
static void *feed(void *arg)
{
    struct feeder *f = arg;
    for (size_t i = 0; i < f->len; i++) {
        ssize_t n = write(f->fd, f->data + i, 1);
        (void)n;
        sched_yield();
    }
    return NULL;
}

static void pieces_are_put_together(void **state)
{
    struct ends *e = *state;
    struct feeder f = {e->fd[1], (const uint8_t *)"\0\0\0\6pieces", 10};
    struct bytes got = {0};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, feed, &f), 0);
    assert_int_equal(frame_read(&e->io, frame_deadline(LONG_MS), &got), FRAME_OK);
    pthread_join(thread, NULL);
    assert_int_equal(got.len, 6);
    assert_memory_equal(got.data, "pieces", 6);
    bytes_free(&got);
}

static void *read_one(void *arg)
{
    static struct bytes got;
    struct frame_io io = io_of(*(int *)arg);
    return frame_read(&io, -1, &got) == FRAME_OK ? &got : NULL;
}

static void longest_frame_passes(void **state)
{
    struct ends *e = *state;
    struct bytes sent = {0};
    pthread_t thread;
    void *got;

    assert_true(bytes_make(&sent, FRAME_MAX, NULL));
    memset(sent.data, 0x5a, sent.len);
    assert_int_equal(pthread_create(&thread, NULL, read_one, &e->fd[1]), 0);
    assert_int_equal(frame_write(&e->io, frame_deadline(LONG_MS), sent.data, sent.len), FRAME_OK);
    pthread_join(thread, &got);
    assert_non_null(got);
    assert_true(bytes_equal(got, &sent));
    bytes_free(got);
    bytes_free(&sent);
}

static void longer_frame_is_refused(void **state)
{
    struct ends *e = *state;
    struct bytes got = {0};

    put(e->fd[1], "\x00\x10\x00\x01", 4); /* FRAME_MAX + 1 */
    assert_int_equal(frame_read(&e->io, frame_deadline(LONG_MS), &got), FRAME_LONG);
    assert_null(got.data);
    assert_int_equal(frame_write(&e->io, -1, "", FRAME_MAX + 1), FRAME_LONG);
}

static void end_between_frames_is_an_end(void **state)
{
    struct ends *e = *state;
    struct bytes got = {0};

    end_other(e);
    assert_int_equal(frame_read(&e->io, frame_deadline(LONG_MS), &got), FRAME_END);
}

static void end_in_the_length_is_torn(void **state)
{
    struct ends *e = *state;
    struct bytes got = {0};

    put(e->fd[1], "\0\0", 2);
    end_other(e);
    assert_int_equal(frame_read(&e->io, frame_deadline(LONG_MS), &got), FRAME_TORN);
}

static void end_in_the_content_is_torn(void **state)
{
    struct ends *e = *state;
    struct bytes got = {0};

    put(e->fd[1], "\0\0\0\4ab", 6);
    end_other(e);
    assert_int_equal(frame_read(&e->io, frame_deadline(LONG_MS), &got), FRAME_TORN);
    bytes_free(&got);
}

static void end_after_the_length_is_torn(void **state)
{
    struct ends *e = *state;
    struct bytes got = {0};

    put(e->fd[1], "\0\0\0\4", 4);
    end_other(e);
    assert_int_equal(frame_read(&e->io, frame_deadline(LONG_MS), &got), FRAME_TORN);
    bytes_free(&got);
}

/* The other end died and had not read what we wrote: the kernel says ECONNRESET. */
static void end_with_unread_data_is_an_end(void **state)
{
    struct ends *e = *state;
    struct bytes got = {0};

    put(e->fd[0], "unread", 6);
    close(e->fd[1]);
    e->fd[1] = dup(e->fd[0]); /* for close_ends() */
    assert_int_equal(frame_read(&e->io, frame_deadline(LONG_MS), &got), FRAME_END);
}

static void silence_is_late(void **state)
{
    struct ends *e = *state;
    struct bytes got = {0};

    assert_int_equal(frame_read(&e->io, frame_deadline(SOON_MS), &got), FRAME_LATE);
    put(e->fd[1], "\0\0\0\4ab", 6);
    assert_int_equal(frame_read(&e->io, frame_deadline(SOON_MS), &got), FRAME_LATE);
    bytes_free(&got);
}

/* The deadline is for the whole frame: who sends a byte now and then gains nothing. */
static void *drip(void *arg)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    for (int i = 0; i < 200; i++) {
        ssize_t n = send(*(int *)arg, "x", 1, MSG_NOSIGNAL);
        if (n < 0)
            break;
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static void dripping_is_late(void **state)
{
    struct ends *e = *state;
    struct bytes got = {0};
    pthread_t thread;

    put(e->fd[1], "\0\1\0\0", 4);
    assert_int_equal(pthread_create(&thread, NULL, drip, &e->fd[1]), 0);
    assert_int_equal(frame_read(&e->io, frame_deadline(2 * SOON_MS), &got), FRAME_LATE);
    shutdown(e->fd[0], SHUT_RDWR);
    pthread_join(thread, NULL);
    bytes_free(&got);
}

static void who_never_reads_is_late(void **state)
{
    struct ends *e = *state;
    struct bytes big = {0};

    assert_true(bytes_make(&big, FRAME_MAX, NULL));
    assert_int_equal(frame_write(&e->io, frame_deadline(SOON_MS), big.data, big.len), FRAME_LATE);
    bytes_free(&big);
}

static void writing_to_the_dead_is_an_end(void **state)
{
    struct ends *e = *state;

    signal(SIGPIPE, SIG_DFL); /* it would end this test */
    end_other(e);
    assert_int_equal(frame_write(&e->io, -1, "x", 1), FRAME_END);
}

static void pipes_work_too(void **state)
{
    (void)state;
    int fd[2];
    struct bytes got = {0};

    assert_int_equal(pipe(fd), 0);
    struct frame_io in = io_of(fd[0]), out = io_of(fd[1]);
    assert_int_equal(frame_write(&out, -1, "pipe", 4), FRAME_OK);
    assert_int_equal(frame_read(&in, -1, &got), FRAME_OK);
    assert_memory_equal(got.data, "pipe", 4);
    bytes_free(&got);
    close(fd[0]);
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(frame_write(&out, -1, "pipe", 4), FRAME_END);
    signal(SIGPIPE, SIG_DFL);
    close(fd[1]);
}

static void officer_may_abandon(void **state)
{
    struct ends *e = *state;
    struct bytes got = {0};

    e->io.abandon_fd = eventfd(1, EFD_CLOEXEC);
    assert_int_equal(frame_read(&e->io, frame_deadline(LONG_MS), &got), FRAME_ABANDONED);
    close(e->io.abandon_fd);
}

struct aside {
    int fd, heard;
};

static bool hear(void *ctx)
{
    struct aside *a = ctx;
    char buf[16];

    ssize_t n = read(a->fd, buf, sizeof buf);
    a->heard += n > 0 ? (int)n : 0;
    return n > 0;
}

static void aside_is_heard_until_it_ends(void **state)
{
    struct ends *e = *state;
    struct bytes got = {0};
    int fd[2];

    assert_int_equal(pipe(fd), 0);
    struct aside aside = {fd[0], 0};
    e->io.aside_fd = fd[0];
    e->io.aside = hear;
    e->io.ctx = &aside;
    put(fd[1], "a vendor's words", 16);
    close(fd[1]);
    assert_int_equal(frame_read(&e->io, frame_deadline(SOON_MS), &got), FRAME_LATE);
    assert_int_equal(aside.heard, 16);
    assert_int_equal(e->io.aside_fd, -1);
    close(fd[0]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_ends, close_ends)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frame_arrives_as_written),
        TEST(a_frame_is_sent_at_once),
        TEST(frame_has_its_length_in_front),
        TEST(pieces_are_put_together),
        TEST(longest_frame_passes),
        TEST(longer_frame_is_refused),
        TEST(end_between_frames_is_an_end),
        TEST(end_in_the_length_is_torn),
        TEST(end_in_the_content_is_torn),
        TEST(end_after_the_length_is_torn),
        TEST(end_with_unread_data_is_an_end),
        TEST(silence_is_late),
        TEST(dripping_is_late),
        TEST(who_never_reads_is_late),
        TEST(writing_to_the_dead_is_an_end),
        TEST(pipes_work_too),
        TEST(officer_may_abandon),
        TEST(aside_is_heard_until_it_ends),
    };
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
