/* SPDX-License-Identifier: Apache-2.0 */
/* The text of the audit report, made from the events of a ceremony alone: "hsmferry-audit/3", or
 * the older format of an older journal. */
#ifndef HSMFERRY_REPORT_DOCUMENT_H
#define HSMFERRY_REPORT_DOCUMENT_H

#include "journal/event_index.h"
#include "journal/event_log.h"
#include "report/key_profiles.h"
#include "report/yaml_writer.h"

/* Writes the whole document: index and profiles are those of log, which contains an EVENT_END.
 * writer_close() reports a failure. */
void document_write(const struct event_log *log, const struct event_index *index,
                    const struct key_profiles *profiles, struct writer *w);

#endif
