/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events that the engine emits while it works. An event is plain data smaller than PIPE_BUF, so
 * that one write(2) of it to a pipe is atomic (POSIX). Screen, line mode, journal and report are
 * sinks of the same events; each can be made from the stream of events alone.
 *
 * All strings are terminated; those that came from outside have passed text_safe(). No event ever
 * holds a PIN, key material or a proof's answer.
 */
#ifndef HSMFERRY_PROTOCOL_EVENT_H
#define HSMFERRY_PROTOCOL_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/facts.h"
#include "hsm/key.h"
#include "hsm/uri.h"
#include "protocol/gate.h"
#include "protocol/officer.h"
#include "protocol/outcome.h"
#include "protocol/pace.h"
#include "protocol/script_word.h"
#include "protocol/sessions.h"
#include "protocol/side.h"
#include "protocol/step.h"
#include "protocol/visit.h"

enum event_kind {
    EVENT_BEGIN,         /* begin: the ceremony as it was asked for */
    EVENT_OFFICER,       /* officer: one for each */
    EVENT_REACH,         /* reach: one for each fact about how a side is reached */
    EVENT_SIGNER,        /* signer: the key that will sign the report, if one is named */
    EVENT_POLICY,        /* note: one line of the policy in force, name and value */
    EVENT_SIDE,          /* side_state: an HSM was opened, logged in to, listed, or failed */
    EVENT_HSM,           /* hsm: the identity that an opened and chosen HSM reports */
    EVENT_LOADED,        /* loaded: one for each library that its module loaded */
    EVENT_CAPABILITY,    /* capability: how one side performs one algorithm, or why not */
    EVENT_CHOICE,        /* choice: what was negotiated */
    EVENT_REJECTED,      /* note: a candidate of the negotiation and why it was rejected */
    EVENT_CANARY,        /* canary: a test key was migrated end to end, or was not */
    EVENT_SCRIPT,        /* script: what the ceremony file names, and what differs from it */
    EVENT_PLANNED,       /* planned: one for each key that was asked for */
    EVENT_WARNING,       /* note: something the officers must know before they start */
    EVENT_GATE,          /* gate: officers are asked, or have answered */
    EVENT_PACE,          /* pace: one was chosen; it waits before a step, or no longer */
    EVENT_SESSIONS,      /* sessions: how many are used for keys in progress together */
    EVENT_STEP,          /* step: a step of the protocol begins or ended */
    EVENT_FINGERPRINT,   /* fingerprint: of the transport key, as one side reports it */
    EVENT_PROOF,         /* proof: one proof of one key */
    EVENT_KCV,           /* kcv: one check value of one key, from both sides */
    EVENT_KEY_DONE,      /* key_done: the final outcome of one key */
    EVENT_INVENTORY,     /* inventory: of one side, before or after */
    EVENT_CALL,          /* call: one call into an HSM begins or ended (the log pane) */
    EVENT_VENDOR_OUTPUT, /* note: a vendor library printed this */
    EVENT_COMPARED,      /* compared: whether two keys of the same name are equal, on request */
    EVENT_ERROR,         /* error: a failure, as the officer reads it */
    EVENT_EXCEPTION,     /* exception: officers record a deviation from the script */
    EVENT_END,           /* end: outcome and counts */
    EVENT_PIN,           /* pin: the PIN of one side's token is wanted, or comes from a file */
    EVENT_DONE,          /* done: a command to the worker has ended */
    EVENT_FILE,          /* file: a file came from the other room, or was written for it */
    EVENT_ROWS,          /* objects of a list came that is not complete (worker_rows()) */
    EVENT_KINDS
};

/* Of a step, a call, a proof. */
enum event_state { EVENT_BEGUN, EVENT_OK, EVENT_FAILED, EVENT_UNDONE, EVENT_STATES };

/* What a record has beyond the first ones of its format. 1: the script, the words that officers
 * typed, whose PINs. 2: for which keys a gate was waived, of which plan a warning
 * is, from where each line of the policy comes. 3: which exceptions are of a plan that was
 * replaced. */
enum { RECORD_ADDITIONS = 3 };

enum { EVENT_TEXT_MAX = 256, EVENT_PATH_MAX = 1024 };

/* One check value of one key. */
struct kcv {
    enum kcv_method method;
    struct kcv_value value[2]; /* by side; both empty: none */
    char text[EVENT_TEXT_MAX]; /* why no side, or only one, has a value */
};

/* How a side is reached, as configured; SIDE_RELAY: the device of the signing key. */
enum reach {
    REACH_AGENT,      /* text: a word of the agent's command; no such event: our own agent */
    REACH_PARAMETERS, /* sha256: of the parameters with which the module is initialised */
    REACH_VARIABLE,   /* text: the name of a variable of the agent's environment; sha256: of its
                         value, which may be a secret */
    REACHES
};

/* The key that will sign the finished report, as the ceremony file names it. */
struct event_signer {
    char key[EVENT_TEXT_MAX]; /* its URI; empty: nothing signs */
    char device[16];          /* "source", "destination", "another" */
    char api[16];
    char module[EVENT_PATH_MAX];
    char token[EVENT_TEXT_MAX]; /* its URI */
    char role[64];              /* of the officer who holds it; empty: not named */
};

enum { COMPARED_KCVS = 2 };
struct compared {
    enum comparison result;
    uint64_t handle[2]; /* by side */
    char label[KEY_LABEL_TEXT];
    char method[32]; /* the proof, "public half"; empty: none */
    char text[EVENT_TEXT_MAX];
    struct kcv kcvs[COMPARED_KCVS];
    unsigned kcv_count;
};

/* What is said of the script (plan/script.h). */
struct event_script {
    enum script_what what;
    uint32_t line;        /* of the ceremony file's keys, from 1; 0: none */
    uint32_t expect;      /* SCRIPT_LINE, SCRIPT_COUNT: how many keys it must name, 0: any; ... */
    uint32_t found;       /* ... and does; 0 before the ceremony was opened */
    uint64_t handle;      /* of the key on the source */
    enum key_class class; /* likewise, as all up to type */
    uint16_t label_len, id_len;
    uint8_t label[KEY_LABEL_MAX], id[KEY_ID_MAX];
    char type[KEY_TYPE_TEXT];
    enum script_outcome outcome; /* SCRIPT_VERDICT */
    char text[URI_TEXT_MAX];     /* the line as it is written; what differs, in safe text */
};

struct event {
    uint64_t seq;    /* from 1, without gaps */
    int64_t utc_ms;  /* wall clock, milliseconds since 1970 */
    int64_t mono_ms; /* since the ceremony began; never goes back */
    enum event_kind kind;
    enum side side; /* the side that it is about */
    uint32_t key;   /* which key of the plan, from 1; 0: none */
    union {
        struct {
            char title[EVENT_TEXT_MAX];
            char id[40];      /* the migration's id: label of temporaries is "hsmferry:<id>" */
            char resumes[40]; /* id of the interrupted ceremony that it resumes; empty: none */
            char service[24]; /* the key service for which it seals keys; empty: none */
            char version[32]; /* of this program */
            char file[EVENT_PATH_MAX]; /* the ceremony file; empty: none */
            uint8_t file_sha256[32];   /* of that file, as it was read */
            char libraries[EVENT_TEXT_MAX];
            char confinement[96];    /* of this program; empty: not known */
            uint32_t additions;      /* what this record has beyond the first ones of its format */
            struct hsm_file program; /* this one */
            char visit[16];          /* a ceremony in two rooms: the word of this visit ... */
            char migration[40];      /* ... and the id that all its visits have */
            int64_t expires_ms;      /* of an offer: when it does, wall clock; 0: none is made */
            char removal[16];        /* a removal: its word ... */
            char report[EVENT_TEXT_MAX]; /* ... the report that names the keys ... */
            uint8_t report_sha256[32];   /* ... and the digest of that file */
            char host[EVENT_TEXT_MAX];
            bool rehearsal;
            bool resync; /* what the destination has already is left out */
        } begin;
        struct officer officer;
        struct {
            enum reach what;
            char text[EVENT_PATH_MAX];
            uint8_t sha256[32];
        } reach;
        struct event_signer signer;
        struct {
            char name[64];
            char text[EVENT_TEXT_MAX];
            uint32_t plan; /* EVENT_WARNING: of this attempt at a plan, from 1; 0: of no plan */
            char from[8];  /* EVENT_POLICY: the word of an enum setting_from; empty: not known */
        } note;
        struct {
            enum side_state state;
        } side_state;
        struct {
            char module[EVENT_PATH_MAX];
            struct hsm_about info;
            struct hsm_slot slot;
            char loading[64];     /* as in struct hsm_info */
            char confinement[96]; /* likewise */
            bool loaded_more;     /* likewise */
            char route[8]; /* to its agent: "local", our own; "command", that of REACH_AGENT; empty:
                              not known */
        } hsm;
        struct hsm_file loaded;
        struct {
            enum hsm_alg alg;
            struct hsm_capability how;
        } capability;
        struct {
            bool envelope; /* the envelope for keys; else the transport of the AES key */
            bool more;     /* one more envelope, for some of the keys */
            enum hsm_alg alg;
            uint32_t bits; /* of the RSA pair, or the curve's field; of the AES key */
            char kdf[16];  /* of a transport that is agreed on; empty: of another one */
            char keys[64]; /* the kinds of keys in it; empty: all that fit an envelope */
            char source_call[96];
            char destination_call[96];
            char reason[EVENT_TEXT_MAX];
        } choice;
        struct {
            enum canary_state state;
            bool transport; /* about the canary's transport keys, not about a kind of key */
            enum key_kind kind;
            enum hsm_alg alg;          /* the algorithm that encrypted it */
            char type[64];             /* "RSA 2048" */
            uint32_t bytes;            /* that crossed the relay; 0: none */
            uint8_t sha256[32];        /* of these bytes */
            int64_t micros;            /* duration */
            char text[EVENT_TEXT_MAX]; /* how it was proven, or what failed */
        } canary;
        struct event_script script;
        struct {
            struct key_desc desc;  /* as listed on the source */
            uint32_t want_flags;   /* its flags on the destination, as planned */
            enum key_route route;  /* ROUTE_NONE: refused */
            enum err_code refused; /* why it cannot be migrated; ERR_NONE: it can */
            bool explicit; /* the ceremony file names it, not only a pattern that matches it */
            bool kept;     /* an interrupted ceremony has already migrated it */
            uint32_t plan; /* at which attempt it was made, from 1 */
            uint32_t companion_of; /* the key that it accompanies, from 1; 0: selected itself */
            uint32_t bytes;        /* of a public object's DER, as read for the plan ... */
            uint8_t sha256[32];    /* ... and the digest of it */
            bool renamed;          /* desc has the name that it gets on the destination ... */
            uint16_t from_label_len, from_id_len; /* ... and this is its name on the source */
            uint8_t from_label[KEY_LABEL_MAX], from_id[KEY_ID_MAX];
            char reason[EVENT_TEXT_MAX];  /* why it cannot be migrated, or how it is */
            char proof[32];               /* how it will be proven */
            char changes[EVENT_TEXT_MAX]; /* ROUTE_ALIGNED: the attributes that are set there */
        } planned;
        struct {
            enum gate gate;
            enum gate_state state;
            unsigned tries_left;
            char question[EVENT_TEXT_MAX]; /* what to type, for the officer */
            char answer[64];               /* confirmed: what was asked for, and typed */
            char officer[EVENT_TEXT_MAX];  /* who answers, if the file names officers ... */
            char role[64];                 /* ... and as what */
            uint32_t keys; /* waived: for all that can be migrated, so many; 0: none chosen yet */
        } gate;
        struct {
            enum pace_state state;
            enum pace pace;    /* in force from here on */
            enum step_id step; /* the one that comes next; event.key: with this key */
            int64_t micros;    /* PACE_GOES_ON: how long it waited */
        } pace;
        struct {
            struct sessions_basis basis;
            uint32_t have[2]; /* by side: that are used from here on */
            char reason[SESSIONS_REASON_SIZE];
        } sessions;
        struct {
            enum step_id id;
            enum event_state state;
            uint32_t bytes;            /* that leave, cross the relay or arrive; 0: none */
            uint8_t sha256[32];        /* of these bytes */
            int64_t micros;            /* duration, once it ended */
            char call[96];             /* the call of the API: "C_WrapKey CKM_RSA_PKCS_OAEP" */
            char text[EVENT_TEXT_MAX]; /* "RSA 3072", "OAEP blob", the failure */
        } step;
        struct {
            uint8_t spki_sha256[32];
            uint32_t bytes;
            uint32_t bits;
        } fingerprint;
        struct {
            enum hsm_proof proof;
            enum event_state state;
            enum step_id stage;         /* STEP_PROVE, STEP_PROVE_AGAIN, STEP_PROVE_FRESH */
            char call[2][HSM_CALL_MAX]; /* by side: the operation, as the API names it */
            char text[EVENT_TEXT_MAX];  /* one sentence that an auditor could quote */
        } proof;
        struct kcv kcv;
        struct compared compared;
        struct {
            enum key_outcome outcome;
            enum err_code code;
            struct key_desc desc; /* as found on the destination (migrated) */
            char proof[32];
            char text[EVENT_TEXT_MAX];
            char file[256];          /* sealed: the name of its file ... */
            uint8_t file_sha256[32]; /* ... and the digest of it */
        } key_done;
        struct {
            bool after;
            uint32_t objects;
            uint32_t unexplained; /* after: objects that are new, but were not migrated */
            uint32_t missing;     /* after: objects from before that are gone */
            uint32_t nameless;    /* before: objects without class or name */
            uint8_t sha256[32];   /* over the sorted handles */
        } inventory;
        struct {
            enum event_state state;
            int64_t micros;
            uint64_t hsm_code;
            char name[32];  /* the contract's function: "wrap" */
            char words[96]; /* its argument in words: "aes-kwp", a slot, a label */
            char hsm_name[ERR_NAME_MAX];
        } call;
        struct {
            char token[4 * 32 + 1];
            char serial[4 * 16 + 1];
            char officer[EVENT_TEXT_MAX]; /* of this side, if the file names one ... */
            char role[64];                /* ... and the role */
            uint32_t flags;               /* enum hsm_slot_flag: count low, final try */
            char file[URI_PIN_FILE_MAX];  /* it comes from this file: nobody is asked */
        } pin;
        struct {
            unsigned command; /* enum worker_command */
            bool ok;          /* false: an EVENT_ERROR came before */
        } done;
        struct {
            enum file_state state;
            char format[32];           /* "hsmferry-bundle/1" */
            char stage[16];            /* "canary" */
            char path[EVENT_PATH_MAX]; /* safe text */
            uint64_t bytes;
            uint8_t sha256[32];
            char trust[EVENT_TEXT_MAX]; /* taken: how it was authenticated */
        } file;
        struct err error;
        struct {
            bool script;       /* it says why the plan is not as the script says */
            bool begun;        /* a step had begun: ... */
            enum step_id step; /* ... this one was the last; event.key: with this key */
            char expected[EVENT_TEXT_MAX];
            char happened[EVENT_TEXT_MAX];
            char decided[EVENT_TEXT_MAX];
            char from[40];      /* the interrupted ceremony in whose journal it was written ... */
            int64_t written_ms; /* ... and when, wall clock; empty: it is this one's */
        } exception;
        struct {
            enum end_outcome outcome;
            int exit_code;
            uint32_t migrated, unproven, refused, failed;
            uint32_t sealed;    /* as files for a key service */
            uint32_t destroyed; /* by a removal, companions included */
            uint32_t derived;   /* new keys, which both HSMs have derived */
            uint32_t aligned;   /* copies whose attributes were brought into line */
            uint32_t companions, companions_refused,
                companions_failed; /* these are not counted among the others */
            uint32_t left_over;    /* temporary objects not destroyed, and unexplained objects */
            char text[EVENT_TEXT_MAX];
        } end;
    };
};

_Static_assert(sizeof(struct event) <= 4096, "one event is one atomic write (PIPE_BUF)");

/* Takes events. A sink may refuse one; then the announced step is not carried out. */
struct event_sink {
    bool (*emit)(struct event_sink *sink, const struct event *event, struct err *err);
    /* From true to false, what is emitted need not be on the disk; then all of it is. NULL: this
     * sink keeps nothing. */
    bool (*together)(struct event_sink *sink, bool begins, struct err *err);
};

/* Words for line mode and reports: "begin", "ok", "agent". */
const char *event_kind_name(enum event_kind kind);
const char *reach_name(enum reach reach);
const char *event_state_name(enum event_state state);

/* A check value with its method: "f29000, ECB of zeros, the same on both sides", "none by CMAC of
 * zeros: ...". out has EVENT_KCV_TEXT bytes. Returns out. */
enum { EVENT_KCV_TEXT = EVENT_TEXT_MAX + 128 };
char *event_kcv_text(const struct kcv *kcv, char *out);

/* "same, aes-ecb: both sides encrypted ...; check value f29000, ECB of zeros, ...". out has
 * EVENT_COMPARED_TEXT bytes. Returns out. */
enum { EVENT_COMPARED_TEXT = 3 * EVENT_KCV_TEXT };
char *event_compared_text(const struct compared *compared, char *out);

/* The value of one side: hexadecimal, at most its first eight octets; empty: none. out has
 * EVENT_KCV_TEXT bytes. Returns out. */
char *event_kcv_value(const struct kcv *kcv, enum side side, char *out);

#endif
