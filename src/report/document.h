/* SPDX-License-Identifier: Apache-2.0 */
/* The text of the audit report ("hsmferry-audit/2", or of an older
 * journal the format that it had), made from the events of a ceremony alone. */
#ifndef HSMFERRY_REPORT_DOCUMENT_H
#define HSMFERRY_REPORT_DOCUMENT_H

#include "journal/event_index.h"
#include "journal/event_log.h"
#include "report/yaml_writer.h"

/* Writes the whole document: ledger is that of tape, which holds an EVENT_END. What goes wrong is
 * told by writer_close(). */
void document_write(const struct event_log *log, const struct event_index *index, struct writer *w);

#endif
