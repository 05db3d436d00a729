/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/load/fence.h"

#include <ctype.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "hsm/token_lock.h"

static const char between[] = " in ";

static const struct land_rule system_files[] = {
    {"/usr", LAND_RUN},
    {"/lib", LAND_RUN},
    {"/lib64", LAND_RUN},
    {"/etc", LAND_READ},
    {"/proc/self/exe", LAND_RUN},
    {"/proc/self", LAND_READ}, /* for a library's list of open files */
    {"/proc/sys", LAND_READ},
    {"/sys/devices/system/cpu", LAND_READ},
    {"/dev/urandom", LAND_READ},
    {"/dev/random", LAND_READ},
    {"/dev/null", LAND_DEVICE},
};
enum { SYSTEM_FILES = sizeof system_files / sizeof system_files[0] };

/* --- places --- */

static bool is_file(const char *text)
{
    return (text[0] == '/' || text[0] == '$') && text[1];
}

/* The part after " in ": a file, or "parameters". NULL: place is a folder, or a variable that holds
 * one. */
static const char *source_of(const char *place)
{
    const char *in = place[0] == '/' ? NULL : strstr(place, between);

    return in ? in + sizeof between - 1 : NULL;
}

bool fence_is_place(const char *place)
{
    const char *in = source_of(place);

    if (!in)
        return is_file(place);
    return place[0] != ' ' && (is_file(in) || strcmp(in, "parameters") == 0);
}

/* The value of "$VARIABLE"; any other text is a path already. NULL: the variable is not set. */
static const char *file_named(const char *text)
{
    return text[0] == '$' ? getenv(text + 1) : text;
}

/* The value in a line "NAME = value"; NULL: another line. */
static char *value_in(char *line, const char *name, size_t len)
{
    char *value = line + strspn(line, " \t");

    if (strncmp(value, name, len) != 0)
        return NULL;
    value += len;
    value += strspn(value, " \t");
    if (*value++ != '=')
        return NULL;
    value += strspn(value, " \t");
    for (len = strlen(value); len > 0 && isspace((unsigned char)value[len - 1]);)
        value[--len] = '\0';
    return value;
}

static bool find_in_file(const char *file, const char *name, size_t len, char out[PATH_MAX])
{
    FILE *lines = file ? fopen(file, "re") : NULL;
    char line[PATH_MAX];
    bool found = false;

    while (lines && !found && fgets(line, sizeof line, lines)) {
        const char *value = value_in(line, name, len);
        found = value && text_print(out, PATH_MAX, "%s", value) < PATH_MAX - 1;
    }
    if (lines)
        fclose(lines);
    return found;
}

/* Copies a value from NSS's parameters up to its closing quote. A backslash escapes a quote or
 * another backslash. */
static bool unquote(const char *value, char out[PATH_MAX])
{
    size_t len = 0;

    for (; *value && *value != '\'' && len < PATH_MAX - 1; out[len++] = *value++)
        if (*value == '\\' && value[1])
            value++;
    out[len] = '\0';
    return *value == '\'';
}

/* Finds NAME='sql:/folder' in NSS's parameters. */
static bool find_in_parameters(const char *params, const char *name, size_t len, char out[PATH_MAX])
{
    for (const char *at = params; (at = strchr(at, '=')) != NULL; at++) {
        if (at < params + len || strncmp(at - len, name, len) != 0 || at[1] != '\'')
            continue;
        return unquote(at + 2 + (strncmp(at + 2, "sql:", 4) == 0 ? 4 : 0), out);
    }
    return false;
}

static bool find_place(const char *place, const char *params, char out[PATH_MAX])
{
    const char *in = source_of(place);
    size_t len = in ? (size_t)(in - place) - (sizeof between - 1) : 0;
    bool found;

    if (in && strcmp(in, "parameters") == 0)
        found = find_in_parameters(params, place, len, out);
    else if (in)
        found = find_in_file(file_named(in), place, len, out);
    else {
        const char *folder = file_named(place);
        found = folder && text_print(out, PATH_MAX, "%s", folder) < PATH_MAX - 1;
    }
    return found && out[0] == '/';
}

/* --- the fence --- */

static bool no_fence(const char *place, struct box *box)
{
    box->whole = false;
    text_print(box->text, sizeof box->text, "not wholly confined: seccomp; no folder: %.52s",
               place);
    return true;
}

bool fence_raise(const struct fence_places *places, const char *module, const char *params,
                 struct box *box, struct err *err)
{
    struct land_rule rules[SYSTEM_FILES + FENCE_PLACES_MAX + 2];
    char folder[FENCE_PLACES_MAX][PATH_MAX], resolved[PATH_MAX];
    size_t count = SYSTEM_FILES;

    if (!box || !box->whole) /* the first confinement failed, so there is none to narrow */
        return true;
    memcpy(rules, system_files, sizeof system_files);
    rules[count++] = (struct land_rule){token_lock_folder(token_lock_folders), LAND_LOCK};
    if (realpath(module, resolved))
        rules[count++] = (struct land_rule){dirname(resolved), LAND_RUN};
    for (unsigned i = 0; i < places->count; i++) {
        if (!find_place(places->place[i], params, folder[i]))
            return no_fence(places->place[i], box);
        rules[count++] = (struct land_rule){folder[i], LAND_WRITE};
    }
    return box_agent_files(rules, count, places->network, box, err);
}
