# SPDX-License-Identifier: Apache-2.0
# The relay; sees hsm/hsm.h, never a driver.
libceremony_a_SOURCES += \
	%D%/application.c \
	%D%/canary.c \
	%D%/ceremony.c \
	%D%/ceremony.h \
	%D%/closing.c \
	%D%/compare.c \
	%D%/demands.c \
	%D%/gatekeeper.c \
	%D%/half.c \
	%D%/narrator.c \
	%D%/resume.c \
	%D%/sign.c \
	%D%/sign.h \
	%D%/state.h \
	%D%/walk.c
