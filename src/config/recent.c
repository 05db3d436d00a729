/* SPDX-License-Identifier: Apache-2.0 */
#include "config/recent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/text.h"

static const char head[] = "hsmferry-recent/1\n";
static const char file_name[] = "the file of the last HSMs";

/* --- the file --------------------------------------------------------------------------------- */

/* Makes each folder of a path that is not there; returns false if the path is too long. */
static bool make_folders(const char *path)
{
    char folder[PATH_MAX];

    for (const char *end = path; (end = strchr(end + 1, '/')) != NULL;) {
        if (text_print(folder, sizeof folder, "%.*s", (int)(end - path), path) >= PATH_MAX - 1)
            return false;
        (void)mkdir(folder, 0700); /* open() says what is wrong */
    }
    return true;
}

static bool find_path(char path[PATH_MAX])
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (state && state[0] == '/')
        return text_print(path, PATH_MAX, "%s/hsmferry/recent", state) < PATH_MAX - 1;
    return home && home[0] == '/' &&
           text_print(path, PATH_MAX, "%s/.local/state/hsmferry/recent", home) < PATH_MAX - 1;
}

int recent_open(void)
{
    char path[PATH_MAX];
    struct stat st;
    int fd;

    if (!find_path(path) || !make_folders(path))
        return -1;
    fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
                    st.st_nlink != 1 || (st.st_mode & 077) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* --- reading ---------------------------------------------------------------------------------- */

static void side_free(struct config_side *side)
{
    for (char **variable = side->environment; variable && *variable; variable++)
        free(*variable);
    free(side->environment);
    *side = (struct config_side){0};
}

void recent_free(struct recent *recent)
{
    for (unsigned i = 0; i < RECENT_HSMS; i++)
        side_free(&recent->side[i]);
    recent->count = 0;
}

/* Copies a value that fits and that a screen may show as it is. */
static bool take_text(char *to, size_t size, const char *value)
{
    char safe[TEXT_SAFE_SIZE(URI_TEXT_MAX + HSM_PATH_MAX)];

    return strlen(value) < size && text_safe(value, strlen(value), safe, sizeof safe) > 0 &&
           strcmp(safe, value) == 0 && text_print(to, size, "%s", value) == strlen(value);
}

static bool take_api(struct config_side *side, const char *value)
{
    static const char *const apis[] = {"pkcs11", "nss", "openssl"};
    bool known = false;

    for (size_t i = 0; i < sizeof apis / sizeof apis[0]; i++)
        known |= strcmp(value, apis[i]) == 0;
    return !side->where.api[0] && known &&
           take_text(side->where.api, sizeof side->where.api, value);
}

static bool take_module(struct config_side *side, const char *value)
{
    const char *begins = strcmp(side->where.api, "nss") == 0 ? "sql:/" : "/";

    return side->where.api[0] && !side->where.module[0] &&
           strncmp(value, begins, strlen(begins)) == 0 &&
           take_text(side->where.module, sizeof side->where.module, value);
}

static bool take_sha256(struct config_side *side, const char *value)
{
    return strlen(value) == sizeof side->where.module_sha256 - 1 &&
           strspn(value, "0123456789abcdef") == strlen(value) &&
           take_text(side->where.module_sha256, sizeof side->where.module_sha256, value);
}

static bool take_dialect(struct config_side *side, const char *value)
{
    return (value[0] == '/' || !strchr(value, '/')) &&
           take_text(side->where.dialect, sizeof side->where.dialect, value);
}

static bool take_variable(struct config_side *side, const char *value)
{
    char safe[URI_TEXT_MAX];
    char **grown;
    size_t count = 0;
    struct err ignored;

    while (side->environment && side->environment[count])
        count++;
    grown = reallocarray(side->environment, count + 2, sizeof *grown);
    if (!grown)
        return false;
    side->environment = grown;
    grown[count] = grown[count + 1] = NULL;
    if (!take_text(safe, sizeof safe, value) ||
        !config_check_variable(side, true, value,
                               &ignored)) /* asked again once the kind is known */
        return false;
    grown[count] = strdup(value);
    return grown[count] != NULL;
}

static bool take_token(struct config_side *side, const char *value)
{
    struct err ignored;

    return !side->token.text[0] && uri_parse(value, &side->token, &ignored) &&
           uri_names_token(&side->token) && !uri_names_key(&side->token) &&
           !side->token.pin_file[0];
}

static const struct {
    const char *name;
    bool (*take)(struct config_side *side, const char *value);
} lines[] = {
    {"api ", take_api},         {"module ", take_module},        {"sha256 ", take_sha256},
    {"dialect ", take_dialect}, {"environment ", take_variable}, {"token ", take_token},
};

/* "token" is the last line of each HSM. */
static bool take_line(struct recent *r, const char *line)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        size_t len = strlen(lines[i].name);
        if (strncmp(line, lines[i].name, len) != 0)
            continue;
        if (r->count == RECENT_HSMS || !lines[i].take(&r->side[r->count], line + len))
            return false;
        if (lines[i].take != take_token)
            return true;
        return r->side[r->count++].where.module[0] != '\0';
    }
    return false;
}

static bool take_all(struct recent *r, char *text)
{
    size_t size = strlen(text);

    if (strncmp(text, head, sizeof head - 1) != 0)
        return false;
    text[size - (text[size - 1] == '\n')] = '\0';
    for (char *rest = text + sizeof head - 1, *line; (line = strsep(&rest, "\n")) != NULL;)
        if (line[0] && !take_line(r, line))
            return false;
    return r->count == RECENT_HSMS;
}

bool recent_read(int fd, struct recent *out, struct err *err)
{
    struct bytes text = {0};
    bool ok;

    *out = (struct recent){.count = 0};
    if (lseek(fd, 0, SEEK_SET) != 0 || !file_read(fd, file_name, RECENT_SIZE, &text, err))
        return err->code != ERR_NONE ? false : err_set_errno(err, ERR_IO, errno, "%s", file_name);
    ok = text.len == 0;
    if (!ok && !memchr(text.data, '\0', text.len)) {
        char *copy = strndup((const char *)text.data, text.len);
        ok = copy && take_all(out, copy);
        free(copy);
    }
    bytes_free(&text);
    if (ok)
        return true;
    recent_free(out);
    return err_set(err, ERR_CONFIG, "%s has something in it that is not of hsmferry", file_name);
}

/* --- writing ---------------------------------------------------------------------------------- */

/* A named agent may be any program: the screen offers none. */
static bool is_choosable(const struct config_side *side)
{
    return side->where.module[0] && side->token.text[0] && !side->agent && !side->where.params[0] &&
           !side->where.environment_trusted;
}

static void put(FILE *out, const char *name, const char *value)
{
    if (value[0])
        fprintf(out, "%s%s\n", name, value);
}

static void put_side(FILE *out, const struct config_side *side)
{
    put(out, "api ", side->where.api);
    put(out, "module ", side->where.module);
    put(out, "sha256 ", side->where.module_sha256);
    put(out, "dialect ", side->where.dialect);
    for (char **variable = side->environment; variable && *variable; variable++)
        put(out, "environment ", *variable);
    put(out, "token ", side->token.text);
}

/* Always of one length: what was longer before leaves no rest, and nothing is cut off. */
bool recent_write(int fd, const struct config *config, struct err *err)
{
    char text[RECENT_SIZE + 1];
    long end;
    FILE *out;

    if (!is_choosable(&config->side[SIDE_SOURCE]) || !is_choosable(&config->side[SIDE_DESTINATION]))
        return true;
    memset(text, '\n', sizeof text);
    out = fmemopen(text, sizeof text, "w");
    if (!out)
        return err_set(err, ERR_FAILED, "There is no memory for %s", file_name);
    fputs(head, out);
    put_side(out, &config->side[SIDE_SOURCE]);
    put_side(out, &config->side[SIDE_DESTINATION]);
    end = fflush(out) == 0 ? ftell(out) : -1;
    fclose(out);
    if (end < 0 || end >= RECENT_SIZE)
        return err_set(err, ERR_CONFIG, "The two HSMs are too long for %s", file_name);
    text[end] = '\n'; /* fmemopen() ends it with a NUL */
    if (pwrite(fd, text, RECENT_SIZE, 0) != RECENT_SIZE || fsync(fd) != 0)
        return err_set_errno(err, ERR_IO, errno, "%s cannot be written", file_name);
    return true;
}
