/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry: its commands and options, one row each, and the box in which a command runs. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/secret.h"
#include "cmd/command.h"
#include "cmd/command_completion.h"
#include "cmd/command_help.h"
#include "cmd/command_line.h"
#include "cmd/confinement.h"
#include "cmd/libraries.h"
#include "cmd/message.h"
#include "cmd/rehearsal.h"
#include "plan/services.h"

/* Options of all commands that show a screen, or in line mode the same as text. */
#define ON_SCREEN "--plain --ascii --no-color"

static const struct command commands[] = {
    {"", command_ceremony, NEEDS_HSMS, "[CEREMONY.yaml]", ON_SCREEN, "perform a ceremony",
     "move.yaml"},
    {"list", command_list, NEEDS_HSMS, "CEREMONY.yaml", "--compare --json",
     "show slots, tokens and objects", "list move.yaml"},
    {"compare", command_compare, NEEDS_HSMS, "CEREMONY.yaml", "--challenge --json",
     "align both sides: the same, missing, different", "compare move.yaml"},
    {"probe", command_probe, NEEDS_HSMS, "CEREMONY.yaml", "--no-canary --json",
     "show what can be migrated; touch no key", "probe move.yaml"},
    {"rehearse", command_rehearse, NEEDS_HSMS, "", ON_SCREEN " --pair --dir --prepare --remove",
     "perform a ceremony on two software tokens made for it", "rehearse --pair softhsm:nss"},
    {"doctor", command_doctor, NEEDS_HSMS, "[CEREMONY.yaml]", "",
     "say what this machine lacks for a ceremony", "doctor move.yaml"},
    {"diff", command_diff, NEEDS_FILES, "A.yaml B.yaml", "",
     "compare files, except for the devices", "diff rehearsal.yaml move.yaml"},
    {"resync", command_resync, NEEDS_HSMS, "CEREMONY.yaml", "",
     "migrate what the destination does not have yet", "resync move.yaml"},
    {"resume", command_resume, NEEDS_HSMS, "JOURNAL [CEREMONY.yaml]", ON_SCREEN,
     "continue an interrupted ceremony", "resume reports/2026-11-30T120000Z-move.journal"},
    {"clean", command_clean, NEEDS_HSMS, "JOURNAL [CEREMONY.yaml]", ON_SCREEN,
     "clean up after an interrupted ceremony", "clean reports/2026-11-30T120000Z-move.journal"},
    {"seal", command_seal, NEEDS_HSMS, "CEREMONY.yaml",
     ON_SCREEN " --for --wrapping-key --import-token --kid",
     "wrap keys into files for a key service",
     "seal --for gcp-kms --wrapping-key wrapping-key.pem move.yaml"},
    {"check-sealed", command_check_sealed, NEEDS_FILES, "REPORT.yaml", "--public-key",
     "compare what the service reports of a key",
     "check-sealed --public-key from-the-service.pem reports/2026-11-30T120000Z-move.yaml"},
    {"replay", command_replay, NEEDS_FILES, "JOURNAL...", ON_SCREEN,
     "show a ceremony again, step by step", "replay reports/2026-11-30T120000Z-move.journal"},
    {"report", command_report, NEEDS_FILES, "JOURNAL", "", "write the report of a ceremony again",
     "report reports/2026-11-30T120000Z-move.journal >again.yaml"},
    {"sheet", command_sheet, NEEDS_FILES, "REPORT.yaml", "--html", "print a report for signatures",
     "sheet reports/2026-11-30T120000Z-move.yaml | lp"},
    {"sign", command_sign, NEEDS_HSMS, "REPORT.yaml CEREMONY.yaml", "",
     "sign a report with a key in an HSM", "sign reports/2026-11-30T120000Z-move.yaml move.yaml"},
    {"offer", command_offer, NEEDS_HSMS, "CEREMONY.yaml", ON_SCREEN " --pem",
     "two rooms: make the transport pair and its offer", "offer move.yaml"},
    {"load", command_load, NEEDS_HSMS, "OFFER CEREMONY.yaml [ACK]", ON_SCREEN,
     "two rooms: encrypt keys for an offer", "load 2026-11-30T120000Z-move.offer move.yaml"},
    {"accept", command_accept, NEEDS_HSMS, "BUNDLE CEREMONY.yaml", ON_SCREEN " --format",
     "two rooms: decrypt, prove and keep the keys",
     "accept 2026-11-30T130000Z-move.bundle move.yaml"},
    {"confirm", command_confirm, NEEDS_HSMS, "RECEIPT CEREMONY.yaml", ON_SCREEN,
     "two rooms: judge the destination's answers",
     "confirm 2026-11-30T140000Z-move.receipt move.yaml"},
    {"withdraw", command_withdraw, NEEDS_HSMS, "OFFER CEREMONY.yaml", ON_SCREEN,
     "two rooms: destroy the pair of an unused offer",
     "withdraw reports/2026-11-30T120000Z-move.offer move.yaml"},
    {"retire", command_retire, NEEDS_HSMS, "REPORT.yaml CEREMONY.yaml", ON_SCREEN,
     "destroy the source's keys that were migrated",
     "retire reports/2026-11-30T120000Z-move.yaml move.yaml"},
    {"undo", command_undo, NEEDS_HSMS, "REPORT.yaml CEREMONY.yaml", ON_SCREEN,
     "destroy the copies on the destination",
     "undo reports/2026-11-30T120000Z-move.yaml move.yaml"},
    {"verify", command_verify, NEEDS_FILES, "REPORT.yaml",
     "--json --journal --signature --key --ceremony", "check a report's integrity and content",
     "verify reports/2026-11-30T120000Z-move.yaml --journal "
     "reports/2026-11-30T120000Z-move.journal"},
    {"help", command_help, NEEDS_NOTHING, "[COMMAND]", "", "print this text, or that of a command",
     "help verify"},
    {"completion", command_completion, NEEDS_NOTHING, "SHELL", "",
     "print the completion of a shell",
     "completion bash >~/.local/share/bash-completion/completions/hsmferry"},
    {NULL, NULL, NEEDS_NOTHING, NULL, NULL, NULL, NULL},
};

static const struct option options[] = {
    {"--plain", "", "", offsetof(struct invocation, plain), true,
     "line mode, for logs, pipes and screen readers"},
    {"--ascii", "", "", offsetof(struct invocation, screen.ascii), true,
     "a screen of ASCII characters only"},
    {"--no-color", "", "", offsetof(struct invocation, screen.no_color), true,
     "a screen without colours"},
    {"--no-canary", "", "", offsetof(struct invocation, no_canary), false,
     "without the test keys of the canary"},
    {"--compare", "", "", offsetof(struct invocation, compare), false,
     "ask both HSMs whether keys of the same name are the same"},
    {"--challenge", "", "", offsetof(struct invocation, challenge), false,
     "ask both HSMs about keys of which the lists show too little"},
    {"--html", "", "", offsetof(struct invocation, html), false,
     "one page of HTML, for a browser and for PDF"},
    {"--json", "", "", offsetof(struct invocation, json), false, "JSON for programs"},
    {"--journal", "", "FILE", offsetof(struct invocation, journal), false,
     "the journal of the ceremony"},
    {"--signature", "", "FILE", offsetof(struct invocation, signature), false,
     "a signature of the report"},
    {"--key", "", "FILE", offsetof(struct invocation, key), false,
     "the public key for this signature, in PEM"},
    {"--ceremony", "", "FILE", offsetof(struct invocation, ceremony), false,
     "the ceremony file, which must be the one that was read"},
    {"--for", "", "SERVICE", offsetof(struct invocation, service), false,
     "the key service, for instance aws-kms"},
    {"--wrapping-key", "", "FILE", offsetof(struct invocation, wrapping_key), false,
     "the service's public key, in PEM or DER"},
    {"--import-token", "", "FILE", offsetof(struct invocation, import_token), false,
     "the import token that came with this key"},
    {"--kid", "", "URL", offsetof(struct invocation, kid), false,
     "the wrapping key's identifier (Azure)"},
    {"--pair", "", "PAIR", offsetof(struct invocation, pair), false,
     "source and destination, each softhsm, nss or softoken"},
    {"--dir", "", "DIR", offsetof(struct invocation, dir), false,
     "the folder for tokens, PINs, ceremony file and reports"},
    {"--prepare", "", "", offsetof(struct invocation, prepare), false,
     "make these, but perform no ceremony"},
    {"--remove", "", "DIR", offsetof(struct invocation, remove), false,
     "remove the rehearsal in this folder"},
    {"--public-key", "", "FILE", offsetof(struct invocation, public_key), false,
     "the public key that the service reports"},
    {"--pem", "", "", offsetof(struct invocation, pem), false,
     "the public key in PEM, too, for a key service"},
    {"--format", "", "FORMAT", offsetof(struct invocation, format), false,
     "the format of a key service's file, rsa-aes or rsa-oaep"},
    {"--help", "-h", "", offsetof(struct invocation, help), true,
     "print this text, or that of a command"},
    {"--version", "-V", "", offsetof(struct invocation, version), true,
     "print the versions of the program and its libraries"},
    {NULL, NULL, NULL, 0, false, NULL},
};

static const char *command_name(size_t nth)
{
    return commands[nth + 1].name; /* the first has none */
}

static const char *service_name(size_t nth)
{
    const struct service *service = service_at(nth);

    return service ? service->name : NULL;
}

static const struct word words[] = {
    {"CEREMONY.yaml", ".yaml", NULL, "the ceremony file; see hsmferry-ceremony(5)"},
    {"A.yaml", ".yaml", NULL, "a ceremony file"},
    {"B.yaml", ".yaml", NULL, "another ceremony file"},
    {"REPORT.yaml", ".yaml", NULL, "the report of a ceremony; see hsmferry-report(5)"},
    {"JOURNAL", ".journal", NULL, "the journal of a ceremony, next to its report"},
    {"OFFER", ".offer", NULL, "the offer of the other room; see hsmferry-sealed(5)"},
    {"BUNDLE", ".bundle", NULL, "the bundle of the room with the source"},
    {"ACK", ".ack", NULL, "the acknowledgement of the test keys"},
    {"RECEIPT", ".receipt", NULL, "the receipt of the room with the destination"},
    {"FILE", "", NULL, "a file"},
    {"SERVICE", NULL, service_name, "a key service"},
    {"PAIR", NULL, rehearsal_pair, "SOURCE:DESTINATION"},
    {"DIR", "", NULL, "a folder"},
    {"COMMAND", NULL, command_name, "the name of a command"},
    {"SHELL", NULL, completion_shell, "the shell"},
    {NULL, NULL, NULL, NULL},
};

static const struct command_table table = {commands, options, words};

static int print_version(void)
{
    char libraries[EVENT_TEXT_MAX];

    libraries_text("\n", libraries, sizeof libraries);
    printf("%s\n%s\n", PACKAGE_STRING, libraries);
    return EX_OK;
}

/* Runs a command that reads only files in a box with these files: its words, and those that its
 * options name. */
static int run_reader(const struct invocation *in)
{
    const char *files[COMMAND_WORDS + sizeof options / sizeof options[0]] = {NULL};
    size_t count = 0;
    struct err err = {0};

    for (size_t i = 0; in->words[i]; i++)
        files[count++] = in->words[i];
    for (const struct option *o = options; o->name; o++) {
        const struct word *word = table_word(&table, o->word);
        if (option_text(in, o) && word && word->ending)
            files[count++] = option_text(in, o);
    }
    bool screen = command_lists(in->command, table_option(&table, "--plain")) && !in->plain;
    return confinement_reader(files, screen, &err) ? in->command->run(in) : command_failed(&err);
}

/* Runs the command in a box, with a process that starts agents if the command needs any: both are
 * made before threads exist and before anything is parsed. */
static int run_enclosed(struct invocation *in)
{
    struct session_host host = {0};
    struct err err = {0};
    int code;

    if (in->command->needs == NEEDS_NOTHING)
        return in->command->run(in);
    if (in->command->needs == NEEDS_FILES)
        return run_reader(in);
    if (!session_host_new(&host, &err))
        return command_failed(&err);
    in->host = &host;
    code = in->command->run(in);
    starter_free(host.starter);
    return code;
}

static int run_command(int argc, char **argv)
{
    struct invocation in = {0};
    int code;

    if (!command_line_read(&table, argc, argv, &in, &code))
        return code;
    if (in.help)
        return help_print(&table, in.command);
    return in.version ? print_version() : run_enclosed(&in);
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
