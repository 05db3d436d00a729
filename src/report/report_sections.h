/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by document.c and report_sections.c, the two halves of the report's text. */
#ifndef HSMFERRY_REPORT_REPORT_SECTIONS_H
#define HSMFERRY_REPORT_REPORT_SECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "journal/event_index.h"
#include "journal/event_log.h"
#include "protocol/event.h"
#include "report/key_profiles.h"
#include "report/yaml_writer.h"

/* The input and output of the sections. */
struct view {
    const struct event_log *log;
    const struct event_index *index;
    const struct key_profiles *profiles; /* of the keys, from format 3 on */
    struct writer *w;
};

/* The bit of one kind of event, for event_log_next(). */
uint64_t section_kind(enum event_kind kind);

/* Does this report have what format 2 added? One of format 1 is written as it was. */
bool section_is_new(const struct view *v);

/* What this record has beyond the first ones of its format (RECORD_ADDITIONS). */
uint32_t part_additions(const struct view *v);

/* For how long questions were open at gates until they were answered, in milliseconds. */
int64_t part_gates_ms(const struct view *v);

/* In the head and on every key, so that a rehearsal and a ceremony are never confused. */
void section_stamp(const struct view *v);

/* Writes text if there is any. */
void section_some(struct writer *w, const char *key, const char *text);

/* Writes a fingerprint in the form that people compare: `sha256:` in groups, and `words:`. */
void section_groups(struct writer *w, const uint8_t sha256[32]);

/* Writes a list of all notes of one kind: time, name (under this key), and text. */
void section_notes(const struct view *v, enum event_kind which, const char *section,
                   const char *name);

/* Writes how this side is reached: `agent`, `agent-code`, `environment`, `parameters-sha256`. */
void section_reach(const struct view *v, enum side side);

/* Writes what one proof says. */
void section_proof(struct writer *w, const struct event *event);

/* Parts of the report, each with its own key. */
void part_profiles(const struct view *v);
void part_keys(const struct view *v);
void part_companions(const struct view *v);
void part_script(const struct view *v);
void part_pins(const struct view *v);
void section_transport_key(const struct view *v);
void section_files(const struct view *v);
void part_pace(const struct view *v);
void part_sessions(const struct view *v);
void section_gates(const struct view *v);
void section_steps(const struct view *v);
void section_proofs(const struct view *v);
void section_inventory(const struct view *v);
void section_warnings(const struct view *v);
void section_exceptions(const struct view *v);
void section_vendor_output(const struct view *v);
void section_errors(const struct view *v);
void section_journal(const struct view *v);

#endif
