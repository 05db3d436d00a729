/* SPDX-License-Identifier: Apache-2.0 */
/* The keys with which officers let a ceremony go on, and walk from key to key. */
#ifndef HSMFERRY_UI_MODEL_PACE_KEYS_H
#define HSMFERRY_UI_MODEL_PACE_KEYS_H

#include "ui/model/app.h"

extern const struct key_row keys_pace[], keys_walk[];

/* Is it one of keys_pace? */
bool pace_keys_have(const struct key_row *row);

/* The key of the plan whose steps are shown, from 1; 0: none has begun. */
uint32_t pace_key_shown(const struct app *app);

/* Shows the steps of the key that many further on, as far as the plan has keys. */
void pace_walk(struct app *app, long delta);

#endif
