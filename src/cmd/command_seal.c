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
#include "cmd/kept_events.h"
#include "cmd/message.h"
#include "cmd/run_plain.h"
#include "cmd/session.h"
#include "report/verify.h"
#include "transfer/sealing.h"

enum { QUOTED_MAX = 4 * EVENT_PATH_MAX, NEXT_MAX = 2 * QUOTED_MAX + 512 };

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
                    struct err *err)
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
              session_confine(s, SESSION_RECORD, NULL, err) &&
              read_key(sealing, in->wrapping_key, s->config->policy.rsa_bits, err);
    s->reads = NULL;
    return ok;
}

/* --- what comes next --- */

/* As one word of a POSIX shell. */
static const char *quote(const char *path, char out[QUOTED_MAX])
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-";
    size_t len = 0;

    if (strspn(path, plain) == strlen(path))
        return path;
    out[len++] = '\'';
    for (; *path && len + 6 < QUOTED_MAX; path++)
        len += text_print(out + len, QUOTED_MAX - len, *path == '\'' ? "'\\''" : "%c", *path);
    text_print(out + len, QUOTED_MAX - len, "'");
    return out;
}

/* A command for each file, once the report is written. */
static void print_next(const struct invocation *in, const struct session *s,
                       const struct kept_events *kept)
{
    char path[EVENT_PATH_MAX], file[QUOTED_MAX], token[QUOTED_MAX], text[NEXT_MAX];
    const struct event *event;
    enum hsm_alg oaep = HSM_RSA_OAEP_SHA256;
    size_t count = 0;

    for (size_t at = 0; (event = kept_events_next(kept, EVENT_CHOICE, &at));)
        if (!event->choice.envelope)
            oaep = event->choice.alg;
    for (size_t at = 0; (event = kept_events_next(kept, EVENT_KEY_DONE, &at));) {
        if (event->key_done.outcome != KEY_SEALED)
            continue;
        if (count++ == 0)
            printf("\nNext, with the client of %s:\n", s->sealing->service->title);
        text_print(path, sizeof path, "%s/%s", s->config->report_folder, event->key_done.file);
        service_next(s->sealing->service, oaep, quote(path, file),
                     in->import_token ? quote(in->import_token, token) : NULL, text, sizeof text);
        printf("  %s\n", text);
    }
}

int command_seal(const struct invocation *in)
{
    struct session s = {.host = in->host};
    struct sealing sealing = {0};
    struct kept_events kept = {.kinds = UINT64_C(1) << EVENT_CHOICE | UINT64_C(1)
                                                                          << EVENT_KEY_DONE};
    struct err err = {0};
    int code;

    if (prepare(in, &s, &sealing, &err)) {
        code = command_run_plain(&s, &kept);
        print_next(in, &s, &kept);
    } else {
        code = command_failed(&err);
    }
    kept_events_free(&kept);
    session_free(&s);
    sealing_free(&sealing);
    return code;
}
