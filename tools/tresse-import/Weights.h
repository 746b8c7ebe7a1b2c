// Weights.h - which tensors a model has, and where a checkpoint keeps them.
#ifndef TRESSE_TOOLS_TRESSE_IMPORT_WEIGHTS_H
#define TRESSE_TOOLS_TRESSE_IMPORT_WEIGHTS_H

#include "dialects/lm/LM.h"
#include "tools/tresse-import/Config.h"

namespace tresse {

/// A checkpoint tensor of shape `shape` that lies at `start` in a weight.
/// With `copies` > 0 its name holds `{e}`, which runs over [0, copies), and
/// copy e lies e steps further along the weight's first dimension.
struct WeightPiece {
  std::string name;
  int64_t copies = 0;
  llvm::SmallVector<int64_t> shape, start;
};

/// A weight of a layer or of the model, by its name below the prefix
/// ("model.layers.3." or ""). Shapes are [out, in] for matrices, and
/// [experts, out, in] for the experts' stacks.
struct Weight {
  std::string name;
  mlir::RankedTensorType type;
  lm::Role role = lm::Role::weight;
  lm::InitializerAttr initializer;
  llvm::SmallVector<WeightPiece> pieces;
};

/// Lists the weights of `config` in the order in which a forward pass meets
/// them. Matrices are bf16, the storage type; norms, the router and
/// hyper-connections f32, the wide type.
class WeightList {
public:
  WeightList(mlir::MLIRContext *context, const ModelConfig &config);

  /// The weights of a layer, dense or with experts.
  llvm::SmallVector<Weight> layer(bool moe) const;
  /// The weights before the first layer.
  llvm::SmallVector<Weight> head() const;
  /// The weights after the last layer.
  llvm::SmallVector<Weight> tail() const;

private:
  using Sink = llvm::SmallVector<Weight>;

  void attention(Sink &sink) const;
  void feedForward(Sink &sink, llvm::StringRef prefix, int64_t width) const;
  void experts(Sink &sink) const;
  /// fn, base and scale of one sublayer, or of the head (`rows` = streams).
  void hyper(Sink &sink, llvm::StringRef prefix, int64_t rows,
             int64_t scales) const;

  Weight matrix(llvm::StringRef name, int64_t out, int64_t in) const;
  Weight norm(llvm::StringRef name, int64_t size) const;
  Weight wide(llvm::StringRef name, llvm::ArrayRef<int64_t> shape,
              lm::InitializerAttr initializer) const;
  lm::InitializerAttr fill(lm::InitializerKind kind, double first = 0,
                           double second = 0) const;

  mlir::MLIRContext *context;
  const ModelConfig &config;
  mlir::Type storage, wideType;
  lm::InitializerAttr normal, ones, zeros;
};

} // namespace tresse

#endif // TRESSE_TOOLS_TRESSE_IMPORT_WEIGHTS_H
