/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/message.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"
#include "ui/plain/plain.h"

int command_failed(const struct err *err)
{
    plain_error(stderr, err);
    return err_exit(err->code);
}

int command_misused_by(const char *command, const char *what, const char *word)
{
    char safe[TEXT_SAFE_SIZE(256)];

    text_safe(word, strnlen(word, 256), safe, sizeof safe);
    fprintf(stderr, "hsmferry: %s%s%s\n  next: see hsmferry %s%s--help\n", what,
            word[0] ? ": " : "", safe, command, command[0] ? " " : "");
    return EX_USAGE;
}

int command_misused(const char *what, const char *word)
{
    return command_misused_by("", what, word);
}
