//===- FakeModel.cpp - a small model with hand-written kernels, for tests -===//
#include "test/runtime/FakeModel.h"

#include "test/runtime/PlanBuilder.h"

#include <algorithm>
#include <cmath>

namespace tresse::test {

namespace {

constexpr int V = fakeVocabulary;
constexpr int tableSize = V * V, expertSize = 2 * 3 * 4, biasSize = 4;

template <typename T> T *at(void *const *operands, int index) {
  return static_cast<T *>(operands[index]);
}

/// tokens, table -> logits; one tile a token.
void logitsKernel(void *const *operands, int64_t begin, int64_t end, void *) {
  for (int64_t t = begin; t < end; ++t) {
    int32_t token = std::max(at<int32_t>(operands, 0)[t], 0);
    std::copy_n(at<float>(operands, 1) + token * V, V,
                at<float>(operands, 2) + t * V);
  }
}

/// tokens, targets, table, experts -> loss, and gradients when there are any.
void lossKernel(void *const *operands, int64_t, int64_t, void *) {
  auto *tokens = at<int32_t>(operands, 0), *targets = at<int32_t>(operands, 1);
  auto *table = at<float>(operands, 2), *experts = at<float>(operands, 3);
  auto *loss = at<float>(operands, 4);
  float *tableGrad = operands[5] ? at<float>(operands, 5) : nullptr;
  const int count = fakeBatch * fakeSequence;
  auto valid = static_cast<float>(std::count_if(
      targets, targets + count, [](int32_t target) { return target >= 0; }));
  double sum = 0;
  for (int t = 0; t < count; ++t) {
    if (targets[t] < 0)
      continue;
    const float *row = table + tokens[t] * V;
    double all = 0;
    for (int v = 0; v < V; ++v)
      all += std::exp(static_cast<double>(row[v]));
    sum += std::log(all) - static_cast<double>(row[targets[t]]);
    for (int v = 0; tableGrad && v < V; ++v)
      tableGrad[tokens[t] * V + v] +=
          static_cast<float>((std::exp(static_cast<double>(row[v])) / all -
                              (v == targets[t] ? 1 : 0)) /
                             static_cast<double>(valid));
  }
  loss[0] =
      static_cast<float>(valid > 0 ? sum / static_cast<double>(valid) : 0);
  for (int i = 0; tableGrad && i < expertSize; ++i)
    at<float>(operands, 6)[i] += 0.1f * experts[i];
  if (tableGrad)
    at<float>(operands, 7)[0] = 0.25f; // the balance loss
}

void adamw(float *p, float *g, float *m, float *v, int count, float factor,
           const float *hyper) {
  for (int i = 0; i < count; ++i) {
    float gradient = g[i] * factor;
    m[i] = hyper[1] * m[i] + (1 - hyper[1]) * gradient;
    v[i] = hyper[2] * v[i] + (1 - hyper[2]) * gradient * gradient;
    p[i] -= hyper[0] * hyper[4] * p[i];
    p[i] -=
        hyper[0] * (m[i] / hyper[6]) / (std::sqrt(v[i] / hyper[7]) + hyper[3]);
    g[i] = 0;
  }
}

/// table, its gradient and moments, the experts' likewise, bias, hyper -> norm
void updateKernel(void *const *operands, int64_t, int64_t, void *) {
  auto *hyper = at<float>(operands, 9);
  double squares = 0;
  for (int i = 0; i < tableSize; ++i)
    squares += std::pow(static_cast<double>(at<float>(operands, 1)[i]), 2);
  for (int i = 0; i < expertSize; ++i)
    squares += std::pow(static_cast<double>(at<float>(operands, 5)[i]), 2);
  auto norm = static_cast<float>(std::sqrt(squares));
  float factor =
      hyper[5] > 0 ? std::min(1.0f, hyper[5] / (norm + 1e-6f)) : 1.0f;
  adamw(at<float>(operands, 0), at<float>(operands, 1), at<float>(operands, 2),
        at<float>(operands, 3), tableSize, factor, hyper);
  adamw(at<float>(operands, 4), at<float>(operands, 5), at<float>(operands, 6),
        at<float>(operands, 7), expertSize, factor, hyper);
  for (int i = 0; i < biasSize; ++i)
    at<float>(operands, 8)[i] += hyper[8] * static_cast<float>(i);
  at<float>(operands, 10)[0] = norm;
}

/// tokens, positions, sampling, table -> next, logits [slots, V]. The token is
/// the likeliest one, or by temperature one drawn with the uniform number.
template <int length>
void nextKernel(void *const *operands, int64_t begin, int64_t end, void *) {
  for (int64_t s = begin; s < end; ++s) {
    auto *tokens = at<int32_t>(operands, 0) + s * length;
    auto *positions = at<int32_t>(operands, 1) + s * length;
    auto *sampling = at<float>(operands, 2) + s * 8;
    int last = 0;
    for (int i = 0; i < length; ++i)
      if (positions[i] >= 0)
        last = i;
    const float *row = at<float>(operands, 3) + tokens[last] * V;
    auto *next = at<int32_t>(operands, 4) + s;
    std::copy_n(row, V, at<float>(operands, 5) + s * V);
    *next = static_cast<int32_t>(std::max_element(row, row + V) - row);
    if (sampling[0] > 0)
      *next = static_cast<int32_t>(sampling[4] * V);
  }
}

const tresse_cpu_kernel kernels[] = {logitsKernel, lossKernel, updateKernel,
                                     nextKernel<fakeChunk>, nextKernel<1>};

struct Built {
  std::vector<uint64_t> plan;
  tresse_model model{};
};

/// The globals' tensors.
struct Weights {
  uint32_t table, tableGrad, tableM, tableV, experts, expertsGrad, expertsM,
      expertsV, bias;
};

Weights addWeights(PlanBuilder &b) {
  const std::vector<int64_t> square = {V, V}, stack = {2, 3, 4};
  uint32_t table = b.global("table", TRESSE_WEIGHT, TRESSE_F32, square);
  b.piece("model.table.weight", square, {0, 0}, square);
  uint32_t experts = b.global("experts", TRESSE_WEIGHT, TRESSE_F32, stack);
  b.piece("model.experts.{e}.weight", {3, 4}, {0, 0, 0}, {1, 3, 4}, 0, 2);
  uint32_t bias = b.global("bias", TRESSE_STATE, TRESSE_F32, {biasSize});
  b.globals.back().initializer = TRESSE_INIT_ZEROS;
  b.piece("model.bias", {biasSize}, {0}, {biasSize});
  auto derived = [&](const char *name, uint32_t role, uint32_t of,
                     const std::vector<int64_t> &shape) {
    return b.globalTensor(b.global(name, role, TRESSE_F32, shape, of));
  };
  return {b.globalTensor(table),
          derived("table.grad", TRESSE_GRADIENT, table, square),
          derived("table.exp_avg", TRESSE_MOMENT, table, square),
          derived("table.exp_avg_sq", TRESSE_MOMENT, table, square),
          b.globalTensor(experts),
          derived("experts.grad", TRESSE_GRADIENT, experts, stack),
          derived("experts.exp_avg", TRESSE_MOMENT, experts, stack),
          derived("experts.exp_avg_sq", TRESSE_MOMENT, experts, stack),
          b.globalTensor(bias)};
}

void addTraining(PlanBuilder &b, const Weights &w, uint32_t loss,
                 uint32_t update) {
  const std::vector<int64_t> rows = {fakeBatch, fakeSequence};
  uint32_t tokens = b.tensor(TRESSE_I32, rows);
  uint32_t targets = b.tensor(TRESSE_I32, rows);
  uint32_t weights = b.tensor(TRESSE_F32, {4});
  uint32_t value = b.tensor(TRESSE_F32, {1});
  uint32_t balance = b.tensor(TRESSE_F32, {1});
  uint32_t hyper = b.tensor(TRESSE_F32, {16});
  uint32_t norm = b.tensor(TRESSE_F32, {1});
  b.beginEntry("gradients");
  b.input("tokens", tokens), b.input("targets", targets);
  b.input("loss_weights", weights);
  b.output("loss", value), b.output("balance_loss", balance);
  b.launch(loss, 1,
           {{tokens, TRESSE_READ},
            {targets, TRESSE_READ},
            {w.table, TRESSE_READ},
            {w.experts, TRESSE_READ},
            {value, TRESSE_WRITE},
            {w.tableGrad, TRESSE_ACCUMULATE},
            {w.expertsGrad, TRESSE_ACCUMULATE},
            {balance, TRESSE_WRITE}});
  b.endEntry();
  b.beginEntry("update");
  b.input("hyper", hyper), b.output("grad_norm", norm);
  b.launch(update, 1,
           {{w.table, TRESSE_ACCUMULATE},
            {w.tableGrad, TRESSE_ACCUMULATE},
            {w.tableM, TRESSE_ACCUMULATE},
            {w.tableV, TRESSE_ACCUMULATE},
            {w.experts, TRESSE_ACCUMULATE},
            {w.expertsGrad, TRESSE_ACCUMULATE},
            {w.expertsM, TRESSE_ACCUMULATE},
            {w.expertsV, TRESSE_ACCUMULATE},
            {w.bias, TRESSE_ACCUMULATE},
            {hyper, TRESSE_READ},
            {norm, TRESSE_WRITE}});
  b.endEntry();
  b.beginEntry("evaluate");
  b.input("tokens", tokens), b.input("targets", targets);
  b.output("loss", value);
  b.launch(loss, 1,
           {{tokens, TRESSE_READ},
            {targets, TRESSE_READ},
            {w.table, TRESSE_READ},
            {w.experts, TRESSE_READ},
            {value, TRESSE_WRITE},
            {TRESSE_NONE, TRESSE_READ}});
  b.endEntry();
}

void addNext(PlanBuilder &b, const Weights &w, const char *name, int64_t length,
             uint32_t kernel) {
  uint32_t tokens = b.tensor(TRESSE_I32, {fakeSlots, length});
  uint32_t positions = b.tensor(TRESSE_I32, {fakeSlots, length});
  uint32_t sampling = b.tensor(TRESSE_F32, {fakeSlots, 8});
  uint32_t next = b.tensor(TRESSE_I32, {fakeSlots});
  uint32_t logits = b.tensor(TRESSE_F32, {fakeSlots, V});
  b.beginEntry(name);
  b.input("tokens", tokens), b.input("positions", positions);
  b.input("sampling", sampling);
  b.output("next", next), b.output("logits", logits);
  b.launch(kernel, fakeSlots,
           {{tokens, TRESSE_READ},
            {positions, TRESSE_READ},
            {sampling, TRESSE_READ},
            {w.table, TRESSE_READ},
            {next, TRESSE_WRITE},
            {logits, TRESSE_WRITE}});
  b.endEntry();
}

Built build() {
  PlanBuilder b;
  for (auto [name, value] :
       {std::pair{"vocab_size", V}, {"context", fakeContext}})
    b.record(name, std::to_string(value));
  b.record("config", "{\"model_type\": \"fake\"}");
  Weights w = addWeights(b);
  uint32_t numbers[5];
  const char *const names[] = {"logits", "loss", "update", "next_chunk",
                               "next_one"};
  for (uint32_t i = 0; i < 5; ++i)
    numbers[i] = b.kernel(names[i], i);
  uint32_t tokens = b.tensor(TRESSE_I32, {fakeBatch, fakeSequence});
  uint32_t logits = b.tensor(TRESSE_F32, {fakeBatch, fakeSequence, V});
  b.beginEntry("logits");
  b.input("tokens", tokens), b.output("logits", logits);
  b.launch(
      numbers[0], fakeBatch * fakeSequence,
      {{tokens, TRESSE_READ}, {w.table, TRESSE_READ}, {logits, TRESSE_WRITE}});
  b.endEntry();
  addTraining(b, w, numbers[1], numbers[2]);
  addNext(b, w, "prefill", fakeChunk, numbers[3]);
  addNext(b, w, "decode", 1, numbers[4]);
  Built built;
  built.plan = b.bytes();
  built.model.plan = built.plan.data();
  built.model.cpu_kernels = kernels;
  return built;
}

} // namespace

const tresse_model &fakeModel() {
  static const Built built = build();
  return built.model;
}

} // namespace tresse::test
