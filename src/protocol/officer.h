/* SPDX-License-Identifier: Apache-2.0 */
/* The people of a ceremony. */
#ifndef HSMFERRY_PROTOCOL_OFFICER_H
#define HSMFERRY_PROTOCOL_OFFICER_H

enum { OFFICERS_MAX = 16, OFFICER_NAME_MAX = 256, OFFICER_ROLE_MAX = 64 };

struct officer {
    char name[OFFICER_NAME_MAX];
    char role[OFFICER_ROLE_MAX];
};

/* The roles of the officers of the two sides in a ceremony file, by enum side. */
extern const char *const officer_roles[2];

/* The first officer with this role; NULL: there is none. */
const struct officer *officer_find(const struct officer *officers, unsigned count,
                                   const char *role);

#endif
