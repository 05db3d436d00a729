/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A digest as a picture, the "drunken bishop" of OpenSSH: two that differ are seen to differ. Near
 * digests can look alike, so a picture helps the eye and proves nothing. ASCII only.
 */
#ifndef HSMFERRY_BASE_RANDOMART_H
#define HSMFERRY_BASE_RANDOMART_H

#include <stddef.h>
#include <stdint.h>

enum { RANDOMART_WIDTH = 19, RANDOMART_LINES = 11 }; /* with the frame */

struct randomart {
    char line[RANDOMART_LINES][RANDOMART_WIDTH + 1];
};

/* Draws the walk that these octets steer, as fingerprint_randomart() in OpenSSH's sshkey.c. above
 * and below: titles in the frame's edges, without brackets, cut to 15 characters of ASCII. */
void randomart_draw(const uint8_t *digest, size_t len, const char *above, const char *below,
                    struct randomart *out);

#endif
