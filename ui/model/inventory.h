/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of one HSM as a list that people work in: sorted, filtered, searched, marked and
 * scrolled. Sorting and filtering happen once for each change, and a filter that is typed on looks
 * only at what passed so far; moving and marking one cost nothing that grows with the list.
 */
#ifndef HSMFERRY_UI_MODEL_INVENTORY_H
#define HSMFERRY_UI_MODEL_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compact.h"
#include "base/err.h"
#include "hsm/key.h"
#include "plan/plan.h"
#include "plan/script.h"
#include "ui/model/scroll.h"

enum inventory_sort { SORT_LABEL, SORT_TYPE, SORT_ID, SORTS };

/* How an object relates to those of the other side. */
enum relation {
    RELATION_NONE,  /* nothing there has its name or its public half */
    RELATION_SAME,  /* the same key by its public half, under the same name */
    RELATION_NAME,  /* the same name; whether it is the same key is not known from here */
    RELATION_OTHER, /* the same name, another key */
    RELATIONS
};

/* What the engine says of one key: may it go? */
struct verdict {
    bool known;
    bool movable;
    uint32_t key;    /* it went, or arrived, as this key of the plan, from 1; 0: it did not */
    uint32_t reason; /* among the inventory's, from 1; 0: none */
};
enum { VERDICT_REASON = 160 };

/* The descriptions that were looked at last. */
struct row_cache;

struct inventory {
    struct compact **rows; /* struct key_desc; all of them at hand would take 1 kB each */
    size_t count;
    struct row_cache *cache;
    uint32_t *sorted; /* indices into rows, all of them in this order */
    uint32_t *shown;  /* those of sorted that pass the filter */
    size_t shown_count;
    uint32_t *by_name; /* indices into rows by class, label, id: for looking up */
    bool *marked;      /* for each of rows */
    size_t marked_count;
    uint32_t *toggled; /* indices into rows whose marks the last act on marks changed */
    size_t toggled_count;
    struct verdict *verdicts; /* for each of rows */
    struct reasons {
        struct compact **at; /* texts of VERDICT_REASON bytes, each of which many keys share */
        uint32_t count;
    } reasons;
    enum inventory_sort sort;
    char filter[128];
    struct scroll scroll;
    size_t work;    /* objects looked at so far: what a test counts; */
    size_t *looked; /* the same by who only draws; NULL: nobody counts */
};

/* Replaces the content by a copy of keys; marks of keys with the same handle stay, and the cursor.
 * Errors: ERR_FAILED (memory); the inventory is then empty. */
bool inventory_take(struct inventory *inv, const struct key_list *keys, struct err *err);
void inventory_free(struct inventory *inv);

/* Adds objects that came while the list is not complete yet. Errors: ERR_FAILED (memory): what was
 * added by then may stay. */
bool inventory_add(struct inventory *inv, const struct key_list *keys, struct err *err);

/* The object with this index, below count. Valid until ROWS_AT_HAND others were looked at. */
enum { ROWS_AT_HAND = 64 };
const struct key_desc *inventory_key(const struct inventory *inv, size_t i);

/* The object at a shown row; NULL after the last. Valid as long. */
const struct key_desc *inventory_row(const struct inventory *inv, size_t row);
bool inventory_is_marked(const struct inventory *inv, size_t row);
const struct verdict *inventory_verdict(const struct inventory *inv, size_t row);

/* Why, or how. out has VERDICT_REASON bytes. Returns out. */
char *inventory_reason(const struct inventory *inv, const struct verdict *verdict, char *out);

/* Takes over the engine's verdicts, which are in the order of the list that was taken. */
void inventory_judge(struct inventory *inv, const struct plan_verdicts *verdicts);

/* The object with this index cannot be migrated, wherever it would go. */
void inventory_refuse(struct inventory *inv, size_t i, const struct err *reason);

/* The object with this index went, or arrived, as this key of the plan, from 1. */
void inventory_moved(struct inventory *inv, size_t i, uint32_t key);

void inventory_sort(struct inventory *inv, enum inventory_sort sort);

/* Shows only what holds text in label, type or id, whatever the case; with '*' in it: whose label
 * matches it as a pattern; INVENTORY_REFUSED also shows what is refused. Empty: everything. */
#define INVENTORY_REFUSED "refused"
void inventory_filter(struct inventory *inv, const char *text);

/* Moves to the next row from row on (round the end) that holds text; false where none does. */
bool inventory_find(struct inventory *inv, const char *text, size_t row, size_t page);

/* Only secret and private keys can be marked. */
bool inventory_can_mark(const struct inventory *inv, size_t row);
void inventory_mark(struct inventory *inv, size_t row, bool on);

/* Keys that are known to be refused are left unmarked, unless the script names them: it says how
 * many keys were left out for that. script may be NULL. */
size_t inventory_mark_pattern(struct inventory *inv, const char *pattern,
                              const struct script *script);
size_t inventory_mark_invert(struct inventory *inv, const struct script *script);

/* Marks objects by their indices, as one act: begins it; then each. */
void inventory_mark_begin(struct inventory *inv);
void inventory_mark_index(struct inventory *inv, size_t i, bool on);
void inventory_mark_clear(struct inventory *inv);

/* Undoes the last of these acts on marks; the next call does it again. Returns how many
 * marks that changed. */
size_t inventory_mark_undo(struct inventory *inv);

/* Marks the keys that have these handles; the handles are sorted. */
void inventory_mark_handles(struct inventory *inv, uint64_t *handles, size_t count);

/* Copies the handles of the marked keys, in the order of the list; handles has marked_count
 * places. */
void inventory_handles(const struct inventory *inv, uint64_t *handles);

/* Finds key's counterpart among these objects in logarithmic time; *other may be NULL, and is valid
 * as long as the object of a row. */
enum relation inventory_counterpart(const struct inventory *inv, const struct key_desc *key,
                                    const struct key_desc **other);

/* Does a key's label, type or id hold text, whatever the case? */
bool inventory_holds(const struct key_desc *key, const char *text);

const char *inventory_sort_name(enum inventory_sort sort);

#endif
