/* SPDX-License-Identifier: Apache-2.0 */
/* The word for a value of an enumeration. */
#ifndef HSMFERRY_PROTOCOL_NAME_H
#define HSMFERRY_PROTOCOL_NAME_H

/* names has count words, some of which may be NULL. Returns "?" for a value that has no word,
 * since values can come from outside. */
const char *name_of(const char *const *names, unsigned count, unsigned value);

#endif
