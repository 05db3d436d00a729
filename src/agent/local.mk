# SPDX-License-Identifier: Apache-2.0
# hsmferry-agent: one HSM in a separate process.
noinst_LIBRARIES += libagent.a
libagent_a_CFLAGS = $(AM_CFLAGS) $(PROTOBUF_CFLAGS)
libagent_a_SOURCES = \
	%D%/agent.c \
	%D%/agreed_rules.c \
	%D%/agreed_rules.h \
	%D%/call_kinds.c \
	%D%/call_kinds.h \
	%D%/drivers.h \
	%D%/drivers_find.c \
	%D%/guard.c \
	%D%/guard.h \
	%D%/guard_agreement.c \
	%D%/guard_agreement.h \
	%D%/pages.c \
	%D%/pages.h \
	%D%/readers.c \
	%D%/readers.h \
	%D%/serve.c \
	%D%/serve.h \
	%D%/service.c \
	%D%/service.h \
	%D%/service_limits.c \
	%D%/two_calls.c \
	%D%/two_calls.h

libexec_PROGRAMS += hsmferry-agent
hsmferry_agent_CFLAGS = $(AM_CFLAGS)
hsmferry_agent_LDADD = libagent.a libapp.a libnss.a libopenssl.a $(DRIVER) $(HSM) libconfine.a libbase.a \
	$(SECCOMP_LIBS) $(CYAML_LIBS) $(YAML_LIBS) $(PROTOBUF_LIBS) $(LIBP11_LIBS) $(CRYPTO_LIBS) $(NSS_LIBS)
hsmferry_agent_SOURCES = %D%/drivers.c
