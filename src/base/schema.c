/* SPDX-License-Identifier: Apache-2.0 */
#include "base/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/schema_check.h"

enum { PATH_MAX_LEN = 128 };

/* libcyaml's log is disabled, because it prints values. */
static const cyaml_config_t loader = {.mem_fn = cyaml_mem, .flags = CYAML_CFG_NO_ALIAS};

/* --- entries in their short form -------------------------------------------------------------- */

static bool expand_list(yaml_document_t *document, int list, const char *field)
{
    yaml_node_t *node = yaml_document_get_node(document, list);
    size_t count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);

    for (size_t i = 0; i < count; i++) {
        int item = yaml_document_get_node(document, list)->data.sequence.items.start[i];
        if (yaml_document_get_node(document, item)->type != YAML_SCALAR_NODE)
            continue;
        int key = yaml_document_add_scalar(document, NULL, (const yaml_char_t *)field,
                                           (int)strlen(field), YAML_ANY_SCALAR_STYLE);
        int map = yaml_document_add_mapping(document, NULL, YAML_ANY_MAPPING_STYLE);
        if (!key || !map || !yaml_document_append_mapping_pair(document, map, key, item))
            return false;
        yaml_document_get_node(document, list)->data.sequence.items.start[i] = map;
    }
    return true;
}

static bool expand(yaml_document_t *document, const struct schema_source *source,
                   const cyaml_schema_value_t *schema)
{
    const cyaml_schema_value_t *form = source->short_form;

    for (const cyaml_schema_field_t *f = schema->mapping.fields; f->key; f++) {
        yaml_node_t *root = yaml_document_get_root_node(document);
        if (f->value.type != CYAML_SEQUENCE || f->value.sequence.entry != form)
            continue;
        for (size_t i = 0; root->data.mapping.pairs.start + i < root->data.mapping.pairs.top; i++) {
            const yaml_node_pair_t *pair = root->data.mapping.pairs.start + i;
            const yaml_node_t *key = yaml_document_get_node(document, pair->key);
            const yaml_node_t *value = yaml_document_get_node(document, pair->value);
            if (value->type == YAML_SEQUENCE_NODE &&
                strcmp((const char *)key->data.scalar.value, f->key) == 0 &&
                !expand_list(document, pair->value, form->mapping.fields[0].key))
                return false;
            root = yaml_document_get_root_node(document); /* it moves when nodes are added */
        }
    }
    return true;
}

static int append(void *to, unsigned char *text, size_t len)
{
    return fwrite(text, 1, len, to) == len;
}

/* The document with each entry in its long form; the caller frees it. libcyaml knows no other. */
static char *long_form(const struct schema_source *source, const cyaml_schema_value_t *schema,
                       size_t *len)
{
    yaml_document_t document;
    yaml_parser_t parser;
    yaml_emitter_t emitter;
    char *text = NULL;
    FILE *out = open_memstream(&text, len);
    bool ok = out && yaml_emitter_initialize(&emitter);

    if (!ok || !schema_start(source, &parser, NULL)) {
        if (out)
            fclose(out);
        if (ok)
            yaml_emitter_delete(&emitter);
        free(text);
        return NULL;
    }
    yaml_emitter_set_output(&emitter, append, out);
    yaml_emitter_set_unicode(&emitter, 1);
    ok = yaml_parser_load(&parser, &document);
    if (ok && !expand(&document, source, schema)) {
        yaml_document_delete(&document);
        ok = false;
    }
    ok = ok && yaml_emitter_dump(&emitter, &document); /* which deletes the document */
    yaml_parser_delete(&parser);
    yaml_emitter_delete(&emitter);
    fclose(out);
    if (!ok) {
        free(text);
        return NULL;
    }
    return text;
}

bool schema_load(const struct schema_source *source, const cyaml_schema_value_t *schema, void **out,
                 struct err *err)
{
    const char *text = source->text;
    size_t len = source->len;
    char *longer = NULL;
    cyaml_err_t problem;

    if (!schema_check(source, schema, err))
        return false;
    if (source->short_form) {
        longer = long_form(source, schema, &len);
        if (!longer)
            return err_set(err, ERR_FAILED, "There is no memory to read %s", source->name);
        text = longer;
    }
    problem = cyaml_load_data((const uint8_t *)text, len, &loader, schema, out, NULL);
    free(longer);
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

/* The node below node that the first part of the path names, or NULL. */
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
