/* SPDX-License-Identifier: Apache-2.0 */
/* The engine asks, officers answer: what review, gate and PIN have in common. */
#ifndef HSMFERRY_UI_MODEL_QUESTIONS_H
#define HSMFERRY_UI_MODEL_QUESTIONS_H

#include "ui/model/app.h"

/* Opens what wants a typed answer: nothing that was typed before it counts. It waits for a failure
 * that was not read yet and for a question of ours. */
void questions_expect(struct app *app);

/* Makes what was typed the answer. */
void questions_answer(struct app *app);

/* Refuses the open question, and the engine does what follows from that. */
void questions_refuse(struct app *app);

/* Wipes the answer, which nobody will ask for. */
void questions_forget(struct app *app);

/* Must the word that starts be checked here, because the file waives the engine's own gate? */
bool questions_review_waived(const struct app *app);

/* Stop the ceremony? */
const struct confirm *questions_stop(const struct app *app);

#endif
