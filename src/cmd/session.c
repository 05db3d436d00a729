/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/session.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/text.h"
#include "cmd/confinement.h"
#include "cmd/find_rehearsal.h"
#include "cmd/find_visits.h"
#include "cmd/libraries.h"
#include "hsm/token_lock.h"
#include "report/verify.h"
#include "transfer/sealing.h"

enum { SESSION_LIMIT_MS = 120000 };

static const char *const no_environment[] = {NULL};

bool session_host_new(struct session_host *host, struct err *err)
{
    config_own_agent(host->agent, sizeof host->agent);
    return starter_new(host->agent, &host->starter, err);
}

static bool empty_config(struct config **out, struct err *err)
{
    struct config *config = calloc(1, sizeof *config);
    char here[EVENT_PATH_MAX - 16];

    if (!config)
        return err_set(err, ERR_FAILED, "There is no memory for a ceremony");
    if (!getcwd(here, sizeof here)) {
        free(config);
        return err_set_errno(err, ERR_IO, errno, "The folder for the report cannot be named");
    }
    config->kind_open = true;
    config->policy = config->script.policy = policy_default();
    config->side[SIDE_SOURCE].limit_ms = config->side[SIDE_DESTINATION].limit_ms = SESSION_LIMIT_MS;
    text_print(config->report_folder, sizeof config->report_folder, "%s/reports", here);
    *out = config;
    return true;
}

bool session_load_as(struct session *s, const char *file, enum config_use use, struct err *err)
{
    s->own_agent[0] = s->host->agent;
    return config_load(file, use, &s->config, err);
}

bool session_load(struct session *s, const char *file, struct err *err)
{
    if (file)
        return session_load_as(s, file, CONFIG_TO_RUN, err);
    s->own_agent[0] = s->host->agent;
    return empty_config(&s->config, err);
}

/* --- signing the report (on the worker's thread) --- */

/* Only a valid report is signed, and only the one whose SHA-256 is shown. */
static bool digest_report(void *ctx, uint8_t sha256[SHA256_SIZE], struct err *err)
{
    struct session *s = ctx;
    const uint8_t *shown = s->report ? report_sha256(s->report) : NULL;
    struct bytes report = {0};
    struct yaml_tree *tree = NULL;
    bool ok = verify_load(s->signing.report, VERIFY_REPORT_MAX, &report, err) &&
              verify_seal(&report, err) && verify_schema(&report, &tree, err) &&
              verify_logic(tree, err);

    if (ok && EVP_Q_digest(NULL, "SHA256", NULL, report.data, report.len, sha256, NULL) != 1)
        ok = err_set(err, ERR_FAILED, "There is no memory for a SHA-256");
    if (ok && shown && memcmp(shown, sha256, SHA256_SIZE) != 0)
        ok = err_set(err, ERR_DATA, "the report was changed after it was written");
    yaml_tree_free(tree);
    bytes_free(&report);
    return ok;
}

static bool keep_signature(void *ctx, const struct signature *signature, struct err *err)
{
    struct session *s = ctx;
    char label[KEY_LABEL_TEXT], type[KEY_TYPE_TEXT], id[KEY_ID_TEXT];
    const struct key_desc *key = &signature->key;

    if (!signing_keep(s->signing.report, &signature->bytes, &signature->spki, &s->signing.files,
                      err))
        return false;
    text_print(s->signing.by, sizeof s->signing.by, "%s%s, %s, on %s, serial %s",
               key->label_len ? "" : "id ",
               key->label_len ? key_label_text(key, label) : key_id_text(key, id),
               key_type_text(key, type), signature->slot.label, signature->slot.serial);
    s->signing.done = true;
    return true;
}

void session_to_sign(struct session *s, const char *report)
{
    s->signing = (struct signing){0};
    text_print(s->signing.report, sizeof s->signing.report, "%s", report);
}

void session_unsigned(struct session *s, const struct err *why)
{
    text_print(s->signing.why, sizeof s->signing.why, "%s", why->what);
}

static void signing_failed(void *ctx, const struct err *err)
{
    session_unsigned(ctx, err);
}

/* --- agents and confinement --- */

static struct starter_program program_of(const struct config_side *side)
{
    static const struct config_side none;

    side = side ? side : &none;
    return (struct starter_program){
        .argv = (const char *const *)side->agent,
        .environment = side->environment ? (const char *const *)side->environment : no_environment,
        .module = side->where.module,
    };
}

/* The devices by the numbers of their programs: enum side; SIDE_RELAY for the signer. */
static const struct config_side *device_of(const struct session *s, enum side side)
{
    return side == SIDE_RELAY ? config_signs_on(s->config) : &s->config->side[side];
}

static bool choose_programs(struct session *s, struct err *err)
{
    bool ok = true;

    for (enum side side = 0; ok && side < SIDES; side++) {
        const struct starter_program program = program_of(device_of(s, side));
        ok = starter_choose(s->host->starter, side, &program, err);
    }
    return ok;
}

static bool name_programs(struct session *s, bool chooses, const char *const *folders,
                          struct err *err)
{
    for (enum side side = 0; side < SIDES; side++) {
        const struct starter_program program = program_of(device_of(s, side));
        const struct starter_program asks = {s->entries[side].argv, no_environment, ""};
        if (!starter_name(s->host->starter, side, &program, err) ||
            (asks.argv[0] && !starter_name(s->host->starter, SIDES + side, &asks, err)))
            return false;
    }
    return starter_seal(s->host->starter, chooses, folders, err);
}

/* All folders that this process may write to, in out, NULL at the end; room holds two paths. */
static bool find_folders(const struct session *s, enum session_use use, const char *report,
                         char room[2][PATH_MAX], const char *out[STARTER_FOLDERS + 1],
                         struct err *err)
{
    unsigned count = 0;

    out[count++] = token_lock_folder(token_lock_folders);
    if (use == SESSION_RECORD || use == SESSION_SCREEN || use == SESSION_SETTLE) {
        (void)mkdir(s->config->report_folder, 0700); /* report_new() says what is wrong */
        out[count++] = s->config->report_folder;
    }
    text_print(room[0], PATH_MAX, "%s", report ? report : s->config->path);
    if (use == SESSION_SIGN || (use == SESSION_SCREEN && room[0][0]))
        out[count++] = dirname(room[0]);
    else if (use == SESSION_SCREEN && !(out[count++] = getcwd(room[1], PATH_MAX)))
        return err_set_errno(err, ERR_IO, errno, "The folder of this process cannot be named");
    out[count] = NULL;
    return true;
}

/* The folder of a file, in which its signatures are; out has PATH_MAX bytes. */
static const char *folder_of(const char *file, char *out)
{
    text_print(out, PATH_MAX, "%s", file ? file : "");
    return file ? dirname(out) : NULL;
}

static bool enter_box(struct session *s, enum session_use use, const char *report,
                      const char *const *folders, struct err *err)
{
    struct confinement c = {0};
    char room[2][PATH_MAX];

    for (size_t i = 0; s->visit && i < 2; i++)
        confinement_add(&c, folder_of(s->visit->files[i], room[i]), LAND_READ);

    for (; *folders; folders++)
        confinement_add(&c, *folders, LAND_WRITE);
    /* Who chooses modules and databases on the screen completes their paths. */
    confinement_add(&c, use == SESSION_SCREEN && !s->config->path[0] ? "/" : NULL, LAND_LIST);
    confinement_add(&c, s->config->path, LAND_READ);
    confinement_add(&c, report, LAND_READ);
    for (const char *const *file = s->reads; file && *file; file++)
        confinement_add(&c, *file, LAND_READ);
    for (enum side side = 0; side < SIDES; side++) {
        const struct config_side *device = device_of(s, side);
        confinement_add(&c, device ? device->where.module : NULL, LAND_READ);
        confinement_add(&c, device ? device->token.pin_file : NULL, LAND_READ);
    }
    return confinement_enter(&c, use == SESSION_SCREEN || use == SESSION_SETTLE, &s->host->box,
                             err);
}

static bool is_enough(const struct session *s, struct err *err)
{
    const struct box *box = &s->host->box;

    if (s->config->policy.confinement == CONFINEMENT_WHEN_POSSIBLE || box->whole)
        return true;
    err_set(err, ERR_CONFIG, "The ceremony file requires confinement, and hsmferry is %s",
            box->text);
    err_now(err, "Nothing was started");
    return err_next(err, "Use a host whose kernel has Landlock and seccomp, or write "
                         "\"confinement: when-possible\"");
}

bool session_confine(struct session *s, enum session_use use, const char *report, struct err *err)
{
    const char *folders[STARTER_FOLDERS + 1];
    char room[2][PATH_MAX];

    for (enum side side = 0; side < SIDES; side++)
        pin_entry_make(&s->entries[side], s->config, side, device_of(s, side));
    if (starter_is_sealed(s->host->starter))
        return choose_programs(s, err) && is_enough(s, err);
    s->host->chooses = use == SESSION_SCREEN;
    if (s->config->syslog && use != SESSION_LOOK && use != SESSION_SIGN && !syslog_sink_open(err))
        return false;
    return find_folders(s, use, report, room, folders, err) &&
           name_programs(s, s->host->chooses, folders, err) &&
           enter_box(s, use, report, folders, err) && is_enough(s, err);
}

/* --- the worker --- */

static void reach(const struct session *s, const struct config_side *from, struct worker_side *to)
{
    to->argv = from->agent ? (const char *const *)from->agent : s->own_agent;
    to->environment = from->environment ? (const char *const *)from->environment : no_environment;
    text_print(to->pin_file, sizeof to->pin_file, "%s", from->token.pin_file);
    to->limit_ms = from->limit_ms;
    to->named = from->agent != NULL;
}

static struct ceremony_reach reach_of(const struct config_side *side)
{
    return (struct ceremony_reach){.agent = (const char *const *)side->agent,
                                   .environment = (const char *const *)side->environment,
                                   .parameters = side->where.params};
}

static void make_signer(struct session *s, struct worker_setup *setup)
{
    const struct config_signer *from = &s->config->signer;
    const struct config_side *on = config_signs_on(s->config);
    struct event_signer *recorded = &setup->ceremony.signer;

    if (!on)
        return;
    text_print(recorded->key, sizeof recorded->key, "%s", from->key.text);
    text_print(recorded->device, sizeof recorded->device, "%s",
               from->side == SIDE_RELAY ? "another" : side_name(from->side));
    memcpy(recorded->api, on->where.api, sizeof recorded->api);
    memcpy(recorded->module, on->where.module, sizeof recorded->module);
    text_print(recorded->token, sizeof recorded->token, "%s", on->token.text);
    memcpy(recorded->role, from->officer, sizeof recorded->role);
    reach(s, on, &setup->side[SIDE_RELAY]);
    if (from->side == SIDE_RELAY)
        setup->ceremony.reach[SIDE_RELAY] = reach_of(on);
    s->signer = (struct worker_signer){.where = on->where,
                                       .token = on->token,
                                       .key = from->key,
                                       .ctx = s,
                                       .digest = digest_report,
                                       .keep = keep_signature,
                                       .failed = signing_failed};
    memcpy(s->signer.role, from->officer, sizeof s->signer.role);
    setup->signer = &s->signer;
}

static void set_removal(struct session *s, struct worker_setup *setup)
{
    struct session_removal *removal = s->removal;

    setup->removal = &removal->job;
    removal->script = s->config->script;
    removal->script.count = 0;
    setup->ceremony.script = &removal->script;
    setup->ceremony.pace = PACE_RUN;
    setup->ceremony.sessions = 0;
    setup->ceremony.removal.what = removal->what;
    memcpy(setup->ceremony.removal.report, removal->report, sizeof removal->report);
    memcpy(setup->ceremony.removal.sha256, removal->sha256, SHA256_SIZE);
}

static void set_visit(struct session *s, struct worker_setup *setup)
{
    setup->visit = &s->visit->job;
    s->visit->script = s->config->script;
    if (s->visit->what != VISIT_LOAD)
        s->visit->script.count = 0;
    setup->ceremony.script = &s->visit->script;
    setup->ceremony.pace = PACE_RUN;
    setup->ceremony.sessions = 0;
    setup->ceremony.visit.what = s->visit->what;
    setup->ceremony.visit.expires_ms = s->visit->expires_ms;
    text_print(setup->ceremony.visit.migration, sizeof setup->ceremony.visit.migration, "%s",
               s->visit->migration);
}

static struct worker_setup make_setup(struct session *s, bool recorded, bool calls)
{
    const struct config *config = s->config;
    struct worker_setup setup = {
        .record = !recorded ? NULL
                  : s->config->syslog && !s->probes
                      ? syslog_sink_before(&s->log, report_sink(s->report))
                      : report_sink(s->report),
        .locks = token_lock_folders,
        .starter = s->host->starter,
        .calls = calls,
        .ceremony.rehearsal = config->rehearsal,
        .ceremony.resync = s->resync,
        .ceremony.tries_all = s->probes,
        .ceremony.pace = config->pace != PACE_NONE ? config->pace
                         : s->host->chooses        ? PACE_FIRST
                                                   : PACE_RUN,
        .ceremony.sessions = config->sessions,
        .ceremony.officer_count = config->officer_count,
        .ceremony.policy = config->policy,
        .ceremony.derived = config->derive,
        .ceremony.script = &config->script,
        .ceremony.sealing = s->sealing,
        .ceremony.interrupted = s->interrupted,
        .ceremony.offers = &s->offers,
        .ceremony.rehearsed = &s->rehearsed,
    };

    if (s->visit)
        set_visit(s, &setup);
    if (s->removal)
        set_removal(s, &setup);
    text_print(setup.ceremony.title, sizeof setup.ceremony.title, "%s", config->title);
    libraries_text(", ", setup.ceremony.libraries, sizeof setup.ceremony.libraries);
    memcpy(setup.ceremony.confinement, s->host->box.text, sizeof setup.ceremony.confinement);
    text_print(setup.ceremony.file, sizeof setup.ceremony.file, "%s", config->path);
    memcpy(setup.ceremony.file_sha256, config->sha256, sizeof config->sha256);
    memcpy(setup.ceremony.officers, config->officers, sizeof setup.ceremony.officers);
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        setup.ceremony.where[side] = config->side[side].where;
        setup.ceremony.reach[side] = reach_of(&config->side[side]);
        reach(s, &config->side[side], &setup.side[side]);
        setup.side[side].list_sessions = config->sessions ? config->sessions : HSM_SESSIONS_MAX;
    }
    for (enum side side = 0; side < SIDES; side++)
        setup.side[side].pin_argv = s->entries[side].argv[0] ? s->entries[side].argv : NULL;
    make_signer(s, &setup);
    return setup;
}

/* A ceremony that did not begin leaves neither a journal nor the files for resuming it. */
static void drop_report(struct session *s)
{
    char journal[PATH_MAX];

    if (s->report)
        text_print(journal, sizeof journal, "%s", report_journal(s->report));
    report_free(s->report);
    s->report = NULL;
    if (s->kept[0] && access(journal, F_OK) != 0)
        unlink(s->kept);
    s->kept[0] = 0;
}

static bool renew_report(struct session *s, struct err *err)
{
    struct timespec t;

    drop_report(s);
    s->signing = (struct signing){0};
    clock_gettime(CLOCK_REALTIME, &t);
    return report_new(s->config->report_folder, s->config->title,
                      (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000, &s->report, err);
}

/* Sealed files have the name of the report, with their own ending. */
static void name_files(struct session *s)
{
    static const char suffix[] = ".journal";
    const char *journal = report_journal(s->report);

    text_print(s->sealing->stem, sizeof s->sealing->stem, "%.*s",
               (int)(strlen(journal) - (sizeof suffix - 1)), journal);
}

/* A journal that cannot be read is reported by those who need it. */
static void find_offers(struct session *s)
{
    struct err ignored = {0};

    visits_free(&s->offers);
    visits_find(s->config->report_folder, &s->offers, &ignored);
}

static void find_rehearsal(struct session *s)
{
    const struct hsm_where *const where[] = {&s->config->side[SIDE_SOURCE].where,
                                             &s->config->side[SIDE_DESTINATION].where};

    s->rehearsed = s->config->rehearsal ? (struct rehearsed){0}
                                        : rehearsal_find(s->config->report_folder, where);
}

bool session_start(struct session *s, bool recorded, bool calls, struct worker **out,
                   struct err *err)
{
    if (!s->visit)
        find_offers(s);
    find_rehearsal(s);
    if ((s->host->chooses && !choose_programs(s, err)) || (recorded && !renew_report(s, err)))
        return false;
    if (s->sealing && recorded)
        name_files(s);
    const struct worker_setup setup = make_setup(s, recorded, calls);
    return worker_new(&setup, out, err);
}

void session_name_file(struct session *s)
{
    static const char suffix[] = ".journal";
    struct visit_job *job = &s->visit->job;
    const char *journal = report_journal(s->report);
    const bool canary = job->file && sealed_file(job->file)->head.stage == SEALED_STAGE_CANARY;
    const char *names[VISITS] = {[VISIT_OFFER] = "offer",
                                 [VISIT_LOAD] = "bundle",
                                 [VISIT_ACCEPT] = canary ? "ack" : "receipt"};
    const char *name = names[s->visit->what];

    job->out[0] = job->pem[0] = '\0';
    if (job->arrival)
        return; /* nobody waits for an answer */
    if (job->makes_pem)
        text_print(job->pem, sizeof job->pem, "%.*s.pem",
                   (int)(strlen(journal) - (sizeof suffix - 1)), journal);
    if (name)
        text_print(job->out, sizeof job->out, "%.*s.%s",
                   (int)(strlen(journal) - (sizeof suffix - 1)), journal, name);
}

bool session_kept(const char *journal, char path[PATH_MAX])
{
    static const char suffix[] = ".journal";
    size_t len = strlen(journal);

    return len >= sizeof suffix && strcmp(journal + len - sizeof suffix + 1, suffix) == 0 &&
           text_print(path, PATH_MAX, "%.*s.ceremony", (int)(len - sizeof suffix + 1), journal) <
               PATH_MAX - 1;
}

/* Is its file equal to the current configuration? */
static bool is_in_file(const struct config *config)
{
    struct config *file;
    struct err ignored = {0};

    if (!config->path[0] || !config_load(config->path, CONFIG_TO_RUN, &file, &ignored))
        return false;
    bool same = config_equal(config, file);
    config_free(file);
    return same;
}

bool session_keep(struct session *s, struct err *err)
{
    if (!s->report || is_in_file(s->config))
        return true;
    if (!session_kept(report_journal(s->report), s->kept))
        return err_set(err, ERR_IO, "The path %s is too long", report_journal(s->report));
    return config_write(s->config, s->kept, true, err);
}

void session_free(struct session *s)
{
    drop_report(s);
    visits_free(&s->offers);
    config_free(s->config);
    *s = (struct session){0};
}
