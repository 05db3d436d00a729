/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/doctor.h"

#include <stdarg.h>

#include "base/text.h"

enum { NAME_COLUMNS = 14 };

__attribute__((format(printf, 4, 0))) static void
say(struct doctor *d, const char *mark, const char *remedy, const char *fmt, va_list args)
{
    char text[ERR_WHAT_MAX];

    text_vprint(text, sizeof text, fmt, args);
    fprintf(d->out, "[%s] %-*s %s\n", mark, NAME_COLUMNS, d->check->name, text);
    if (remedy)
        fprintf(d->out, "       %-*s %s\n", NAME_COLUMNS, "", remedy);
}

void doctor_good(struct doctor *d, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(d, " ok ", NULL, fmt, args);
    va_end(args);
}

void doctor_note(struct doctor *d, const char *remedy, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(d, "note", remedy ? remedy : d->check->remedy, fmt, args);
    va_end(args);
    d->notes++;
}

void doctor_fault(struct doctor *d, enum err_code code, const char *remedy, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(d, "FAIL", remedy ? remedy : d->check->remedy, fmt, args);
    va_end(args);
    if (d->faults++ == 0)
        d->code = code;
}

/* Some errors end their next step with a stop, and a remedy has none. */
void doctor_failed(struct doctor *d, const struct err *err)
{
    char next[ERR_NEXT_MAX];
    size_t len = text_print(next, sizeof next, "%s", err->next);

    if (len > 0 && next[len - 1] == '.')
        next[len - 1] = '\0';
    doctor_fault(d, err->code, next[0] ? next : NULL, "%s", err->what);
}

bool doctor_has_file(struct doctor *d)
{
    if (!d->config)
        fprintf(d->out, "[    ] %-*s not checked without a ceremony file\n", NAME_COLUMNS,
                d->check->name);
    return d->config != NULL;
}
