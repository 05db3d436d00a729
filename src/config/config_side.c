/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/p11_kit.h"
#include "base/text.h"
#include "config/config.h"

enum { LIMIT_MAX = 3600 };

/* The state while one device is interpreted. */
struct device {
    const struct loader *l;
    struct config_side *to;
    const char *at; /* its place in the file: "source", "sign-report.device" */
};

/* The path of a key of this device: "source.environment". */
static const char *under(const struct device *d, const char *key, char *out)
{
    text_print(out, CONFIG_PLACE, "%s.%s", d->at, key);
    return out;
}

/* Copies a list and terminates it with NULL. */
static bool copy_list(const struct loader *l, const struct raw_list *list, char ***out)
{
    char **copy = calloc((size_t)list->count + 1, sizeof *copy);

    *out = copy;
    for (size_t i = 0; copy && i < list->count; i++)
        if (!(copy[i] = strdup(list->items[i])))
            return config_no_memory(l);
    return copy || config_no_memory(l);
}

static bool is_set_twice(const struct raw_list *list, size_t index)
{
    const char *item = list->items[index];

    for (size_t i = 0; i < index; i++)
        if (strncmp(list->items[i], item, strcspn(item, "=") + 1) == 0)
            return true;
    return false;
}

static bool take_environment(const struct device *d, const struct raw_list *list)
{
    const struct loader *l = d->l;
    char key[CONFIG_PLACE], path[CONFIG_PLACE];

    under(d, "environment", key);
    for (size_t i = 0; i < list->count; i++) {
        const char *item = list->items[i];
        config_entry(key, i, path);
        if (!config_check_variable(d->to, l->config->rehearsal, item, l->err))
            return schema_at(&l->yaml, l->err, "%s", path);
        if (is_set_twice(list, i))
            return config_wrong(l, path, "%.*s is set twice", (int)strcspn(item, "="), item);
    }
    return copy_list(l, list, &d->to->environment);
}

static bool take_agent(const struct device *d, const struct raw_list *list)
{
    char path[CONFIG_PLACE];

    if (list->count == 0)
        return true;
    if (list->items[0][0] != '/') {
        config_wrong(d->l, under(d, "agent.0", path),
                     "the agent's program must be an absolute path");
        return err_next(d->l->err,
                        "Write for example [\"/usr/bin/ssh\", \"host\", \"hsmferry-agent\"]");
    }
    return copy_list(d->l, list, &d->to->agent);
}

/* A module must exist and look like a library before anything is loaded. */
static bool check_module(const struct loader *l, const char *module, const char *path)
{
    static const char magic[4] = {0x7f, 'E', 'L', 'F'};
    char head[sizeof magic], shown[FILE_SHOWN];
    struct stat st;
    bool ok, valid;
    int fd;

    file_shown(module, shown);
    if (p11_kit_is_name(module, &valid)) /* the agent's host knows it, which may be another */
        return valid || config_wrong(l, path, "%s is not a name that p11-kit can have", shown);
    if (module[0] != '/') {
        config_wrong(l, path, "the module's path must be absolute");
        return err_next(l->err, "Write for example /usr/lib/softhsm/libsofthsm2.so, or p11-kit:"
                                "softhsm2");
    }
    if (l->use == CONFIG_TO_COMPARE)
        return true;
    fd = open(module, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == EACCES && access(module, R_OK) == 0)
        return true; /* if only this process cannot read it, the agent checks, which loads it */
    if (fd < 0) {
        config_wrong(l, path, "the module %s cannot be opened: %s", shown, strerrordesc_np(errno));
        return err_next(l->err, "Install it, or write the path of the one that is installed");
    }
    ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
         pread(fd, head, sizeof head, 0) == sizeof head && memcmp(head, magic, sizeof magic) == 0;
    close(fd);
    return ok || config_wrong(l, path, "%s is not a shared library", shown);
}

static bool check_database(const struct loader *l, const char *module, const char *path)
{
    struct stat st;
    char shown[FILE_SHOWN];

    if (strncmp(module, "sql:/", 5) != 0) {
        config_wrong(l, path, "an NSS database must be written as sql:/absolute/path");
        return err_next(l->err, "Write for example sql:/var/lib/pki/alias");
    }
    if (l->use != CONFIG_TO_COMPARE && (stat(module + 4, &st) != 0 || !S_ISDIR(st.st_mode)))
        return config_wrong(l, path, "there is no folder %s", file_shown(module + 4, shown));
    return true;
}

/* The agent reads the file: this process need not be able to. */
static bool check_key_file(const struct loader *l, const char *module, const char *path)
{
    if (module[0] == '/')
        return true;
    config_wrong(l, path, "the key file's path must be absolute");
    return err_next(l->err, "Write for example /root/server.p12");
}

/* Keys leave a key file, and none arrive in it; and it is no device that signs. */
static bool check_source_only(const struct device *d)
{
    char path[CONFIG_PLACE];

    if (strcmp(d->to->where.api, "openssl") != 0 || strcmp(d->at, "source") == 0)
        return true;
    config_wrong(d->l, under(d, "api", path), "a key file (openssl) can only be the source");
    return err_next(d->l->err, "Name an HSM here: pkcs11 or nss");
}

/* Is this device in another room? */
static bool is_elsewhere(const struct device *d)
{
    const struct config *config = d->l->config;

    return (d->l->use == CONFIG_AT_SOURCE && d->to != &config->side[SIDE_SOURCE]) ||
           (d->l->use == CONFIG_AT_DESTINATION && d->to != &config->side[SIDE_DESTINATION]);
}

/* Another agent may be on another host, and may support other APIs: it checks for itself. */
static bool check_where(const struct device *d)
{
    static const struct {
        const char *api;
        bool (*check)(const struct loader *, const char *, const char *);
    } apis[] = {{"pkcs11", check_module}, {"nss", check_database}, {"openssl", check_key_file}};
    const struct hsm_where *where = &d->to->where;
    struct loader l = *d->l;
    char path[CONFIG_PLACE];

    if (d->to->agent)
        return true;
    l.use = is_elsewhere(d) ? CONFIG_TO_COMPARE : l.use;
    for (size_t i = 0; i < sizeof apis / sizeof apis[0]; i++)
        if (strcmp(where->api, apis[i].api) == 0)
            return apis[i].check(&l, where->module, under(d, "module", path));
    return config_wrong(d->l, under(d, "api", path),
                        "\"api\" must be one of: pkcs11, nss, openssl");
}

static bool take_token(const struct device *d, const char *text)
{
    struct uri *token = &d->to->token;
    char path[CONFIG_PLACE];

    if (!config_take_uri(d->l, text, under(d, "token", path), token))
        return false;
    if (uri_names_key(token)) {
        config_wrong(d->l, path, "this names a key, but only a token may be named here");
        return err_next(d->l->err, "Leave out object, id and type; keys are named under \"keys\"");
    }
    return true;
}

static bool take_entry(const struct device *d, uint32_t entry)
{
    char path[CONFIG_PLACE];

    d->to->asks_elsewhere = entry == RAW_ASK_PASSWORD;
    if (!d->to->asks_elsewhere || !d->to->token.pin_file[0])
        return true;
    config_wrong(d->l, under(d, "pin-entry", path), "the token line names a file for the PIN");
    return err_next(d->l->err, "Leave out either pin-source or \"pin-entry\"");
}

/* The agent finds the dialect and checks it. */
static bool check_dialect(const struct device *d)
{
    const struct hsm_where *where = &d->to->where;
    char path[CONFIG_PLACE];

    if (!where->dialect[0])
        return true;
    if (strcmp(where->api, "pkcs11") != 0)
        return config_wrong(d->l, under(d, "dialect", path), "only PKCS#11 has dialects");
    if (where->dialect[0] != '/' && strchr(where->dialect, '/')) {
        config_wrong(d->l, under(d, "dialect", path),
                     "a dialect must be a name, or the absolute path of its file");
        return err_next(d->l->err, "Write for example softhsm, or /etc/my-hsm.yaml");
    }
    return true;
}

/* The agent compares the module with this SHA-256 before it loads it. */
static bool check_pin(const struct device *d)
{
    const struct hsm_where *where = &d->to->where;
    char path[CONFIG_PLACE];

    if (!where->module_sha256[0])
        return true;
    under(d, "module-sha256", path);
    if (strcmp(where->api, "nss") == 0)
        return config_wrong(d->l, path, "only a PKCS#11 module or a key file can have a SHA-256");
    if (strspn(where->module_sha256, "0123456789abcdef") == sizeof where->module_sha256 - 1)
        return true;
    config_wrong(d->l, path, "a SHA-256 must be 64 digits of 0 to 9 and a to f");
    return err_next(d->l->err, "Write what sha256sum prints");
}

static bool take_limit(const struct device *d, const uint32_t *seconds)
{
    uint32_t limit = seconds ? *seconds : RAW_DEFAULT_LIMIT;
    char path[CONFIG_PLACE];

    if (limit < 1 || limit > LIMIT_MAX)
        return config_wrong(d->l, under(d, "time-limit", path),
                            "\"time-limit\" must be 1 to %d seconds", LIMIT_MAX);
    d->to->limit_ms = (int)limit * 1000;
    return true;
}

bool config_take_side(const struct loader *l, const char *at, const struct raw_side *raw,
                      struct config_side *to)
{
    const struct device d = {l, to, at};
    struct hsm_where *where = &to->where;
    char path[CONFIG_PLACE];

    /* they fit, because the schema limits their lengths */
    strcpy(where->api, raw->api);
    strcpy(where->module, raw->module);
    strcpy(where->params, raw->parameters ? raw->parameters : "");
    strcpy(where->dialect, raw->dialect ? raw->dialect : "");
    strcpy(where->module_sha256, raw->module_sha256 ? raw->module_sha256 : "");
    where->environment_trusted = raw->environment_trusted == RAW_YES;
    to->agent_trusted = raw->agent_trusted == RAW_YES;
    to->destroys = raw->destroys == RAW_YES;
    return check_source_only(&d) && take_agent(&d, &raw->agent) && check_where(&d) &&
           check_dialect(&d) && check_pin(&d) &&
           config_check_agent(l, to, under(&d, "agent", path)) && take_token(&d, raw->token) &&
           take_entry(&d, raw->pin_entry) && take_environment(&d, &raw->environment) &&
           take_limit(&d, raw->time_limit);
}
