/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json_schema.h"

#include <regex.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { FORM_PLACE = 160, FORM_DEPTH = 32, FORM_PATTERNS = 32 };

/* The patterns of a schema, each compiled once. */
struct patterns {
    struct {
        const struct node *rule;
        regex_t regex;
    } known[FORM_PATTERNS];
    size_t count;
};

/* One node and the part of the schema that it must match. */
struct match {
    const struct node *schema; /* the whole schema */
    const struct node *rule;
    const struct node *node;
    const char *place; /* the place of node in the document: "keys.label" */
    unsigned depth;
    struct patterns *patterns;
    struct err *err;
};

static bool check(const struct match *m);

static bool wrong(const struct match *m, const char *why)
{
    return err_set(m->err, ERR_DATA, "line %u: %s: %s", m->node->line,
                   m->place[0] ? m->place : "the report", why);
}

static bool bad_schema(const struct match *m, const char *keyword)
{
    return err_set(m->err, ERR_FAILED, "The schema has an unsupported \"%s\"", keyword);
}

static bool is_integer(const struct node *node)
{
    const char *digits = node->text + (node->text[0] == '-');

    return node->kind == NODE_PLAIN && digits[0] && !digits[strspn(digits, "0123456789")];
}

static bool check_type(const struct match *m)
{
    static const char *const kinds[] = {
        [NODE_MAP] = "object", [NODE_LIST] = "array", [NODE_TEXT] = "string"};
    const char *type = m->rule->text;

    if (strcmp(type, "integer") == 0)
        return (m->node->text && is_integer(m->node)) || wrong(m, "this is not a number");
    if (m->node->kind == NODE_PLAIN || strcmp(type, kinds[m->node->kind]) != 0)
        return wrong(m, "this has the wrong type");
    return true;
}

static bool check_ref(const struct match *m)
{
    static const char before[] = "#/$defs/";
    struct match to = *m;
    char path[80];

    if (strncmp(m->rule->text, before, strlen(before)) != 0)
        return bad_schema(m, "$ref");
    snprintf(path, sizeof path, "$defs.%s", m->rule->text + strlen(before));
    to.rule = node_at(m->schema, path);
    to.depth++;
    if (!to.rule || to.depth > FORM_DEPTH)
        return bad_schema(m, "$ref");
    return check(&to);
}

static bool check_child(const struct match *m, const struct node *rule, const struct node *node)
{
    char place[FORM_PLACE], shown[64] = "";
    struct match child = *m;

    if (node->name)
        text_safe(node->name, strlen(node->name), shown, sizeof shown);
    text_print(place, sizeof place, "%s%s%s", m->place, m->place[0] && shown[0] ? "." : "", shown);
    child.rule = rule;
    child.node = node;
    child.place = place;
    child.depth++;
    return rule ? check(&child) : wrong(&child, "this is not part of a report");
}

static bool check_properties(const struct match *m)
{
    if (m->node->kind != NODE_MAP)
        return true;
    for (const struct node *n = m->node->first; n; n = n->next) {
        const struct node *rule = m->rule->first;
        while (rule && strcmp(rule->name, n->name) != 0)
            rule = rule->next;
        if (!check_child(m, rule, n))
            return false;
    }
    return true;
}

static bool check_required(const struct match *m)
{
    char why[128];

    if (m->node->kind != NODE_MAP)
        return true;
    for (const struct node *name = m->rule->first; name; name = name->next) {
        const struct node *n = m->node->first;
        while (n && strcmp(n->name, name->text) != 0)
            n = n->next;
        if (n)
            continue;
        snprintf(why, sizeof why, "\"%.64s\" is missing", name->text);
        return wrong(m, why);
    }
    return true;
}

static bool check_items(const struct match *m)
{
    if (m->node->kind != NODE_LIST)
        return true;
    for (const struct node *n = m->node->first; n; n = n->next)
        if (!check_child(m, m->rule, n))
            return false;
    return true;
}

static bool check_enum(const struct match *m)
{
    if (m->node->kind == NODE_TEXT)
        for (const struct node *n = m->rule->first; n; n = n->next)
            if (strcmp(n->text, m->node->text) == 0)
                return true;
    return wrong(m, "this is not one of the permitted words");
}

/* NULL: it is no regular expression, or there are too many. */
static const regex_t *find_pattern(const struct match *m)
{
    struct patterns *p = m->patterns;
    size_t i = 0;

    while (i < p->count && p->known[i].rule != m->rule)
        i++;
    if (i == FORM_PATTERNS || (i == p->count && regcomp(&p->known[i].regex, m->rule->text,
                                                        REG_EXTENDED | REG_NOSUB) != 0))
        return NULL;
    p->known[i].rule = m->rule;
    p->count += i == p->count;
    return &p->known[i].regex;
}

static bool check_pattern(const struct match *m)
{
    const regex_t *regex = find_pattern(m);

    if (m->node->kind != NODE_TEXT)
        return true;
    if (!regex)
        return bad_schema(m, "pattern");
    return regexec(regex, m->node->text, 0, NULL, 0) == 0 ||
           wrong(m, "this does not have the required form");
}

/* Numbers have at most 18 digits, so that all can be compared. */
static bool check_range(const struct match *m)
{
    bool minimum = strcmp(m->rule->name, "minimum") == 0;
    int64_t number = node_number(m->node, ""), limit = node_number(m->rule, "");

    if (m->node->kind != NODE_PLAIN)
        return true;
    return (number >= 0 && (minimum ? number >= limit : number <= limit)) ||
           wrong(m, "this number is out of range");
}

/* The only supported value of additionalProperties; check_properties() enforces it. */
static bool check_nothing(const struct match *m)
{
    (void)m;
    return true;
}

static const struct {
    const char *keyword;
    bool (*check)(const struct match *m);
    enum node_kind kind;
} keywords[] = {
    {"$ref", check_ref, NODE_TEXT},
    {"type", check_type, NODE_TEXT},
    {"properties", check_properties, NODE_MAP},
    {"required", check_required, NODE_LIST},
    {"additionalProperties", check_nothing, NODE_PLAIN},
    {"items", check_items, NODE_MAP},
    {"enum", check_enum, NODE_LIST},
    {"pattern", check_pattern, NODE_TEXT},
    {"minimum", check_range, NODE_PLAIN},
    {"maximum", check_range, NODE_PLAIN},
    {"$schema", check_nothing, NODE_TEXT},
    {"title", check_nothing, NODE_TEXT},
    {"description", check_nothing, NODE_TEXT},
    {"$defs", check_nothing, NODE_MAP},
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0] };

/* Checks each keyword of the rule. */
static bool check(const struct match *m)
{
    if (m->rule->kind != NODE_MAP || m->depth > FORM_DEPTH)
        return bad_schema(m, m->rule->name ? m->rule->name : "items");
    for (const struct node *n = m->rule->first; n; n = n->next) {
        struct match part = *m;
        size_t i = 0;

        part.rule = n;
        while (i < KEYWORDS && strcmp(keywords[i].keyword, n->name) != 0)
            i++;
        if (i == KEYWORDS || n->kind != keywords[i].kind)
            return bad_schema(m, n->name);
        if (!keywords[i].check(&part))
            return false;
    }
    return true;
}

bool json_schema_check(const struct node *schema, const struct node *document, struct err *err)
{
    struct patterns patterns = {.count = 0};
    bool ok = check(&(struct match){schema, schema, document, "", 0, &patterns, err});

    for (size_t i = 0; i < patterns.count; i++)
        regfree(&patterns.known[i].regex);
    return ok;
}
