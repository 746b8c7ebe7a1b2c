/* runtime.h: running a compiled model from C, or from anything that calls C.
 *
 * A session is a compiled model with its memory: weights, caches and one arena,
 * all allocated when it is created. Nothing allocates while an entry runs.
 *
 * Ownership: a session is destroyed by who created it; every pointer that a
 * function gives out belongs to the session and lives as long as it does,
 * unless its comment says less.
 * Threads: one thread at a time may use a session; different sessions are
 * independent. Every function blocks until it is done. Nothing calls back.
 * Errors: a function that returns a tresse_status and fails leaves its out_
 * parameters alone; tresse_last_error() then holds the sentence. */
#ifndef TRESSE_RUNTIME_H
#define TRESSE_RUNTIME_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "tresse/plan.h"

/* What the caller can do. */
typedef enum tresse_status {
  TRESSE_OK = 0,
  TRESSE_WRONG_INPUT = 1, /* the same call fails always */
  TRESSE_SYSTEM_ERROR = 2 /* memory or a file: the call may work later */
} tresse_status;

typedef struct tresse_session tresse_session;

/* A tensor without gaps, row-major. */
typedef struct tresse_view {
  void *data;
  uint64_t elements;
  uint32_t dtype, rank; /* enum tresse_dtype */
  const int64_t *sizes; /* of each dimension */
} tresse_view;

/* How tokens are drawn: temperature 0 takes the likeliest; top_k 0, top_p 1,
 * min_p 0 are off. Equal seeds give equal tokens. */
typedef struct tresse_sampling {
  double temperature, top_p, min_p;
  int64_t top_k;
  uint64_t seed;
} tresse_sampling;

/* The version of plans that this runtime reads. */
uint32_t tresse_runtime_version(void);

/* The sentence of this thread's last failure; valid until its next call. Never
 * null. */
const char *tresse_last_error(void);

/* Makes a session of the model in the shared library at `path`. `threads` 0:
 * one for each processor that the process may use. The weights are zero until
 * they are loaded or drawn. */
tresse_status tresse_session_open(const char *path, int threads,
                                  tresse_session **out_session);

/* The same of a model in this process, from tresse_model_query; it must outlive
 * the session. */
tresse_status tresse_session_create(const tresse_model *model, int threads,
                                    tresse_session **out_session);

/* Null is allowed. */
void tresse_session_destroy(tresse_session *session);

/* Fills the weights from a directory with safetensors. After a failure they
 * hold anything; load again. */
tresse_status tresse_session_load(tresse_session *session,
                                  const char *directory);

/* Draws the weights from a seed. */
tresse_status tresse_session_initialize(tresse_session *session, uint64_t seed);

/* Writes the weights to a new file model.safetensors in a directory. */
tresse_status tresse_session_save(tresse_session *session,
                                  const char *directory);

/* A build record such as "vocab_size"; null when there is none. */
const char *tresse_session_record(tresse_session *session, const char *name);

/* An input of an entry: write it before the entry runs. Its memory may be used
 * for other things while any entry runs, so write all inputs every time. */
tresse_status tresse_session_input(tresse_session *session, const char *entry,
                                   const char *name, tresse_view *out_view);

/* An output of an entry: valid from the end of the entry until the next one. */
tresse_status tresse_session_output(tresse_session *session, const char *entry,
                                    const char *name, tresse_view *out_view);

/* A global by its name, such as a weight. Call tresse_session_weights_changed
 * after writing to one. */
tresse_status tresse_session_global(tresse_session *session, const char *name,
                                    tresse_view *out_view);
tresse_status tresse_session_weights_changed(tresse_session *session);

/* Runs an entry: "logits", "gradients", "update", "prefill", ... */
tresse_status tresse_session_run(tresse_session *session, const char *entry);

/* Begins a continuation in slot 0, in place of any before it. The model must
 * have been compiled with --entry=generate; `sampling` null draws at
 * temperature 1. */
tresse_status tresse_session_prompt(tresse_session *session,
                                    const int32_t *tokens, size_t count,
                                    const tresse_sampling *sampling);

/* The next token of the continuation, or -1 when the compiled context is
 * full. */
tresse_status tresse_session_next(tresse_session *session, int32_t *out_token);

/* The command line of a compiled model (info, train, generate, logits, bench):
 * runs it and returns the exit code. */
int tresse_run_command_line(const tresse_model *model, int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
