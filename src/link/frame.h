/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames: how messages lie on the pipe between the console and an agent. A frame is its length
 * (4 octets, big endian, at most FRAME_MAX) and that many octets. Reading and writing wait with
 * poll(2), so that neither a slow nor a silent other end holds us longer than we allow.
 */
#ifndef HSMFERRY_LINK_FRAME_H
#define HSMFERRY_LINK_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum { FRAME_MAX = 1 << 20 };

/* One end of the pipe, and what else to watch while waiting on it. */
struct frame_io {
    int fd;         /* a socket or a pipe; non-blocking where a deadline shall hold */
    int abandon_fd; /* readable: give up; -1: none */
    int aside_fd;   /* readable: call aside() and wait on; -1: none */
    /* Returns false when there will be no more to read: aside_fd becomes -1. */
    bool (*aside)(void *ctx);
    void *ctx;
    int lend_fd; /* a copy of it goes along with the next frame; then 0, which is none */
    bool keeps;  /* descriptors that come along stay open as long as this process lives */
};

enum frame_result {
    FRAME_OK,
    FRAME_END,       /* the other end closed between two frames */
    FRAME_TORN,      /* it closed in the middle of one */
    FRAME_LONG,      /* it announced more than FRAME_MAX */
    FRAME_LATE,      /* the deadline has passed */
    FRAME_ABANDONED, /* abandon_fd became readable */
    FRAME_FAILED,    /* errno says what */
};

/* The moment ms milliseconds from now, for the functions below. */
int64_t frame_deadline(int ms);

/* Reads one frame into *frame (emptied first, so it is bytes_free()d by the caller in any case).
 * deadline: the whole frame must be there by then; -1: no limit. */
enum frame_result frame_read(struct frame_io *io, int64_t deadline, struct bytes *frame);

/* Writes one frame of len bytes, at most FRAME_MAX. Never raises SIGPIPE on a socket; who writes
 * to a pipe ignores that signal. */
enum frame_result frame_write(struct frame_io *io, int64_t deadline, const void *data, size_t len);

#endif
