/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/modules.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/p11_kit.h"

/* Where modules are that nobody has told p11-kit about, as glob(7) finds them: many have no name
 * without a version. */
static const char *const usual_places[] = {
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/libsofthsm2.so",
    "/usr/lib/*/softhsm/libsofthsm2.so",
    "/opt/nfast/toolkits/pkcs11/libcknfast.so",
    "/usr/safenet/lunaclient/lib/libCryptoki2_64.so",
    "/opt/utimaco/lib/libcs_pkcs11_R[23].so",
    "/usr/lib/libcs_pkcs11_R[23].so",
    "/opt/cloudhsm/lib/libcloudhsm_pkcs11.so",
    "/usr/lib/*/pkcs11/yubihsm_pkcs11.so",
    "/usr/lib/*/opensc-pkcs11.so",
    "/usr/lib/*/opencryptoki/libopencryptoki.so*",
    "/usr/lib/*/libopencryptoki.so*",
    "/usr/lib64/opencryptoki/libopencryptoki.so*",
    "/usr/lib64/libopencryptoki.so*",
    "/usr/local/lib/opencryptoki/libopencryptoki.so*",
};

/* Where programs keep their NSS databases; "~" is this user's folder. */
static const char *const usual_stores[] = {
    "~/.pki/nssdb",     "~/.mozilla/firefox/*", "~/.thunderbird/*",   "/etc/pki/nssdb",
    "/etc/pki/*/alias", "/var/lib/pki/*/alias", "/var/lib/pki/alias", "/var/lib/pki/*/*/alias",
    "/etc/ipa/nssdb",   "/etc/dirsrv/slapd-*",  "/etc/httpd/alias",   "/etc/ipsec.d",
};

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static void add(struct modules *m, const char *path, const char *name)
{
    struct module *module = &m->found[m->count];
    int len;

    if (m->count == MODULES_MAX || path[0] != '/' || access(path, R_OK) != 0)
        return;
    for (size_t i = 0; i < m->count; i++)
        if (same_file(m->found[i].path, path))
            return;
    len = snprintf(module->path, sizeof module->path, "%s", path);
    text_safe(name, strlen(name), module->name, sizeof module->name);
    if ((size_t)len < sizeof module->path)
        m->count++;
}

static void read_configuration(struct modules *m, const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    char line[MODULE_PATH_MAX + 16], module[MODULE_PATH_MAX];
    FILE *file = fopen(path, "re");

    if (!file)
        return;
    while (fgets(line, sizeof line, file)) {
        char *value = p11_kit_value(line, "module");
        if (value && p11_kit_path(value, module, sizeof module))
            add(m, module, name);
    }
    fclose(file);
}

void modules_find(struct modules *modules, const char *const *folders)
{
    *modules = (struct modules){0};
    for (const char *const *folder = folders ? folders : p11_kit_folders; *folder; folder++) {
        char pattern[MODULE_PATH_MAX];
        glob_t found;
        snprintf(pattern, sizeof pattern, "%s/*.module", *folder);
        if (glob(pattern, 0, NULL, &found) == 0)
            for (size_t i = 0; i < found.gl_pathc; i++)
                read_configuration(modules, found.gl_pathv[i]);
        globfree(&found);
    }
    for (size_t i = 0; !folders && i < sizeof usual_places / sizeof usual_places[0]; i++) {
        glob_t found;
        if (glob(usual_places[i], 0, NULL, &found) == 0)
            for (size_t j = 0; j < found.gl_pathc; j++)
                add(modules, found.gl_pathv[j], "a usual place");
        globfree(&found);
    }
}

static void add_store(struct modules *m, const char *database)
{
    struct module *module = &m->found[m->count];
    int len = (int)(strrchr(database, '/') - database);

    if (m->count == MODULES_MAX || (size_t)snprintf(module->path, sizeof module->path, "sql:%.*s",
                                                    len, database) >= sizeof module->path)
        return;
    snprintf(module->name, sizeof module->name, "a usual place");
    m->count++;
}

void modules_find_stores(struct modules *stores)
{
    const char *home = getenv("HOME");

    *stores = (struct modules){0};
    for (size_t i = 0; i < sizeof usual_stores / sizeof usual_stores[0]; i++) {
        const char *place = usual_stores[i];
        bool own = place[0] == '~';
        char pattern[MODULE_PATH_MAX];
        glob_t found;
        if ((own && (!home || home[0] != '/')) ||
            (size_t)snprintf(pattern, sizeof pattern, "%s%s/key4.db", own ? home : "",
                             place + own) >= sizeof pattern)
            continue;
        if (glob(pattern, 0, NULL, &found) == 0)
            for (size_t j = 0; j < found.gl_pathc; j++)
                add_store(stores, found.gl_pathv[j]);
        globfree(&found);
    }
}
