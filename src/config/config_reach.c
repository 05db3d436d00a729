/* SPDX-License-Identifier: Apache-2.0 */
/* Checks the parts of a ceremony file that concern the agents: their environment and their
 * programs. */
#include "config/config_parts.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "config/config.h"
#include "hsm/variables.h"

/* --- our own programs --- */

void config_own_program(const char *name, char *out, size_t size)
{
    char path[PATH_MAX] = "";
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);

    while (len > 0 && path[len - 1] != '/')
        len--;
    if (len <= 0 || text_print(out, size, "%.*s%s", (int)len, path, name) >= size - 1 ||
        access(out, X_OK) != 0)
        text_print(out, size, "%s/%s", HSMFERRY_AGENT_DIR, name);
}

void config_own_agent(char *out, size_t size)
{
    config_own_program("hsmferry-agent", out, size);
}

static bool is_own(char *const *agent)
{
    char own[PATH_MAX];
    struct stat a, b;

    config_own_agent(own, sizeof own);
    return !agent[1] && stat(agent[0], &a) == 0 && stat(own, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* The agent checks that the module is the pinned one; an agent other than ours might not. */
bool config_check_agent(const struct loader *l, const struct config_side *side, const char *path)
{
    if (!side->agent || !side->where.module_sha256[0] || side->agent_trusted || is_own(side->agent))
        return true;
    config_wrong(l, path, "the agent that is to check module-sha256 is itself not checked");
    return err_next(l->err, "Leave out \"agent\", or write \"agent-trusted: yes\" once you know "
                            "who can change that program");
}

/* --- the environment --- */

/* Is this a name that would hold a PIN or password? */
static bool is_secret_name(const char *name, size_t len)
{
    static const char *const ends[] = {"pin", "password", "passphrase"};

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t n = strlen(ends[i]);
        if (len >= n && strncasecmp(name + len - n, ends[i], n) == 0)
            return true;
    }
    return false;
}

static bool is_variable_name(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isascii(name[i]) || !(isalpha(name[i]) || name[i] == '_' || (i && isdigit(name[i]))))
            return false;
    return len > 0;
}

/* The variables that the agent's dialect refuses are not known here; but NSS and OpenSSL need
 * none. */
static bool check_plain(const struct config_side *side, const char *name, struct err *err)
{
    const bool nss = strcmp(side->where.api, "nss") == 0;
    const char *library = nss ? "NSS" : "OpenSSL";

    if (side->agent || side->where.environment_trusted ||
        (!nss && strcmp(side->where.api, "openssl") != 0))
        return true;
    err_set(err, ERR_CONFIG, "%s needs no variable, and %s is set", library, name);
    return err_next(err, "Remove it; environment variables only weaken %s", library);
}

static bool check_rehearsal(const struct config_side *side, bool rehearsal, const char *name,
                            const char *why, struct err *err)
{
    if (rehearsal && !side->where.module_sha256[0])
        return true;
    err_set(err, ERR_CONFIG, "%s %s", name, why);
    return err_next(err, rehearsal ? "Leave out module-sha256, which does not pin that module"
                                   : "Remove it; it is for rehearsals only");
}

bool config_check_variable(const struct config_side *side, bool rehearsal, const char *variable,
                           struct err *err)
{
    size_t len = strcspn(variable, "=");
    char name[64];
    const char *why;

    if (variable[len] != '=' || !is_variable_name(variable, len))
        return err_set(err, ERR_CONFIG, "an entry of \"environment\" must be NAME=value");
    text_print(name, sizeof name, "%.*s", (int)len, variable);
    if (is_secret_name(variable, len)) {
        err_set(err, ERR_CONFIG, "this variable would hold a PIN or password");
        return err_next(err, "%s", config_pin_advice);
    }
    switch (variable_rank(variable, &why)) {
    case VARIABLE_PLAIN:
        return check_plain(side, name, err);
    case VARIABLE_REHEARSAL:
        return check_rehearsal(side, rehearsal, name, why, err);
    case VARIABLE_SESSION:
        if (side->agent)
            return true;
        err_set(err, ERR_CONFIG, "%s %s", name, why);
        return err_next(err, "Remove it; it may be set for a program that \"agent\" names");
    default:
        err_set(err, ERR_CONFIG, "%s %s", name, why);
        return err_next(err, "Remove it; no dialect and no other line allows it");
    }
}
