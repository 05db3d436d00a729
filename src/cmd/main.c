/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry: the command line. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/secret.h"
#include "cmd/command.h"
#include "cmd/confinement.h"
#include "cmd/libraries.h"
#include "cmd/message.h"

static int print_help(void);
static int print_version(void);

static const struct command {
    const char *name; /* empty: the command without a name */
    int (*run)(const struct invocation *in);
    bool reaches;             /* it uses HSMs, through agents; otherwise it only reads files */
    int words_min, words_max; /* after the name */
    const char *usage, *help;
} commands[] = {
    {"", command_ceremony, true, 0, 1, "[CEREMONY.yaml]", "perform a ceremony"},
    {"list", command_list, true, 1, 1, "list CEREMONY.yaml", "show slots, tokens and objects"},
    {"probe", command_probe, true, 1, 1, "probe CEREMONY.yaml",
     "show what can be migrated; touch no key"},
    {"diff", command_diff, false, 2, 2, "diff A.yaml B.yaml",
     "compare files, except for the devices"},
    {"resume", command_resume, true, 1, 2, "resume JOURNAL [CEREMONY.yaml]",
     "continue an interrupted ceremony"},
    {"clean", command_clean, true, 1, 2, "clean JOURNAL [CEREMONY.yaml]",
     "clean up after an interrupted ceremony"},
    {"seal", command_seal, true, 1, 1, "seal CEREMONY.yaml",
     "wrap keys into files for a key service"},
    {"check-sealed", command_check_sealed, false, 1, 1, "check-sealed REPORT.yaml",
     "compare what the service reports of a key"},
    {"replay", command_replay, false, 1, COMMAND_WORDS, "replay JOURNAL...",
     "show a ceremony again, step by step"},
    {"report", command_report, false, 1, 1, "report JOURNAL",
     "write the report of a ceremony again"},
    {"sheet", command_sheet, false, 1, 1, "sheet REPORT.yaml", "print a report for signatures"},
    {"sign", command_sign, true, 2, 2, "sign REPORT.yaml CEREMONY.yaml",
     "sign a report with a key in an HSM"},
    {"offer", command_offer, true, 1, 1, "offer CEREMONY.yaml",
     "two rooms: make the transport pair and its offer"},
    {"load", command_load, true, 2, 3, "load OFFER CEREMONY.yaml [ACK]",
     "two rooms: encrypt keys for an offer"},
    {"accept", command_accept, true, 2, 2, "accept BUNDLE CEREMONY.yaml",
     "two rooms: decrypt, prove and keep the keys"},
    {"confirm", command_confirm, true, 2, 2, "confirm RECEIPT CEREMONY.yaml",
     "two rooms: judge the destination's answers"},
    {"withdraw", command_withdraw, true, 2, 2, "withdraw OFFER CEREMONY.yaml",
     "two rooms: destroy the pair of an unused offer"},
    {"verify", command_verify, false, 1, 1, "verify REPORT.yaml",
     "check a report's integrity and content"},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* An option is either executed at once, or recorded in the invocation: its presence, or the word
 * that follows it. */
static const struct option {
    const char *name, *letter, *word;
    int (*run)(void);
    size_t flag; /* its offset in struct invocation */
    const char *help;
} options[] = {
    {"--plain", "", "", NULL, offsetof(struct invocation, plain),
     "line mode, for logs, pipes and screen readers"},
    {"--ascii", "", "", NULL, offsetof(struct invocation, screen.ascii),
     "a screen of ASCII characters only"},
    {"--no-color", "", "", NULL, offsetof(struct invocation, screen.no_color),
     "a screen without colours"},
    {"--no-canary", "", "", NULL, offsetof(struct invocation, no_canary),
     "probe: without the test keys of the canary"},
    {"--compare", "", "", NULL, offsetof(struct invocation, compare),
     "list: ask both HSMs whether keys of the same name are the same"},
    {"--html", "", "", NULL, offsetof(struct invocation, html),
     "sheet: one page of HTML, for a browser and for PDF"},
    {"--json", "", "", NULL, offsetof(struct invocation, json),
     "list, probe, verify: JSON for programs"},
    {"--journal", "", " FILE", NULL, offsetof(struct invocation, journal),
     "verify: the journal of the ceremony"},
    {"--signature", "", " FILE", NULL, offsetof(struct invocation, signature),
     "verify: a signature of the report"},
    {"--key", "", " FILE", NULL, offsetof(struct invocation, key),
     "verify: the public key for this signature, in PEM"},
    {"--ceremony", "", " FILE", NULL, offsetof(struct invocation, ceremony),
     "verify: the ceremony file, which must be the one that was read"},
    {"--for", "", " SERVICE", NULL, offsetof(struct invocation, service),
     "seal: the key service, for instance aws-kms"},
    {"--wrapping-key", "", " FILE", NULL, offsetof(struct invocation, wrapping_key),
     "seal: the service's public key, in PEM or DER"},
    {"--import-token", "", " FILE", NULL, offsetof(struct invocation, import_token),
     "seal: the import token that came with this key"},
    {"--kid", "", " URL", NULL, offsetof(struct invocation, kid),
     "seal: the wrapping key's identifier (Azure)"},
    {"--public-key", "", " FILE", NULL, offsetof(struct invocation, public_key),
     "check-sealed: the public key that the service reports"},
    {"--help", "-h", "", print_help, 0, "print this text"},
    {"--version", "-V", "", print_version, 0,
     "print the versions of the program and its libraries"},
};
enum { OPTIONS = sizeof options / sizeof options[0] };

static int print_help(void)
{
    puts("hsmferry moves keys from one HSM to another, in a guided ceremony.\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  hsmferry %-30s %s\n", commands[i].usage, commands[i].help);
    puts("");
    for (size_t i = 0; i < OPTIONS; i++)
        printf("  %s%-*s %s\n", options[i].name, 22 - (int)strlen(options[i].name), options[i].word,
               options[i].help);
    puts("\nSee the manual page hsmferry(1) for details.");
    return EX_OK;
}

static int print_version(void)
{
    char libraries[EVENT_TEXT_MAX];

    libraries_text("\n", libraries, sizeof libraries);
    printf("%s\n%s\n", PACKAGE_STRING, libraries);
    return EX_OK;
}

static const struct option *find_option(const char *word)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (strcmp(options[i].name, word) == 0 || strcmp(options[i].letter, word) == 0)
            return &options[i];
    return NULL;
}

/* Removes the options from argv and counts the remaining words. Returns false if an option decides
 * the outcome: *code is then the exit code. */
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
        const struct option *option = ended ? NULL : find_option(argv[i]);
        if (option && option->word[0] && i + 1 == argc) {
            *code = command_misused("A file is missing after", argv[i]);
            return false;
        } else if (option && option->word[0]) {
            *(const char **)(void *)((char *)in + option->flag) = argv[++i];
        } else if (option && !option->run) {
            *(bool *)((char *)in + option->flag) = true;
        } else if (!ended) {
            *code = option ? option->run() : command_misused("There is no such option", argv[i]);
            return false;
        }
    }
    return true;
}

static const struct command *find_command(const char *word)
{
    for (size_t i = 1; i < COMMANDS; i++)
        if (strcmp(commands[i].name, word) == 0)
            return &commands[i];
    return &commands[0];
}

/* Options of some commands are refused by all others: *code is then the exit code. */
static bool check_options(const struct command *command, const struct invocation *in, int *code)
{
    static const struct {
        size_t flag; /* where in struct invocation */
        const char *option, *refusal;
        int (*commands[3])(const struct invocation *in);
    } some[] = {
        {offsetof(struct invocation, no_canary),
         "--no-canary",
         "Only probe can do this",
         {command_probe}},
        {offsetof(struct invocation, compare),
         "--compare",
         "Only list can do this",
         {command_list}},
        {offsetof(struct invocation, html), "--html", "Only sheet can do this", {command_sheet}},
        {offsetof(struct invocation, json),
         "--json",
         "Only list, probe and verify can do this",
         {command_list, command_probe, command_verify}},
    };

    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        bool given = *(const bool *)((const char *)in + some[i].flag), known = false;
        for (size_t c = 0; c < 3; c++)
            known = known || command->run == some[i].commands[c];
        if (given && !known) {
            *code = command_misused(some[i].refusal, some[i].option);
            return false;
        }
    }
    return true;
}

/* Runs the command in a box, with a process that starts agents if the command needs any: both are
 * made before threads exist and before anything is parsed. */
static int run_enclosed(const struct command *command, struct invocation *in)
{
    const char *const named[] = {in->journal, in->signature, in->key, in->ceremony, in->public_key};
    const char *files[COMMAND_WORDS + sizeof named / sizeof named[0] + 1] = {NULL};
    size_t count = 0;
    struct session_host host = {0};
    struct err err = {0};
    int code;

    for (size_t i = 0; in->words[i]; i++)
        files[count++] = in->words[i];
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        if (named[i])
            files[count++] = named[i];
    if (!command->reaches) {
        bool screen = command->run == command_replay && !in->plain;
        return confinement_reader(files, screen, &err) ? command->run(in) : command_failed(&err);
    }
    if (!session_host_new(&host, &err))
        return command_failed(&err);
    in->host = &host;
    code = command->run(in);
    starter_free(host.starter);
    return code;
}

static int run_command(int argc, char **argv)
{
    struct invocation in = {0};
    int words, code;

    if (!take_options(argc, argv, &in, &words, &code))
        return code;
    const struct command *command = find_command(words > 0 ? argv[0] : "");
    int named = command->name[0] ? 1 : 0; /* the number of words that name the command */
    if (words == 1 && strcmp(argv[0], "help") == 0)
        return print_help();
    if (words < named + command->words_min)
        return command_misused("A file is missing after", command->name);
    if (words > named + command->words_max)
        return command_misused("There is a word too many", argv[named + command->words_max]);
    if (!check_options(command, &in, &code))
        return code;
    for (int i = named; i < words; i++)
        in.words[i - named] = argv[i];
    return run_enclosed(command, &in);
}

int main(int argc, char **argv)
{
    enum { OF_ITS_OWN = 128 * 1024 };
    struct err err = {0};

    /* Lists of thousands of keys grow in place, and their memory is returned when they are freed.
     */
    mallopt(M_MMAP_THRESHOLD, OF_ITS_OWN);

    /* A closed pipe and a full file are errors to be reported, not reasons to be killed. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (!secret_harden_process(&err))
        return command_failed(&err);
    int code = run_command(argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == EX_OK) {
        err_set_errno(&err, ERR_IO, errno, "Standard output cannot be written");
        return command_failed(&err);
    }
    return code;
}
