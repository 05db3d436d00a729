/* SPDX-License-Identifier: Apache-2.0 */
/* How long something took, as it is shown. */
#ifndef HSMFERRY_UI_MODEL_DURATION_H
#define HSMFERRY_UI_MODEL_DURATION_H

#include <stdint.h>

/* "0.4 ms" below 10 ms, "250 ms" below 10 s, then "12.3 s". Tenths are rounded up: what took any
 * time is not shown as none. out has DURATION_TEXT bytes. Returns out. */
enum { DURATION_TEXT = 32 };
char *duration_text(int64_t micros, char *out);

#endif
