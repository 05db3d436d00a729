/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/dialect/dialect.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

static const char suffix[] = ".yaml";
enum { SUFFIX = sizeof suffix - 1, FILES_MAX = 256 };

/* --- folders --- */

static char *next_folder(struct dialect_folders *folders)
{
    return folders->path[folders->count++];
}

/* From the user database, not from the environment: an agent is started without one. */
static void add_own(struct dialect_folders *folders)
{
    const struct passwd *user = getpwuid(geteuid());

    if (user && user->pw_dir && user->pw_dir[0] == '/')
        text_print(next_folder(folders), PATH_MAX, "%s/.config/hsmferry/dialects", user->pw_dir);
}

/* In a build tree the folder "dialects" is next to this program. */
static bool add_beside(struct dialect_folders *folders)
{
    static const char name[] = "dialects";
    char *path = folders->path[folders->count];
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - sizeof name);

    while (len > 0 && path[len - 1] != '/')
        len--;
    if (len <= 0)
        return false;
    memcpy(path + len, name, sizeof name);
    if (access(path, R_OK | X_OK) != 0)
        return false;
    folders->count++;
    return true;
}

void dialect_folders(struct dialect_folders *folders)
{
    *folders = (struct dialect_folders){0};
    add_own(folders);
    text_print(next_folder(folders), PATH_MAX, "%s", HSMFERRY_DIALECTS_SYSTEM);
    if (!add_beside(folders))
        text_print(next_folder(folders), PATH_MAX, "%s", HSMFERRY_DIALECTS);
}

/* --- a dialect by its name --- */

static bool is_name(const char *name)
{
    return name[0] && name[0] != '.' && strlen(name) < HSM_TEXT_MAX && !strchr(name, '/');
}

/* Loads the file of this name from one folder; the name inside the file must be the same. */
static bool load_from(const char *folder, const char *name, struct dialect *out, struct err *err)
{
    char path[PATH_MAX + HSM_TEXT_MAX], shown[FILE_SHOWN];

    text_print(path, sizeof path, "%s/%s%s", folder, name, suffix);
    if (!dialect_load(path, out, err))
        return false;
    if (strcmp(out->is.name, name) == 0)
        return true;
    err_set(err, ERR_CONFIG, "%s says that its name is %s", file_shown(path, shown), out->is.name);
    return err_next(err, "Rename the file, or correct the name in it");
}

/* A missing or invalid dialect is a configuration error. */
static bool fail(struct err *err)
{
    if (err && err->code == ERR_NO_INPUT)
        err->code = ERR_CONFIG;
    return false;
}

bool dialect_named(const struct dialect_folders *folders, const char *name, struct dialect *out,
                   struct err *err)
{
    struct err why = {0};

    if (name[0] == '/')
        return dialect_load(name, out, err) || fail(err);
    for (unsigned i = 0; is_name(name) && i < folders->count; i++) {
        if (load_from(folders->path[i], name, out, &why))
            return true;
        if (why.code != ERR_NO_INPUT) {
            if (err)
                *err = why;
            return false;
        }
    }
    char shown[FILE_SHOWN];
    err_set(err, ERR_CONFIG, "there is no dialect %s", file_shown(name, shown));
    return err_next(err, "hsmferry-dialect(5) lists the folders that are searched");
}

/* --- a dialect by the HSM's identification --- */

static bool fits(const char *pattern, const char *text)
{
    return !pattern[0] || (text && fnmatch(pattern, text, 0) == 0);
}

bool dialect_fits(const struct dialect *dialect, const struct dialect_facts *facts)
{
    for (unsigned i = 0; i < dialect->pattern_count; i++) {
        const struct dialect_pattern *p = &dialect->pattern[i];
        if ((fits(p->manufacturer, facts->manufacturer) ||
             fits(p->manufacturer, facts->token_manufacturer)) &&
            fits(p->library, facts->library) && fits(p->model, facts->model) &&
            fits(p->api_version, facts->api_version) &&
            version_is_within(&p->version, facts->version) &&
            version_is_within(&p->firmware, facts->firmware))
            return true;
    }
    return false;
}

/* A search in progress. */
struct search {
    const struct dialect_facts *facts;  /* NULL: all are read, and none is looked for */
    char seen[FILES_MAX][HSM_TEXT_MAX]; /* names: the first folder that has one wins */
    unsigned seen_count;
    struct dialect found[2]; /* the matches: a proper dialect, a fallback */
    bool has[2];
    unsigned folder, folder_of[2];
};

static bool is_seen(const struct search *s, const char *name)
{
    for (unsigned i = 0; i < s->seen_count; i++)
        if (strcmp(s->seen[i], name) == 0)
            return true;
    return false;
}

static bool take(struct search *s, const char *folder, const char *name, struct err *err)
{
    struct dialect dialect;

    if (is_seen(s, name))
        return true;
    if (s->seen_count == FILES_MAX)
        return err_set(err, ERR_CONFIG, "there are more than %d dialects", FILES_MAX);
    text_print(s->seen[s->seen_count++], HSM_TEXT_MAX, "%s", name);
    if (!load_from(folder, name, &dialect, err))
        return fail(err);
    if (!s->facts || !dialect_fits(&dialect, s->facts))
        return true;
    if (!s->has[dialect.fallback]) {
        s->found[dialect.fallback] = dialect;
        s->folder_of[dialect.fallback] = s->folder;
        s->has[dialect.fallback] = true;
    } else if (s->folder_of[dialect.fallback] == s->folder) {
        err_set(err, ERR_CONFIG, "two dialects recognise this HSM: %s and %s",
                s->found[dialect.fallback].is.name, dialect.is.name);
        return err_next(err, "Name one of them under \"dialect\" in the ceremony file");
    }
    return true;
}

static int is_dialect(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > SUFFIX && len - SUFFIX < HSM_TEXT_MAX &&
           strcmp(entry->d_name + len - SUFFIX, suffix) == 0;
}

static bool take_folder(struct search *s, const char *folder, struct err *err)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_dialect, alphasort);
    char shown[FILE_SHOWN];
    bool ok = true;

    if (count < 0 && (errno == ENOENT || errno == ENOTDIR))
        return true;
    if (count < 0)
        return err_set_errno(err, ERR_CONFIG, errno, "the dialects in %s cannot be listed",
                             file_shown(folder, shown));
    for (int i = 0; i < count; i++) {
        char *name = entries[i]->d_name;
        name[strlen(name) - SUFFIX] = '\0';
        ok = ok && take(s, folder, name, err);
        free(entries[i]);
    }
    free(entries);
    return ok;
}

bool dialect_recognise(const struct dialect_folders *folders, const struct dialect_facts *facts,
                       struct dialect *out, struct err *err)
{
    struct search *s = calloc(1, sizeof *s);
    bool ok = true;

    if (!s)
        return err_set(err, ERR_FAILED, "out of memory");
    s->facts = facts;
    for (; ok && s->folder < folders->count; s->folder++)
        ok = take_folder(s, folders->path[s->folder], err);
    if (ok && !s->has[0] && !s->has[1]) {
        ok = err_set(err, ERR_CONFIG, "no dialect recognises this HSM");
        err_next(err, "Install hsmferry's dialects, or name one under \"dialect\" in the "
                      "ceremony file");
    }
    if (ok)
        *out = s->found[s->has[0] ? 0 : 1];
    free(s);
    return ok;
}

bool dialect_read_all(const struct dialect_folders *folders, unsigned *count, struct err *err)
{
    struct search *s = calloc(1, sizeof *s);
    bool ok = true;

    if (!s)
        return err_set(err, ERR_FAILED, "out of memory");
    for (; ok && s->folder < folders->count; s->folder++)
        ok = take_folder(s, folders->path[s->folder], err);
    *count = s->seen_count;
    free(s);
    return ok;
}
