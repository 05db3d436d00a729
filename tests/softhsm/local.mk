# SPDX-License-Identifier: Apache-2.0
if HAVE_CMOCKA
# Drivers on real tokens, made afresh.
REAL_SOURCES = \
	%D%/ferry.c \
	%D%/ferry.h \
	%D%/tokens.c \
	%D%/tokens.h
REAL_CFLAGS = $(UNIT_CFLAGS) $(P11KIT_CFLAGS)

check_PROGRAMS += %D%/test_move
TESTS += %D%/test_move
%C%_test_move_SOURCES = %D%/test_move.c $(REAL_SOURCES)
%C%_test_move_CFLAGS = $(REAL_CFLAGS)
%C%_test_move_LDADD = libagent.a $(UNIT_PKCS11)

check_PROGRAMS += %D%/test_dialect
TESTS += %D%/test_dialect
%C%_test_dialect_SOURCES = %D%/test_dialect.c %D%/tokens.c \
	%D%/tokens.h
%C%_test_dialect_CFLAGS = $(REAL_CFLAGS)
%C%_test_dialect_LDADD = $(UNIT_PKCS11)

check_PROGRAMS += %D%/test_pkcs11
TESTS += %D%/test_pkcs11
%C%_test_pkcs11_SOURCES = %D%/test_pkcs11.c $(REAL_SOURCES)
%C%_test_pkcs11_CFLAGS = $(REAL_CFLAGS)
%C%_test_pkcs11_LDADD = $(UNIT_PKCS11)

check_PROGRAMS += %D%/test_sessions
TESTS += %D%/test_sessions
%C%_test_sessions_SOURCES = %D%/test_sessions.c %D%/tokens.c %D%/tokens.h
%C%_test_sessions_CFLAGS = $(REAL_CFLAGS)
%C%_test_sessions_LDADD = $(UNIT_PKCS11)
endif

check_PROGRAMS += %D%/objects
%C%_objects_SOURCES = %D%/objects.c
%C%_objects_CFLAGS = $(AM_CFLAGS) $(P11KIT_CFLAGS)
