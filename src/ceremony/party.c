/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/party.h"

#include <stdlib.h>
#include <string.h>

void party_join(struct party sides[2], struct transport *transport, const struct transfers *arrived)
{
    struct transport_side *ends[2] = {&transport->source, &transport->destination};

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        struct party *party = &sides[side];
        party->known.side = side;
        party->known.arrived = side == SIDE_DESTINATION ? arrived : NULL;
        ends[side]->caps = &party->caps;
        ends[side]->known = &party->known;
    }
}

void party_close(struct party *party)
{
    if (party->hsm)
        party->hsm->driver->close(party->hsm);
    free(party->slots.slots);
    free(party->known.before);
    key_list_free(&party->keys);
    secret_free(&party->pin);
    *party = (struct party){.known = {.side = party->known.side, .arrived = party->known.arrived}};
}

/* Only the serial differs: this is not the device that was planned for. */
static bool other_serial(const struct hsm_slot_list *slots, const char *whose,
                         const struct uri *uri, struct err *err)
{
    struct uri any = *uri;

    any.serial.given = false;
    for (size_t i = 0; uri->serial.given && uri->token.given && i < slots->count; i++) {
        if (!uri_matches_slot(&any, &slots->slots[i]))
            continue;
        err_set(err, ERR_CONFLICT, "the token %s of the %s has the serial %s, not the one named",
                slots->slots[i].label, whose, slots->slots[i].serial);
        err_now(err, "Nothing was changed.");
        return !err_next(err,
                         "Determine which device this is; name it only if it is the right one.");
    }
    return false;
}

static bool token_missing(const struct hsm_slot_list *slots, const char *whose,
                          const struct uri *uri, struct err *err)
{
    size_t tokens = 0;

    for (size_t i = 0; i < slots->count; i++)
        tokens += (slots->slots[i].flags & HSM_SLOT_TOKEN_PRESENT) != 0;
    if (slots->count == 0)
        err_set(err, ERR_HSM, "the %s has no slot at all", whose);
    else
        err_set(err, ERR_HSM, "no token of the %s is named by %.200s: %zu slots, %zu tokens", whose,
                uri->text, slots->count, tokens);
    err_now(err, "Nothing was changed.");
    return err_next(err,
                    "Look at them with `hsmferry list`, and check that the device is connected "
                    "and the module's own configuration is the right one.");
}

bool party_find_slot(const struct hsm_slot_list *slots, const char *whose, const struct uri *uri,
                     const struct hsm_slot **out, struct err *err)
{
    const struct hsm_slot *found = NULL;
    unsigned matches = 0;

    for (size_t i = 0; i < slots->count; i++)
        if (uri_matches_slot(uri, &slots->slots[i])) {
            found = &slots->slots[i];
            matches++;
        }
    if (!found)
        return !other_serial(slots, whose, uri, err) && token_missing(slots, whose, uri, err);
    if (matches > 1) {
        err_set(err, ERR_CONFIG, "%u tokens of the %s are named by %.200s", matches, whose,
                uri->text);
        return err_next(err,
                        "Add serial= so that it names one; `hsmferry list` shows the serials.");
    }
    if (hsm_slot_obstacle(found)) {
        bool pin = found->flags & (HSM_TOKEN_PIN_LOCKED | HSM_TOKEN_PIN_TO_BE_CHANGED);
        err_set(err, pin ? ERR_DENIED : ERR_HSM, "the token %s of the %s cannot be used: %s",
                found->label, whose, hsm_slot_obstacle(found));
        err_now(err, "Nothing was changed.");
        return err_next(err, "Prepare the token with its vendor's own tool.");
    }
    *out = found;
    return true;
}

bool party_needs_pin(const struct hsm_slot *slot)
{
    return (slot->flags & HSM_TOKEN_LOGIN_REQUIRED) && !(slot->flags & HSM_TOKEN_PROTECTED_PATH);
}

bool party_log_in(struct hsm *hsm, uint64_t slot, const struct secret *pin, struct err *err)
{
    if (hsm->driver->login(hsm, slot, pin, err))
        return true;
    if (err->code == ERR_DENIED && !err->next[0])
        err_next(err, "Make sure of the PIN, then start again: a few wrong PINs lock a token.");
    return false;
}

/* The slot of the same token, as a separate process sees it. */
static bool find_same_token(struct hsm *fresh, const struct hsm_slot *was, uint64_t *slot,
                            struct err *err)
{
    struct hsm_slot_list slots = {0};
    unsigned found = 0;

    if (!fresh->driver->slots(fresh, &slots, err))
        return false;
    for (size_t i = 0; i < slots.count; i++)
        if (hsm_same_token(&slots.slots[i], was) && strcmp(slots.slots[i].label, was->label) == 0) {
            *slot = slots.slots[i].id;
            found++;
        }
    free(slots.slots);
    if (found != 1)
        return err_set(err, ERR_UNFINISHED, "a fresh process sees the destination's token %u times",
                       found);
    return true;
}

bool party_login(const struct party *party, struct hsm *fresh, struct err *err)
{
    uint64_t slot = 0;

    return find_same_token(fresh, party->slot, &slot, err) &&
           party_log_in(fresh, slot, &party->pin, err);
}

bool party_enter(const struct party *party, struct hsm *fresh, struct key_list *list,
                 struct err *err)
{
    return party_login(party, fresh, err) && fresh->driver->list(fresh, list, err);
}

void party_note_gone(struct party sides[2], enum side where)
{
    struct hsm_info info;
    struct err err;

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        struct party *party = &sides[side];
        if (where == side)
            party->gone = true;
        else if (where == SIDE_RELAY && party->hsm &&
                 !party->hsm->driver->info(party->hsm, &info, &err))
            party->gone |= err.code == ERR_GONE;
    }
}
