/* SPDX-License-Identifier: Apache-2.0 */
/* Converts a dialect's file from its written form to the form that the driver uses, and makes the
 * checks that the schema cannot express. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/schema.h"
#include "base/text.h"
#include "driver/dialect/ckname.h"
#include "driver/dialect/dialect.h"
#include "driver/dialect/dialect_schema.h"
#include "hsm/key.h"
#include "hsm/variables.h"
#include "hsm/wrap_alg.h"

enum { SIZE_MAX_OF_FILE = 64 * 1024 };

static const uint64_t vendor_defined = 0x80000000; /* CKM_VENDOR_DEFINED */

static const char name_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
static const char ckm_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
static const char hex_letters[] = "0123456789abcdefABCDEF";

struct reader {
    struct schema_source yaml;
    struct dialect *out;
    struct err *err;
};

static void put(char *out, size_t size, const char *text)
{
    text_print(out, size, "%s", text ? text : "");
}

/* --- mechanisms --- */

/* Does this algorithm take this parameter? */
static bool takes(enum hsm_alg alg, enum dialect_parameter parameter)
{
    const struct wrap_alg *a = wrap_alg(alg);

    if (a->family == WRAP_RSA_OAEP)
        return parameter == DIALECT_OAEP;
    if (a->family == WRAP_RSA_AES)
        return parameter == DIALECT_RSA_AES;
    if (a->family == WRAP_AGREED)
        return parameter == DIALECT_KDF_NONE || parameter == DIALECT_KDF_SHA256;
    if (a->iv)
        return parameter == DIALECT_RANDOM_IV;
    return parameter == DIALECT_NONE || (parameter == DIALECT_INITIAL_VALUE && a->value_len);
}

/* "0x210a": as in the vendor's header, without the suffix. */
static bool read_number(const char *text, uint64_t *number)
{
    size_t digits = strspn(text + 2 * (strncmp(text, "0x", 2) == 0), hex_letters);

    if (strncmp(text, "0x", 2) != 0 || digits == 0 || digits > 16 || text[2 + digits])
        return false;
    *number = strtoull(text + 2, NULL, 16);
    return true;
}

static bool take_mechanism(const struct reader *r, enum hsm_alg alg, unsigned index,
                           const struct raw_mechanism *raw)
{
    struct dialect_mechanism *m = &r->out->mechanism[alg][index];
    const char *name = hsm_alg_name(alg), *known;

    if (strncmp(raw->mechanism, "CKM_", 4) != 0 ||
        raw->mechanism[strspn(raw->mechanism, ckm_letters)]) {
        err_set(r->err, ERR_CONFIG, "\"mechanism\" must be a name that begins with CKM_");
        return schema_at(&r->yaml, r->err, "algorithms.%s.%u.mechanism", name, index);
    }
    if (!read_number(raw->number, &m->number)) {
        err_set(r->err, ERR_CONFIG, "\"number\" must be written as \"0x210a\"");
        return schema_at(&r->yaml, r->err, "algorithms.%s.%u.number", name, index);
    }
    known = ckm_name((unsigned long)m->number);
    if (m->number < vendor_defined && strcmp(known, "CKM_?") != 0 &&
        strcmp(known, raw->mechanism) != 0) {
        err_set(r->err, ERR_CONFIG, "this number is that of %s", known);
        return schema_at(&r->yaml, r->err, "algorithms.%s.%u.number", name, index);
    }
    if (!takes(alg, (enum dialect_parameter)raw->parameters)) {
        err_set(r->err, ERR_CONFIG, "%s does not take these parameters", name);
        return schema_at(&r->yaml, r->err, "algorithms.%s.%u.parameters", name, index);
    }
    m->parameter = (enum dialect_parameter)raw->parameters;
    put(m->name, sizeof m->name, raw->mechanism);
    return true;
}

static bool take_mechanisms(const struct reader *r, const struct raw_algorithms *raw)
{
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        const struct raw_tries *tries = &raw->alg[alg];
        for (unsigned i = 0; i < tries->count; i++)
            if (!take_mechanism(r, alg, i, &tries->items[i]))
                return false;
        r->out->mechanism_count[alg] = tries->count;
    }
    return true;
}

/* --- the rest --- */

static bool take_range(const struct reader *r, unsigned index, const char *key, const char *text,
                       struct version_range *range)
{
    if (!text || version_range_read(text, range))
        return true;
    err_set(r->err, ERR_CONFIG,
            "\"%s\" must be written as \"3.8 to 3.18\", \"3.19 or later\", \"3.18 or earlier\" or "
            "\"3.8\"",
            key);
    return schema_at(&r->yaml, r->err, "recognised.%u.%s", index, key);
}

static bool take_pattern(const struct reader *r, unsigned index, const struct raw_pattern *raw)
{
    struct dialect_pattern *p = &r->out->pattern[index];

    if (!raw->manufacturer && !raw->library && !raw->model && !raw->api_version && !raw->version &&
        !raw->firmware) {
        err_set(r->err, ERR_CONFIG,
                "at least one of manufacturer, library, model, api-version, version and firmware "
                "is required");
        return schema_at(&r->yaml, r->err, "recognised.%u", index);
    }
    put(p->manufacturer, sizeof p->manufacturer, raw->manufacturer);
    put(p->library, sizeof p->library, raw->library);
    put(p->model, sizeof p->model, raw->model);
    put(p->api_version, sizeof p->api_version, raw->api_version);
    return take_range(r, index, "version", raw->version, &p->version) &&
           take_range(r, index, "firmware", raw->firmware, &p->firmware);
}

static bool take_trust(const struct reader *r, const struct raw_dialect *raw)
{
    struct dialect *d = r->out;

    d->believed = raw->trust == RAW_TRUST_FILE;
    if (d->believed != (raw->believed != NULL)) {
        err_set(r->err, ERR_CONFIG, "\"believed\" belongs to \"trust: file\", and only to it");
        return schema_at(&r->yaml, r->err, raw->believed ? "believed" : "trust");
    }
    if (d->believed) {
        d->exact_length = (enum hsm_truth)raw->believed->exact_length;
        d->takes_length = (enum hsm_truth)raw->believed->takes_length;
        d->can_copy = raw->believed->copies == HSM_YES;
    }
    return true;
}

static bool take_name(const struct reader *r, const struct raw_dialect *raw)
{
    if (raw->name[strspn(raw->name, name_letters)] || raw->name[0] == '.') {
        err_set(r->err, ERR_CONFIG, "\"name\" may contain only a to z, 0 to 9, '-' and '.'");
        return schema_at(&r->yaml, r->err, "name");
    }
    put(r->out->is.name, sizeof r->out->is.name, raw->name);
    put(r->out->title, sizeof r->out->title, raw->title);
    return true;
}

static bool take_confine(const struct reader *r, const struct raw_confine *raw)
{
    struct fence_places *places = &r->out->places;

    r->out->confines = raw != NULL;
    if (!raw)
        return true;
    for (unsigned i = 0; i < raw->write_count; i++) {
        if (!fence_is_place(raw->write[i])) {
            err_set(r->err, ERR_CONFIG,
                    "a place is \"/folder\", \"$VARIABLE\", or \"NAME in\" one of these or "
                    "\"parameters\"");
            return schema_at(&r->yaml, r->err, "confine.write.%u", i);
        }
        put(places->place[i], sizeof places->place[i], raw->write[i]);
    }
    places->count = raw->write_count;
    places->network = raw->network == HSM_YES;
    return true;
}

/* "none" must be alone: the module reads no variable. */
static bool take_variables(const struct reader *r, const struct raw_dialect *raw)
{
    struct dialect *d = r->out;
    const char *why;

    d->lists_variables = raw->variable_count > 0;
    if (raw->variable_count == 1 && strcmp(raw->variables[0], "none") == 0)
        return true;
    for (unsigned i = 0; i < raw->variable_count; i++) {
        const char *name = raw->variables[i];
        size_t letters = strspn(name, ckm_letters);
        bool is_name = letters >= 2 && letters < DIALECT_WORD_MAX - 1 &&
                       (!name[letters] || strcmp(name + letters, "*") == 0);
        if (!is_name)
            err_set(r->err, ERR_CONFIG, "\"environment\" takes names, which may end in '*'");
        else if (variable_rank(name, &why) != VARIABLE_PLAIN)
            err_set(r->err, ERR_CONFIG, "%s %s, so no module gets it", name, why);
        else {
            put(d->variable[d->variable_count++], DIALECT_WORD_MAX, name);
            continue;
        }
        return schema_at(&r->yaml, r->err, "environment.%u", i);
    }
    return true;
}

/* Curve names as in struct key_desc, separated by blanks. */
static bool take_curves(const struct reader *r, const struct raw_dialect *raw)
{
    char *list = r->out->curves;
    size_t len = 0;

    for (unsigned i = 0; i < raw->curve_count; i++) {
        size_t name = strlen(raw->curves[i]);
        if (name >= KEY_CURVE_MAX || strpbrk(raw->curves[i], " \t") ||
            len + name + 2 > HSM_CURVES_MAX) {
            err_set(r->err, ERR_CONFIG,
                    "this is not the name of a curve, or the names are too long");
            return schema_at(&r->yaml, r->err, "curves.%u", i);
        }
        len += (size_t)snprintf(list + len, HSM_CURVES_MAX - len, "%s%s", i ? " " : "",
                                raw->curves[i]);
    }
    r->out->secret_max = raw->secret_max;
    return true;
}

static bool take_all(const struct reader *r, const struct raw_dialect *raw)
{
    struct dialect *d = r->out;

    d->is.status = (enum hsm_dialect_status)raw->status;
    d->is.not_enforced = raw->not_enforced;
    d->fallback = raw->fallback == HSM_YES;
    d->complete = raw->try_standard == HSM_NO;
    d->value_length = (enum dialect_rule)raw->template.value_length;
    d->ec_point = (enum dialect_rule)raw->template.ec_point;
    d->secrecy = (enum dialect_rule)raw->template.secrecy;
    d->omit = raw->template.omit;
    d->set_afterwards = raw->set_afterwards;
    d->unreadable = raw->not_readable;
    d->one_per_id = raw->one_per_id == HSM_YES;
    d->loads_siblings = raw->loads_siblings == HSM_YES;
    d->pattern_count = raw->pattern_count;
    for (unsigned i = 0; i < raw->pattern_count; i++)
        if (!take_pattern(r, i, &raw->patterns[i]))
            return false;
    return take_name(r, raw) && take_trust(r, raw) && take_variables(r, raw) &&
           take_mechanisms(r, &raw->algorithms) && take_confine(r, raw->confine) &&
           take_curves(r, raw);
}

static bool read_text(const struct bytes *text, const char *name, struct dialect *out,
                      struct err *err)
{
    const struct reader r = {
        .yaml = {.name = name, .text = (const char *)text->data, .len = text->len},
        .out = out,
        .err = err};
    void *raw = NULL;
    bool ok = schema_load(&r.yaml, &dialect_schema, &raw, err) && take_all(&r, raw);

    schema_free(&dialect_schema, raw);
    if (ok && EVP_Digest(text->data, text->len, out->is.sha256, NULL, EVP_sha256(), NULL) != 1)
        ok = err_set(err, ERR_FAILED, "OpenSSL cannot compute SHA-256");
    return ok;
}

bool dialect_load(const char *path, struct dialect *out, struct err *err)
{
    struct dialect read = {0};
    struct bytes text = {0};
    char name[FILE_SHOWN];
    struct err local = {0};
    bool ok;
    int fd;

    if (!err) /* schema_at() needs one */
        err = &local;
    if (!file_open_trusted(path, 022, &fd, err))
        return false;
    file_shown(path, name);
    ok = file_read(fd, name, SIZE_MAX_OF_FILE, &text, err) && read_text(&text, name, &read, err);
    close(fd);
    bytes_free(&text);
    if (ok)
        *out = read;
    else if (!err->next[0])
        err_next(err, "Correct the dialect, or remove it; hsmferry-dialect(5) explains each line");
    return ok;
}
