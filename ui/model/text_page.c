/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/text_page.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "hsm/fidelity.h"

enum { SENTENCE = 66 }; /* bytes on a line of running text */

__attribute__((format(printf, 2, 3))) static void line(struct sheet *s, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(s->text + s->len, sizeof s->text - s->len - 1, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof s->text - s->len - 1) {
        s->text[s->len] = '\0'; /* a page that long is not read to its end anyway */
        return;
    }
    s->len += (size_t)n;
    s->text[s->len++] = '\n';
    s->text[s->len] = '\0';
    s->lines++;
}

char *sheet_flags(const struct key_desc *key, uint32_t which, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < KEY_FLAGS; i++) {
        uint32_t flag = UINT32_C(1) << i;
        if ((which & flag) && key_is(key, flag) && len < size)
            len += (size_t)snprintf(out + len, size - len, "%s%s", len ? " " : "",
                                    key_flag_name(flag));
    }
    return out;
}

/* Breaks a sentence into lines of at most width bytes at blanks. */
static void sentence(struct sheet *s, const char *text, size_t width)
{
    while (*text) {
        size_t len = strlen(text);
        if (len > width) {
            len = width;
            while (len > 0 && text[len] != ' ')
                len--;
            if (len == 0)
                len = strlen(text);
        }
        line(s, "%.*s", (int)len, text);
        text += len + (text[len] == ' ');
    }
}

/* --- help ------------------------------------------------------------------------------------- */

static void help(const struct app *app, struct sheet *s)
{
    const struct key_row *row;

    snprintf(s->title, sizeof s->title, "HELP: %s", keys_view_name(app->view));
    for (size_t i = 0; (row = keys_row(i)); i++) {
        char names[KEYS_NAMES_MAX];
        if (row->views & 1U << app->view)
            line(s, "%-15s %s", keys_names(row, names), row->help);
    }
    line(s, "%s", "");
    line(s, "%s", "Esc and a digit is the function key of that number; Esc 0 is F10.");
    line(s, "%s", "[ ok ] done   [ .. ] at work   [WAIT] waits for you   [FAIL] failed");
    line(s, "%s", "[UNDO] taken back   [    ] still to come   * marked");
}

/* --- details ---------------------------------------------------------------------------------- */

static const char *truth(const struct key_desc *key, uint32_t flag)
{
    return key_is(key, flag) ? "yes" : key_is_not(key, flag) ? "no" : "not told";
}

/* What binds the key besides its flags, where there is anything. */
static void terms(const struct key_desc *key, struct sheet *s)
{
    const struct fidelity_pair pair = {.source = key};
    struct fidelity_row row;

    for (unsigned i = 0; fidelity_row(&pair, i, &row); i++)
        if (row.term && row.source[0])
            line(s, "%-20s %s", row.name, row.source);
    if (key->terms.known & KEY_DATES_HIDDEN)
        line(s, "%-20s %s", "dates", "there are some, which this HSM fails to read");
}

static void fingerprint(const struct key_desc *key, struct sheet *s)
{
    char text[TEXT_WORDS_SIZE];

    if (!key->has_public) {
        line(s, "%-20s %s", "public key", "not told");
        return;
    }
    line(s, "%-20s SHA-256 of its SubjectPublicKeyInfo", "public key");
    for (unsigned i = 0; i < SHA256_SIZE; i += SHA256_SIZE / 2) {
        char groups[TEXT_GROUPS_SIZE];
        text_groups(key->spki_sha256, 16, groups);
        line(s, "%-20s %.39s", "", groups + (i ? 40 : 0));
    }
    for (unsigned i = 0; i < SHA256_SIZE; i += 4)
        line(s, "%-20s %s", "", text_words(key->spki_sha256, i, 4, text));
}

static void verdict(const struct app *app, struct sheet *s)
{
    const struct inventory *inv = &app->side[app->active].inventory;
    const struct verdict *v = inventory_verdict(inv, inv->scroll.at);

    if (app->active != SIDE_SOURCE || !v || !v->known)
        return;
    line(s, "%-20s %s: %s", "can it go?", v->goes ? "yes" : "no", v->reason);
}

/* As the HSM tells it by itself, and what was asked for. */
static void check_values(const struct app *app, const struct key_desc *key, struct sheet *s)
{
    const struct compared *asked = comparisons_find(&app->comparisons, app->active, key->handle);
    char text[EVENT_CHECK_TEXT];

    if (key->check_value_len)
        line(s, "%-20s %s", "check value", key_check_text(key, text));
    for (unsigned i = 0; asked && i < asked->check_count; i++)
        line(s, "%-20s %s", "check value", event_check_text(&asked->checks[i], text));
}

static void object(const struct app *app, struct sheet *s)
{
    const struct inventory *inv = &app->side[app->active].inventory;
    const struct key_desc *key = inventory_row(inv, inv->scroll.at);
    char text[2 * KEY_LABEL_TEXT];

    if (!key)
        return;
    line(s, "%-20s %s", "label", key_label_text(key, text));
    text_hex(key->id, key->id_len < KEY_ID_MAX ? key->id_len : KEY_ID_MAX, text);
    line(s, "%-20s %s", "id", text[0] ? text : "none");
    line(s, "%-20s %s", "class", key_class_name(key->class));
    line(s, "%-20s %s  (%s)", "type", key_type_text(key, text), key->type_name);
    if (key->length)
        line(s, "%-20s %" PRIu32 " bytes", "length", key->length);
    verdict(app, s);
    for (unsigned i = 0; i < KEY_FLAGS; i++)
        line(s, "%-20s %s", key_flag_name(UINT32_C(1) << i), truth(key, UINT32_C(1) << i));
    terms(key, s);
    check_values(app, key, s);
    fingerprint(key, s);
    line(s, "%-20s %" PRIu64, "handle", key->handle);
}

static void slot_facts(const struct hsm_slot *slot, struct sheet *s)
{
    line(s, "%-20s 0x%" PRIx64, "slot", slot->id);
    line(s, "%-20s %s", "description", slot->description);
    line(s, "%-20s %s", "token", slot->label);
    line(s, "%-20s %s", "serial", slot->serial);
    line(s, "%-20s %s %s", "maker and model", slot->manufacturer, slot->model);
    line(s, "%-20s %s", "hardware", slot->hardware);
    line(s, "%-20s %s", "firmware", slot->firmware);
    for (unsigned i = 0; i < HSM_SLOT_FLAGS; i++)
        line(s, "%-20s %s", hsm_slot_flag_name(UINT32_C(1) << i),
             slot->flags & UINT32_C(1) << i ? "yes" : "no");
}

static void dialect(const struct app_side *side, struct sheet *s)
{
    const struct hsm_dialect *d = &side->info.dialect;
    struct key_desc passes = {.flags = d->not_enforced, .flags_known = d->not_enforced};
    char text[TEXT_GROUPS_SIZE + HSM_DIALECT_TEXT + 256];

    if (!side->has_token || !d->name[0])
        return;
    line(s, "%-20s %s", "spoken to in", hsm_dialect_text(d, text));
    line(s, "%-20s %s", "  file's sha256", text_groups(d->sha256, 8, text));
    if (d->not_enforced)
        line(s, "%-20s %s; hsmferry does", "  does not enforce",
             sheet_flags(&passes, d->not_enforced, text, sizeof text));
}

static void running(const struct app_side *side, struct sheet *s)
{
    if (side->has_token && side->loading[0])
        line(s, "%-20s %s", "module loaded from", side->loading);
    if (side->has_token && side->confinement[0])
        line(s, "%-20s %s", "agent confined", side->confinement);
}

static void module(const struct app *app, struct sheet *s)
{
    const struct config_side *side = &app->config->side[app->active];
    const struct hsm_slot *slot = app_setup_slot(app, app->active, app->side[app->active].setup.at);

    line(s, "%-20s %s", "API", side->where.api);
    line(s, "%-20s %s", "module", side->where.module);
    for (char **variable = side->environment; variable && *variable; variable++) {
        char safe[TEXT_SAFE_SIZE(FIELD_MAX)];
        text_safe(*variable, strlen(*variable), safe, sizeof safe);
        line(s, "%-20s %s", "environment", safe);
    }
    dialect(&app->side[app->active], s);
    if (side->agent)
        line(s, "%-20s %s", "agent", "named by the ceremony file; its code is not checked");
    running(&app->side[app->active], s);
    if (slot)
        slot_facts(slot, s);
    else if (app->side[app->active].state == SIDE_FAILED)
        line(s, "%-20s %s", "failed", app->side[app->active].err.what);
}

static void log_entry(const struct app *app, struct sheet *s)
{
    const struct log_line *entry = log_at(&app->log, app->log_scroll.at);
    char time[32];

    if (!entry)
        return;
    line(s, "%s  %s", text_time(entry->utc_ms, true, time), side_name(entry->side));
    sentence(s, entry->text, SENTENCE);
}

static void details(const struct app *app, struct sheet *s)
{
    snprintf(s->title, sizeof s->title, "DETAILS: %s", side_name(app->active));
    if (app->view == VIEW_SETUP)
        module(app, s);
    else if (app->view == VIEW_LOG)
        log_entry(app, s);
    else
        object(app, s);
}

/* --- a failure -------------------------------------------------------------------------------- */

static void message(const struct app *app, struct sheet *s)
{
    const struct err *err = &app->message;

    snprintf(s->title, sizeof s->title, "%s", err->code == ERR_NONE ? "DONE" : "FAILED");
    sentence(s, err->what, SENTENCE);
    if (err->hsm_name[0] || err->hsm_code)
        line(s, "The HSM says: 0x%" PRIx64 " %s", err->hsm_code, err->hsm_name);
    if (err->now[0])
        line(s, "%s", "");
    sentence(s, err->now, SENTENCE);
    if (err->next[0])
        line(s, "%s", "");
    sentence(s, err->next, SENTENCE);
}

/* --- a gate ----------------------------------------------------------------------------------- */

enum { WORD_COLUMNS = 12, GATE_MARGIN = 8 };

/* Both halves of the digest in hex, then all of it in words, the first of each line numbered. */
static void print(struct sheet *s, const uint8_t sha256[SHA256_SIZE], int columns)
{
    unsigned words = (unsigned)(columns - GATE_MARGIN) / WORD_COLUMNS;
    char groups[TEXT_GROUPS_SIZE], text[TEXT_WORDS_SIZE];

    words = words < 2 ? 2 : words > 6 ? 6 : words;
    text_groups(sha256, 16, groups);
    line(s, "    %.39s", groups);
    line(s, "    %s", groups + 40);
    for (unsigned i = 0; i < SHA256_SIZE; i += words)
        line(s, " %2u %s", i + 1,
             text_words(sha256, i, i + words > SHA256_SIZE ? SHA256_SIZE - i : words, text));
}

static void compare(const struct app *app, struct sheet *s)
{
    const struct run_fingerprint *prints = app->run.fingerprint;

    line(s, "%s", "The transport key, as the DESTINATION made it:");
    print(s, prints[SIDE_DESTINATION].spki_sha256, app->columns);
    line(s, "%s", "The same key, as the SOURCE loaded it:");
    print(s, prints[SIDE_SOURCE].spki_sha256, app->columns);
}

/* Both devices, as they are read out. */
static void devices(const struct app *app, struct sheet *s)
{
    static const char *const titles[] = {"SOURCE", "DESTINATION"};

    line(s, "%s", "Compare both devices with the script on paper, before anything else.");
    for (unsigned i = 0; i < 2; i++) {
        const struct app_side *side = &app->side[i];
        line(s, "%s", "");
        line(s, "%-12s token  %s", titles[i], side->token.label);
        line(s, "%-12s serial %s", "", side->token.serial);
        line(s, "%-12s %s %s, firmware %s", "", side->token.manufacturer, side->token.model,
             side->token.firmware);
        line(s, "%-12s %s %s, %s %s", "", side->info.api, side->info.api_version,
             side->info.library, side->info.version);
    }
}

static void gate(const struct app *app, struct sheet *s)
{
    static const char *const titles[GATES] = {"DEVICES", "START", "COMPARE", "KEY"};
    const struct run_key *key;
    char text[KEY_LABEL_TEXT];

    if ((unsigned)app->run.gate.gate < GATES)
        snprintf(s->title, sizeof s->title, "%s", titles[app->run.gate.gate]);
    if (app->run.gate.gate == GATE_DEVICES)
        devices(app, s);
    else if (app->run.gate.gate == GATE_FINGERPRINT)
        compare(app, s);
    else if (app->run.gate.gate == GATE_KEY && (key = run_key_at(&app->run, app->run.gate.key))) {
        line(s, "Key %" PRIu32 " of %zu", app->run.gate.key, app->run.chosen);
        line(s, "%s", key_label_text(&key->source, text));
        line(s, "%s", key_type_text(&key->source, text));
        line(s, "%s", key->reason);
    } else
        line(s, "%zu keys go; %" PRIu32 " cannot.", app->run.goes, app->run.refused);
}

void sheet_make(const struct app *app, enum dialog dialog, struct sheet *sheet)
{
    static void (*const pages[DIALOGS])(const struct app *, struct sheet *) = {
        [DIALOG_HELP] = help,
        [DIALOG_DETAILS] = details,
        [DIALOG_MESSAGE] = message,
        [DIALOG_GATE] = gate,
    };

    sheet->title[0] = sheet->text[0] = '\0';
    sheet->len = sheet->lines = 0;
    if (pages[dialog])
        pages[dialog](app, sheet);
}
