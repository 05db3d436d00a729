/* SPDX-License-Identifier: Apache-2.0 */
/* What a ceremony needs on this machine: agents, dialects, modules, files. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/p11_kit.h"
#include "base/text.h"
#include "cmd/doctor.h"
#include "cmd/pin_entry.h"
#include "cmd/syslog_sink.h"
#include "driver/dialect/dialect.h"
#include "journal/history.h"

enum { ANSWER_MAX = 256, ANSWER_MS = 10000, SPACE_MB = 64, FILES_LEFT = 64 };

/* A device of the ceremony file. */
struct device {
    const char *whose;
    const struct config_side *side;
};

/* The devices that the file names; returns how many. */
static unsigned find_devices(const struct config *config, struct device out[SIDES])
{
    unsigned count = 0;

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        if (config->side[side].where.api[0])
            out[count++] = (struct device){side_name(side), &config->side[side]};
    if (config->signer.key.text[0] && config->signer.side == SIDE_RELAY)
        out[count++] = (struct device){"signer", &config->signer.device};
    return count;
}

/* --- agents --- */

/* Reads what the program prints on its standard output, until it ends or takes too long. */
static bool read_answer(int fd, char out[ANSWER_MAX])
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    size_t len = 0;
    ssize_t n = 1;

    while (n > 0 && len < ANSWER_MAX - 1 && poll(&poll_fd, 1, ANSWER_MS) > 0)
        if ((n = read(fd, out + len, ANSWER_MAX - 1 - len)) > 0)
            len += (size_t)n;
    out[len] = '\0';
    return n == 0 || len == ANSWER_MAX - 1;
}

/* Runs "PROGRAM --version". Returns errno; *status is that of waitpid(2). */
static int ask_version(const char *program, char out[ANSWER_MAX], int *status)
{
    const char *const argv[] = {program, "--version", NULL}, *const none[] = {NULL};
    posix_spawn_file_actions_t files;
    int fds[2], no = 0;
    pid_t pid;

    out[0] = '\0';
    if (pipe2(fds, O_CLOEXEC) != 0)
        return errno;
    no = posix_spawn_file_actions_init(&files);
    if (no == 0)
        no = posix_spawn_file_actions_adddup2(&files, fds[1], STDOUT_FILENO);
    if (no == 0)
        no = posix_spawn(&pid, program, &files, NULL, (char *const *)argv, (char *const *)none);
    posix_spawn_file_actions_destroy(&files);
    close(fds[1]);
    if (no == 0) {
        if (!read_answer(fds[0], out))
            kill(pid, SIGKILL);
        while (waitpid(pid, status, 0) < 0 && errno == EINTR)
            ;
    }
    close(fds[0]);
    return no;
}

static void look_at_own_agent(struct doctor *d)
{
    static const char expected[] = "hsmferry-agent (" PACKAGE_STRING ")\n";
    char answer[ANSWER_MAX], shown[FILE_SHOWN], first[TEXT_SAFE_SIZE(ANSWER_MAX)];
    int status = 0;
    int no = ask_version(d->agent, answer, &status);

    file_shown(d->agent, shown);
    if (no != 0)
        doctor_fault(d, no == ENOENT ? ERR_NO_INPUT : ERR_CONFIG, NULL, "%s cannot be started: %s",
                     shown, strerrordesc_np(no));
    else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        doctor_fault(d, ERR_CONFIG, NULL, "%s does not say its version", shown);
    else if (strncmp(answer, expected, sizeof expected - 1) != 0) {
        text_safe(answer, strcspn(answer, "\n"), first, sizeof first);
        doctor_fault(d, ERR_CONFIG, NULL, "%s is %.80s, and this is %s", shown, first,
                     PACKAGE_STRING);
    } else
        doctor_good(d, "%s, of this version", shown);
}

void doctor_agents(struct doctor *d)
{
    struct device devices[SIDES];
    unsigned count = d->config ? find_devices(d->config, devices) : 0;
    char shown[FILE_SHOWN];

    look_at_own_agent(d);
    for (unsigned i = 0; i < count; i++) {
        char *const *argv = devices[i].side->agent;
        if (argv && access(argv[0], X_OK) == 0)
            doctor_good(d, "%s: %s can be started", devices[i].whose, file_shown(argv[0], shown));
        else if (argv)
            doctor_fault(d, errno == ENOENT ? ERR_NO_INPUT : ERR_CONFIG,
                         "Install it, or correct \"agent\" in the ceremony file",
                         "%s: %s cannot be started: %s", devices[i].whose,
                         file_shown(argv[0], shown), strerrordesc_np(errno));
    }
}

/* --- dialects --- */

void doctor_dialects(struct doctor *d)
{
    struct device devices[SIDES];
    unsigned count = d->config ? find_devices(d->config, devices) : 0, known = 0;
    struct dialect_folders folders;
    struct dialect *dialect = calloc(1, sizeof *dialect);
    struct err err = {0};

    dialect_folders(&folders);
    if (!dialect || !dialect_read_all(&folders, &known, &err))
        doctor_failed(d, &err);
    else if (known == 0)
        doctor_fault(d, ERR_CONFIG, "Install hsmferry completely, with its dialects",
                     "there is none");
    else
        doctor_good(d, "%u, each of them valid", known);
    for (unsigned i = 0; dialect && i < count; i++) {
        const struct config_side *side = devices[i].side;
        if (!side->where.dialect[0] || side->agent)
            continue;
        if (dialect_named(&folders, side->where.dialect, dialect, &err))
            doctor_good(d, "%s: %s", devices[i].whose, dialect->is.name);
        else
            doctor_failed(d, &err);
    }
    free(dialect);
}

/* --- modules --- */

static bool has_api(const struct device *device, const char *api)
{
    return strcmp(device->side->where.api, api) == 0;
}

/* The module that the agent on this host will load for this device, without links; or its key file,
 * which may be missing. *file stays empty if there is no such file, or another agent finds it. */
static bool find_module(struct doctor *d, const struct device *device, char file[PATH_MAX])
{
    char module[HSM_PATH_MAX], shown[FILE_SHOWN];
    struct err err = {0};

    file[0] = '\0';
    if (device->side->agent || has_api(device, "nss"))
        return true;
    memcpy(module, device->side->where.module, sizeof module);
    if (has_api(device, "pkcs11") && !p11_kit_resolve(module, sizeof module, NULL, &err)) {
        doctor_failed(d, &err);
        return false;
    }
    if (has_api(device, "openssl")) {
        text_print(file, PATH_MAX, "%s", module);
        return true;
    }
    if (realpath(module, file))
        return true;
    doctor_fault(d, ERR_CONFIG, "Install the vendor's library, or correct \"module\"", "%s: %s: %s",
                 device->whose, file_shown(module, shown), strerrordesc_np(errno));
    return false;
}

/* Nobody else may write to a module, or even read a key file. */
static void look_at_module(struct doctor *d, const struct device *device, const char *file)
{
    const bool keys = has_api(device, "openssl");
    char shown[FILE_SHOWN];
    struct err err = {0};
    int fd;

    if ((keys || file_folders_trusted(file, &err)) &&
        file_open_trusted(file, keys ? 077 : 022, &fd, &err)) {
        close(fd);
        doctor_good(d, "%s: %s", device->whose, file_shown(file, shown));
    } else
        doctor_fault(d, err.code == ERR_NO_INPUT ? ERR_CONFIG : err.code,
                     keys ? "Name the key file itself, which only this user may read: chmod 600"
                          : NULL,
                     "%s: %s", device->whose, err.what);
}

static void look_at_database(struct doctor *d, const struct device *device)
{
    const char *folder = device->side->where.module;
    char shown[FILE_SHOWN];
    struct stat st;

    folder += strncmp(folder, "sql:", 4) == 0 ? 4 : 0;
    file_shown(folder, shown);
    if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
        doctor_fault(d, ERR_CONFIG, "Make the database, or correct \"module\"",
                     "%s: there is no folder %s", device->whose, shown);
    else if (access(folder, R_OK | W_OK | X_OK) != 0)
        doctor_fault(d, ERR_DENIED, "Run the ceremony as the user whose database it is",
                     "%s: this user may not write to %s", device->whose, shown);
    else if (st.st_mode & (S_IWGRP | S_IWOTH))
        doctor_note(d, "Take the others' right away: chmod go-w", "%s: others may write to %s",
                    device->whose, shown);
    else
        doctor_good(d, "%s: database %s", device->whose, shown);
}

void doctor_modules(struct doctor *d)
{
    struct device devices[SIDES];
    unsigned count = doctor_has_file(d) ? find_devices(d->config, devices) : 0;
    char file[PATH_MAX];

    for (unsigned i = 0; i < count; i++) {
        if (!find_module(d, &devices[i], file))
            continue;
        if (devices[i].side->agent)
            doctor_good(d, "%s: its own agent finds it", devices[i].whose);
        else if (file[0])
            look_at_module(d, &devices[i], file);
        else
            look_at_database(d, &devices[i]);
    }
}

void doctor_pins_of_modules(struct doctor *d)
{
    struct device devices[SIDES];
    unsigned count = doctor_has_file(d) ? find_devices(d->config, devices) : 0;
    char file[PATH_MAX], real[PATH_MAX], hex[2 * 32 + 1], remedy[160];
    uint8_t sha256[32];

    for (unsigned i = 0; i < count; i++) {
        const char *pin = devices[i].side->where.module_sha256;
        const char *what = has_api(&devices[i], "openssl") ? "key file" : "module";
        struct doctor quiet = {.out = d->out, .check = d->check};
        if (has_api(&devices[i], "nss") || devices[i].side->agent) {
            doctor_good(d, "%s: loads no module of the ceremony file here", devices[i].whose);
            continue;
        }
        if (!find_module(&quiet, &devices[i], file) ||
            !file_sha256(file, real, sizeof real, sha256)) {
            doctor_fault(d, ERR_CONFIG, "Correct the row \"modules\" first",
                         "%s: its %s cannot be read", devices[i].whose, what);
            continue;
        }
        text_hex(sha256, sizeof sha256, hex);
        text_print(remedy, sizeof remedy, "Write: module-sha256: %s", hex);
        if (!pin[0])
            doctor_note(d, remedy, "%s: any content of the %s would be used", devices[i].whose,
                        what);
        else if (strcmp(pin, hex) == 0)
            doctor_good(d, "%s: the %s is the pinned one", devices[i].whose, what);
        else
            doctor_fault(d, ERR_DENIED, NULL, "%s: the %s is not the pinned one: %s",
                         devices[i].whose, what, hex);
    }
}

/* --- files --- */

void doctor_pin_files(struct doctor *d)
{
    struct device devices[SIDES];
    unsigned count = doctor_has_file(d) ? find_devices(d->config, devices) : 0;
    char shown[FILE_SHOWN];
    int fd;

    for (unsigned i = 0; i < count; i++) {
        const char *file = devices[i].side->token.pin_file;
        struct err err = {0};
        if (devices[i].side->asks_elsewhere && access(PIN_ENTRY_PROGRAM, X_OK) != 0)
            doctor_fault(d, ERR_NO_INPUT, "Install systemd, or leave out \"pin-entry\"",
                         "%s: there is no %s", devices[i].whose, PIN_ENTRY_PROGRAM);
        else if (!file[0])
            doctor_good(d, "%s: an officer enters the PIN", devices[i].whose);
        else if (file_open_trusted(file, 077, &fd, &err)) {
            close(fd);
            doctor_good(d, "%s: %s", devices[i].whose, file_shown(file, shown));
        } else
            doctor_fault(d, err.code, NULL, "%s: %s", devices[i].whose, err.what);
    }
}

/* The report folder, or the folder in which it will be made. */
static const char *existing_folder(const char *folder, char out[PATH_MAX])
{
    text_print(out, PATH_MAX, "%s", folder);
    return access(out, F_OK) == 0 ? out : dirname(out);
}

void doctor_reports(struct doctor *d)
{
    char room[PATH_MAX], journal[EVENT_PATH_MAX], shown[FILE_SHOWN];
    struct err err = {0};
    struct stat st;

    if (!doctor_has_file(d))
        return;
    const char *folder = existing_folder(d->config->report_folder, room);
    file_shown(folder, shown);
    if (history_find(d->config->report_folder, journal, &err))
        doctor_fault(d, ERR_UNFINISHED, "Run hsmferry resume with this journal, or clean",
                     "a ceremony was interrupted: %s", file_shown(journal, shown));
    else if (err.code != ERR_NONE)
        doctor_failed(d, &err);
    else if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
        doctor_fault(d, ERR_IO, NULL, "%s is not there, or is no folder", shown);
    else if (access(folder, R_OK | W_OK | X_OK) != 0)
        doctor_fault(d, ERR_IO, NULL, "this user may not write to %s", shown);
    else if ((st.st_mode & (S_IWGRP | S_IWOTH)) && folder == room &&
             strcmp(room, d->config->report_folder) == 0)
        doctor_note(d, NULL, "others may write to %s", shown);
    else
        doctor_good(d, "%s, and no ceremony there is interrupted",
                    file_shown(d->config->report_folder, shown));
}

void doctor_space(struct doctor *d)
{
    char room[PATH_MAX], shown[FILE_SHOWN];
    struct statvfs fs;

    if (!doctor_has_file(d))
        return;
    const char *folder = existing_folder(d->config->report_folder, room);
    if (statvfs(folder, &fs) != 0) {
        doctor_fault(d, ERR_IO, NULL, "it cannot be read how much %s has",
                     file_shown(folder, shown));
        return;
    }
    unsigned long long mb = (unsigned long long)fs.f_bavail * fs.f_frsize / (1024 * 1024);
    if (fs.f_flag & ST_RDONLY)
        doctor_fault(d, ERR_IO, NULL, "%s is read-only", file_shown(folder, shown));
    else if (mb < SPACE_MB || (fs.f_files > 0 && fs.f_favail < FILES_LEFT))
        doctor_fault(d, ERR_IO, NULL, "%s has %llu MB and room for %llu files", shown, mb,
                     (unsigned long long)fs.f_favail);
    else
        doctor_good(d, "%llu MB; ten thousand keys take 24 MB", mb);
}

void doctor_log(struct doctor *d)
{
    struct err err = {0};

    if (!doctor_has_file(d))
        return;
    if (!d->config->syslog)
        doctor_good(d, "the ceremony file wants no line in the host's log");
    else if (syslog_sink_open(&err))
        doctor_good(d, "something listens at /dev/log");
    else
        doctor_failed(d, &err);
}
