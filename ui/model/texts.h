/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that occur again and again, each kept once: the calls of 10,000 keys are a handful. */
#ifndef HSMFERRY_UI_MODEL_TEXTS_H
#define HSMFERRY_UI_MODEL_TEXTS_H

#include <stddef.h>

struct texts {
    char **at; /* a hash table of room places, which is a power of two */
    size_t count, room;
};

/* The kept copy of text, valid until texts_free(); NULL when there is no memory. */
const char *texts_keep(struct texts *texts, const char *text);
void texts_free(struct texts *texts);

#endif
