//===- Checkpoint.h - saving and resuming training ------------------------===//
//
// OUT/step-000100/ is a model directory (config.json and model.safetensors, or
// shards and their index) with optimizer-00001.safetensors (and -00002 ...) and
// trainer_state.json. It is written under another name, synced, and renamed;
// OUT/latest, a link to it, follows last. So at any instant OUT/latest leads to
// a whole checkpoint or does not exist.
//
#ifndef TRESSE_RUNTIME_TRAIN_CHECKPOINT_H
#define TRESSE_RUNTIME_TRAIN_CHECKPOINT_H

#include "runtime/core/model/Session.h"
#include "runtime/core/train/Hyper.h"

#include <optional>
#include <string>

namespace tresse::runtime {

/// Saves and returns the checkpoint's directory. Files such as the tokenizer's
/// are copied from `modelDirectory` unless it is empty. No file holds more than
/// `maxShardSize` bytes of tensors, unless a single tensor is larger. When it
/// throws, every earlier checkpoint is still there.
std::string saveCheckpoint(const Session &session, const std::string &out,
                           const TrainState &state,
                           const std::string &modelDirectory,
                           uint64_t maxShardSize);

/// The directory that OUT/latest leads to, or nothing when there is none.
std::optional<std::string> latestCheckpoint(const std::string &out);

/// Loads weights, biases and moments, runs `prepare` and returns the state.
TrainState loadCheckpoint(Session &session, const std::string &directory);

/// Removes what an interrupted save left, and all but the last `keep`
/// checkpoints (0: keeps all).
void tidyCheckpoints(const std::string &out, uint64_t keep);

/// Checks that files can be made in OUT, so that a run fails at its start.
void checkWritable(const std::string &out);

} // namespace tresse::runtime

#endif
