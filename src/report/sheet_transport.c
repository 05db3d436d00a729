/* SPDX-License-Identifier: Apache-2.0 */
/* Under which transport key the keys travelled, how that one was compared, and by which mechanisms.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "hsm/facts.h"
#include "hsm/wrap_alg.h"
#include "protocol/step.h"
#include "report/sheet_view.h"

/* What an officer was asked about the fingerprint, and that it was right. */
static void put_comparisons(struct sheet *s)
{
    const struct node *asked = NULL;
    char time[32];

    for (const struct node *g = node_at(s->report, "gates")->first; g && !s->failed; g = g->next) {
        if (!node_is(g, "gate", "fingerprint"))
            continue;
        if (node_is(g, "state", "open"))
            asked = g;
        else if (node_is(g, "state", "waived"))
            sheet_toned(s, SHEET_WARNING, "compared", "%s",
                        "by this program alone: the ceremony file waives the officers' comparison");
        else if (node_is(g, "state", "confirmed"))
            sheet_toned(s, SHEET_GOOD, "compared", "%s%s%s, asked to %s: right, %s",
                        node_text(g, "officer"), node_text(g, "role")[0] ? ", " : "",
                        node_text(g, "role"), node_text(asked, "question"),
                        sheet_time(s, node_text(g, "at"), 0, time));
    }
}

static bool by_kem(const struct node *negotiation)
{
    const enum hsm_alg alg = wrap_alg_named(node_text(negotiation, "transport.algorithm"));

    return alg < HSM_ALGS && wrap_is_post_quantum(alg);
}

/* "RSA 3072", "EC 521"; of a hybrid both, since its bits are those of the curve alone. */
static const char *transport_key(const struct node *negotiation, char out[static 64])
{
    const enum hsm_alg alg = wrap_alg_named(node_text(negotiation, "transport.algorithm"));
    const char *bits = node_text(negotiation, "transport.bits");

    if (!by_kem(negotiation))
        text_print(out, 64, "%s %s", node_at(negotiation, "transport.kdf") ? "EC" : "RSA", bits);
    else if (wrap_alg(alg)->curve)
        text_print(out, 64, "EC %s and ML-KEM-%u", bits, wrap_alg(alg)->kem);
    else
        text_print(out, 64, "ML-KEM-%u", wrap_alg(alg)->kem);
    return out;
}

void sheet_transport(struct sheet *s)
{
    static const char *const sides[] = {"destination", "source"};
    static const char *const loaded[] = {"made by the destination", "loaded by the source"};
    static const char *const met[] = {"both public keys, as the destination reports them",
                                      "both public keys, as the source reports them"};
    static const char *const sent[] = {"what both sides sent, as the destination reports it",
                                       "what both sides sent, as the source reports it"};
    const struct node *negotiation = node_at(s->report, "negotiation");
    const bool agreed = node_at(negotiation, "transport.kdf") != NULL, kem = by_kem(negotiation);
    const char *const *did = kem ? sent : agreed ? met : loaded;
    const struct node *transport = node_at(s->report, "transport-key");
    bool agree = node_is(transport, "agree", "yes");
    char pair[64];

    sheet_section(s, "TRANSPORT KEY");
    if (!transport->first) {
        sheet_fact(s, "", "%s", "none was made");
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        const struct node *one = node_at(transport, sides[i]);
        if (!one || (i == 1 && agree))
            continue;
        if (!kem)
            text_print(pair, sizeof pair, "%s bits", node_text(one, "bits"));
        sheet_fact(s, sides[i], "%s, %s%s", kem ? transport_key(negotiation, pair) : pair, did[i],
                   !agree   ? ""
                   : agreed ? "; the source reports the same"
                            : "; the source loaded the same one");
        sheet_digest(s, "fingerprint", "SHA-256", node_text(one, "sha256"));
        sheet_fact(s, "in words", "%s", node_text(one, "words"));
    }
    if (node_at(transport, "agree"))
        sheet_toned(s, agree ? SHEET_GOOD : SHEET_BAD, "agree", "%s",
                    agree    ? "yes: both HSMs report this fingerprint"
                    : agreed ? "NO: THE HSMS WERE GIVEN DIFFERENT KEYS"
                             : "NO: THE SOURCE LOADED ANOTHER KEY THAN THE DESTINATION MADE");
    put_comparisons(s);
}

/* --- lanes --- */

/* Which way the data of a relay step travels. */
static bool travels_to_the_source(enum step_id id)
{
    return id == STEP_RELAY_PUBLIC;
}

static enum step_id step_of(const struct node *step)
{
    enum step_id id = 0;

    while (id < STEPS && !node_is(step, "name", step_name(id)))
        id++;
    return id;
}

static const char *mark_of(const struct node *step)
{
    static const char *const marks[][2] = {
        {"ok", "[ ok ]"}, {"failed", "[FAIL]"}, {"undone", "[UNDO]"}};

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (node_is(step, "state", marks[i][0]))
            return marks[i][1];
    return "[ .. ]";
}

/* "[ ok ] 5 encrypt the AES key, C_WrapKey CKM_RSA_PKCS_OAEP". Returns out. */
static const char *lane_text(const struct sheet *s, const struct node *step, enum step_id id,
                             char out[static 1024])
{
    const struct sheet_form *form = s->page.form;
    bool relay = step_side(id) == SIDE_RELAY && node_at(step, "bytes");
    const char *arrow = !relay                      ? ""
                        : travels_to_the_source(id) ? form->to_the_left
                                                    : form->to_the_right;
    char groups[80], time[32];
    size_t at;

    at = text_print(out, 1024, "%s%s%s %d %s", arrow, relay ? " " : "", mark_of(step),
                    step_number(id), step_title(id));
    if (node_at(step, "bytes"))
        at += text_print(out + at, 1024 - at, ", %s bytes", node_text(step, "bytes"));
    if (node_at(step, "call"))
        at += text_print(out + at, 1024 - at, ", %s", node_text(step, "call"));
    if (node_at(step, "text") && step_number(id) == 12)
        at += text_print(out + at, 1024 - at, ": %s", node_text(step, "text"));
    if (form->roomy && node_at(step, "sha256"))
        at += text_print(out + at, 1024 - at, ", SHA-256 %s",
                         sheet_digest_text(node_text(step, "sha256"), 64, groups));
    if (form->roomy && node_at(step, "ended"))
        at += text_print(out + at, 1024 - at, ", %s",
                         sheet_time(s, node_text(step, "ended"), 11, time));
    if (relay)
        text_print(out + at, 1024 - at, " %s", arrow);
    return out;
}

/* The steps that are of no single key, each in the column of the place in which it happened. */
void sheet_lanes(struct sheet *s)
{
    static const struct sheet_column lanes[] = {
        {.title = "SOURCE", .width = 26, .lane = true},
        {.title = "RELAY (this program)", .width = 26, .lane = true},
        {.title = "DESTINATION", .width = 26, .lane = true}};
    static const size_t lane_of[] = {[SIDE_SOURCE] = 0, [SIDE_RELAY] = 1, [SIDE_DESTINATION] = 2};
    char text[1024];

    sheet_section(s, "STEPS OF THE TRANSPORT KEY");
    if (s->failed)
        return;
    s->page.form->table(&s->page, lanes, 3);
    for (const struct node *step = node_at(s->report, "steps")->first; step; step = step->next) {
        const char *cells[] = {"", "", ""};
        enum step_id id = step_of(step);
        if (node_at(step, "key") || id >= STEPS)
            continue;
        cells[lane_of[step_side(id)]] = lane_text(s, step, id, text);
        s->page.form->row(&s->page, cells, node_is(step, "state", "ok") ? SHEET_PLAIN : SHEET_BAD);
    }
    s->page.form->table_end(&s->page);
}

/* --- mechanisms --- */

/* "AES key wrap with padding (RFC 5649)"; a name that is not known as it is. Returns out. */
static const char *algorithm_text(const char *name, char out[static 128])
{
    const enum hsm_alg known = wrap_alg_named(name);
    const struct wrap_alg *alg = known < HSM_ALGS ? wrap_alg(known) : NULL;

    if (alg)
        text_print(out, 128, "%s (%s)%s", alg->title, alg->standard,
                   alg->has_integrity ? "" : ", WITHOUT INTEGRITY");
    else
        text_print(out, 128, "%s", name);
    return out;
}

static void put_choice(struct sheet *s, const char *name, const char *key,
                       const struct node *choice)
{
    char alg[128];

    if (!choice)
        return;
    sheet_fact(s, name, "%s under %s%s%s", algorithm_text(node_text(choice, "algorithm"), alg), key,
               node_at(choice, "keys") ? ", for " : "", node_text(choice, "keys"));
    sheet_fact(s, "", "source: %s; destination: %s", node_text(choice, "source"),
               node_text(choice, "destination"));
}

static void put_direct(struct sheet *s)
{
    struct key_groups groups = {0};

    for (size_t i = 0; i < s->key_count && !s->failed; i++)
        if (s->keys[i].key && node_is(s->keys[i].key, "route", "direct"))
            s->failed = !key_groups_add(&groups, (int64_t)i + 1, s->err, "%s",
                                        "under the transport key itself, without an AES key");
    sheet_groups(s, &groups, "key");
}

/* Test keys that were migrated end to end before the first real one. */
static void put_canaries(struct sheet *s)
{
    const struct node *canaries = node_at(s->report, "canaries");
    size_t passed = 0;

    for (const struct node *c = canaries->first; c; c = c->next)
        passed += node_is(c, "state", "passed");
    if (canaries->count > 0)
        sheet_fact(s, "test keys", "%zu of %zu passed before the first real key", passed,
                   canaries->count);
    for (const struct node *c = canaries->first; c && !s->failed; c = c->next)
        if (!node_is(c, "state", "passed"))
            sheet_toned(s, SHEET_WARNING, "", "%s, %s: %s", node_text(c, "type"),
                        node_is(c, "state", "failed") ? "failed" : "the source makes no such key",
                        node_text(c, "text"));
}

static void put_envelope(struct sheet *s, const char *name, const struct node *choice)
{
    char key[32];

    text_print(key, sizeof key, "AES %s", node_text(choice, "bits"));
    put_choice(s, name, key, choice);
}

void sheet_mechanisms(struct sheet *s)
{
    const struct node *negotiation = node_at(s->report, "negotiation");
    char pair[64];

    sheet_section(s, "MECHANISMS");
    if (!node_at(negotiation, "transport") && !node_at(negotiation, "envelope"))
        sheet_fact(s, "", "%s", "none was negotiated");
    put_choice(s, "AES key", transport_key(negotiation, pair), node_at(negotiation, "transport"));
    if (node_at(negotiation, "transport.kdf"))
        sheet_fact(s, "", "key-derivation function: %s",
                   node_text(node_at(negotiation, "transport"), "kdf"));
    put_envelope(s, "keys", node_at(negotiation, "envelope"));
    for (const struct node *c = node_at(negotiation, "more-envelopes")->first; c; c = c->next)
        put_envelope(s, "some keys", c);
    put_direct(s);
    put_canaries(s);
}
