/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drivers around drivers, for hsmferry-agent-faults: what shim.so is to a PKCS#11 module, they are
 * to a driver. From the environment of the agent:
 *
 *   SHIM_COUNT, SHIM_FAULT   as shim.h has them, where a FUNCTION is one of the contract's (hsm.h);
 *                            where there is a SHIM_MODULE too, it is the module that counts and
 * fails SHIM_NAIVE               the label of a key that gets its final name as soon as it is
 * unwrapped, before anybody proved it: the order that hsmferry does not take
 */
#ifndef HSMFERRY_TESTS_FAULTS_AROUND_H
#define HSMFERRY_TESTS_FAULTS_AROUND_H

#include "hsm/hsm.h"

extern const struct hsm_driver around_pkcs11, around_nss;

#endif
