/* SPDX-License-Identifier: Apache-2.0 */
/* The path that is being typed, completed as a shell does. */
#ifndef HSMFERRY_UI_MODEL_COMPLETE_H
#define HSMFERRY_UI_MODEL_COMPLETE_H

#include <stddef.h>

#include "ui/model/field.h"

/* Appends to the path in f ("sql:" before it is left alone) what all files and folders have in
 * common whose names begin so; a single folder gets its slash. said: a message that is safe to
 * show: the names there are, that there is none, or that this folder cannot be listed; empty:
 * nothing. */
void complete_path(struct field *f, char *said, size_t size);

#endif
