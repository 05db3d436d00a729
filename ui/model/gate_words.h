/* SPDX-License-Identifier: Apache-2.0 */
/* What each gate is for, in the words of screen and line mode. */
#ifndef HSMFERRY_UI_MODEL_GATE_WORDS_H
#define HSMFERRY_UI_MODEL_GATE_WORDS_H

#include "protocol/gate.h"
#include "protocol/removal.h"
#include "ui/model/text_page.h"

/* Appends what to compare, with what, why, and what to type: one line each. */
void gate_words(enum gate gate, enum removal removal, struct sheet *sheet);

#endif
