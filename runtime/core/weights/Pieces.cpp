//===- Pieces.cpp - which checkpoint tensor fills which box of a global ---===//
#include "runtime/core/weights/Pieces.h"

#include <algorithm>

namespace tresse::runtime {

int64_t Box::elements() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

/// The first dimension from which on the box is the whole tensor's width, so
/// that one step along the dimension before it is one longer run.
static size_t runDimension(const Box &box) {
  size_t first = box.shape.size();
  while (first > 0 &&
         (first == box.shape.size() || box.shape[first] == box.outer[first]))
    --first;
  return first;
}

int64_t Box::runLength() const {
  int64_t length = 1;
  for (size_t i = runDimension(*this); i < shape.size(); ++i)
    length *= shape[i];
  return std::max<int64_t>(length, 1);
}

int64_t Box::runs() const { return elements() / runLength(); }

int64_t Box::runBegin(int64_t run) const {
  size_t first = runDimension(*this);
  int64_t offset = 0, stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    int64_t at = start[i];
    if (i < first) {
      at += run % shape[i];
      run /= shape[i];
    }
    offset += at * stride;
    stride *= outer[i];
  }
  return offset;
}

namespace {

std::vector<int64_t> list(std::span<const int64_t> numbers) {
  return {numbers.begin(), numbers.end()};
}

std::string withNumber(std::string_view pattern, int64_t number) {
  std::string out(pattern);
  size_t at = out.find("{e}");
  if (at != std::string::npos)
    out.replace(at, 3, std::to_string(number));
  return out;
}

/// The name of an fp8 weight's scales.
std::string scaleNameOf(const Plan &plan, const tresse_piece &piece,
                        int64_t number, const std::string &name) {
  if (piece.scale_pattern != TRESSE_NONE)
    return withNumber(plan.string(piece.scale_pattern), number);
  return name + "_scale_inv";
}

void addPart(StoredTensors &out, const std::string &name,
             const std::string &scaleName, StoredPart part) {
  StoredTensor &tensor = out[name];
  tensor.name = name;
  tensor.scaleName = scaleName;
  const Box &box = part.source;
  if (tensor.shape.empty())
    tensor.shape.assign(box.shape.size(), 0);
  if (tensor.shape.size() != box.shape.size())
    fail("plan: tensor ", inQuotes(name),
         ": expected pieces of one rank, but got ", tensor.shape.size(),
         " and ", box.shape.size());
  for (size_t i = 0; i < box.shape.size(); ++i)
    tensor.shape[i] = std::max(tensor.shape[i], box.start[i] + box.shape[i]);
  tensor.parts.push_back(std::move(part));
}

/// Adds what `global` holds, in the pieces of `like`, names with a suffix.
void addGlobal(const Plan &plan, uint32_t global, uint32_t like,
               const std::string &suffix, StoredTensors &out) {
  const tresse_global &pattern = plan.globals[like];
  auto shape = list(plan.numbers(plan.globals[global].shape));
  if (shape != list(plan.numbers(pattern.shape)))
    fail("plan: global ", inQuotes(plan.string(plan.globals[global].name)),
         ": expected the shape of ", inQuotes(plan.string(pattern.name)));
  if (pattern.pieces.count == 0) { // stored whole, under its own name
    Box whole{shape, std::vector<int64_t>(shape.size(), 0), shape};
    std::string name = std::string(plan.string(pattern.name)) + suffix;
    addPart(out, name, name + "_scale_inv", {global, whole, whole});
    return;
  }
  for (uint32_t p = 0; p < pattern.pieces.count; ++p) {
    const tresse_piece &piece = plan.pieces[pattern.pieces.first + p];
    for (int64_t e = piece.first, i = 0; e < piece.last; e += piece.step, ++i) {
      Box target{shape, list(plan.numbers(piece.target_start)),
                 list(plan.numbers(piece.target_shape))};
      if (!target.start.empty())
        target.start[0] += i * target.shape[0];
      Box source{{},
                 list(plan.numbers(piece.source_start)),
                 list(plan.numbers(piece.source_shape))};
      source.start.resize(source.shape.size(), 0);
      std::string name = withNumber(plan.string(piece.pattern), e);
      addPart(out, name + suffix, scaleNameOf(plan, piece, e, name),
              {global, std::move(target), std::move(source)});
    }
  }
}

/// A part's source box lies in the tensor that all parts make up.
void placeSources(StoredTensors &tensors) {
  for (auto &[name, tensor] : tensors)
    for (StoredPart &part : tensor.parts)
      part.source.outer = tensor.shape;
}

/// Adds the globals of a role that belong to a weight.
void addDerived(const Plan &plan, uint32_t role, bool withSuffix,
                StoredTensors &out) {
  for (uint32_t g = 0; g < plan.globals.size(); ++g) {
    const tresse_global &global = plan.globals[g];
    if (global.role != role || global.of == TRESSE_NONE ||
        !isFloat(global.dtype))
      continue;
    std::string_view name = plan.string(global.name);
    std::string_view owner = plan.string(plan.globals[global.of].name);
    std::string suffix;
    if (withSuffix)
      suffix = name.substr(0, owner.size()) == owner ? name.substr(owner.size())
                                                     : "." + std::string(name);
    addGlobal(plan, g, global.of, suffix, out);
  }
}

} // namespace

StoredTensors storedWeights(const Plan &plan) {
  StoredTensors out;
  for (uint32_t g = 0; g < plan.globals.size(); ++g)
    if (plan.globals[g].role == TRESSE_WEIGHT ||
        plan.globals[g].role == TRESSE_STATE)
      addGlobal(plan, g, g, "", out);
  placeSources(out);
  return out;
}

StoredTensors storedMoments(const Plan &plan) {
  StoredTensors out;
  addDerived(plan, TRESSE_MOMENT, /*withSuffix=*/true, out);
  placeSources(out);
  return out;
}

StoredTensors storedGradients(const Plan &plan) {
  StoredTensors out;
  addDerived(plan, TRESSE_GRADIENT, /*withSuffix=*/false, out);
  placeSources(out);
  return out;
}

} // namespace tresse::runtime
