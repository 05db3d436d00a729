/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry: the command line. Joins ceremony file, worker, report and front end. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <cyaml/cyaml.h>
#include <openssl/crypto.h>
#include <protobuf-c/protobuf-c.h>
#include <yaml.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/text.h"
#include "ceremony/worker.h"
#include "config.h"
#include "record/report.h"
#include "ui/list.h"
#include "ui/plain.h"
#include "ui/plain_log.h"
#include "ui/plain_loop.h"

/* A ceremony file and what it takes to carry it out. */
struct session {
    struct config *config;
    char agent[PATH_MAX];
    const char *own_agent[2]; /* its command */
    struct worker *worker;
};

static int fail(const struct err *err)
{
    plain_error(stderr, err);
    return err_exit(err->code);
}

/* Our own agent: beside this program in a build tree, else where it is installed. */
static void find_agent(char agent[PATH_MAX])
{
    static const char name[] = "/hsmferry-agent";
    ssize_t len = readlink("/proc/self/exe", agent, PATH_MAX - sizeof name);

    while (len > 0 && agent[len - 1] != '/')
        len--;
    if (len > 0) {
        memcpy(agent + len - 1, name, sizeof name);
        if (access(agent, X_OK) == 0)
            return;
    }
    text_print(agent, PATH_MAX, "%s%s", HSMFERRY_AGENT_DIR, name);
}

static struct worker_setup make_setup(const struct session *s, struct event_sink *record)
{
    const struct config *config = s->config;
    struct worker_setup setup = {.record = record};

    text_print(setup.ceremony.title, sizeof setup.ceremony.title, "%s", config->title);
    text_print(setup.ceremony.file, sizeof setup.ceremony.file, "%s", config->path);
    setup.ceremony.rehearsal = config->rehearsal;
    memcpy(setup.ceremony.officers, config->officers, sizeof setup.ceremony.officers);
    setup.ceremony.officer_count = config->officer_count;
    setup.ceremony.policy = config->policy;
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        const struct config_side *from = &config->side[side];
        struct worker_side *to = &setup.side[side];
        setup.ceremony.where[side] = from->where;
        to->argv = from->agent ? (const char *const *)from->agent : s->own_agent;
        to->environment = (const char *const *)from->environment;
        text_print(to->pin_file, sizeof to->pin_file, "%s", from->token.pin_file);
        to->limit_ms = from->limit_ms;
    }
    return setup;
}

static bool session_load(struct session *s, const char *file, struct err *err)
{
    find_agent(s->agent);
    s->own_agent[0] = s->agent;
    return config_load(file, &s->config, err);
}

static bool session_start(struct session *s, struct event_sink *record, struct err *err)
{
    const struct worker_setup setup = make_setup(s, record);

    return worker_new(&setup, &s->worker, err);
}

static void session_end(struct session *s)
{
    worker_free(s->worker);
    s->worker = NULL;
    config_free(s->config);
    s->config = NULL;
}

/* --- hsmferry FILE -------------------------------------------------------------------------- */

/* Where the ceremony came to no end of its own, the report says so. */
static void close_report(struct report *report, struct plain_result *result)
{
    struct err err = {0};
    const char *sentence = result->stopped ? "stopped before the ceremony began" : result->err.what;

    if (!report_end(report, result->stopped ? END_ABORTED : END_FAILED, result->exit_code, sentence,
                    &err)) {
        plain_error(stderr, &err);
        result->exit_code = result->exit_code ? result->exit_code : err_exit(err.code);
    }
}

static bool run_plain(struct session *s, struct report *report, struct plain_result *result,
                      struct err *err)
{
    const struct config *config = s->config;
    const struct selection keys = {.uris = config->keys, .uri_count = config->key_count};
    struct plain_log *log;

    if (!plain_log_new(stdout, &log, err))
        return false;
    if (!session_start(s, report_sink(report), err)) {
        plain_log_free(log);
        return false;
    }
    *result = plain_run(&(struct plain_job){
        .worker = s->worker,
        .token = {&config->side[SIDE_SOURCE].token, &config->side[SIDE_DESTINATION].token},
        .selection = &keys,
        .log = log,
        .out = stdout,
    });
    session_end(s);
    close_report(report, result);
    plain_log_farewell(log, report_path(report), report_sha256(report), result->exit_code);
    plain_log_free(log);
    return true;
}

static int64_t utc_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int run_ceremony(const char *file)
{
    struct session s = {0};
    struct report *report = NULL;
    struct plain_result result = {0};
    struct err err = {0};
    int code;

    if (session_load(&s, file, &err) &&
        report_new(s.config->report_folder, s.config->title, utc_ms(), &report, &err) &&
        run_plain(&s, report, &result, &err))
        code = result.exit_code;
    else
        code = fail(&err);
    report_free(report);
    session_end(&s);
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

static int list_both(struct session *s)
{
    struct list_side sides[2];
    struct config_side *config = s->config->side;
    char module[2][TEXT_SAFE_SIZE(HSM_PATH_MAX)];
    struct plain_result result = plain_run(&(struct plain_job){
        .worker = s->worker,
        .token = {&config[SIDE_SOURCE].token, &config[SIDE_DESTINATION].token},
    });

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        text_safe(config[side].where.module, strlen(config[side].where.module), module[side],
                  sizeof module[side]);
        sides[side] = (struct list_side){
            .api = config[side].where.api,
            .module = module[side],
            .token = &config[side].token,
            .slots = worker_slots(s->worker, side),
            .keys = worker_keys(s->worker, side),
        };
    }
    list_print(stdout, output_columns(), sides);
    return result.exit_code;
}

static int run_list(const char *file)
{
    struct session s = {0};
    struct err err = {0};
    int code;

    if (session_load(&s, file, &err) && session_start(&s, NULL, &err))
        code = list_both(&s);
    else
        code = fail(&err);
    session_end(&s);
    return code;
}

/* --- the command line ----------------------------------------------------------------------- */

static const struct command {
    const char *name; /* empty: a ceremony file alone */
    int (*run)(const char *file);
    const char *usage, *help;
} commands[] = {
    {"", run_ceremony, "[--plain] CEREMONY.yaml", "carry out the ceremony of this file"},
    {"list", run_list, "list CEREMONY.yaml", "show slots, tokens and objects of its two HSMs"},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int print_help(void)
{
    puts("hsmferry moves keys from one HSM to another, in a guided ceremony.\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  hsmferry %-25s %s\n", commands[i].usage, commands[i].help);
    puts("  hsmferry --help                    this text\n"
         "  hsmferry --version                 its version and those of its libraries\n"
         "\n"
         "  --plain  lines instead of a screen: for logs, pipes and screen readers\n"
         "\n"
         "The manual page hsmferry(1) has the whole.");
    return EX_OK;
}

static int print_version(void)
{
    printf("%s\n%s\nlibyaml %s\nlibcyaml %s\nprotobuf-c %s\n", PACKAGE_STRING,
           OpenSSL_version(OPENSSL_VERSION), yaml_get_version_string(), cyaml_version_str,
           protobuf_c_version());
    return EX_OK;
}

static int misused(const char *what, const char *word)
{
    char safe[TEXT_SAFE_SIZE(256)];

    text_safe(word, strnlen(word, 256), safe, sizeof safe);
    fprintf(stderr, "hsmferry: %s%s%s\n  next: see hsmferry --help\n", what, word[0] ? ": " : "",
            safe);
    return EX_USAGE;
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

/* Takes the options out of argv and counts the words that are left. False where an option decides
 * it all: *code is then the exit code. */
static bool take_options(int argc, char **argv, int *words, int *code)
{
    bool options = true;

    *words = 0;
    for (int i = 1; i < argc; i++) {
        if (!options || argv[i][0] != '-')
            argv[(*words)++] = argv[i];
        else if (strcmp(argv[i], "--") == 0)
            options = false;
        else if (strcmp(argv[i], "--plain") != 0) {
            *code = is_one_of(argv[i], "-h", "--help") ? print_help()
                    : is_one_of(argv[i], "-V", "--version")
                        ? print_version()
                        : misused("There is no such option", argv[i]);
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
    int words, code;

    if (!take_options(argc, argv, &words, &code))
        return code;
    if (words == 0)
        return misused("A ceremony file is missing", "");
    if (strcmp(argv[0], "help") == 0 && words == 1)
        return print_help();
    const struct command *command = find_command(argv[0]);
    int file = command->name[0] ? 1 : 0;
    if (words <= file)
        return misused("A ceremony file is missing behind", argv[0]);
    if (words > file + 1)
        return misused("There is a word too many", argv[file + 1]);
    return command->run(argv[file]);
}

int main(int argc, char **argv)
{
    struct err err = {0};

    signal(SIGPIPE, SIG_IGN); /* a log that nobody reads any more is an error, not an end */
    if (!secret_harden_process(&err))
        return fail(&err);
    int code = run_command(argc, argv);
    if (fflush(stdout) != 0 && code == EX_OK) {
        err_set_errno(&err, ERR_IO, errno, "Standard output cannot be written");
        return fail(&err);
    }
    return code;
}
