/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry seal: a ceremony whose destination is a key service, which gets each key as a file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/run_console.h"
#include "cmd/run_plain.h"
#include "cmd/seal_next.h"
#include "cmd/session.h"
#include "report/verify.h"
#include "transfer/sealing.h"

static bool find_service(const char *name, const struct service **out, struct err *err)
{
    char names[256] = "";
    size_t len = 0;

    *out = name ? service_find(name) : NULL;
    if (*out)
        return true;
    for (size_t i = 0; service_at(i); i++)
        len +=
            text_print(names + len, sizeof names - len, "%s%s", i ? ", " : "", service_at(i)->name);
    err_set(err, ERR_USAGE, name ? "There is no such service" : "The service is missing");
    return err_next(err, "Name one with --for: %s", names);
}

static bool read_key(struct sealing *sealing, const char *path, uint32_t floor, struct err *err)
{
    struct bytes file = {0};
    bool ok = verify_load(path, SEALING_KEY_FILE_MAX, &file, err) &&
              sealing_take_key(sealing, &file, floor, err);

    bytes_free(&file);
    return ok || (err_now(err, "Nothing was started"), false);
}

/* Everything that was given besides the ceremony file. */
static bool prepare(const struct invocation *in, struct session *s, struct sealing *sealing,
                    enum session_use use, struct err *err)
{
    const char *const files[] = {in->wrapping_key, in->import_token, NULL};

    if (!find_service(in->service, &sealing->service, err) ||
        !sealing_take_kid(sealing, in->kid, err))
        return false;
    if (!in->wrapping_key) {
        err_set(err, ERR_USAGE, "The wrapping key of %s is missing", sealing->service->title);
        return err_next(err, "Give the file with --wrapping-key");
    }
    if (in->import_token && !strstr(sealing->service->next, "%t"))
        return err_set(err, ERR_USAGE, "%s has no import token: leave out --import-token",
                       sealing->service->title);
    if (in->import_token && access(in->import_token, R_OK) != 0)
        return err_set_errno(err, ERR_NO_INPUT, errno, "The import token cannot be read");
    s->sealing = sealing;
    s->reads = files;
    bool ok = session_load_as(s, in->words[0], CONFIG_TO_SEAL, err) &&
              session_confine(s, use, NULL, err) &&
              read_key(sealing, in->wrapping_key, s->config->policy.rsa_bits, err);
    s->reads = NULL;
    return ok;
}

/* The service takes the place of the other HSM: its key is what a module is to that. */
static void name_destination(const struct session *s)
{
    struct hsm_where *where = &s->config->side[SIDE_DESTINATION].where;

    text_print(where->api, sizeof where->api, "%s", s->sealing->service->name);
    text_print(where->module, sizeof where->module, "%s", s->sealing->key_file);
}

int command_seal(const struct invocation *in)
{
    struct session s = {.host = in->host};
    struct sealing sealing = {.key_file = in->wrapping_key, .import_token = in->import_token};
    struct settle settle = {.how = SETTLE_NOTHING};
    struct err err = {0};
    bool screen = console_is_possible(in->plain);
    int code;

    if (prepare(in, &s, &sealing, screen ? SESSION_SETTLE : SESSION_RECORD, &err)) {
        name_destination(&s);
        code = screen ? command_run_console(&s, &in->screen, &settle, NULL)
                      : command_run_plain(&s, NULL);
        seal_next_print(&s);
    } else {
        code = command_failed(&err);
    }
    session_free(&s);
    sealing_free(&sealing);
    return code;
}
