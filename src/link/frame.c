/* SPDX-License-Identifier: Apache-2.0 */
#include "link/frame.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t frame_deadline(int ms)
{
    return now_ms() + ms;
}

/* Waits until io->fd is ready for events. The deadline also applies while aside_fd has data. */
static enum frame_result wait_ready(struct frame_io *io, short events, int64_t deadline)
{
    for (;;) {
        int64_t left = deadline < 0 ? -1 : deadline - now_ms();
        if (deadline >= 0 && left <= 0)
            return FRAME_LATE;

        struct pollfd fds[] = {
            {.fd = io->fd, .events = events},
            {.fd = io->abandon_fd, .events = POLLIN},
            {.fd = io->aside_fd, .events = POLLIN},
        };
        if (poll(fds, 3, left < INT_MAX ? (int)left : INT_MAX) < 0) {
            if (errno == EINTR)
                continue;
            return FRAME_FAILED;
        }
        if (fds[2].revents && !io->aside(io->ctx))
            io->aside_fd = -1;
        if (fds[1].revents)
            return FRAME_ABANDONED;
        if (fds[0].revents)
            return FRAME_OK;
    }
}

/* Ancillary data with room for one descriptor (cmsg(3)). */
union control {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int))];
};

/* Received descriptors are not used; it suffices that they are open. A pipe is read only when it is
 * ready: with at_once it is not. */
static ssize_t read_some(struct frame_io *io, uint8_t *data, size_t len, bool at_once)
{
    union control control;
    struct iovec iov = {data, len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

    if (io->keeps) {
        msg.msg_control = control.room;
        msg.msg_controllen = sizeof control.room;
    }
    ssize_t n = recvmsg(io->fd, &msg, MSG_CMSG_CLOEXEC | (at_once ? MSG_DONTWAIT : 0));

    if (n >= 0 || errno != ENOTSOCK)
        return n;
    errno = EAGAIN;
    return at_once ? -1 : read(io->fd, data, len);
}

/* at_once: it is probably there. If the other end of a socket died with unread data, reading fails
 * with ECONNRESET: this is treated as an ordinary end. */
static enum frame_result read_all(struct frame_io *io, int64_t deadline, uint8_t *data, size_t len,
                                  bool at_once)
{
    for (size_t got = 0; got < len; at_once = false) {
        enum frame_result result = at_once ? FRAME_OK : wait_ready(io, POLLIN, deadline);
        if (result != FRAME_OK)
            return result;
        ssize_t n = read_some(io, data + got, len - got, at_once);
        if (n > 0)
            got += (size_t)n;
        else if (n == 0 || errno == ECONNRESET)
            return got ? FRAME_TORN : FRAME_END;
        else if (errno != EAGAIN && errno != EINTR)
            return FRAME_FAILED;
    }
    return FRAME_OK;
}

enum frame_result frame_read(struct frame_io *io, int64_t deadline, struct bytes *frame)
{
    uint8_t head[4];

    bytes_free(frame);
    enum frame_result result = read_all(io, deadline, head, sizeof head, false);
    if (result != FRAME_OK)
        return result;

    size_t len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    if (len > FRAME_MAX)
        return FRAME_LONG;
    if (!bytes_make(frame, len, NULL)) {
        errno = ENOMEM;
        return FRAME_FAILED;
    }
    result = read_all(io, deadline, frame->data, len, true);
    return result == FRAME_END ? FRAME_TORN : result;
}

/* The head and the data of a frame, or what is left of them. */
enum { PARTS = 2 };

/* Sends them together, and with them the descriptor that is lent. */
static ssize_t write_some(struct frame_io *io, struct iovec *parts)
{
    union control control = {0};
    struct msghdr msg = {.msg_iov = parts, .msg_iovlen = PARTS};

    if (io->lend_fd) {
        control.head = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.head), &io->lend_fd, sizeof io->lend_fd);
        msg.msg_control = control.room;
        msg.msg_controllen = sizeof control.room;
    }
    ssize_t n = sendmsg(io->fd, &msg, MSG_NOSIGNAL);
    if (n > 0)
        io->lend_fd = 0;
    return n < 0 && errno == ENOTSOCK ? writev(io->fd, parts, PARTS) : n;
}

/* What was written is no longer part of them. */
static void take_off(struct iovec *parts, size_t written)
{
    for (size_t i = 0; i < PARTS; i++) {
        const size_t of = written < parts[i].iov_len ? written : parts[i].iov_len;
        parts[i].iov_base = (uint8_t *)parts[i].iov_base + of;
        parts[i].iov_len -= of;
        written -= of;
    }
}

static enum frame_result write_all(struct frame_io *io, int64_t deadline, struct iovec *parts)
{
    while (parts[0].iov_len + parts[1].iov_len > 0) {
        enum frame_result result = wait_ready(io, POLLOUT, deadline);
        if (result != FRAME_OK)
            return result;
        ssize_t n = write_some(io, parts);
        if (n >= 0)
            take_off(parts, (size_t)n);
        else if (errno == EPIPE || errno == ECONNRESET)
            return FRAME_END;
        else if (errno != EAGAIN && errno != EINTR)
            return FRAME_FAILED;
    }
    return FRAME_OK;
}

enum frame_result frame_write(struct frame_io *io, int64_t deadline, const void *data, size_t len)
{
    if (len > FRAME_MAX)
        return FRAME_LONG;

    uint8_t head[] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                      (uint8_t)len};
    /* iovec is not const, but nothing is written there */
    struct iovec parts[PARTS] = {{head, sizeof head}, {(void *)(uintptr_t)data, len}};
    return write_all(io, deadline, parts);
}
