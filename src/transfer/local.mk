# SPDX-License-Identifier: Apache-2.0
# The steps of the protocol.
libceremony_a_SOURCES += \
	%D%/agreed.c \
	%D%/alignment.c \
	%D%/alignment.h \
	%D%/ahead.c \
	%D%/ahead.h \
	%D%/wrapped_key.c \
	%D%/wrapped_key.h \
	%D%/certificate.c \
	%D%/certificate.h \
	%D%/commit.c \
	%D%/commit.h \
	%D%/confirm.c \
	%D%/confirm.h \
	%D%/evidence.c \
	%D%/evidence.h \
	%D%/kcv.c \
	%D%/kcv.h \
	%D%/in_line.c \
	%D%/in_line.h \
	%D%/key_steps.c \
	%D%/key_steps.h \
	%D%/known.c \
	%D%/known.h \
	%D%/own_key.c \
	%D%/own_key.h \
	%D%/proof.c \
	%D%/proof.h \
	%D%/public_object.c \
	%D%/public_object.h \
	%D%/rewrap.c \
	%D%/rewrap.h \
	%D%/sealed_file.c \
	%D%/sealed_file.h \
	%D%/sealing.c \
	%D%/sealing.h \
	%D%/step_result.c \
	%D%/step_result.h \
	%D%/transfer.c \
	%D%/transfer.h \
	%D%/transport.c \
	%D%/transport.h \
	%D%/witness.c \
	%D%/witness.h
