/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/variables.h"

#include <string.h>

#include "base/text.h"

struct rule {
    const char *pattern;
    enum variable_rank rank;
    const char *why;
};

static const char code[] = "can load other code than the module";
static const char crypto[] = "changes what NSS does";
static const char host[] = "changes which host answers";
static const char place[] = "changes where files are searched";
static const char program[] = "changes what other programs run";
static const char session[] = "is for programs, not for a module";

/* The first match counts. The variables were found by trial with a library whose constructor runs
 * if one works, and in the sources of the libraries that read them. */
static const struct rule rules[] = {
    {"LD_*", VARIABLE_LOADER, code},
    {"GLIBC_*", VARIABLE_LOADER, "changes the C library"},
    {"MALLOC_*", VARIABLE_LOADER, "changes the C library"},
    {"GCONV_PATH", VARIABLE_NEVER, code},
    {"LOCPATH", VARIABLE_NEVER, place},
    {"NLSPATH", VARIABLE_NEVER, place},
    {"TZDIR", VARIABLE_NEVER, place},
    {"TMPDIR", VARIABLE_NEVER, place},
    {"SQLITE_*", VARIABLE_NEVER, place},
    {"OPENSSL_*", VARIABLE_NEVER, code},
    {"SSL_CERT_*", VARIABLE_NEVER, "changes which certificates are trusted"},
    {"CURL_*", VARIABLE_NEVER, "changes which certificates are trusted"},
    {"NSS_*", VARIABLE_NEVER, crypto},
    {"NSPR_*", VARIABLE_NEVER, crypto},
    {"NSRANDFILE", VARIABLE_NEVER, crypto},
    {"P11_KIT_SERVER_ADDRESS", VARIABLE_PLAIN, NULL},
    {"P11_KIT_*", VARIABLE_NEVER, code},
    {"PKCS11SPY*", VARIABLE_REHEARSAL, "loads another module and writes PINs in plaintext"},
    {"OPENSC_*", VARIABLE_NEVER, code},
    {"LIBPCSCLITE_*", VARIABLE_NEVER, code},
    {"PCSCLITE_*", VARIABLE_NEVER, "changes which reader answers"},
    {"TSS2_*", VARIABLE_NEVER, place},
    {"LTDL_*", VARIABLE_NEVER, code},
    {"GIO_*", VARIABLE_NEVER, code},
    {"KRB5*", VARIABLE_NEVER, code},
    {"SASL_PATH", VARIABLE_NEVER, code},
    {"HOSTALIASES", VARIABLE_NEVER, host},
    {"LOCALDOMAIN", VARIABLE_NEVER, host},
    {"RES_*", VARIABLE_NEVER, host},
    {"RESOLV_*", VARIABLE_NEVER, host},
    {"*_proxy", VARIABLE_NEVER, host},
    {"*_PROXY", VARIABLE_NEVER, host},
    {"PYTHON*", VARIABLE_NEVER, program},
    {"PERL5*", VARIABLE_NEVER, program},
    {"PERLLIB", VARIABLE_NEVER, program},
    {"RUBY*", VARIABLE_NEVER, program},
    {"*JAVA*OPTIONS", VARIABLE_NEVER, program},
    {"CLASSPATH", VARIABLE_NEVER, program},
    {"BASH_ENV", VARIABLE_NEVER, program},
    {"ENV", VARIABLE_NEVER, program},
    {"IFS", VARIABLE_NEVER, program},
    {"SHELLOPTS", VARIABLE_NEVER, program},
    {"HOME", VARIABLE_SESSION, session},
    {"USER", VARIABLE_SESSION, session},
    {"LOGNAME", VARIABLE_SESSION, session},
    {"SHELL", VARIABLE_SESSION, session},
    {"PATH", VARIABLE_SESSION, session},
    {"MAIL", VARIABLE_SESSION, session},
    {"PWD", VARIABLE_SESSION, session},
    {"OLDPWD", VARIABLE_SESSION, session},
    {"SHLVL", VARIABLE_SESSION, session},
    {"_", VARIABLE_SESSION, session},
    {"TERM", VARIABLE_SESSION, session},
    {"TZ", VARIABLE_SESSION, session},
    {"LANG", VARIABLE_SESSION, session},
    {"LANGUAGE", VARIABLE_SESSION, session},
    {"LC_*", VARIABLE_SESSION, session},
    {"SSH_*", VARIABLE_SESSION, session},
    {"XDG_*", VARIABLE_SESSION, session},
    {"DBUS_*", VARIABLE_SESSION, session},
    {"MOTD_SHOWN", VARIABLE_SESSION, session},
    {"HOSTNAME", VARIABLE_SESSION, session},
    {"SUDO_*", VARIABLE_SESSION, session},
};

static bool matches(const char *pattern, const char *variable)
{
    return text_glob(pattern, strlen(pattern), variable, strcspn(variable, "="));
}

/* --- values that name code, in variables that may also hold something harmless --- */

/* "name:conf". Other names load what conf names (pcap), or run it (cmd); a path names a library. */
static bool is_tcti(const char *value)
{
    static const char *const known[] = {"device", "tabrmd", "swtpm", "mssim"};
    size_t len = strcspn(value, ":");

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i]) == len && strncmp(known[i], value, len) == 0)
            return true;
    return false;
}

static bool is_server(const char *value)
{
    return strncmp(value, "unix:path=", 10) == 0 || strncmp(value, "vsock:", 6) == 0;
}

static const struct {
    const char *pattern;
    bool (*is_fine)(const char *value);
    const char *why;
} values[] = {
    {"*_TCTI", is_tcti, "may be device, tabrmd, swtpm or mssim, and no library"},
    {"P11_KIT_SERVER_ADDRESS", is_server, "must begin with unix:path= or vsock:"},
};

static const char *wrong_value(const char *variable)
{
    const char *value = strchr(variable, '=');

    for (size_t i = 0; value && i < sizeof values / sizeof values[0]; i++)
        if (matches(values[i].pattern, variable) && !values[i].is_fine(value + 1))
            return values[i].why;
    return NULL;
}

enum variable_rank variable_rank(const char *variable, const char **why)
{
    const char *wrong = wrong_value(variable);
    enum variable_rank rank = wrong ? VARIABLE_NEVER : VARIABLE_PLAIN;

    for (size_t i = 0; !wrong && i < sizeof rules / sizeof rules[0]; i++)
        if (matches(rules[i].pattern, variable)) {
            rank = rules[i].rank;
            wrong = rules[i].why;
            break;
        }
    if (why)
        *why = wrong;
    return rank;
}

bool variable_is_listed(const char *variable, const char *const *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (matches(patterns[i], variable))
            return true;
    return false;
}

/* --- the environment of an agent --- */

void variables_drop(char **list)
{
    char **kept = list;

    for (; *list; list++) {
        enum variable_rank rank = variable_rank(*list, NULL);
        if (strchr(*list, '=') && rank != VARIABLE_NEVER && rank != VARIABLE_SESSION)
            *kept++ = *list;
    }
    *kept = NULL;
}

/* The name, safe to show in messages. */
static const char *name_of(const char *variable, char out[64])
{
    text_safe(variable, strcspn(variable, "="), out, 64);
    return out;
}

bool variables_loader(const char *const *list, struct err *err)
{
    const char *why;
    char name[64];

    for (; *list; list++)
        if (variable_rank(*list, &why) == VARIABLE_LOADER) {
            err_set(err, ERR_CONFIG, "%s is set in the environment of the agent, and %s",
                    name_of(*list, name), why);
            err_now(err, "No module was loaded");
            return err_next(err, "Start the agent without it, for example through env -i");
        }
    return true;
}

bool variables_allowed(const char *const *list, const char *const *patterns, size_t count,
                       const char *whose, struct err *err)
{
    char name[64];

    for (; list && *list; list++) {
        enum variable_rank rank = variable_rank(*list, NULL);
        if ((rank != VARIABLE_PLAIN && rank != VARIABLE_REHEARSAL) ||
            variable_is_listed(*list, patterns, count))
            continue;
        err_set(err, ERR_CONFIG, "%s is set, and %s lists no such variable", name_of(*list, name),
                whose);
        err_now(err, "No PIN was sent");
        return err_next(err, "Remove it from \"environment\"; or write \"environment-trusted: "
                             "yes\" once you know what it does");
    }
    return true;
}
