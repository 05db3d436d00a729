/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates: what is to be typed, by whom, and whether it was. Where a gate waits for both officers the
 * second one names its role first, and is asked for other words, so that no echo of the first
 * answer passes.
 */
#include "ceremony/ceremony.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/rand.h>
#include <openssl/sha.h>

#include "base/text.h"
#include "ceremony/state.h"

enum {
    GATE_TRIES = 2,
    GATE_ROLE_TRIES = 3,
    GATE_WORDS = 4, /* 32 bits: a stranger's key with the same words takes 2^32 trials */
    TYPED_LABEL_MAX = 40,
    SERIAL_END = 4,
};

/* A key that nothing can prove goes only by a word of the officers, whatever the policy waives. */
static bool needs_waiver(struct ceremony *c, enum gate gate)
{
    return gate == GATE_KEY && item_of(c)->unproven;
}

static uint32_t gate_bit(struct ceremony *c, enum gate gate)
{
    return 1U << (needs_waiver(c, gate) ? GATES : gate);
}

static bool needs_both(const struct ceremony *c, enum gate gate)
{
    return c->setup.policy.two_officers & 1U << gate;
}

/* Whose answer is awaited now. */
static const struct officer *who_answers(const struct ceremony *c, enum gate gate)
{
    const struct ceremony_setup *setup = &c->setup;

    if (needs_both(c, gate))
        return officer_find(setup->officers, setup->officer_count,
                            officer_roles[c->gate_half ? SIDE_DESTINATION : SIDE_SOURCE]);
    return setup->officer_count > 0 ? &setup->officers[0] : NULL;
}

static bool is_typable(const struct key_desc *key)
{
    for (size_t i = 0; i < key->label_len && i < KEY_LABEL_MAX; i++)
        if (!isgraph(key->label[i]) && key->label[i] != ' ')
            return false;
    return key->label_len > 0 && key->label_len <= TYPED_LABEL_MAX;
}

/* Other words each time, and for each officer, so that they are read and not remembered: GATE_WORDS
 * places of which no two are neighbours, and none of those in taken. As bits; 0: no random numbers.
 */
static uint32_t choose_places(uint32_t taken)
{
    uint32_t places = 0;
    uint8_t random;

    for (unsigned count = 0; count < GATE_WORDS;) {
        if (RAND_bytes(&random, 1) != 1)
            return 0;
        uint32_t place = UINT32_C(1) << random % SHA256_SIZE;
        if ((taken | places | places << 1 | places >> 1) & place)
            continue;
        places |= place;
        count++;
    }
    return places;
}

/* The words at these places: their numbers for the question, and themselves. */
static void read_words(const uint8_t sha256[SHA256_SIZE], uint32_t places, struct ceremony *c,
                       char *question, size_t size)
{
    size_t asked = text_print(question, size, "words"), expected = 0;

    for (unsigned i = 0, count = 1; i < SHA256_SIZE; i++) {
        if (!(places & UINT32_C(1) << i))
            continue;
        asked += text_print(question + asked, size - asked, "%s %u",
                            count == 1            ? ""
                            : count == GATE_WORDS ? " and"
                                                  : ",",
                            i + 1);
        expected += text_print(c->gate_expected + expected, sizeof c->gate_expected - expected,
                               "%s%s", count == 1 ? "" : " ", text_word(sha256[i], i));
        count++;
    }
    text_print(question + asked, size - asked, " of the fingerprint");
}

/* The end of a serial, as it can be typed; false: there is none. */
static bool end_of_serial(const struct hsm_slot *slot, char out[SERIAL_END + 1])
{
    size_t len = strlen(slot->serial), from = len > SERIAL_END ? len - SERIAL_END : 0;

    snprintf(out, SERIAL_END + 1, "%s", slot->serial + from);
    for (size_t i = 0; out[i]; i++)
        if (!isalnum((unsigned char)out[i]))
            return false;
    return len > 0;
}

/* The answer does not stand in the question: it is read off the devices. */
static void choose_serials(struct ceremony *c, char *question, size_t size)
{
    char source[SERIAL_END + 1], destination[SERIAL_END + 1];

    if (end_of_serial(&c->confirmed[SIDE_SOURCE], source) &&
        end_of_serial(&c->confirmed[SIDE_DESTINATION], destination)) {
        snprintf(c->gate_expected, sizeof c->gate_expected, "%s %s", source, destination);
        snprintf(question, size, "the last %d characters of both serials, the source's first",
                 SERIAL_END);
    } else {
        snprintf(c->gate_expected, sizeof c->gate_expected, "Yes");
        snprintf(question, size, " Yes  if both devices are those of the script");
    }
}

/* What is to be typed at this gate, and how the question tells it. */
static bool choose_answer(struct ceremony *c, enum gate gate, char *question, size_t size,
                          struct err *err)
{
    uint8_t sha256[SHA256_SIZE];
    uint32_t places;

    switch (gate) {
    case GATE_DEVICES:
        choose_serials(c, question, size);
        break;
    case GATE_REVIEW:
        snprintf(c->gate_expected, sizeof c->gate_expected, "ferry %zu", c->plan.goes);
        snprintf(question, size, " %s  to start", c->gate_expected);
        break;
    case GATE_FINGERPRINT:
        places = choose_places(c->gate_half ? c->gate_words : 0);
        if (!places)
            return err_set(err, ERR_FAILED, "no random numbers: no words can be asked for");
        if (!c->gate_half)
            c->gate_words = places;
        SHA256(c->read_back.data, c->read_back.len, sha256);
        read_words(sha256, places, c, question, size);
        break;
    default:
        if (needs_waiver(c, gate)) {
            snprintf(c->gate_expected, sizeof c->gate_expected, "unproven");
            snprintf(question, size,
                     " unproven  to move this key though nothing can prove that it arrives as it "
                     "left");
            break;
        }
        snprintf(c->gate_expected, sizeof c->gate_expected, "Yes");
        if (is_typable(&item_of(c)->key))
            snprintf(c->gate_expected, sizeof c->gate_expected, "%.*s",
                     (int)item_of(c)->key.label_len, (const char *)item_of(c)->key.label);
        snprintf(question, size, " %s  to move this key", c->gate_expected);
        break;
    }
    return true;
}

/* Asks the officer whose turn it is. */
static bool ask(struct ceremony *c, enum gate gate, char *question, size_t size, struct err *err)
{
    char answer[EVENT_TEXT_MAX / 2];

    c->gate_officer = who_answers(c, gate);
    if (!choose_answer(c, gate, answer, sizeof answer, err))
        return false;
    if (c->gate_half)
        text_print(question, size, "type your role, %s, then %s", c->gate_officer->role, answer);
    else
        text_print(question, size, "type %s", answer);
    return true;
}

bool gate_pass(struct ceremony *c, enum gate gate, struct err *err)
{
    char question[EVENT_TEXT_MAX] = "";

    if (gate == GATE_NONE || (c->gates_passed & gate_bit(c, gate)))
        return true;
    if (!needs_waiver(c, gate) && !(c->setup.policy.gates & 1U << gate)) {
        c->gates_passed |= 1U << gate;
        return tell_gate(c, gate, GATE_WAIVED, "waived by the ceremony file", err);
    }
    if (c->gate_tries == 0) {
        c->gate_tries = GATE_TRIES;
        c->gate_roles = GATE_ROLE_TRIES;
    }
    c->gate_now = gate;
    c->gate_open = ask(c, gate, question, sizeof question, err) &&
                   tell_gate(c, gate, GATE_OPEN, question, err);
    return false;
}

/* Takes the role off the front of what was typed; NULL: it is not there. */
static const char *behind_role(const char *typed, const char *role)
{
    while (*typed == ' ')
        typed++;
    return strncasecmp(typed, role, strlen(role)) == 0 && typed[strlen(role)] == ' '
               ? typed + strlen(role)
               : NULL;
}

/* Is it the answer? Where not, takes away one of the tries; *why says what was wrong. */
static bool judge(struct ceremony *c, enum gate gate, const char *typed, const char **why)
{
    *why = "";
    if (c->gate_half) {
        typed = behind_role(typed, c->gate_officer->role);
        if (!typed && --c->gate_roles == 0)
            c->gate_tries = 0;
        *why = typed ? "the words were wrong" : "the role was wrong";
        if (!typed)
            return false;
    }
    if (text_typed_equal(typed, c->gate_expected, gate != GATE_KEY))
        return true;
    c->gate_tries--;
    return false;
}

static bool confirmed(struct ceremony *c, enum gate gate, struct err *err)
{
    bool half = needs_both(c, gate) && !c->gate_half;

    c->gate_tries = 0;
    c->gate_half = half;
    if (!half)
        c->gates_passed |= gate_bit(c, gate);
    return tell_gate(c, gate, GATE_CONFIRMED, "", err);
}

bool gate_answer(struct ceremony *c, enum gate gate, const char *typed, struct err *err)
{
    const char *why;

    c->gate_open = false;
    if (judge(c, gate, typed, &why))
        return confirmed(c, gate, err);
    tell_gate(c, gate, c->gate_tries ? GATE_WRONG : GATE_REFUSED, why, err);
    if (c->gate_tries > 0)
        return true;
    c->gate_half = false;
    err_set(err, gate == GATE_FINGERPRINT ? ERR_DATA : ERR_STOPPED,
            "the %s gate was answered wrong too often", gate_name(gate));
    return err_next(err, gate == GATE_FINGERPRINT
                             ? "Compare the fingerprints of both sides before you try again."
                             : "Start again when you are sure.");
}
