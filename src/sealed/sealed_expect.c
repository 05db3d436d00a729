/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/sealed_expect.h"

#include <string.h>

#include "base/text.h"

/* A sum that is not known yet is not compared. */
static bool same_sum(const uint8_t *known, const uint8_t sha256[SHA256_SIZE])
{
    return !known || memcmp(known, sha256, SHA256_SIZE) == 0;
}

static bool same_device(const struct sealed_expected *x, const struct sealed_head *head,
                        enum side side)
{
    return !x->device[side] || !sealed_device_known(&head->device[side]) ||
           sealed_device_equal(x->device[side], &head->device[side]);
}

/* --- the rules --- */

typedef bool rule(const struct sealed_expected *x, const struct sealed_head *head,
                  const uint8_t sha256[SHA256_SIZE]);

static bool comes_from_there(const struct sealed_expected *x, const struct sealed_head *head,
                             const uint8_t sha256[SHA256_SIZE])
{
    (void)sha256;
    return sealed_writes(head->format) == sealed_writes(x->format);
}

static bool has_format(const struct sealed_expected *x, const struct sealed_head *head,
                       const uint8_t sha256[SHA256_SIZE])
{
    (void)sha256;
    return head->format == x->format;
}

static bool has_ceremony(const struct sealed_expected *x, const struct sealed_head *head,
                         const uint8_t sha256[SHA256_SIZE])
{
    (void)sha256;
    return same_sum(x->ceremony, head->ceremony);
}

static bool has_kind(const struct sealed_expected *x, const struct sealed_head *head,
                     const uint8_t sha256[SHA256_SIZE])
{
    (void)sha256;
    return head->rehearsal == x->rehearsal;
}

static bool has_order(const struct sealed_expected *x, const struct sealed_head *head,
                      const uint8_t sha256[SHA256_SIZE])
{
    (void)sha256;
    return head->order == x->order;
}

static bool has_migration(const struct sealed_expected *x, const struct sealed_head *head,
                          const uint8_t sha256[SHA256_SIZE])
{
    (void)sha256;
    return !x->migration || strcmp(x->migration, head->migration) == 0;
}

static bool has_offer(const struct sealed_expected *x, const struct sealed_head *head,
                      const uint8_t sha256[SHA256_SIZE])
{
    (void)sha256;
    return same_sum(x->offer, head->offer);
}

static bool has_source(const struct sealed_expected *x, const struct sealed_head *head,
                       const uint8_t sha256[SHA256_SIZE])
{
    (void)sha256;
    return same_device(x, head, SIDE_SOURCE);
}

static bool has_destination(const struct sealed_expected *x, const struct sealed_head *head,
                            const uint8_t sha256[SHA256_SIZE])
{
    (void)sha256;
    return same_device(x, head, SIDE_DESTINATION);
}

static bool is_unused(const struct sealed_expected *x, const struct sealed_head *head,
                      const uint8_t sha256[SHA256_SIZE])
{
    (void)head;
    for (size_t i = 0; i < x->used_count; i++)
        if (memcmp(x->used[i], sha256, SHA256_SIZE) == 0)
            return false;
    return true;
}

static bool has_stage(const struct sealed_expected *x, const struct sealed_head *head,
                      const uint8_t sha256[SHA256_SIZE])
{
    (void)sha256;
    return x->stages & 1U << head->stage;
}

static bool is_only(const struct sealed_expected *x, const struct sealed_head *head,
                    const uint8_t sha256[SHA256_SIZE])
{
    (void)head;
    return same_sum(x->only, sha256);
}

static bool has_answer(const struct sealed_expected *x, const struct sealed_head *head,
                       const uint8_t sha256[SHA256_SIZE])
{
    (void)sha256;
    return same_sum(x->answers, head->answers);
}

static bool has_expiry(const struct sealed_expected *x, const struct sealed_head *head,
                       const uint8_t sha256[SHA256_SIZE])
{
    (void)sha256;
    return !x->expires_ms || x->expires_ms == head->expires_ms;
}

static bool is_in_time(const struct sealed_expected *x, const struct sealed_head *head,
                       const uint8_t sha256[SHA256_SIZE])
{
    (void)sha256;
    return x->now_ms < head->expires_ms;
}

static bool is_written(const struct sealed_expected *x, const struct sealed_head *head,
                       const uint8_t sha256[SHA256_SIZE])
{
    (void)sha256;
    return head->written_ms <= x->now_ms;
}

static bool is_later(const struct sealed_expected *x, const struct sealed_head *head,
                     const uint8_t sha256[SHA256_SIZE])
{
    (void)sha256;
    return head->written_ms >= x->not_before_ms;
}

#define ASK "Ask the other room for the file that belongs to this visit."

/* First the kind of the file, then its place, then its time. */
const struct sealed_rule sealed_rules[] = {
    {"direction", ERR_DATA, comes_from_there, "was written in this room, for the other one",
     "Take the file that came from the other room."},
    {"format", ERR_DATA, has_format, "is of another stage: this visit does not take such a file",
     ASK},
    {"ceremony", ERR_DATA, has_ceremony, "belongs to another ceremony file",
     "Use the same ceremony file in both rooms: compare its SHA-256."},
    {"kind", ERR_DATA, has_kind,
     "belongs to a rehearsal, or to production, and this ceremony to "
     "the other",
     "Use the same ceremony file in both rooms."},
    {"order", ERR_DATA, has_order, "has another order than the ceremony file",
     "Use the same ceremony file in both rooms."},
    {"migration", ERR_DATA, has_migration, "belongs to another migration", ASK},
    {"offer", ERR_DATA, has_offer, "belongs to another offer", ASK},
    {"source", ERR_DATA, has_source, "is of another source device", ASK},
    {"destination", ERR_DATA, has_destination, "is of another destination device", ASK},
    {"used", ERR_DENIED, is_unused, "was used before", ASK},
    {"stage", ERR_DATA, has_stage, "is of another stage", ASK},
    {"only", ERR_DENIED, is_only,
     "is not the one of this stage that was taken before, and only "
     "that one may continue",
     "Take the file that the journal names."},
    {"answers", ERR_DENIED, has_answer,
     "is a replay: it answers another file than the one that "
     "this room wrote",
     ASK},
    {"expiry", ERR_DATA, has_expiry, "has another expiry than its offer", ASK},
    {"expired", ERR_DENIED, is_in_time, "has expired", "Withdraw the offer, and make a new one."},
    {"clock", ERR_DENIED, is_written, "was written later than the time that this clock shows",
     "Set the clock of this host."},
    {"earlier", ERR_DENIED, is_later, "was written before the file that it answers",
     "Set the clocks of both hosts, and ask the other room for a new file."},
};
const size_t sealed_rules_count = sizeof sealed_rules / sizeof *sealed_rules;

bool sealed_expect(const struct sealed_expected *expected, const struct sealed_head *head,
                   const uint8_t sha256[SHA256_SIZE], struct err *err)
{
    for (size_t i = 0; i < sealed_rules_count; i++) {
        const struct sealed_rule *broken = &sealed_rules[i];

        if (broken->keeps(expected, head, sha256))
            continue;
        err_set(err, broken->code, "%s %s", sealed_format_words(head->format), broken->what);
        err_now(err, "Nothing was taken from it.");
        return err_next(err, "%s", broken->next);
    }
    return true;
}
