# SPDX-License-Identifier: Apache-2.0
# The contract as messages, and the processes that exchange them.
noinst_LIBRARIES += liblink.a
liblink_a_CFLAGS = $(AM_CFLAGS) $(PROTOBUF_CFLAGS)
liblink_a_SOURCES = \
	%D%/agent_client.c \
	%D%/agent_client.h \
	%D%/frame.c \
	%D%/frame.h \
	%D%/process.c \
	%D%/process.h \
	%D%/remote.c \
	%D%/remote.h \
	%D%/remote_list.c \
	%D%/remote_list.h \
	%D%/remote_setup.h \
	%D%/session_pool.c \
	%D%/session_pool.h \
	%D%/starter.c \
	%D%/starter.h \
	%D%/starter_messages.h \
	%D%/starter_serve.c \
	%D%/vendor_output.c \
	%D%/vendor_output.h \
	%D%/wire.c \
	%D%/wire.h \
	%D%/wire_agreement.c \
	%D%/wire_agreement.h \
	%D%/wire_evidence.c \
	%D%/wire_evidence.h \
	%D%/wire_field.c \
	%D%/wire_field.h \
	%D%/wire_reply.c \
	%D%/wire_constraints.c \
	%D%/wire_constraints.h

# The generated code is compiled without our warnings.
noinst_LIBRARIES += libpb.a
libpb_a_CFLAGS = $(STD_CFLAGS) $(HARDEN_CFLAGS) $(PROTOBUF_CFLAGS)
nodist_libpb_a_SOURCES = %D%/hsm.pb-c.c %D%/hsm.pb-c.h
EXTRA_DIST += %D%/hsm.proto
BUILT_SOURCES += %D%/hsm.pb-c.h
CLEANFILES += %D%/hsm.pb-c.c %D%/hsm.pb-c.h

%D%/hsm.pb-c.c: %D%/hsm.proto
	$(AM_V_GEN)$(MKDIR_P) %D% && \
	$(PROTOC_C) --proto_path=$(srcdir)/%D% --c_out=%D% hsm.proto
%D%/hsm.pb-c.h: %D%/hsm.pb-c.c
