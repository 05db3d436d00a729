# SPDX-License-Identifier: Apache-2.0
# What is to be migrated, and how.
libceremony_a_SOURCES += \
	%D%/companion.c \
	%D%/companion.h \
	%D%/derived_key.c \
	%D%/derived_key.h \
	%D%/explained.c \
	%D%/explained.h \
	%D%/interrupted.h \
	%D%/limits.c \
	%D%/limits.h \
	%D%/map.c \
	%D%/map.h \
	%D%/map_order.c \
	%D%/map_order.h \
	%D%/map_text.c \
	%D%/map_text.h \
	%D%/name_index.c \
	%D%/name_index.h \
	%D%/origins.c \
	%D%/origins.h \
	%D%/plan.c \
	%D%/plan.h \
	%D%/plan_item.c \
	%D%/plan_item.h \
	%D%/policy.c \
	%D%/policy.h \
	%D%/provable.c \
	%D%/provable.h \
	%D%/rsa_check.c \
	%D%/rsa_check.h \
	%D%/script.c \
	%D%/script.h \
	%D%/selection.c \
	%D%/selection.h \
	%D%/services.c \
	%D%/services.h \
	%D%/strength.c \
	%D%/strength.h \
	%D%/suite.c \
	%D%/suite.h \
	%D%/transports.c \
	%D%/transports.h \
	%D%/versions.c \
	%D%/versions.h \
	%D%/wanted.c \
	%D%/wanted.h
