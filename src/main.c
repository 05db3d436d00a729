/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry: the command line. Joins ceremony file, worker, report and front end. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <unistd.h>

#include <cyaml/cyaml.h>
#include <openssl/crypto.h>
#include <protobuf-c/protobuf-c.h>
#include <yaml.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/text.h"
#include "session.h"
#include "ui/list.h"
#include "ui/loop.h"
#include "ui/plain.h"
#include "ui/plain_log.h"
#include "ui/plain_loop.h"

/* The command line, once it is read. */
struct invocation {
    bool plain;
    struct term_options screen;
    const char *file; /* NULL: none was named */
};

static int fail(const struct err *err)
{
    plain_error(stderr, err);
    return err_exit(err->code);
}

static int misused(const char *what, const char *word)
{
    char safe[TEXT_SAFE_SIZE(256)];

    text_safe(word, strnlen(word, 256), safe, sizeof safe);
    fprintf(stderr, "hsmferry: %s%s%s\n  next: see hsmferry --help\n", what, word[0] ? ": " : "",
            safe);
    return EX_USAGE;
}

/* --- hsmferry --plain FILE ------------------------------------------------------------------ */

/* Where the ceremony came to no end of its own, the report says so. */
static void end_report(struct report *report, struct plain_result *result)
{
    struct err err = {0};
    const char *sentence = result->stopped ? "stopped before the ceremony began" : result->err.what;

    if (report_end(report, result->stopped ? END_ABORTED : END_FAILED, result->exit_code, sentence,
                   &err))
        return;
    plain_error(stderr, &err);
    result->exit_code = result->exit_code ? result->exit_code : err_exit(err.code);
}

static int run_plain(struct session *s, struct plain_log *log)
{
    const struct config *config = s->config;
    const struct selection keys = {.uris = config->keys, .uri_count = config->key_count};
    struct worker *worker;
    struct err err = {0};

    if (config->key_count == 0) {
        err_set(&err, ERR_CONFIG, "The ceremony file names no keys");
        err_now(&err, "Nothing was started");
        err_next(&err, "Name them under \"keys\"; on the screen they can be marked");
        return fail(&err);
    }
    if (!session_start(s, true, false, &worker, &err))
        return fail(&err);
    struct plain_result result = plain_run(&(struct plain_job){
        .worker = worker,
        .token = {&config->side[SIDE_SOURCE].token, &config->side[SIDE_DESTINATION].token},
        .selection = &keys,
        .log = log,
        .out = stdout,
    });
    worker_free(worker);
    end_report(s->report, &result);
    plain_log_farewell(log, report_path(s->report), report_sha256(s->report), result.exit_code);
    return result.exit_code;
}

/* --- hsmferry [FILE] on a terminal ---------------------------------------------------------- */

static bool start_for_console(void *ctx, const struct config *config, struct worker **out,
                              struct err *err)
{
    (void)config; /* it is the session's */
    return session_start(ctx, true, true, out, err);
}

static bool report_for_console(void *ctx, struct app_report *report, struct err *err)
{
    const struct session *s = ctx;
    const char *path = s->report ? report_path(s->report) : NULL;

    if (!path)
        return err_set(err, ERR_IO, "No report was written");
    text_print(report->path, sizeof report->path, "%s", path);
    memcpy(report->sha256, report_sha256(s->report), sizeof report->sha256);
    return true;
}

static int run_console(struct session *s, const struct term_options *screen)
{
    const struct console_host host = {s, start_for_console, report_for_console};
    struct err err = {0};
    int code = console_run(s->config, &host, screen, &err);

    if (err.code != ERR_NONE)
        return fail(&err);
    if (s->report && report_path(s->report))
        plain_report(stdout, report_path(s->report), report_sha256(s->report));
    return code;
}

static int run_ceremony(const struct invocation *in)
{
    bool screen = !in->plain && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    struct session s = {0};
    struct plain_log *log = NULL;
    struct err err = {0};
    int code;

    if (!in->file && !screen)
        return misused("A ceremony file is missing", "");
    if (!session_load(&s, in->file, &err) || (!screen && !plain_log_new(stdout, &log, &err)))
        code = fail(&err);
    else
        code = screen ? run_console(&s, &in->screen) : run_plain(&s, log);
    plain_log_free(log);
    session_free(&s);
    return code;
}

/* --- hsmferry list FILE --------------------------------------------------------------------- */

static int output_columns(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return LIST_COLUMNS;
    return size.ws_col;
}

static void print_both(const struct config *config, const struct worker *worker)
{
    char module[2][TEXT_SAFE_SIZE(HSM_PATH_MAX)];
    struct list_side sides[2];

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        const struct config_side *from = &config->side[side];
        text_safe(from->where.module, strlen(from->where.module), module[side],
                  sizeof module[side]);
        sides[side] = (struct list_side){
            .api = from->where.api,
            .module = module[side],
            .token = &from->token,
            .slots = worker_slots(worker, side),
            .keys = worker_keys(worker, side),
        };
    }
    list_print(stdout, output_columns(), sides);
}

static int list_both(struct session *s)
{
    struct config_side *side = s->config->side;
    struct worker *worker;
    struct err err = {0};

    if (!session_start(s, false, false, &worker, &err))
        return fail(&err);
    struct plain_result result = plain_run(&(struct plain_job){
        .worker = worker,
        .token = {&side[SIDE_SOURCE].token, &side[SIDE_DESTINATION].token},
    });
    print_both(s->config, worker);
    worker_free(worker);
    return result.exit_code;
}

static int run_list(const struct invocation *in)
{
    struct session s = {0};
    struct err err = {0};
    int code;

    if (!in->file)
        return misused("A ceremony file is missing behind", "list");
    code = session_load(&s, in->file, &err) ? list_both(&s) : fail(&err);
    session_free(&s);
    return code;
}

/* --- the command line ----------------------------------------------------------------------- */

static int print_help(void);
static int print_version(void);

static const struct command {
    const char *name; /* empty: none */
    int (*run)(const struct invocation *in);
    const char *usage, *help;
} commands[] = {
    {"", run_ceremony, "[CEREMONY.yaml]", "carry out a ceremony"},
    {"list", run_list, "list CEREMONY.yaml", "show slots, tokens and objects of its two HSMs"},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* Either something to do at once, or something to note in the invocation. */
static const struct option {
    const char *name, *letter;
    int (*run)(void);
    size_t flag; /* where in struct invocation */
    const char *help;
} options[] = {
    {"--plain", "", NULL, offsetof(struct invocation, plain),
     "lines instead of a screen: for logs, pipes and screen readers"},
    {"--ascii", "", NULL, offsetof(struct invocation, screen.ascii),
     "a screen of nothing but ASCII"},
    {"--no-color", "", NULL, offsetof(struct invocation, screen.no_color),
     "a screen without colours"},
    {"--help", "-h", print_help, 0, "this text"},
    {"--version", "-V", print_version, 0, "its version and those of its libraries"},
};
enum { OPTIONS = sizeof options / sizeof options[0] };

static int print_help(void)
{
    puts("hsmferry moves keys from one HSM to another, in a guided ceremony.\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  hsmferry %-20s %s\n", commands[i].usage, commands[i].help);
    puts("");
    for (size_t i = 0; i < OPTIONS; i++)
        printf("  %-29s %s\n", options[i].name, options[i].help);
    puts("\nThe manual page hsmferry(1) has the whole.");
    return EX_OK;
}

static int print_version(void)
{
    printf("%s\n%s\nlibyaml %s\nlibcyaml %s\nprotobuf-c %s\n%s\n", PACKAGE_STRING,
           OpenSSL_version(OPENSSL_VERSION), yaml_get_version_string(), cyaml_version_str,
           protobuf_c_version(), term_version());
    return EX_OK;
}

static const struct option *find_option(const char *word)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (strcmp(options[i].name, word) == 0 || strcmp(options[i].letter, word) == 0)
            return &options[i];
    return NULL;
}

/* Takes the options out of argv and counts the words that are left. False where one of them
 * decides it all: *code is then the exit code. */
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
        if (option && !option->run) {
            *(bool *)((char *)in + option->flag) = true;
        } else if (!ended) {
            *code = option ? option->run() : misused("There is no such option", argv[i]);
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

static int run_command(int argc, char **argv)
{
    struct invocation in = {0};
    int words, code;

    if (!take_options(argc, argv, &in, &words, &code))
        return code;
    const struct command *command = find_command(words > 0 ? argv[0] : "");
    int named = command->name[0] ? 1 : 0; /* words that name the command */
    if (words == 1 && strcmp(argv[0], "help") == 0)
        return print_help();
    if (words > named + 1)
        return misused("There is a word too many", argv[named + 1]);
    in.file = words > named ? argv[named] : NULL;
    return command->run(&in);
}

int main(int argc, char **argv)
{
    struct err err = {0};

    /* A log that nobody reads any more and a file that may not grow are errors, not the end. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (!secret_harden_process(&err))
        return fail(&err);
    int code = run_command(argc, argv);
    if (fflush(stdout) != 0 && code == EX_OK) {
        err_set_errno(&err, ERR_IO, errno, "Standard output cannot be written");
        return fail(&err);
    }
    return code;
}
