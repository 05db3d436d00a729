/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/explained.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct explained_difference explained_of(const struct event_script *word,
                                         const struct key_desc *added)
{
    struct explained_difference d = {
        .what = word->what, .line = word->line, .expect = word->expect, .found = word->found};

    if (added) {
        d.class = added->class;
        d.label_len = added->label_len;
        d.id_len = added->id_len;
        memcpy(d.label, added->label, sizeof d.label);
        memcpy(d.id, added->id, sizeof d.id);
        key_type_text(added, d.type);
    } else if (word->what == SCRIPT_LEFT_OUT) {
        d.class = word->class;
        d.label_len = word->label_len;
        d.id_len = word->id_len;
        memcpy(d.label, word->label, sizeof d.label);
        memcpy(d.id, word->id, sizeof d.id);
        text_print(d.type, sizeof d.type, "%s", word->type);
    } else if (word->what == SCRIPT_POLICY)
        text_print(d.setting, sizeof d.setting, "%s", word->text);
    return d;
}

static int compare_numbers(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

static int compare(const void *a, const void *b)
{
    const struct explained_difference *x = a, *y = b;
    const uint32_t numbers[][2] = {{x->what, y->what},     {x->line, y->line},
                                   {x->expect, y->expect}, {x->found, y->found},
                                   {x->class, y->class},   {x->label_len, y->label_len},
                                   {x->id_len, y->id_len}};
    int differs = 0;

    for (size_t i = 0; !differs && i < sizeof numbers / sizeof numbers[0]; i++)
        differs = compare_numbers(numbers[i][0], numbers[i][1]);
    differs = differs ? differs : memcmp(x->label, y->label, sizeof x->label);
    differs = differs ? differs : memcmp(x->id, y->id, sizeof x->id);
    differs = differs ? differs : strcmp(x->type, y->type);
    return differs ? differs : strcmp(x->setting, y->setting);
}

/* Grown in powers of two. */
static bool add(struct explained *e, const struct explained_difference *d, struct err *err)
{
    struct explained_difference *grown = e->differences;

    if ((e->count & (e->count - 1)) == 0)
        grown = reallocarray(grown, e->count ? 2 * e->count : 1, sizeof *grown);
    if (!grown)
        return err_set(err, ERR_FAILED, "no memory for what differs from the script");
    e->differences = grown;
    grown[e->count++] = *d;
    return true;
}

/* A key that was left out at its gate has a number: the plan was as it was before. */
static bool is_of_plan(const struct event *event)
{
    enum script_what what = event->script.what;

    return event->kind == EVENT_SCRIPT && what >= SCRIPT_LEFT_OUT && what <= SCRIPT_POLICY &&
           (what != SCRIPT_LEFT_OUT || event->key == 0);
}

static bool add_words(struct explained *e, const struct event *event, struct err *err)
{
    struct event *grown;

    if (e->word_count == EXPLAINED_WORDS_MAX)
        return err_set(err, ERR_DATA, "the journal quotes more than %d exceptions",
                       EXPLAINED_WORDS_MAX);
    grown = reallocarray(e->words, e->word_count + 1, sizeof *grown);
    if (!grown)
        return err_set(err, ERR_FAILED, "no memory for an exception");
    e->words = grown;
    grown[e->word_count++] = *event;
    e->counts |= event->exception.script;
    return true;
}

bool explained_take(struct explained *e, const struct event *event, const struct key_desc *added,
                    struct err *err)
{
    if (event->kind == EVENT_PLANNED && event->key == 1) { /* another plan replaces the last one */
        e->count = e->word_count = 0;
        e->counts = false;
    }
    if (event->kind == EVENT_EXCEPTION &&
        (event->exception.from[0] || (event->exception.script && !e->counts)) &&
        !add_words(e, event, err))
        return false;
    if (!is_of_plan(event))
        return true;
    const struct explained_difference d = explained_of(&event->script, added);
    return add(e, &d, err);
}

void explained_end(struct explained *e, const char *ceremony)
{
    if (e->count > 1)
        qsort(e->differences, e->count, sizeof *e->differences, compare);
    text_print(e->ceremony, sizeof e->ceremony, "%s", ceremony);
}

bool explained_covers(const struct explained *e, const struct explained_difference *difference)
{
    return e->counts && e->count > 0 &&
           bsearch(difference, e->differences, e->count, sizeof *difference, compare);
}

void explained_free(struct explained *e)
{
    free(e->differences);
    free(e->words);
    *e = (struct explained){0};
}
