/* SPDX-License-Identifier: Apache-2.0 */
/* The keys and public objects in the report. */
#include <string.h>

#include "base/text.h"
#include "hsm/fidelity.h"
#include "report/key_profiles.h"
#include "report/report_sections.h"

/* Names the HSM that does not keep a requested attribute. */
static void put_vendor(const struct view *v)
{
    struct event event;

    if (!v->index->hsm[SIDE_DESTINATION])
        return;
    event_log_read(v->log, v->index->hsm[SIDE_DESTINATION], &event);
    writer_text(v->w, "by",
                event.hsm.slot.model[0] ? event.hsm.slot.model : event.hsm.info.library);
}

static void put_row(const struct view *v, const struct fidelity_row *row)
{
    struct writer *w = v->w;

    writer_map(w, NULL, true);
    writer_text(w, "name", row->name);
    section_some(w, "source", row->source);
    section_some(w, "asked", row->asked);
    section_some(w, "found", row->found);
    section_some(w, "verdict", fidelity_name(row->verdict));
    if (row->verdict == FIDELITY_DROPPED)
        put_vendor(v);
    writer_end(w);
}

/* All attributes that at least one side reports: the source's value, the requested value, the value
 * found, and the verdict. */
static void put_attributes(const struct view *v, const struct fidelity_pair *pair)
{
    struct fidelity_row row;

    writer_list(v->w, "attributes", false);
    for (unsigned at = 0; fidelity_row(pair, at, &row); at++) {
        if (!row.source[0] && !row.found[0])
            continue;
        put_row(v, &row);
    }
    writer_end(v->w);
}

static void put_kcv(struct writer *w, const char *key, const struct key_desc *desc)
{
    if (desc->kcv_len == sizeof desc->kcv)
        writer_hex(w, key, desc->kcv, sizeof desc->kcv);
}

static void put_name(struct writer *w, const struct key_desc *desc)
{
    char label[KEY_LABEL_TEXT], type[KEY_TYPE_TEXT];
    size_t len = key_label_held(desc);

    text_safe(desc->label, len, label, sizeof label);
    writer_text(w, "label", label);
    writer_hex(w, "label-hex", desc->label, len);
    if (len < desc->label_len)
        writer_number(w, "label-length", desc->label_len);
    writer_hex(w, "id", desc->id, key_id_held(desc));
    writer_text(w, "class", key_class_name(desc->class));
    writer_text(w, "type", key_type_text(desc, type));
}

static void put_public(struct writer *w, const char *key, const struct key_desc *desc)
{
    if (!desc->has_public)
        return;
    writer_map(w, key, false);
    section_groups(w, desc->spki_sha256);
    writer_end(w);
}

static bool is_same(const struct kcv_value *a, const struct kcv_value *b)
{
    return a->len > 0 && a->len <= KCV_MAX && a->len == b->len &&
           memcmp(a->octets, b->octets, a->len) == 0;
}

/* The check values that were compared, each with its method; or the reason why there is none. */
static void put_kcvs(const struct view *v, const size_t kcvs[KCV_METHODS])
{
    struct writer *w = v->w;
    struct event event;

    writer_list(w, "check-values", false);
    for (unsigned method = 0; method < KCV_METHODS; method++) {
        const struct kcv_value *value = event.kcv.value;
        if (!kcvs[method])
            continue;
        event_log_read(v->log, kcvs[method], &event);
        writer_map(w, NULL, true);
        writer_text(w, "method", kcv_method_name(event.kcv.method));
        bool both = v->log->format >= 3 && is_same(&value[SIDE_SOURCE], &value[SIDE_DESTINATION]);
        if (both)
            writer_hex(w, "both", value[SIDE_SOURCE].octets, value[SIDE_SOURCE].len);
        for (enum side side = SIDE_SOURCE; !both && side <= SIDE_DESTINATION; side++)
            if (value[side].len > 0 && value[side].len <= KCV_MAX)
                writer_hex(w, side_name(side), value[side].octets, value[side].len);
        section_some(w, value[SIDE_SOURCE].len && value[SIDE_DESTINATION].len ? "how" : "none",
                     event.kcv.text);
        writer_end(w);
    }
    writer_end(w);
}

/* A key as planned, and its final result (done, if not NULL). */
static void put_key(const struct view *v, const struct event *planned, const struct event *done,
                    const struct event_index_key *key)
{
    struct writer *w = v->w;
    const struct key_desc *desc = &planned->planned.desc;
    enum key_outcome outcome = event_index_outcome(planned, done);
    enum err_code code = done ? done->key_done.code : planned->planned.refused;
    bool proven = outcome == KEY_MIGRATED;
    bool arrived = done && (proven || outcome == KEY_UNPROVEN);

    writer_map(w, NULL, false);
    writer_number(w, "number", planned->key);
    section_stamp(v);
    if (planned->planned.companion_of)
        writer_number(w, "companion-of", planned->planned.companion_of);
    if (key->line)
        writer_number(w, "script-line", key->line);
    put_name(w, desc);
    writer_text(w, "outcome", key_outcome_name(outcome));
    writer_text(w, arrived && proven ? "proven" : "reason",
                done ? done->key_done.text : planned->planned.reason);
    if (code != ERR_NONE)
        writer_text(w, "code", err_code_name(code));
    writer_text(w, "route", key_route_name(planned->planned.route));
    if (planned->planned.kept)
        writer_yes(w, "kept", true);
    if (planned->planned.route != ROUTE_NONE) {
        writer_text(w, "plan", planned->planned.reason);
        writer_text(w, "proof",
                    done && done->key_done.proof[0] ? done->key_done.proof
                                                    : planned->planned.proof);
    }
    if (planned->planned.route == ROUTE_PUBLIC) {
        writer_number(w, "der-bytes", planned->planned.bytes);
        writer_hex(w, "der-sha256", planned->planned.sha256, SHA256_SIZE);
    }
    put_attributes(
        v, &(struct fidelity_pair){
               .source = desc,
               .asked = planned->planned.route == ROUTE_NONE ? NULL : &planned->planned.want_flags,
               .found = arrived ? &done->key_done.desc : NULL,
           });
    put_public(w, "source-public-key", desc);
    if (arrived)
        put_public(w, "destination-public-key", &done->key_done.desc);
    put_kcv(w, "source-check-value", desc);
    if (arrived)
        put_kcv(w, "destination-check-value", &done->key_done.desc);
    put_kcvs(v, key->kcvs);
    writer_end(w);
}

/* --- format 3: what a key shares with others is in its profile ----------------------------------
 */

/* The attributes of which each key has its own value, and those that it shares. Label, id, public
 * half and check value are next to them; here only if they are not as on the source. */
static void put_rows(const struct view *v, const char *name, const struct fidelity_pair *pair,
                     bool own)
{
    struct fidelity_row row;
    bool any = false;

    for (unsigned at = 0; fidelity_row(pair, at, &row); at++) {
        if ((!row.source[0] && !row.found[0]) || key_profiles_is_own(row.name) != own ||
            (key_profiles_is_name(row.name) && row.verdict <= FIDELITY_KEPT))
            continue;
        if (!any)
            writer_list(v->w, name, false);
        any = true;
        put_row(v, &row);
    }
    if (any)
        writer_end(v->w);
}

static struct fidelity_pair pair_of(const struct event *planned, const struct event *done)
{
    enum key_outcome outcome = event_index_outcome(planned, done);
    bool arrived = done &&
                   (outcome == KEY_MIGRATED || outcome == KEY_UNPROVEN ||
                    outcome == KEY_DESTROYED || outcome == KEY_ALIGNED || outcome == KEY_DERIVED) &&
                   done->key_done.desc.class != KEY_CLASS_OTHER; /* it was seen there */

    return (struct fidelity_pair){
        .source = &planned->planned.desc,
        .asked = planned->planned.route == ROUTE_NONE ? NULL : &planned->planned.want_flags,
        .found = arrived ? &done->key_done.desc : NULL};
}

/* What each proof says, in their order; the keys have the times. */
static void put_proofs(const struct view *v, const struct event_index_key *key)
{
    struct event event;

    if (!key->proven)
        return;
    writer_list(v->w, "proofs", false);
    for (unsigned i = 0; i < EVENT_INDEX_PROOFS; i++) {
        if (!key->proofs[i])
            continue;
        event_log_read(v->log, key->proofs[i], &event);
        writer_map(v->w, NULL, true);
        section_proof(v->w, &event);
        writer_end(v->w);
    }
    writer_end(v->w);
}

static void put_profile(const struct view *v, unsigned number, const struct event *planned,
                        const struct event *done, const struct event_index_key *key)
{
    const struct fidelity_pair pair = pair_of(planned, done);
    struct writer *w = v->w;
    char type[KEY_TYPE_TEXT];
    enum key_outcome outcome = event_index_outcome(planned, done);

    writer_map(w, NULL, false);
    writer_number(w, "number", number);
    section_stamp(v);
    writer_text(w, "class", key_class_name(planned->planned.desc.class));
    writer_text(w, "type", key_type_text(&planned->planned.desc, type));
    writer_text(w, "outcome", key_outcome_name(outcome));
    if (outcome == KEY_MIGRATED && done)
        writer_text(w, "proven", done->key_done.text);
    writer_text(w, "route", key_route_name(planned->planned.route));
    if (planned->planned.kept)
        writer_yes(w, "kept", true);
    if (planned->planned.route != ROUTE_NONE) {
        if (!planned->planned.companion_of)
            writer_text(w, "plan", planned->planned.reason);
        writer_text(w, "proof",
                    done && done->key_done.proof[0] ? done->key_done.proof
                                                    : planned->planned.proof);
    }
    put_rows(v, "attributes", &pair, false);
    put_proofs(v, key);
    writer_end(w);
}

void part_profiles(const struct view *v)
{
    struct event planned, done;

    if (v->log->format < 3)
        return;
    writer_list(v->w, "profiles", false);
    for (unsigned i = 0; i < v->profiles->count; i++) {
        const struct event_index_key *key = &v->index->keys[v->profiles->first[i]];
        event_log_read(v->log, key->planned, &planned);
        if (key->done)
            event_log_read(v->log, key->done, &done);
        put_profile(v, i + 1, &planned, key->done ? &done : NULL, key);
    }
    writer_end(v->w);
}

/* The label; its bytes only if it cannot be read as it is. */
static void put_short_name(struct writer *w, const struct key_desc *desc)
{
    char label[KEY_LABEL_TEXT];
    size_t len = key_label_held(desc);

    text_safe(desc->label, len, label, sizeof label);
    writer_text(w, "label", label);
    if (strlen(label) != len || memcmp(label, desc->label, len) != 0)
        writer_hex(w, "label-hex", desc->label, len);
    if (len < desc->label_len)
        writer_number(w, "label-length", desc->label_len);
    writer_hex(w, "id", desc->id, key_id_held(desc));
}

/* Its name on the source, if it is another one there; of a new key, that of the old one.
 */
static void put_from(struct writer *w, const struct event *planned)
{
    struct key_desc from = {.label_len = planned->planned.from_label_len,
                            .id_len = planned->planned.from_id_len};

    if (!planned->planned.renamed)
        return;
    memcpy(from.label, planned->planned.from_label, sizeof from.label);
    memcpy(from.id, planned->planned.from_id, sizeof from.id);
    writer_map(w, planned->planned.route == ROUTE_DERIVED ? "old-key" : "on-source", false);
    put_short_name(w, &from);
    writer_end(w);
}

static void put_halves(struct writer *w, const struct key_desc *source,
                       const struct key_desc *found)
{
    bool both = found && source->has_public && found->has_public &&
                memcmp(source->spki_sha256, found->spki_sha256, SHA256_SIZE) == 0;

    if (both)
        writer_hex(w, "public-key", source->spki_sha256, SHA256_SIZE);
    if (!both && source->has_public)
        writer_hex(w, "source-public-key", source->spki_sha256, SHA256_SIZE);
    if (!both && found && found->has_public)
        writer_hex(w, "destination-public-key", found->spki_sha256, SHA256_SIZE);
}

static void put_times(const struct view *v, const struct event_index_key *key)
{
    struct event event;

    if (!key->proven)
        return;
    writer_list(v->w, "proven-at", true);
    for (unsigned i = 0; i < EVENT_INDEX_PROOFS; i++)
        if (key->proofs[i]) {
            event_log_read(v->log, key->proofs[i], &event);
            writer_time(v->w, NULL, event.utc_ms);
        }
    writer_end(v->w);
}

/* Why it did not arrive, or not as it should. */
static void put_reason(struct writer *w, const struct event *planned, const struct event *done)
{
    enum err_code code = done ? done->key_done.code : planned->planned.refused;

    if (event_index_outcome(planned, done) != KEY_MIGRATED)
        writer_text(w, "reason", done ? done->key_done.text : planned->planned.reason);
    if (planned->planned.changes[0])
        writer_text(w, "changes", planned->planned.changes);
    if (code != ERR_NONE)
        writer_text(w, "code", err_code_name(code));
    if (planned->planned.route != ROUTE_NONE && planned->planned.companion_of)
        writer_text(w, "plan", planned->planned.reason);
}

static void put_short(const struct view *v, const struct event *planned, const struct event *done,
                      const struct event_index_key *key)
{
    const struct fidelity_pair pair = pair_of(planned, done);
    struct writer *w = v->w;

    writer_map(w, NULL, true);
    writer_number(w, "number", planned->key);
    writer_number(w, "profile", v->profiles->of[planned->key - 1]);
    if (planned->planned.companion_of)
        writer_number(w, "companion-of", planned->planned.companion_of);
    if (key->line)
        writer_number(w, "script-line", key->line);
    put_short_name(w, pair.source);
    put_from(w, planned);
    put_reason(w, planned, done);
    put_halves(w, pair.source, pair.found);
    if (done && done->key_done.file[0]) {
        writer_text(w, "file", done->key_done.file);
        writer_hex(w, "file-sha256", done->key_done.file_sha256, SHA256_SIZE);
    }
    if (planned->planned.route == ROUTE_PUBLIC) {
        writer_number(w, "der-bytes", planned->planned.bytes);
        writer_hex(w, "der-sha256", planned->planned.sha256, SHA256_SIZE);
    }
    put_kcv(w, "source-check-value", pair.source);
    if (pair.found)
        put_kcv(w, "destination-check-value", pair.found);
    put_kcvs(v, key->kcvs);
    put_rows(v, "own-attributes", &pair, true);
    put_times(v, key);
    writer_end(w);
}

/* --- all of them --- */

/* The keys of the plan, or their companions. */
static void put_list(const struct view *v, const char *name, bool companions)
{
    struct event planned, done;

    writer_list(v->w, name, false);
    for (size_t i = 0; i < v->index->key_count; i++) {
        const struct event_index_key *key = &v->index->keys[i];
        if (!key->planned)
            continue;
        event_log_read(v->log, key->planned, &planned);
        if ((planned.planned.companion_of != 0) != companions)
            continue;
        if (key->done)
            event_log_read(v->log, key->done, &done);
        (v->log->format >= 3 ? put_short : put_key)(v, &planned, key->done ? &done : NULL, key);
    }
    writer_end(v->w);
}

void part_keys(const struct view *v)
{
    put_list(v, "keys", false);
}

void part_companions(const struct view *v)
{
    put_list(v, "companions", true);
}
