# SPDX-License-Identifier: Apache-2.0
# The files that cross between two rooms.
noinst_LIBRARIES += libsealed.a
libsealed_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(YAML_CFLAGS)
libsealed_a_SOURCES = \
	%D%/sealed.c \
	%D%/sealed.h
