/* SPDX-License-Identifier: Apache-2.0 */
/* Each shell has a function that writes its script: fixed text, and between it the rows of the
 * table. The scripts start no program, so that completion works before an HSM is connected. */
#include "cmd/command_completion.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cmd/command.h"
#include "cmd/command_table.h"
#include "cmd/message.h"

static void names(const struct command_table *table, const char *between)
{
    for (const struct command *c = table->commands + 1; c->name; c++)
        printf("%s%s", c == table->commands + 1 ? "" : between, c->name);
}

static void values(const struct word *word)
{
    for (size_t i = 0; word->value(i); i++)
        printf("%s%s", i == 0 ? "" : " ", word->value(i));
}

/* --- bash ---------------------------------------------------------------------------------- */

static const char bash_begin[] =
    "# Completion for bash, as \"hsmferry completion bash\" writes it.\n"
    "_hsmferry_files()\n"
    "{\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(\n"
    "        compgen -f -X \"!*$1\" -- \"$cur\"\n"
    "        [[ -z $1 ]] || compgen -d -- \"$cur\"\n"
    "    )\n"
    "}\n"
    "\n"
    "_hsmferry_words()\n"
    "{\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
    "}\n"
    "\n"
    "_hsmferry()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} word command= count=0 after= options= i\n"
    "\n"
    "    COMPREPLY=()\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if [[ -n $after ]]; then\n"
    "            after=\n"
    "            continue\n"
    "        fi\n"
    "        case $word in\n";

static const char bash_count[] = "            if [[ -z $command && $count -eq 0 ]]; then\n"
                                 "                command=$word\n"
                                 "            else\n"
                                 "                count=$((count + 1))\n"
                                 "            fi\n"
                                 "            ;;\n"
                                 "        *) count=$((count + 1)) ;;\n"
                                 "        esac\n"
                                 "    done\n"
                                 "    if [[ -z $after && $cur == -* ]]; then\n"
                                 "        case $command in\n";

static const char bash_words[] = "        esac\n"
                                 "        _hsmferry_words \"$options\"\n"
                                 "        return\n"
                                 "    fi\n"
                                 "    case $after:$command:$count in\n";

static const char bash_end[] = "    esac\n"
                               "}\n"
                               "complete -F _hsmferry hsmferry\n";

static void bash_word(const struct word *word)
{
    if (word && word->value) {
        printf("_hsmferry_words \"");
        values(word);
        printf("\" ;;\n");
    } else if (word && word->ending) {
        printf("_hsmferry_files '%s' ;;\n", word->ending);
    } else {
        printf(";;\n");
    }
}

static void bash_command_words(const struct command_table *table, const struct command *command)
{
    const char *at = command->words;
    struct usage_word word;

    for (int i = 0; usage_next(&at, &word); i++) {
        if (word.repeated)
            printf("    :%s:*) ", command->name);
        else
            printf("    :%s:%d) ", command->name, i);
        if (!command->name[0]) {
            printf("_hsmferry_words \"");
            names(table, " ");
            printf("\" && ");
        }
        bash_word(table_word(table, word.name));
    }
}

static void bash(const struct command_table *table)
{
    fputs(bash_begin, stdout);
    for (const struct option *o = table->options; o->name; o++)
        if (o->word[0])
            printf("        %s) after=$word ;;\n", o->name);
    printf("        -*) ;;\n        ");
    names(table, " | ");
    puts(")");
    fputs(bash_count, stdout);
    for (const struct command *c = table->commands + 1; c->name; c++)
        printf("        %s) options='%s%s--help' ;;\n", c->name, c->options,
               c->options[0] ? " " : "");
    printf("        *) options='");
    for (const struct option *o = table->options; o->name; o++)
        printf("%s%s", o == table->options ? "" : " ", o->name);
    puts("' ;;");
    fputs(bash_words, stdout);
    for (const struct option *o = table->options; o->name; o++)
        if (o->word[0]) {
            printf("    %s:*) ", o->name);
            bash_word(table_word(table, o->word));
        }
    for (const struct command *c = table->commands; c->name; c++)
        bash_command_words(table, c);
    fputs(bash_end, stdout);
}

/* --- zsh ----------------------------------------------------------------------------------- */

static const char zsh_begin[] = "#compdef hsmferry\n"
                                "# Completion for zsh, as \"hsmferry completion zsh\" writes it.\n"
                                "_hsmferry()\n"
                                "{\n"
                                "    local curcontext=$curcontext state line ret=1\n"
                                "    local -a commands\n"
                                "\n"
                                "    commands=(\n";

static const char zsh_first[] = "    )\n"
                                "    _arguments -C";

static const char zsh_rest[] = " \\\n"
                               "        '(-): :->first' '(-)*:: :->rest' && ret=0\n"
                               "    case $state in\n"
                               "    first)\n"
                               "        _describe command commands && ret=0\n"
                               "        _files -g '*.yaml' && ret=0\n"
                               "        ;;\n"
                               "    rest)\n"
                               "        case $line[1] in\n";

static const char zsh_end[] = "        esac\n"
                              "        ;;\n"
                              "    esac\n"
                              "    return ret\n"
                              "}\n"
                              "\n"
                              "if [[ $funcstack[1] = _hsmferry ]]; then\n"
                              "    _hsmferry \"$@\"\n"
                              "else\n"
                              "    compdef _hsmferry hsmferry\n"
                              "fi\n";

/* Text within single quotes, in which _arguments gives a meaning to ':', '[' and ']'. */
static void zsh_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            printf("'\\''");
        else
            printf("%s%c", strchr(":[]\\", *text) ? "\\" : "", *text);
    }
}

static void zsh_word(const struct word *word)
{
    if (word && word->value) {
        printf("(");
        values(word);
        printf(")");
    } else if (word && word->ending && word->ending[0]) {
        printf("_files -g \"*%s\"", word->ending);
    } else if (word && word->ending) {
        printf("_files");
    }
}

static void zsh_option(const struct command_table *table, const struct option *option)
{
    printf(" \\\n            '%s[", option->name);
    zsh_text(option->help);
    printf("]");
    if (option->word[0]) {
        printf(":%s:", option->word);
        zsh_word(table_word(table, option->word));
    }
    printf("'");
}

static void zsh_command(const struct command_table *table, const struct command *command)
{
    const char *at = command->words;
    struct usage_word word;

    printf("        %s)\n            _arguments", command->name);
    for (const struct option *o = table->options; o->name; o++)
        if (command_lists(command, o) || strcmp(o->name, "--help") == 0)
            zsh_option(table, o);
    for (int i = 1; usage_next(&at, &word); i++) {
        if (word.repeated)
            printf(" \\\n            '*:%s:", word.name);
        else
            printf(" \\\n            '%d:%s%s:", i, word.optional ? ":" : "", word.name);
        zsh_word(table_word(table, word.name));
        printf("'");
    }
    puts(" && ret=0\n            ;;");
}

static void zsh(const struct command_table *table)
{
    fputs(zsh_begin, stdout);
    for (const struct command *c = table->commands + 1; c->name; c++) {
        printf("        '%s:", c->name);
        zsh_text(c->help);
        puts("'");
    }
    fputs(zsh_first, stdout);
    for (const struct option *o = table->options; o->name; o++)
        zsh_option(table, o);
    fputs(zsh_rest, stdout);
    for (const struct command *c = table->commands + 1; c->name; c++)
        zsh_command(table, c);
    fputs(zsh_end, stdout);
}

/* ------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*print)(const struct command_table *table);
} shells[] = {{"bash", bash}, {"zsh", zsh}};

const char *completion_shell(size_t nth)
{
    return nth < sizeof shells / sizeof shells[0] ? shells[nth].name : NULL;
}

int command_completion(const struct invocation *in)
{
    for (size_t i = 0; completion_shell(i); i++)
        if (strcmp(shells[i].name, in->words[0]) == 0) {
            shells[i].print(in->table);
            return EX_OK;
        }
    return command_misused_by("completion", "There is no completion for", in->words[0]);
}
