/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authentication of a file by words: the room that wrote it reads out the first words of its
 * SHA-256, and the officer of the other room types them. The program never shows there what it
 * expects, so that nobody can copy it from the screen.
 */
#ifndef HSMFERRY_SEALED_SEALED_WORDS_H
#define HSMFERRY_SEALED_SEALED_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

enum { SEALED_WORDS = 12, SEALED_TRIES = 2 };

/* Initialised by sealed_words_of(). */
struct sealed_words {
    uint8_t sha256[SHA256_SIZE];
    unsigned left; /* answers that may still be given */
    bool agreed;
};

struct sealed_words sealed_words_of(const uint8_t sha256[SHA256_SIZE]);

/* FOR THE ROOM THAT WROTE THE FILE: the words to read out, separated by blanks. out has
 * TEXT_WORDS_SIZE bytes. Returns out. */
char *sealed_words_to_read(const uint8_t sha256[SHA256_SIZE], char *out);

/* Are these the words? Case, and the number of blanks, do not matter. Errors: ERR_DENIED (they are
 * not; or SEALED_TRIES answers were wrong: from then on every answer is); ERR_USAGE (not as many
 * words, or a word that is not in the list: not counted as an answer). */
bool sealed_words_answer(struct sealed_words *words, const char *typed, struct err *err);

#endif
