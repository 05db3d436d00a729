/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command_line.h"

#include <string.h>

#include "base/text.h"
#include "cmd/message.h"

enum { NAMED_MAX = 8, REFUSAL_SIZE = 128 };

/* Removes the options from argv, records them, and counts the remaining words. Returns false after
 * a usage error. */
static bool take_options(int argc, char **argv, struct invocation *in, int *words, int *code)
{
    bool ended = false; /* by "--" */

    *words = 0;
    for (int i = 1; i < argc; i++) {
        if (ended || argv[i][0] != '-') {
            argv[(*words)++] = argv[i];
            continue;
        }
        ended = strcmp(argv[i], "--") == 0;
        if (ended)
            continue;
        const struct option *option = table_option(in->table, argv[i]);
        if (!option) {
            *code = command_misused("There is no such option", argv[i]);
            return false;
        }
        void *flag = (char *)in + option->flag;
        if (!option->word[0]) {
            *(bool *)flag = true;
        } else if (i + 1 < argc) {
            *(const char **)flag = argv[++i];
        } else {
            *code = command_misused("A word is missing after", argv[i]);
            return false;
        }
    }
    return true;
}

/* "Only list, probe and verify can do this". */
static void refusal(const struct command_table *table, const struct option *option,
                    char out[REFUSAL_SIZE])
{
    const char *names[NAMED_MAX] = {NULL};
    size_t count = option_commands(table, option, names, NAMED_MAX), at = 0;

    for (size_t i = 0; i < count && i < NAMED_MAX; i++)
        at += text_print(out + at, REFUSAL_SIZE - at, "%s%s",
                         i == 0          ? "Only "
                         : i + 1 < count ? ", "
                                         : " and ",
                         names[i][0] ? names[i] : "a ceremony");
    text_print(out + at, REFUSAL_SIZE - at, " can do this");
}

/* Refuses an option that has no effect on this command, unless it is one for all commands. */
static bool check_options(const struct invocation *in, int *code)
{
    char what[REFUSAL_SIZE];

    for (const struct option *o = in->table->options; o->name; o++) {
        if (!option_given(in, o) || o->everywhere || command_lists(in->command, o))
            continue;
        refusal(in->table, o, what);
        *code = command_misused_by(in->command->name, what, o->name);
        return false;
    }
    return true;
}

/* Compares the words with the usage of the command. */
static bool check_words(const struct invocation *in, char *const *words, int count, int *code)
{
    const char *at = in->command->words, *name = in->command->name;
    struct usage_word word = {.name = ""};
    char what[REFUSAL_SIZE];
    int most = 0;

    for (; usage_next(&at, &word); most = word.repeated ? COMMAND_WORDS : most + 1) {
        if (word.optional || most < count)
            continue;
        text_print(what, sizeof what, "%s is missing%s", word.name, name[0] ? " after" : "");
        *code = command_misused_by(name, what, name);
        return false;
    }
    if (count > most)
        *code = command_misused_by(name, "There is a word too many", words[most]);
    return count <= most;
}

bool command_line_read(const struct command_table *table, int argc, char **argv,
                       struct invocation *in, int *code)
{
    int count, named;

    in->table = table;
    if (!take_options(argc, argv, in, &count, code))
        return false;
    in->command = count > 0 ? table_command(table, argv[0]) : NULL;
    named = in->command ? 1 : 0; /* the number of words that name the command */
    if (!in->command)
        in->command = table->commands;
    if (in->help || in->version)
        return true;
    if (!check_words(in, argv + named, count - named, code) || !check_options(in, code))
        return false;
    for (int i = named; i < count; i++)
        in->words[i - named] = argv[i];
    return true;
}
