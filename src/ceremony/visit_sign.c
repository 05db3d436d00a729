/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/visit_sign.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "ceremony/sign.h"

/* A private key of the token whose public half the ceremony file names; NULL: there is none. */
static const struct key_desc *find_signer(const struct visit_walk *v)
{
    const struct sealed_signers *signers = v->job->own_signers;
    const struct key_list *keys = &v->own->keys;

    for (size_t i = 0; signers && i < keys->count; i++)
        for (size_t s = 0; s < signers->count; s++)
            if (keys->keys[i].class == KEY_CLASS_PRIVATE && keys->keys[i].has_public &&
                memcmp(keys->keys[i].spki_sha256, signers->sha256[s], SHA256_SIZE) == 0)
                return &keys->keys[i];
    return NULL;
}

bool visit_find_signer(struct visit_walk *v, struct err *err)
{
    const struct key_desc *key = find_signer(v);

    if (!v->job->out[0] || !v->job->own_signers || v->job->own_signers->count == 0)
        return true;
    if (key)
        return sign_may(key, err);
    return emit_warning(&v->c->narrator, v->side, NO_ITEM, err, "unsigned-file",
                        "the key that signs the files of this room is not on this token: sign the "
                        "file before it is carried, or the other room refuses it");
}

/* Signs the file with this SHA-256, if the token has that key; trust: says so, or is empty. */
static bool sign_file(struct visit_walk *v, const uint8_t sha256[SHA256_SIZE],
                      char trust[EVENT_TEXT_MAX], struct err *err)
{
    const struct key_desc *key = find_signer(v);
    struct signature made = {0};
    char hex[2 * SHA256_SIZE + 1];
    bool ok;

    trust[0] = '\0';
    if (!key)
        return true;
    made.key = *key;
    ok = sign_digest(v->own->hsm, sha256, &made, err) &&
         v->job->keep_signature(v->job->out, &made.bytes, &made.spki, err);
    signature_free(&made);
    if (ok)
        text_print(trust, EVENT_TEXT_MAX, "signed by the key with sha256 %s",
                   text_hex(key->spki_sha256, SHA256_SIZE, hex));
    return ok;
}

bool visit_written(struct visit_walk *v, const struct sealed_head *head, const uint8_t sha256[32],
                   struct err *err)
{
    char trust[EVENT_TEXT_MAX];
    struct stat st;
    const uint64_t bytes = stat(v->job->out, &st) == 0 ? (uint64_t)st.st_size : 0;

    if (sign_file(v, sha256, trust, err))
        return visit_emit_file(v, FILE_WRITTEN, head, sha256, bytes, v->job->out, trust, err);
    unlink(v->job->out);
    v->stays = false;
    return false;
}
