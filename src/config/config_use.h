/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HSMFERRY_CONFIG_CONFIG_USE_H
#define HSMFERRY_CONFIG_CONFIG_USE_H

/* The purpose of reading a ceremony file: its modules and databases must exist only if it is to be
 * run; those of one side only if that side is in this room. To seal keys for a key service, it
 * names no destination. */
enum config_use {
    CONFIG_TO_RUN,
    CONFIG_TO_SEAL,
    CONFIG_TO_COMPARE,
    CONFIG_AT_SOURCE,
    CONFIG_AT_DESTINATION
};

#endif
