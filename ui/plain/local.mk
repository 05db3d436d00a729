# SPDX-License-Identifier: Apache-2.0
# The plain lines.
libui_a_SOURCES += \
	%D%/ask.c \
	%D%/ask.h \
	%D%/list.c \
	%D%/list.h \
	%D%/plain.c \
	%D%/plain.h \
	%D%/plain_log.c \
	%D%/plain_log.h \
	%D%/plain_loop.c \
	%D%/plain_loop.h
