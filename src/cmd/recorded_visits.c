/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/recorded_visits.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { FILES_MAX = 8 };

/* What a journal says of its visit. */
struct facts {
    char migration[40]; /* empty: it is of no visit */
    int64_t began_ms;
    struct {
        bool written; /* or taken */
        uint8_t sha256[SHA256_SIZE];
    } files[FILES_MAX];
    size_t file_count;
    bool placed; /* in the order */
};

static void read_facts(const struct recording *recording, struct facts *facts)
{
    struct event e;

    *facts = (struct facts){0};
    for (size_t i = 0; i < recording->count; i++) {
        recording->read(recording->ctx, i, &e);
        if (e.kind == EVENT_BEGIN && !facts->began_ms) {
            facts->began_ms = e.utc_ms;
            text_print(facts->migration, sizeof facts->migration, "%s", e.begin.migration);
        } else if (e.kind == EVENT_FILE && e.file.state != FILE_DRAFTED &&
                   facts->file_count < FILES_MAX) {
            facts->files[facts->file_count].written = e.file.state == FILE_WRITTEN;
            memcpy(facts->files[facts->file_count++].sha256, e.file.sha256, SHA256_SIZE);
        }
    }
}

/* --- do they belong together? --- */

static bool is_one_ceremony(const struct recorded_visits *v, const struct facts *facts,
                            struct err *err)
{
    for (size_t i = 0; i < v->count; i++) {
        const struct recording *is = &v->read[i].recording;
        if (!facts[i].migration[0])
            return err_set(err, ERR_DATA,
                           "%s is the journal of no visit, and only visits are joined", is->path);
        if (strcmp(facts[i].migration, facts[0].migration) != 0)
            return err_set(err, ERR_DATA, "%s belongs to migration %s, and %s to %s", is->path,
                           facts[i].migration, v->read[0].recording.path, facts[0].migration);
        for (size_t before = 0; before < i; before++)
            if (memcmp(is->head, v->read[before].recording.head, sizeof is->head) == 0)
                return err_set(err, ERR_DATA, "%s and %s are the same journal",
                               v->read[before].recording.path, is->path);
    }
    return true;
}

/* --- their order --- */

static bool wrote(const struct facts *visit, const uint8_t sha256[SHA256_SIZE])
{
    for (size_t i = 0; i < visit->file_count; i++)
        if (visit->files[i].written && memcmp(visit->files[i].sha256, sha256, SHA256_SIZE) == 0)
            return true;
    return false;
}

/* Has every visit a place that wrote a file which this one took? */
static bool is_ready(const struct facts *facts, size_t count, const struct facts *visit)
{
    for (size_t i = 0; i < visit->file_count; i++)
        for (size_t other = 0; !visit->files[i].written && other < count; other++)
            if (!facts[other].placed && &facts[other] != visit &&
                wrote(&facts[other], visit->files[i].sha256))
                return false;
    return true;
}

/* The earliest one that is ready; of journals that contradict each other the earliest one. */
static struct facts *next_of(struct facts *facts, size_t count)
{
    struct facts *next = NULL;

    for (unsigned all = 0; !next; all++)
        for (size_t i = 0; i < count; i++)
            if (!facts[i].placed && (all || is_ready(facts, count, &facts[i])) &&
                (!next || facts[i].began_ms < next->began_ms))
                next = &facts[i];
    return next;
}

static void put_in_order(struct recorded_visits *v, struct facts *facts)
{
    for (size_t place = 0; place < v->count; place++) {
        struct facts *next = next_of(facts, v->count);
        next->placed = true;
        v->at[place] = &v->read[next - facts].recording;
    }
}

bool recorded_visits_read(const char *const *journals, struct recorded_visits *out, struct err *err)
{
    struct facts *facts = calloc(RECORDED_VISITS_MAX, sizeof *facts);
    bool ok;

    *out = (struct recorded_visits){.read = calloc(RECORDED_VISITS_MAX, sizeof *out->read)};
    ok = (facts && out->read) || err_set(err, ERR_FAILED, "There is no memory for journals");
    for (; ok && journals[out->count] && out->count < RECORDED_VISITS_MAX; out->count++) {
        ok = recorded_read(journals[out->count], &out->read[out->count], err);
        if (ok)
            read_facts(&out->read[out->count].recording, &facts[out->count]);
    }
    ok = ok && (out->count == 1 || is_one_ceremony(out, facts, err));
    if (ok)
        put_in_order(out, facts);
    free(facts);
    return ok;
}

void recorded_visits_free(struct recorded_visits *visits)
{
    for (size_t i = 0; i < visits->count; i++)
        recorded_free(&visits->read[i]);
    free(visits->read);
    *visits = (struct recorded_visits){0};
}
