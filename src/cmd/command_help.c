/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command_help.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/message.h"

enum { USAGE_COLUMNS = 30, NAME_COLUMNS = 23, PAGE_COLUMNS = 79, PREFIX_MAX = 3, NAMES_SIZE = 64 };

/* The names of the commands that have the option, as "list, probe: "; empty if many have it. */
static void prefix(const struct command_table *table, const struct option *option,
                   char out[NAMES_SIZE])
{
    const char *names[PREFIX_MAX] = {NULL};
    size_t count = option_commands(table, option, names, PREFIX_MAX), at = 0;

    out[0] = '\0';
    if (count > PREFIX_MAX)
        return;
    for (size_t i = 0; i < count; i++)
        at += text_print(out + at, NAMES_SIZE - at, "%s%s", names[i], i + 1 < count ? ", " : ":");
}

/* The values that a word can have, below its help. */
static void print_values(const struct word *word)
{
    int column = PAGE_COLUMNS;

    for (size_t i = 0; word && word->value && word->value(i); i++) {
        int len = (int)strlen(word->value(i));
        if (column + 1 + len > PAGE_COLUMNS) {
            printf("%s%*s", i == 0 ? "" : "\n", NAME_COLUMNS + 2, "");
            column = NAME_COLUMNS + 2;
        }
        column += printf("%s%s", column == NAME_COLUMNS + 2 ? "" : " ", word->value(i));
    }
    if (word && word->value)
        puts("");
}

static void print_option(const struct option *option, const char *before)
{
    int width = NAME_COLUMNS - (int)strlen(option->name) - 1;

    printf("  %s %-*s%s%s%s\n", option->name, width, option->word, before, before[0] ? " " : "",
           option->help);
}

static void print_all(const struct command_table *table)
{
    char before[NAMES_SIZE], usage[NAMES_SIZE];

    puts("hsmferry moves keys from one HSM to another, in a guided ceremony.\n");
    for (const struct command *c = table->commands; c->name; c++) {
        text_print(usage, sizeof usage, "%s%s%s", c->name, c->name[0] ? " " : "", c->words);
        printf("  hsmferry %-*s %s\n", USAGE_COLUMNS, usage, c->help);
    }
    puts("");
    for (const struct option *o = table->options; o->name; o++) {
        prefix(table, o, before);
        print_option(o, before);
    }
    printf("\nExample:\n  hsmferry %s\n", table->commands->example);
    puts("\n\"hsmferry COMMAND --help\" describes one command, hsmferry(1) everything.");
}

static void print_words(const struct command_table *table, const struct command *command)
{
    const char *at = command->words;
    struct usage_word word;

    while (usage_next(&at, &word)) {
        const struct word *row = table_word(table, word.name);
        if (row)
            printf("  %-*s%s\n", NAME_COLUMNS, row->name, row->help);
        print_values(row);
    }
}

static void print_one(const struct command_table *table, const struct command *command)
{
    printf("usage: hsmferry %s%s %s\n\n%s\n\n", command->name,
           command->options[0] ? " [OPTION...]" : "", command->words, command->help);
    print_words(table, command);
    for (const struct option *o = table->options; o->name; o++)
        if (command_lists(command, o)) {
            print_option(o, "");
            print_values(table_word(table, o->word));
        }
    printf("\nExample:\n  hsmferry %s\n", command->example);
    puts("\nSee the manual page hsmferry(1) for details.");
}

int help_print(const struct command_table *table, const struct command *command)
{
    if (command->name[0])
        print_one(table, command);
    else
        print_all(table);
    return EX_OK;
}

int command_help(const struct invocation *in)
{
    const char *name = in->words[0];
    const struct command *command = name ? table_command(in->table, name) : in->table->commands;

    if (!command)
        return command_misused("There is no such command", name);
    return help_print(in->table, command);
}
