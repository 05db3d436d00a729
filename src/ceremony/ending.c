/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/ending.h"

#include "ceremony/members.h"

static size_t count_outcome(const struct ceremony *c, enum key_outcome outcome)
{
    size_t count = 0;

    for (size_t i = 0; i < c->transfers.count; i++)
        count += c->transfers.at[i].outcome == outcome && !c->transfers.at[i].owner;
    return count;
}

/* Counts all keys, companions included. */
static size_t count_unknown(const struct ceremony *c)
{
    size_t count = 0;

    for (size_t i = 0; i < c->transfers.count; i++)
        count += c->transfers.at[i].outcome == KEY_UNKNOWN;
    return count;
}

/* A key that was named; or one that an HSM failed at, or that was left out at its gate: that is no
 * property of the key. */
static const struct plan_item *first_refusal_that_counts(const struct ceremony *c)
{
    for (size_t i = 0; i < c->transfers.count; i++) {
        const struct transfer *t = &c->transfers.at[i];
        if (t->outcome == KEY_REFUSED && !t->owner && !t->item->there &&
            (t->item->explicit || t->item->reason.code == ERR_HSM ||
             t->item->reason.code == ERR_STOPPED))
            return t->item;
    }
    return NULL;
}

/* What failed so, a resume may bring. What an HSM cannot do, it cannot do then either. */
static bool resume_may_help(enum err_code code)
{
    return code == ERR_HSM || code == ERR_GONE || code == ERR_FAILED || code == ERR_STOPPED;
}

static int exit_of_failure(const struct ceremony *c, size_t arrived)
{
    enum err_code code = c->result.failure.code;
    bool again = resume_may_help(code);

    for (size_t i = 0; i < c->transfers.count; i++)
        again |= code == ERR_UNSUPPORTED && c->transfers.at[i].outcome == KEY_FAILED &&
                 resume_may_help(c->transfers.at[i].err.code);
    if (c->setup.sealing) /* nothing to resume: it starts over */
        return err_exit(again ? ERR_FAILED : code);
    /* Officers who stop what resumes an interrupted ceremony leave that one open. */
    if (c->setup.interrupted && code == ERR_STOPPED)
        return err_exit(ERR_UNFINISHED);
    /* "Nothing has changed" is true only when no key has arrived. */
    if (!arrived && (again || code == ERR_UNSUPPORTED))
        return err_exit(ERR_FAILED);
    return err_exit(again ? ERR_UNFINISHED : code);
}

/* A key that was committed, but not proven by a separate process, does not count as migrated. */
static void judge_unfinished(struct ceremony *c)
{
    for (size_t i = 0; i < c->transfers.count; i++) {
        struct transfer *t = &c->transfers.at[i];
        struct err err;
        if (!t->proven || t->outcome != KEY_PENDING)
            continue;
        t->outcome = KEY_UNKNOWN;
        err_set(&err, ERR_UNFINISHED, "kept and proven, but not from a fresh process");
        err_note_set(&t->err, &err);
    }
}

/* A key service is not reached: nothing can be said of it. */
static const char *last_sentence_of_sealing(const struct ceremony *c)
{
    const bool source = c->side[SIDE_SOURCE].intact;

    if (count_outcome(c, KEY_SEALED))
        return source ? "sealed as files, which only the service can open; the source is unchanged"
                      : "sealed as files, which only the service can open; the source could not be "
                        "examined again";
    return source ? "source unchanged; no file was written"
                  : "no file was written; the source could not be examined again";
}

/* Had a resync nothing to do? */
static bool is_in_step(const struct ceremony *c)
{
    return c->setup.resync && !c->result.aborted && c->plan.movable == 0 &&
           c->result.failure.code == ERR_NONE;
}

static const char *last_sentence(const struct ceremony *c, size_t migrated, size_t unknown)
{
    size_t unproven = count_outcome(c, KEY_UNPROVEN);

    const bool source = c->side[SIDE_SOURCE].intact;
    const bool destination = c->side[SIDE_DESTINATION].intact;

    if (c->result.left.lost)
        return "objects that were there before are gone: the warnings name them";
    if (c->result.left.left_over)
        return "something is left over: the inventories and warnings say what";
    if (c->result.left.unsure)
        return "nobody could look whether something is left over: look at both tokens";
    if (c->setup.sealing)
        return last_sentence_of_sealing(c);
    if (unknown)
        return "look for each unknown key on the destination before it is used there";
    if (unproven)
        return "unproven keys arrived, by waiver: try each one before it is relied on there";
    if (migrated)
        return source ? "every key that arrived was proven; the source is unchanged"
                      : "every key that arrived was proven; the source could not be examined again";
    if (count_outcome(c, KEY_DERIVED))
        return source ? "both HSMs have the new key; nothing else was changed"
                      : "both HSMs have the new key; the source could not be examined again";
    if (count_outcome(c, KEY_ALIGNED))
        return source ? "attributes on the destination were brought into line; the source is "
                        "unchanged"
                      : "attributes on the destination were brought into line; the source could "
                        "not be examined again";
    if (is_in_step(c) && source && destination)
        return "nothing is left to migrate: nothing was changed";
    return source && destination ? "source unchanged; nothing on the destination"
           : source              ? "source unchanged; the destination could not be examined again"
           : destination ? "nothing on the destination; the source could not be examined again"
                         : "neither side could be looked at again";
}

void ending_note_failure(struct ceremony *c, const struct err *err)
{
    if (c->result.failure.code == ERR_NONE)
        c->result.failure = *err;
}

/* What failed before the first step. */
static void note_unread(struct ceremony *c)
{
    for (size_t i = 0; i < c->transfers.count; i++) {
        const struct err failure = err_note_get(&c->transfers.at[i].err);
        if (c->transfers.at[i].outcome == KEY_FAILED)
            ending_note_failure(c, &failure);
    }
}

/* A refusing sink cannot undo what is: that is remembered. */
bool ending_say_done(struct ceremony *c, struct transfer *t)
{
    struct err err;

    if (t->emitted)
        return true;
    t->emitted = emit_key_done(&c->narrator, t, &err);
    if (!t->emitted)
        ending_note_failure(c, &err);
    return t->emitted;
}

static void say_script(struct ceremony *c)
{
    struct err err;

    /* A record that refuses this refuses the end of the ceremony, too: that costs the exit code. */
    if (!script_watch_end(&c->verdicts.script, &c->transfers, &c->narrator, &err))
        emit_error(&c->narrator, &err);
}

/* The report is written when its sink takes this event: without it the ceremony is not done. */
static void say_end(struct ceremony *c, enum end_outcome outcome, const char *text)
{
    const struct end_word word = {outcome, c->result.exit_code, c->result.left.left_over,
                                  &c->transfers, text};
    struct err err;

    c->walk.phase = PHASE_OVER;
    if (emit_end(&c->narrator, &word, &err))
        return;
    emit_error(&c->narrator, &err);
    c->result.exit_code = c->result.exit_code ? c->result.exit_code : err_exit(err.code);
}

/* What a resume may change ends with ERR_UNFINISHED. It brings no object back, and proves no key
 * that nothing can prove: these end with ERR_HSM. */
static int exit_of_end(const struct ceremony *c, size_t arrived, size_t unknown, size_t unproven)
{
    const struct leftovers *left = &c->result.left;
    const struct plan_item *refusal = first_refusal_that_counts(c);

    if (left->left_over || left->unsure || unknown)
        return err_exit(ERR_UNFINISHED);
    if (left->lost)
        return err_exit(ERR_HSM);
    if (c->result.failure.code != ERR_NONE)
        return exit_of_failure(c, arrived);
    if (unproven)
        return err_exit(ERR_HSM);
    return refusal ? err_exit(refusal->reason.code) : 0;
}

void ending_finish(struct ceremony *c)
{
    size_t migrated, unknown, unproven, arrived;
    enum end_outcome outcome;

    judge_unfinished(c);
    note_unread(c);
    migrated = count_outcome(c, KEY_MIGRATED);
    unknown = count_unknown(c);
    unproven = count_outcome(c, KEY_UNPROVEN);
    arrived = migrated + unproven + count_outcome(c, KEY_SEALED) + count_outcome(c, KEY_ALIGNED) +
              count_outcome(c, KEY_DERIVED);
    c->result.exit_code = exit_of_end(c, arrived, unknown, unproven);
    outcome = c->result.aborted                                                     ? END_ABORTED
              : arrived == 0 && c->result.exit_code == 0 && is_in_step(c)           ? END_COMPLETE
              : arrived == 0 && !(c->setup.interrupted && c->result.exit_code == 0) ? END_FAILED
              : c->result.exit_code != 0                                            ? END_PARTIAL
                                                                                    : END_COMPLETE;
    for (size_t i = 0; i < c->transfers.count; i++)
        ending_say_done(c, &c->transfers.at[i]);
    if (c->result.failure.code != ERR_NONE)
        emit_error(&c->narrator, &c->result.failure);
    say_script(c);
    say_end(c, outcome, last_sentence(c, migrated, unknown));
    secret_free(&c->side[SIDE_DESTINATION].pin);
}
