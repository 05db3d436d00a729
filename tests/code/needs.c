/* SPDX-License-Identifier: Apache-2.0 */
/* A library that needs another one, libsibling.so: where that is looked for is the linker's word.
 */
int sibling(void);
int needs(void);

int needs(void)
{
    return sibling();
}
