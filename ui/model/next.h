/* SPDX-License-Identifier: Apache-2.0 */
/* What a step will do, in words, from what a run's events have said so far. */
#ifndef HSMFERRY_UI_MODEL_NEXT_H
#define HSMFERRY_UI_MODEL_NEXT_H

#include "protocol/next_step.h"
#include "ui/model/run.h"

/* Of this step, with this key of the plan (from 1; 0: no key's). */
void next_words(const struct run *run, enum step_id id, uint32_t key, struct next_words *out);

#endif
