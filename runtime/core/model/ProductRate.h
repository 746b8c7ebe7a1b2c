//===- ProductRate.h - how much of a machine the products use -------------===//
#ifndef TRESSE_RUNTIME_MODEL_PRODUCTRATE_H
#define TRESSE_RUNTIME_MODEL_PRODUCTRATE_H

#include "runtime/core/model/Plan.h"

namespace tresse::runtime {

/// Multiplications and additions of the matrix products of an entry, dense and
/// grouped, as the plan counts them. What `--recompute` does a second time is
/// left out, and so is everything that a kernel computes (attention, norms).
double productFlops(const Plan &plan, const tresse_entry &entry);

/// The most that the library's products reach here: operations per second of
/// square products in the type that the plan's products compute in, one at a
/// time on each of `threads` threads; measured, for a few hundredths of a
/// second. 0 when the plan has no product or this is not its machine (a target
/// other than cpu).
double measureProductRate(const Plan &plan, int threads);

} // namespace tresse::runtime

#endif
