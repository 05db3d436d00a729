/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry report JOURNAL: writes the report again, from the journal alone. */
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/message.h"
#include "report/report.h"

int command_report(const struct invocation *in)
{
    struct err err = {0};
    bool torn;

    if (!report_again(in->words[0], STDOUT_FILENO, &torn, &err))
        return command_failed(&err);
    if (torn)
        fputs("hsmferry: the journal's last line is incomplete and was ignored\n", stderr);
    return EX_OK;
}
