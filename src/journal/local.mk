# SPDX-License-Identifier: Apache-2.0
# The record of a ceremony, made from its events alone.
noinst_LIBRARIES += libjournal.a
libjournal_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
libjournal_a_SOURCES = \
	%D%/event_fields.c \
	%D%/event_fields.h \
	%D%/event_index.c \
	%D%/event_index.h \
	%D%/event_line.c \
	%D%/event_line.h \
	%D%/event_log.c \
	%D%/event_log.h \
	%D%/history.c \
	%D%/history.h \
	%D%/journal.c \
	%D%/journal.h
