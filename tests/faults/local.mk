# SPDX-License-Identifier: Apache-2.0
# A PKCS#11 module that fails on demand, around a real one: never installed.
check_PROGRAMS += %D%/shim.so
%C%_shim_so_CFLAGS = $(STD_CFLAGS) $(WARN_CFLAGS) $(P11KIT_CFLAGS) -fPIC -fvisibility=hidden
%C%_shim_so_LDFLAGS = -shared
%C%_shim_so_SOURCES = \
	%D%/shim.c \
	%D%/shim.h \
	%D%/shim_calls.c \
	%D%/shim_lies.c

# An agent with the same around its drivers, with the pairs of tests/fake/pairs.h, and whose
# guards can be switched off.
check_PROGRAMS += %D%/hsmferry-agent-faults
%C%_hsmferry_agent_faults_CFLAGS = $(AM_CFLAGS) $(P11KIT_CFLAGS) $(CRYPTO_CFLAGS) $(NSS_CFLAGS)
%C%_hsmferry_agent_faults_LDADD = libfake.a $(hsmferry_agent_LDADD)
%C%_hsmferry_agent_faults_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=handles_begin \
	-Wl,--wrap=handles_is_new -Wl,--wrap=handles_add -Wl,--wrap=handles_made
%C%_hsmferry_agent_faults_SOURCES = \
	%D%/around.c \
	%D%/around.h \
	%D%/blind.c \
	%D%/drivers.c \
	%D%/pair.c \
	%D%/pair.h \
	%D%/shim.c \
	%D%/shim.h \
	%D%/shim_lies.c

# The agent with those pairs, and a console beside it: for tests that run many ceremonies.
check_PROGRAMS += %D%/quick/hsmferry-agent
%C%_quick_hsmferry_agent_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(NSS_CFLAGS)
%C%_quick_hsmferry_agent_LDADD = libfake.a $(hsmferry_agent_LDADD)
%C%_quick_hsmferry_agent_SOURCES = \
	%D%/pair.c \
	%D%/pair.h \
	%D%/quick/drivers.c
check_SCRIPTS += %D%/quick/hsmferry
%D%/quick/hsmferry: hsmferry$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) %D%/quick && ln -sfn ../../../dialects %D%/quick/dialects && \
		cp hsmferry$(EXEEXT) $@
CLEANFILES += %D%/quick/hsmferry %D%/quick/dialects

# A connection to an agent that fails at one message.
check_PROGRAMS += %D%/link
%C%_link_CFLAGS = $(STD_CFLAGS) $(WARN_CFLAGS)
%C%_link_SOURCES = %D%/link.c

# Calls on our own files that fail on demand: never installed.
check_PROGRAMS += %D%/files.so
%C%_files_so_CFLAGS = $(STD_CFLAGS) $(WARN_CFLAGS) -fPIC
%C%_files_so_LDFLAGS = -shared
%C%_files_so_SOURCES = %D%/files.c
