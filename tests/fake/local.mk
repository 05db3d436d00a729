# SPDX-License-Identifier: Apache-2.0
# A test double of an HSM, and an agent that serves it: never installed.
check_LIBRARIES += libfake.a
libfake_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
libfake_a_SOURCES = \
	%D%/crypto.c \
	%D%/crypto.h \
	%D%/fake.c \
	%D%/fake.h \
	%D%/fake_agreement.c \
	%D%/fake_evidence.c \
	%D%/fake_keys.c \
	%D%/fake_state.h \
	%D%/fault.c \
	%D%/fault.h \
	%D%/pairs.c \
	%D%/pairs.h \
	%D%/personality.c \
	%D%/personality.h \
	%D%/seed.c \
	%D%/seed.h \
	%D%/store.c \
	%D%/store.h

%D%/libfake_a-pairs.$(OBJEXT): %D%/pairs.inc
%D%/pairs.inc:
	$(AM_V_GEN)$(MKDIR_P) %D% && for bits in 2048 2048 2048 3072 3072 3072; do \
		openssl genrsa $$bits 2>/dev/null | sed 's/.*/"&\\n"/' && echo , || exit; \
	done >$@.new && mv $@.new $@
CLEANFILES += %D%/pairs.inc

check_PROGRAMS += %D%/hsmferry-agent-fake
%C%_hsmferry_agent_fake_CFLAGS = $(AM_CFLAGS)
%C%_hsmferry_agent_fake_LDADD = libagent.a libfake.a $(HSM) libconfine.a libbase.a \
	$(PROTOBUF_LIBS) $(CRYPTO_LIBS) $(SECCOMP_LIBS)
%C%_hsmferry_agent_fake_SOURCES = %D%/drivers.c

# A program in an agent's place that does what no agent should.
check_PROGRAMS += %D%/hostile
%C%_hostile_CFLAGS = $(AM_CFLAGS) $(PROTOBUF_CFLAGS)
%C%_hostile_LDADD = $(HSM) libbase.a $(PROTOBUF_LIBS) $(CRYPTO_LIBS)
%C%_hostile_SOURCES = %D%/hostile.c
