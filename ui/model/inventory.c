/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/inventory_order.h"

struct row_cache {
    uint32_t index[ROWS_AT_HAND]; /* from 1; 0: a free place */
    struct key_desc keys[ROWS_AT_HAND];
};

const struct key_desc *inventory_key(const struct inventory *inv, size_t i)
{
    const size_t place = i % ROWS_AT_HAND;

    if (inv->cache->index[place] != i + 1) {
        compact_get(inv->rows[i], &inv->cache->keys[place], sizeof inv->cache->keys[place]);
        inv->cache->index[place] = (uint32_t)i + 1;
    }
    return &inv->cache->keys[place];
}

/* --- filling ---------------------------------------------------------------------------------- */

static bool holds(const char *hay, const char *needle)
{
    return strcasestr(hay, needle) != NULL;
}

static bool key_holds(const struct key_desc *key, const char *text)
{
    char label[KEY_LABEL_TEXT], type[KEY_TYPE_TEXT], id[2 * KEY_ID_MAX + 1];

    if (strchr(text, '*'))
        return text_glob(text, strlen(text), key->label, key_label_held(key));
    return holds(key_label_text(key, label), text) || holds(key_type_text(key, type), text) ||
           holds(text_hex(key->id, key_id_held(key), id), text);
}

/* Is it known that it would be refused? */
static bool is_refused(const struct inventory *inv, size_t i)
{
    return inv->verdicts[i].known && !inv->verdicts[i].movable;
}

static bool asks_for_refused(const char *filter)
{
    return strcasecmp(filter, INVENTORY_REFUSED) == 0;
}

static bool passes(const struct inventory *inv, size_t i)
{
    return !inv->filter[0] || key_holds(inventory_key(inv, i), inv->filter) ||
           (asks_for_refused(inv->filter) && is_refused(inv, i));
}

/* Shows those of these indices that pass the filter; the cursor stays on its object if that does.
 * from may be what is shown now. */
static void show(struct inventory *inv, const uint32_t *from, size_t count)
{
    const size_t current =
        inv->scroll.at < inv->shown_count ? inv->shown[inv->scroll.at] : SIZE_MAX;
    size_t at = 0, kept = 0;

    inv->work += count;
    for (size_t i = 0; i < count; i++) {
        if (!passes(inv, from[i]))
            continue;
        if (from[i] == current)
            at = kept;
        inv->shown[kept++] = from[i];
    }
    inv->shown_count = kept;
    inv->scroll = (struct scroll){at, at};
}

static order_fn *const orders[SORTS] = {
    [SORT_LABEL] = order_by_label, [SORT_TYPE] = order_by_type, [SORT_ID] = order_by_id};

/* The first of these indices of all rows are sorted already. */
static void sort_by(struct inventory *inv, uint32_t *indices, size_t sorted, order_fn *compare)
{
    inv->work += inv->count;
    order_sort(inv->rows, indices, sorted, inv->count, compare);
}

/* Sorts all, and shows what passes the filter. */
static void sort(struct inventory *inv)
{
    for (size_t i = 0; i < inv->count; i++)
        inv->sorted[i] = (uint32_t)i;
    sort_by(inv, inv->sorted, 0, orders[inv->sort]);
    show(inv, inv->sorted, inv->count);
}

enum {
    REASONS_COMPARED = 32
}; /* the last ones: a token gives a few reasons for thousands of keys */

/* The number of this text among the reasons; 0: there is no memory for it. */
static uint32_t note_reason(struct reasons *r, const struct err *reason)
{
    char text[VERDICT_REASON] = "", was[VERDICT_REASON];
    uint32_t first = r->count > REASONS_COMPARED ? r->count - REASONS_COMPARED : 0;
    struct compact **grown;

    text_fit(reason->what, VERDICT_REASON - 1, false, text, sizeof text);
    for (uint32_t i = r->count; i-- > first;) {
        compact_get(r->at[i], was, sizeof was);
        if (strcmp(was, text) == 0)
            return i + 1;
    }
    memset(text + strlen(text), 0, sizeof text - strlen(text));
    grown = reallocarray(r->at, r->count + 1, sizeof(struct compact *));
    if (!grown)
        return 0;
    r->at = grown;
    grown[r->count] = NULL;
    return compact_set(&grown[r->count], text, sizeof text) ? ++r->count : 0;
}

static void reasons_free(struct reasons *r)
{
    for (uint32_t i = 0; i < r->count; i++)
        compact_free(&r->at[i]);
    free(r->at);
    *r = (struct reasons){0};
}

/* Room for so many objects; all of it beyond the ones that are there is zero. */
static bool make_room(struct inventory *inv, size_t count)
{
    struct {
        void **array;
        size_t size;
    } arrays[] = {
        {(void **)&inv->rows, sizeof *inv->rows},
        {(void **)&inv->sorted, sizeof *inv->sorted},
        {(void **)&inv->shown, sizeof *inv->shown},
        {(void **)&inv->toggled, sizeof *inv->toggled},
        {(void **)&inv->by_name, sizeof *inv->by_name},
        {(void **)&inv->marked, sizeof *inv->marked},
        {(void **)&inv->verdicts, sizeof *inv->verdicts},
    };

    if (!inv->cache && !(inv->cache = calloc(1, sizeof *inv->cache)))
        return false;
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        char *grown = reallocarray(*arrays[i].array, count + 1, arrays[i].size); /* never nothing */
        if (!grown)
            return false;
        memset(grown + inv->count * arrays[i].size, 0, (count + 1 - inv->count) * arrays[i].size);
        *arrays[i].array = grown;
    }
    return true;
}

/* The cursor stays on its object and in its line, except that it stays on the first row. */
static void keep_line(struct inventory *inv, size_t was_at, size_t line)
{
    const size_t at = was_at ? inv->scroll.at : 0;

    inv->scroll = (struct scroll){at, at > line ? at - line : 0};
}

bool inventory_add(struct inventory *inv, const struct key_list *keys, struct err *err)
{
    const size_t old = inv->count, at = inv->scroll.at, line = at - inv->scroll.top;

    if (!make_room(inv, old + keys->count))
        return err_set(err, ERR_FAILED, "There is no memory for %zu objects", old + keys->count);
    for (size_t i = 0; i < keys->count; i++, inv->count++) {
        inv->sorted[inv->count] = inv->by_name[inv->count] = (uint32_t)inv->count;
        if (!compact_set(&inv->rows[inv->count], &keys->keys[i], sizeof keys->keys[i]))
            return err_set(err, ERR_FAILED, "There is no memory for %zu objects", inv->count);
    }
    sort_by(inv, inv->by_name, old, order_by_name);
    sort_by(inv, inv->sorted, old, orders[inv->sort]);
    show(inv, inv->sorted, inv->count);
    keep_line(inv, at, line);
    return true;
}

/* Finds the object again at which the cursor was. */
static void find_again(struct inventory *inv, uint64_t handle, const struct scroll *was)
{
    for (size_t row = 0; handle && row < inv->shown_count; row++)
        if (inventory_row(inv, row)->handle == handle) {
            inv->scroll.at = row;
            break;
        }
    keep_line(inv, was->at, was->at - was->top);
}

/* The old rows are freed before there are new ones: there may be thousands. */
bool inventory_take(struct inventory *inv, const struct key_list *keys, struct err *err)
{
    struct inventory fresh = {.sort = inv->sort, .work = inv->work, .looked = inv->looked};
    const struct key_desc *current = inventory_row(inv, inv->scroll.at);
    const uint64_t handle = current ? current->handle : 0;
    const struct scroll was = inv->scroll;
    const size_t marked_count = inv->marked_count;
    uint64_t *marked = calloc(marked_count + 1, sizeof *marked);
    bool ok;

    memcpy(fresh.filter, inv->filter, sizeof fresh.filter);
    if (marked)
        inventory_handles(inv, marked);
    inventory_free(inv);
    *inv = fresh;
    ok = marked && inventory_add(inv, keys, err);
    if (ok) {
        inventory_mark_handles(inv, marked, marked_count);
        find_again(inv, handle, &was);
        inv->toggled_count = 0; /* another list: there is nothing to undo */
    } else {
        inventory_free(inv);
        *inv = fresh;
        err_set(err, ERR_FAILED, "There is no memory for a list of %zu objects", keys->count);
    }
    free(marked);
    return ok;
}

void inventory_free(struct inventory *inv)
{
    for (size_t i = 0; i < inv->count; i++)
        compact_free(&inv->rows[i]);
    reasons_free(&inv->reasons);
    free(inv->rows);
    free(inv->cache);
    free(inv->sorted);
    free(inv->shown);
    free(inv->toggled);
    free(inv->by_name);
    free(inv->marked);
    free(inv->verdicts);
    *inv = (struct inventory){0};
}

static void count_look(const struct inventory *inv)
{
    if (inv->looked)
        ++*inv->looked;
}

const struct key_desc *inventory_row(const struct inventory *inv, size_t row)
{
    count_look(inv);
    return row < inv->shown_count ? inventory_key(inv, inv->shown[row]) : NULL;
}

bool inventory_is_marked(const struct inventory *inv, size_t row)
{
    return row < inv->shown_count && inv->marked[inv->shown[row]];
}

const struct verdict *inventory_verdict(const struct inventory *inv, size_t row)
{
    return row < inv->shown_count ? &inv->verdicts[inv->shown[row]] : NULL;
}

void inventory_judge(struct inventory *inv, const struct plan_verdicts *verdicts)
{
    reasons_free(&inv->reasons);
    for (size_t i = 0; i < inv->count; i++)
        inv->verdicts[i].reason = 0;
    for (size_t i = 0; i < inv->count && i < verdicts->count; i++) {
        const struct plan_verdict *is = &verdicts->at[i];
        struct verdict *verdict = &inv->verdicts[i];
        const struct err reason = err_note_get(&is->reason);
        if (is->handle != inventory_key(inv, i)->handle)
            continue;
        verdict->known = true;
        verdict->movable = is->movable;
        verdict->reason = note_reason(&inv->reasons, &reason);
    }
}

void inventory_refuse(struct inventory *inv, size_t i, const struct err *reason)
{
    inv->verdicts[i] =
        (struct verdict){.known = true, .reason = note_reason(&inv->reasons, reason)};
}

char *inventory_reason(const struct inventory *inv, const struct verdict *verdict, char *out)
{
    compact_get(verdict->reason ? inv->reasons.at[verdict->reason - 1] : NULL, out, VERDICT_REASON);
    return out;
}

void inventory_sort(struct inventory *inv, enum inventory_sort order)
{
    inv->sort = order;
    if (inv->shown)
        sort(inv);
}

/* Can nothing pass to that did not pass from? */
static bool narrows(const char *from, const char *to)
{
    return from[0] && !strchr(from, '*') && !strchr(to, '*') && strcasestr(to, from) &&
           !asks_for_refused(to);
}

void inventory_filter(struct inventory *inv, const char *text)
{
    char before[sizeof inv->filter];
    bool on;

    memcpy(before, inv->filter, sizeof before);
    text_fit(text, (int)sizeof inv->filter - 1, false, inv->filter, sizeof inv->filter);
    on = narrows(before, inv->filter);
    if (inv->shown && strcmp(before, inv->filter) != 0)
        show(inv, on ? inv->shown : inv->sorted, on ? inv->shown_count : inv->count);
}

bool inventory_holds(const struct key_desc *key, const char *text)
{
    return key_holds(key, text);
}

bool inventory_find(struct inventory *inv, const char *text, size_t row, size_t page)
{
    for (size_t i = 0; i < inv->shown_count && text[0]; i++) {
        size_t at = (row + i) % inv->shown_count;
        inv->work++;
        if (key_holds(inventory_row(inv, at), text)) {
            scroll_move(&inv->scroll, (long)at - (long)inv->scroll.at, inv->shown_count, page);
            return true;
        }
    }
    return false;
}

/* --- marks ------------------------------------------------------------------------------------ */

static bool may_mark(const struct key_desc *key)
{
    return key_is_movable_class(key) || key_is_public_class(key);
}

static void mark(struct inventory *inv, size_t i, bool on)
{
    if (!may_mark(inventory_key(inv, i)) || inv->marked[i] == on)
        return;
    inv->marked[i] = on;
    inv->marked_count += on ? 1 : (size_t)-1;
    inv->toggled[inv->toggled_count++] = (uint32_t)i;
}

bool inventory_can_mark(const struct inventory *inv, size_t row)
{
    const struct key_desc *key = inventory_row(inv, row);
    return key && may_mark(key);
}

void inventory_mark(struct inventory *inv, size_t row, bool on)
{
    inv->toggled_count = 0;
    if (row < inv->shown_count)
        mark(inv, inv->shown[row], on);
}

/* Marks one of many, unless it would be refused: only the script names such a key. Returns whether
 * it was left out. */
static bool mark_good(struct inventory *inv, size_t i, const struct script *script)
{
    if (is_refused(inv, i) && !inv->marked[i] &&
        !(script && script_find(script, inventory_key(inv, i)->handle)))
        return true;
    mark(inv, i, true);
    return false;
}

size_t inventory_mark_pattern(struct inventory *inv, const char *pattern,
                              const struct script *script)
{
    size_t left_out = 0;

    inv->toggled_count = 0;
    inv->work += inv->shown_count;
    for (size_t row = 0; row < inv->shown_count; row++)
        if (key_is_movable_class(inventory_row(inv, row)) &&
            key_holds(inventory_row(inv, row), pattern))
            left_out += mark_good(inv, inv->shown[row], script);
    return left_out;
}

size_t inventory_mark_invert(struct inventory *inv, const struct script *script)
{
    size_t left_out = 0;

    inv->toggled_count = 0;
    inv->work += inv->shown_count;
    for (size_t row = 0; row < inv->shown_count; row++)
        if (inventory_is_marked(inv, row) && key_is_movable_class(inventory_row(inv, row)))
            mark(inv, inv->shown[row], false);
        else if (key_is_movable_class(inventory_row(inv, row)))
            left_out += mark_good(inv, inv->shown[row], script);
    return left_out;
}

void inventory_mark_begin(struct inventory *inv)
{
    inv->toggled_count = 0;
}

void inventory_mark_index(struct inventory *inv, size_t i, bool on)
{
    if (i < inv->count)
        mark(inv, i, on);
}

void inventory_mark_clear(struct inventory *inv)
{
    inv->toggled_count = 0;
    inv->work += inv->count;
    for (size_t i = 0; i < inv->count; i++)
        mark(inv, i, false);
}

/* What is undone is what the next call undoes: each is in it once. */
size_t inventory_mark_undo(struct inventory *inv)
{
    size_t count = inv->toggled_count;

    inv->work += count;
    inv->toggled_count = 0;
    for (size_t i = 0; i < count; i++)
        mark(inv, inv->toggled[i], !inv->marked[inv->toggled[i]]);
    return count;
}

static int compare_handles(const void *a, const void *b)
{
    uint64_t i = *(const uint64_t *)a, j = *(const uint64_t *)b;
    return (i > j) - (i < j);
}

/* Calls act for each object whose handle is among these. */
static void for_handles(struct inventory *inv, uint64_t *handles, size_t count,
                        void (*act)(struct inventory *inv, size_t i))
{
    inv->toggled_count = 0;
    if (count == 0)
        return;
    qsort(handles, count, sizeof *handles, compare_handles);
    inv->work += inv->count;
    for (size_t i = 0; i < inv->count; i++)
        if (bsearch(&inventory_key(inv, i)->handle, handles, count, sizeof *handles,
                    compare_handles))
            act(inv, i);
}

static void mark_on(struct inventory *inv, size_t i)
{
    mark(inv, i, true);
}

void inventory_mark_handles(struct inventory *inv, uint64_t *handles, size_t count)
{
    for_handles(inv, handles, count, mark_on);
}

void inventory_moved(struct inventory *inv, size_t i, uint32_t key)
{
    mark(inv, i, false);
    inv->verdicts[i].key = key;
}

void inventory_handles(const struct inventory *inv, uint64_t *handles)
{
    size_t n = 0;

    for (size_t i = 0; i < inv->count; i++)
        if (inv->marked[i])
            handles[n++] = inventory_key(inv, i)->handle;
}

/* --- the other side --------------------------------------------------------------------------- */

/* The first place in by_name that is not before key; found in logarithmic time. */
static size_t name_place(const struct inventory *inv, const struct key_desc *key)
{
    size_t low = 0, high = inv->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        count_look(inv);
        if (order_by_name(inventory_key(inv, inv->by_name[middle]), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum relation relation_of(const struct key_desc *a, const struct key_desc *b)
{
    if (a->kind != b->kind)
        return RELATION_OTHER;
    if (a->has_public && b->has_public)
        return memcmp(a->spki_sha256, b->spki_sha256, SHA256_SIZE) == 0 ? RELATION_SAME
                                                                        : RELATION_OTHER;
    return RELATION_NAME;
}

enum relation inventory_counterpart(const struct inventory *inv, const struct key_desc *key,
                                    const struct key_desc **other)
{
    struct key_desc first = *key; /* the first of the objects with this class and label */
    size_t places[2] = {name_place(inv, key), 0};

    first.id_len = 0;
    places[1] = name_place(inv, &first);
    for (unsigned i = 0; i < 2; i++) {
        if (places[i] == inv->count)
            continue;
        *other = inventory_key(inv, inv->by_name[places[i]]);
        if (key_name_collides(key, *other))
            return relation_of(key, *other);
    }
    *other = NULL;
    return RELATION_NONE;
}

const char *inventory_sort_name(enum inventory_sort sort)
{
    static const char *const names[SORTS] = {"label", "type", "id"};
    return (unsigned)sort < SORTS ? names[sort] : "?";
}
