/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/gatekeeper.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/rand.h>
#include <openssl/sha.h>

#include "base/text.h"

enum {
    GATE_TRIES = 2,
    GATE_ROLE_TRIES = 3,
    GATE_WORDS = 4, /* 32 bits: an attacker needs 2^32 trials for a key with the same words */
    SERIAL_END = 4,
    INITIALS_MAX = 6,
};

static const char skip_word[] = "skip";

/* A key that nothing can prove is migrated only by a word of the officers, whatever the policy
 * waives. */
static bool needs_waiver(const struct gate_subject *about)
{
    return about->gate == GATE_KEY && about->item->unproven;
}

static bool needs_both(const struct gatekeeper *k, enum gate gate)
{
    return k->two_officers & 1U << gate;
}

static const char *const *roles_of(const struct gatekeeper *k)
{
    return k->answerers ? k->answerers : officer_roles;
}

/* Whose answer is awaited now. */
static const struct officer *who_answers(const struct gatekeeper *k, enum gate gate)
{
    const struct officer *first = k->officer_count > 0 ? &k->officers[0] : NULL, *own;

    if (needs_both(k, gate))
        return officer_find(k->officers, k->officer_count, roles_of(k)[k->half]);
    own = k->answerers ? officer_find(k->officers, k->officer_count, k->answerers[0]) : NULL;
    return own ? own : first;
}

/* The first letter of each word of a name; false: one is no letter of ASCII, or there are too many.
 */
static bool initials_of(const char *name, char out[INITIALS_MAX + 1])
{
    size_t count = 0;

    for (const char *at = name; *at; at++) {
        if (*at == ' ' || (at > name && at[-1] != ' '))
            continue;
        if (!isalpha((unsigned char)*at) || count == INITIALS_MAX)
            return false;
        out[count++] = *at;
    }
    out[count] = '\0';
    return count > 0;
}

/* What the second officer types first, that the first one would not: initials, or, if both have the
 * same or a name has none, the role. */
static void choose_mark(struct gatekeeper *k)
{
    const struct officer *first = officer_find(k->officers, k->officer_count, roles_of(k)[0]);
    char mine[INITIALS_MAX + 1], other[INITIALS_MAX + 1] = "";

    if (initials_of(k->officer->name, mine) &&
        !(first && initials_of(first->name, other) && strcasecmp(mine, other) == 0))
        snprintf(k->mark, sizeof k->mark, "%s", mine);
    else
        snprintf(k->mark, sizeof k->mark, "%s", k->officer->role);
}

static bool is_typable(const struct key_desc *key)
{
    for (size_t i = 0; i < key->label_len && i < KEY_LABEL_MAX; i++)
        if (!isgraph(key->label[i]) && key->label[i] != ' ')
            return false;
    return key->label_len > 0 && key->label_len <= GATE_LABEL_MAX;
}

/* Asks for other words each time, and of each officer, so that they must be read, not remembered:
 * GATE_WORDS places, no two of them adjacent, and none in taken. As bits; 0: no random numbers.
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

/* The words at these places: their numbers for the question, and the words for the answer. */
static void read_words(const uint8_t sha256[SHA256_SIZE], uint32_t places, struct gatekeeper *k,
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
        expected += text_print(k->expected + expected, sizeof k->expected - expected, "%s%s",
                               count == 1 ? "" : " ", text_word(sha256[i], i));
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

static void choose_serial(struct gatekeeper *k, const struct hsm_slot *device, char *question,
                          size_t size)
{
    if (end_of_serial(device, k->expected))
        snprintf(question, size, "the last %d characters of the serial of this device", SERIAL_END);
    else {
        snprintf(k->expected, sizeof k->expected, "Yes");
        snprintf(question, size, " Yes  if this device is that of the script");
    }
}

/* The question does not contain the answer, which must be read from the devices. */
static void choose_serials(struct gatekeeper *k, const struct hsm_slot *devices, char *question,
                           size_t size)
{
    char source[SERIAL_END + 1], destination[SERIAL_END + 1];

    if (end_of_serial(&devices[SIDE_SOURCE], source) &&
        end_of_serial(&devices[SIDE_DESTINATION], destination)) {
        snprintf(k->expected, sizeof k->expected, "%s %s", source, destination);
        snprintf(question, size, "the last %d characters of both serials, the source's first",
                 SERIAL_END);
    } else {
        snprintf(k->expected, sizeof k->expected, "Yes");
        snprintf(question, size, " Yes  if both devices are those of the script");
    }
}

/* The words of the key as the source reads it back, at places that the other officer was not asked
 * for. */
static bool choose_words(struct gatekeeper *k, const struct bytes *key, char *question, size_t size,
                         struct err *err)
{
    uint8_t sha256[SHA256_SIZE];
    uint32_t places = choose_places(k->half ? k->places : 0);

    if (!places)
        return err_set(err, ERR_FAILED, "no random numbers: no words can be asked for");
    if (!k->half)
        k->places = places;
    SHA256(key->data, key->len, sha256);
    read_words(sha256, places, k, question, size);
    return true;
}

static void choose_key(struct gatekeeper *k, const struct gate_subject *about, char *question,
                       size_t size)
{
    const struct key_desc *key = about->item->key;

    snprintf(k->expected, sizeof k->expected, "Yes");
    if (is_typable(key) && !(key->label_len == sizeof skip_word - 1 &&
                             memcmp(key->label, skip_word, key->label_len) == 0))
        snprintf(k->expected, sizeof k->expected, "%.*s", (int)key->label_len,
                 (const char *)key->label);
    snprintf(question, size, " %s  to leave this key out, or  %s  to %s", skip_word, k->expected,
             about->act ? about->act : "move this key");
}

/* Sets the expected answer at this gate, and the question. */
static bool choose_answer(struct gatekeeper *k, const struct gate_subject *about, char *question,
                          size_t size, struct err *err)
{
    switch (about->gate) {
    case GATE_DEVICES:
        if (about->device)
            choose_serial(k, about->device, question, size);
        else
            choose_serials(k, about->devices, question, size);
        break;
    case GATE_REVIEW:
        if (about->word)
            snprintf(k->expected, sizeof k->expected, "%s", about->word);
        else
            snprintf(k->expected, sizeof k->expected, "ferry %zu", about->keys);
        snprintf(question, size, " %s  to start", k->expected);
        break;
    case GATE_FINGERPRINT:
        return choose_words(k, about->transport_key, question, size, err);
    default:
        if (!k->waiver) {
            choose_key(k, about, question, size);
            break;
        }
        snprintf(k->expected, sizeof k->expected, "unproven");
        snprintf(
            question, size,
            " %s  to leave this key out, or  unproven  to move it though nothing can prove that "
            "it arrives as it left",
            skip_word);
        break;
    }
    return true;
}

/* Asks the officer whose turn it is. */
static bool ask(struct gatekeeper *k, const struct gate_subject *about, char *question, size_t size,
                struct err *err)
{
    char answer[EVENT_TEXT_MAX / 2];

    k->officer = who_answers(k, about->gate);
    if (!choose_answer(k, about, answer, sizeof answer, err))
        return false;
    if (k->half) {
        choose_mark(k);
        text_print(question, size, "type your %s, %s, then %s",
                   strcmp(k->mark, k->officer->role) == 0 ? "role" : "initials", k->mark, answer);
    } else
        text_print(question, size, "type %s", answer);
    return true;
}

static bool say(const struct gatekeeper *k, enum gate_state state, const char *question,
                struct narrator *n, struct err *err)
{
    return emit_gate(n,
                     &(struct gate_word){.gate = k->now,
                                         .state = state,
                                         .key = k->key,
                                         .tries_left = k->tries,
                                         .officer = k->officer,
                                         .question = question,
                                         .answer = state == GATE_CONFIRMED ? k->expected : ""},
                     err);
}

/* A waiver is nobody's answer, and is for all keys at once. */
static bool waive(struct gatekeeper *k, const struct gate_subject *about, struct narrator *n,
                  struct err *err)
{
    char text[EVENT_TEXT_MAX] = "waived by the ceremony file";

    k->passed |= 1U << about->gate;
    if (about->gate != GATE_DEVICES)
        text_print(text, sizeof text, "waived by the ceremony file, for all keys (%zu)",
                   about->keys);
    return emit_gate(n,
                     &(struct gate_word){.gate = about->gate,
                                         .state = GATE_WAIVED,
                                         .question = text,
                                         .answer = "",
                                         .keys = about->gate == GATE_DEVICES ? 0 : about->keys},
                     err);
}

bool gatekeeper_pass(struct gatekeeper *k, const struct gate_subject *about, struct narrator *n,
                     struct err *err)
{
    char question[EVENT_TEXT_MAX] = "";
    bool waiver = needs_waiver(about);

    if (about->gate == GATE_NONE || (waiver ? k->vouched : k->passed & 1U << about->gate))
        return true;
    k->now = about->gate;
    k->key = about->gate == GATE_KEY ? about->number : 0;
    k->waiver = waiver;
    k->exact = about->gate == GATE_KEY || about->exact;
    if (!waiver && !(k->gates & 1U << about->gate))
        return waive(k, about, n, err);
    if (k->tries == 0) {
        k->tries = GATE_TRIES;
        k->roles = GATE_ROLE_TRIES;
    }
    k->open = ask(k, about, question, sizeof question, err) && say(k, GATE_OPEN, question, n, err);
    return false;
}

/* Takes initials or role off the front of what was typed; NULL: they are not there. */
static const char *after_mark(const char *typed, const char *mark)
{
    while (*typed == ' ')
        typed++;
    return strncasecmp(typed, mark, strlen(mark)) == 0 && typed[strlen(mark)] == ' '
               ? typed + strlen(mark)
               : NULL;
}

/* Is the answer right? If not, uses up one of the tries; *why gives the error. */
static bool judge(struct gatekeeper *k, const char *typed, const char **why)
{
    *why = "";
    if (k->half) {
        typed = after_mark(typed, k->mark);
        if (!typed && --k->roles == 0)
            k->tries = 0;
        *why = typed ? "the words were wrong" : "another officer answered";
        if (!typed)
            return false;
    }
    if (text_typed_equal(typed, k->expected, !k->exact))
        return true;
    k->tries--;
    return false;
}

static bool confirmed(struct gatekeeper *k, struct narrator *n, struct err *err)
{
    bool half = needs_both(k, k->now) && !k->half;

    k->tries = 0;
    k->half = half;
    if (!half && k->waiver)
        k->vouched = true;
    else if (!half)
        k->passed |= 1U << k->now;
    return say(k, GATE_CONFIRMED, "", n, err);
}

/* Neither role nor initials are needed to leave a key out: either officer may. */
static bool leave_out(struct gatekeeper *k, struct narrator *n, struct err *err)
{
    k->tries = 0;
    k->half = false;
    k->skip = true;
    return say(k, GATE_REFUSED, "left out", n, err);
}

bool gatekeeper_answer(struct gatekeeper *k, const char *typed, struct narrator *n, struct err *err)
{
    const char *why;

    if (!k->open)
        return true;
    k->open = false;
    if (k->now == GATE_KEY && text_typed_equal(typed, skip_word, true))
        return leave_out(k, n, err);
    if (judge(k, typed, &why))
        return confirmed(k, n, err);
    say(k, k->tries ? GATE_WRONG : GATE_REFUSED, why, n, err);
    if (k->tries > 0)
        return true;
    k->half = false;
    err_set(err, k->now == GATE_FINGERPRINT ? ERR_DATA : ERR_STOPPED,
            "the %s gate was answered wrong too often", gate_name(k->now));
    return err_next(err, k->now == GATE_FINGERPRINT
                             ? "Compare the fingerprints of both sides before you try again."
                             : "Start again when you are sure.");
}

void gatekeeper_refuse(struct gatekeeper *k, struct narrator *n)
{
    struct err ignored;

    if (k->open)
        say(k, GATE_REFUSED, "", n, &ignored);
    k->open = false;
}

void gatekeeper_withdraw(struct gatekeeper *k, enum gate gate)
{
    gatekeeper_forget(k, gate);
    if (k->now != gate)
        return;
    k->open = k->half = false;
    k->tries = 0;
}

void gatekeeper_next_key(struct gatekeeper *k)
{
    k->vouched = false;
    if (k->gates & 1U << GATE_KEY)
        gatekeeper_forget(k, GATE_KEY);
}

void gatekeeper_forget(struct gatekeeper *k, enum gate gate)
{
    k->passed &= ~(1U << gate);
}
