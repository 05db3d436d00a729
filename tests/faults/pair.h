/* SPDX-License-Identifier: Apache-2.0 */
/* RSA pairs that are not searched for, but read from the file SHIM_PAIR (PEM). */
#ifndef HSMFERRY_TESTS_FAULTS_PAIR_H
#define HSMFERRY_TESTS_FAULTS_PAIR_H

/* Lets NSS take them, too; before it is first used. What takes OpenSSL's does so at once. */
void pair_give_to_nss(void);

#endif
