# SPDX-License-Identifier: Apache-2.0
# The confinement of a process.
noinst_LIBRARIES += libconfine.a
libconfine_a_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
libconfine_a_SOURCES = \
	%D%/box.c \
	%D%/box.h \
	%D%/filter.c \
	%D%/filter.h \
	%D%/landlock.c \
	%D%/landlock.h
