/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames: the format of messages on the pipe between the console and an agent. A frame is its
 * length (4 octets, big endian, at most FRAME_MAX) followed by that many octets. Reading and
 * writing wait with poll(2), so that neither a slow nor a silent other end can block longer than
 * permitted.
 */
#ifndef HSMFERRY_LINK_FRAME_H
#define HSMFERRY_LINK_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum { FRAME_MAX = 1 << 20 };

/* One end of the pipe, and the descriptors that are watched while waiting for it. */
struct frame_io {
    int fd;         /* a socket or a pipe; non-blocking if a deadline is to be kept */
    int abandon_fd; /* readable: abandon the wait; -1: none */
    int aside_fd;   /* readable: call aside() and continue; -1: none */
    /* Returns false at the end of the data: aside_fd is then set to -1. */
    bool (*aside)(void *ctx);
    void *ctx;
    int lend_fd; /* a copy of it is sent with the next frame; then set to 0, which means none */
    bool keeps;  /* received descriptors stay open as long as this process lives */
};

enum frame_result {
    FRAME_OK,
    FRAME_END,       /* the other end closed between two frames */
    FRAME_TORN,      /* it closed in the middle of a frame */
    FRAME_LONG,      /* it announced a frame longer than FRAME_MAX */
    FRAME_LATE,      /* the deadline has passed */
    FRAME_ABANDONED, /* abandon_fd became readable */
    FRAME_FAILED,    /* errno holds the reason */
};

/* The time ms milliseconds from now, for the functions below. */
int64_t frame_deadline(int ms);

/* Reads one frame into *frame, which is emptied first; the caller frees it in any case with
 * bytes_free(). deadline: the latest time for the end of the frame; -1: no limit. */
enum frame_result frame_read(struct frame_io *io, int64_t deadline, struct bytes *frame);

/* Writes one frame of len bytes, at most FRAME_MAX. Never raises SIGPIPE on a socket; a caller that
 * writes to a pipe must ignore that signal. */
enum frame_result frame_write(struct frame_io *io, int64_t deadline, const void *data, size_t len);

#endif
