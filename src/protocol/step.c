/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/step.h"

/* The protocol as people number it: one row for each step, in the order in which they happen. In
 * the sentence, '%' stands for the key. */
static const struct {
    const char *name;
    const char *title;
    enum side side;
    int number;
    const char *does, *leaves;
    enum step_sent sent;
} steps[STEPS] = {
    [STEP_MAKE_PAIR] = {"make-pair", "make the transport pair", SIDE_DESTINATION, 1,
                        "The DESTINATION makes an RSA key pair for this ceremony alone.",
                        "Nothing leaves, and the private half never will", STEP_SENT_NOTHING},
    [STEP_RELAY_PUBLIC] =
        {"relay-public", "carry its public half", SIDE_RELAY, 2,
         "This host checks the public half of the transport key and carries it to the SOURCE.",
         "What crosses is public", STEP_SENT_PUBLIC},
    [STEP_LOAD_PUBLIC] = {"load-public", "load it and read it back", SIDE_SOURCE, 3,
                          "The SOURCE loads the public half and reads it back, so that the "
                          "fingerprints of both sides can be compared.",
                          "What leaves is public", STEP_SENT_PUBLIC},
    [STEP_RELAY_ANSWER] =
        {"relay-answer", "carry the source's public half", SIDE_RELAY, 3,
         "This host checks the public half of the SOURCE's pair and carries it to the DESTINATION.",
         "What crosses is public", STEP_SENT_PUBLIC},
    [STEP_LOAD_ANSWER] =
        {"load-answer", "take it and report both", SIDE_DESTINATION, 3,
         "The DESTINATION takes the SOURCE's public half and reports both, so that "
         "the fingerprints of both sides can be compared.",
         "What leaves are digests of what is public", STEP_SENT_NOTHING},
    [STEP_MAKE_KEK] =
        {"make-aes", "make the AES key", SIDE_SOURCE, 4,
         "The SOURCE makes the KEK, an AES key for this ceremony alone that can only wrap.",
         "Nothing leaves", STEP_SENT_NOTHING},
    [STEP_WRAP_KEK] = {"wrap-aes", "encrypt the AES key", SIDE_SOURCE, 5,
                       "The SOURCE encrypts the KEK under the transport key of the DESTINATION.",
                       "What leaves is ciphertext", STEP_SENT_KEK},
    [STEP_RELAY_KEK] =
        {"relay-aes", "carry the encrypted AES key", SIDE_RELAY, 6,
         "This host carries the encrypted KEK to the DESTINATION, which alone can decrypt it.",
         "What crosses is ciphertext", STEP_SENT_KEK},
    [STEP_UNWRAP_KEK] =
        {"unwrap-aes", "decrypt the AES key", SIDE_DESTINATION, 7,
         "The DESTINATION decrypts the KEK with the private half of the transport key.",
         "Nothing leaves", STEP_SENT_NOTHING},
    [STEP_WRAP_KEY] = {"wrap-key", "encrypt the key", SIDE_SOURCE, 8,
                       "The SOURCE encrypts % under the KEK that only both HSMs hold.",
                       "What leaves is ciphertext", STEP_SENT_KEY},
    [STEP_RELAY_KEY] = {"relay-key", "carry the encrypted key", SIDE_RELAY, 9,
                        "This host carries the encrypted key % to the DESTINATION.",
                        "What crosses is ciphertext", STEP_SENT_KEY},
    [STEP_UNWRAP_KEY] = {"unwrap-key", "decrypt the key (temporary)", SIDE_DESTINATION, 10,
                         "The DESTINATION decrypts % into a temporary key.", "Nothing leaves",
                         STEP_SENT_NOTHING},
    [STEP_DERIVE] = {"derive", "derive the new key", SIDE_SOURCE, 11,
                     "The SOURCE derives %, a NEW key, from its pair and the DESTINATION's public "
                     "half, as a temporary key.",
                     "Nothing leaves", STEP_SENT_NOTHING},
    [STEP_DERIVE_THERE] = {"derive-there", "derive the same there", SIDE_DESTINATION, 11,
                           "The DESTINATION derives % from its pair and the SOURCE's public half, "
                           "as a temporary key.",
                           "Nothing leaves", STEP_SENT_NOTHING},
    [STEP_PROVE] = {"prove", "prove that both hold the same key", SIDE_RELAY, 11,
                    "Both HSMs work on the same random challenge, to prove that both hold %.",
                    "What leaves are their answers to it, and no key", STEP_SENT_NOTHING},
    [STEP_READ_OBJECT] = {"read-object", "read the public object", SIDE_SOURCE, 11,
                          "The SOURCE gives out %, which is public.", "It leaves as it is",
                          STEP_SENT_OBJECT},
    [STEP_RELAY_OBJECT] = {"relay-object", "carry the public object", SIDE_RELAY, 11,
                           "This host compares % with the plan and carries it to the DESTINATION.",
                           "What crosses is public", STEP_SENT_OBJECT},
    [STEP_COMMIT] =
        {"commit", "keep it under its own name", SIDE_DESTINATION, 11,
         "The DESTINATION keeps % under its own name: from here on it is on that token.",
         "Nothing leaves", STEP_SENT_NOTHING},
    [STEP_COMMIT_SOURCE] =
        {"commit-source", "keep it on the source too", SIDE_SOURCE, 11,
         "The SOURCE keeps % under the same name: from here on both tokens have it.",
         "Nothing leaves", STEP_SENT_NOTHING},
    [STEP_ALIGN] = {"align", "bring its attributes into line", SIDE_DESTINATION, 11,
                    "Both HSMs prove that the DESTINATION has %; then it sets the attributes that "
                    "the review lists.",
                    "What leaves are answers to a random challenge, and no key", STEP_SENT_NOTHING},
    [STEP_PROVE_AGAIN] = {"prove-again", "prove the kept key", SIDE_RELAY, 11,
                          "Both HSMs prove once more, now with the kept key, that both hold %.",
                          "What leaves are their answers, and no key", STEP_SENT_NOTHING},
    [STEP_SEAL] = {"seal", "write the sealed file", SIDE_RELAY, 11,
                   "This host writes the encrypted key % into a file for the key service.",
                   "What the file holds is ciphertext", STEP_SENT_KEY},
    [STEP_DESTROY] = {"destroy", "destroy the transport keys", SIDE_RELAY, 12,
                      "Both HSMs destroy the transport keys of this ceremony.", "Nothing leaves",
                      STEP_SENT_NOTHING},
    [STEP_INVENTORY] = {"inventory", "compare the inventories", SIDE_RELAY, 12,
                        "This host lists the objects of both HSMs again, and compares the lists "
                        "with those from before.",
                        "What leaves are names and handles, and no key", STEP_SENT_NOTHING},
    [STEP_PROVE_FRESH] =
        {"prove-fresh", "prove it from a fresh process", SIDE_DESTINATION, 12,
         "A fresh process logs in to the DESTINATION and proves each migrated key again.",
         "What leaves are answers to random challenges, and no key", STEP_SENT_NOTHING},
    [STEP_DISTINGUISH] =
        {"distinguish", "show that they are two tokens", SIDE_RELAY, 1,
         "Each HSM makes a test key, and fresh processes look whether the other HSM has it.",
         "What leaves are names, and no key", STEP_SENT_NOTHING},
    [STEP_PROVE_NOW] =
        {"prove-now", "prove the copy that stays", SIDE_RELAY, 2,
         "Both HSMs work on the same random challenges; a fresh process reads and proves the copy "
         "of % that stays.",
         "What leaves are their answers, and no key", STEP_SENT_NOTHING},
    [STEP_DESTROY_KEY] = {"destroy-key", "destroy the key for good", SIDE_RELAY, 3,
                          "The HSM reads % once more and destroys it for good.", "Nothing leaves",
                          STEP_SENT_NOTHING},
    [STEP_PROVE_AFTER] = {"prove-after", "prove its copy once more", SIDE_RELAY, 4,
                          "Another fresh process proves the copy of %, before the next key is "
                          "touched.",
                          "What leaves are answers to challenges, and no key", STEP_SENT_NOTHING},
};

const char *step_name(enum step_id id)
{
    return (unsigned)id < STEPS ? steps[id].name : "?";
}

int step_number(enum step_id id)
{
    return (unsigned)id < STEPS ? steps[id].number : 0;
}

const char *step_title(enum step_id id)
{
    return (unsigned)id < STEPS ? steps[id].title : "?";
}

enum side step_side(enum step_id id)
{
    return (unsigned)id < STEPS ? steps[id].side : SIDE_RELAY;
}

const char *step_does(enum step_id id)
{
    return (unsigned)id < STEPS ? steps[id].does : "";
}

const char *step_leaves(enum step_id id)
{
    return (unsigned)id < STEPS ? steps[id].leaves : "";
}

enum step_sent step_sent(enum step_id id)
{
    return (unsigned)id < STEPS ? steps[id].sent : STEP_SENT_NOTHING;
}

/* Those in which ML-KEM takes part. */
static const char *does_by_kem(enum step_id id)
{
    static const char *const does[STEPS] = {
        [STEP_MAKE_PAIR] = "The DESTINATION makes an ML-KEM key pair for this ceremony alone, and "
                           "for a hybrid an EC key pair as well.",
        [STEP_LOAD_PUBLIC] = "The SOURCE takes the public key, encapsulates a key to it, and for a "
                             "hybrid makes an EC key pair.",
        [STEP_RELAY_ANSWER] = "This host checks what the SOURCE answers and carries it to the "
                              "DESTINATION.",
        [STEP_LOAD_ANSWER] = "The DESTINATION takes the SOURCE's answer and reports both, so that "
                             "the fingerprints of both sides can be compared.",
        [STEP_WRAP_KEK] = "The SOURCE encrypts the KEK under the key that it encapsulated, or that "
                          "follows from that and the EC key pairs.",
        [STEP_UNWRAP_KEK] = "The DESTINATION decapsulates the same key and decrypts the KEK.",
    };

    return does[id];
}

const char *step_does_agreed(enum step_id id, bool by_kem)
{
    static const char *const does[STEPS] = {
        [STEP_MAKE_PAIR] = "The DESTINATION makes an EC key pair for this ceremony alone.",
        [STEP_RELAY_PUBLIC] = "This host checks the public half of the DESTINATION's pair and "
                              "carries it to the SOURCE.",
        [STEP_LOAD_PUBLIC] = "The SOURCE takes the public half, and makes an EC key pair for this "
                             "ceremony alone.",
        [STEP_WRAP_KEK] = "The SOURCE derives a key from its pair and the DESTINATION's public "
                          "half, and encrypts the KEK under it.",
        [STEP_UNWRAP_KEK] = "The DESTINATION derives the same key from its pair and the SOURCE's "
                            "public half, and decrypts the KEK.",
    };

    if (by_kem && (unsigned)id < STEPS && does_by_kem(id))
        return does_by_kem(id);
    return (unsigned)id < STEPS && does[id] ? does[id] : step_does(id);
}
