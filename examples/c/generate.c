/* generate.c: text from a compiled model, through tresse/runtime.h.
 *   tresse-compile model.mlir --emit=so --entry=generate -o model.so
 *   cc generate.c -ltresse_runtime -o generate
 *   ./generate ./model.so WEIGHTS "In the beginning" 100 */
#include "tresse/runtime.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(tresse_status status) {
  if (status == TRESSE_OK)
    return;
  fprintf(stderr, "error: %s\n", tresse_last_error());
  exit(1);
}

int main(int argc, char **argv) {
  if (argc != 5)
    return fputs("usage: generate MODEL.so WEIGHTS PROMPT TOKENS\n", stderr), 2;
  tresse_session *session;
  check(tresse_session_open(argv[1], 0, &session));
  check(tresse_session_load(session, argv[2]));
  size_t length = strlen(argv[3]);
  int32_t *prompt = malloc((length + 1) * sizeof *prompt), token = 0;
  for (size_t i = 0; i < length; ++i)
    prompt[i] = (unsigned char)argv[3][i]; /* bytes are tokens */
  tresse_sampling sampling = {.temperature = 0.8, .top_p = 0.95, .seed = 1};
  check(tresse_session_prompt(session, prompt, length, &sampling));
  for (int i = 0; i < atoi(argv[4]) && token >= 0; ++i) {
    check(tresse_session_next(session, &token));
    if (token >= 0) /* else the compiled context is full */
      putchar(token);
    fflush(stdout);
  }
  putchar('\n');
  free(prompt);
  tresse_session_destroy(session);
  return 0;
}
