/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <yaml.h>

#include "base/text.h"
#include "config/config_parts.h"

/* One value of a ceremony file, and its place: "policy.rsa-bits", "officers.2.name". All entries of
 * a list of values have one place, so that their order does not matter. */
struct value {
    char path[CONFIG_PLACE];
    char *text;
};

struct values {
    struct value *list;
    size_t count, room;
    yaml_document_t document;
};

static bool add(struct values *values, const char *path, const char *text)
{
    struct value *value;

    if (values->count == values->room) {
        size_t room = values->room ? 2 * values->room : 64;
        struct value *list = reallocarray(values->list, room, sizeof *list);
        if (!list)
            return false;
        values->list = list;
        values->room = room;
    }
    value = &values->list[values->count++];
    text_print(value->path, sizeof value->path, "%s", path);
    value->text = strdup(text);
    return value->text != NULL;
}

/* One line of the script, which may be a mapping: "pkcs11:object=tls-*, expect: 4". */
static bool add_line(struct values *values, const char *path, const yaml_node_t *entry)
{
    char text[EVENT_TEXT_MAX] = "";
    size_t len = 0;

    for (const yaml_node_pair_t *pair = entry->data.mapping.pairs.start;
         pair < entry->data.mapping.pairs.top && len < sizeof text; pair++) {
        const yaml_node_t *key = yaml_document_get_node(&values->document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(&values->document, pair->value);
        int n = len == 0 ? snprintf(text, sizeof text, "%s", value->data.scalar.value)
                         : snprintf(text + len, sizeof text - len, ", %s: %s",
                                    key->data.scalar.value, value->data.scalar.value);
        len += n > 0 ? (size_t)n : 0;
    }
    return add(values, path, text);
}

static bool flatten(struct values *values, const char *path, int index)
{
    yaml_node_t *node = yaml_document_get_node(&values->document, index);
    const char *dot = path[0] ? "." : "";
    char deeper[CONFIG_PLACE];
    bool ok = true;

    if (node->type == YAML_SCALAR_NODE)
        return add(values, path, (const char *)node->data.scalar.value);
    if (node->type == YAML_MAPPING_NODE)
        for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
             ok && pair < node->data.mapping.pairs.top; pair++) {
            const yaml_node_t *key = yaml_document_get_node(&values->document, pair->key);
            text_print(deeper, sizeof deeper, "%s%s%s", path, dot,
                       (const char *)key->data.scalar.value);
            ok = flatten(values, deeper, pair->value);
        }
    else
        for (yaml_node_item_t *item = node->data.sequence.items.start;
             ok && item < node->data.sequence.items.top; item++) {
            const yaml_node_t *entry = yaml_document_get_node(&values->document, *item);
            text_print(deeper, sizeof deeper, entry->type == YAML_SCALAR_NODE ? "%s" : "%s.%td",
                       path, item - node->data.sequence.items.start + 1);
            ok = entry->type == YAML_MAPPING_NODE && strcmp(path, "keys") == 0
                     ? add_line(values, path, entry)
                     : flatten(values, deeper, *item);
        }
    return ok;
}

static int compare(const void *a, const void *b)
{
    const struct value *x = a, *y = b;
    int order = strcmp(x->path, y->path);

    return order ? order : strcmp(x->text, y->text);
}

static void values_free(struct values *values)
{
    for (size_t i = 0; i < values->count; i++)
        free(values->list[i].text);
    free(values->list);
}

/* All values of config, including the defaults for those that its file omits. */
static bool values_of(const struct config *config, struct values *values, struct err *err)
{
    int fd = memfd_create("ceremony", MFD_CLOEXEC);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r+");
    yaml_parser_t parser;
    bool ok;

    if (!file || !yaml_parser_initialize(&parser)) {
        if (file)
            fclose(file);
        else if (fd >= 0)
            close(fd);
        return err_set(err, ERR_FAILED, "There is no memory for comparing ceremony files");
    }
    ok = config_print(config, fd, err);
    if (ok) {
        rewind(file);
        yaml_parser_set_input_file(&parser, file);
        ok = yaml_parser_load(&parser, &values->document) != 0;
        if (ok) {
            ok = flatten(values, "", 1);
            yaml_document_delete(&values->document);
        }
        if (!ok)
            err_set(err, ERR_FAILED, "There is no memory for comparing ceremony files");
    }
    yaml_parser_delete(&parser);
    fclose(file);
    if (ok && values->count)
        qsort(values->list, values->count, sizeof *values->list, compare);
    return ok;
}

/* The number of consecutive values, from number first on, at this path. */
static size_t run_length(const struct values *values, size_t first, const char *path)
{
    size_t n = first;

    while (n < values->count && strcmp(values->list[n].path, path) == 0)
        n++;
    return n - first;
}

static bool has(const struct value *list, size_t count, const struct value *wanted)
{
    return count && bsearch(wanted, list, count, sizeof *list, compare);
}

bool config_diff(const struct config *a, const struct config *b, config_diff_fn *report, void *ctx,
                 struct err *err)
{
    struct values x = {0}, y = {0};
    bool ok = values_of(a, &x, err) && values_of(b, &y, err);

    for (size_t i = 0, j = 0; ok && (i < x.count || j < y.count);) {
        const char *path =
            j == y.count || (i < x.count && strcmp(x.list[i].path, y.list[j].path) < 0)
                ? x.list[i].path
                : y.list[j].path;
        size_t in_x = run_length(&x, i, path), in_y = run_length(&y, j, path);
        const struct value *left = x.list + i, *right = y.list + j;
        for (size_t n = 0; n < in_x; n++)
            if (!has(right, in_y, &left[n]))
                report(ctx, path, left[n].text, NULL);
        for (size_t n = 0; n < in_y; n++)
            if (!has(left, in_x, &right[n]))
                report(ctx, path, NULL, right[n].text);
        i += in_x;
        j += in_y;
    }
    values_free(&x);
    values_free(&y);
    return ok;
}
