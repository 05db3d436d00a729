/* SPDX-License-Identifier: Apache-2.0 */
/* The PGP word list (Juola and Zimmermann, 1996): two words for each value of a byte. */
#ifndef HSMFERRY_BASE_WORDS_H
#define HSMFERRY_BASE_WORDS_H

extern const char *const words_even[256]; /* of two syllables */
extern const char *const words_odd[256];  /* of three */

#endif
