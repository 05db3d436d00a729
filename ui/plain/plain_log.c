/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/plain/plain_log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "hsm/fidelity.h"
#include "ui/plain/plain.h"

enum { PLAIN_MANY = 20, PLAIN_TICK_MS = 1000, PLAIN_WORDS_IN_ROW = 8 };

/* A key of the plan, as far as its later lines need it. */
struct printed_key {
    char *label;           /* safe text; NULL: not known */
    struct key_desc *desc; /* on the source; NULL: not kept */
    uint32_t want_flags;
};

struct plain_log {
    FILE *out;                /* receives the lines: the caller's, or ... */
    FILE *stamped;            /* ... in a rehearsal this one, which writes to it; else NULL */
    struct printed_key *keys; /* by key number - 1 */
    size_t key_count;
    uint32_t many;          /* more movable keys than these share lines of progress */
    uint32_t companions;    /* the number of the first companion; 0: none */
    uint32_t movable;       /* keys that can be migrated ... */
    uint32_t hidden;        /* ... and those of them without a line so far */
    uint32_t warned;        /* warnings about single keys */
    uint32_t key_now;       /* the key of the last event */
    enum hsm_alg transport; /* HSM_ALGS: none was chosen */
    uint32_t moved, failed, proven;
    bool seals;           /* keys are sealed for a key service, not moved */
    int64_t moving_since; /* when the first key's first step began; 0: not yet */
    int64_t printed_ms;   /* when progress was printed last */
    struct event slow;    /* the current step, kind EVENT_STEP, until it is printed */
    int64_t slow_since;
    uint32_t waived; /* bit (1 << enum gate) for each gate whose waiver was printed */
    bool has_fingerprint[2];
    uint8_t fingerprint[2][SHA256_SIZE];
    struct event end;
    bool over;
    bool by_nature;         /* an attribute of some key changed so, which is explained at the end */
    struct event device[2]; /* kind EVENT_HSM once they are known */
    FILE *review;           /* the lines before the review, for the second officer; NULL: none */
    char *review_text;
    size_t review_len;
    bool half;             /* the first of two officers has confirmed the review */
    struct event after[2]; /* the last inventories; kind EVENT_INVENTORY once they came */
};

bool plain_log_new(FILE *out, struct plain_log **log, struct err *err)
{
    struct plain_log *l = calloc(1, sizeof *l);

    if (!l)
        return err_set(err, ERR_FAILED, "There is no memory for the log");
    l->out = out;
    l->many = PLAIN_MANY;
    l->transport = HSM_ALGS;
    *log = l;
    return true;
}

void plain_log_print_all(struct plain_log *l)
{
    l->many = UINT32_MAX;
}

static void forget_keys(struct plain_log *l)
{
    for (size_t i = 0; i < l->key_count; i++) {
        free(l->keys[i].label);
        free(l->keys[i].desc);
    }
    free(l->keys);
    l->keys = NULL;
    l->key_count = 0;
    l->movable = l->hidden = l->warned = l->companions = 0;
}

void plain_log_free(struct plain_log *l)
{
    if (!l)
        return;
    forget_keys(l);
    if (l->stamped)
        fclose(l->stamped);
    if (l->review)
        fclose(l->review);
    free(l->review_text);
    free(l);
}

/* Without memory, a key is called by its number alone. */
static void keep_key(struct plain_log *l, const struct event *planned)
{
    char text[KEY_LABEL_TEXT + 16];
    const struct key_desc *desc = &planned->planned.desc;
    struct printed_key *key;

    if (planned->key != l->key_count + 1)
        return;
    if ((l->key_count & (l->key_count - 1)) == 0) {
        size_t room = l->key_count ? 2 * l->key_count : 1;
        struct printed_key *keys = reallocarray(l->keys, room, sizeof *keys);
        if (!keys)
            return;
        l->keys = keys;
    }
    key_label_text(desc, text);
    if (key_is_public_class(desc)) /* its private key has the same name */
        strcat(text, desc->class == KEY_CLASS_PUBLIC ? " (public key)" : " (certificate)");
    key = &l->keys[l->key_count++];
    *key = (struct printed_key){.label = strdup(text), .want_flags = planned->planned.want_flags};
    if (planned->planned.route != ROUTE_NONE && l->movable < l->many && !key_is_public_class(desc))
        key->desc = malloc(sizeof *key->desc);
    if (key->desc)
        *key->desc = *desc;
}

static const struct printed_key *key_of(const struct plain_log *l, uint32_t key)
{
    return key > 0 && key <= l->key_count ? &l->keys[key - 1] : NULL;
}

static const char *label_of(const struct plain_log *l, uint32_t key)
{
    return key_of(l, key) ? key_of(l, key)->label : NULL;
}

static size_t write_line(const struct plain_log *l, const struct event *event, char *line)
{
    const struct plain_known known = {label_of(l, event->key), l->transport};

    return plain_line(event, &known, line);
}

static void print_event(struct plain_log *l, const struct event *event)
{
    char line[PLAIN_LINE_MAX];

    if (write_line(l, event, line) > 0)
        fprintf(l->out, "%s\n", line);
}

/* Do the officers read it before they answer at the review? */
static bool is_of_review(enum event_kind kind)
{
    return kind == EVENT_CHOICE || kind == EVENT_CANARY || kind == EVENT_REJECTED ||
           kind == EVENT_WARNING || kind == EVENT_PLANNED;
}

static void keep_for_review(struct plain_log *l, const struct event *event)
{
    char line[PLAIN_LINE_MAX];

    if (!l->review)
        l->review = open_memstream(&l->review_text, &l->review_len);
    if (l->review && write_line(l, event, line) > 0)
        fprintf(l->review, "%s\n", line);
}

/* The second officer reads the whole review, not its end. */
static void tell_review_again(struct plain_log *l, const struct event *gate)
{
    if (!l->review || fflush(l->review) != 0 || !l->review_text)
        return;
    fprintf(l->out, "The review once more, for %s%s%s:\n%s", gate->gate.officer,
            gate->gate.officer[0] && gate->gate.role[0] ? ", " : "", gate->gate.role,
            l->review_text);
}

static bool is_many(const struct plain_log *l)
{
    return l->movable > l->many;
}

/* In the plan, companions follow all keys. */
static void keep_companion(struct plain_log *l, uint32_t number)
{
    if (!l->companions)
        l->companions = number;
}

static bool is_companion(const struct plain_log *l, uint32_t number)
{
    return l->companions && number >= l->companions;
}

/* Each notes what the log needs of an event of its kind, and returns whether the event is to be
 * printed. */

static bool take_begin(struct plain_log *l, const struct event *event, int64_t now_ms)
{
    (void)now_ms;
    if (event->begin.rehearsal && !l->stamped &&
        (l->stamped = plain_stamped(l->out, PLAIN_STAMP)) != NULL)
        l->out = l->stamped;
    return true;
}

static bool take_planned(struct plain_log *l, const struct event *event, int64_t now_ms)
{
    (void)now_ms;
    if (event->key == 1)
        forget_keys(l);
    keep_key(l, event);
    if (event->planned.route == ROUTE_NONE)
        return true;
    if (event->planned.companion_of) {
        keep_companion(l, event->key);
        return !is_many(l);
    }
    if (++l->movable <= l->many)
        return true;
    l->hidden++;
    return false;
}

static bool take_step(struct plain_log *l, const struct event *event, int64_t now_ms)
{
    bool begun = event->step.state == EVENT_BEGUN;

    if (event->key) {
        l->key_now = event->key;
        if (!l->moving_since)
            l->moving_since = l->printed_ms = now_ms;
        l->seals |= event->step.id == STEP_SEAL;
        l->moved += (event->step.id == STEP_PROVE_AGAIN || event->step.id == STEP_SEAL) &&
                    event->step.state == EVENT_OK && !is_companion(l, event->key);
        if (is_many(l))
            return event->step.state == EVENT_FAILED || event->step.state == EVENT_UNDONE;
    }
    l->slow.kind = EVENT_KINDS;
    if (begun) {
        l->slow = *event;
        l->slow_since = now_ms;
    }
    return !begun;
}

static bool take_hsm(struct plain_log *l, const struct event *event, int64_t now_ms)
{
    (void)now_ms;
    if ((unsigned)event->side < 2)
        l->device[event->side] = *event;
    return true;
}

/* Both devices, as they are read out and compared. */
static void read_out_devices(struct plain_log *l)
{
    const bool both = l->device[SIDE_SOURCE].seq && l->device[SIDE_DESTINATION].seq;

    fprintf(l->out, "Compare %s with the script on paper, before anything else:\n",
            both ? "both devices" : "this device");
    for (unsigned side = 0; side < 2; side++) {
        const struct hsm_slot *slot = &l->device[side].hsm.slot;
        const struct hsm_about *info = &l->device[side].hsm.info;
        if (!l->device[side].seq)
            continue;
        fprintf(l->out, "  %-11s  token %s, serial %s\n", side_name(side), slot->label,
                slot->serial);
        fprintf(l->out, "  %-11s  %s %s, firmware %s, %s %s\n", "", slot->manufacturer, slot->model,
                slot->firmware, info->api, info->api_version);
    }
}

/* The key that is asked for, by all that distinguishes it from other keys. */
static void read_out_key(struct plain_log *l, uint32_t number)
{
    const struct printed_key *key = key_of(l, number);
    char text[2 * KEY_LABEL_TEXT];

    if (!key || !key->desc)
        return;
    fprintf(l->out, "Compare key %" PRIu32 " with the script on paper:\n", number);
    fprintf(l->out, "  label        %s\n", key->label);
    fprintf(l->out, "  type         %s\n", key_type_text(key->desc, text));
    fprintf(l->out, "  id           %s\n", key_id_text(key->desc, text)[0] ? text : "none");
    if (key->desc->has_public)
        fprintf(l->out, "  public key   sha256 %s\n",
                text_groups(key->desc->spki_sha256, SHA256_SIZE / 2, text));
    else
        fprintf(l->out, "  check value  %s\n",
                key->desc->kcv_len ? key_kcv_text(key->desc, text)
                                   : "none is known before it is wrapped");
}

/* The waiver of a gate is printed once, not for each key. */
static bool take_gate(struct plain_log *l, const struct event *event, int64_t now_ms)
{
    uint32_t bit = (unsigned)event->gate.gate < GATES ? UINT32_C(1) << event->gate.gate : 0;
    bool known = l->waived & bit;

    (void)now_ms;
    if (event->gate.gate == GATE_DEVICES &&
        (event->gate.state == GATE_OPEN || event->gate.state == GATE_WAIVED))
        read_out_devices(l);
    if (event->gate.gate == GATE_REVIEW && event->gate.state == GATE_OPEN && l->half)
        tell_review_again(l, event);
    l->half = event->gate.gate == GATE_REVIEW &&
              (event->gate.state == GATE_CONFIRMED ? !l->half : l->half);
    if (event->gate.gate == GATE_KEY && event->gate.state == GATE_OPEN)
        read_out_key(l, event->key);
    if (event->gate.state != GATE_WAIVED)
        return true;
    l->waived |= bit;
    return !known;
}

/* The report has them all. */
static bool take_warning(struct plain_log *l, const struct event *event, int64_t now_ms)
{
    (void)now_ms;
    return event->key == 0 || ++l->warned <= l->many;
}

static bool take_proof(struct plain_log *l, const struct event *event, int64_t now_ms)
{
    (void)now_ms;
    if (event->proof.state == EVENT_BEGUN)
        return false;
    if (event->proof.state == EVENT_FAILED)
        return true;
    /* The steps of the other stages say the same. */
    l->proven += event->proof.stage == STEP_PROVE_FRESH && !is_companion(l, event->key);
    return !is_many(l) && event->proof.stage == STEP_PROVE_FRESH;
}

static bool take_kcv(struct plain_log *l, const struct event *event, int64_t now_ms)
{
    (void)event;
    (void)now_ms;
    return !is_many(l);
}

/* The rights that the key lost, and its other changes. */
static void tell_changes(struct plain_log *l, const struct event *done)
{
    const struct printed_key *key = key_of(l, done->key);
    char changes[FIDELITY_CHANGES_MAX];

    if (!key || !key->desc || !done->key_done.desc.flags_known)
        return;
    fidelity_changes(
        &(struct fidelity_pair){key->desc, &key->want_flags, &done->key_done.desc, false}, changes);
    if (changes[0])
        fprintf(l->out, "  key %" PRIu32 " is as it was except for: %s\n", done->key, changes);
    l->by_nature |= strstr(changes, fidelity_name(FIDELITY_NATURE)) != NULL;
}

static bool take_key_done(struct plain_log *l, const struct event *event, int64_t now_ms)
{
    enum key_outcome outcome = event->key_done.outcome;
    bool failed = outcome == KEY_FAILED || outcome == KEY_UNKNOWN;

    (void)now_ms;
    l->failed += failed && !is_companion(l, event->key);
    return !is_many(l) || failed;
}

/* Both fingerprints, line under line, so that the eye compares. */
static void compare_fingerprints(struct plain_log *l)
{
    static const enum side order[] = {SIDE_DESTINATION, SIDE_SOURCE};
    char text[TEXT_WORDS_SIZE];
    bool same = memcmp(l->fingerprint[0], l->fingerprint[1], SHA256_SIZE) == 0;

    fprintf(l->out, "Compare the transport key as both sides report it:\n");
    for (unsigned i = 0; i < 2; i++)
        fprintf(l->out, "  sha256       %-11s  %s\n", side_name(order[i]),
                text_groups(l->fingerprint[order[i]], SHA256_SIZE / 2, text));
    for (unsigned at = 0; at < SHA256_SIZE; at += PLAIN_WORDS_IN_ROW)
        for (unsigned i = 0; i < 2; i++)
            fprintf(l->out, "  words %2u-%-2u  %-11s  %s\n", at + 1, at + PLAIN_WORDS_IN_ROW,
                    side_name(order[i]),
                    text_words(l->fingerprint[order[i]], at, PLAIN_WORDS_IN_ROW, text));
    fprintf(l->out, "  %s\n", same ? "[ ok ] they are the same" : "[FAIL] THEY DIFFER");
}

static bool take_end(struct plain_log *l, const struct event *event, int64_t now_ms)
{
    (void)now_ms;
    l->end = *event;
    l->over = true;
    return true;
}

static bool take_inventory(struct plain_log *l, const struct event *event, int64_t now_ms)
{
    (void)now_ms;
    if (event->inventory.after && (unsigned)event->side < 2)
        l->after[event->side] = *event;
    return true;
}

/* Each key of the script is also in the plan, or among the differences. */
static bool take_script(struct plain_log *l, const struct event *event, int64_t now_ms)
{
    (void)l;
    (void)now_ms;
    return event->script.what != SCRIPT_KEY;
}

static bool (*const takers[EVENT_KINDS])(struct plain_log *, const struct event *, int64_t) = {
    [EVENT_BEGIN] = take_begin,
    [EVENT_PLANNED] = take_planned,
    [EVENT_STEP] = take_step,
    [EVENT_PROOF] = take_proof,
    [EVENT_KEY_DONE] = take_key_done,
    [EVENT_END] = take_end,
    [EVENT_INVENTORY] = take_inventory,
    [EVENT_GATE] = take_gate,
    [EVENT_WARNING] = take_warning,
    [EVENT_HSM] = take_hsm,
    [EVENT_KCV] = take_kcv,
    [EVENT_SCRIPT] = take_script,
};

void plain_log_event(struct plain_log *l, const struct event *event, int64_t now_ms)
{
    if ((unsigned)event->kind >= EVENT_KINDS)
        return;
    if (event->kind != EVENT_PLANNED && l->hidden) {
        fprintf(l->out, "and %" PRIu32 " more keys that go: %" PRIu32 " in all\n", l->hidden,
                l->movable);
        if (l->review)
            fprintf(l->review, "and %" PRIu32 " more keys that go: %" PRIu32 " in all\n", l->hidden,
                    l->movable);
        l->hidden = 0;
    }
    if (event->kind != EVENT_WARNING && l->warned > l->many) {
        fprintf(l->out, "and %" PRIu32 " more warnings; the report has them all\n",
                l->warned - l->many);
        l->warned = 0;
    }
    if (!takers[event->kind] || takers[event->kind](l, event, now_ms)) {
        print_event(l, event);
        if (is_of_review(event->kind))
            keep_for_review(l, event);
        if (event->kind == EVENT_KEY_DONE)
            tell_changes(l, event);
    }
    if (event->kind == EVENT_CHOICE && !event->choice.envelope)
        l->transport = event->choice.alg;
    if (event->kind == EVENT_FINGERPRINT && (unsigned)event->side < 2) {
        memcpy(l->fingerprint[event->side], event->fingerprint.spki_sha256, SHA256_SIZE);
        l->has_fingerprint[event->side] = true;
        if (l->has_fingerprint[SIDE_SOURCE] && l->has_fingerprint[SIDE_DESTINATION])
            compare_fingerprints(l);
    }
    fflush(l->out);
}

void plain_log_note(struct plain_log *l, const char *text)
{
    fprintf(l->out, "%s\n", text);
    fflush(l->out);
}

static void tell_progress(struct plain_log *l, int64_t now_ms)
{
    uint32_t ended = l->moved + l->failed;
    uint32_t left = l->movable > ended ? l->movable - ended : 0;
    uint64_t took = (uint64_t)(now_ms - l->moving_since);

    if (l->proven) {
        fprintf(l->out, "proven again %" PRIu32 " of %" PRIu32 "\n", l->proven, l->moved);
        return;
    }
    fprintf(l->out, "key %" PRIu32 ", %s %" PRIu32 " of %" PRIu32 ", failed %" PRIu32, l->key_now,
            l->seals ? "sealed" : "moved", l->moved, l->movable, l->failed);
    if (ended > 0 && took > 0)
        fprintf(l->out, ", %" PRIu64 " keys/s, %" PRIu64 " s left", ended * UINT64_C(1000) / took,
                left * took / ended / 1000);
    fputc('\n', l->out);
}

void plain_log_tick(struct plain_log *l, int64_t now_ms)
{
    if (l->slow.kind == EVENT_STEP && now_ms - l->slow_since >= PLAIN_TICK_MS) {
        print_event(l, &l->slow);
        l->slow.kind = EVENT_KINDS;
    }
    if (is_many(l) && l->moving_since && !l->over && now_ms - l->printed_ms >= PLAIN_TICK_MS) {
        tell_progress(l, now_ms);
        l->printed_ms = now_ms;
    }
    fflush(l->out);
}

static void tell_left_over(struct plain_log *l)
{
    if (l->over && l->end.end.left_over)
        fprintf(l->out, "Left over  in all %" PRIu32 " that should not be there\n",
                l->end.end.left_over);
    for (unsigned side = 0; side < 2; side++) {
        const struct event *after = &l->after[side];
        fprintf(l->out, "Left over  on the %s ", side_name(side));
        if (after->kind != EVENT_INVENTORY)
            fprintf(l->out, "nobody has looked\n");
        else if (after->inventory.unexplained || after->inventory.missing)
            fprintf(l->out, "%" PRIu32 " unexplained objects, %" PRIu32 " missing ones\n",
                    after->inventory.unexplained, after->inventory.missing);
        else
            fprintf(l->out, "nothing: the inventories agree\n");
    }
}

/* What is left over, and why not all is as it was. */
static void tell_what_remains(struct plain_log *l)
{
    if (l->by_nature)
        fprintf(l->out, "By nature  %s\n", fidelity_nature_words());
    if (l->over)
        tell_left_over(l);
}

void plain_log_recorded(struct plain_log *l, const char *journal, const uint8_t *head)
{
    char groups[TEXT_GROUPS_SIZE];

    fprintf(l->out, "Journal    %s\n", journal);
    fprintf(l->out, "SHA-256    %s (the end of its chain)\n",
            text_groups(head, SHA256_SIZE / 2, groups));
    tell_what_remains(l);
    if (l->over)
        fprintf(l->out, "The ceremony is %s, exit code %d.\n", end_outcome_name(l->end.end.outcome),
                l->end.end.exit_code);
    else
        fprintf(l->out, "The journal ends here: the ceremony was interrupted.\n");
    fflush(l->out);
}

void plain_log_farewell(struct plain_log *l, const char *report, const uint8_t *sha256,
                        const struct signing *signing, int exit_code)
{
    if (report)
        plain_report(l->out, report, sha256, signing);
    else
        fprintf(l->out, "Report     there is none\n");
    tell_what_remains(l);
    fprintf(l->out, "The ceremony %s%s, exit code %d.\n",
            l->over  ? "is "
            : report ? "did not come to its end"
                     : "has no report",
            l->over ? end_outcome_name(l->end.end.outcome) : "", exit_code);
    fflush(l->out);
}
