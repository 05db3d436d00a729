# SPDX-License-Identifier: Apache-2.0
# The screen: curses.
libui_a_SOURCES += \
	%D%/dialog.c \
	%D%/dialog.h \
	%D%/draw.c \
	%D%/draw.h \
	%D%/lane_rows.c \
	%D%/lane_rows.h \
	%D%/lanes.c \
	%D%/lanes.h \
	%D%/loop.c \
	%D%/loop.h \
	%D%/palette.c \
	%D%/palette.h \
	%D%/pane.c \
	%D%/pane.h \
	%D%/reader.c \
	%D%/reader.h \
	%D%/view_rows.c \
	%D%/view_rows.h \
	%D%/results.c \
	%D%/results.h \
	%D%/screen.c \
	%D%/screen.h \
	%D%/setup_pane.c \
	%D%/setup_pane.h \
	%D%/term.c \
	%D%/term.h \
	%D%/verification.c \
	%D%/verification.h
