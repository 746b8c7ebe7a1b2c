/* Interface.c: the public headers as C11, and the interface called from C. */
#include "tresse/plan.h"
#include "tresse/reference.h"
#include "tresse/runtime.h"

TRESSE_SIZE(tresse_table, 16);
TRESSE_SIZE(tresse_span, 8);
TRESSE_SIZE(tresse_tensor, 40);
TRESSE_SIZE(tresse_step, 48);
TRESSE_SIZE(tresse_operand, 16);
TRESSE_SIZE(tresse_attribute, 16);
TRESSE_SIZE(tresse_view, 32);
TRESSE_SIZE(tresse_sampling, 40);

/* Generates `count` tokens after `prompt`; the number made, or -1. */
int generateFromC(const tresse_model *model, const char *weights,
                  int32_t prompt, int32_t *out, int count) {
  const tresse_sampling greedy = {0, 1, 0, 0, 0};
  tresse_session *session = NULL;
  int made = -1;
  if (tresse_session_create(model, 1, &session) == TRESSE_OK &&
      tresse_session_load(session, weights) == TRESSE_OK &&
      tresse_session_prompt(session, &prompt, 1, &greedy) == TRESSE_OK)
    for (made = 0; made < count; ++made)
      if (tresse_session_next(session, &out[made]) != TRESSE_OK ||
          out[made] < 0)
        break;
  tresse_session_destroy(session);
  return made;
}
