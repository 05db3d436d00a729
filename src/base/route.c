/* SPDX-License-Identifier: Apache-2.0 */
#include "base/route.h"

#include <string.h>

#include "base/text.h"

/* The options of ssh(1) that have a value. */
static const char with_value[] = "BbcDEeFIiJLlmOopQRSWw";

static void add_safe(const char *before, const char *word, char *out, size_t size)
{
    char safe[TEXT_SAFE_SIZE(128)];
    size_t len = strlen(out), word_len = strlen(word);

    text_safe((const uint8_t *)word, word_len < 128 ? word_len : 127, safe, sizeof safe);
    text_print(out + len, size - len, "%s%s", before, safe);
}

/* The value of the first option of this word that has one: in the word, or the next one. NULL: none
 * has. */
static const char *value_of(const char *const *word, char *option)
{
    for (const char *c = *word + 1; *c; c++)
        if (strchr(with_value, *c)) {
            *option = *c;
            return c[1] ? c + 1 : word[1];
        }
    return NULL;
}

bool route_text(const char *const *argv, char *out, size_t size)
{
    const char *slash, *port = NULL, *user = NULL;

    out[0] = '\0';
    if (!argv || !argv[0])
        return false;
    slash = strrchr(argv[0], '/');
    if (strcmp(slash ? slash + 1 : argv[0], "ssh") != 0)
        return false;
    for (argv++; *argv && (*argv)[0] == '-' && (*argv)[1]; argv++) {
        char option = 0;
        const char *value = value_of(argv, &option);
        if (option == 'p')
            port = value;
        else if (option == 'l')
            user = value;
        if (value && value == argv[1])
            argv++;
    }
    if (!*argv)
        return false;
    add_safe("ssh ", user ? user : *argv, out, size);
    if (user)
        add_safe("@", *argv, out, size);
    if (port)
        add_safe(", port ", port, out, size);
    return true;
}
