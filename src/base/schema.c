/* SPDX-License-Identifier: Apache-2.0 */
#include "base/schema.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/schema_check.h"

enum { PATH_MAX_LEN = 128 };

/* libcyaml's log is left off: it prints values. */
static const cyaml_config_t loader = {.mem_fn = cyaml_mem, .flags = CYAML_CFG_NO_ALIAS};

bool schema_load(const struct schema_source *source, const cyaml_schema_value_t *schema, void **out,
                 struct err *err)
{
    cyaml_err_t problem;

    if (!schema_check(source, schema, err))
        return false;
    problem =
        cyaml_load_data((const uint8_t *)source->text, source->len, &loader, schema, out, NULL);
    if (problem != CYAML_OK)
        return err_set(err, problem == CYAML_ERR_OOM ? ERR_FAILED : ERR_CONFIG, "%s: %s",
                       source->name, cyaml_strerror(problem));
    return true;
}

void schema_free(const cyaml_schema_value_t *schema, void *data)
{
    if (data)
        cyaml_free(&loader, schema, data, 0);
}

/* The node below node that the path's first part names, or NULL. */
static yaml_node_t *step_down(yaml_document_t *document, const yaml_node_t *node, const char *part,
                              size_t len)
{
    if (node->type == YAML_SEQUENCE_NODE) {
        size_t index = strtoul(part, NULL, 10);
        const yaml_node_item_t *start = node->data.sequence.items.start;
        if (index >= (size_t)(node->data.sequence.items.top - start))
            return NULL;
        return yaml_document_get_node(document, start[index]);
    }
    if (node->type != YAML_MAPPING_NODE)
        return NULL;
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(document, pair->key);
        if (key->type == YAML_SCALAR_NODE && key->data.scalar.length == len &&
            memcmp(key->data.scalar.value, part, len) == 0)
            return yaml_document_get_node(document, pair->value);
    }
    return NULL;
}

static yaml_mark_t find(yaml_document_t *document, const char *path)
{
    const yaml_node_t *node = yaml_document_get_root_node(document);
    yaml_mark_t mark = {0};

    while (node) {
        size_t len = strcspn(path, ".");
        mark = node->start_mark;
        node = len ? step_down(document, node, path, len) : NULL;
        path += path[len] ? len + 1 : len;
    }
    return mark;
}

bool schema_at(const struct schema_source *source, struct err *err, const char *path, ...)
{
    char text[PATH_MAX_LEN];
    yaml_document_t document;
    yaml_parser_t parser;
    yaml_mark_t mark = {0};
    struct err before;
    va_list args;

    if (!err)
        return false;
    before = *err;
    va_start(args, path);
    text_vprint(text, sizeof text, path, args);
    va_end(args);
    if (!schema_start(source, &parser, err))
        return false;
    if (yaml_parser_load(&parser, &document)) {
        mark = find(&document, text);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    schema_wrong(source, mark, before.what, err);
    err->code = before.code;
    memcpy(err->now, before.now, sizeof err->now);
    memcpy(err->next, before.next, sizeof err->next);
    return false;
}
