/* SPDX-License-Identifier: Apache-2.0 */
/* A PIN from another program, which asks for it in its own way. */
#ifndef HSMFERRY_WORKER_PIN_PROGRAM_H
#define HSMFERRY_WORKER_PIN_PROGRAM_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"
#include "link/process.h"

/* Starts the program, without a shell, and reads the PIN from the only line that it prints into
 * *pin; it is stored in locked pages alone. stops (with its argument) is asked again and again
 * whether to give up. Errors: ERR_STOPPED, ERR_DENIED (the program ended without a PIN), ERR_USAGE
 * (it printed none that could be one), ERR_NO_INPUT, ERR_CONFIG, ERR_IO, ERR_FAILED. */
bool pin_program_read(const struct process_program *program, bool (*stops)(void *ctx), void *ctx,
                      struct secret *pin, struct err *err);

#endif
