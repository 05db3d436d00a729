# SPDX-License-Identifier: Apache-2.0
# A ceremony on a separate thread.
libceremony_a_SOURCES += \
	%D%/mailbox.c \
	%D%/pin_program.c \
	%D%/pin_program.h \
	%D%/trace.c \
	%D%/trace.h \
	%D%/worker.c \
	%D%/worker.h \
	%D%/worker_host.c \
	%D%/worker_setup.h \
	%D%/worker_state.h
