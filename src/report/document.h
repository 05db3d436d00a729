/* SPDX-License-Identifier: Apache-2.0 */
/* The text of the audit report, made from the events of a ceremony alone: "hsmferry-audit/2", or
 * the older format of an older journal. */
#ifndef HSMFERRY_REPORT_DOCUMENT_H
#define HSMFERRY_REPORT_DOCUMENT_H

#include "journal/event_index.h"
#include "journal/event_log.h"
#include "report/yaml_writer.h"

/* Writes the whole document: ledger is the index of tape, which contains an EVENT_END.
 * writer_close() reports a failure. */
void document_write(const struct event_log *log, const struct event_index *index, struct writer *w);

#endif
