/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/sealed_words.h"

#include <string.h>
#include <strings.h>

#include "base/words.h"

struct sealed_words sealed_words_of(const uint8_t sha256[SHA256_SIZE])
{
    struct sealed_words words = {.left = SEALED_TRIES};

    memcpy(words.sha256, sha256, SHA256_SIZE);
    return words;
}

char *sealed_words_to_read(const uint8_t sha256[SHA256_SIZE], char *out)
{
    return text_words(sha256, 0, SEALED_WORDS, out);
}

/* Is it in the list of this place? Even places have words of two syllables, odd ones of three. */
static bool is_word(const char *text, size_t len, unsigned place)
{
    const char *const *list = place % 2 ? words_odd : words_even;

    for (unsigned i = 0; i < 256; i++)
        if (strlen(list[i]) == len && strncasecmp(list[i], text, len) == 0)
            return true;
    return false;
}

/* Says which word cannot be one, so that a slip of the pen costs no try. */
static bool can_be_words(const char *typed, struct err *err)
{
    static const char blanks[] = " \t\r\n";
    unsigned place = 0;
    size_t len;

    for (typed += strspn(typed, blanks); *typed; typed += strspn(typed, blanks), place++) {
        len = strcspn(typed, blanks);
        if (place < SEALED_WORDS && !is_word(typed, len, place))
            return err_set(err, ERR_USAGE,
                           "word %u is not in the list for its place: a word was misheard, left "
                           "out, or exchanged",
                           place + 1);
        typed += len;
    }
    return place == SEALED_WORDS ||
           err_set(err, ERR_USAGE, "there are %u words; %d are needed", place, SEALED_WORDS);
}

bool sealed_words_answer(struct sealed_words *words, const char *typed, struct err *err)
{
    char expected[TEXT_WORDS_SIZE];

    if (words->left > 0) {
        if (!can_be_words(typed, err))
            return false;
        words->agreed =
            text_typed_equal(typed, sealed_words_to_read(words->sha256, expected), true);
        explicit_bzero(expected, sizeof expected);
        words->left = words->agreed ? words->left : words->left - 1;
        if (words->agreed)
            return true;
    }
    err_set(err, ERR_DENIED, "these are not the words of this file");
    if (words->left > 0) {
        err_now(err, "One more answer may be given.");
        return err_next(err, "Ask the other room to read the words again.");
    }
    err_now(err, "The file is refused.");
    return err_next(err, "Compare its SHA-256 with the other room; ask for the file again.");
}
