/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The script: the keys that the ceremony file names, as they were on the source when the ceremony
 * opened; and how the chosen keys differ from it.
 */
#ifndef HSMFERRY_PLAN_SCRIPT_H
#define HSMFERRY_PLAN_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/key.h"
#include "hsm/uri.h"
#include "plan/policy.h"
#include "protocol/event.h"
#include "protocol/script_word.h"

/* A line of the ceremony file's keys. */
struct script_line {
    char uri[URI_TEXT_MAX];
    uint32_t expect; /* how many keys it must name; 0: any number */
    uint32_t found;  /* how many it does, once the script was opened */
};

/* What the ceremony file says, before anything of it is changed on the screen. */
struct script_said {
    struct script_line *lines;
    size_t count; /* 0: there is no script */
    struct policy policy;
    bool rehearsal;
    uint32_t named; /* the settings that it names: bits of script_settings() */
};

/* A key as a line names it. */
struct script_key {
    uint32_t line;   /* the first line that names it, from 1 */
    uint64_t handle; /* on the source */
    enum key_class class;
    uint16_t label_len, id_len; /* as in struct key_desc */
    uint8_t label[KEY_LABEL_MAX], id[KEY_ID_MAX];
    char type[KEY_TYPE_TEXT];
};

/* {0} is none, and valid. */
struct script {
    struct script_line *lines;
    size_t line_count;
    struct script_key *keys; /* once opened: sorted by handle */
    size_t key_count;
    uint32_t settings; /* that are not as the file says: bits of script_settings() */
    bool opened;
};

/* Copies the lines; a line that is no pattern must name one key. Errors: ERR_FAILED (memory). */
bool script_begin(struct script *s, const struct script_line *lines, size_t count, struct err *err);

/* Takes over the part of a script that an event holds, up to SCRIPT_KEY, and a setting that was
 * changed: a file that was kept with the choices made on the screen agrees with it. Errors:
 * ERR_FAILED (memory). */
bool script_take(struct script *s, const struct event_script *told, struct err *err);

/* A copy, as it was when it was opened; script_open_again() opens it. Errors: ERR_FAILED (memory).
 */
bool script_copy(struct script *s, const struct script *from, struct err *err);

/* What each line gives in this list. Errors: ERR_FAILED (memory). */
bool script_open(struct script *s, const struct key_list *source, struct err *err);

/* The same for a script that script_take() took from the record of an interrupted ceremony: each of
 * its keys is looked for by class, label and id; one of which there are two is not found. Errors:
 * ERR_FAILED (memory). */
bool script_open_again(struct script *s, const struct key_list *source, struct err *err);
void script_free(struct script *s);

/* The key with this handle; NULL: the script does not name it. */
const struct script_key *script_find(const struct script *s, uint64_t handle);

/* The label as key_label_text() shows it; out has KEY_LABEL_TEXT bytes. Returns out. */
char *script_key_text(const struct script_key *key, char *out);

/* One difference: of SCRIPT_LEFT_OUT the key, of SCRIPT_ADDED its place among the chosen ones, of
 * SCRIPT_COUNT the line. */
struct script_difference {
    enum script_what what;
    const struct script_key *key;
    size_t chosen;
    uint32_t line; /* from 1 */
};
typedef bool script_report(void *ctx, const struct script_difference *difference, struct err *err);

/* Reports each difference between an opened script and the keys with these handles. Errors:
 * ERR_FAILED (memory), those of report, which end it. */
bool script_compare(const struct script *s, const uint64_t *chosen, size_t count,
                    script_report *report, void *ctx, struct err *err);

/* What differs, for people: {0} is nothing. */
enum { SCRIPT_NAMES = 160 };
struct script_summary {
    uint32_t counts[SCRIPT_WHATS];
    char names[SCRIPT_WHATS][SCRIPT_NAMES];
};

/* Adds one; name: a label, or what else differs, in safe text. */
void script_note(struct script_summary *summary, enum script_what what, const char *name);
bool script_deviates(const struct script_summary *summary);

/* "1 key left out: archive-aes128; 1 key added: tls-2019"; empty: nothing differs. out has
 * SCRIPT_SENTENCE bytes. Returns out. */
enum { SCRIPT_SENTENCE = SCRIPT_WHATS * (SCRIPT_NAMES + 64) };
char *script_sentence(const struct script_summary *summary, char *out);

/* The settings of the ceremony file that can differ: a bit (1 << i) for each that does, and its
 * name. */
enum script_setting {
    SETTING_RSA_BITS,
    SETTING_OAEP_HASHES,
    SETTING_TRANSPORTS,
    SETTING_KDF,
    SETTING_QUANTUM,
    SETTING_SENSITIVE,
    SETTING_EXTRACTABLE,
    SETTING_UNPROVEN,
    SETTING_UNAUTHENTICATED,
    SETTING_CMAC,
    SETTING_CANARY,
    SETTING_WRITES,
    SETTING_CONFINEMENT,
    SETTING_TAKEN,
    SETTING_VERSIONS,
    SETTING_RENAME,
    SETTING_GATES,
    SETTING_TWO_OFFICERS,
    SETTING_REHEARSAL,
    SCRIPT_SETTINGS
};
uint32_t script_settings(const struct script_said *said, const struct policy *policy,
                         bool rehearsal);
const char *script_setting_name(unsigned i);

#endif
