# SPDX-License-Identifier: Apache-2.0
# The steps of the protocol.
libceremony_a_SOURCES += \
	%D%/certificate.c \
	%D%/certificate.h \
	%D%/kcv.c \
	%D%/kcv.h \
	%D%/own_key.c \
	%D%/own_key.h \
	%D%/proof.c \
	%D%/proof.h \
	%D%/rewrap.c \
	%D%/steps.c
