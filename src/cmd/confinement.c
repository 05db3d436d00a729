/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/confinement.h"

#include <limits.h>
#include <libgen.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <openssl/evp.h>

#include "base/text.h"

/* Locale, time zone, terminals, OpenSSL's configuration, the modules that p11-kit knows; and
 * vendors' folders, to check that a module is a library. */
static const struct land_rule system_files[] = {
    {"/usr", LAND_READ},
    {"/lib", LAND_READ},
    {"/lib64", LAND_READ},
    {"/opt", LAND_READ},
    {"/etc/locale.alias", LAND_READ},
    {"/etc/localtime", LAND_READ},
    {"/etc/terminfo", LAND_READ},
    {"/etc/pkcs11", LAND_READ},
    {"/etc/ssl", LAND_READ},
    {"/etc/pki/tls", LAND_READ},
    {"/proc/self/exe", LAND_READ}, /* its SHA-256 is in the report */
    {"/proc", LAND_READ}, /* who holds a lock; of other processes, only what all users may read */
    {"/sys/devices/system/cpu", LAND_READ},
    {"/dev/urandom", LAND_READ},
    {"/dev/null", LAND_DEVICE},
    {"/dev/tty", LAND_DEVICE},
};

enum {
    SYSTEM_FILES = sizeof system_files / sizeof system_files[0],
    TERMINAL_FOLDERS = 8,
};

void confinement_add(struct confinement *c, const char *path, enum land_use use)
{
    if (path && path[0] && c->count < CONFINEMENT_OWN)
        c->rules[c->count++] = (struct land_rule){path, use};
}

/* A confined process cannot map code any more, so libraries that would be loaded later are loaded
 * now. */
static bool load_all(bool screen, struct err *err)
{
    unsigned char sha256[32];

    if (screen && setlocale(LC_CTYPE, ""))
        (void)btowc('A'); /* a character set other than UTF-8 is a library */
    return EVP_Q_digest(NULL, "SHA256", NULL, "", 0, sha256, NULL) == 1 ||
           err_set(err, ERR_FAILED, "OpenSSL cannot be started");
}

/* The folders where curses looks for terminal descriptions, in addition to the system's. names:
 * room for the list that is split. */
static void add_terminals(struct confinement *c, char own[PATH_MAX], char names[PATH_MAX])
{
    const char *home = getenv("HOME"), *folders = getenv("TERMINFO_DIRS");

    confinement_add(c, getenv("TERMINFO"), LAND_READ);
    if (home && text_print(own, PATH_MAX, "%s/.terminfo", home) < PATH_MAX - 1)
        confinement_add(c, own, LAND_READ);
    if (!folders || text_print(names, PATH_MAX, "%s", folders) >= PATH_MAX - 1)
        return;
    for (char *rest = NULL, *name = strtok_r(names, ":", &rest);
         name && c->count < TERMINAL_FOLDERS; name = strtok_r(NULL, ":", &rest))
        confinement_add(c, name, LAND_READ);
}

bool confinement_enter(const struct confinement *c, bool screen, struct box *box, struct err *err)
{
    struct land_rule rules[SYSTEM_FILES + CONFINEMENT_OWN + TERMINAL_FOLDERS];
    char own[PATH_MAX], names[PATH_MAX];
    struct confinement terminals = {0};

    if (screen)
        add_terminals(&terminals, own, names);
    memcpy(rules, system_files, sizeof system_files);
    memcpy(rules + SYSTEM_FILES, c->rules, c->count * sizeof *rules);
    memcpy(rules + SYSTEM_FILES + c->count, terminals.rules, terminals.count * sizeof *rules);
    return load_all(screen, err) &&
           box_console(rules, SYSTEM_FILES + c->count + terminals.count, LAND_ABI_MAX, box, err);
}

bool confinement_reader(const char *const *files, bool screen, struct err *err)
{
    struct confinement c = {0};
    char folder[CONFINEMENT_OWN / 2][PATH_MAX];
    struct box box;

    for (size_t i = 0; files[i] && i < CONFINEMENT_OWN / 2; i++) {
        confinement_add(&c, files[i], LAND_READ);
        if (text_print(folder[i], PATH_MAX, "%s", files[i]) < PATH_MAX - 1)
            confinement_add(&c, dirname(folder[i]), LAND_READ);
    }
    return confinement_enter(&c, screen, &box, err);
}
