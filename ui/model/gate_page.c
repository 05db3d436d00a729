/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/gate_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plan/transports.h"
#include "ui/model/gate_words.h"

/* A word of two syllables, one of three, and a blank after each: 9 and 11 letters at most. */
enum { PAIR_COLUMNS = 22, WORD_MARGIN = 4, GROUP_COLUMNS = 5, GROUPS = 16, STAMP_COLUMNS = 18 };

/* What is typed: initials and four such words; a word or two. */
enum { WORDS_COLUMNS = 4 + 4 * 12, FIELD_COLUMNS = 12 };

/* --- what is read ----------------------------------------------------------------------------- */

static int columns_of(const struct app *app)
{
    return layout_dialog_columns(&app->at.layout);
}

/* The digest in hex, as many groups on a line as fit, half or a quarter of it. */
static void print_groups(struct sheet *s, const uint8_t sha256[SHA256_SIZE], int columns)
{
    unsigned each = GROUPS / 2;
    char groups[TEXT_GROUPS_SIZE];

    while (each > 1 && (int)each * GROUP_COLUMNS + WORD_MARGIN - 1 > columns)
        each /= 2;
    text_groups(sha256, GROUPS, groups);
    for (unsigned i = 0; i < GROUPS; i += each)
        sheet_line(s, "    %.*s", (int)each * GROUP_COLUMNS - 1, groups + i * GROUP_COLUMNS);
}

/* The digest in hex, then all of it in words, the first of each line numbered. */
static void print(struct sheet *s, const uint8_t sha256[SHA256_SIZE], int columns)
{
    int pairs = (columns - WORD_MARGIN + 1) / PAIR_COLUMNS;
    unsigned each = pairs < 1 ? 2 : pairs > 3 ? 6 : 2 * (unsigned)pairs;
    char text[TEXT_WORDS_SIZE];

    print_groups(s, sha256, columns);
    for (unsigned i = 0; i < SHA256_SIZE; i += each)
        sheet_line(s, " %2u %s", i + 1,
                   text_words(sha256, i, i + each > SHA256_SIZE ? SHA256_SIZE - i : each, text));
}

static void compare(const struct app *app, struct sheet *s)
{
    const struct run_fingerprint *prints = app->run.fingerprint;

    const bool agreed = app->run.transport.kdf[0],
               kem = agreed && transport_is_post_quantum(transport_of(app->run.transport.alg));

    if (app->run.for_service) /* it has the bits of the service, not those of the policy */
        sheet_line(s, "RSA %" PRIu32 ". %s", prints[SIDE_DESTINATION].bits,
                   run_place(&app->run)->made);
    else
        sheet_line(s, "%s",
                   kem      ? "What both sides sent, as the DESTINATION reports it:"
                   : agreed ? "Both public keys, as the DESTINATION reports them:"
                            : run_place(&app->run)->made);
    print(s, prints[SIDE_DESTINATION].spki_sha256, columns_of(app));
    sheet_line(s, "%s",
               agreed ? "The same, as the SOURCE reports them:"
                      : "The same key, as the SOURCE loaded it:");
    print(s, prints[SIDE_SOURCE].spki_sha256, columns_of(app));
}

/* Both devices, as they are read out. */
static void devices(const struct app *app, struct sheet *s)
{
    static const char *const titles[] = {"SOURCE", "DESTINATION"};
    const enum visit visit = app->at.visit;

    sheet_line(s, "Compare %s with the script on paper, before anything else.",
               visit == VISIT_NONE ? "both devices" : "this device");
    for (unsigned i = 0; i < 2; i++) {
        const struct app_side *side = &app->side[i];
        if (visit != VISIT_NONE && visit_side(visit) != (enum side)i)
            continue; /* it is in the other room */
        sheet_line(s, "%s", "");
        sheet_line(s, "%-12s token  %s", titles[i], side->token.label);
        sheet_line(s, "%-12s serial %s", "", side->token.serial);
        sheet_line(s, "%-12s %s %s, firmware %s", "", side->token.manufacturer, side->token.model,
                   side->token.firmware);
        sheet_line(s, "%-12s %s %s, %s %s", "", side->info.api, side->info.api_version,
                   side->info.library, side->info.version);
    }
}

/* The key in the words of the script: its kind, and all that distinguishes it from other keys. */
static void one_key(const struct app *app, struct sheet *s)
{
    const struct run_key *key = run_key_at(&app->run, app->run.gate.key);
    char text[2 * KEY_LABEL_TEXT], check[EVENT_KCV_TEXT];

    if (!key)
        return;
    sheet_line(s, "Key %" PRIu32 " of %zu: %s", app->run.gate.key, app->run.chosen,
               key_label_text(&key->source, text));
    sheet_line(s, "%-12s %s", "type", key_type_text(&key->source, text));
    sheet_line(s, "%-12s %s", "id", key_id_text(&key->source, text)[0] ? text : "none");
    if (key->source.has_public) {
        sheet_line(s, "%s", "SHA-256 of its public key");
        print_groups(s, key->source.spki_sha256, columns_of(app));
    }
    if (key->source.kcv_len)
        sheet_line(s, "%-12s %s", "check value", key_kcv_text(&key->source, text));
    for (unsigned i = 0; i < key->kcv_count; i++)
        sheet_line(s, "%-12s %s", "check value", event_kcv_text(&key->kcvs[i], check));
    if (!key->source.has_public && !key->source.kcv_len && !key->kcv_count)
        sheet_line(s, "%-12s %s", "check value", "none is known before it is wrapped");
    sheet_line(s, "%s", key->reason);
}

static void read_page(const struct app *app, struct sheet *s)
{
    if (app->run.gate.gate == GATE_DEVICES)
        devices(app, s);
    else if (app->run.gate.gate == GATE_FINGERPRINT)
        compare(app, s);
    else if (app->run.gate.gate == GATE_KEY)
        one_key(app, s);
}

/* --- who is asked ----------------------------------------------------------------------------- */

static bool asks_both(const struct app *app, enum gate gate)
{
    return app->config->policy.two_officers & 1U << gate;
}

/* Whom the engine will ask first at the review. */
static const struct officer *first_officer(const struct config *config)
{
    if (config->policy.two_officers & 1U << GATE_REVIEW)
        return officer_find(config->officers, config->officer_count, officer_roles[SIDE_SOURCE]);
    return config->officer_count > 0 ? &config->officers[0] : NULL;
}

char *gate_who(const struct app *app, char *out)
{
    const struct run_gate *gate = &app->run.gate;
    bool before = app->phase == PHASE_REVIEWING;
    const struct officer *first = before ? first_officer(app->config) : NULL;
    const char *name = first ? first->name : before ? "" : gate->officer;
    const char *role = first ? first->role : before ? "" : gate->role;
    char count[16] = "";

    if (asks_both(app, before ? GATE_REVIEW : gate->gate))
        snprintf(count, sizeof count, "%u of 2: ", before ? 1 : gate->confirmed % 2 + 1);
    snprintf(out, GATE_WHO_SIZE, "%s%s%s%s", count, name, name[0] && role[0] ? ", " : "", role);
    return out;
}

static void put_title(const struct app *app, struct sheet *s)
{
    static const char *const titles[GATES] = {"DEVICES", "REVIEW", "COMPARE", "KEY", "FILE"};
    const char *title = titles[(unsigned)app->run.gate.gate < GATES ? app->run.gate.gate : 0];
    char who[GATE_WHO_SIZE];

    gate_who(app, who);
    if (text_width(who) + text_width(title) + STAMP_COLUMNS <= columns_of(app))
        snprintf(s->title, sizeof s->title, "%s%s%s", title, who[0] ? "  " : "", who);
    else {
        snprintf(s->title, sizeof s->title, "%s", title);
        sheet_line(s, "Asked: %s", who);
    }
}

/* --- as it fits the screen -------------------------------------------------------------------- */

/* All words of a fingerprint that were typed are to be seen, whatever the words. */
bool gate_field_below(enum gate gate, int columns, int width)
{
    return columns + (gate == GATE_FINGERPRINT ? WORDS_COLUMNS : FIELD_COLUMNS) > width;
}

void gate_page(const struct app *app, struct gate_page *out)
{
    enum { FRAME = 2, STATUS = 1 };
    int columns = columns_of(app), most = app->at.layout.screen.h - 1, below;

    sheet_clear(&out->sheet);
    sheet_clear(&out->ask);
    put_title(app, &out->sheet);
    read_page(app, &out->sheet);
    sheet_wrap(&out->sheet, columns);
    sheet_line(&out->ask, "%s:", app->run.gate.question);
    sheet_wrap(&out->ask, columns);
    out->below = gate_field_below(app->run.gate.gate, sheet_last_columns(&out->ask), columns);
    below = STATUS + (int)out->ask.lines + out->below;
    out->rows = most - FRAME - below;
    if (out->rows > (int)out->sheet.lines)
        out->rows = (int)out->sheet.lines;
    if (out->rows < 1)
        out->rows = 1;
    out->height = FRAME + below + out->rows;
}

void gate_page_shown(struct app *app)
{
    struct gate_page page;
    size_t *at = &app->dialog.scroll.at, rows;

    if (!app->run.gate.seq || app->run.gate.gate == GATE_REVIEW ||
        app->at.layout.form == LAYOUT_SENTENCE)
        return;
    gate_page(app, &page);
    rows = (size_t)page.rows;
    if (*at + rows > page.sheet.lines)
        *at = page.sheet.lines > rows ? page.sheet.lines - rows : 0;
    if (*at + rows >= page.sheet.lines && app_dialog(app) == DIALOG_GATE)
        app->dialog.end_seq = app->run.gate.seq;
}

/* --- F1 --------------------------------------------------------------------------------------- */

static void explain_pin(const struct app_pin *pin, struct sheet *s)
{
    sheet_line(s, "The PIN of token %s, serial %s.", pin->token, pin->serial);
    sheet_line(s, "%s",
               "Compare label and serial with the script on paper: this PIN is given to "
               "this token and to no other.");
    sheet_line(
        s, "%s",
        pin->flags & HSM_TOKEN_PIN_FINAL_TRY
            ? "A wrong PIN now locks the token: it was wrong too often before."
        : pin->flags & HSM_TOKEN_PIN_COUNT_LOW
            ? "The token says that a wrong PIN was given before, and that few tries are left."
            : "One try is made. The token counts wrong PINs, and locks after too many.");
    sheet_line(s, "%s", "Esc gives no PIN: this token is not opened, and nothing is changed.");
}

void gate_explain(const struct app *app, enum dialog_id kind, struct sheet *s)
{
    bool before = app->phase == PHASE_REVIEWING && kind == DIALOG_REVIEW;
    enum gate gate = before ? GATE_REVIEW : app->run.gate.gate;
    char who[GATE_WHO_SIZE];

    snprintf(s->title, sizeof s->title, "%s", "HELP: this question");
    if (kind == DIALOG_PIN) {
        explain_pin(&app->asked.pin, s);
        return;
    }
    if (gate_who(app, who)[0])
        sheet_line(s, "Asked: %s", who);
    gate_words(gate, app->run.removal, s);
    if (!before)
        sheet_line(s, "Tries left: %u. After them the ceremony is stopped.",
                   app->run.gate.tries_left);
    sheet_line(s, "%s",
               before ? "Esc leads back to the inventory; nothing has begun."
               : app->run.removal != REMOVAL_NONE
                   ? "Esc asks whether the removal shall stop. Keys that are destroyed by then are "
                     "not restored."
                   : "Esc asks whether the ceremony shall stop. What was begun is then undone, "
                     "and the source is unchanged.");
    sheet_line(s, "%s", "F2 writes down an exception; what you have typed so far is kept.");
}
