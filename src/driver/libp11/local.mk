# SPDX-License-Identifier: Apache-2.0
# The path of applications to private keys in PKCS#11 tokens, for proofs.
noinst_LIBRARIES += libapp.a
libapp_a_CFLAGS = $(AM_CFLAGS) $(LIBP11_CFLAGS) $(P11KIT_CFLAGS)
libapp_a_SOURCES = \
	%D%/libp11.c \
	%D%/libp11.h \
	%D%/public_index.c \
	%D%/public_index.h
