/* SPDX-License-Identifier: Apache-2.0 */
#include "report/yaml_tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { TREE_DEPTH = 24, TREE_KEYS = 256, TREE_BLOCK = 1 << 18, TREE_NAMES = 512 };

/* Memory that is freed together. */
struct block {
    struct block *next;
    size_t used, size;
    max_align_t data[];
};

struct yaml_tree {
    struct block *blocks;
    struct node *root;
};

/* The state of one reading. The emitter writes again what was read, and echo() compares the two. */
struct reading {
    struct yaml_tree *tree;
    yaml_parser_t parser;
    yaml_emitter_t emitter;
    bool exact;
    const uint8_t *text;
    size_t len, echoed;
    struct node *open[TREE_DEPTH], *last[TREE_DEPTH]; /* [depth]: open node, its last child */
    unsigned depth;
    const char *key;               /* of the next value in a mapping */
    const char *names[TREE_NAMES]; /* the keys of mappings, by their hash: each is there once */
    struct err *err;
};

static void *take_memory(struct yaml_tree *tree, size_t size)
{
    struct block *block = tree->blocks;

    size = (size + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
    if (!block || block->size - block->used < size) {
        size_t room = size > TREE_BLOCK ? size : TREE_BLOCK;
        block = malloc(sizeof *block + room);
        if (!block)
            return NULL;
        *block = (struct block){.next = tree->blocks, .size = room};
        tree->blocks = block;
    }
    void *memory = (char *)block->data + block->used;
    block->used += size;
    return memset(memory, 0, size);
}

static bool no_memory(struct reading *r)
{
    return err_set(r->err, ERR_FAILED, "There is no memory for this document");
}

static bool wrong_at(struct reading *r, size_t line, const char *why)
{
    return err_set(r->err, ERR_DATA, "line %zu: %s", line, why);
}

static const char *copy_text(struct reading *r, const yaml_event_t *event)
{
    size_t len = event->data.scalar.length;
    char *text = take_memory(r->tree, len + 1);

    if (text)
        memcpy(text, event->data.scalar.value, len);
    else
        no_memory(r);
    return text;
}

static bool is_key(const struct reading *r)
{
    return r->depth > 0 && r->open[r->depth - 1]->kind == NODE_MAP && !r->key;
}

/* The same text of a name that came before; without room for more names, a copy. */
static const char *copy_name(struct reading *r, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t at = 0, tries = 0;

    for (const char *c = text; *c; c++)
        at = 31 * at + (unsigned char)*c;
    for (at %= TREE_NAMES; tries < TREE_NAMES; tries++, at = (at + 1) % TREE_NAMES) {
        if (!r->names[at])
            return r->names[at] = copy_text(r, event);
        if (strlen(r->names[at]) == event->data.scalar.length && strcmp(r->names[at], text) == 0)
            return r->names[at];
    }
    return copy_text(r, event);
}

/* Adds a new node at the current position. */
static struct node *add_node(struct reading *r, enum node_kind kind, size_t line)
{
    struct node *node = take_memory(r->tree, sizeof *node);

    if (!node) {
        no_memory(r);
        return NULL;
    }
    *node = (struct node){.kind = kind, .line = (unsigned)line, .name = r->key};
    r->key = NULL;
    if (r->depth == 0) {
        r->tree->root = node;
        return node;
    }
    struct node **last = &r->last[r->depth - 1];
    if (*last)
        (*last)->next = node;
    else
        r->open[r->depth - 1]->first = node;
    *last = node;
    r->open[r->depth - 1]->count++;
    return node;
}

static bool open_node(struct reading *r, enum node_kind kind, size_t line)
{
    struct node *node = NULL;

    if (r->depth == TREE_DEPTH)
        return wrong_at(r, line, "it is nested too deeply");
    node = add_node(r, kind, line);
    if (!node)
        return false;
    r->open[r->depth] = node;
    r->last[r->depth++] = NULL;
    return true;
}

static bool take_key(struct reading *r, const char *key, size_t line)
{
    if (r->open[r->depth - 1]->count == TREE_KEYS)
        return wrong_at(r, line, "a mapping has too many keys");
    for (const struct node *n = r->open[r->depth - 1]->first; n; n = n->next)
        if (strcmp(n->name, key) == 0)
            return wrong_at(r, line, "a key comes twice");
    r->key = key;
    return true;
}

static bool take_scalar(struct reading *r, const yaml_event_t *event, size_t line)
{
    yaml_scalar_style_t style = event->data.scalar.style;
    const char *text = is_key(r) ? copy_name(r, event) : copy_text(r, event);

    if (!text)
        return false;
    if (event->data.scalar.anchor || event->data.scalar.tag)
        return wrong_at(r, line, "an anchor or a tag");
    if (memchr(event->data.scalar.value, 0, event->data.scalar.length))
        return wrong_at(r, line, "a character that no text holds");
    if (style != YAML_PLAIN_SCALAR_STYLE && style != YAML_DOUBLE_QUOTED_SCALAR_STYLE)
        return wrong_at(r, line, "text that is neither plain nor in double quotes");
    if (is_key(r))
        return take_key(r, text, line);
    struct node *node =
        add_node(r, style == YAML_PLAIN_SCALAR_STYLE ? NODE_PLAIN : NODE_TEXT, line);
    if (!node)
        return false;
    node->text = text;
    return true;
}

/* The content of a list that has ended. */
static bool list_items(struct reading *r, struct node *list)
{
    size_t i = 0;

    if (list->count == 0)
        return true;
    list->items = take_memory(r->tree, list->count * sizeof(struct node *));
    if (!list->items)
        return no_memory(r);
    for (struct node *n = list->first; n; n = n->next)
        list->items[i++] = n;
    return true;
}

static bool take_event(struct reading *r, const yaml_event_t *event)
{
    size_t line = event->start_mark.line + 1;

    switch (event->type) {
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        if (is_key(r))
            return wrong_at(r, line, "a key that is not text");
        if (event->type == YAML_MAPPING_START_EVENT
                ? event->data.mapping_start.anchor || event->data.mapping_start.tag
                : event->data.sequence_start.anchor || event->data.sequence_start.tag)
            return wrong_at(r, line, "an anchor or a tag");
        return open_node(r, event->type == YAML_MAPPING_START_EVENT ? NODE_MAP : NODE_LIST, line);
    case YAML_MAPPING_END_EVENT:
        r->depth--;
        return true;
    case YAML_SEQUENCE_END_EVENT:
        return list_items(r, r->open[--r->depth]);
    case YAML_SCALAR_EVENT:
        return take_scalar(r, event, line);
    case YAML_ALIAS_EVENT:
        return wrong_at(r, line, "an alias");
    case YAML_DOCUMENT_START_EVENT:
        return !r->tree->root || wrong_at(r, line, "a second document");
    default:
        return true;
    }
}

static size_t line_of(const struct reading *r, size_t at)
{
    size_t line = 1;

    for (size_t i = 0; i < at && i < r->len; i++)
        line += r->text[i] == '\n';
    return line;
}

/* Compares the emitter's output with the input. */
static int echo(void *ctx, unsigned char *data, size_t len)
{
    struct reading *r = ctx;

    for (size_t i = 0; i < len; i++, r->echoed++)
        if (r->echoed >= r->len || r->text[r->echoed] != data[i])
            return 0;
    return 1;
}

static bool not_as_written(struct reading *r)
{
    return wrong_at(r, line_of(r, r->echoed), "this is not written as hsmferry writes it");
}

/* Passes the event to the emitter if the input must be exact, and frees it. */
static bool pass_on(struct reading *r, yaml_event_t *event)
{
    bool last = event->type == YAML_STREAM_END_EVENT;

    if (!r->exact) {
        yaml_event_delete(event);
        return true;
    }
    if (!yaml_emitter_emit(&r->emitter, event) || (last && !yaml_emitter_flush(&r->emitter)) ||
        (last && r->echoed != r->len))
        return not_as_written(r);
    return true;
}

static bool read_all(struct reading *r)
{
    yaml_event_t event;

    for (bool more = true; more;) {
        if (!yaml_parser_parse(&r->parser, &event))
            return wrong_at(r, r->parser.problem_mark.line + 1, "this is not YAML");
        more = event.type != YAML_STREAM_END_EVENT;
        if (!take_event(r, &event)) {
            yaml_event_delete(&event);
            return false;
        }
        if (!pass_on(r, &event))
            return false;
    }
    return r->tree->root || wrong_at(r, 1, "there is nothing in it");
}

bool yaml_tree_read(const uint8_t *text, size_t len, bool exact, struct yaml_tree **out,
                    struct err *err)
{
    struct reading r = {.exact = exact, .text = text, .len = len, .err = err};
    bool ok = false;

    r.tree = calloc(1, sizeof *r.tree);
    if (!r.tree || !yaml_parser_initialize(&r.parser)) {
        free(r.tree);
        return no_memory(&r);
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, text, len);
    if (yaml_emitter_initialize(&r.emitter)) {
        yaml_emitter_set_output(&r.emitter, echo, &r);
        yaml_emitter_set_unicode(&r.emitter, 1);
        yaml_emitter_set_width(&r.emitter, -1);
        ok = read_all(&r);
    } else
        no_memory(&r);
    yaml_emitter_delete(&r.emitter);
    yaml_parser_delete(&r.parser);
    if (ok)
        *out = r.tree;
    else
        yaml_tree_free(r.tree);
    return ok;
}

void yaml_tree_free(struct yaml_tree *tree)
{
    if (!tree)
        return;
    for (struct block *block = tree->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(tree);
}

const struct node *yaml_tree_root(const struct yaml_tree *tree)
{
    return tree->root;
}

bool yaml_tree_inherit(struct yaml_tree *tree, const char *list, const char *member,
                       const char *from, struct err *err)
{
    const struct node *bases = node_at(tree->root, from), *items = node_at(tree->root, list);

    for (size_t i = 0; items && i < items->count; i++) {
        struct node *item = items->items[i];
        int64_t number = node_number(item, member);
        if (!bases || number < 1 || (uint64_t)number > bases->count)
            return err_set(err, ERR_DATA, "line %u: there is no %s %" PRId64, item->line, member,
                           number);
        item->base = bases->items[number - 1];
    }
    return true;
}

const struct node *node_item(const struct node *list, int64_t i)
{
    return list && i >= 1 && (uint64_t)i <= list->count ? list->items[i - 1] : NULL;
}

static const struct node *find_member(const struct node *map, const char *name, size_t len)
{
    const struct node *child = map->first;

    while (child &&
           !(child->name && strncmp(child->name, name, len) == 0 && child->name[len] == '\0'))
        child = child->next;
    return child;
}

const struct node *node_at(const struct node *node, const char *path)
{
    while (node && *path) {
        size_t len = strcspn(path, ".");
        const struct node *child = find_member(node, path, len);
        if (!child && node->kind == NODE_MAP && node->base)
            child = find_member(node->base, path, len);
        node = child;
        path += len + (path[len] == '.');
    }
    return node;
}

const char *node_text(const struct node *node, const char *path)
{
    node = node_at(node, path);
    return node && node->text ? node->text : "";
}

int64_t node_number(const struct node *node, const char *path)
{
    int64_t number = 0;
    size_t len;

    node = node_at(node, path);
    if (!node || node->kind != NODE_PLAIN)
        return -1;
    len = strlen(node->text);
    if (len == 0 || len > 18 || strspn(node->text, "0123456789") != len)
        return -1;
    for (const char *c = node->text; *c; c++)
        number = 10 * number + (*c - '0');
    return number;
}

bool node_is(const struct node *node, const char *path, const char *text)
{
    node = node_at(node, path);
    return node && node->text && strcmp(node->text, text) == 0;
}
