/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/open_offers.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ceremony/members.h"
#include "ceremony/sweep.h"

bool open_offers_is_of(const struct visit_past *past, const struct key_desc *key)
{
    return past->has_pair && key->kind == KEY_KIND_RSA &&
           (key->class == KEY_CLASS_PRIVATE || key->class == KEY_CLASS_PUBLIC) &&
           sweep_has_name(key, past->migration) && key->has_public &&
           memcmp(key->spki_sha256, past->pair, SHA256_SIZE) == 0;
}

static bool waits(const struct key_list *keys, const struct visit_past *past)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->keys[i].class == KEY_CLASS_PRIVATE && open_offers_is_of(past, &keys->keys[i]))
            return true;
    return false;
}

bool open_offers_warn(struct ceremony *c, enum side side, const struct visit_pasts *pasts,
                      struct err *err)
{
    const int64_t now = c->host.utc_ms(c->host.ctx);

    for (size_t i = 0; pasts && i < pasts->count; i++) {
        const struct visit_past *past = &pasts->at[i];
        char time[32];
        if (strcmp(past->migration, c->setup.visit.migration) == 0 ||
            !waits(&c->side[side].keys, past))
            continue;
        text_time(past->expires_ms, false, time);
        if (!emit_note(&c->narrator, EVENT_WARNING, side, "offer",
                       now < past->expires_ms
                           ? "the transport pair of offer %.32s waits on this token until %s"
                           : "the transport pair of offer %.32s is still on this token, and its "
                             "offer expired at %s: hsmferry withdraw destroys it",
                       past->migration, time))
            return emit_why(&c->narrator, err);
    }
    return true;
}
