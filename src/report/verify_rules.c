/* SPDX-License-Identifier: Apache-2.0 */
/* The rules in the order of their table, which is at the end of this file. */
#include "report/verify_rules.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "protocol/event.h"
#include "report/verify_alignment.h"
#include "report/verify_derived.h"
#include "report/verify_gates.h"
#include "report/verify_pace.h"
#include "report/verify_relay.h"
#include "report/verify_removal.h"
#include "report/verify_script.h"
#include "report/verify_sessions.h"
#include "report/verify_trail.h"
#include "report/verify_transport.h"
#include "report/verify_visits.h"
#include "report/visit_rules.h"
#include "report/yaml_tree.h"

/* --- repeated statements agree --- */

/* No text may deceive a person who reads it on a terminal. */
static bool check_shown(const struct node *node, struct err *err)
{
    const uint8_t *text = (const uint8_t *)(node->text ? node->text : "");
    uint32_t point;

    for (size_t left = strlen((const char *)text), n; left > 0; text += n, left -= n) {
        n = utf8_decode(text, left, &point);
        if (n == 0 || utf8_width(point) < 0)
            return rule_wrong(node, err, "it contains a character that must not be shown");
    }
    for (const struct node *n = node->first; n; n = n->next)
        if (!check_shown(n, err))
            return false;
    return true;
}

/* If a fingerprint is also given in words, they must be its words. */
static bool check_words(const struct node *node, struct err *err)
{
    const struct node *words = node_at(node, "words");
    char expected[TEXT_WORDS_SIZE];
    uint8_t sha256[SHA256_SIZE];

    if (words && (!relay_read_groups(node_text(node, "sha256"), sha256) ||
                  strcmp(text_words(sha256, 0, SHA256_SIZE, expected), words->text) != 0))
        return rule_wrong(words, err, "these are not the words of the fingerprint above");
    for (const struct node *n = node->first; n; n = n->next)
        if (!check_words(n, err))
            return false;
    return true;
}

/* A rehearsal and a ceremony must never be confused. */
static bool check_stamps(const struct node *report, struct err *err)
{
    const struct node *summary = node_at(report, "summary");
    const char *stamp = node_is(summary, "rehearsal", "yes") ? "REHEARSAL" : "PRODUCTION";

    if (!node_is(summary, "stamp", stamp))
        return rule_wrong(summary, err, "the stamp is not that of a ceremony of this kind");
    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key))
        if (!node_is(key, "stamp", stamp))
            return rule_wrong(key, err, "this key's stamp is not the summary's");
    return true;
}

static bool check_labels(const struct node *report, struct err *err)
{
    char label[TEXT_SAFE_SIZE(256)];
    uint8_t raw[256];

    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key)) {
        size_t len = sizeof raw;
        if (!node_at(key, "label-hex") && node_at(key, "profile")) {
            if (strchr(node_text(key, "label"), '\\'))
                return rule_wrong(key, err, "the bytes of this label are missing");
            continue; /* from format 3 on, it is its bytes */
        }
        if (!text_unhex(node_text(key, "label-hex"), raw, &len))
            return rule_wrong(key, err, "the label's bytes are not valid");
        text_safe(raw, len, label, sizeof label);
        if (!node_is(key, "label", label))
            return rule_wrong(key, err, "this label does not match its bytes");
    }
    return true;
}

static bool check_transport(const struct node *report, struct err *err)
{
    const struct node *transport = node_at(report, "transport-key");
    const char *source = node_text(transport, "source.sha256");
    const char *destination = node_text(transport, "destination.sha256");
    bool agree = strcmp(source, destination) == 0;

    if (source[0] && destination[0])
        return node_is(transport, "agree", agree ? "yes" : "no") ||
               rule_wrong(transport, err, "\"agree\" does not match the two fingerprints");
    return !node_at(transport, "agree") ||
           rule_wrong(transport, err, "one fingerprint cannot agree");
}

/* --- how each side was reached, and how it ran --- */

/* An agent that the ceremony file names is reached by its command, every other one is local. Older
 * reports have a route for no HSM. */
static bool check_route(const struct node *hsm, const struct node *other, struct err *err)
{
    const struct node *route = node_at(hsm, "route");

    if (!route)
        return !node_at(hsm, "api") || !node_at(other, "route") ||
               rule_wrong(hsm, err, "the route to its agent is missing");
    return node_is(route, "by", node_at(hsm, "agent") ? "command" : "local") ||
           rule_wrong(route, err, "\"route\" does not match \"agent\"");
}

/* An agent that the ceremony file names must not be called our own. */
static bool check_reach(const struct node *device, struct err *err)
{
    const struct node *agent = node_at(device, "agent");

    if (agent ? !node_is(device, "agent-code", "not checked") || !agent->count
              : !node_is(device, "agent-code", "own"))
        return rule_wrong(device, err, "\"agent-code\" does not match \"agent\"");
    return node_at(device, "environment") || rule_wrong(device, err, "its environment is missing");
}

/* An HSM must be described completely. */
static bool check_running(const struct node *report, struct err *err)
{
    static const char *const sides[] = {"source", "destination"};
    static const char *const parts[] = {"loading", "loaded", "confinement"};
    const struct node *signer = node_at(report, "signature");

    if (node_is(report, "format", "hsmferry-audit/1"))
        return true;
    if (!node_text(report, "ceremony.file")[0] && !node_is(report, "ceremony.file-sha256", "none"))
        return rule_wrong(node_at(report, "ceremony"), err, "there is a SHA-256 but no file");
    for (size_t side = 0; side < 2; side++) {
        const struct node *hsm = node_at(report, sides[side]);
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
            if (!node_at(hsm, parts[i]) != !node_at(hsm, "api"))
                return rule_wrong(hsm, err,
                                  "how its module and agent ran is not described in full");
        if (!check_reach(hsm, err) || !check_route(hsm, node_at(report, sides[!side]), err))
            return false;
    }
    return !node_is(signer, "device", "another") || check_reach(signer, err);
}

/* --- keys and their counts --- */

static size_t count_in(const struct node *list, const char *outcome)
{
    size_t count = 0;

    for (const struct node *key = list->first; key; key = key->next)
        count += node_is(key, "outcome", outcome);
    return count;
}

static size_t count_outcome(const struct node *report, const char *outcome)
{
    return count_in(node_at(report, "keys"), outcome);
}

/* A count that is omitted if it is 0. */
static size_t stated(const struct node *summary, const char *name)
{
    return node_at(summary, name) ? (size_t)node_number(summary, name) : 0;
}

/* Each companion belongs to a private key in the report, and the summary counts them all. */
static bool check_companions(const struct node *report, struct err *err)
{
    const struct node *summary = node_at(report, "summary"), *list = node_at(report, "companions");
    size_t keys = node_at(report, "keys")->count;

    for (const struct node *key = node_at(report, "keys")->first; key; key = key->next)
        if (node_at(key, "companion-of"))
            return rule_wrong(key, err, "this is not among the companions");
    for (const struct node *c = list->first; c; c = c->next) {
        const struct node *owner = rule_key_numbered(report, node_number(c, "companion-of"));
        if (!owner || node_number(c, "companion-of") > (int64_t)keys ||
            !node_is(owner, "class", "private"))
            return rule_wrong(c, err, "it belongs to no private key");
        if (node_is(c, "outcome", "migrated") && !node_is(owner, "outcome", "migrated") &&
            !node_is(owner, "outcome", "unproven") && !node_is(owner, "outcome", "unknown") &&
            !node_is(owner, "outcome", "aligned"))
            return rule_wrong(c, err, "it was migrated without its key");
    }
    if (stated(summary, "companions") != count_in(list, "migrated") ||
        stated(summary, "companions-refused") != count_in(list, "refused") ||
        stated(summary, "companions-failed") !=
            count_in(list, "failed") + count_in(list, "unknown"))
        return rule_wrong(summary, err,
                          "the summary's count of companions does not match their list");
    return true;
}

static bool check_counts(const struct node *report, struct err *err)
{
    const struct node *summary = node_at(report, "summary");
    const struct node *profiles = node_at(report, "profiles");
    int64_t number = 0;

    for (const struct node *p = profiles ? profiles->first : NULL; p; p = p->next)
        if (node_number(p, "number") != ++number)
            return rule_wrong(p, err, "the profiles are not numbered from 1");
    number = 0;
    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key))
        if (node_number(key, "number") != ++number)
            return rule_wrong(key, err, "the keys are not numbered from 1");
    if (node_number(summary, "migrated") != (int64_t)count_outcome(report, "migrated") ||
        node_number(summary, "refused") != (int64_t)count_outcome(report, "refused") ||
        node_number(summary, "failed") !=
            (int64_t)(count_outcome(report, "failed") + count_outcome(report, "unknown")))
        return rule_wrong(summary, err, "the summary's count of keys does not match their list");
    if (node_number(summary, "exceptions") != (int64_t)node_at(report, "exceptions")->count)
        return rule_wrong(summary, err,
                          "the summary's count of exceptions does not match their list");
    return true;
}

/* A key is sealed in a ceremony for a key service, with its file, or migrated in any other. */
static bool check_sealed(const struct node *report, struct err *err)
{
    const struct node *summary = node_at(report, "summary");
    const bool service = node_at(report, "ceremony.sealed-for") != NULL;

    if (stated(summary, "sealed") != count_outcome(report, "sealed"))
        return rule_wrong(summary, err, "the summary's count of sealed keys is not theirs");
    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key)) {
        const bool sealed = node_is(key, "outcome", "sealed");
        if (sealed != (node_at(key, "file") && node_at(key, "file-sha256")))
            return rule_wrong(key, err, "a sealed key has a file, and no other key has one");
        if (service ? node_is(key, "outcome", "migrated") || node_is(key, "outcome", "unproven")
                    : sealed)
            return rule_wrong(key, err, "its outcome is not that of such a ceremony");
    }
    for (const struct node *g = node_at(report, "gates")->first; g && service; g = g->next)
        if (node_is(g, "gate", "fingerprint") && node_is(g, "state", "waived") &&
            node_is(summary, "rehearsal", "no"))
            return rule_wrong(g, err, "nobody compared the wrapping key of the service");
    return !service ||
           node_is(report, "destination.api", node_text(report, "ceremony.sealed-for")) ||
           !node_at(report, "destination.api") ||
           rule_wrong(node_at(report, "destination"), err, "this is another service");
}

/* Had a resync nothing to do? Then each key was left out. */
static bool was_in_step(const struct node *report)
{
    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key))
        if (!node_is(key, "outcome", "refused"))
            return false;
    return node_is(report, "ceremony.resync", "yes") &&
           node_is(report, "summary.outcome", "complete");
}

/* Does the exit code agree with the outcome? */
static bool check_outcome(const struct node *report, struct err *err)
{
    const struct node *summary = node_at(report, "summary");
    int64_t code = node_number(summary, "exit-code");
    size_t unproven = count_outcome(report, "unproven"); /* migrated by a waiver */
    bool migrated = node_number(summary, "migrated") > 0 || unproven ||
                    count_outcome(report, "sealed") > 0 || count_outcome(report, "aligned") > 0 ||
                    count_outcome(report, "derived") > 0;
    const struct node *companions = node_at(report, "companions");
    bool open = node_number(summary, "left-over") > 0 || count_outcome(report, "unknown") > 0 ||
                count_in(companions, "unknown") > 0;

    if (node_is(summary, "outcome", "complete") ? code != 0 : code == 0)
        return rule_wrong(summary, err, "the exit code does not fit the outcome");
    if (open && code != err_exit(ERR_UNFINISHED))
        return rule_wrong(summary, err, "something is left over, but the exit code says otherwise");
    if (visits_of(report) != VISIT_NONE || removal_is(report))
        return true; /* verify_visits.c and verify_removal.c say which outcomes keys can have */
    if ((node_is(summary, "outcome", "complete") || node_is(summary, "outcome", "partial")) &&
        !migrated && !node_at(report, "ceremony.resumes") && !was_in_step(report))
        return rule_wrong(summary, err, "no key was migrated, but the outcome says otherwise");
    if (node_is(summary, "outcome", "failed") && migrated)
        return rule_wrong(summary, err, "keys were migrated, but the outcome says otherwise");
    if (code == 0 && count_outcome(report, "migrated") + count_outcome(report, "sealed") +
                             count_outcome(report, "aligned") + count_outcome(report, "derived") +
                             count_outcome(report, "refused") + count_in(companions, "migrated") +
                             count_in(companions, "refused") !=
                         node_at(report, "keys")->count + companions->count)
        return rule_wrong(
            summary, err,
            "a key was neither migrated nor refused, but the exit code says otherwise");
    return true;
}

/* Up to format 2 a fingerprint has its words next to it. */
static const char *half_of(const struct node *key, const char *member)
{
    const struct node *half = node_at(key, member);

    return half && half->text ? half->text : node_text(half, "sha256");
}

static bool check_rows(const struct node *rows, struct err *err)
{
    for (const struct node *row = rows ? rows->first : NULL; row; row = row->next)
        if (node_is(row, "verdict", "LOOSENED") || node_is(row, "verdict", "DIFFERS"))
            return rule_wrong(row, err,
                              "a migrated key is looser than the original, or a different key");
    return true;
}

/* A key that arrived must be the key that left. */
static bool check_fidelity(const struct node *report, struct err *err)
{
    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key)) {
        if (!node_is(key, "outcome", "migrated") && !node_is(key, "outcome", "derived"))
            continue;
        if (strcmp(half_of(key, "source-public-key"), half_of(key, "destination-public-key")) !=
                0 &&
            node_at(key, "source-public-key") && node_at(key, "destination-public-key"))
            return rule_wrong(key, err,
                              "the public half of a migrated key differs from the original's");
        if (!check_rows(node_at(key, "attributes"), err) ||
            !check_rows(node_at(key, "own-attributes"), err))
            return false;
    }
    return true;
}

/* --- order --- */

static bool is_per_key(enum step_id id)
{
    return id >= STEP_WRAP_KEY && id <= STEP_SEAL;
}

/* How far a key has come. The keys of a window take their steps side by side. */
struct way {
    bool begun, over; /* over: it has ended, or failed */
    enum step_id next;
};

/* The state while the steps are walked through. */
struct walk {
    int next;     /* the step that may come next, other than closing steps and those of keys */
    bool agreed;  /* both sides agree on the transport's key: the source answers with its own */
    bool sealed;  /* for a key service: steps of the destination are missing */
    bool derives; /* both sides derive a new key, and none is carried */
    bool closing; /* closing steps have begun */
    struct way *ways;
};

/* The step of a key that follows this one. */
static enum step_id next_of_key(const struct walk *w, enum step_id id)
{
    return id == STEP_DERIVE_THERE             ? STEP_PROVE
           : id == STEP_COMMIT && w->derives   ? STEP_COMMIT_SOURCE
           : id == STEP_PROVE                  ? STEP_COMMIT
           : id == STEP_COMMIT                 ? STEP_PROVE_AGAIN
           : id == STEP_ALIGN                  ? STEP_PROVE_AGAIN
           : w->sealed && id == STEP_RELAY_KEY ? STEP_SEAL
                                               : id + 1;
}

/* May this step of a key come now? If so, records it. */
static bool walk_key(struct walk *w, const struct rule_step *step)
{
    struct way *way = &w->ways[step->key];
    bool begins = (step->id == STEP_WRAP_KEY && w->next >= STEP_WRAP_KEY && !w->derives) ||
                  (step->id == STEP_DERIVE && w->next == STEP_MAKE_KEK && w->derives) ||
                  ((step->id == STEP_READ_OBJECT || step->id == STEP_ALIGN) &&
                   (w->next >= STEP_WRAP_KEY || w->next == 0));
    bool first = begins && !way->begun;

    if (w->closing || !(first || (way->begun && !way->over && step->id == way->next)))
        return false;
    if (w->next == 0)
        w->next = STEPS; /* without a transport key */
    *way = (struct way){.begun = true,
                        .over = step->state != EVENT_OK || step->id == STEP_PROVE_AGAIN ||
                                step->id == STEP_SEAL,
                        .next = next_of_key(w, step->id)};
    return true;
}

/* May this step come now? If so, records it. */
static bool walk_on(struct walk *w, const struct rule_step *step)
{
    if (is_per_key(step->id))
        return walk_key(w, step);
    if (step->id >= STEP_DESTROY) {
        if (w->closing && (int)step->id < w->next)
            return false;
        w->closing = true;
        w->next = (int)step->id + 1;
        return true;
    }
    if (w->closing || (int)step->id != w->next)
        return false;
    w->next = step->state != EVENT_OK                      ? STEPS
              : w->sealed && step->id == STEP_RELAY_KEK    ? STEP_WRAP_KEY
              : !w->agreed && step->id == STEP_LOAD_PUBLIC ? STEP_MAKE_KEK
                                                           : (int)step->id + 1;
    return true;
}

static bool check_each_step(const struct rule_steps *steps, struct walk *w, struct err *err)
{
    int64_t seq = 0;

    for (size_t i = 0; i < steps->count; i++) {
        const struct rule_step *step = &steps->steps[i];
        if (step->seq <= seq && !steps->of_journal) /* the reader of a journal has seen to that */
            return rule_step_wrong(steps, step, err,
                                   "this step's number is not above the previous one");
        seq = step->seq;
        if (step->number != step_number(step->id) || step->side != step_side(step->id) ||
            is_per_key(step->id) != (step->key >= 0))
            return rule_step_wrong(steps, step, err,
                                   "number, side and key are not those of this step");
        if (step->state != EVENT_UNDONE && !walk_on(w, step))
            return rule_step_wrong(steps, step, err, "this step may not come here");
    }
    return true;
}

static bool check_order(const struct node *report, const struct rule_steps *steps, struct err *err)
{
    const bool sealed = node_at(report, "ceremony.sealed-for") != NULL;
    struct walk w = {.ways = calloc((size_t)steps->keys + 1, sizeof *w.ways),
                     .agreed = node_at(report, "negotiation.transport.kdf") != NULL,
                     .sealed = sealed,
                     .derives = derived_is(report),
                     .next = sealed ? STEP_RELAY_PUBLIC : STEP_MAKE_PAIR};
    bool ok = !w.ways ? err_set(err, ERR_FAILED, "There is no memory for the steps of keys")
              : visits_of(report) != VISIT_NONE ? visits_check_order(report, steps, err)
              : removal_is(report)              ? removal_check_order(report, steps, err)
                                                : check_each_step(steps, &w, err);

    free(w.ways);
    return ok;
}

static bool check_officers(const struct node *report, struct err *err)
{
    static const char *const roles[] = {"source officer", "destination officer"};
    const struct node *officers = node_at(report, "ceremony.officers");

    for (size_t i = 0; i < 2 && node_is(report, "summary.rehearsal", "no"); i++) {
        const struct node *n = officers->first;
        while (n && !text_typed_equal(node_text(n, "role"), roles[i], true))
            n = n->next;
        if (!n)
            return rule_wrong(officers, err, "in production both officers must be named");
    }
    return true;
}

/* --- relayed data and proofs --- */

static bool is_same_data(const struct rule_step *a, const struct rule_step *b)
{
    return a->bytes >= 0 && a->bytes == b->bytes && memcmp(a->sha256, b->sha256, SHA256_SIZE) == 0;
}

/* Each blob must be the same when it was created, on the relay, and when it arrived. */
static bool check_blobs(const struct node *report, const struct rule_steps *steps, struct err *err)
{
    static const struct {
        enum step_id from;
        unsigned more; /* number of following steps with the same bytes */
    } runs[] = {{STEP_WRAP_KEK, 2}, {STEP_WRAP_KEY, 2}, {STEP_READ_OBJECT, 1}};

    (void)report;
    for (const struct rule_step *step = steps->steps; step < steps->steps + steps->count; step++)
        for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
            const struct rule_step *next = step;
            if (step->id != runs[i].from || step->state != EVENT_OK)
                continue;
            for (unsigned n = 1; n <= runs[i].more && next->next; n++) {
                next = &steps->steps[next->next];
                if (next->id != runs[i].from + n || next->state != EVENT_OK)
                    break;
                if (!is_same_data(step, next))
                    return rule_step_wrong(steps, next, err,
                                           "this is not what the source encrypted");
            }
        }
    return true;
}

/* Unencrypted data on the relay must be public, and as planned. */
static bool check_public(const struct node *report, const struct rule_steps *steps, struct err *err)
{
    char hex[2 * SHA256_SIZE + 1];

    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key))
        if (node_is(key, "route", "public") != (node_at(key, "der-sha256") != NULL) ||
            (node_is(key, "route", "public") && !node_is(key, "class", "public") &&
             !node_is(key, "class", "certificate")))
            return rule_wrong(key, err, "its route is not valid for its class");
    for (const struct rule_step *step = steps->steps; step < steps->steps + steps->count; step++) {
        const struct node *key;
        if (step->id != STEP_RELAY_OBJECT || step->state != EVENT_OK)
            continue;
        key = rule_key_numbered(report, step->key);
        if (!key || !node_is(key, "der-sha256", text_hex(step->sha256, SHA256_SIZE, hex)) ||
            node_number(key, "der-bytes") != step->bytes)
            return rule_step_wrong(steps, step, err,
                                   "this is not the public object that was planned");
    }
    return true;
}

/* Both sides must report the same check value of a migrated key, or none. */
static bool check_check_values(const struct node *report, struct err *err)
{
    for (const struct node *key = node_at(report, "keys")->first; key; key = key->next)
        for (const struct node *c = node_at(key, "check-values")->first; c; c = c->next)
            if (node_is(key, "outcome", "migrated") && node_at(c, "destination") &&
                !node_is(c, "destination", node_text(c, "source")))
                return rule_wrong(c, err, "a migrated key has two check values");
    return true;
}

static const struct node *value_by(const struct node *key, const char *method)
{
    for (const struct node *c = node_at(key, "check-values")->first; c; c = c->next)
        if (node_is(c, "method", method))
            return c;
    return NULL;
}

/* By CMAC besides ECB if the policy says so, and only then. Older reports have no such policy. */
static bool check_cmac(const struct node *report, struct err *err)
{
    const char *asked = "";

    for (const struct node *p = node_at(report, "policy")->first; p; p = p->next)
        if (node_is(p, "name", "cmac-check-values"))
            asked = node_text(p, "value");
    for (const struct node *key = node_at(report, "keys")->first; key && *asked; key = key->next) {
        const struct node *ecb = value_by(key, "ecb-zero"), *cmac = value_by(key, "cmac-zero");
        const bool wanted = strcmp(asked, "yes") == 0 || (ecb && !node_at(ecb, "both"));
        if (ecb && node_is(key, "outcome", "migrated") && wanted != (cmac != NULL))
            return rule_wrong(ecb, err,
                              wanted ? "the policy asks for a check value by CMAC"
                                     : "the policy asks for no check value by CMAC");
    }
    return true;
}

const struct verify_rule verify_rules[] = {
    {"every text is safe to show", check_shown, NULL},
    {"fingerprints and their words are the same", check_words, NULL},
    {"summary and keys have the ceremony's stamp", check_stamps, NULL},
    {"labels and their bytes are the same", check_labels, NULL},
    {"\"agree\" matches the transport key's fingerprints", check_transport, NULL},
    {"how each side was reached, and how it ran, is described in full", check_running, NULL},
    {"the summary counts keys and exceptions as they are listed", check_counts, NULL},
    {"each companion belongs to a key that arrived", check_companions, NULL},
    {"keys are sealed for a key service, and for nothing else", check_sealed, NULL},
    {"outcome and exit code fit what happened", check_outcome, NULL},
    {"no key is destroyed but in a removal, by two officers, with a proven copy", removal_check,
     NULL},
    {"attributes of a copy that was there are set as planned, and none was loosened",
     alignment_check, NULL},
    {"a new key is on both sides, and its fingerprint was compared", derived_check, NULL},
    {"what arrived is what left", check_fidelity, NULL},
    {"the steps come in the protocol's order", NULL, check_order},
    {"each step that needs a gate comes after it", NULL, gates_check_order},
    {"each wait is one that the pace in force asks for, and none is missing", NULL, pace_check},
    {"keys are in progress together as the record of their sessions says", NULL, sessions_check},
    {"both officers of a ceremony that is not a rehearsal are named", check_officers, NULL},
    {"the relay carried the transport key that both sides report", NULL, relay_check},
    {"what the source encrypted is what the relay carried and the destination got", NULL,
     check_blobs},
    {"only public objects crossed the relay unencrypted, and as planned", NULL, check_public},
    {"no key is migrated without three proofs, no public object without two", NULL,
     trail_check_proofs},
    {"both sides report the same check values", check_check_values, NULL},
    {"check values are those that the policy asks for", check_cmac, NULL},
    {"the summary says of the script what keys, lists and exceptions say", script_check, NULL},
    {"each gate names who answered it, and with which words", people_check, NULL},
    {"each file from another room was authenticated, and is one of its visit", visits_check_files,
     NULL},
    {"each answer is to the question on the screen, each waiver for keys of the plan", gates_check,
     NULL},
    {"settings chosen on the screen are deviations of the script", gates_check_policy, NULL},
    {"each warning about a key is about one of the plan", gates_check_warnings, NULL},
    {"the transport is one that the policy allows", transport_check_policy, NULL},
};
const size_t verify_rule_count = sizeof verify_rules / sizeof verify_rules[0];
