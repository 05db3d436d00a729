/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of the table of commands in main.c. Parsing, --help, the completion of shells and the
 * test of the manual page all read that table: a new command or option is one row there.
 */
#ifndef HSMFERRY_CMD_COMMAND_TABLE_H
#define HSMFERRY_CMD_COMMAND_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct invocation;

/* What a command works on, which decides how it is confined. */
enum command_needs {
    NEEDS_NOTHING, /* it prints what the program knows */
    NEEDS_FILES,   /* it reads the files that are named */
    NEEDS_HSMS,    /* it reaches HSMs, through agents */
};

struct command {
    const char *name; /* empty: the command without a name */
    int (*run)(const struct invocation *in);
    enum command_needs needs;
    const char *words;   /* after the name: "OFFER CEREMONY.yaml [ACK]". Words in brackets can be
                            omitted; "..." at the end of one stands for more of the same kind */
    const char *options; /* the names of its options, separated by spaces */
    const char *help;    /* one line */
    const char *example; /* what follows "hsmferry"; empty: nothing does */
};

struct option {
    const char *name, *letter; /* "--help" and "-h"; an empty letter: none */
    const char *word;          /* the word that follows it; empty: none */
    size_t flag;               /* where struct invocation has its bool, or with a word its string */
    bool everywhere;           /* commands that do not list it take it, and ignore it */
    const char *help;
};

/* A word that follows a command or an option. */
struct word {
    const char *name;                 /* "OFFER", as it is in the usage */
    const char *ending;               /* of the files that it names; empty: any; NULL: no file */
    const char *(*value)(size_t nth); /* the values that it can have, NULL at the end; NULL: any */
    const char *help;
};

/* Each list ends with a row without a name (NULL). The first command is the one without a name. */
struct command_table {
    const struct command *commands;
    const struct option *options;
    const struct word *words;
};

enum { USAGE_WORD_SIZE = 32 };

/* A word of struct command's words, taken apart. */
struct usage_word {
    char name[USAGE_WORD_SIZE];
    bool optional, repeated;
};

/* Reads the next word of a usage, and moves *at after it; false: there is none. */
bool usage_next(const char **at, struct usage_word *out);

/* The row of this name. NULL: there is none. */
const struct command *table_command(const struct command_table *table, const char *name);
const struct option *table_option(const struct command_table *table, const char *name);
const struct word *table_word(const struct command_table *table, const char *name);

/* Does the command list the option? */
bool command_lists(const struct command *command, const struct option *option);

/* The names of the commands that list the option, at most max of them; returns how many do. */
size_t option_commands(const struct command_table *table, const struct option *option,
                       const char **names, size_t max);

/* Was the option given? */
bool option_given(const struct invocation *in, const struct option *option);

/* The word that was given after the option; NULL: it was not given. */
const char *option_text(const struct invocation *in, const struct option *option);

#endif
