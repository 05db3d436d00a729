# SPDX-License-Identifier: Apache-2.0
# How a driver loads a library, and what an agent can reach once it has.
noinst_LIBRARIES += libload.a
libload_a_SOURCES = \
	%D%/fence.c \
	%D%/fence.h \
	%D%/loaded_objects.c \
	%D%/loaded_objects.h \
	%D%/loader.c \
	%D%/loader.h
