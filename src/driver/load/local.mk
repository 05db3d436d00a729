# SPDX-License-Identifier: Apache-2.0
# How a driver loads a library, and the files that its agent can access afterwards.
noinst_LIBRARIES += libload.a
libload_a_SOURCES = \
	%D%/fence.c \
	%D%/fence.h \
	%D%/loaded_objects.c \
	%D%/loaded_objects.h \
	%D%/loader.c \
	%D%/loader.h
