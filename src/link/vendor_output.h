/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The output of a vendor library, line by line, as safe text; limited in number and length, so that
 * a library's flood of output cannot hide what matters.
 */
#ifndef HSMFERRY_LINK_VENDOR_OUTPUT_H
#define HSMFERRY_LINK_VENDOR_OUTPUT_H

#include <stddef.h>

enum {
    VENDOR_OUTPUT_LINE_MAX = 200, /* bytes of a line; the rest is truncated */
    VENDOR_OUTPUT_LAST_MAX = 120,
    VENDOR_OUTPUT_BURST = 50, /* lines passed on until vendor_output_refill() */
};

struct vendor_output {
    void (*take)(void *ctx, const char *line); /* NULL: everything is dropped */
    void *ctx;
    unsigned used; /* lines passed on since the last refill */
    size_t len;
    char line[VENDOR_OUTPUT_LINE_MAX];
    char last[VENDOR_OUTPUT_LAST_MAX +
              1]; /* the last line that was passed on, without a full stop */
};

/* Takes len bytes of output and passes on each line that is complete. */
void vendor_output_feed(struct vendor_output *s, const char *data, size_t len);

/* Passes on a last line that has no end. */
void vendor_output_flush(struct vendor_output *s);

/* A new call begins: permits the next burst. */
void vendor_output_refill(struct vendor_output *s);

#endif
