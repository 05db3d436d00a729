/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers that are the same in every run, so that whole ceremonies can be compared. */
#ifndef HSMFERRY_TESTS_FAKE_SEED_H
#define HSMFERRY_TESTS_FAKE_SEED_H

/* From here on all that this process draws from OpenSSL follows from these three: the nth call of
 * this name always draws the same, whatever other calls there were. */
void seed_call(const char *seed, const char *call, unsigned nth);

#endif
