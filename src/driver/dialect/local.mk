# SPDX-License-Identifier: Apache-2.0
# Each vendor's variant of PKCS#11, read from a file of dialects/.
noinst_LIBRARIES += libdialect.a
libdialect_a_CFLAGS = $(AM_CFLAGS) $(P11KIT_CFLAGS) $(CRYPTO_CFLAGS) $(CYAML_CFLAGS)
libdialect_a_SOURCES = \
	%D%/ck_info.c \
	%D%/ck_info.h \
	%D%/ckname.c \
	%D%/ckname.h \
	%D%/ckr.c \
	%D%/ckr.h \
	%D%/counterpart_kem.c \
	%D%/counterpart_kem.h \
	%D%/dialect.c \
	%D%/dialect.h \
	%D%/dialect_read.c \
	%D%/dialect_schema.c \
	%D%/dialect_schema.h \
	%D%/pkcs11_3_2.h \
	%D%/standard.c \
	%D%/standard.h \
	%D%/version_range.c \
	%D%/version_range.h
