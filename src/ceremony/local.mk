# SPDX-License-Identifier: Apache-2.0
# The relay; sees hsm/hsm.h, never a driver.
libceremony_a_SOURCES += \
	%D%/application.c \
	%D%/application.h \
	%D%/at_hand.c \
	%D%/at_hand.h \
	%D%/canary.c \
	%D%/canary.h \
	%D%/ceremony.c \
	%D%/ceremony.h \
	%D%/lock_tokens.c \
	%D%/lock_tokens.h \
	%D%/compare.c \
	%D%/demands.c \
	%D%/demands.h \
	%D%/ending.c \
	%D%/ending.h \
	%D%/fresh.c \
	%D%/fresh.h \
	%D%/gatekeeper.c \
	%D%/gatekeeper.h \
	%D%/half.c \
	%D%/half.h \
	%D%/inventories.c \
	%D%/inventories.h \
	%D%/members.h \
	%D%/narrator.c \
	%D%/narrator.h \
	%D%/pacer.c \
	%D%/pacer.h \
	%D%/party.c \
	%D%/party.h \
	%D%/resume.c \
	%D%/rows.c \
	%D%/rows.h \
	%D%/script_watch.c \
	%D%/script_watch.h \
	%D%/setup.h \
	%D%/sign.c \
	%D%/sign.h \
	%D%/sweep.c \
	%D%/sweep.h \
	%D%/walk.c \
	%D%/walk.h \
	%D%/windows.c \
	%D%/windows.h
