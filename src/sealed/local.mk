# SPDX-License-Identifier: Apache-2.0
# The files that cross between two rooms.
noinst_LIBRARIES += libsealed.a
libsealed_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(YAML_CFLAGS)
libsealed_a_SOURCES = \
	%D%/sealed.c \
	%D%/sealed.h \
	%D%/sealed_decode.c \
	%D%/sealed_decode.h \
	%D%/sealed_encode.c \
	%D%/sealed_encode.h \
	%D%/sealed_expect.c \
	%D%/sealed_expect.h \
	%D%/sealed_fields.c \
	%D%/sealed_fields.h \
	%D%/sealed_read.c \
	%D%/sealed_read.h \
	%D%/sealed_signature.c \
	%D%/sealed_signature.h \
	%D%/sealed_sound.c \
	%D%/sealed_sound.h \
	%D%/sealed_words.c \
	%D%/sealed_words.h \
	%D%/sealed_write.c \
	%D%/sealed_write.h

# One for each format; tests/sealed_schema.c prints them.
dist_pkgdata_DATA += \
	%D%/hsmferry-ack-1.schema.json \
	%D%/hsmferry-bundle-1.schema.json \
	%D%/hsmferry-offer-1.schema.json \
	%D%/hsmferry-receipt-1.schema.json
