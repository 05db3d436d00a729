# SPDX-License-Identifier: Apache-2.0
# Independent of HSMs.
noinst_LIBRARIES += libbase.a
libbase_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(CYAML_CFLAGS) $(YAML_CFLAGS)
libbase_a_SOURCES = \
	%D%/bytes.c \
	%D%/bytes.h \
	%D%/compact.c \
	%D%/compact.h \
	%D%/err.c \
	%D%/err.h \
	%D%/err_note.c \
	%D%/err_note.h \
	%D%/file.c \
	%D%/file.h \
	%D%/json_writer.c \
	%D%/json_writer.h \
	%D%/lock.c \
	%D%/lock.h \
	%D%/p11_kit.c \
	%D%/p11_kit.h \
	%D%/pin.c \
	%D%/pin.h \
	%D%/randomart.c \
	%D%/randomart.h \
	%D%/route.c \
	%D%/route.h \
	%D%/schema.c \
	%D%/schema.h \
	%D%/schema_check.c \
	%D%/schema_check.h \
	%D%/schema_source.h \
	%D%/search.c \
	%D%/search.h \
	%D%/secret.c \
	%D%/secret.h \
	%D%/store.c \
	%D%/store.h \
	%D%/text.c \
	%D%/text.h \
	%D%/utf8.c \
	%D%/utf8.h \
	%D%/words.c \
	%D%/words.h
