# SPDX-License-Identifier: Apache-2.0
# The vocabulary of a ceremony.
noinst_LIBRARIES += libprotocol.a
libprotocol_a_SOURCES = \
	%D%/event.c \
	%D%/event.h \
	%D%/gate.c \
	%D%/gate.h \
	%D%/name.c \
	%D%/name.h \
	%D%/next_step.c \
	%D%/next_step.h \
	%D%/officer.c \
	%D%/officer.h \
	%D%/outcome.c \
	%D%/outcome.h \
	%D%/pace.c \
	%D%/pace.h \
	%D%/removal.c \
	%D%/removal.h \
	%D%/script_word.c \
	%D%/script_word.h \
	%D%/sessions.c \
	%D%/sessions.h \
	%D%/side.c \
	%D%/side.h \
	%D%/step.c \
	%D%/step.h \
	%D%/visit.c \
	%D%/visit.h
