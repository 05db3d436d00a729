/* SPDX-License-Identifier: Apache-2.0 */
/* record/: the audit report, made from synthetic events and read again with libyaml. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "base/text.h"
#include "hsm/fidelity.h"
#include "journal/event_log.h"
#include "report/report.h"

enum { BEGAN = 1795437667 }; /* 2026-11-23T12:41:07Z */

/* A folder of its own for each test, and the report that it makes there. */
struct fixture {
    char folder[64];
    struct report *report;
    uint64_t seq;
    struct err err;
    yaml_document_t document;
    bool loaded;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    snprintf(f->folder, sizeof f->folder, "/tmp/hsmferry-report.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char path[512];
    struct dirent *entry;

    report_free(f->report);
    if (f->loaded)
        yaml_document_delete(&f->document);
    DIR *dir = opendir(f->folder);
    while (dir && (entry = readdir(dir))) {
        snprintf(path, sizeof path, "%s/%s", f->folder, entry->d_name);
        remove(path);
    }
    if (dir)
        closedir(dir);
    rmdir(f->folder);
    free(f);
    return 0;
}

static void start(struct fixture *f, const char *title)
{
    assert_true(report_new(f->folder, title, BEGAN * INT64_C(1000), &f->report, &f->err));
}

static bool emit(struct fixture *f, struct event event)
{
    struct event_sink *sink = report_sink(f->report);

    event.seq = ++f->seq;
    event.utc_ms = BEGAN * INT64_C(1000) + (int64_t)f->seq;
    event.mono_ms = (int64_t)f->seq;
    return sink->emit(sink, &event, &f->err);
}

static void begin_as(struct fixture *f, uint32_t additions)
{
    struct event event = {.kind = EVENT_BEGIN, .side = SIDE_RELAY, .begin.additions = additions};

    snprintf(event.begin.title, sizeof event.begin.title, "Root CA move");
    snprintf(event.begin.id, sizeof event.begin.id, "0123");
    event.begin.rehearsal = true;
    assert_true(emit(f, event));
}

static void begin(struct fixture *f)
{
    begin_as(f, 0);
}

static struct event planned(uint32_t number, const void *label, size_t len, enum key_route route)
{
    struct event event = {.kind = EVENT_PLANNED, .key = number};
    struct key_desc *desc = &event.planned.desc;

    key_set_label(desc, label, len);
    key_set_id(desc, "\x02", 1);
    desc->class = KEY_CLASS_SECRET;
    desc->kind = KEY_KIND_GENERIC;
    desc->length = 13;
    desc->flags = KEY_SIGN | KEY_EXTRACTABLE;
    desc->flags_known = KEY_SIGN | KEY_EXTRACTABLE | KEY_SENSITIVE;
    event.planned.route = route;
    event.planned.want_flags = KEY_SIGN | KEY_SENSITIVE;
    event.planned.refused = route == ROUTE_NONE ? ERR_DENIED : ERR_NONE;
    snprintf(event.planned.reason, sizeof event.planned.reason, "%s",
             route == ROUTE_NONE ? "It may not leave" : "It goes");
    snprintf(event.planned.proof, sizeof event.planned.proof, "sha256-digest");
    return event;
}

static struct event done(uint32_t number, enum key_outcome outcome)
{
    struct event event = {.kind = EVENT_KEY_DONE, .key = number};

    event.key_done.outcome = outcome;
    event.key_done.code = outcome == KEY_MIGRATED ? ERR_NONE : ERR_HSM;
    event.key_done.desc = planned(number, "arrived", 7, ROUTE_ENVELOPE).planned.desc;
    snprintf(event.key_done.text, sizeof event.key_done.text, "The last word");
    return event;
}

static struct event step(enum step_id id, uint32_t key, enum event_state state)
{
    struct event event = {.kind = EVENT_STEP, .side = step_side(id), .key = key};

    event.step.id = id;
    event.step.state = state;
    if (state == EVENT_OK) {
        event.step.bytes = 24;
        event.step.micros = 1500;
    }
    return event;
}

static struct event ended(enum end_outcome outcome, int exit_code)
{
    struct event event = {.kind = EVENT_END, .side = SIDE_RELAY};

    event.end.outcome = outcome;
    event.end.exit_code = exit_code;
    event.end.migrated = 1;
    snprintf(event.end.text, sizeof event.end.text, "The ceremony is over");
    return event;
}

/* Holds the report against its JSON Schema by a program that is not ours, where it is installed;
 * one of ten thousand keys takes that too long. */
static void validate(const char *path)
{
    const char *tree = getenv("abs_top_srcdir");
    char command[1024];
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    if (!tree || st.st_size > 1 << 20 || system("python3 -c 'import jsonschema, yaml' 2>&-") != 0)
        return;
    snprintf(command, sizeof command, "python3 '%s/tests/read_report.py' '%s'", tree, path);
    assert_int_equal(system(command), 0);
}

static void load(struct fixture *f)
{
    yaml_parser_t parser;
    FILE *file = fopen(report_path(f->report), "r");

    assert_non_null(file);
    assert_true(yaml_parser_initialize(&parser));
    yaml_parser_set_input_file(&parser, file);
    assert_true(yaml_parser_load(&parser, &f->document));
    f->loaded = true;
    yaml_parser_delete(&parser);
    fclose(file);
    validate(report_path(f->report));
}

static yaml_node_t *child(struct fixture *f, yaml_node_t *node, const char *name)
{
    if (node->type == YAML_SEQUENCE_NODE) {
        yaml_node_item_t *item = node->data.sequence.items.start + atoi(name);
        return item < node->data.sequence.items.top ? yaml_document_get_node(&f->document, *item)
                                                    : NULL;
    }
    if (node->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        yaml_node_t *key = yaml_document_get_node(&f->document, pair->key);
        if (strcmp((char *)key->data.scalar.value, name) == 0)
            return yaml_document_get_node(&f->document, pair->value);
    }
    return NULL;
}

static yaml_node_t *walk(struct fixture *f, const char *path)
{
    char copy[128], *rest = copy, *name;
    yaml_node_t *node = yaml_document_get_root_node(&f->document);

    snprintf(copy, sizeof copy, "%s", path);
    while (node && (name = strsep(&rest, ".")))
        node = child(f, node, name);
    return node;
}

/* The node at a path like "keys.0.label", or in the profile of that key; NULL: none. */
static yaml_node_t *node_at(struct fixture *f, const char *path)
{
    yaml_node_t *node = walk(f, path), *profile;
    char other[128];
    unsigned key;
    int len = 0;

    if (node || sscanf(path, "keys.%u.%n", &key, &len) != 1 || len == 0)
        return node;
    snprintf(other, sizeof other, "keys.%u.profile", key);
    profile = walk(f, other);
    if (!profile)
        return NULL;
    snprintf(other, sizeof other, "profiles.%d.%s", atoi((char *)profile->data.scalar.value) - 1,
             path + len);
    return walk(f, other);
}

static const char *text_at(struct fixture *f, const char *path)
{
    yaml_node_t *node = node_at(f, path);

    return node && node->type == YAML_SCALAR_NODE ? (char *)node->data.scalar.value : NULL;
}

static size_t count_at(struct fixture *f, const char *path)
{
    yaml_node_t *node = node_at(f, path);

    assert_non_null(node);
    assert_int_equal(node->type, YAML_SEQUENCE_NODE);
    return (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
}

/* One row of a key's attributes; NULL: it says nothing of this. All NULL: there is no such row. */
static void assert_attribute(struct fixture *f, const char *key, const char *name,
                             const char *source, const char *asked, const char *found,
                             const char *verdict)
{
    const char *const fields[] = {"source", "asked", "found", "verdict"};
    const char *const values[] = {source, asked, found, verdict};
    static const char *const lists[] = {"attributes", "own-attributes"};
    char path[96], row[64] = "";
    const char *is;

    for (unsigned i = 0; i < 2 * FIDELITY_ROWS_MAX; i++) {
        snprintf(path, sizeof path, "%s.%s.%u.name", key, lists[i % 2], i / 2);
        is = text_at(f, path);
        if (is && strcmp(is, name) == 0)
            snprintf(row, sizeof row, "%s.%s.%u", key, lists[i % 2], i / 2);
    }
    assert_int_equal(row[0] != '\0', source || found);
    for (unsigned i = 0; row[0] && i < 4; i++) {
        snprintf(path, sizeof path, "%s.%s", row, fields[i]);
        is = text_at(f, path);
        assert_int_equal(is != NULL, values[i] != NULL);
        if (values[i])
            assert_string_equal(is, values[i]);
    }
}

static void test_whole(void **state)
{
    struct fixture *f = *state;
    struct event fingerprint = {.kind = EVENT_FINGERPRINT, .side = SIDE_SOURCE};
    struct event proof = {
        .kind = EVENT_PROOF, .key = 1, .proof = {.state = EVENT_OK, .stage = STEP_PROVE}};
    struct event call = {.kind = EVENT_CALL};
    char expected[128];
    struct stat st;

    start(f, "Root CA move: 2026!");
    assert_null(report_path(f->report));
    begin(f);
    assert_true(emit(f, planned(1, "db-password", 11, ROUTE_ENVELOPE)));
    assert_true(emit(f, planned(2, "legacy-mac", 10, ROUTE_NONE)));
    assert_true(emit(f, fingerprint));
    fingerprint.side = SIDE_DESTINATION;
    assert_true(emit(f, fingerprint));
    assert_true(emit(f, call));
    assert_true(emit(f, step(STEP_MAKE_PAIR, 0, EVENT_BEGUN)));
    assert_true(emit(f, step(STEP_MAKE_PAIR, 0, EVENT_OK)));
    assert_true(emit(f, step(STEP_WRAP_KEY, 1, EVENT_BEGUN)));
    assert_true(emit(f, step(STEP_WRAP_KEY, 1, EVENT_OK)));
    assert_true(emit(f, proof));
    assert_true(emit(f, done(1, KEY_MIGRATED)));
    assert_true(emit(f, ended(END_PARTIAL, 2)));
    snprintf(expected, sizeof expected, "%s/2026-11-23T124107Z-root-ca-move-2026.yaml", f->folder);
    assert_string_equal(report_path(f->report), expected);
    assert_int_equal(stat(expected, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    load(f);

    yaml_node_t *root = yaml_document_get_root_node(&f->document);
    yaml_node_t *first = yaml_document_get_node(&f->document, root->data.mapping.pairs.start->key);
    assert_string_equal((char *)first->data.scalar.value, "summary");
    assert_string_equal(text_at(f, "format"), "hsmferry-audit/3");
    assert_string_equal(text_at(f, "summary.outcome"), "partial");
    assert_string_equal(text_at(f, "summary.exit-code"), "2");
    assert_string_equal(text_at(f, "summary.rehearsal"), "yes");
    assert_string_equal(text_at(f, "summary.begun"), "2026-11-23T12:41:07.001Z");
    assert_int_equal(count_at(f, "keys"), 2);
    assert_string_equal(text_at(f, "keys.0.label"), "db-password");
    assert_string_equal(text_at(f, "keys.0.id"), "02");
    assert_string_equal(text_at(f, "keys.0.type"), "13 bytes");
    assert_string_equal(text_at(f, "keys.0.outcome"), "migrated");
    assert_attribute(f, "keys.0", "extractable", "yes", "no", "yes", "LOOSENED");
    assert_attribute(f, "keys.0", "sign", "yes", "yes", "yes", "kept");
    assert_attribute(f, "keys.0", "sensitive", "no", "yes", "no", "LOOSENED");
    assert_attribute(f, "keys.0", "label", "db-password", NULL, "arrived", "DIFFERS");
    assert_attribute(f, "keys.0", "local", NULL, NULL, NULL, NULL);
    assert_attribute(f, "keys.1", "extractable", "yes", NULL, NULL, NULL);
    assert_string_equal(text_at(f, "keys.1.outcome"), "refused");
    assert_string_equal(text_at(f, "keys.1.reason"), "It may not leave");
    assert_string_equal(text_at(f, "keys.1.code"), "denied");
    assert_string_equal(text_at(f, "transport-key.agree"), "yes");
    assert_int_equal(count_at(f, "steps"), 1);
    assert_string_equal(text_at(f, "steps.0.begun"), "2026-11-23T12:41:07.007Z");
    assert_string_equal(text_at(f, "steps.0.ended"), "2026-11-23T12:41:07.008Z");
    assert_string_equal(text_at(f, "steps.0.ms"), "1");
    assert_int_equal(count_at(f, "proofs"), 0); /* it is with its key */
    assert_string_equal(text_at(f, "keys.0.proofs.0.stage"), "prove");
    assert_string_equal(text_at(f, "keys.0.proven-at.0"), "2026-11-23T12:41:07.011Z");
    assert_null(strchr(text_at(f, "journal.file"), '/'));
}

/* What keys have in common is in one profile; what differs makes another. */
static void test_profiles(void **state)
{
    struct fixture *f = *state;
    struct event other = planned(3, "c", 1, ROUTE_ENVELOPE), proof = {.kind = EVENT_PROOF};

    start(f, "x");
    begin(f);
    other.planned.desc.flags |= KEY_VERIFY;
    other.planned.desc.flags_known |= KEY_VERIFY;
    assert_true(emit(f, planned(1, "a", 1, ROUTE_ENVELOPE)));
    assert_true(emit(f, planned(2, "b", 1, ROUTE_ENVELOPE)));
    assert_true(emit(f, other));
    for (uint32_t i = 4; i <= 5; i++)
        assert_true(emit(f, planned(i, "d", 1, ROUTE_ENVELOPE)));
    assert_true(emit(f, planned(6, "no", 2, ROUTE_NONE)));
    proof.proof.state = EVENT_FAILED; /* then its proofs are not where those of others are */
    proof.proof.stage = STEP_PROVE;
    proof.key = 4;
    assert_true(emit(f, proof));
    for (uint32_t i = 1; i <= 5; i++) {
        proof.key = i;
        proof.proof.state = EVENT_OK;
        assert_true(emit(f, proof));
        assert_true(emit(f, done(i, KEY_MIGRATED)));
    }
    assert_true(emit(f, ended(END_COMPLETE, 0)));
    load(f);
    assert_int_equal(count_at(f, "profiles"), 4);
    assert_string_equal(text_at(f, "keys.1.profile"), "1");
    assert_string_equal(text_at(f, "keys.2.profile"), "2");
    assert_string_equal(text_at(f, "keys.3.profile"), "3");
    assert_string_equal(text_at(f, "keys.4.profile"), "1");
    assert_string_equal(text_at(f, "keys.5.profile"), "4");
    assert_attribute(f, "keys.1", "verify", NULL, NULL, NULL, NULL);
    assert_attribute(f, "keys.2", "verify", "yes", "no", NULL, NULL);
    assert_int_equal(count_at(f, "proofs"), 2);
    assert_string_equal(text_at(f, "proofs.1.key"), "4");
    assert_int_equal(count_at(f, "keys.1.proven-at"), 1);
    assert_null(node_at(f, "keys.3.proven-at"));
}

/* In which dialect each side was spoken to, and how far that is known; none on the other. */
static void test_dialects(void **state)
{
    struct fixture *f = *state;
    struct event hsm = {.kind = EVENT_HSM, .side = SIDE_SOURCE};
    char hash[65];

    start(f, "t");
    begin(f);
    snprintf(hsm.hsm.info.api, sizeof hsm.hsm.info.api, "nss");
    hsm.side = SIDE_DESTINATION;
    assert_true(emit(f, hsm));
    snprintf(hsm.hsm.info.api, sizeof hsm.hsm.info.api, "pkcs11");
    snprintf(hsm.hsm.info.dialect.name, sizeof hsm.hsm.info.dialect.name, "luna");
    hsm.hsm.info.dialect.status = HSM_DIALECT_DOCUMENTS;
    hsm.hsm.info.dialect.not_enforced = KEY_EXTRACTABLE;
    memset(hsm.hsm.info.dialect.sha256, 0xab, sizeof hsm.hsm.info.dialect.sha256);
    hsm.side = SIDE_SOURCE;
    assert_true(emit(f, hsm));
    assert_true(emit(f, ended(END_FAILED, 2)));
    load(f);
    memset(hash, 0, sizeof hash);
    for (size_t i = 0; i < 64; i += 2)
        memcpy(hash + i, "ab", 2);
    assert_string_equal(text_at(f, "source.dialect.name"), "luna");
    assert_string_equal(text_at(f, "source.dialect.status"), "documents");
    assert_string_equal(text_at(f, "source.dialect.sha256"), hash);
    assert_string_equal(text_at(f, "source.dialect.not-enforced.0"), "extractable");
    assert_null(node_at(f, "destination.dialect"));
}

static struct event loaded(enum side side, const char *path)
{
    struct event event = {.kind = EVENT_LOADED, .side = side};

    snprintf(event.loaded.path, sizeof event.loaded.path, "%s", path);
    memset(event.loaded.sha256, 0xab, sizeof event.loaded.sha256);
    return event;
}

/* How module and agent ran on each side, as it was told last; and how the other side was not. */
static void test_running(void **state)
{
    struct fixture *f = *state;
    struct event hsm = {.kind = EVENT_HSM, .side = SIDE_SOURCE};

    start(f, "t");
    begin(f);
    snprintf(hsm.hsm.info.api, sizeof hsm.hsm.info.api, "pkcs11");
    snprintf(hsm.hsm.loading, sizeof hsm.hsm.loading, "its own path");
    snprintf(hsm.hsm.confinement, sizeof hsm.hsm.confinement, "no new privileges");
    assert_true(emit(f, hsm));
    assert_true(emit(f, loaded(SIDE_SOURCE, "/lib/before")));
    hsm.hsm.loaded_more = true;
    assert_true(emit(f, hsm));
    assert_true(emit(f, loaded(SIDE_SOURCE, "/lib/one")));
    assert_true(emit(f, loaded(SIDE_DESTINATION, "/lib/other")));
    assert_true(emit(f, loaded(SIDE_SOURCE, "/lib/two")));
    assert_true(emit(f, ended(END_FAILED, 2)));
    load(f);
    assert_string_equal(text_at(f, "source.loading"), "its own path");
    assert_string_equal(text_at(f, "source.confinement"), "no new privileges");
    assert_int_equal(count_at(f, "source.loaded"), 2);
    assert_string_equal(text_at(f, "source.loaded.0.path"), "/lib/one");
    assert_string_equal(text_at(f, "source.loaded.1.path"), "/lib/two");
    assert_int_equal(strspn(text_at(f, "source.loaded.1.sha256"), "ab"), 64);
    assert_string_equal(text_at(f, "source.loaded-more"), "yes");
    assert_null(node_at(f, "destination.loaded"));
}

static struct event reached(enum side side, enum reach what, const char *text)
{
    struct event event = {.kind = EVENT_REACH, .side = side, .reach.what = what};

    snprintf(event.reach.text, sizeof event.reach.text, "%s", text);
    memset(event.reach.sha256, what == REACH_AGENT ? 0 : 0xab, sizeof event.reach.sha256);
    return event;
}

/* How each side was to be reached, and the signer's own device. */
static void test_reach(void **state)
{
    struct fixture *f = *state;
    struct event signer = {.kind = EVENT_SIGNER, .signer = {.key = "pkcs11:", .device = "another"}};

    start(f, "t");
    begin(f);
    assert_true(emit(f, reached(SIDE_SOURCE, REACH_AGENT, "/usr/bin/ssh")));
    assert_true(emit(f, reached(SIDE_SOURCE, REACH_AGENT, "host")));
    assert_true(emit(f, reached(SIDE_DESTINATION, REACH_PARAMETERS, "")));
    assert_true(emit(f, reached(SIDE_SOURCE, REACH_VARIABLE, "A")));
    assert_true(emit(f, reached(SIDE_RELAY, REACH_VARIABLE, "B")));
    assert_true(emit(f, signer));
    assert_true(emit(f, ended(END_FAILED, 2)));
    load(f);
    assert_int_equal(count_at(f, "source.agent"), 2);
    assert_string_equal(text_at(f, "source.agent.1"), "host");
    assert_string_equal(text_at(f, "source.agent-code"), "not checked");
    assert_int_equal(count_at(f, "source.environment"), 1);
    assert_string_equal(text_at(f, "source.environment.0.name"), "A");
    assert_int_equal(strspn(text_at(f, "source.environment.0.sha256"), "ab"), 64);
    assert_null(node_at(f, "source.parameters-sha256"));
    assert_string_equal(text_at(f, "destination.agent-code"), "own");
    assert_int_equal(count_at(f, "destination.environment"), 0);
    assert_non_null(text_at(f, "destination.parameters-sha256"));
    assert_string_equal(text_at(f, "signature.environment.0.name"), "B");
    assert_string_equal(text_at(f, "ceremony.file-sha256"), "none");
}

static void test_outcomes(void **state)
{
    struct fixture *f = *state;
    char path[64];

    start(f, "x");
    begin(f);
    for (uint32_t i = 0; i < KEY_OUTCOMES; i++)
        assert_true(emit(f, planned(i + 1, "k", 1, ROUTE_ENVELOPE)));
    for (uint32_t i = 0; i < KEY_OUTCOMES; i++)
        assert_true(emit(f, done(i + 1, (enum key_outcome)i)));
    assert_true(emit(f, ended(END_FAILED, 3)));
    load(f);
    assert_string_equal(text_at(f, "summary.outcome"), "failed");
    for (unsigned i = 0; i < KEY_OUTCOMES; i++) {
        snprintf(path, sizeof path, "keys.%u.outcome", i);
        assert_string_equal(text_at(f, path), key_outcome_name((enum key_outcome)i));
        snprintf(path, sizeof path, "keys.%u.attributes.0.found", i);
        assert_int_equal(node_at(f, path) != NULL, i == KEY_MIGRATED || i == KEY_UNPROVEN ||
                                                       i == KEY_DESTROYED || i == KEY_ALIGNED ||
                                                       i == KEY_DERIVED);
    }
}

/* Each end of a ceremony has its own word. */
static void test_ends(void **state)
{
    static const char *const words[] = {"complete", "partial", "failed", "aborted"};
    struct fixture *f = *state;
    char title[8];

    for (unsigned i = 0; i < 4; i++) {
        snprintf(title, sizeof title, "end %u", i);
        start(f, title);
        begin(f);
        assert_true(emit(f, ended((enum end_outcome)i, 0)));
        load(f);
        assert_string_equal(text_at(f, "summary.outcome"), words[i]);
        yaml_document_delete(&f->document);
        f->loaded = false;
        report_free(f->report);
        f->report = NULL;
    }
}

static bool label_hex(struct fixture *f, unsigned key)
{
    char path[64];

    snprintf(path, sizeof path, "keys.%u.label-hex", key);
    return node_at(f, path) != NULL;
}

/* Whatever a label is, the report reads as YAML and gives its bytes back. */
static void test_labels(void **state)
{
    static const struct {
        const char *raw;
        size_t len;
    } labels[] = {
        {"", 0},
        {"no", 2},
        {"~", 1},
        {"1e3", 3},
        {"2026-11-23", 10},
        {"- a: b # c", 10},
        {"'\"`{}[]&*!|>%@,?", 16},
        {"\033[2J\r\n\0\x7f", 8},
        {"a\nsummary: {outcome: complete}", 30},
        {"\xe2\x80\xae gpj.exe", 11},
        {"\xff\xfe", 2},
        {"\\x41", 4},
        {" padded ", 8},
        {"\xf0\x9f\x94\x91 \xc3\xa9", 7},
    };
    enum { COUNT = sizeof labels / sizeof labels[0] };
    struct fixture *f = *state;
    uint8_t raw[KEY_LABEL_MAX];
    char path[64];
    size_t len;

    start(f, "\033]0;x\a");
    begin(f);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_true(emit(f, planned(i + 1, labels[i].raw, labels[i].len, ROUTE_ENVELOPE)));
    assert_true(emit(f, ended(END_COMPLETE, 0)));
    load(f);
    assert_int_equal(count_at(f, "keys"), COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(path, sizeof path, "keys.%u.label", i);
        len = sizeof raw;
        assert_true(text_unsafe(text_at(f, path), raw, &len));
        assert_int_equal(len, labels[i].len);
        assert_memory_equal(raw, labels[i].raw, len);
        assert_int_equal(strlen(text_at(f, path)) != len, label_hex(f, i));
        if (!label_hex(f, i))
            continue; /* it is its bytes */
        snprintf(path, sizeof path, "keys.%u.label-hex", i);
        len = sizeof raw;
        assert_true(text_unhex(text_at(f, path), raw, &len));
        assert_int_equal(len, labels[i].len);
        assert_memory_equal(raw, labels[i].raw, len);
    }
}

/* A plan that is made again replaces the one before. */
static void test_planned_again(void **state)
{
    struct fixture *f = *state;

    start(f, "x");
    begin(f);
    for (uint32_t i = 1; i <= 3; i++)
        assert_true(emit(f, planned(i, "old", 3, ROUTE_ENVELOPE)));
    assert_true(emit(f, planned(1, "new", 3, ROUTE_NONE)));
    assert_true(emit(f, ended(END_FAILED, 77)));
    load(f);
    assert_int_equal(count_at(f, "keys"), 1);
    assert_string_equal(text_at(f, "keys.0.label"), "new");
}

static struct event of_gate(enum gate gate, enum gate_state state)
{
    struct event event = {.kind = EVENT_GATE, .side = SIDE_RELAY};

    event.gate.gate = gate;
    event.gate.state = state;
    return event;
}

static struct event warning(const char *text, uint32_t key, uint32_t plan)
{
    struct event event = {.kind = EVENT_WARNING, .side = SIDE_RELAY, .key = key};

    event.note.plan = plan;
    snprintf(event.note.text, sizeof event.note.text, "%s", text);
    return event;
}

/* Two attempts at a plan, after the first of which an officer goes back from the review. Seconds
 * are the numbers of the events. */
static void plan_twice(struct fixture *f, uint32_t numbered)
{
    struct event plan[] = {planned(1, "one", 3, ROUTE_ENVELOPE), planned(2, "two", 3, ROUTE_NONE),
                           planned(3, "three", 5, ROUTE_ENVELOPE)};
    struct event waived = of_gate(GATE_FINGERPRINT, GATE_WAIVED);

    assert_true(emit(f, warning("of the HSM", 0, 0)));          /* 2 */
    assert_true(emit(f, plan[0]));                              /* 3 */
    assert_true(emit(f, warning("of the first", 1, numbered))); /* 4 */
    assert_true(emit(f, of_gate(GATE_REVIEW, GATE_OPEN)));      /* 5 */
    assert_true(emit(f, warning("before the second", 0, 2 * numbered)));
    for (size_t i = 0; i < 3; i++) {
        plan[i].planned.plan = 2 * numbered;
        assert_true(emit(f, plan[i])); /* 7 to 9 */
    }
    assert_true(emit(f, warning("of the second", 3, 2 * numbered)));
    assert_true(emit(f, of_gate(GATE_REVIEW, GATE_OPEN)));      /* 11 */
    assert_true(emit(f, of_gate(GATE_REVIEW, GATE_WRONG)));     /* 12 */
    assert_true(emit(f, of_gate(GATE_REVIEW, GATE_OPEN)));      /* 13 */
    assert_true(emit(f, warning("meanwhile", 0, 0)));           /* 14 */
    assert_true(emit(f, of_gate(GATE_REVIEW, GATE_CONFIRMED))); /* 15 */
    waived.gate.keys = 2;
    assert_true(emit(f, waived));
    assert_true(emit(f, ended(END_FAILED, 69)));
    load(f);
}

/* The record is about the plan that was carried out: its warnings, and its answers, each after the
 * time for which its question was open. */
static void test_went_back(void **state)
{
    static const char *const warnings[] = {"of the HSM", "before the second", "of the second",
                                           "meanwhile"};
    struct fixture *f = *state;
    char path[64];

    start(f, "x");
    begin_as(f, RECORD_ADDITIONS);
    plan_twice(f, 1);
    assert_int_equal(count_at(f, "warnings"), 4);
    for (unsigned i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "warnings.%u.text", i);
        assert_string_equal(text_at(f, path), warnings[i]);
    }
    assert_int_equal(count_at(f, "gates"), 6);
    assert_string_equal(text_at(f, "gates.0.void"), "yes");
    assert_null(text_at(f, "gates.1.void"));
    assert_string_equal(text_at(f, "gates.2.asked"), "11");
    assert_string_equal(text_at(f, "gates.2.ms"), "1");
    assert_string_equal(text_at(f, "gates.4.asked"), "13"); /* not 5: that was another plan's */
    assert_string_equal(text_at(f, "gates.4.ms"), "2");
    assert_string_equal(text_at(f, "summary.gates-ms"), "3");
    assert_null(text_at(f, "gates.4.keys"));
    assert_string_equal(text_at(f, "gates.5.keys"), "all");
    assert_string_equal(text_at(f, "gates.5.key-count"), "2");
    assert_int_equal(count_at(f, "gates.5.labels"), 2);
    assert_string_equal(text_at(f, "gates.5.labels.1"), "three");
}

/* Control: a record of an earlier version is reported as that version did. */
static void test_went_back_before(void **state)
{
    struct fixture *f = *state;

    start(f, "x");
    begin(f);
    plan_twice(f, 0);
    assert_int_equal(count_at(f, "warnings"), 5);
    assert_null(text_at(f, "summary.gates-ms"));
    assert_null(text_at(f, "gates.0.void"));
    assert_null(text_at(f, "gates.4.asked"));
    assert_null(text_at(f, "gates.5.keys"));
}

static void test_steps_that_never_end(void **state)
{
    struct fixture *f = *state;

    start(f, "x");
    begin(f);
    assert_true(emit(f, step(STEP_MAKE_PAIR, 0, EVENT_BEGUN)));
    assert_true(emit(f, step(STEP_MAKE_KEK, 0, EVENT_BEGUN)));
    assert_true(emit(f, step(STEP_MAKE_PAIR, 0, EVENT_UNDONE)));
    assert_true(report_end(f->report, END_ABORTED, 3, "The console ended", &f->err));
    load(f);
    assert_string_equal(text_at(f, "summary.outcome"), "aborted");
    assert_string_equal(text_at(f, "summary.exit-code"), "3");
    assert_string_equal(text_at(f, "summary.sentence"), "The console ended");
    assert_int_equal(count_at(f, "steps"), 3);
    assert_string_equal(text_at(f, "steps.0.state"), "begun");
    assert_null(text_at(f, "steps.0.ended"));
    assert_string_equal(text_at(f, "steps.1.name"), "make-aes"); /* in the order of their numbers */
    assert_string_equal(text_at(f, "steps.1.state"), "begun");
    assert_string_equal(text_at(f, "steps.2.state"), "undone");
}

static void test_ended_early(void **state)
{
    struct fixture *f = *state;

    start(f, "x");
    assert_true(report_end(f->report, END_ABORTED, 2, "Nothing came", &f->err));
    assert_null(report_path(f->report));
    begin(f);
    assert_true(emit(f, planned(1, "a", 1, ROUTE_ENVELOPE)));
    assert_true(emit(f, planned(2, "b", 1, ROUTE_NONE)));
    assert_true(emit(f, planned(3, "c", 1, ROUTE_ENVELOPE)));
    assert_true(emit(f, done(1, KEY_MIGRATED)));
    assert_true(report_end(f->report, END_ABORTED, 2, "Stopped", &f->err));
    assert_true(report_end(f->report, END_ABORTED, 2, "Again", &f->err));
    load(f);
    assert_string_equal(text_at(f, "summary.sentence"), "Stopped");
    assert_string_equal(text_at(f, "summary.migrated"), "1");
    assert_string_equal(text_at(f, "summary.refused"), "1");
    assert_string_equal(text_at(f, "summary.failed"), "0");
    assert_string_equal(text_at(f, "keys.2.outcome"), "pending");
}

/* What is told is the SHA-256 of the file on the disk. */
static void test_sha256(void **state)
{
    struct fixture *f = *state;
    uint8_t sha256[SHA256_SIZE];
    char text[65536];

    start(f, "x");
    begin(f);
    assert_null(report_sha256(f->report));
    assert_true(emit(f, ended(END_COMPLETE, 0)));
    FILE *file = fopen(report_path(f->report), "r");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_in_range(len, 100, sizeof text - 1);
    assert_true(EVP_Q_digest(NULL, "SHA256", NULL, text, len, sha256, NULL));
    assert_memory_equal(sha256, report_sha256(f->report), sizeof sha256);
}

/* The same events make the same bytes. */
static void test_pure(void **state)
{
    struct fixture *f = *state;
    uint8_t first[SHA256_SIZE];

    for (unsigned i = 0; i < 2; i++) {
        start(f, "one");
        f->seq = 0;
        begin(f);
        assert_true(emit(f, planned(1, "a", 1, ROUTE_ENVELOPE)));
        assert_true(emit(f, ended(END_COMPLETE, 0)));
        if (i == 0)
            memcpy(first, report_sha256(f->report), sizeof first);
        else
            assert_memory_equal(first, report_sha256(f->report), sizeof first);
        unlink(report_path(f->report)); /* it names its journal */
        unlink(report_journal(f->report));
        report_free(f->report);
        f->report = NULL;
    }
}

static void refused(struct fixture *f, const char *folder)
{
    struct report *report = NULL;

    err_clear(&f->err);
    assert_false(report_new(folder, "x", BEGAN * INT64_C(1000), &report, &f->err));
    assert_null(report);
    assert_int_equal(f->err.code, ERR_IO);
    assert_true(f->err.what[0] && f->err.now[0]);
}

static void test_folder(void **state)
{
    struct fixture *f = *state;
    char inner[128], deeper[160], file[128], other[128];
    struct stat st;

    snprintf(inner, sizeof inner, "%s/inner", f->folder);
    snprintf(deeper, sizeof deeper, "%s/a/b", inner);
    snprintf(file, sizeof file, "%s/file", f->folder);
    snprintf(other, sizeof other, "%s/link", f->folder);
    refused(f, deeper);
    assert_true(report_new(inner, "x", 0, &f->report, &f->err));
    assert_int_equal(stat(inner, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    report_free(f->report);
    f->report = NULL;
    assert_int_equal(symlink(inner, other), 0);
    refused(f, other);
    close(open(file, O_CREAT | O_WRONLY, 0600));
    refused(f, file);
    assert_int_equal(chmod(inner, 0770), 0);
    refused(f, inner);
    assert_int_equal(chmod(inner, 0702), 0);
    refused(f, inner);
    /* empty: an unused name was given back */
    assert_int_equal(rmdir(inner), 0);
}

/* A folder that may not be written; root may write everywhere, so root takes one where nobody can.
 */
static void test_read_only(void **state)
{
    struct fixture *f = *state;

    if (geteuid() == 0) {
        refused(f, "/proc");
        return;
    }
    assert_int_equal(chmod(f->folder, 0500), 0);
    refused(f, f->folder);
    assert_int_equal(chmod(f->folder, 0700), 0);
}

/* Ceremonies of the same title and second, whoever began them: each gets a name of its own, and
 * what stands there already is not touched. */
static void test_name_taken(void **state)
{
    static const char *const names[] = {"2026-11-23T124107Z-x.yaml", "2026-11-23T124107Z-x-2.yaml",
                                        "2026-11-23T124107Z-x-3.yaml.part",
                                        "2026-11-23T124107Z-x-4.yaml"};
    struct fixture *f = *state;
    char path[4][160];
    struct stat st;

    for (size_t i = 0; i < 4; i++)
        snprintf(path[i], sizeof path[i], "%s/%s", f->folder, names[i]);
    close(open(path[0], O_CREAT | O_WRONLY, 0600));
    assert_int_equal(symlink("/nowhere", path[1]), 0);
    close(open(path[2], O_CREAT | O_WRONLY, 0600));
    start(f, "x");
    begin(f);
    assert_true(emit(f, ended(END_COMPLETE, 0)));
    assert_string_equal(report_path(f->report), path[3]);
    assert_int_equal(stat(path[0], &st), 0);
    assert_int_equal(st.st_size, 0);
    assert_int_equal(lstat(path[1], &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(path[2], &st), 0);
    assert_int_equal(st.st_size, 0);
}

static void test_no_name_is_free(void **state)
{
    struct fixture *f = *state;
    char path[160];

    for (unsigned i = 1; i <= 100; i++) {
        snprintf(path, sizeof path,
                 i == 1 ? "%s/2026-11-23T124107Z-x.yaml" : "%s/2026-11-23T124107Z-x-%u.yaml",
                 f->folder, i);
        close(open(path, O_CREAT | O_WRONLY, 0600));
    }
    refused(f, f->folder);
}

/* What comes to stand under the name later is not overwritten either. */
static void test_name_taken_late(void **state)
{
    struct fixture *f = *state;
    char path[160];
    struct stat st;

    start(f, "x");
    begin(f);
    snprintf(path, sizeof path, "%s/2026-11-23T124107Z-x.yaml", f->folder);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_false(emit(f, ended(END_COMPLETE, 0)));
    assert_int_equal(f->err.code, ERR_IO);
    assert_null(report_path(f->report));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 0);
}

/* A disk that fails while the report is written: nothing half stays. */
static void test_disk_fault(void **state)
{
    struct fixture *f = *state;
    struct rlimit before, tiny;
    char path[160];

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tiny = before;
    tiny.rlim_cur = 450; /* the journal's last line, but no report */
    signal(SIGXFSZ, SIG_IGN);
    start(f, "x");
    begin(f);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
    bool ok = emit(f, ended(END_COMPLETE, 0));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(ok);
    assert_int_equal(f->err.code, ERR_IO);
    assert_non_null(strstr(f->err.what, "File too large"));
    assert_null(report_path(f->report));
    snprintf(path, sizeof path, "%s/2026-11-23T124107Z-x.yaml", f->folder);
    report_free(f->report);
    f->report = NULL;
    assert_int_equal(access(path, F_OK), -1);
    strcat(path, ".part");
    assert_int_equal(access(path, F_OK), -1);
}

/* A disk without room stops the ceremony before it begins, and a step before it happens. */
static void test_disk_full(void **state)
{
    struct fixture *f = *state;
    char path[160];

    if (mount("none", f->folder, "tmpfs", MS_NOSUID | MS_NODEV, "size=256k,mode=700") != 0)
        skip();
    refused(f, f->folder);
    umount(f->folder);
    assert_int_equal(mount("none", f->folder, "tmpfs", MS_NOSUID | MS_NODEV, "size=1200k"), 0);
    assert_int_equal(chmod(f->folder, 0700), 0);
    start(f, "x");
    begin(f);
    bool before = emit(f, step(STEP_MAKE_PAIR, 0, EVENT_BEGUN));
    snprintf(path, sizeof path, "%s/filler", f->folder);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    int filled = ftruncate(fd, 0) == 0 ? posix_fallocate(fd, 0, 600 << 10) : -1;
    close(fd);
    bool after = emit(f, step(STEP_MAKE_KEK, 0, EVENT_BEGUN));
    report_free(f->report);
    f->report = NULL;
    umount2(f->folder, MNT_DETACH);
    assert_true(before);
    assert_int_equal(filled, 0);
    assert_false(after);
    assert_int_equal(f->err.code, ERR_IO);
}

/* Ten thousand keys, each with all of its steps: the record stays small, the report whole. */
static void test_many(void **state)
{
    enum { MANY = 10000 };
    static const enum step_id ids[] = {STEP_WRAP_KEY, STEP_RELAY_KEY, STEP_UNWRAP_KEY,
                                       STEP_PROVE,    STEP_COMMIT,    STEP_PROVE_AGAIN};
    struct fixture *f = *state;
    struct event proof = {.kind = EVENT_PROOF, .proof = {.state = EVENT_OK, .stage = STEP_PROVE}};
    const struct mallinfo2 before = mallinfo2();
    char label[32];

    start(f, "many");
    begin(f);
    for (uint32_t key = 1; key <= MANY; key++) {
        int len = snprintf(label, sizeof label, "payments-2031-%05u", key);
        assert_true(emit(f, planned(key, label, (size_t)len, ROUTE_ENVELOPE)));
    }
    for (uint32_t key = 1; key <= MANY; key++) {
        for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
            assert_true(emit(f, step(ids[i], key, EVENT_BEGUN)));
            assert_true(emit(f, step(ids[i], key, EVENT_OK)));
        }
        proof.key = key;
        assert_true(emit(f, proof));
        assert_true(emit(f, done(key, KEY_MIGRATED)));
    }
    const struct mallinfo2 after = mallinfo2(); /* all zero under the address sanitizer */
    assert_in_range(after.uordblks + after.hblkhd - before.uordblks - before.hblkhd, 0, 32 << 20);
    assert_true(emit(f, ended(END_COMPLETE, 0)));
    load(f);
    assert_int_equal(count_at(f, "keys"), MANY);
    assert_int_equal(count_at(f, "steps"), 0);
    assert_string_equal(text_at(f, "keys.9999.label"), "payments-2031-10000");
    assert_string_equal(text_at(f, "keys.9999.outcome"), "migrated");
}

static void test_event_log(void **state)
{
    struct event_log log = {0};
    struct event event = {.kind = EVENT_STEP, .seq = 1}, got;
    size_t first, second, at = 0;

    (void)state;
    assert_false(event_log_next(&log, UINT64_MAX, &at, &got));
    assert_true(event_log_add(&log, &event, &first, NULL));
    memset(&event, 0x5a, sizeof event);
    event.kind = EVENT_END;
    assert_true(event_log_add(&log, &event, &second, NULL));
    assert_true(first > 0 && second > first);
    assert_true(log.len < 2 * sizeof event);
    event_log_read(&log, second, &got);
    assert_memory_equal(&got, &event, sizeof got);
    assert_true(event_log_next(&log, UINT64_C(1) << EVENT_END, &at, &got));
    assert_int_equal(at, second);
    assert_false(event_log_next(&log, UINT64_MAX, &at, &got));
    event_log_free(&log);
}

/* The last kind, too, is found by its bit, and no other is. */
static void test_event_log_kinds(void **state)
{
    struct event_log log = {0};
    struct event event = {0};

    (void)state;
    for (enum event_kind kind = 0; kind < EVENT_KINDS; kind++) {
        event.kind = kind;
        assert_true(event_log_add(&log, &event, NULL, NULL));
    }
    for (enum event_kind kind = 0; kind < EVENT_KINDS; kind++) {
        size_t at = 0;
        assert_true(event_log_next(&log, UINT64_C(1) << kind, &at, &event));
        assert_int_equal(event.kind, kind);
        assert_false(event_log_next(&log, UINT64_C(1) << kind, &at, &event));
    }
    event_log_free(&log);
}

/* Each is what it was, wherever one reads; those alike take little, those of no use to each other
 * what they need: the control. */
static void test_event_log_of_many(void **state)
{
    enum { MANY = 2000, LIKE = 120 };
    struct event_log log = {0};
    struct event event = {.kind = EVENT_STEP, .seq = 1}, got;
    size_t places[MANY], len;

    (void)state;
    for (uint32_t i = 0; i < 2 * MANY; i++) {
        len = log.len;
        event.seq = event.key = i;
        event.step.id = i % 3 ? STEP_WRAP_KEY : STEP_COMMIT;
        snprintf(event.step.text, sizeof event.step.text, "%0*d", 200, i / MANY ? (int)i : 0);
        if (i / MANY)
            memset(event.step.call, 1 + (int)(i % 251), sizeof event.step.call);
        if (i >= MANY)
            memset(event.step.text, 1 + (int)(i % 251), sizeof event.step.text - 1);
        assert_true(event_log_add(&log, &event, &places[i % MANY], NULL));
        if (i > 10 && i < MANY)
            assert_in_range(log.len - len, 1, LIKE);
        if (i > MANY + 10)
            assert_in_range(log.len - len, 2 * LIKE, sizeof event);
    }
    for (uint32_t i = MANY; i-- > 0;) {
        event_log_read(&log, places[i], &got);
        assert_int_equal(got.seq, MANY + i);
        assert_int_equal(got.step.id, (MANY + i) % 3 ? STEP_WRAP_KEY : STEP_COMMIT);
        assert_int_equal(got.step.text[100], (char)(1 + (MANY + i) % 251));
        assert_int_equal(got.step.call[3], (char)(1 + (MANY + i) % 251));
        assert_int_equal(got.step.text[sizeof got.step.text - 1], 0);
    }
    event_log_free(&log);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whole),
        TEST(profiles),
        TEST(dialects),
        TEST(running),
        TEST(reach),
        TEST(outcomes),
        TEST(ends),
        TEST(labels),
        TEST(planned_again),
        TEST(went_back),
        TEST(went_back_before),
        TEST(steps_that_never_end),
        TEST(ended_early),
        TEST(sha256),
        TEST(pure),
        TEST(folder),
        TEST(read_only),
        TEST(name_taken),
        TEST(no_name_is_free),
        TEST(name_taken_late),
        TEST(disk_fault),
        TEST(disk_full),
        TEST(many),
        cmocka_unit_test(test_event_log),
        cmocka_unit_test(test_event_log_kinds),
        cmocka_unit_test(test_event_log_of_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
