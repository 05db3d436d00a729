/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry rehearse: a whole ceremony on two software tokens made for it, with what is
 * installed. */
#include <stdio.h>
#include <sysexits.h>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/rehearsal.h"
#include "cmd/run_console.h"

static int remove_rehearsal(const char *dir)
{
    struct err err = {0};
    bool rest = false;

    if (!rehearsal_remove(dir, &rest, &err))
        return command_failed(&err);
    printf("The rehearsal is removed, with its tokens, PINs and reports.%s\n",
           rest ? " Other files in the folder stay." : "");
    return EX_OK;
}

int command_rehearse(const struct invocation *in)
{
    struct rehearsal r = {.pair = in->pair, .dir = in->dir};
    struct invocation ceremony = *in;
    char file[PATH_MAX + sizeof "/ceremony.yaml"];
    struct err err = {0};
    int code = EX_OK;

    if (in->remove)
        return remove_rehearsal(in->remove);
    r.asks = console_is_possible(in->plain);
    if (!rehearsal_make(&r, &err))
        return command_failed(&err);
    text_print(file, sizeof file, "%s/ceremony.yaml", r.made);
    ceremony.words[0] = file;
    if (in->prepare)
        printf("The rehearsal is ready: %s\nThe PINs are in %s/pins/source and "
               "%s/pins/destination\n",
               file, r.made, r.made);
    else
        code = command_ceremony(&ceremony);
    printf("Tokens, PINs and report are in %s\n"
           "To remove them: hsmferry rehearse --remove %s\n",
           r.made, r.made);
    return code;
}
