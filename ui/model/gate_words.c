/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/gate_words.h"

struct explanation {
    const char *compare, *why, *type;
};

static const struct explanation of_gates[GATES] = {
    [GATE_DEVICES] = {"Compare the label and the serial number of each device with the script on "
                      "paper, and with the label on the device itself.",
                      "The holder of the destination can use every key that arrives there.",
                      "Type the last characters of both serials, the source's first."},
    [GATE_REVIEW] = {"Compare the two HSMs, the number of keys, each key and what it will be on "
                     "the destination with the script on paper. Read every line that begins with "
                     "an exclamation mark.",
                     "After this gate keys leave the source; before it nothing has changed.",
                     "Type the words of the question; they hold the number of keys, unless the "
                     "ceremony file waives this gate."},
    [GATE_FINGERPRINT] =
        {"Compare the words of the DESTINATION with those of the SOURCE, all of "
         "them: one officer reads aloud, the other follows.",
         "If they differ, an HSM has the transport key of somebody else, who "
         "could then read every key.",
         "Type the words whose numbers the question names. The number of the first "
         "word is at the beginning of each line."},
    [GATE_KEY] =
        {"Compare label, type, id and fingerprint or check value of this key with the "
         "script on paper.",
         "It is the last time before this key leaves the source, encrypted.",
         "Type what the question asks for to migrate the key. Type  skip  to leave it out: "
         "the ceremony continues with the next key, and an exception is written down."},
    [GATE_FILE] =
        {"Ask the other room for the words of the file that it wrote, by telephone or on paper "
         "that did not travel with the file.",
         "Anybody can write such a file. Only its words show who did.",
         "Type the first 12 words, as the other room reads them out."},
};

/* In a removal; gates that are not here are the same. */
static const struct explanation of_removals[GATES] = {
    [GATE_REVIEW] = {"Compare the two HSMs, the report that names the keys, and each key with the "
                     "script on paper. Read every line that begins with an exclamation mark.",
                     "After this gate keys are destroyed for good; nothing brings them back but "
                     "their copies on the other HSM.",
                     "Both officers type the words of the question: they hold the number of keys "
                     "and, unless each label is typed at its key, that of the first one."},
    [GATE_KEY] = {"Compare label, type, id and public key or check value of this key with the "
                  "script on paper.",
                  "It is the last time before this key is destroyed. Its copy on the other HSM was "
                  "proven just now.",
                  "Type its label to destroy it. Type  skip  to keep it: the next key follows."},
};

void gate_words(enum gate gate, enum removal removal, struct sheet *s)
{
    const struct explanation *of = (unsigned)gate < GATES ? &of_gates[gate] : NULL;

    if (!of)
        return;
    if (removal != REMOVAL_NONE && of_removals[gate].compare)
        of = &of_removals[gate];
    sheet_line(s, "%s", of->compare);
    sheet_line(s, "Why: %s", of->why);
    sheet_line(s, "%s", of->type);
}
