/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML document from an untrusted file, as a tree: limited in depth and size, without anchors,
 * aliases, tags, or repeated keys.
 */
#ifndef HSMFERRY_REPORT_YAML_TREE_H
#define HSMFERRY_REPORT_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum node_kind {
    NODE_MAP,
    NODE_LIST,
    NODE_TEXT,  /* in double quotes */
    NODE_PLAIN, /* a scalar without quotes */
};

struct node {
    enum node_kind kind;
    unsigned line;
    const char *name;   /* its key in the enclosing mapping; NULL: none */
    const char *text;   /* of a scalar */
    struct node *first; /* the content of a mapping or list ... */
    struct node *next;  /* ... as a linked list */
    size_t count;
    union {
        struct node **items; /* of a list: its content once more */
        struct node *base;   /* of a mapping: where members are that it does not have; NULL: none */
    };
};

struct yaml_tree;

/* Parses len bytes. exact: they must be, byte for byte, the output of a struct writer for this
 * tree. Errors: ERR_DATA, with the line; ERR_FAILED (memory). The caller frees *out with
 * yaml_tree_free(), which accepts NULL. */
bool yaml_tree_read(const uint8_t *text, size_t len, bool exact, struct yaml_tree **out,
                    struct err *err);
void yaml_tree_free(struct yaml_tree *tree);

/* Each item of a list has a number in this member; in the list `from`, the item of this number,
 * from 1, is its base from now on. Errors: ERR_DATA (there is no such item), with the line. */
bool yaml_tree_inherit(struct yaml_tree *tree, const char *list, const char *member,
                       const char *from, struct err *err);

const struct node *yaml_tree_root(const struct yaml_tree *tree);

/* Item number i of a list, from 1; NULL: there is none. */
const struct node *node_item(const struct node *list, int64_t i);

/* The node at a path of keys, such as "summary.outcome"; NULL: none, or node is NULL. Members that
 * a mapping does not have are those of its base. */
const struct node *node_at(const struct node *node, const char *path);

/* The text of the scalar at a path; empty if there is none. */
const char *node_text(const struct node *node, const char *path);

/* The number at a path; -1 if there is none, or it is not a plain number of at most 18 digits. */
int64_t node_number(const struct node *node, const char *path);

/* Does the scalar at path have this text? */
bool node_is(const struct node *node, const char *path, const char *text);

#endif
