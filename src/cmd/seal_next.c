/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/seal_next.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "journal/event_log.h"
#include "transfer/sealing.h"

enum { QUOTED_MAX = 4 * EVENT_PATH_MAX };

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

/* That of the wrapping key. */
static enum hsm_alg oaep_of(const struct event_log *log)
{
    enum hsm_alg oaep = HSM_RSA_OAEP_SHA256;
    struct event event;

    for (size_t at = 0; event_log_next(log, UINT64_C(1) << EVENT_CHOICE, &at, &event);)
        if (!event.choice.envelope)
            oaep = event.choice.alg;
    return oaep;
}

bool seal_next(const struct session *s, size_t *at, char out[static SEAL_NEXT_MAX])
{
    char path[EVENT_PATH_MAX], file[QUOTED_MAX], token[QUOTED_MAX];
    const struct sealing *sealing = s->sealing;
    struct event event;

    while (s->report &&
           event_log_next(report_events(s->report), UINT64_C(1) << EVENT_KEY_DONE, at, &event))
        if (event.key_done.outcome == KEY_SEALED) {
            text_print(path, sizeof path, "%s/%s", s->config->report_folder, event.key_done.file);
            service_next(sealing->service, oaep_of(report_events(s->report)), quote(path, file),
                         sealing->import_token ? quote(sealing->import_token, token) : NULL, out,
                         SEAL_NEXT_MAX);
            return true;
        }
    return false;
}

void seal_next_print(const struct session *s)
{
    char text[SEAL_NEXT_MAX];
    size_t at = 0;

    for (bool first = true; seal_next(s, &at, text); first = false)
        printf("%s%s%s  %s\n", first ? "\nNext, with the client of " : "",
               first ? s->sealing->service->title : "", first ? ":\n" : "", text);
}
