/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry sign REPORT CEREMONY: adds a signature next to a report; also a further one, also
 * later. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/run_plain.h"
#include "ui/plain/plain.h"

static bool find(struct session *s, const struct invocation *in, char *report, struct err *err)
{
    char name[FILE_SHOWN];

    if (!realpath(in->words[0], report))
        return err_set(err, ERR_NO_INPUT, "There is no report %s", file_shown(in->words[0], name));
    if (!session_load_as(s, in->words[1], CONFIG_TO_COMPARE, err))
        return false;
    if (config_signs_on(s->config))
        return session_confine(s, SESSION_SIGN, report, err);
    err_set(err, ERR_CONFIG, "The ceremony file names no key that signs");
    return err_next(err, "Name one under \"sign-report\"; hsmferry-ceremony(5) explains how");
}

static void print_signature(const struct session *s)
{
    FILE *stamped = s->config->rehearsal ? plain_stamped(stdout, PLAIN_STAMP) : NULL;
    FILE *out = stamped ? stamped : stdout;

    if (s->signing.done)
        signing_print(&s->signing, out);
    else
        fputs("No signature was added.\n", out);
    if (stamped)
        fclose(stamped);
}

int command_sign(const struct invocation *in)
{
    struct session s = {.host = in->host};
    struct err err = {0};
    char report[PATH_MAX];
    int code = 0;

    if (find(&s, in, report, &err)) {
        code = command_sign_plain(&s, report, &err);
        print_signature(&s);
    }
    if (err.code != ERR_NONE)
        code = command_failed(&err);
    session_free(&s);
    return code;
}
