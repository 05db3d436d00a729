# SPDX-License-Identifier: Apache-2.0
# The vocabulary of a ceremony.
noinst_LIBRARIES += libprotocol.a
libprotocol_a_SOURCES = \
	%D%/event.c \
	%D%/event.h
