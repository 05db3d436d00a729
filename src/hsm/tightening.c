/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/tightening.h"

#include <string.h>

#include "base/text.h"

/* Is this start later, or this end earlier? No date is the loosest. */
static bool starts_later(const char *date, const char *than)
{
    return date[0] && strcmp(date, than) > 0;
}

static bool ends_earlier(const char *date, const char *than)
{
    return date[0] && (!than[0] || strcmp(date, than) < 0);
}

void tightening_of(const struct key_desc *original, uint32_t asked, const struct key_desc *copy,
                   struct tightening *out)
{
    const struct key_constraints *was = &original->constraints, *is = &copy->constraints;

    *out = (struct tightening){.off = 0};
    if (key_is_not(copy, KEY_MODIFIABLE) || !key_is_movable_class(copy))
        return;
    out->off = copy->flags & copy->flags_known & ~asked & TIGHTENING_OFF;
    out->on = ~copy->flags & copy->flags_known & asked & TIGHTENING_ON;
    if (!(was->known & is->known & KEY_DATES))
        return;
    if (starts_later(was->start, is->start))
        memcpy(out->start, was->start, sizeof out->start);
    if (ends_earlier(was->end, is->end))
        memcpy(out->end, was->end, sizeof out->end);
}

bool tightening_is_set(const struct tightening *t)
{
    return t->off || t->on || t->start[0] || t->end[0];
}

bool tightening_holds(const struct tightening *t, const struct key_desc *is)
{
    const uint32_t asked = t->off | t->on;

    return (is->flags_known & asked) == asked && (is->flags & asked) == t->on &&
           !starts_later(t->start, is->constraints.start) &&
           !ends_earlier(t->end, is->constraints.end);
}

static bool is_date(const char *date)
{
    return !date[0] || (strlen(date) == KEY_DATE_SIZE - 1 && strspn(date, "0123456789") == 8);
}

bool tightening_check(const struct tightening *t, const struct key_desc *is, struct err *err)
{
    const struct key_constraints *has = &is->constraints;

    if ((t->off & ~(uint32_t)TIGHTENING_OFF) || (t->on & ~(uint32_t)TIGHTENING_ON) ||
        !is_date(t->start) || !is_date(t->end))
        return err_set(err, ERR_DENIED, "an attribute was named that is not set here");
    if ((t->start[0] || t->end[0]) && !(has->known & KEY_DATES))
        return err_set(err, ERR_DENIED, "the HSM does not report the dates of this key");
    if ((t->start[0] && !starts_later(t->start, has->start)) ||
        (t->end[0] && !ends_earlier(t->end, has->end)))
        return err_set(err, ERR_DENIED, "these dates would loosen the key");
    return true;
}

static void add(char *out, const char *name, const char *value)
{
    const size_t len = strlen(out);

    text_print(out + len, TIGHTENING_TEXT - len, "%s%s: %s", len ? "; " : "", name, value);
}

char *tightening_text(const struct tightening *t, char *out)
{
    out[0] = '\0';
    for (uint32_t flag = 1; flag < 1U << KEY_FLAGS; flag <<= 1)
        if ((t->off | t->on) & flag)
            add(out, key_flag_name(flag), t->on & flag ? "yes" : "no");
    if (t->start[0])
        add(out, "start date", t->start);
    if (t->end[0])
        add(out, "end date", t->end);
    return out;
}
