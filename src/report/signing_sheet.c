/* SPDX-License-Identifier: Apache-2.0 */
#include "report/signing_sheet.h"

#include <stdlib.h>
#include <string.h>

#include "base/route.h"
#include "base/text.h"
#include "protocol/step.h"
#include "report/sheet_view.h"

/* --- the outcome, and the script --- */

static void put_signed(struct sheet *s)
{
    const char *const *signature = s->about->signatures;

    sheet_fact(s, "signed", "%s", node_text(s->report, "summary.signed"));
    if (node_at(s->report, "signature.key"))
        sheet_fact(s, "signing key", "%s on %s", node_text(s->report, "signature.key"),
                   node_text(s->report, "signature.token"));
    for (; signature && *signature; signature++)
        sheet_fact(s, "", "%s", *signature);
}

static void put_outcome(struct sheet *s)
{
    const struct node *summary = node_at(s->report, "summary");
    bool complete = node_is(summary, "outcome", "complete");

    sheet_section(s, "OUTCOME");
    sheet_toned(s, complete ? SHEET_GOOD : SHEET_BAD, "outcome", "%s, exit code %s: %s",
                node_text(summary, "outcome"), node_text(summary, "exit-code"),
                node_text(summary, "sentence"));
    sheet_fact(s, "keys", "%s migrated, %s refused, %s failed%s%s%s%s",
               node_text(summary, "migrated"), node_text(summary, "refused"),
               node_text(summary, "failed"), node_at(summary, "unproven") ? ", UNPROVEN: " : "",
               node_text(summary, "unproven"), node_at(summary, "sealed") ? ", sealed: " : "",
               node_text(summary, "sealed"));
    if (node_at(summary, "destroyed"))
        sheet_toned(s, SHEET_WARNING, "destroyed", "%s on the %s; see the keys",
                    node_text(summary, "destroyed"),
                    node_is(s->report, "ceremony.removal", "undo") ? "destination" : "source");
    if (node_at(summary, "derived"))
        sheet_fact(s, "NEW", "%s: a new key, derived on both HSMs; see the keys",
                   node_text(summary, "derived"));
    if (node_at(summary, "aligned"))
        sheet_fact(s, "aligned", "%s: attributes of copies that were there; see the keys",
                   node_text(summary, "aligned"));
    if (node_at(summary, "companions"))
        sheet_fact(s, "with them", "public objects: %s migrated, %s refused, %s failed",
                   node_text(summary, "companions"), node_text(summary, "companions-refused"),
                   node_text(summary, "companions-failed"));
    sheet_script_outcome(s);
    sheet_fact(s, "exceptions", "%s", node_text(summary, "exceptions"));
    if (s->about->signatures && s->about->signatures[0])
        sheet_fact(s, "signed", "%s", s->about->signatures[0]);
}

static void put_exceptions(struct sheet *s)
{
    const struct node *exceptions = node_at(s->report, "exceptions");
    char time[32];

    sheet_section(s, "EXCEPTIONS");
    if (exceptions->count == 0)
        sheet_fact(s, "", "%s", "none");
    for (const struct node *e = exceptions->first; e; e = e->next) {
        sheet_toned(s, SHEET_WARNING, "at", "%s, %s%s%s%s%s%s",
                    sheet_time(s, node_text(e, "at"), 0, time),
                    node_at(e, "step") ? "after the step: " : "before the first step",
                    node_at(e, "step") ? sheet_step_title(node_text(e, "step")) : "",
                    node_at(e, "key") ? ", key " : "", node_text(e, "key"),
                    node_is(e, "script", "yes") ? ": why it is not as the script says" : "",
                    node_is(e, "void", "yes") ? ", of a plan that was replaced later" : "");
        if (node_at(e, "from"))
            sheet_fact(s, "from", "the interrupted ceremony %s, written %s", node_text(e, "from"),
                       sheet_time(s, node_text(e, "written"), 0, time));
        sheet_fact(s, "expected", "%s", node_text(e, "expected"));
        sheet_fact(s, "happened", "%s", node_text(e, "happened"));
        sheet_fact(s, "decided", "%s", node_text(e, "decided"));
    }
}

/* --- the ceremony, its devices and people --- */

static void put_ceremony(struct sheet *s)
{
    const struct node *ceremony = node_at(s->report, "ceremony");
    const char *file = node_text(ceremony, "file-sha256"); /* not in format 1 */
    char time[32];

    sheet_section(s, "CEREMONY");
    sheet_fact(s, "title", "%s", node_text(ceremony, "title"));
    sheet_fact(s, "id", "%s%s%s", node_text(ceremony, "id"),
               node_at(ceremony, "resumes") ? ", resumes " : "", node_text(ceremony, "resumes"));
    if (node_at(ceremony, "removal")) {
        sheet_fact(s, "removal", "%s, by the report %s", node_text(ceremony, "removal"),
                   node_text(ceremony, "report"));
        sheet_digest(s, "", "sha256", node_text(ceremony, "report-sha256"));
    }
    sheet_fact(s, "file", "%s", node_text(ceremony, "file"));
    if (strlen(file) == 64)
        sheet_digest(s, "file sha256", "", file);
    sheet_fact(s, "begun", "%s", sheet_time(s, node_text(s->report, "summary.begun"), 0, time));
    sheet_fact(s, "ended", "%s", sheet_time(s, node_text(s->report, "summary.ended"), 0, time));
    sheet_pace(s);
    sheet_fact(s, "written by", "%s %s on %s", node_text(s->report, "tool.name"),
               node_text(s->report, "tool.version"), node_text(s->report, "tool.host"));
    sheet_digest(s, "", "sha256", node_text(s->report, "tool.program-sha256"));
}

/* The route to the agent, and the host on which it says that it runs. */
static void put_route(struct sheet *s, const struct node *hsm)
{
    enum { WORDS_MAX = 64 };
    const struct node *agent = node_at(hsm, "agent"), *route = node_at(hsm, "route");
    const char *words[WORDS_MAX + 1] = {NULL};
    char through[160];

    for (size_t i = 0; agent && i < agent->count && i < WORDS_MAX; i++)
        words[i] = agent->items[i]->text;
    if (route_text(words, through, sizeof through))
        sheet_fact(s, "", "reached through: %s", through);
    if (route)
        sheet_fact(s, "", "agent %s on %s, as %s",
                   agent ? "says that it runs" : "of this host, runs", node_text(route, "host"),
                   node_text(route, "user"));
}

/* How module and agent ran there; reports of format 1 do not say. */
static void put_running(struct sheet *s, const struct node *hsm)
{
    const struct node *loaded = node_at(hsm, "loaded");

    if (node_is(hsm, "agent-code", "not checked"))
        sheet_toned(s, SHEET_WARNING, "", "%s",
                    "agent named by the ceremony file: ITS CODE WAS NOT CHECKED");
    put_route(s, hsm);
    if (node_text(hsm, "confinement")[0])
        sheet_fact(s, "", "agent confined: %s", node_text(hsm, "confinement"));
    if (node_text(hsm, "loading")[0])
        sheet_fact(s, "", "module loaded from: %s", node_text(hsm, "loading"));
    if (loaded && loaded->count > 0)
        sheet_fact(s, "", "it loaded %zu librar%s%s: see \"loaded\" in the report", loaded->count,
                   loaded->count == 1 ? "y" : "ies",
                   node_at(hsm, "loaded-more") ? " and more" : "");
}

/* What a visit took in place of a device, and what it wrote. */
static void put_files(struct sheet *s)
{
    const struct node *files = node_at(s->report, "files");

    for (const struct node *f = files ? files->first : NULL; f; f = f->next) {
        sheet_fact(s, "file", "%s, %s: %s, %s bytes", node_text(f, "format"), node_text(f, "state"),
                   node_text(f, "path"), node_text(f, "bytes"));
        sheet_digest(s, "", "sha256", node_text(f, "sha256"));
        if (node_text(f, "trust")[0])
            sheet_fact(s, "", "%s", node_text(f, "trust"));
    }
}

static void put_devices(struct sheet *s)
{
    static const char *const sides[] = {"source", "destination"};

    sheet_section(s, "DEVICES");
    for (unsigned i = 0; i < 2; i++) {
        const struct node *hsm = node_at(s->report, sides[i]);
        if (node_at(s->report, "ceremony.visit") && !node_at(hsm, "api")) {
            sheet_fact(s, sides[i], "%s", "not in this room");
            continue;
        }
        sheet_fact(s, sides[i], "%s, serial %s", node_text(hsm, "label"), node_text(hsm, "serial"));
        sheet_fact(s, "", "%s %s, firmware %s, %s through %s", node_text(hsm, "manufacturer"),
                   node_text(hsm, "model"), node_text(hsm, "firmware"), node_text(hsm, "api"),
                   node_text(hsm, "module"));
        sheet_digest(s, "", "module sha256", node_text(hsm, "module-sha256"));
        sheet_digest(s, "", "agent sha256", node_text(hsm, "agent-sha256"));
        put_running(s, hsm);
    }
    put_files(s);
}

static void put_people(struct sheet *s)
{
    const struct node *officers = node_at(s->report, "ceremony.officers");

    sheet_section(s, "PEOPLE");
    if (officers->count == 0)
        sheet_fact(s, "", "%s", "the ceremony file names nobody");
    for (const struct node *o = officers->first; o; o = o->next)
        sheet_fact(s, o == officers->first ? "present" : "", "%s%s%s", node_text(o, "name"),
                   node_text(o, "role")[0] ? ", " : "", node_text(o, "role"));
    sheet_pins(s);
}

/* --- what went wrong --- */

static void put_warnings(struct sheet *s)
{
    const struct node *warnings = node_at(s->report, "warnings");
    struct key_groups groups = {0};

    sheet_section(s, "WARNINGS");
    if (warnings->count == 0)
        sheet_fact(s, "", "%s", "none");
    for (const struct node *w = warnings->first; w && !s->failed; w = w->next)
        if (node_at(w, "keys"))
            sheet_keys_fact(s, node_text(w, "keys"), node_text(w, "text"));
        else
            s->failed = !key_groups_add(&groups, node_at(w, "key") ? node_number(w, "key") : 0,
                                        s->err, "%s", node_text(w, "text"));
    sheet_groups(s, &groups, "key");
}

static void put_errors(struct sheet *s)
{
    const struct node *errors = node_at(s->report, "errors");
    char time[32];

    if (errors->count > 0)
        sheet_section(s, "ERRORS");
    for (const struct node *e = errors->first; e; e = e->next) {
        sheet_toned(s, SHEET_BAD, node_text(e, "side"), "%s%s%s, %s%s%s%s%s%s",
                    sheet_time(s, node_text(e, "at"), 0, time), node_at(e, "key") ? ", key " : "",
                    node_text(e, "key"), node_text(e, "what"), node_at(e, "hsm-code") ? " (" : "",
                    node_text(e, "hsm-code"), node_at(e, "hsm-name") ? " " : "",
                    node_text(e, "hsm-name"), node_at(e, "hsm-code") ? ")" : "");
        if (node_at(e, "now"))
            sheet_fact(s, "", "%s", node_text(e, "now"));
    }
}

static void put_inventory(struct sheet *s)
{
    static const char *const sides[] = {"source", "destination"};

    sheet_section(s, "LEFT OVER");
    sheet_fact(s, "left over", "%s", node_text(s->report, "summary.left-over"));
    for (size_t i = 0; i < 2; i++) {
        const struct node *side = node_at(node_at(s->report, "inventory"), sides[i]);
        const struct node *after = node_at(side, "after");
        if (after)
            sheet_fact(s, sides[i], "%s objects before, %s after: %s unexplained, %s missing",
                       node_text(side, "before.objects"), node_text(after, "objects"),
                       node_text(after, "unexplained"), node_text(after, "missing"));
        else
            sheet_toned(s, SHEET_WARNING, sides[i], "%s", "no inventory was taken at the end");
    }
}

/* --- the report itself --- */

static void put_report(struct sheet *s)
{
    char hex[2 * SHA256_SIZE + 1], words[TEXT_WORDS_SIZE];

    sheet_section(s, "REPORT AND JOURNAL");
    sheet_fact(s, "untouched", "%s",
               "yes: its seal is that of its lines, and its content agrees with itself (verified "
               "when this sheet was made)");
    sheet_digest(s, "report", "SHA-256", text_hex(s->about->sha256, SHA256_SIZE, hex));
    sheet_fact(s, "in words", "%s", text_words(s->about->sha256, 0, SHA256_SIZE, words));
    put_signed(s);
    sheet_fact(s, "journal", "%s%s%s records", node_text(s->report, "journal.file"),
               node_at(s->report, "journal.file") ? ", " : "",
               node_text(s->report, "journal.records"));
    sheet_digest(s, "", "SHA-256", node_text(s->report, "journal.sha256"));
    sheet_digest(s, "", "head", node_text(s->report, "journal.head"));
}

static void put_signatures(struct sheet *s)
{
    const struct node *officers = node_at(s->report, "ceremony.officers");

    sheet_section(s, "SIGNATURES OF THOSE WHO WERE PRESENT");
    if (s->failed)
        return;
    for (const struct node *o = officers->first; o; o = o->next)
        s->page.form->signature(&s->page, node_text(o, "name"), node_text(o, "role"));
    for (size_t i = officers->count; i < 2; i++)
        s->page.form->signature(&s->page, "", "");
}

/* --- the sheet --- */

/* Finds the keys by their numbers, which are those of the plan, from 1. */
static bool index_keys(struct sheet *s)
{
    static const char *const lists[] = {"keys", "companions"};

    s->key_count = node_at(s->report, "keys")->count + node_at(s->report, "companions")->count;
    s->keys = calloc(s->key_count + 1, sizeof *s->keys);
    if (!s->keys)
        return err_set(s->err, ERR_FAILED, "There is no memory for the keys of a report");
    for (size_t i = 0; i < 2; i++)
        for (const struct node *n = node_at(s->report, lists[i])->first; n; n = n->next) {
            int64_t number = node_number(n, "number");
            if (number >= 1 && (uint64_t)number <= s->key_count)
                s->keys[number - 1].key = n;
        }
    return true;
}

static void index_proof(struct sheet_key *key, const struct node *proof, const char *at)
{
    static const enum step_id stages[SHEET_PROOFS] = {STEP_PROVE, STEP_PROVE_AGAIN,
                                                      STEP_PROVE_FRESH};

    for (size_t i = 0; i < SHEET_PROOFS; i++)
        if (node_is(proof, "stage", step_name(stages[i]))) {
            key->proof[i] = proof;
            key->proven_at[i] = at;
        }
}

static void index_proofs(struct sheet *s)
{
    for (const struct node *n = node_at(s->report, "proofs")->first; n; n = n->next) {
        int64_t number = node_number(n, "key");
        if (number >= 1 && (uint64_t)number <= s->key_count && node_is(n, "state", "ok"))
            index_proof(&s->keys[number - 1], n, node_text(n, "at"));
    }
    for (size_t i = 0; i < s->key_count; i++) { /* from format 3 on */
        const struct node *at = node_at(s->keys[i].key, "proven-at");
        const struct node *proof = node_at(s->keys[i].key, "proofs");
        proof = proof ? proof->first : NULL;
        for (at = at ? at->first : NULL; at && proof; at = at->next, proof = proof->next)
            index_proof(&s->keys[i], proof, at->text);
    }
}

bool sheet_print(const struct node *report, const struct sheet_about *about,
                 const struct sheet_form *form, FILE *out, struct err *err)
{
    static void (*const sections[])(struct sheet *) = {
        put_outcome,     sheet_key_table, sheet_not_migrated, sheet_sealed, sheet_companions,
        sheet_script,    put_exceptions,  put_warnings,       put_errors,   put_inventory,
        put_ceremony,    sheet_policy,    put_devices,        put_people,   sheet_gates,
        sheet_transport, sheet_lanes,     sheet_mechanisms,   sheet_proofs, sheet_check_values,
        sheet_rights,    put_report,      put_signatures};
    struct sheet s = {
        .page = {.form = form,
                 .out = out,
                 .title = node_text(report, "ceremony.title"),
                 .stamp = node_is(report, "summary.rehearsal", "yes") ? "REHEARSAL" : "PRODUCTION"},
        .report = report,
        .about = about,
        .err = err,
    };

    if (!index_keys(&s))
        return false;
    index_proofs(&s);
    form->begin(&s.page);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        sections[i](&s);
    form->end(&s.page);
    free(s.keys);
    return !s.failed;
}
