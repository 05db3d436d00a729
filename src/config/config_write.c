/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "config/config_parts.h"
#include "protocol/gate.h"
#include "report/yaml_writer.h"

static const char heading[] =
    "# A ceremony of hsmferry; hsmferry-ceremony(5) explains each line.\n";

/* A file that is written under a temporary name first. */
struct draft {
    const char *path;
    char name[FILE_SHOWN]; /* path for messages */
    char temporary[PATH_MAX];
    int fd;
};

static void put_texts(struct writer *w, const char *key, char *const *texts)
{
    writer_list(w, key, false);
    for (; *texts; texts++)
        writer_text(w, NULL, *texts);
    writer_end(w);
}

static void put_side(struct writer *w, const char *key, const struct config_side *side)
{
    char uri[URI_WHOLE_MAX];

    writer_map(w, key, false);
    writer_text(w, "api", side->where.api);
    writer_text(w, "module", side->where.module);
    if (side->where.params[0])
        writer_text(w, "parameters", side->where.params);
    if (side->where.dialect[0])
        writer_text(w, "dialect", side->where.dialect);
    if (side->where.module_sha256[0])
        writer_text(w, "module-sha256", side->where.module_sha256);
    writer_text(w, "token", uri_whole(&side->token, uri));
    if (side->environment && side->environment[0])
        put_texts(w, "environment", side->environment);
    if (side->where.environment_trusted)
        writer_yes(w, "environment-trusted", true);
    if (side->asks_elsewhere)
        writer_text(w, "pin-entry", "ask-password");
    writer_number(w, "time-limit", side->limit_ms / 1000);
    if (side->agent)
        put_texts(w, "agent", side->agent);
    if (side->agent_trusted)
        writer_yes(w, "agent-trusted", true);
    if (side->destroys)
        writer_yes(w, "destroys", true);
    writer_end(w);
}

static void put_officers(struct writer *w, const struct config *config)
{
    if (config->officer_count == 0)
        return;
    writer_list(w, "officers", false);
    for (unsigned i = 0; i < config->officer_count; i++) {
        writer_map(w, NULL, false);
        writer_text(w, "name", config->officers[i].name);
        if (config->officers[i].role[0])
            writer_text(w, "role", config->officers[i].role);
        writer_end(w);
    }
    writer_end(w);
}

static void put_keys(struct writer *w, const struct config *config)
{
    if (config->key_count == 0)
        return;
    writer_list(w, "keys", false);
    for (size_t i = 0; i < config->key_count; i++) {
        if (!config->expect || !config->expect[i]) {
            writer_text(w, NULL, config->keys[i].text);
            continue;
        }
        writer_map(w, NULL, true);
        writer_text(w, "uri", config->keys[i].text);
        writer_number(w, "expect", config->expect[i]);
        writer_end(w);
    }
    writer_end(w);
}

static void put_signer(struct writer *w, const struct config_signer *signer)
{
    if (!signer->key.text[0])
        return;
    writer_map(w, "sign-report", false);
    if (signer->side == SIDE_RELAY)
        put_side(w, "device", &signer->device);
    else
        writer_text(w, "side", side_name(signer->side));
    writer_text(w, "key", signer->key.text);
    if (signer->officer[0])
        writer_text(w, "officer", signer->officer);
    writer_end(w);
}

static void put_sealed(struct writer *w, const struct config_sealed *sealed)
{
    if (!sealed->wanted)
        return;
    writer_map(w, "sealed", false);
    writer_text(w, "order", sealed->one_bundle ? "one-bundle" : "strict");
    writer_number(w, "expires", sealed->hours);
    writer_list(w, "signers", false);
    for (unsigned i = 0; i < sealed->signer_count; i++) {
        writer_map(w, NULL, false);
        writer_text(w, "side", side_name(sealed->signers[i].side));
        writer_hex(w, "sha256", sealed->signers[i].sha256, sizeof sealed->signers[i].sha256);
        writer_end(w);
    }
    writer_end(w);
    writer_end(w);
}

static void put_arriving(struct writer *w, const struct config_arriving *arriving)
{
    const struct key_desc *key = &arriving->key;
    char kind[KEY_TYPE_TEXT];

    if (!arriving->wanted)
        return;
    writer_map(w, "arriving", false);
    writer_text(w, "kind", config_arriving_kind(key, kind));
    writer_list(w, "uses", true);
    for (uint32_t use = 1; use & KEY_USES; use <<= 1)
        if (key->flags & use)
            writer_text(w, NULL, key_flag_name(use));
    writer_end(w);
    if (arriving->public_key[0])
        writer_text(w, "public-key", arriving->public_key);
    if (key->kcv_len)
        writer_hex(w, "check-value", key->kcv, key->kcv_len);
    writer_end(w);
}

/* The name as a URI; only bytes that need no escape are written as they are. */
static void put_name(struct writer *w, const char *key, const struct plan_name *name)
{
    char text[3 * (KEY_LABEL_MAX + KEY_ID_MAX) + 32];
    size_t len = text_print(text, sizeof text, "pkcs11:object=");

    for (size_t i = 0; i < name->label_len; i++)
        len += text_print(text + len, sizeof text - len, "%%%02X", name->label[i]);
    if (name->id_len)
        len += text_print(text + len, sizeof text - len, ";id=");
    for (size_t i = 0; i < name->id_len; i++)
        len += text_print(text + len, sizeof text - len, "%%%02X", name->id[i]);
    writer_text(w, key, text);
}

static void put_derive(struct writer *w, const struct config *config)
{
    const struct derived_key *derive = &config->derive;

    if (!derive->wanted)
        return;
    writer_map(w, "derive", false);
    writer_text(w, "old", config->key_count ? config->keys[0].text : "");
    put_name(w, "as", &derive->name);
    writer_list(w, "uses", true);
    for (uint32_t use = 1; use & KEY_USES; use <<= 1)
        if (derive->uses & use)
            writer_text(w, NULL, key_flag_name(use));
    writer_end(w);
    writer_end(w);
}

static void put_policy(struct writer *w, const struct policy *policy)
{
    writer_map(w, "policy", false);
    writer_number(w, "rsa-bits", policy->rsa_bits);
    writer_list(w, "oaep-hashes", true);
    if (policy->transports & 1U << HSM_RSA_OAEP_SHA256)
        writer_text(w, NULL, "sha256");
    if (policy->transports & 1U << HSM_RSA_OAEP_SHA1)
        writer_text(w, NULL, "sha1");
    writer_end(w);
    if (policy->order.count) {
        writer_list(w, "transports", true);
        for (unsigned i = 0; i < policy->order.count; i++)
            writer_text(w, NULL, transport_kinds[policy->order.at[i]].name);
        writer_end(w);
    }
    if (policy->kdf_required)
        writer_text(w, "kdf", "required");
    if (policy->quantum != QUANTUM_ANY)
        writer_text(w, "post-quantum", quantum_rule_name(policy->quantum));
    writer_yes(w, "sensitive", policy->sensitive);
    writer_yes(w, "extractable", policy->extractable);
    if (policy->unauthenticated)
        writer_yes(w, "allow-unauthenticated-envelope", true);
    if (policy->cmac)
        writer_yes(w, "cmac-check-values", true);
    if (policy->waive_unproven)
        writer_text(w, "unproven", "waiver");
    if (policy->taken != TAKEN_SKIP)
        writer_text(w, "taken-name", taken_rule_name(policy->taken));
    if (policy->rename[0])
        writer_text(w, "renamed-to", policy->rename);
    if (policy->versions.rule != VERSIONS_ALL) {
        writer_map(w, "versions", true);
        writer_text(w, "pattern", policy->versions.pattern);
        writer_text(w, "take", "newest");
        writer_text(w, "by", versions_rule_name(policy->versions.rule));
        writer_end(w);
    }
    writer_text(w, "canary", canary_rule_name(policy->canary));
    writer_yes(w, "writes-before-review", policy->writes_before_review);
    if (policy->confinement == CONFINEMENT_REQUIRED)
        writer_text(w, "confinement", confinement_rule_name(policy->confinement));
    writer_list(w, "gates", true);
    for (enum gate gate = 0; gate < GATES_OF_POLICY; gate++)
        if (policy->gates & 1U << gate)
            writer_text(w, NULL, gate_name(gate));
    writer_end(w);
    writer_list(w, "two-officers", true);
    for (enum gate gate = 0; gate < GATES_OF_POLICY; gate++)
        if (policy->two_officers & 1U << gate)
            writer_text(w, NULL, gate_name(gate));
    writer_end(w);
    writer_end(w);
}

bool config_print(const struct config *config, int fd, struct err *err)
{
    uint8_t sha256[SHA256_SIZE];
    struct writer *w;

    if (write(fd, heading, sizeof heading - 1) != sizeof heading - 1)
        return err_set_errno(err, ERR_IO, errno, "The ceremony file cannot be written");
    if (!writer_new(fd, &w, err))
        return false;
    writer_map(w, NULL, false);
    writer_text(w, "title", config->title);
    writer_yes(w, "rehearsal", config->rehearsal);
    if (config->pace != PACE_NONE)
        writer_text(w, "pace", pace_name(config->pace));
    if (config->sessions > 0)
        writer_number(w, "sessions", config->sessions);
    if (config->syslog)
        writer_yes(w, "syslog", true);
    put_officers(w, config);
    if (config->side[SIDE_SOURCE].where.api[0])
        put_side(w, "source", &config->side[SIDE_SOURCE]);
    if (config->side[SIDE_DESTINATION].where.api[0])
        put_side(w, "destination", &config->side[SIDE_DESTINATION]);
    if (!config->derive.wanted)
        put_keys(w, config);
    put_policy(w, &config->policy);
    put_signer(w, &config->signer);
    put_sealed(w, &config->sealed);
    put_arriving(w, &config->arriving);
    put_derive(w, config);
    writer_text(w, "report-folder", config->report_folder);
    writer_end(w);
    return writer_close(w, sha256, err);
}

/* Does the written file read back as config? Text that is not UTF-8, for example, does not. */
static bool check(const struct draft *d, const struct config *config, struct err *err)
{
    struct config *again;
    bool ok;

    if (lseek(d->fd, 0, SEEK_SET) != 0)
        return err_set_errno(err, ERR_IO, errno, "%s cannot be read again", d->name);
    if (!config_read(d->fd, d->temporary, d->name, CONFIG_TO_RUN, &again, err))
        return false;
    ok = config_equal(config, again);
    config_free(again);
    return ok ||
           err_set(err, ERR_CONFIG, "Some of these values cannot be written in a ceremony file");
}

/* Renames the finished file to its final name. */
static bool place(const struct draft *d, bool replace, struct err *err)
{
    int failed =
        renameat2(AT_FDCWD, d->temporary, AT_FDCWD, d->path, replace ? 0 : RENAME_NOREPLACE);

    if (failed && !replace && (errno == EINVAL || errno == ENOSYS)) {
        /* for a file system or kernel without renameat2() flags */
        failed = link(d->temporary, d->path);
        if (!failed)
            unlink(d->temporary);
    }
    if (failed && errno == EEXIST) {
        err_set(err, ERR_CONFLICT, "There is already a file at %s", d->name);
        return err_next(err, "Choose another name");
    }
    return !failed || err_set_errno(err, ERR_IO, errno, "%s cannot be created", d->name);
}

static bool sync_folder(const struct draft *d, struct err *err)
{
    char path[PATH_MAX];
    bool ok;
    int fd;

    strcpy(path, d->temporary);
    fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ok = fd >= 0 && fsync(fd) == 0;
    if (!ok) {
        err_set_errno(err, ERR_IO, errno, "%s cannot be written to the disk", d->name);
        err_now(err, "It is written, but a power cut may lose it");
    }
    if (fd >= 0)
        close(fd);
    return ok;
}

bool config_write(const struct config *config, const char *path, bool replace, struct err *err)
{
    struct draft d = {.path = path};
    bool ok;

    file_shown(path, d.name);
    if (text_print(d.temporary, sizeof d.temporary, "%s.XXXXXX", path) != strlen(path) + 7)
        return err_set(err, ERR_IO, "The path %s is too long", d.name);
    d.fd = mkostemp(d.temporary, O_CLOEXEC);
    if (d.fd < 0)
        return err_set_errno(err, ERR_IO, errno, "%s cannot be written", d.name);
    ok = config_print(config, d.fd, err) && check(&d, config, err);
    if (ok && fsync(d.fd) != 0)
        ok = err_set_errno(err, ERR_IO, errno, "%s cannot be written to the disk", d.name);
    close(d.fd);
    ok = ok && place(&d, replace, err);
    if (ok)
        return sync_folder(&d, err);
    unlink(d.temporary);
    return err_now(err, "Nothing was written");
}
