/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command_table.h"

#include <string.h>

#include "base/text.h"

bool usage_next(const char **at, struct usage_word *out)
{
    static const char more[] = "...";
    const size_t tail = sizeof more - 1;

    *at += strspn(*at, " ");
    size_t len = strcspn(*at, " ");
    const char *name = *at;
    *at += len;
    *out = (struct usage_word){.optional = len > 0 && name[0] == '['};
    if (out->optional && name[len - 1] == ']') {
        name++;
        len -= 2;
    }
    out->repeated = len > tail && strncmp(name + len - tail, more, tail) == 0;
    text_print(out->name, sizeof out->name, "%.*s", (int)(len - (out->repeated ? tail : 0)), name);
    return len > 0;
}

const struct command *table_command(const struct command_table *table, const char *name)
{
    for (const struct command *c = table->commands; c->name; c++)
        if (c->name[0] && strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

const struct option *table_option(const struct command_table *table, const char *name)
{
    for (const struct option *o = table->options; o->name; o++)
        if (strcmp(o->name, name) == 0 || (o->letter[0] && strcmp(o->letter, name) == 0))
            return o;
    return NULL;
}

const struct word *table_word(const struct command_table *table, const char *name)
{
    for (const struct word *w = table->words; w->name; w++)
        if (strcmp(w->name, name) == 0)
            return w;
    return NULL;
}

bool command_lists(const struct command *command, const struct option *option)
{
    size_t len = strlen(option->name);
    const char *found = command->options;

    while ((found = strstr(found, option->name))) {
        if ((found == command->options || found[-1] == ' ') &&
            (found[len] == ' ' || found[len] == '\0'))
            return true;
        found += len;
    }
    return false;
}

size_t option_commands(const struct command_table *table, const struct option *option,
                       const char **names, size_t max)
{
    size_t count = 0;

    for (const struct command *c = table->commands; c->name; c++) {
        if (!command_lists(c, option))
            continue;
        if (count < max)
            names[count] = c->name;
        count++;
    }
    return count;
}

const char *option_text(const struct invocation *in, const struct option *option)
{
    const void *flag = (const char *)in + option->flag;

    return option->word[0] ? *(const char *const *)flag : NULL;
}

bool option_given(const struct invocation *in, const struct option *option)
{
    const void *flag = (const char *)in + option->flag;

    return option->word[0] ? option_text(in, option) != NULL : *(const bool *)flag;
}
