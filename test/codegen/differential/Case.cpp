// Case.cpp - compiles a kernel in this process and compares it.
#include "Case.h"

#include <cstring>
#include <numeric>

#include "codegen/Pipeline.h"
#include "codegen/cpu/Kernel.h"
#include "dialects/Register.h"
#include "dialects/lm/LM.h"
#include "dialects/lm/Overwrite.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/TargetSelect.h"

namespace tresse::test {

// Tensors.

static int64_t bytesOf(uint32_t dtype) {
  return dtype == TRESSE_F64 ? 8 : dtype == TRESSE_BF16 ? 2 : 4;
}

int64_t Tensor::count() const {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t(1),
                         std::multiplies<>());
}

int64_t Tensor::extent() const {
  int64_t last = 0;
  for (size_t d = 0; d < sizes.size(); ++d)
    last += (sizes[d] - 1) * strides[d];
  return last + 1;
}

int64_t Tensor::place(int64_t i) const {
  int64_t offset = 0;
  for (size_t d = sizes.size(); d-- > 0; i /= sizes[d])
    offset += i % sizes[d] * strides[d];
  return offset;
}

double Tensor::get(int64_t i) const {
  const void *at = memory.data() + guard;
  i = place(i);
  if (dtype == TRESSE_F64)
    return static_cast<const double *>(at)[i];
  if (dtype == TRESSE_F32)
    return static_cast<const float *>(at)[i];
  if (dtype == TRESSE_I32)
    return static_cast<const int32_t *>(at)[i];
  uint32_t bits = uint32_t(static_cast<const uint16_t *>(at)[i]) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

void Tensor::set(int64_t i, double value) {
  void *at = data();
  i = place(i);
  if (dtype == TRESSE_F64)
    static_cast<double *>(at)[i] = value;
  else if (dtype == TRESSE_F32)
    static_cast<float *>(at)[i] = static_cast<float>(value);
  else if (dtype == TRESSE_I32)
    static_cast<int32_t *>(at)[i] = static_cast<int32_t>(value);
  else {
    float single = static_cast<float>(value);
    uint32_t bits;
    std::memcpy(&bits, &single, sizeof bits);
    static_cast<uint16_t *>(at)[i] = static_cast<uint16_t>(
        std::isnan(value) ? 0x7fc0
                          : (bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
  }
}

static constexpr uint64_t guardWord = 0x7ff8dead7fc0beefull;

bool Tensor::guardsIntact() const {
  for (int64_t i = 0; i < guard; ++i)
    if (memory[i] != guardWord || memory[memory.size() - 1 - i] != guardWord)
      return false;
  return true;
}

int64_t Random::size(int64_t most) {
  static const int64_t likely[] = {1,  2,  3,  5,  7,  13, 16,
                                   17, 31, 32, 37, 48, 64, 67};
  int64_t picked = likely[integer(0, 13)];
  return picked <= most ? picked : integer(1, most);
}

// Building a case.

Tensor Case::make(Type type, Sizes sizes, bool mayStride) {
  Tensor tensor;
  tensor.dtype = type == Type::Index ? uint32_t(TRESSE_I32)
                 : type == Type::Wide && dtype == TRESSE_BF16
                     ? uint32_t(TRESSE_F32)
                     : dtype;
  tensor.sizes = std::move(sizes);
  tensor.strides.assign(tensor.sizes.size(), 1);
  bool strided = mayStride && tensor.sizes.size() > 1 && random.chance();
  for (size_t d = tensor.sizes.size(); d-- > 1;) {
    int64_t gap = strided && d + 1 == tensor.sizes.size() ? 3 : 0;
    tensor.strides[d - 1] = tensor.strides[d] * tensor.sizes[d] + gap;
  }
  int64_t words = (tensor.extent() * bytesOf(tensor.dtype) + 7) / 8;
  tensor.memory.assign(words + 2 * Tensor::guard, guardWord);
  if (strided)
    std::memset(tensor.data(), 0xff, words * 8); // NaN in every dtype
  return tensor;
}

Tensor &Case::in(Type type, Sizes sizes) {
  Tensor tensor = make(type, std::move(sizes), type == Type::Storage);
  for (int64_t i = 0; i < tensor.count(); ++i)
    tensor.set(i, type == Type::Index ? 0 : random.normal());
  operands.push_back(std::move(tensor));
  return operands.back();
}

void Case::absent() {
  operands.emplace_back();
  operands.back().present = false;
}

void Case::out(Type type, Sizes sizes, int tied) {
  Tensor tensor = make(type, std::move(sizes), type == Type::Storage);
  tensor.tied = tied;
  if (tied >= 0)
    tensor.strides = operands[tied].strides;
  else
    for (int64_t i = 0; i < tensor.count(); ++i)
      tensor.set(i, 12345);
  results.push_back(std::move(tensor));
}

void Case::segments(std::vector<int> sizes) {
  std::string list;
  for (int size : sizes)
    list += std::string(list.empty() ? "" : ", ") + std::to_string(size);
  attribute("operandSegmentSizes = array<i32: " + list + ">");
}

static std::string typeText(const Tensor &tensor) {
  std::string text = "tensor<";
  for (int64_t size : tensor.sizes)
    text += std::to_string(size) + "x";
  return text +
         (tensor.dtype == TRESSE_F64   ? "f64"
          : tensor.dtype == TRESSE_F32 ? "f32"
          : tensor.dtype == TRESSE_I32 ? "i32"
                                       : "bf16") +
         ">";
}

std::string Case::text() const {
  std::string head, uses, types, outs, names;
  int number = 0;
  auto comma = [](const std::string &text) {
    return std::string(text.empty() ? "" : ", ");
  };
  for (const Tensor &tensor : operands) {
    if (!tensor.present)
      continue;
    std::string name = "%a" + std::to_string(number++);
    head += comma(head) + name + ": " + typeText(tensor);
    uses += comma(uses) + name;
    types += comma(types) + typeText(tensor);
  }
  for (size_t i = 0; i < results.size(); ++i) {
    outs += comma(outs) + typeText(results[i]);
    names += comma(names) + "%r#" + std::to_string(i);
  }
  return "func.func @kernel(" + head + ") -> (" + outs +
         ") {\n  %r:" + std::to_string(results.size()) + " = \"" + op + "\"(" +
         uses + ") {" + attributes + "} : (" + types + ") -> (" + outs +
         ")\n  return " + names + " : " + outs + "\n}\n";
}

// Compiling.

static mlir::MLIRContext &context() {
  static mlir::MLIRContext *shared = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    mlir::DialectRegistry registry;
    registerDialects(registry);
    registerCodegen(registry);
    auto *made = new mlir::MLIRContext(registry);
    made->loadAllAvailableDialects();
    return made;
  }();
  return *shared;
}

static mlir::MemRefType layoutOf(const Tensor &tensor, mlir::Type element) {
  auto layout = mlir::StridedLayoutAttr::get(&context(), 0, tensor.strides);
  return mlir::MemRefType::get(tensor.sizes, element, layout);
}

Kernel compile(const std::string &text,
               const std::vector<const Tensor *> &tensors) {
  Kernel kernel;
  auto source = mlir::parseSourceString<mlir::ModuleOp>(text, &context());
  auto target = cpu::parseTarget("host");
  if (!source || !target) {
    ADD_FAILURE() << "cannot parse\n" << text;
    return kernel;
  }
  auto function = *source->getOps<mlir::func::FuncOp>().begin();
  auto type = function.getFunctionType();
  std::vector<mlir::MemRefType> layouts;
  for (size_t i = 0; i < tensors.size(); ++i) {
    mlir::Type of = i < type.getNumInputs()
                        ? type.getInput(i)
                        : type.getResult(i - type.getNumInputs());
    layouts.push_back(layoutOf(*tensors[i], mlir::getElementTypeOrSelf(of)));
  }
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::ModuleOp::create(source->getLoc());
  auto shape = cpu::emitKernel(*module, "kernel", function.getBody().front(),
                               layouts, *target);
  if (failed(shape) || failed(mlir::verify(*module))) {
    ADD_FAILURE() << "cannot emit\n" << text;
    return kernel;
  }
  module->walk([&](mlir::Operation *op) {
    kernel.hasVectors |=
        llvm::isa<mlir::vector::VectorDialect>(op->getDialect());
  });
  if (failed(cpu::lowerKernels(*module, *target))) {
    ADD_FAILURE() << "cannot lower\n" << text;
    return kernel;
  }
  mlir::ExecutionEngineOptions options;
  auto optimize = mlir::makeOptimizingTransformer(2, 0, nullptr);
  options.transformer = optimize;
  auto made = mlir::ExecutionEngine::create(*module, options);
  if (!made) {
    ADD_FAILURE() << llvm::toString(made.takeError()) << text;
    return kernel;
  }
  std::shared_ptr<mlir::ExecutionEngine> engine = std::move(*made);
  auto address = engine->lookup("kernel");
  if (!address) {
    ADD_FAILURE() << llvm::toString(address.takeError()) << text;
    return kernel;
  }
  auto code = reinterpret_cast<tresse_cpu_kernel>(*address);
  kernel.run = [engine, code](void *const *operands, int64_t begin, int64_t end,
                              void *scratch) {
    code(operands, begin, end, scratch);
  };
  kernel.tiles = shape->tileCount;
  kernel.scratchBytes = shape->scratchBytes;
  return kernel;
}

// Running.

/// Attributes as the reference functions read them: enums by their case.
static void addAttributes(mlir::Operation *op, std::vector<std::string> &names,
                          std::vector<tresse_reference_attribute> &list) {
  for (mlir::NamedAttribute named : op->getAttrDictionary()) {
    tresse_reference_attribute entry{};
    entry.kind = TRESSE_ATTRIBUTE_INT;
    mlir::Attribute value = named.getValue();
    if (auto number = llvm::dyn_cast<mlir::FloatAttr>(value)) {
      entry.kind = TRESSE_ATTRIBUTE_FLOAT;
      entry.value.f = number.getValueAsDouble();
    } else if (auto truth = llvm::dyn_cast<mlir::BoolAttr>(value)) {
      entry.value.i = truth.getValue();
    } else if (auto number = llvm::dyn_cast<mlir::IntegerAttr>(value)) {
      entry.value.i = number.getInt();
    } else if (auto scoring = llvm::dyn_cast<lm::ScoringAttr>(value)) {
      entry.value.i = static_cast<int64_t>(scoring.getValue());
    } else if (auto score = llvm::dyn_cast<lm::GroupScoreAttr>(value)) {
      entry.value.i = static_cast<int64_t>(score.getValue());
    } else if (auto form = llvm::dyn_cast<lm::MhcFormAttr>(value)) {
      entry.value.i = static_cast<int64_t>(form.getValue());
    } else if (auto form = llvm::dyn_cast<lm::BalanceFormAttr>(value)) {
      entry.value.i = static_cast<int64_t>(form.getValue());
    } else if (auto level = llvm::dyn_cast<lm::BalanceLevelAttr>(value)) {
      entry.value.i = static_cast<int64_t>(level.getValue());
    } else {
      continue;
    }
    names.push_back(named.getName().str());
    list.push_back(entry);
  }
  for (size_t i = 0; i < list.size(); ++i)
    list[i].name = names[i].c_str();
}

static void *addressOf(std::vector<Tensor> &in, std::vector<Tensor> &out,
                       size_t result) {
  return out[result].tied >= 0 ? in[out[result].tied].data()
                               : out[result].data();
}

void Case::runReference(std::vector<Tensor> &in, std::vector<Tensor> &out) {
  auto source = mlir::parseSourceString<mlir::ModuleOp>(text(), &context());
  if (!source)
    return;
  auto function = *source->getOps<mlir::func::FuncOp>().begin();
  std::vector<std::string> names;
  std::vector<tresse_reference_attribute> list;
  names.reserve(16);
  mlir::Operation &inner = function.getBody().front().front();
  addAttributes(&inner, names, list);
  if (!inner.getName().getStringRef().starts_with("lm.")) {
    tresse_reference_attribute entry{};
    entry.name = "op";
    entry.kind = TRESSE_ATTRIBUTE_STRING;
    entry.value.string = op.c_str();
    list.push_back(entry);
  }
  std::vector<tresse_reference_tensor> tensors;
  auto add = [&](const Tensor &tensor, void *data) {
    tensors.push_back({tensor.present ? data : nullptr, tensor.dtype,
                       static_cast<uint32_t>(tensor.sizes.size()),
                       tensor.sizes.data(), tensor.strides.data()});
  };
  for (Tensor &tensor : in)
    add(tensor, tensor.present ? tensor.data() : nullptr);
  for (size_t i = 0; i < out.size(); ++i)
    add(out[i], addressOf(in, out, i));
  tresse_reference_call call{tensors.data(), list.data(),
                             static_cast<uint32_t>(tensors.size()),
                             static_cast<uint32_t>(list.size())};
  reference(&call);
}

/// How far a result may be from the reference, relative to its own size and to
/// the largest result. bf16: one unit in the last place, for values that lie
/// near the middle of two.
static double tolerance(uint32_t dtype) {
  return dtype == TRESSE_F64 ? 1e-12 : dtype == TRESSE_F32 ? 2e-6 : 1.0 / 128;
}

void Case::compare(const Tensor &expected, const Tensor &found, size_t number) {
  double largest = termSize;
  for (int64_t i = 0; i < expected.count(); ++i)
    if (std::isfinite(expected.get(i)) && expected.get(i) != 12345)
      largest = std::max(largest, std::fabs(expected.get(i)));
  // Sums are f32 where the storage is bf16.
  double wide = tolerance(dtype == TRESSE_F64 ? TRESSE_F64 : TRESSE_F32);
  for (int64_t i = 0; i < expected.count(); ++i) {
    double a = expected.get(i), b = found.get(i);
    if (a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    double allowed =
        tolerance(expected.dtype) * std::fabs(a) + 4 * wide * largest;
    if (expected.dtype == TRESSE_I32 || !(std::fabs(a - b) <= allowed)) {
      ADD_FAILURE() << "result " << number << " element " << i << ": expected "
                    << a << ", but got " << b << " (allowed " << allowed
                    << ")\n"
                    << text();
      return;
    }
  }
}

/// Results that may lie where an operand lies, as the op says.
std::vector<std::pair<int, int>> Case::overwritable() const {
  std::vector<std::pair<int, int>> pairs;
  auto source = mlir::parseSourceString<mlir::ModuleOp>(text(), &context());
  auto function = *source->getOps<mlir::func::FuncOp>().begin();
  mlir::Operation &inner = function.getBody().front().front();
  for (size_t i = 0; i < results.size(); ++i) {
    int argument = 0;
    for (size_t k = 0; k < operands.size(); ++k) {
      if (!operands[k].present)
        continue;
      mlir::Value read = function.getArgument(argument++);
      if (results[i].tied < 0 && results[i].strides == operands[k].strides &&
          lm::mayOverwrite(inner.getResult(i), read))
        pairs.push_back({static_cast<int>(i), static_cast<int>(k)});
    }
  }
  return pairs;
}

static bool same(double a, double b) {
  return std::memcmp(&a, &b, sizeof a) == 0 || (std::isnan(a) && std::isnan(b));
}

void Case::check() {
  std::vector<Tensor> expectedIn = operands, expected = results;
  runReference(expectedIn, expected);
  answers = expected;
  std::vector<const Tensor *> layouts;
  for (const Tensor &tensor : operands)
    if (tensor.present)
      layouts.push_back(&tensor);
  for (const Tensor &tensor : results)
    layouts.push_back(&tensor);
  Kernel kernel = compile(text(), layouts);
  ASSERT_TRUE(kernel.run);
  EXPECT_TRUE(kernel.hasVectors) << text();

  auto run = [&](std::vector<Tensor> &in, std::vector<Tensor> &out,
                 const std::vector<int64_t> &cuts) {
    std::vector<void *> addresses;
    for (Tensor &tensor : in)
      if (tensor.present)
        addresses.push_back(tensor.data());
    for (size_t i = 0; i < out.size(); ++i)
      addresses.push_back(addressOf(in, out, i));
    for (size_t i = cuts.size(); i-- > 1;) {
      // Scratch begins as NaN, a new one for every call; aligned to 64.
      std::vector<uint64_t> scratch(kernel.scratchBytes / 8 + 24, ~0ull);
      void *at = scratch.data();
      size_t space = scratch.size() * 8;
      at = std::align(64, kernel.scratchBytes + 64, at, space);
      kernel.run(addresses.data(), cuts[i - 1], cuts[i], at);
      auto *end = static_cast<uint8_t *>(at) + kernel.scratchBytes;
      for (int b = 0; b < 16; ++b)
        ASSERT_EQ(end[b], 0xff) << "scratch overrun\n" << text();
    }
  };
  std::vector<Tensor> firstIn = operands, first = results;
  run(firstIn, first, {0, kernel.tiles});
  std::vector<int64_t> cuts(kernel.tiles + 1);
  std::iota(cuts.begin(), cuts.end(), 0);
  std::vector<Tensor> secondIn = operands, second = results;
  run(secondIn, second, cuts);

  for (size_t i = 0; i < results.size(); ++i) {
    bool tied = results[i].tied >= 0;
    auto pick = [&](std::vector<Tensor> &in,
                    std::vector<Tensor> &out) -> Tensor & {
      return tied ? in[results[i].tied] : out[i];
    };
    compare(pick(expectedIn, expected), pick(firstIn, first), i);
    EXPECT_EQ(pick(firstIn, first).memory, pick(secondIn, second).memory)
        << "other bits when the tiles run one by one\n"
        << text();
  }
  for (const std::vector<Tensor> *list : {&firstIn, &first})
    for (const Tensor &tensor : *list)
      EXPECT_TRUE(!tensor.present || tensor.guardsIntact())
          << "written outside a tensor\n"
          << text();

  for (auto [result, operand] : overwritable()) {
    std::vector<Tensor> in = operands, out = results;
    out[result].tied = operand;
    run(in, out, {0, kernel.tiles});
    for (size_t i = 0; i < results.size(); ++i) {
      Tensor &found = i == static_cast<size_t>(result) ? in[operand] : out[i];
      for (int64_t e = 0; e < found.count() && results[i].tied < 0; ++e)
        EXPECT_TRUE(first[i].get(e) == results[i].get(e) || // not written
                    same(first[i].get(e), found.get(e)))
            << "other bits where result " << result << " overwrites operand "
            << operand << "\n"
            << text();
    }
  }
}

void forAll(const std::function<void(uint32_t, Random &)> &test, int repeats) {
  for (uint32_t dtype : {TRESSE_F32, TRESSE_F64, TRESSE_BF16})
    for (int i = 0; i < repeats; ++i) {
      uint32_t seed = std::random_device()() % 90000 + 1;
      if (GTEST_FLAG_GET(random_seed) != 0)
        seed = GTEST_FLAG_GET(random_seed) + i;
      SCOPED_TRACE("seed " + std::to_string(seed) + " dtype " +
                   std::to_string(dtype) +
                   " (repeat with --gtest_random_seed)");
      Random random(seed);
      test(dtype, random);
      if (testing::Test::HasFailure())
        return;
    }
}

} // namespace tresse::test
