# SPDX-License-Identifier: Apache-2.0
# The ceremony file.
noinst_LIBRARIES += libconfig.a
libconfig_a_CFLAGS = $(AM_CFLAGS) $(CYAML_CFLAGS)
libconfig_a_SOURCES = \
	%D%/config.c \
	%D%/config.h \
	%D%/config_arriving.c \
	%D%/config_derive.c \
	%D%/config_diff.c \
	%D%/config_equal.c \
	%D%/config_parts.h \
	%D%/config_place.c \
	%D%/config_reach.c \
	%D%/config_schema.c \
	%D%/config_schema.h \
	%D%/config_side.c \
	%D%/config_use.h \
	%D%/config_write.c \
	%D%/recent.c \
	%D%/recent.h
