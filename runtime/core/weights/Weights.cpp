//===- Weights.cpp - filling globals from files and seeds, and back -------===//
#include "runtime/core/weights/Weights.h"

#include "runtime/core/base/Random.h"

#include <algorithm>
#include <set>

namespace tresse::runtime {

namespace {

constexpr int64_t stretch = 1 << 16; // elements converted at a time
constexpr int64_t scaleBlock = 128;  // rows and columns of one fp8 scale

/// The scales of an 8-bit weight [rows, columns], one for each 128 x 128.
class Scales {
public:
  Scales(const WeightSource &source, const StoredTensor &tensor)
      : columns(tensor.shape.size() == 2 ? tensor.shape[1] : 0) {
    auto found = source.find(tensor.scaleName);
    if (!found.tensor)
      fail(inQuotes(source.place()), ": tensor ", inQuotes(tensor.name),
           " has 8-bit elements: expected its scales ",
           inQuotes(tensor.scaleName), ", but there are none");
    if (tensor.shape.size() != 2)
      fail(inQuotes(source.place()), ": tensor ", inQuotes(tensor.name),
           ": expected a matrix for 8-bit elements, but got ",
           shapeText(tensor.shape));
    int64_t expected[] = {(tensor.shape[0] + scaleBlock - 1) / scaleBlock,
                          (columns + scaleBlock - 1) / scaleBlock};
    if (!std::ranges::equal(found.tensor->shape, expected) ||
        !isFloat(found.tensor->dtype))
      fail(inQuotes(source.place()), ": tensor ", inQuotes(tensor.scaleName),
           ": expected floats of ", shapeText(expected), ", but got ",
           elementName(found.tensor->dtype), " of ",
           shapeText(found.tensor->shape));
    auto count = static_cast<uint64_t>(expected[0] * expected[1]);
    std::vector<char> raw(count * elementBytes(found.tensor->dtype));
    found.file->read(*found.tensor, 0, count, raw.data());
    values.resize(count);
    convertElements(TRESSE_F64, values.data(), found.tensor->dtype, raw.data(),
                    count);
    perRow = expected[1];
  }
  double at(int64_t element) const {
    int64_t row = element / columns, column = element % columns;
    return values[static_cast<size_t>(row / scaleBlock * perRow +
                                      column / scaleBlock)];
  }

private:
  int64_t columns, perRow = 0;
  std::vector<double> values;
};

bool isEightBit(uint32_t dtype) {
  return dtype == TRESSE_F8E4M3 || dtype == TRESSE_F8E5M2;
}

char *elementOf(const TensorView &view, int64_t index) {
  return static_cast<char *>(view.data) +
         index * static_cast<int64_t>(elementBytes(view.dtype));
}

/// Reads one tensor into its parts. `raw` holds one stretch of the file.
void readTensor(Session &session, const StoredTensor &tensor,
                const WeightSource &source, std::vector<char> &raw) {
  auto found = source.find(tensor.name);
  if (!found.tensor)
    fail(inQuotes(source.place()), ": expected tensor ", inQuotes(tensor.name),
         " of ", shapeText(tensor.shape), ", but it is not there");
  if (found.tensor->shape != tensor.shape)
    fail(inQuotes(found.file->path()), ": tensor ", inQuotes(tensor.name),
         ": expected shape ", shapeText(tensor.shape), ", but got ",
         shapeText(found.tensor->shape));
  uint32_t dtype = found.tensor->dtype;
  if (!isFloat(dtype))
    fail(inQuotes(found.file->path()), ": tensor ", inQuotes(tensor.name),
         ": expected floats, but got ", elementName(dtype));
  std::unique_ptr<Scales> scales;
  if (isEightBit(dtype))
    scales = std::make_unique<Scales>(source, tensor);
  size_t bytes = elementBytes(dtype);
  for (const StoredPart &part : tensor.parts) {
    TensorView target = session.global(part.global);
    eachStretch(part, stretch, [&](int64_t from, int64_t to, int64_t count) {
      auto n = static_cast<uint64_t>(count);
      found.file->read(*found.tensor, static_cast<uint64_t>(from), n,
                       raw.data());
      char *out = elementOf(target, to);
      if (!scales)
        return convertElements(target.dtype, out, dtype, raw.data(), n);
      size_t outBytes = elementBytes(target.dtype);
      for (size_t i = 0; i < n; ++i)
        storeElement(target.dtype, out + i * outBytes,
                     loadElement(dtype, raw.data() + i * bytes) *
                         scales->at(from + static_cast<int64_t>(i)));
    });
  }
}

/// Puts a tensor together from its parts and hands it to the writer.
void writeParts(const Session &session, const StoredTensor &tensor,
                uint32_t dtype, FileWriter &writer) {
  size_t bytes = elementBytes(dtype);
  const StoredPart &first = tensor.parts[0];
  bool plain = tensor.parts.size() == 1 && first.target.runs() == 1 &&
               first.source.elements() == first.target.elements() &&
               first.source.runs() == 1;
  if (plain) { // one stretch of memory
    TensorView view = session.global(first.global);
    writer.write(elementOf(view, first.target.runBegin(0)),
                 static_cast<size_t>(first.target.elements()) * bytes);
    return;
  }
  int64_t elements = 1;
  for (int64_t size : tensor.shape)
    elements *= size;
  std::vector<char> whole(static_cast<size_t>(elements) * bytes);
  for (const StoredPart &part : tensor.parts) {
    TensorView view = session.global(part.global);
    eachStretch(part, stretch, [&](int64_t to, int64_t from, int64_t count) {
      convertElements(dtype, whole.data() + static_cast<size_t>(to) * bytes,
                      view.dtype, elementOf(view, from),
                      static_cast<size_t>(count));
    });
  }
  writer.write(whole.data(), whole.size());
}

double draw(const tresse_global &global, uint64_t key, uint64_t element) {
  switch (global.initializer) {
  case TRESSE_INIT_ONES:
    return 1;
  case TRESSE_INIT_CONSTANT:
    return global.initial[0];
  case TRESSE_INIT_NORMAL:
    return global.initial[0] + global.initial[1] * randomNormal(key, element);
  case TRESSE_INIT_UNIFORM:
    return global.initial[0] + (global.initial[1] - global.initial[0]) *
                                   randomUniform(key, element);
  }
  return 0;
}

} // namespace

std::vector<std::string> readTensors(Session &session,
                                     const StoredTensors &tensors,
                                     const WeightSource &source) {
  std::vector<char> raw(static_cast<size_t>(stretch) * sizeof(double));
  std::set<std::string_view> wanted;
  for (const auto &[name, tensor] : tensors) {
    readTensor(session, tensor, source, raw);
    wanted.insert(tensor.name);
    wanted.insert(tensor.scaleName);
  }
  std::vector<std::string> unexpected;
  for (std::string_view name : source.names())
    if (!wanted.count(name))
      unexpected.emplace_back(name);
  return unexpected;
}

/// Tensors are written in the type of their (first) global.
static uint32_t storedType(const Plan &plan, const StoredTensor &tensor) {
  return plan.globals[tensor.parts[0].global].dtype;
}

Shards splitTensors(const Plan &plan, const StoredTensors &tensors,
                    uint64_t most) {
  Shards shards;
  shards.files.emplace_back();
  uint64_t here = 0; // bytes in the last file
  for (const auto &[name, tensor] : tensors) {
    uint64_t bytes = elementBytes(storedType(plan, tensor));
    for (int64_t size : tensor.shape)
      bytes *= static_cast<uint64_t>(size);
    if (!shards.files.back().empty() && (here > most || bytes > most - here)) {
      shards.files.emplace_back();
      here = 0;
    }
    shards.files.back().emplace(name, tensor);
    here += bytes, shards.bytes += bytes;
  }
  if (shards.files.size() > mostShards)
    fail("checkpoint: expected at most ", mostShards, " files, but files of ",
         most, " bytes make ", shards.files.size());
  return shards;
}

void writeTensors(const Session &session, const StoredTensors &tensors,
                  const std::string &path) {
  std::vector<TensorToWrite> list;
  for (const auto &[name, tensor] : tensors) {
    uint32_t dtype = storedType(session.plan(), tensor);
    list.push_back({name, dtype, tensor.shape,
                    [&session, &tensor = tensor, dtype](FileWriter &writer) {
                      writeParts(session, tensor, dtype, writer);
                    }});
  }
  writeSafetensors(path, list);
}

std::vector<std::string> loadWeights(Session &session,
                                     const std::string &directory) {
  auto unexpected = readTensors(session, storedWeights(session.plan()),
                                WeightSource::ofModel(directory));
  session.weightsChanged();
  return unexpected;
}

void initializeWeights(Session &session, uint64_t seed) {
  for (const auto &[name, tensor] : storedWeights(session.plan())) {
    uint64_t key = randomKey(seed, name);
    for (const StoredPart &part : tensor.parts) {
      const tresse_global &global = session.plan().globals[part.global];
      TensorView view = session.global(part.global);
      eachStretch(part, stretch, [&](int64_t from, int64_t to, int64_t count) {
#pragma omp parallel for schedule(static) num_threads(session.threads())
        for (int64_t i = 0; i < count; ++i)
          view.setNumber(to + i,
                         draw(global, key, static_cast<uint64_t>(from + i)));
      });
    }
  }
  session.weightsChanged();
}

int64_t parameterCount(const Plan &plan) {
  int64_t count = 0;
  for (uint32_t g = 0; g < plan.globals.size(); ++g) {
    if (plan.globals[g].role != TRESSE_WEIGHT)
      continue;
    int64_t elements = 1;
    for (int64_t size : plan.numbers(plan.globals[g].shape))
      elements *= size;
    count += elements;
  }
  return count;
}

} // namespace tresse::runtime
