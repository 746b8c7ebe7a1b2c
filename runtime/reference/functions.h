/* functions.h: the reference functions, one per op of the lm dialect.
 *
 * Operands first, then results, in the order of the op's definition; an absent
 * optional operand has no data. Everything is computed in double and rounded
 * once to each result's dtype. Thread-safe: a function touches only its call's
 * tensors. */
#ifndef TRESSE_RUNTIME_REFERENCE_FUNCTIONS_H
#define TRESSE_RUNTIME_REFERENCE_FUNCTIONS_H

#include "tresse/reference.h"

#ifdef __cplusplus
extern "C" {
#endif

/* embedding.c */
void tresse_ref_embed(const tresse_reference_call *call);
void tresse_ref_embed_grad(const tresse_reference_call *call);

/* linear.c */
void tresse_ref_linear(const tresse_reference_call *call);
void tresse_ref_linear_grad_input(const tresse_reference_call *call);
void tresse_ref_linear_grad_weight(const tresse_reference_call *call);
void tresse_ref_grouped_linear(const tresse_reference_call *call);
void tresse_ref_grouped_linear_grad_input(const tresse_reference_call *call);
void tresse_ref_grouped_linear_grad_weight(const tresse_reference_call *call);
void tresse_ref_head_linear(const tresse_reference_call *call);
void tresse_ref_row_sum(const tresse_reference_call *call);

/* norm.c */
void tresse_ref_rms_norm(const tresse_reference_call *call);
void tresse_ref_rms_norm_grad_input(const tresse_reference_call *call);
void tresse_ref_rms_norm_grad_weight(const tresse_reference_call *call);

/* rope.c */
void tresse_ref_rotary(const tresse_reference_call *call);
void tresse_ref_rope(const tresse_reference_call *call);

/* attention.c */
void tresse_ref_attention(const tresse_reference_call *call);
void tresse_ref_attention_grad_query(const tresse_reference_call *call);
void tresse_ref_attention_grad_key(const tresse_reference_call *call);
void tresse_ref_latent_attention(const tresse_reference_call *call);
void tresse_ref_cache_write(const tresse_reference_call *call);
void tresse_ref_last_row(const tresse_reference_call *call);

/* moe.c */
void tresse_ref_route(const tresse_reference_call *call);
void tresse_ref_route_grad(const tresse_reference_call *call);
void tresse_ref_group_rows(const tresse_reference_call *call);
void tresse_ref_permute(const tresse_reference_call *call);
void tresse_ref_unpermute(const tresse_reference_call *call);
void tresse_ref_unpermute_grad_weights(const tresse_reference_call *call);
void tresse_ref_swiglu(const tresse_reference_call *call);
void tresse_ref_swiglu_grad(const tresse_reference_call *call);
void tresse_ref_expert_load(const tresse_reference_call *call);
void tresse_ref_balance_fraction(const tresse_reference_call *call);
void tresse_ref_balance_loss(const tresse_reference_call *call);
void tresse_ref_balance_loss_grad(const tresse_reference_call *call);
void tresse_ref_update_route_bias(const tresse_reference_call *call);

/* hyper_connection.c */
void tresse_ref_mhc_expand(const tresse_reference_call *call);
void tresse_ref_mhc_expand_grad(const tresse_reference_call *call);
void tresse_ref_mhc_pre(const tresse_reference_call *call);
void tresse_ref_mhc_pre_grad(const tresse_reference_call *call);
void tresse_ref_mhc_post(const tresse_reference_call *call);
void tresse_ref_mhc_post_grad(const tresse_reference_call *call);
void tresse_ref_mhc_head(const tresse_reference_call *call);
void tresse_ref_mhc_head_grad(const tresse_reference_call *call);
void tresse_ref_sinkhorn(const tresse_reference_call *call);
void tresse_ref_sinkhorn_grad(const tresse_reference_call *call);

/* loss.c */
void tresse_ref_cross_entropy(const tresse_reference_call *call);
void tresse_ref_cross_entropy_grad(const tresse_reference_call *call);
void tresse_ref_token_log_prob(const tresse_reference_call *call);
void tresse_ref_mean_valid(const tresse_reference_call *call);
void tresse_ref_mean_valid_grad(const tresse_reference_call *call);

/* optimizer.c */
void tresse_ref_adamw(const tresse_reference_call *call);
void tresse_ref_square_sum(const tresse_reference_call *call);
void tresse_ref_global_norm(const tresse_reference_call *call);

/* sampling.c */
void tresse_ref_sample(const tresse_reference_call *call);

/* program.c */
void tresse_ref_copy(const tresse_reference_call *call);
void tresse_ref_fill(const tresse_reference_call *call);
void tresse_ref_clear(const tresse_reference_call *call);
void tresse_ref_iota(const tresse_reference_call *call);
void tresse_ref_concat(const tresse_reference_call *call);
void tresse_ref_split(const tresse_reference_call *call);
void tresse_ref_stop_gradient(const tresse_reference_call *call);
void tresse_ref_barrier(const tresse_reference_call *call);

/* elementwise.c */
void tresse_ref_elementwise(const tresse_reference_call *call);

#ifdef __cplusplus
}
#endif

#endif
