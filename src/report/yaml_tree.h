/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML document from a file that nobody vouches for, as a tree: bounded in depth and size,
 * without anchors, aliases, tags, or keys that come twice.
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
    const char *name;   /* its key in the mapping around it; NULL: none */
    const char *text;   /* of a scalar */
    struct node *first; /* what is in a mapping or list ... */
    struct node *next;  /* ... one after the other */
    size_t count;
};

struct yaml_tree;

/* Reads len bytes. exact: they must be what a struct writer writes for this tree, to the last byte.
 * Errors: ERR_DATA, with the line; ERR_FAILED (memory). Freed with yaml_tree_free(); NULL is fine.
 */
bool yaml_tree_read(const uint8_t *text, size_t len, bool exact, struct yaml_tree **out,
                    struct err *err);
void yaml_tree_free(struct yaml_tree *tree);

const struct node *yaml_tree_root(const struct yaml_tree *tree);

/* The node at a path of keys from here, like "summary.outcome"; NULL: none, or node is NULL. */
const struct node *node_at(const struct node *node, const char *path);

/* The text of the scalar at a path; empty where there is none. */
const char *node_text(const struct node *node, const char *path);

/* The number at a path; -1 where there is none, or it is no plain number of at most 18 digits. */
int64_t node_number(const struct node *node, const char *path);

/* Has the scalar at path this text? */
bool node_is(const struct node *node, const char *path, const char *text);

#endif
