/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/rehearsal.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/file.h"
#include "base/text.h"
#include "config/config.h"

enum { PIN_BYTES = 8, LIMIT_MS = 120000, OPEN_FOLDERS = 16, DIR_LENGTH_MAX = 400 };

static const char default_pair[] = "softhsm:nss";

/* All that a rehearsal puts into its folder. */
static const char *const parts[] = {"tokens",  "nss-source",    "nss-destination", "pins",
                                    "reports", "softhsm2.conf", "ceremony.yaml"};
enum { PARTS = sizeof parts / sizeof parts[0] };

/* A kind of HSM that a rehearsal can make. */
struct kind {
    const char *name, *api;
    const char *library;  /* the PKCS#11 module that makes the token */
    const char *token[2]; /* its label, by enum side */
    bool database;        /* of NSS, whose parameters name its folder */
};

static const char nss_label[] = "NSS%20Certificate%20DB";
static const struct kind kinds[] = {
    {"softhsm", "pkcs11", "libsofthsm2.so", {"hsm-old", "hsm-new"}, false},
    {"nss", "nss", "libsoftokn3.so", {nss_label, nss_label}, true},
    {"softoken", "pkcs11", "libsoftokn3.so", {nss_label, nss_label}, true},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

const char *rehearsal_pair(size_t nth)
{
    static const char *const pairs[] = {
        "softhsm:nss", "softhsm:softoken", "softhsm:softhsm", "nss:softhsm",      "nss:softoken",
        "nss:nss",     "softoken:softhsm", "softoken:nss",    "softoken:softoken"};

    return nth < sizeof pairs / sizeof pairs[0] ? pairs[nth] : NULL;
}

/* One of the two tokens while it is made. */
struct place {
    const struct kind *kind;
    enum side side;
    char module[PATH_MAX];
    char pin_file[PATH_MAX];
    char parameters[HSM_PATH_MAX];
    char variable[PATH_MAX]; /* "SOFTHSM2_CONF=..."; empty: none */
};

/* A path that is too long is refused by the call that uses it. */
static const char *path_in(const char *dir, const char *name, char out[PATH_MAX])
{
    text_print(out, PATH_MAX, "%s/%s", dir, name);
    return out;
}

/* --- tokens --- */

static bool find_kinds(const char *pair, struct place places[2], struct err *err)
{
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        const char *colon = strchr(pair, ':');
        const char *name = side == SIDE_SOURCE || !colon ? pair : colon + 1;
        size_t len = side == SIDE_SOURCE && colon ? (size_t)(colon - pair) : strlen(name);
        for (size_t i = 0; colon && i < KINDS; i++)
            if (strlen(kinds[i].name) == len && strncmp(kinds[i].name, name, len) == 0)
                places[side] = (struct place){.kind = &kinds[i], .side = side};
        if (!places[side].kind) {
            char shown[FILE_SHOWN];
            err_set(err, ERR_USAGE, "There is no pair %s", file_shown(pair, shown));
            err_now(err, "Nothing was made");
            return err_next(err, "Write SOURCE:DESTINATION, each of which is softhsm, nss or "
                                 "softoken");
        }
    }
    return true;
}

static bool find_module(struct place *place, struct err *err)
{
    static const char *const folders[] = {
        "/usr/lib/softhsm",  "/usr/lib/*/softhsm", "/usr/lib*/pkcs11",
        "/usr/lib*/softhsm", "/usr/lib/*/pkcs11",  "/usr/local/lib/softhsm",
        "/usr/lib/*",        "/usr/lib/*/nss",     "/usr/lib64"};
    char pattern[PATH_MAX];
    glob_t found;

    for (size_t i = 0; !place->module[0] && i < sizeof folders / sizeof folders[0]; i++) {
        if (glob(path_in(folders[i], place->kind->library, pattern), 0, NULL, &found) == 0)
            text_print(place->module, sizeof place->module, "%s", found.gl_pathv[0]);
        globfree(&found);
    }
    if (place->module[0])
        return true;
    err_set(err, ERR_HSM, "%s is not installed", place->kind->library);
    err_now(err, "Nothing was made");
    return err_next(err, "Install %s (Debian: %s)", place->kind->name,
                    place->kind->database ? "libnss3" : "libsofthsm2");
}

/* SoftHSM's configuration ends a value at '=' and '#' and knows no quotes; a backslash has a
 * special meaning in NSS. */
static bool check_name(const char *dir, struct err *err)
{
    char shown[FILE_SHOWN];
    const char *c = dir;

    while (*c && !strchr("=#\\", *c) && (unsigned char)*c >= ' ' && *c != 0x7f)
        c++;
    if (!*c && c - dir <= DIR_LENGTH_MAX)
        return true;
    err_set(err, ERR_USAGE, "No tokens can be kept in %s", file_shown(dir, shown));
    err_now(err, "Nothing was made");
    return err_next(err,
                    "Choose a folder without '=', '#', '\\' and control characters in its path, "
                    "of at most %d bytes",
                    DIR_LENGTH_MAX);
}

static bool check_empty(const char *dir, struct err *err)
{
    char path[PATH_MAX], shown[FILE_SHOWN];
    struct stat st;

    for (size_t i = 0; i < PARTS; i++)
        if (lstat(path_in(dir, parts[i], path), &st) == 0) {
            err_set(err, ERR_DENIED, "There is a rehearsal already: %s", file_shown(path, shown));
            err_now(err, "Nothing was changed");
            return err_next(err, "Choose another folder, or remove this rehearsal with --remove");
        }
    return true;
}

static bool make_folder(struct rehearsal *r, struct err *err)
{
    const char *tmp = getenv("TMPDIR");
    char path[PATH_MAX], shown[FILE_SHOWN];

    text_print(path, sizeof path, "%s/hsmferry-rehearsal.XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
    if (r->dir)
        text_print(path, sizeof path, "%s", r->dir);
    if (!check_name(path, err))
        return false;
    if ((r->dir ? mkdir(path, 0700) != 0 && errno != EEXIST : !mkdtemp(path)) ||
        !realpath(path, r->made))
        return err_set_errno(err, ERR_IO, errno, "The folder %s cannot be made",
                             file_shown(path, shown));
    return check_name(r->made, err) && check_empty(r->made, err);
}

static bool write_file(const char *path, const char *text, struct err *err)
{
    char shown[FILE_SHOWN];
    size_t len = strlen(text);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, text, len) == (ssize_t)len;

    if (!ok)
        err_set_errno(err, ERR_IO, errno, "%s cannot be written", file_shown(path, shown));
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool make_pin(const char *dir, struct place *place, struct err *err)
{
    uint8_t random[PIN_BYTES];
    char line[2 * PIN_BYTES + 2], name[16 + sizeof "pins/"];

    if (getentropy(random, sizeof random) != 0)
        return err_set_errno(err, ERR_FAILED, errno, "No random numbers are available");
    text_hex(random, sizeof random, line);
    strcat(line, "\n");
    text_print(name, sizeof name, "pins/%s", side_name(place->side));
    bool ok = write_file(path_in(dir, name, place->pin_file), line, err);
    OPENSSL_cleanse(random, sizeof random);
    OPENSSL_cleanse(line, sizeof line);
    return ok;
}

/* The parameters of NSS's module, which name the database. A backslash quotes the next
 * character. */
static void set_parameters(const char *dir, struct place *place)
{
    char quoted[2 * PATH_MAX], *to = quoted;

    for (const char *c = dir; *c; c++) {
        if (*c == '\'')
            *to++ = '\\';
        *to++ = *c;
    }
    *to = '\0';
    text_print(place->parameters, sizeof place->parameters,
               "configdir='sql:%s/nss-%s' certPrefix='' keyPrefix='' secmod='' flags=", quoted,
               side_name(place->side));
}

static bool make_store(const char *dir, struct place *place, struct err *err)
{
    char path[PATH_MAX], text[2 * PATH_MAX], name[32], shown[FILE_SHOWN];
    bool made;

    text_print(name, sizeof name, "nss-%s", side_name(place->side));
    made = mkdir(path_in(dir, place->kind->database ? name : "tokens", path), 0700) == 0;
    if (!made && (place->kind->database || errno != EEXIST))
        return err_set_errno(err, ERR_IO, errno, "The folder %s cannot be made",
                             file_shown(path, shown));
    if (place->kind->database) {
        set_parameters(dir, place);
        return true;
    }
    text_print(text, sizeof text,
               "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n"
               "slots.removable = false\n",
               path);
    path_in(dir, "softhsm2.conf", path);
    text_print(place->variable, sizeof place->variable, "SOFTHSM2_CONF=%s", path);
    return !made || write_file(path, text, err);
}

/* The console loads no module, so another program makes the token. */
static bool fill_token(const struct place *place, struct err *err)
{
    char program[PATH_MAX];
    const char *const argv[] = {program,
                                side_name(place->side),
                                place->module,
                                place->pin_file,
                                place->parameters[0] ? place->parameters : NULL,
                                NULL};
    const char *const environment[] = {place->variable[0] ? place->variable : NULL, NULL};
    int status = 0, no;
    pid_t pid;

    config_own_program("hsmferry-rehearsal-token", program, sizeof program);
    no = posix_spawn(&pid, program, NULL, NULL, (char *const *)argv, (char *const *)environment);
    if (no != 0) {
        err_set_errno(err, no == ENOENT ? ERR_NO_INPUT : ERR_CONFIG, no, "%s cannot be started",
                      program);
        return err_next(err, "Install hsmferry completely");
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    err_set(err, ERR_HSM, "The token of the %s could not be made with %s", side_name(place->side),
            place->module);
    return err_next(err, "The reason is above");
}

/* --- the ceremony file --- */

static bool describe_side(const char *dir, const struct place *place, struct config_side *to,
                          struct err *err)
{
    char uri[64];

    text_print(to->where.api, sizeof to->where.api, "%s", place->kind->api);
    if (strcmp(place->kind->api, "nss") == 0)
        text_print(to->where.module, sizeof to->where.module, "sql:%s/nss-%s", dir,
                   side_name(place->side));
    else {
        text_print(to->where.module, sizeof to->where.module, "%s", place->module);
        text_print(to->where.params, sizeof to->where.params, "%s", place->parameters);
    }
    text_print(uri, sizeof uri, "pkcs11:token=%s", place->kind->token[place->side]);
    if (!uri_parse(uri, &to->token, err))
        return false;
    text_print(to->token.pin_file, sizeof to->token.pin_file, "%s", place->pin_file);
    to->limit_ms = LIMIT_MS;
    to->environment = calloc(2, sizeof *to->environment);
    if (!to->environment || (place->variable[0] && !(to->environment[0] = strdup(place->variable))))
        return err_set(err, ERR_FAILED, "There is no memory for the ceremony file");
    return true;
}

static bool write_ceremony(const struct rehearsal *r, const struct place places[2], struct err *err)
{
    struct config *config = calloc(1, sizeof *config);
    char path[PATH_MAX];
    bool ok;

    if (!config || !(config->keys = calloc(1, sizeof *config->keys))) {
        config_free(config);
        return err_set(err, ERR_FAILED, "There is no memory for the ceremony file");
    }
    strcpy(config->title, "Rehearsal");
    config->rehearsal = true;
    strcpy(config->officers[0].name, "Source Officer");
    strcpy(config->officers[1].name, "Destination Officer");
    config->officer_count = 2;
    config->key_count = 1;
    config->policy = policy_default();
    if (!r->asks)
        config->policy.gates = 0;
    text_print(config->report_folder, sizeof config->report_folder, "%s/reports", r->made);
    ok = uri_parse("pkcs11:object=*", &config->keys[0], err);
    for (enum side side = SIDE_SOURCE; ok && side <= SIDE_DESTINATION; side++)
        ok = describe_side(r->made, &places[side], &config->side[side], err);
    ok = ok && config_write(config, path_in(r->made, "ceremony.yaml", path), false, err);
    config_free(config);
    return ok;
}

/* --- removal --- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)at;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

/* A link is removed, and not followed. */
static bool remove_parts(const char *dir, struct err *err)
{
    char path[PATH_MAX], shown[FILE_SHOWN];

    for (size_t i = 0; i < PARTS; i++)
        if (nftw(path_in(dir, parts[i], path), remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) !=
                0 &&
            errno != ENOENT) {
            err_set_errno(err, ERR_IO, errno, "%s cannot be removed", file_shown(path, shown));
            return err_next(err, "Remove it by hand");
        }
    return true;
}

bool rehearsal_make(struct rehearsal *r, struct err *err)
{
    struct place places[2] = {{.kind = NULL}, {.kind = NULL}};
    struct err ignored;
    char path[PATH_MAX];
    bool ok = true;

    if (!find_kinds(r->pair ? r->pair : default_pair, places, err) ||
        !find_module(&places[SIDE_SOURCE], err) || !find_module(&places[SIDE_DESTINATION], err))
        return false;
    umask(077);
    if (!make_folder(r, err))
        return false;
    if (mkdir(path_in(r->made, "pins", path), 0700) != 0 ||
        mkdir(path_in(r->made, "reports", path), 0700) != 0)
        ok = err_set_errno(err, ERR_IO, errno, "%s cannot be made", path);
    for (enum side side = SIDE_SOURCE; ok && side <= SIDE_DESTINATION; side++)
        ok = make_pin(r->made, &places[side], err) && make_store(r->made, &places[side], err) &&
             fill_token(&places[side], err);
    if (ok && write_ceremony(r, places, err))
        return true;
    if (remove_parts(r->made, &ignored))
        err_now(err, "What was made of the rehearsal was removed again");
    if (!r->dir)
        (void)rmdir(r->made);
    return false;
}

/* Is there a rehearsal, and could nobody else have put something in its place? */
static bool check_rehearsal(const char *real, struct err *err)
{
    char path[PATH_MAX], shown[FILE_SHOWN], reports[PATH_MAX];
    struct config *config;
    struct stat st;
    bool ours;

    file_shown(real, shown);
    if (stat(real, &st) != 0 || st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH))) {
        err_set(err, ERR_DENIED, "%s does not belong to this user alone", shown);
        return err_next(err, "Remove the rehearsal by hand");
    }
    if (!config_load(path_in(real, "ceremony.yaml", path), CONFIG_TO_COMPARE, &config, err))
        return false;
    ours = config->rehearsal && strcmp(config->title, "Rehearsal") == 0 &&
           strcmp(config->report_folder, path_in(real, "reports", reports)) == 0;
    config_free(config);
    if (ours)
        return true;
    err_set(err, ERR_DATA, "%s holds no rehearsal that hsmferry made", shown);
    return err_next(err, "Name the folder that hsmferry rehearse printed");
}

bool rehearsal_remove(const char *dir, bool *rest, struct err *err)
{
    char real[PATH_MAX], shown[FILE_SHOWN];

    if (!realpath(dir, real))
        err_set_errno(err, ERR_NO_INPUT, errno, "There is no folder %s", file_shown(dir, shown));
    else if (check_rehearsal(real, err) && remove_parts(real, err)) {
        *rest = rmdir(real) != 0;
        return true;
    } else if (err->code == ERR_IO)
        return err_now(err, "The rehearsal is removed in part");
    return err_now(err, "Nothing was removed");
}
