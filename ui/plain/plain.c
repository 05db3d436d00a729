/* SPDX-License-Identifier: Apache-2.0 */
/* One function for each kind of event that is printed; `tellers` at the foot lists them. */
#include "ui/plain/plain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plan/transports.h"

struct line {
    const struct event *event;
    const struct plain_known *known;
    char *out;
    size_t at;
};

static const char sign_ok[] = "[ ok ]", sign_failed[] = "[FAIL]", sign_waiting[] = "[WAIT]",
                  sign_under_way[] = "[ .. ]", sign_none[] = "[    ]";

static void __attribute__((format(printf, 2, 3))) add(struct line *l, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    l->at += text_vprint(l->out + l->at, PLAIN_LINE_MAX - l->at, fmt, args);
    va_end(args);
}

/* Adds before and text, unless text is empty. */
static void add_some(struct line *l, const char *before, const char *text)
{
    if (text[0])
        add(l, "%s%s", before, text);
}

static void add_key(struct line *l)
{
    if (l->event->key == 0)
        return;
    add(l, "key %" PRIu32, l->event->key);
    add_some(l, " ", l->known->label ? l->known->label : "");
    add(l, ": ");
}

/* The columns in front: when, how it stands, the number in the protocol (0: none), where. */
static void head(struct line *l, const char *sign, int number)
{
    char time[32];

    add(l, "%s %s ", text_time(l->event->utc_ms, true, time) + sizeof "2026-11-23", sign);
    if (number > 0)
        add(l, "%2d ", number);
    else
        add(l, "   ");
    add(l, "%-11s ", side_name(l->event->side));
    add_key(l);
}

static const char *state_sign(enum event_state state)
{
    static const char *const signs[] = {[EVENT_BEGUN] = sign_under_way,
                                        [EVENT_OK] = sign_ok,
                                        [EVENT_FAILED] = sign_failed,
                                        [EVENT_UNDONE] = sign_none};

    return (unsigned)state < sizeof signs / sizeof signs[0] ? signs[state] : sign_none;
}

static void tell_begin(struct line *l)
{
    char time[32];

    head(l, sign_none, 0);
    add(l, "%s%s, hsmferry %s, ceremony %s, %s", l->event->begin.rehearsal ? "REHEARSAL: " : "",
        l->event->begin.title, l->event->begin.version, l->event->begin.id,
        text_time(l->event->utc_ms, false, time));
    add_some(l, ", visit ", l->event->begin.visit);
    add_some(l, " of migration ", l->event->begin.migration);
    add_some(l, ", ", l->event->begin.file);
    add_some(l, "; hsmferry: ", l->event->begin.confinement);
}

static void tell_officer(struct line *l)
{
    head(l, sign_none, 0);
    add(l, "officer: %s", l->event->officer.name);
    add_some(l, ", ", l->event->officer.role);
}

static void tell_reach(struct line *l)
{
    char groups[TEXT_GROUPS_SIZE];

    head(l, sign_none, 0);
    if (l->event->reach.what == REACH_AGENT)
        add(l, "its agent's command, code not checked: %s", l->event->reach.text);
    else
        add(l, "%s %s, sha256 %s", reach_name(l->event->reach.what), l->event->reach.text,
            text_groups(l->event->reach.sha256, 4, groups));
}

static void tell_signer(struct line *l)
{
    const struct event_signer *signer = &l->event->signer;

    head(l, sign_none, 0);
    add(l, "the report will be signed by %s on %s", signer->key, signer->token);
    add_some(l, ", ", signer->role);
}

static void tell_policy(struct line *l)
{
    head(l, sign_none, 0);
    add(l, "policy: %s: %s", l->event->note.name, l->event->note.text);
}

static void tell_side(struct line *l)
{
    enum side_state state = l->event->side_state.state;

    head(l,
         state == SIDE_FAILED    ? sign_failed
         : state == SIDE_OPENING ? sign_under_way
         : state == SIDE_CLOSED  ? sign_none
                                 : sign_ok,
         0);
    add(l, "%s", side_state_name(state));
}

static void tell_dialect(struct line *l, const struct hsm_dialect *dialect)
{
    char text[HSM_DIALECT_TEXT], groups[TEXT_GROUPS_SIZE];

    if (!dialect->name[0])
        return;
    add_some(l, ", ", hsm_dialect_text(dialect, text));
    add_some(l, " sha256 ", text_groups(dialect->sha256, 4, groups));
    for (unsigned i = 0; i < KEY_FLAGS; i++)
        if (dialect->not_enforced & UINT32_C(1) << i)
            add(l, ", does not enforce %s", key_flag_name(UINT32_C(1) << i));
}

static void tell_hsm(struct line *l)
{
    const struct hsm_about *info = &l->event->hsm.info;
    const struct hsm_slot *slot = &l->event->hsm.slot;

    head(l, sign_none, 0);
    add(l, "token %s, serial %s", slot->label, slot->serial);
    add_some(l, ", ", slot->manufacturer);
    add_some(l, " ", slot->model);
    add_some(l, ", firmware ", slot->firmware);
    add_some(l, ", ", info->library);
    add_some(l, " ", info->version);
    add(l, ", %s", info->api);
    add_some(l, " ", info->api_version);
    tell_dialect(l, &info->dialect);
    add_some(l, ", ", l->event->hsm.module);
    add_some(l, ", loaded from ", l->event->hsm.loading);
    add_some(l, "; agent on ", info->host);
    add_some(l, " as ", info->user);
    add_some(l, "; agent: ", l->event->hsm.confinement);
}

static void tell_loaded(struct line *l)
{
    char groups[TEXT_GROUPS_SIZE];

    head(l, sign_none, 0);
    add(l, "its module loads %s, sha256 %s", l->event->loaded.path,
        text_groups(l->event->loaded.sha256, 4, groups));
}

static void print_capability(struct line *l)
{
    const struct hsm_capability *capability = &l->event->capability.how;

    head(l, sign_none, 0);
    add(l, "%s: ", hsm_alg_name(l->event->capability.alg));
    if (capability->wrap)
        add(l, "wraps by %s", capability->wrap_call);
    if (capability->unwrap)
        add(l, "%sunwraps by %s", capability->wrap ? ", " : "", capability->unwrap_call);
    if (!capability->wrap && !capability->unwrap)
        add(l, "no");
    add_some(l, "; ", capability->reason);
}

static void tell_choice(struct line *l)
{
    char pair[TRANSPORT_TEXT];

    if (l->event->choice.envelope)
        text_print(pair, sizeof pair, "AES %" PRIu32, l->event->choice.bits);
    else
        transport_pair_text(l->event->choice.alg, l->event->choice.bits, pair);
    head(l, sign_ok, 0);
    add(l, "%s: %s, %s", l->event->choice.envelope ? "envelope" : "transport",
        hsm_alg_name(l->event->choice.alg), pair);
    add_some(l, ", KDF ", l->event->choice.kdf);
    add_some(l, ", source ", l->event->choice.source_call);
    add_some(l, ", destination ", l->event->choice.destination_call);
    add_some(l, "; for ", l->event->choice.keys);
    add_some(l, "; ", l->event->choice.reason);
}

static void tell_rejected(struct line *l)
{
    head(l, sign_none, 0);
    add(l, "not %s: %s", l->event->note.name, l->event->note.text);
}

static void tell_canary(struct line *l)
{
    enum canary_state state = l->event->canary.state;
    int64_t micros = l->event->canary.micros;
    char hex[2 * SHA256_SIZE + 1];

    if (state == CANARY_COMMITS || state == CANARY_CLEAN) {
        head(l, state == CANARY_CLEAN ? sign_ok : sign_none, 0);
        add(l, "canary%s%s: %s", state == CANARY_CLEAN ? "" : " ",
            state == CANARY_CLEAN ? "" : l->event->canary.type, l->event->canary.text);
        return;
    }
    head(l, state == CANARY_PASSED ? sign_ok : state == CANARY_FAILED ? sign_failed : sign_none, 0);
    add(l, "canary %s, %s: %s", l->event->canary.type, hsm_alg_name(l->event->canary.alg),
        canary_state_name(state));
    add_some(l, ": ", l->event->canary.text);
    if (l->event->canary.bytes)
        add(l, ", %" PRIu32 " bytes, sha256 %s", l->event->canary.bytes,
            text_hex(l->event->canary.sha256, SHA256_SIZE, hex));
    add(l, ", %" PRId64 ".%" PRId64 " ms", micros / 1000, micros % 1000 / 100);
}

static void tell_script(struct line *l)
{
    const struct event_script *script = &l->event->script;
    char label[KEY_LABEL_TEXT];

    switch (script->what) {
    case SCRIPT_LINE:
        head(l, sign_none, 0);
        add(l, "script, line %" PRIu32 ": %s", script->line, script->text);
        break;
    case SCRIPT_OPENED:
        head(l, script->expect && script->expect != script->found ? sign_failed : sign_none, 0);
        add(l, "script, line %" PRIu32 ": names %" PRIu32 " key%s here", script->line,
            script->found, script->found == 1 ? "" : "s");
        if (script->expect)
            add(l, ", expected: %" PRIu32, script->expect);
        break;
    case SCRIPT_KEY:
        head(l, sign_none, 0);
        text_safe(script->label,
                  script->label_len < KEY_LABEL_MAX ? script->label_len : KEY_LABEL_MAX, label,
                  sizeof label);
        add(l, "script, line %" PRIu32 ": %s, %s", script->line, label, script->type);
        break;
    case SCRIPT_VERDICT:
        head(l,
             script->outcome == SCRIPT_FOLLOWED ? sign_ok
             : script->outcome == SCRIPT_NONE   ? sign_none
                                                : sign_failed,
             0);
        add(l, "script: %s", script_outcome_name(script->outcome));
        add_some(l, ": ", script->text);
        break;
    case SCRIPT_WANTED:
        head(l, sign_waiting, 0);
        add(l, "NOT AS THE SCRIPT SAYS: %s; an exception must say why", script->text);
        break;
    default:
        head(l, sign_failed, 0);
        add(l, "NOT AS THE SCRIPT SAYS: %s: %s", script_what_name(script->what), script->text);
        break;
    }
}

static void tell_planned(struct line *l)
{
    char type[KEY_TYPE_TEXT];

    head(l, sign_none, 0);
    add(l, "%s%s", l->event->planned.desc.class == KEY_CLASS_PUBLIC ? "public " : "",
        key_type_text(&l->event->planned.desc, type));
    if (l->event->planned.route == ROUTE_NONE) {
        add(l, ", CANNOT GO: %s", l->event->planned.reason);
        return;
    }
    add(l, ", goes");
    add_some(l, ": ", l->event->planned.reason);
    add_some(l, "; proof: ", l->event->planned.proof);
}

static void tell_warning(struct line *l)
{
    head(l, sign_none, 0);
    add(l, "WARNING: %s", l->event->note.text);
}

static void tell_gate(struct line *l)
{
    static const struct {
        const char *sign, *words;
    } states[] = {
        [GATE_OPEN] = {sign_waiting, "waits"},        [GATE_WRONG] = {sign_failed, "wrong answer"},
        [GATE_CONFIRMED] = {sign_ok, "confirmed"},    [GATE_REFUSED] = {sign_failed, "refused"},
        [GATE_WAIVED] = {sign_none, "not asked for"},
    };
    enum gate_state state = l->event->gate.state;

    if ((unsigned)state >= sizeof states / sizeof states[0])
        return;
    head(l, states[state].sign, 0);
    add(l, "gate %s: %s", gate_name(l->event->gate.gate), states[state].words);
    add_some(l, ": ", l->event->gate.question);
    if (state != GATE_WAIVED) {
        add_some(l, ", ", l->event->gate.officer);
        add_some(l, ", ", l->event->gate.role);
    }
    if (state == GATE_OPEN || state == GATE_WRONG)
        add(l, " (tries left: %u)", l->event->gate.tries_left);
}

/* A wait is the question that it asks. */
static void tell_pace(struct line *l)
{
    const int64_t ms = l->event->pace.micros / 1000;

    if (l->event->pace.state == PACE_WAITS)
        return;
    head(l, sign_none, 0);
    if (l->event->pace.state == PACE_CHOSEN)
        add(l, "pace: %s", pace_name(l->event->pace.pace));
    else
        add(l, "waited for %" PRId64 ".%" PRId64 " s", ms / 1000, ms / 100 % 10);
}

static void tell_sessions(struct line *l)
{
    head(l, sign_none, 0);
    add(l, "sessions: source %" PRIu32 ", destination %" PRIu32 "; %s",
        l->event->sessions.have[SIDE_SOURCE], l->event->sessions.have[SIDE_DESTINATION],
        l->event->sessions.reason);
}

static void tell_step(struct line *l)
{
    char hex[2 * SHA256_SIZE + 1];
    int64_t micros = l->event->step.micros;

    head(l, state_sign(l->event->step.state), step_number(l->event->step.id));
    add(l, "%s%s", l->event->step.state == EVENT_UNDONE ? "undone: " : "",
        step_title(l->event->step.id));
    add_some(l, ": ", l->event->step.call);
    add_some(l, ", ", l->event->step.text);
    if (l->event->step.bytes && l->event->side == SIDE_RELAY)
        add(l, ", %" PRIu32 " bytes, sha256 %s", l->event->step.bytes,
            text_hex(l->event->step.sha256, SHA256_SIZE, hex));
    if (l->event->step.state == EVENT_OK || l->event->step.state == EVENT_FAILED)
        add(l, ", %" PRId64 ".%" PRId64 " ms", micros / 1000, micros % 1000 / 100);
}

/* The number of bits does not say which key it is: a hybrid has those of its curve. */
static void tell_fingerprint(struct line *l)
{
    const enum hsm_alg alg = l->known->transport < HSM_ALGS ? l->known->transport : 0;
    const char *crosses = transport_crosses(alg);
    char groups[TEXT_GROUPS_SIZE], pair[TRANSPORT_TEXT];

    head(l, sign_none, 0);
    add(l, "%s as this side reports %s: %s, %" PRIu32 " bytes, sha256 %s",
        crosses ? crosses : "transport key", crosses ? "them" : "it",
        transport_pair_text(alg, l->event->fingerprint.bits, pair), l->event->fingerprint.bytes,
        text_groups(l->event->fingerprint.spki_sha256, SHA256_SIZE / 2, groups));
}

static void tell_proof(struct line *l)
{
    head(l, state_sign(l->event->proof.state), step_number(l->event->proof.stage));
    add(l, "%s: %s", step_title(l->event->proof.stage), hsm_proof_name(l->event->proof.proof));
    add_some(l, ": ", l->event->proof.text);
    add_some(l, ", by ", l->event->proof.call[SIDE_DESTINATION]);
}

static void print_kcv(struct line *l)
{
    char text[EVENT_KCV_TEXT];

    head(l, sign_none, step_number(STEP_PROVE));
    add(l, "check value %s", event_kcv_text(&l->event->kcv, text));
}

static void tell_compared(struct line *l)
{
    char text[EVENT_COMPARED_TEXT];

    head(l, sign_none, 0);
    add(l, "%s: %s", l->event->compared.label, event_compared_text(&l->event->compared, text));
}

static void tell_key_done(struct line *l)
{
    enum key_outcome outcome = l->event->key_done.outcome;

    head(l,
         outcome == KEY_MIGRATED || outcome == KEY_SEALED || outcome == KEY_DESTROYED ||
                 outcome == KEY_ALIGNED || outcome == KEY_DERIVED
             ? sign_ok
         : outcome == KEY_REFUSED || outcome == KEY_PENDING ? sign_none
                                                            : sign_failed,
         0);
    add(l, "%s", key_outcome_name(outcome));
    add_some(l, ": ", l->event->key_done.text);
}

static void tell_inventory(struct line *l)
{
    bool after = l->event->inventory.after;
    uint32_t unexplained = l->event->inventory.unexplained;
    uint32_t missing = l->event->inventory.missing;

    head(l, unexplained || missing ? sign_failed : sign_ok, 0);
    add(l, "inventory %s: %" PRIu32 " objects", after ? "after" : "before",
        l->event->inventory.objects);
    if (after)
        add(l, ", %" PRIu32 " unexplained, %" PRIu32 " missing", unexplained, missing);
}

static void print_vendor_output(struct line *l)
{
    head(l, sign_none, 0);
    add(l, "its library says: %s", l->event->note.text);
}

static void tell_error(struct line *l)
{
    head(l, sign_failed, 0);
    err_line(&l->event->error, l->out + l->at, (unsigned)(PLAIN_LINE_MAX - l->at));
    while (l->out[l->at])
        l->at++;
}

static void tell_end(struct line *l)
{
    head(l, l->event->end.outcome == END_COMPLETE ? sign_ok : sign_failed, 0);
    add(l, "the ceremony is %s: %" PRIu32 " migrated", end_outcome_name(l->event->end.outcome),
        l->event->end.migrated);
    if (l->event->end.destroyed)
        add(l, ", %" PRIu32 " destroyed", l->event->end.destroyed);
    if (l->event->end.derived)
        add(l, ", %" PRIu32 " NEW, derived on both HSMs", l->event->end.derived);
    if (l->event->end.aligned)
        add(l, ", %" PRIu32 " aligned", l->event->end.aligned);
    if (l->event->end.sealed)
        add(l, ", %" PRIu32 " sealed", l->event->end.sealed);
    if (l->event->end.unproven)
        add(l, ", %" PRIu32 " UNPROVEN", l->event->end.unproven);
    add(l, ", %" PRIu32 " refused, %" PRIu32 " failed", l->event->end.refused,
        l->event->end.failed);
    if (l->event->end.companions + l->event->end.companions_refused +
        l->event->end.companions_failed)
        add(l, "; with them %" PRIu32 " public objects, %" PRIu32 " refused, %" PRIu32 " failed",
            l->event->end.companions, l->event->end.companions_refused,
            l->event->end.companions_failed);
    add_some(l, "; ", l->event->end.text);
}

static void tell_pin(struct line *l)
{
    if (l->event->pin.file[0]) {
        head(l, sign_none, 0);
        add(l, "the PIN of token %s, serial %s, comes from %s", l->event->pin.token,
            l->event->pin.serial, l->event->pin.file);
        return;
    }
    head(l, sign_waiting, 0);
    add(l, "the PIN of token %s, serial %s", l->event->pin.token, l->event->pin.serial);
    if (l->event->pin.flags & HSM_TOKEN_PIN_FINAL_TRY)
        add(l, "; ONE TRY IS LEFT: a wrong PIN locks the token");
    else if (l->event->pin.flags & HSM_TOKEN_PIN_COUNT_LOW)
        add(l, "; few tries are left");
}

static void tell_exception(struct line *l)
{
    head(l, sign_none, 0);
    add(l, "exception%s%s%s: expected: %s; happened: %s; decided: %s",
        l->event->exception.script ? " from the script" : "",
        l->event->exception.from[0] ? ", written in the interrupted ceremony " : "",
        l->event->exception.from, l->event->exception.expected, l->event->exception.happened,
        l->event->exception.decided);
}

static void tell_file(struct line *l)
{
    const uint8_t *sha256 = l->event->file.sha256;
    char groups[TEXT_GROUPS_SIZE], words[TEXT_WORDS_SIZE];

    head(l, sign_ok, 0);
    add(l, "%s, stage %s, %s: %s, %" PRIu64 " bytes, sha256 %s", l->event->file.format,
        l->event->file.stage, file_state_name(l->event->file.state), l->event->file.path,
        l->event->file.bytes, text_groups(sha256, SHA256_SIZE, groups));
    add_some(l, "; ", l->event->file.trust);
    if (l->event->file.state == FILE_WRITTEN && l->event->file.trust[0])
        add(l, "; its .sig and .pub.pem travel with it");
    else if (l->event->file.state == FILE_WRITTEN &&
             strcmp(l->event->file.format, ARRIVAL_PEM) != 0)
        add(l, "; its words to read out in the other room: %s",
            text_words(sha256, 0, FILE_WORDS, words));
}

static void (*const printers[EVENT_KINDS])(struct line *) = {
    [EVENT_BEGIN] = tell_begin,
    [EVENT_OFFICER] = tell_officer,
    [EVENT_REACH] = tell_reach,
    [EVENT_SIGNER] = tell_signer,
    [EVENT_POLICY] = tell_policy,
    [EVENT_SIDE] = tell_side,
    [EVENT_HSM] = tell_hsm,
    [EVENT_LOADED] = tell_loaded,
    [EVENT_CAPABILITY] = print_capability,
    [EVENT_CHOICE] = tell_choice,
    [EVENT_REJECTED] = tell_rejected,
    [EVENT_CANARY] = tell_canary,
    [EVENT_SCRIPT] = tell_script,
    [EVENT_PLANNED] = tell_planned,
    [EVENT_WARNING] = tell_warning,
    [EVENT_GATE] = tell_gate,
    [EVENT_PACE] = tell_pace,
    [EVENT_SESSIONS] = tell_sessions,
    [EVENT_STEP] = tell_step,
    [EVENT_PROOF] = tell_proof,
    [EVENT_FINGERPRINT] = tell_fingerprint,
    [EVENT_KCV] = print_kcv,
    [EVENT_COMPARED] = tell_compared,
    [EVENT_KEY_DONE] = tell_key_done,
    [EVENT_INVENTORY] = tell_inventory,
    [EVENT_VENDOR_OUTPUT] = print_vendor_output,
    [EVENT_ERROR] = tell_error,
    [EVENT_END] = tell_end,
    [EVENT_PIN] = tell_pin,
    [EVENT_EXCEPTION] = tell_exception,
    [EVENT_FILE] = tell_file,
};

size_t plain_line(const struct event *event, const struct plain_known *known, char *out)
{
    struct line line = {.event = event, .known = known, .out = out};

    out[0] = '\0';
    if ((unsigned)event->kind < EVENT_KINDS && printers[event->kind])
        printers[event->kind](&line);
    return line.at;
}

struct stamped {
    FILE *out;
    const char *stamp;
    bool inside; /* a line has begun */
};

static ssize_t write_stamped(void *cookie, const char *text, size_t len)
{
    struct stamped *s = cookie;

    for (size_t i = 0; i < len; i++) {
        if (!s->inside)
            fputs(s->stamp, s->out);
        s->inside = text[i] != '\n';
        putc(text[i], s->out);
    }
    return fflush(s->out) == 0 ? (ssize_t)len : 0;
}

static int close_stamped(void *cookie)
{
    free(cookie);
    return 0;
}

FILE *plain_stamped(FILE *out, const char *stamp)
{
    static const cookie_io_functions_t functions = {.write = write_stamped, .close = close_stamped};
    struct stamped *s = calloc(1, sizeof *s);
    FILE *stream = s ? fopencookie(s, "w", functions) : NULL;

    if (!stream) {
        free(s);
        return NULL;
    }
    s->out = out;
    s->stamp = stamp;
    return stream;
}

void plain_error(FILE *out, const struct err *err)
{
    struct err what = *err;
    char line[PLAIN_LINE_MAX];

    what.now[0] = what.next[0] = '\0';
    fprintf(out, "hsmferry: %s\n", err_line(&what, line, sizeof line));
    if (err->now[0])
        fprintf(out, "  now: %s\n", err->now);
    if (err->next[0])
        fprintf(out, "  next: %s\n", err->next);
}

void plain_report(FILE *out, const char *path, const uint8_t *sha256, const struct signing *signing)
{
    enum { IN_ROW = 8 };
    char text[TEXT_WORDS_SIZE];

    fprintf(out, "Report     %s\n", path);
    fprintf(out, "SHA-256    %s\n", text_groups(sha256, SHA256_SIZE / 2, text));
    for (unsigned at = 0; at < SHA256_SIZE; at += IN_ROW)
        fprintf(out, "           %s\n", text_words(sha256, at, IN_ROW, text));
    signing_print(signing, out);
}
