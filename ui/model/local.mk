# SPDX-License-Identifier: Apache-2.0
# What the front ends show, without curses; they see events and plans, never an HSM.
libui_a_SOURCES += \
	%D%/app.c \
	%D%/app.h \
	%D%/app_act.c \
	%D%/app_ceremony.c \
	%D%/app_dialog.c \
	%D%/app_inventory.c \
	%D%/app_parts.h \
	%D%/app_setup.c \
	%D%/comparisons.c \
	%D%/comparisons.h \
	%D%/field.c \
	%D%/field.h \
	%D%/inventory.c \
	%D%/inventory.h \
	%D%/keys.c \
	%D%/keys.h \
	%D%/layout.c \
	%D%/layout.h \
	%D%/log.c \
	%D%/log.h \
	%D%/modules.c \
	%D%/modules.h \
	%D%/run.c \
	%D%/run.h \
	%D%/scroll.c \
	%D%/scroll.h \
	%D%/text_page.c \
	%D%/text_page.h
