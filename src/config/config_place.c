/* SPDX-License-Identifier: Apache-2.0 */
/* Reports a failure at its place in the ceremony file. */
#include "config/config_parts.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "config/config.h"

const char config_pin_advice[] = "A PIN has no place in this file: remove it and change that PIN; "
                                 "officers enter the PIN, or the token "
                                 "line names a separate file for it with ?pin-source=file:/path";

bool config_wrong(const struct loader *l, const char *path, const char *fmt, ...)
{
    char sentence[ERR_WHAT_MAX];
    va_list args;

    va_start(args, fmt);
    text_vprint(sentence, sizeof sentence, fmt, args);
    va_end(args);
    err_set(l->err, ERR_CONFIG, "%s", sentence);
    return schema_at(&l->yaml, l->err, "%s", path);
}

const char *config_entry(const char *list, size_t index, char *out)
{
    text_print(out, CONFIG_PLACE, "%s.%zu", list, index);
    return out;
}

bool config_no_memory(const struct loader *l)
{
    return err_set(l->err, ERR_FAILED, "There is no memory for the ceremony file");
}

bool config_take_uri(const struct loader *l, const char *text, const char *path, struct uri *uri)
{
    return uri_parse(text, uri, l->err) || schema_at(&l->yaml, l->err, "%s", path);
}

bool config_place_path(const struct config *config, const char *path, char out[EVENT_PATH_MAX])
{
    int base = path[0] == '/' ? 0 : (int)(strrchr(config->path, '/') + 1 - config->path);

    return text_print(out, EVENT_PATH_MAX, "%.*s%s", base, config->path, path) ==
           (size_t)base + strlen(path);
}
