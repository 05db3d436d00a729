/* SPDX-License-Identifier: Apache-2.0 */
/* RSA pairs of tests/fake/pairs.h in the place of new ones, for all that this process makes. */
#ifndef HSMFERRY_TESTS_FAULTS_PAIR_H
#define HSMFERRY_TESTS_FAULTS_PAIR_H

/* Lets NSS take them, too; before it is first used. What takes OpenSSL's does so at once. */
void pair_give_to_nss(void);

#endif
