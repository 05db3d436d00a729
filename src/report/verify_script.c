/* SPDX-License-Identifier: Apache-2.0 */
#include "report/verify_script.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/gate.h"
#include "protocol/script_word.h"
#include "report/verify_gates.h"
#include "report/verify_trail.h"
#include "report/visit_rules.h"

/* --- the script ------------------------------------------------------------------------------- */

/* Of the plan, not at a gate: a key that was left out there has a number. */
static bool is_of_plan(const struct node *deviation)
{
    return !node_is(deviation, "what", script_what_name(SCRIPT_LEFT_OUT)) ||
           !node_at(deviation, "key");
}

/* The first deviation of this kind from here on, of the plan; NULL: none. Each kind is in the order
 * of its subjects. */
static const struct node *next_of(const struct node *deviation, enum script_what what)
{
    while (deviation &&
           !(node_is(deviation, "what", script_what_name(what)) && is_of_plan(deviation)))
        deviation = deviation->next;
    return deviation;
}

static const struct node *first_of(const struct node *report, enum script_what what)
{
    return next_of(node_at(report, "script.deviations")->first, what);
}

/* Takes it: it says the same of all these members. */
static bool take(const struct node **deviation, enum script_what what, const struct node *it,
                 const char *const same[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!*deviation || !node_is(*deviation, same[i], node_text(it, same[i])))
            return false;
    *deviation = next_of((*deviation)->next, what);
    return true;
}

static bool check_lines(const struct node *report, struct err *err)
{
    static const char *const same[] = {"line"};
    const bool planned = node_at(report, "keys")->count > 0;
    const struct node *deviation = first_of(report, SCRIPT_COUNT);
    int64_t number = 0;

    for (const struct node *l = node_at(report, "script.lines")->first; l; l = l->next) {
        bool differs = node_at(l, "expect") && node_at(l, "found") &&
                       !node_is(l, "found", node_text(l, "expect"));
        if (node_number(l, "line") != ++number)
            return rule_wrong(l, err, "the lines of the script are not numbered from 1");
        if (planned && differs && !take(&deviation, SCRIPT_COUNT, l, same, 1))
            return rule_wrong(l, err, "it names another number of keys, and no deviation says so");
    }
    return !deviation || rule_wrong(deviation, err, "this line names as many keys as it must");
}

/* All keys and companions by number - 1; the caller frees it. */
static const struct node **by_number(const struct node *report, size_t *count, struct err *err)
{
    const size_t room = node_at(report, "keys")->count + node_at(report, "companions")->count;
    const struct node **keys = calloc(room + 1, sizeof(struct node *));

    *count = 0;
    if (!keys) {
        err_set(err, ERR_FAILED, "There is no memory for the keys of the report");
        return NULL;
    }
    for (const struct node *key = rule_next_key(report, NULL); key && *count < room;
         key = rule_next_key(report, key))
        keys[(*count)++] = key; /* they are numbered so: check_counts() */
    return keys;
}

/* What a line named is in the plan under the same line, or was left out. Counts the former. */
static bool check_named(const struct node *report, size_t *named, struct err *err)
{
    static const char *const same[] = {"line", "label", "id", "class", "type"};
    const struct node *deviation = first_of(report, SCRIPT_LEFT_OUT);
    const int64_t lines = (int64_t)node_at(report, "script.lines")->count;
    size_t count;
    const struct node **keys = by_number(report, &count, err);
    bool ok = keys != NULL;

    *named = 0;
    for (const struct node *k = node_at(report, "script.keys")->first; ok && k; k = k->next) {
        int64_t number = node_number(k, "key");
        if (node_number(k, "line") < 1 || node_number(k, "line") > lines)
            ok = rule_wrong(k, err, "there is no such line of the script");
        else if (number >= 1) {
            ++*named;
            ok = (number <= (int64_t)count &&
                  node_is(keys[number - 1], "script-line", node_text(k, "line"))) ||
                 rule_wrong(k, err, "the key itself says otherwise");
        } else if (count > 0 && !node_is(k, "class", "data"))
            ok = take(&deviation, SCRIPT_LEFT_OUT, k, same, sizeof same / sizeof same[0]) ||
                 rule_wrong(k, err, "it was left out, and no deviation says so");
    }
    free(keys);
    return ok && (!deviation || rule_wrong(deviation, err, "the script does not name this key"));
}

/* What was chosen beyond that was added. */
static bool check_added(const struct node *report, size_t named, struct err *err)
{
    const struct node *deviation = first_of(report, SCRIPT_ADDED);
    const bool has_script = node_at(report, "script.lines")->count > 0;
    size_t with_line = 0;

    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key)) {
        with_line += node_at(key, "script-line") != NULL;
        if (!has_script || node_at(key, "script-line") || node_at(key, "companion-of"))
            continue;
        if (!deviation || !node_is(deviation, "key", node_text(key, "number")))
            return rule_wrong(key, err, "no line of the script names it, and no deviation says so");
        deviation = next_of(deviation->next, SCRIPT_ADDED);
    }
    if (with_line != named)
        return rule_wrong(node_at(report, "script"), err,
                          "the keys name other lines of the script");
    return !deviation || rule_wrong(deviation, err, "this key was not added");
}

/* Counts the keys of the script that were migrated or sealed; all others that were to be are
 * listed. */
static bool check_incomplete(const struct node *report, size_t *arrived, struct err *err)
{
    const struct node *listed = node_at(report, "script.incomplete")->first;

    *arrived = 0;
    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key)) {
        if (!node_at(key, "script-line"))
            continue;
        if (node_is(key, "outcome", "migrated") || node_is(key, "outcome", "sealed") ||
            node_is(key, "outcome", "aligned") || node_is(key, "outcome", "derived")) {
            ++*arrived;
            continue;
        }
        if (!listed || !node_is(listed, "key", node_text(key, "number")) ||
            !node_is(listed, "outcome", node_text(key, "outcome")))
            return rule_wrong(key, err, "the script names it, and the script's list lacks it");
        listed = listed->next;
    }
    return !listed || rule_wrong(listed, err, "this key of the script was migrated");
}

/* --- what was left out at its gate --- */

static const struct node *next_left_out(const struct node *deviation)
{
    while (deviation && is_of_plan(deviation))
        deviation = deviation->next;
    return deviation;
}

static const struct node *key_of(const struct node *report, const struct node *of)
{
    for (const struct node *key = node_at(report, "keys")->first; key; key = key->next)
        if (node_is(key, "number", node_text(of, "key")))
            return key;
    return NULL;
}

static bool is_left_out(const struct node *gate)
{
    return node_is(gate, "gate", gate_name(GATE_KEY)) &&
           node_is(gate, "state", gate_state_name(GATE_REFUSED)) &&
           node_is(gate, "question", "left out");
}

static bool has_exception(const struct node *report, const struct node *gate)
{
    for (const struct node *e = node_at(report, "exceptions")->first; e; e = e->next)
        if (node_is(e, "script", "yes") && node_is(e, "key", node_text(gate, "key")) &&
            node_number(e, "seq") > node_number(gate, "seq"))
            return true;
    return false;
}

/* A key of the script that was left out at its gate is a deviation, with its exception; no other
 * key is. */
static bool check_left_out(const struct node *report, struct err *err)
{
    static const char *const same[] = {"id", "class", "type"};
    const struct node *deviation = next_left_out(node_at(report, "script.deviations")->first);

    for (const struct node *g = node_at(report, "gates")->first; g; g = g->next) {
        const struct node *key = is_left_out(g) ? key_of(report, g) : NULL;
        if (!key || !node_at(key, "script-line"))
            continue;
        if (!deviation || !node_is(deviation, "key", node_text(g, "key")) ||
            !node_is(deviation, "line", node_text(key, "script-line")))
            return rule_wrong(g, err, "the script names this key, and no deviation says so");
        for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
            if (!node_is(deviation, same[i], node_text(key, same[i])))
                return rule_wrong(deviation, err, "the key itself says otherwise");
        if (!node_is(key, "outcome", "refused"))
            return rule_wrong(key, err, "it was left out at its gate");
        if (!has_exception(report, g))
            return rule_wrong(g, err, "no exception says that this key was left out");
        deviation = next_left_out(deviation->next);
    }
    return !deviation || rule_wrong(deviation, err, "this key was not left out at its gate");
}

static bool deviates_in_plan(const struct node *report)
{
    const struct node *deviation = node_at(report, "script.deviations")->first;

    while (deviation && !is_of_plan(deviation))
        deviation = deviation->next;
    return deviation != NULL;
}

/* Nothing was begun that is not as the script says before an exception said why. */
static bool check_exception(const struct node *report, struct err *err)
{
    const struct node *step = node_at(report, "steps")->first;
    const struct node *e = node_at(report, "exceptions")->first;
    int64_t first = step && rule_step_of(step) < STEP_DESTROY ? node_number(step, "seq") : 0;

    for (const struct node *g = node_at(report, "gates")->first; g && first; g = g->next)
        if (node_is(g, "gate", gate_name(GATE_REVIEW)) &&
            node_is(g, "state", gate_state_name(GATE_CONFIRMED)) && !gates_is_void(g) &&
            node_number(g, "seq") < first)
            first = node_number(g, "seq");
    while (e && (!node_is(e, "script", "yes") || node_is(e, "void", "yes")))
        e = e->next;
    return first == 0 || (e && node_number(e, "seq") < first) ||
           rule_wrong(node_at(report, "script"), err,
                      "it was not followed, and no exception before the review says why");
}

/* Can it be about a plan that was replaced? Then it is about a plan, and comes before the review of
 * the plan that was carried out, and before any step. */
static bool is_of_replaced_plan(const struct node *report, const struct node *e)
{
    const struct node *g = node_at(report, "gates")->first;
    const struct node *step = node_at(report, "steps")->first;
    int64_t seq = node_number(e, "seq");

    while (g && (!node_is(g, "gate", gate_name(GATE_REVIEW)) || gates_is_void(g)))
        g = g->next;
    return (node_is(e, "script", "yes") || node_at(e, "from")) &&
           !(g && node_number(g, "seq") < seq) && !(step && node_number(step, "seq") < seq);
}

/* Only what resumes an interrupted ceremony quotes an exception of one. */
static bool check_exceptions(const struct node *report, struct err *err)
{
    const bool resumes = node_at(report, "ceremony.resumes") != NULL;

    for (const struct node *e = node_at(report, "exceptions")->first; e; e = e->next) {
        if (!node_at(e, "from") != !node_at(e, "written"))
            return rule_wrong(e, err, "an exception is quoted with its ceremony and its time");
        if (node_at(e, "from") && !resumes)
            return rule_wrong(e, err, "it is quoted, and no interrupted ceremony was resumed");
        if (node_at(e, "void") && !is_of_replaced_plan(report, e))
            return rule_wrong(e, err, "this is about the plan that was carried out");
    }
    return true;
}

bool script_check(const struct node *report, struct err *err)
{
    const struct node *script = node_at(report, "script"), *summary = node_at(report, "summary");
    size_t named, arrived;
    const enum visit visit = visits_of(report);
    bool deviates;

    if (visit != VISIT_NONE && visit != VISIT_LOAD)
        return true; /* only the room with the source has what the script names */
    if (!script)
        return !node_at(summary, "script") ||
               rule_wrong(summary, err, "there is no script of which it says this");
    if (!check_lines(report, err) || !check_named(report, &named, err) ||
        !check_added(report, named, err) || !check_incomplete(report, &arrived, err) ||
        !check_left_out(report, err) || !check_exceptions(report, err))
        return false;
    deviates = node_at(script, "deviations")->count > 0;
    if (!node_is(summary, "script",
                 script_outcome_name(
                     script_judge(node_at(script, "lines")->count > 0, deviates,
                                  arrived == 0 || arrived < node_at(script, "keys")->count))))
        return rule_wrong(summary, err, "keys, lines and deviations say otherwise of the script");
    return !deviates_in_plan(report) || check_exception(report, err);
}

/* --- people ----------------------------------------------------------------------------------- */

/* The word number n, from 1, of a fingerprint; its length in *len. NULL: there is none. */
static const char *word_at(const char *words, unsigned long n, size_t *len)
{
    for (; n > 1; n--) {
        words += strcspn(words, " ");
        if (!*words)
            return NULL;
        words++;
    }
    *len = strcspn(words, " ");
    return n == 1 && *len ? words : NULL;
}

/* Are these the words that the question asks for, "... words 3, 9, 14 and 20 of the fingerprint"?
 */
static bool are_words(const char *question, const char *fingerprint, const char *words)
{
    static const char before[] = "words ";
    const char *at = question, *next;

    while ((next = strstr(at, before)) != NULL)
        at = next + sizeof before - 1;
    for (; *words; words += *words == ' ') {
        size_t len;
        const char *word;
        at += strcspn(at, "0123456789");
        word = word_at(fingerprint, strtoul(at, NULL, 10), &len);
        if (!word || strncmp(word, words, len) != 0 || (words[len] && words[len] != ' '))
            return false;
        at += strspn(at, "0123456789");
        words += len;
    }
    return !at[strcspn(at, "0123456789")];
}

static bool check_answer(const struct node *report, const struct node *open,
                         const struct node *answer, struct err *err)
{
    static const char *const same[] = {"gate", "officer", "role"};
    const char *print = node_text(report, "transport-key.source.words");

    if (!node_text(answer, "answer")[0])
        return rule_wrong(answer, err, "what was typed is not recorded");
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        if (strcmp(node_text(open, same[i]), node_text(answer, same[i])) != 0)
            return rule_wrong(answer, err, "it is not answered by whom it was opened for");
    return !node_is(answer, "gate", gate_name(GATE_FINGERPRINT)) ||
           are_words(node_text(open, "question"), print, node_text(answer, "answer")) ||
           rule_wrong(answer, err, "these are not the words that were asked for");
}

/* A PIN is an officer's, or a file's. */
static bool check_pins(const struct node *report, struct err *err)
{
    for (const struct node *p = node_at(report, "pins")->first; p; p = p->next)
        if (node_at(p, "file") && (node_at(p, "officer") || node_at(p, "role")))
            return rule_wrong(p, err, "nobody was asked for a PIN that came from a file");
    return true;
}

bool people_check(const struct node *report, struct err *err)
{
    const struct node *open = NULL;

    if (!node_at(report, "script"))
        return true;
    if (!node_at(report, "pins"))
        return rule_wrong(node_at(report, "ceremony"), err,
                          "whose PINs were asked for is not recorded");
    for (const struct node *g = node_at(report, "gates")->first; g; g = g->next) {
        if (node_is(g, "state", gate_state_name(GATE_OPEN)))
            open = g;
        else if (node_is(g, "state", gate_state_name(GATE_WAIVED)) &&
                 (node_at(g, "officer") || node_at(g, "role") || node_at(g, "key")))
            return rule_wrong(g, err, "a waiver is for all keys, and nobody's answer");
        else if (node_is(g, "state", gate_state_name(GATE_CONFIRMED)) &&
                 !check_answer(report, open, g, err))
            return false;
    }
    return check_pins(report, err);
}
