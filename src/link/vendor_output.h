/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a vendor library prints, line by line, as safe text: few and short enough that a library
 * gone wild cannot drown what matters.
 */
#ifndef HSMFERRY_LINK_VENDOR_OUTPUT_H
#define HSMFERRY_LINK_VENDOR_OUTPUT_H

#include <stddef.h>

enum {
    VENDOR_OUTPUT_LINE_MAX = 200, /* bytes of a line; the rest is cut */
    VENDOR_OUTPUT_BURST = 50,     /* lines passed on before vendor_output_refill() */
};

struct vendor_output {
    void (*take)(void *ctx, const char *line); /* NULL: all is dropped */
    void *ctx;
    unsigned used; /* lines of the burst so far */
    size_t len;
    char line[VENDOR_OUTPUT_LINE_MAX];
};

/* Takes len bytes as they were printed and passes on each line that ends in them. */
void vendor_output_feed(struct vendor_output *s, const char *data, size_t len);

/* Passes on a last line without an end. */
void vendor_output_flush(struct vendor_output *s);

/* A new call begins: the next burst is allowed. */
void vendor_output_refill(struct vendor_output *s);

#endif
