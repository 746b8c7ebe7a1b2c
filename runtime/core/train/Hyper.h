//===- Hyper.h - what the user chooses about training ---------------------===//
#ifndef TRESSE_RUNTIME_TRAIN_HYPER_H
#define TRESSE_RUNTIME_TRAIN_HYPER_H

#include <cstdint>
#include <string>
#include <string_view>

namespace tresse::runtime {

/// The numbers of the optimizer and of its schedule.
struct Hyper {
  double lr = 1e-3;
  std::string schedule = "cosine"; ///< constant, cosine or wsd
  double warmup = 0;               ///< steps of linear growth from 0
  double finalFraction = 0.1;      ///< of lr, where cosine and wsd end
  double beta1 = 0.9, beta2 = 0.95, eps = 1e-8, weightDecay = 0.1;
  double clip = 1;         ///< largest gradient norm; 0: no clipping
  double balanceAlpha = 0; ///< weight of the balance loss of experts
  /// Weights of the balance losses of DeepSeek-V2 (arXiv 2405.04434, section
  /// 2.2.3), which a model with groups of experts has.
  double deviceBalanceAlpha = 0, communicationBalanceAlpha = 0;
  double biasGamma = 0; ///< step of the routing biases
};

/// The learning rate of step `step` (from 1). `progress` says how much of the
/// steps after the warm-up is behind once this step is done, from 0 to 1.
double learningRate(const Hyper &hyper, uint64_t step, double progress);

/// Where training stands: with the weights and moments, all that the next step
/// depends on.
struct TrainState {
  uint64_t step = 0;   ///< steps done
  uint64_t sample = 0; ///< samples seen: the data position
  uint64_t seed = 0;   ///< of the data's order
  Hyper hyper;
};

std::string trainStateJson(const TrainState &state);
/// Throws on anything that is not such a document; `path` is for messages.
TrainState parseTrainState(const std::string &path, std::string_view document);

} // namespace tresse::runtime

#endif
