/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Converts the ceremony file from its written form (config_schema.h) to the form that the program
 * uses, and makes the checks that the schema cannot express.
 */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/schema.h"
#include "base/text.h"
#include "config/config_parts.h"
#include "config/config_schema.h"

/* Officers may try these keys first to provide a PIN. */
static const char *advice(const char *key)
{
    return strcasestr(key, "pin") || strcasestr(key, "pass") ? config_pin_advice : NULL;
}

/* --- the complete file --- */

/* A file for a key service names no second HSM, so that nobody takes it for the one of a ceremony
 * between two; any other file must name one. */
static bool take_destination(const struct loader *l, const struct raw_side *raw)
{
    struct config_side *to = &l->config->side[SIDE_DESTINATION];

    if (raw->api && l->use != CONFIG_TO_SEAL)
        return config_take_side(l, "destination", raw, to);
    if (l->use == CONFIG_TO_SEAL && raw->api) {
        config_wrong(l, "destination", "keys are sealed for a key service, and this names an HSM");
        return err_next(l->err, "Leave out \"destination\"; the command line names the service");
    }
    if (l->use != CONFIG_TO_SEAL && l->use != CONFIG_TO_COMPARE) {
        config_wrong(l, "", "the key \"destination\" is missing");
        return err_next(l->err, "Name the other HSM; only hsmferry seal needs none");
    }
    return uri_parse("pkcs11:", &to->token, l->err);
}

/* A key that comes from a key service has no HSM as its source. */
static bool take_source(const struct loader *l, const struct raw_config *raw)
{
    struct config_side *to = &l->config->side[SIDE_SOURCE];

    if (raw->source.api && !raw->arriving)
        return config_take_side(l, "source", &raw->source, to);
    if (raw->source.api) {
        config_wrong(l, "source",
                     "the key under \"arriving\" comes as a file, and this names an HSM");
        return err_next(l->err, "Leave out either \"source\" or \"arriving\"");
    }
    if (!raw->arriving) {
        config_wrong(l, "", "the key \"source\" is missing");
        return err_next(l->err,
                        "Name the HSM that has the keys; a key that comes as a file of a key "
                        "service is described under \"arriving\"");
    }
    if (l->use != CONFIG_AT_DESTINATION && l->use != CONFIG_TO_COMPARE) {
        config_wrong(l, "arriving", "the key comes as a file of a key service");
        return err_next(l->err, "Use hsmferry offer --pem, and then hsmferry accept --format");
    }
    return uri_parse("pkcs11:", &to->token, l->err);
}

/* Compares what the file says; two names of one token are detected when both are open. */
static bool check_two_tokens(const struct loader *l)
{
    const struct config_side *a = &l->config->side[SIDE_SOURCE];
    const struct config_side *b = &l->config->side[SIDE_DESTINATION];

    if (!config_same_place(a, b) || !uri_same_token(&a->token, &b->token))
        return true;
    config_wrong(l, "destination.token", "source and destination are the same token");
    return err_next(l->err,
                    "Name two tokens; the serial number distinguishes two with the same label");
}

/* A key of this token; the token attributes in its URI must agree with the token line. */
static bool take_key(const struct loader *l, const char *text, const char *path, struct uri *token,
                     struct uri *key)
{
    if (!config_take_uri(l, text, path, key))
        return false;
    if (key->pin_file[0])
        return config_wrong(l, path, "pin-source belongs to the token line, not to a key");
    if (uri_add_token(token, key))
        return true;
    config_wrong(l, path, "this names another token than the token line does");
    return err_next(l->err, "Leave out token, serial, manufacturer, model and slot-id here");
}

/* A count belongs to a pattern: any other line names one key. */
static bool take_expect(const struct loader *l, const struct raw_key *raw, size_t i)
{
    const struct config *config = l->config;
    char path[CONFIG_PLACE];

    if (!raw->expect)
        return true;
    text_print(path, sizeof path, "keys.%zu.expect", i);
    if (*raw->expect == 0 || *raw->expect > HSM_OBJECTS_MAX)
        return config_wrong(l, path, "a pattern is expected to name 1 to %d keys", HSM_OBJECTS_MAX);
    if (!uri_is_pattern(&config->keys[i])) {
        config_wrong(l, path, "this line is no pattern: it names one key");
        return err_next(l->err, "Leave out \"expect\" here");
    }
    config->expect[i] = *raw->expect;
    return true;
}

/* The settings that are not left to their defaults. */
static uint32_t named_settings(const struct raw_policy *raw)
{
    const bool named[SCRIPT_SETTINGS] = {
        [SETTING_RSA_BITS] = raw->rsa_bits,
        [SETTING_OAEP_HASHES] = raw->oaep_hashes,
        [SETTING_TRANSPORTS] = raw->transports,
        [SETTING_KDF] = raw->kdf,
        [SETTING_QUANTUM] = raw->quantum,
        [SETTING_SENSITIVE] = raw->sensitive,
        [SETTING_EXTRACTABLE] = raw->extractable,
        [SETTING_UNPROVEN] = raw->unproven,
        [SETTING_UNAUTHENTICATED] = raw->unauthenticated,
        [SETTING_CMAC] = raw->cmac,
        [SETTING_CANARY] = raw->canary,
        [SETTING_WRITES] = raw->writes_before_review,
        [SETTING_CONFINEMENT] = raw->confinement,
        [SETTING_TAKEN] = raw->taken,
        [SETTING_RENAME] = raw->renamed_to,
        [SETTING_VERSIONS] = raw->versions,
        [SETTING_GATES] = raw->gates,
        [SETTING_TWO_OFFICERS] = raw->two_officers,
        [SETTING_REHEARSAL] = true, /* no file leaves it out */
    };
    uint32_t bits = 0;

    for (unsigned i = 0; i < SCRIPT_SETTINGS; i++)
        bits |= named[i] ? UINT32_C(1) << i : 0;
    return bits;
}

/* What the file says now stays the script, also once other keys are marked. */
static bool take_script(const struct loader *l, const struct raw_policy *raw)
{
    struct config *config = l->config;
    struct script_said *script = &config->script;

    *script = (struct script_said){
        .policy = config->policy, .rehearsal = config->rehearsal, .named = named_settings(raw)};
    if (config->key_count == 0)
        return true;
    script->lines = calloc(config->key_count, sizeof *script->lines);
    if (!script->lines)
        return config_no_memory(l);
    for (size_t i = 0; i < config->key_count; i++) {
        struct script_line *line = &script->lines[script->count++];
        memcpy(line->uri, config->keys[i].text, sizeof line->uri);
        line->expect = config->expect[i];
    }
    return true;
}

static bool take_keys(const struct loader *l, const struct raw_key *keys, size_t count)
{
    struct config *config = l->config;
    char path[CONFIG_PLACE];

    if (count == 0)
        return true;
    config->keys = calloc(count, sizeof *config->keys);
    config->expect = calloc(count, sizeof *config->expect);
    if (!config->keys || !config->expect)
        return config_no_memory(l);
    config->key_count = count;
    for (size_t i = 0; i < count; i++)
        if (!take_key(l, keys[i].uri, config_entry("keys", i, path),
                      &config->side[SIDE_SOURCE].token, &config->keys[i]) ||
            !take_expect(l, &keys[i], i))
            return false;
    return true;
}

/* The key that signs must be a single key, on a single device. */
static bool take_signer(const struct loader *l, const struct raw_signer *raw)
{
    struct config_signer *signer = &l->config->signer;
    struct config_side *device;

    if (!raw->key)
        return true;
    if (!raw->side == !raw->device.api) {
        config_wrong(l, "sign-report", "the key that signs must be on one device");
        return err_next(l->err, "Write either \"side\" (source, destination) or \"device\"");
    }
    if (raw->side && !l->config->side[raw->side - 1].where.api[0])
        return config_wrong(l, "sign-report.side", "there is no %s that could sign",
                            side_name((enum side)(raw->side - 1)));
    signer->side = raw->side ? (enum side)(raw->side - 1) : SIDE_RELAY;
    if (raw->officer)
        strcpy(signer->officer, raw->officer);
    else if (raw->side)
        strcpy(signer->officer, officer_roles[signer->side]);
    if (raw->device.api &&
        !config_take_side(l, "sign-report.device", &raw->device, &signer->device))
        return false;
    device = raw->side ? &l->config->side[signer->side] : &signer->device;
    return take_key(l, raw->key, "sign-report.key", &device->token, &signer->key) &&
           (!uri_is_pattern(&signer->key) ||
            config_wrong(l, "sign-report.key", "this must name one key, by object or id"));
}

const struct config_side *config_signs_on(const struct config *config)
{
    const struct config_signer *signer = &config->signer;

    if (!signer->key.text[0])
        return NULL;
    return signer->side == SIDE_RELAY ? &signer->device : &config->side[signer->side];
}

_Static_assert((int)CONFIG_SEALERS_MAX == (int)RAW_SEALERS_MAX, "all that the file can name");

static bool take_sealed(const struct loader *l, const struct raw_sealed *raw)
{
    struct config_sealed *sealed = &l->config->sealed;
    char place[CONFIG_PLACE];

    if (!raw)
        return true;
    *sealed = (struct config_sealed){.wanted = true,
                                     .one_bundle = raw->order == RAW_ONE_BUNDLE,
                                     .hours = raw->expires ? *raw->expires : CONFIG_SEALED_HOURS,
                                     .signer_count = raw->signer_count};
    if (sealed->hours < 1 || sealed->hours > CONFIG_SEALED_HOURS_MAX)
        return config_wrong(l, "sealed.expires", "\"expires\" must be 1 to %d hours",
                            CONFIG_SEALED_HOURS_MAX);
    for (unsigned i = 0; i < raw->signer_count; i++) {
        size_t len = sizeof sealed->signers[i].sha256;
        sealed->signers[i].side = (enum side)(raw->signers[i].side - 1);
        if (!text_unhex(raw->signers[i].sha256, sealed->signers[i].sha256, &len) ||
            len != sizeof sealed->signers[i].sha256)
            return config_wrong(l, config_entry("sealed.signers", i, place),
                                "\"sha256\" must be 64 hexadecimal digits");
    }
    return true;
}

/* An order of preference, and a floor: what is not in it is not used. */
static bool take_transports(const struct loader *l, const struct raw_policy *raw,
                            struct policy *policy)
{
    enum transport_kind unused[TRANSPORTS];
    uint32_t named = 0;

    for (unsigned i = 0; i < raw->transport_count; i++) {
        const uint32_t kind = raw->transports[i];
        if (named & UINT32_C(1) << kind)
            return config_wrong(l, "policy.transports", "%s is named twice",
                                transport_kinds[kind].name);
        named |= UINT32_C(1) << kind;
        policy->order.at[policy->order.count++] = (uint8_t)kind;
    }
    policy->kdf_required = raw->kdf == RAW_KDF_REQUIRED;
    policy->quantum = (enum quantum_rule)raw->quantum;
    return policy_transports(policy, unused) > 0 ||
           config_wrong(l, "policy.post-quantum",
                        "\"transports\" names none that withstands a quantum computer");
}

/* Without the label of the source, all keys would arrive under one name. */
static bool take_taken(const struct loader *l, const struct raw_policy *raw)
{
    static const char renamed_to[] = "policy.renamed-to";
    struct policy *policy = &l->config->policy;

    if (raw->taken)
        policy->taken = (enum taken_rule)(raw->taken - 1);
    if (policy->taken != TAKEN_RENAME)
        return !raw->renamed_to ||
               config_wrong(l, renamed_to, "this belongs to \"taken-name: rename\"");
    if (!raw->renamed_to)
        return config_wrong(l, "policy.taken-name",
                            "\"renamed-to\" must say under which label a key arrives");
    if (!strstr(raw->renamed_to, POLICY_LABEL) || strcmp(raw->renamed_to, POLICY_LABEL) == 0)
        return config_wrong(l, renamed_to,
                            "this must hold " POLICY_LABEL ", the label on the source, and more");
    strcpy(policy->rename, raw->renamed_to);
    return true;
}

static bool take_versions(const struct loader *l, const struct raw_versions *raw)
{
    struct policy *policy = &l->config->policy;
    const char *at = raw ? strstr(raw->pattern, POLICY_NUMBER) : NULL;

    if (!raw)
        return true;
    if (!at || strstr(at + 1, POLICY_NUMBER))
        return config_wrong(l, "policy.versions.pattern",
                            "this must hold " POLICY_NUMBER ", the number of the version, once");
    policy->versions.rule = raw->by ? (enum versions_rule)raw->by : VERSIONS_BY_NUMBER;
    strcpy(policy->versions.pattern, raw->pattern);
    return true;
}

static bool take_policy(const struct loader *l, const struct raw_policy *raw)
{
    struct policy *policy = &l->config->policy;

    *policy = policy_default();
    if (raw->rsa_bits)
        policy->rsa_bits = raw->rsa_bits;
    if (raw->oaep_hashes)
        policy->transports = *raw->oaep_hashes;
    if (raw->sensitive)
        policy->sensitive = raw->sensitive == RAW_YES;
    if (raw->extractable)
        policy->extractable = raw->extractable == RAW_YES;
    policy->waive_unproven = raw->unproven == RAW_WAIVER;
    policy->unauthenticated = raw->unauthenticated == RAW_YES;
    policy->cmac = raw->cmac == RAW_YES;
    if (raw->canary)
        policy->canary = (enum canary_rule)(raw->canary - 1);
    policy->writes_before_review = raw->writes_before_review != RAW_NO;
    if (raw->confinement)
        policy->confinement = (enum confinement_rule)(raw->confinement - 1);
    if (raw->gates)
        policy->gates = *raw->gates;
    if (raw->two_officers)
        policy->two_officers = *raw->two_officers;
    return take_transports(l, raw, policy) &&
           (policy->transports || config_wrong(l, "policy.oaep-hashes",
                                               "at least one hash must be allowed: sha256, sha1"));
}

static bool take_report_folder(const struct loader *l, const char *folder)
{
    return config_place_path(l->config, folder, l->config->report_folder) ||
           config_wrong(l, "report-folder", "the folder's path is too long");
}

/* Officers who will be asked must be named: both of them in production, and also if a gate waits
 * for both. */
static bool check_officers(const struct loader *l)
{
    const struct config *config = l->config;
    const char *why = !config->rehearsal ? "a ceremony that is not a rehearsal"
                                         : "a gate that waits for two officers";

    if (l->use == CONFIG_TO_COMPARE || (config->rehearsal && !config->policy.two_officers))
        return true;
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        if (!officer_find(config->officers, config->officer_count, officer_roles[side]))
            return config_wrong(l, "officers", "%s needs an officer whose role is \"%s\"", why,
                                officer_roles[side]);
    return true;
}

static bool check_sessions(const struct loader *l, const uint32_t *sessions)
{
    return !sessions || (*sessions >= 1 && *sessions <= HSM_SESSIONS_MAX) ||
           config_wrong(l, "sessions", "\"sessions\" must be 1 to %d", HSM_SESSIONS_MAX);
}

static bool take_all(const struct loader *l, const struct raw_config *raw)
{
    struct config *config = l->config;

    strcpy(config->title, raw->title);
    config->rehearsal = raw->rehearsal == RAW_YES;
    config->pace = (enum pace)raw->pace;
    config->sessions = raw->sessions ? *raw->sessions : 0;
    config->syslog = raw->syslog == RAW_YES;
    config->officer_count = raw->officer_count;
    for (unsigned i = 0; i < raw->officer_count; i++) {
        strcpy(config->officers[i].name, raw->officers[i].name);
        strcpy(config->officers[i].role, raw->officers[i].role ? raw->officers[i].role : "");
    }
    return check_sessions(l, raw->sessions) && take_source(l, raw) &&
           take_destination(l, &raw->destination) && check_two_tokens(l) &&
           take_keys(l, raw->keys, raw->key_count) && take_signer(l, &raw->signer) &&
           take_sealed(l, raw->sealed) && config_take_arriving(l, raw->arriving) &&
           take_policy(l, &raw->policy) && take_taken(l, &raw->policy) &&
           take_versions(l, raw->policy.versions) && config_take_derive(l, raw->derive) &&
           take_script(l, &raw->policy) && check_officers(l) &&
           take_report_folder(l, raw->report_folder);
}

/* --- files --- */

/* Sets the absolute path of the file, which is open. */
static bool set_path(const char *path, const char *name, struct config *config, struct err *err)
{
    char full[PATH_MAX];

    if (!realpath(path, full))
        return err_set_errno(err, ERR_IO, errno, "%s can no longer be found", name);
    if (strlen(full) >= sizeof config->path)
        return err_set(err, ERR_CONFIG, "The path %s is too long", name);
    strcpy(config->path, full);
    return true;
}

/* Fills config from the file's text; the caller frees its content in any case, also after a
 * failure. */
static bool load_text(const struct bytes *text, const char *name, enum config_use use,
                      struct config *config, struct err *err)
{
    const struct loader l = {.yaml = {.name = name,
                                      .text = (const char *)text->data,
                                      .len = text->len,
                                      .short_form = &config_key_schema,
                                      .advice = advice},
                             .config = config,
                             .use = use,
                             .err = err};
    void *raw = NULL;

    SHA256(text->data, text->len, config->sha256);
    bool ok = schema_load(&l.yaml, &config_schema, &raw, err) && take_all(&l, raw);

    schema_free(&config_schema, raw);
    return ok;
}

bool config_read(int fd, const char *path, const char *name, enum config_use use,
                 struct config **out, struct err *err)
{
    struct config *config = calloc(1, sizeof *config);
    struct bytes text = {0};
    bool ok;

    if (!config)
        return err_set(err, ERR_FAILED, "There is no memory for the ceremony file");
    ok = set_path(path, name, config, err) && file_read(fd, name, CONFIG_SIZE_MAX, &text, err) &&
         load_text(&text, name, use, config, err);
    bytes_free(&text);
    if (ok)
        *out = config;
    else
        config_free(config);
    return ok;
}

bool config_load(const char *path, enum config_use use, struct config **out, struct err *err)
{
    char name[FILE_SHOWN];
    bool ok = false;
    int fd;

    if (file_open_trusted(path, 022, &fd, err)) {
        ok = config_read(fd, path, file_shown(path, name), use, out, err);
        close(fd);
    } else if (err && err->code == ERR_NO_INPUT) {
        err->code = ERR_CONFIG;
        err_next(err, "Name a ceremony file; hsmferry-ceremony(5) has an example");
    }
    if (ok)
        return true;
    if (err && !err->next[0])
        err_next(err, "Correct it and start again");
    return err_now(err, "Nothing was started");
}

static void free_list(char **list)
{
    for (char **item = list; item && *item; item++)
        free(*item);
    free(list);
}

static void free_side(struct config_side *side)
{
    free_list(side->environment);
    free_list(side->agent);
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (int side = 0; side < 2; side++)
        free_side(&config->side[side]);
    free_side(&config->signer.device);
    free(config->keys);
    free(config->expect);
    free(config->script.lines);
    free(config);
}
