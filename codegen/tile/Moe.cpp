// Moe.cpp - kernels of routing and load balance.
#include "codegen/tile/Families.h"

#include <limits>

using namespace mlir;

namespace tresse::tile {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Stands for a dropped expert: below every score, above a taken one (-inf).
double dropped(TileBuilder &tile) {
  return tile.wide().isF64() ? -std::numeric_limits<double>::max()
                             : -std::numeric_limits<float>::max();
}

/// Takes the `k` largest of `values` in descending order, ties by the lower
/// index, and hands each index to `chosen(n, index)`. Overwrites them by -inf.
void takeLargest(TileBuilder &tile, const View &values, int64_t k,
                 function_ref<void(Num, Num)> chosen) {
  int64_t most = std::numeric_limits<int32_t>::max();
  tile.loop(0, k, 1, [&](Num n) {
    Num highest = tile.maximum(values.size(),
                               [&](Lanes l) { return tile.load(values, l); });
    Num best = tile.reduce(
        tile.index(values.size()), Combine::Min, tile.i32(most),
        [&](Lanes lanes, ArrayRef<Num> lowest) -> TileBuilder::Nums {
          Num number = tile.toInteger(lanes.first) + tile.laneNumbers();
          Num same = tile.load(values, lanes) == highest;
          return {min(lowest[0], select(same, number, lowest[0]))};
        })[0];
    // With NaN among the values nothing may be found.
    Num index = tile.toIndex(min(best, best.like(values.size() - 1)));
    tile.storeAt(values, index, tile.number(-infinity));
    chosen(n, index);
  });
}

/// Scores of one token: softmax or sigmoid of the logits.
void scoreExperts(TileBuilder &tile, const View &logits, const View &scores,
                  lm::Scoring scoring) {
  int64_t experts = logits.size();
  if (scoring == lm::Scoring::sigmoid) {
    tile.forLanes(experts, [&](Lanes lanes) {
      tile.store(scores, lanes, sigmoid(tile.load(logits, lanes)));
    });
    return;
  }
  Num highest = tile.maximum(
      experts, [&](Lanes lanes) { return tile.load(logits, lanes); });
  auto power = [&](Lanes lanes) {
    return exp(tile.load(logits, lanes) - highest);
  };
  Num sum = tile.sum(experts, power);
  tile.forLanes(experts, [&](Lanes lanes) {
    tile.store(scores, lanes, power(lanes) / sum);
  });
}

/// Drops all but the best groups of experts from `values`.
void keepGroups(TileBuilder &tile, const View &values, int64_t groups,
                int64_t kept, lm::GroupScore score) {
  int64_t size = values.size() / groups;
  View worth = tile.scratch(groups), keep = tile.scratch(groups);
  tile.loop(0, groups, 1, [&](Num group) {
    Num low = tile.number(-infinity);
    auto top = tile.loop(tile.index(0), tile.index(size), 1, {low, low},
                         [&](Num i, ArrayRef<Num> best) -> TileBuilder::Nums {
                           Num value = tile.loadAt(values, group * size + i);
                           return {max(best[0], value),
                                   max(best[1], min(best[0], value))};
                         });
    bool two = score == lm::GroupScore::top2 && size > 1;
    tile.storeAt(worth, group, two ? top[0] + top[1] : top[0]);
    tile.storeAt(keep, group, tile.number(0));
  });
  takeLargest(tile, worth, kept, [&](Num, Num group) {
    tile.storeAt(keep, group, tile.number(1));
  });
  tile.loop(0, values.size(), 1, [&](Num expert) {
    tile.when(tile.loadAt(keep, expert / size) == 0, [&] {
      tile.storeAt(values, expert, tile.number(dropped(tile)));
    });
  });
}

/// logits, scores: [E]   indices, weights: [K]
struct RouteRows : RowTiles<RouteRows, lm::RouteOp> {
  void emitRow(lm::RouteOp op, TileBuilder &tile, const Rows &rows,
               Num r) const {
    View scores = rows.row(op.getScores(), r);
    scoreExperts(tile, rows.row(op.getLogits(), r), scores, op.getScoring());
    auto route = [&] { choose(op, tile, rows, r, scores); };
    if (!op.getPositions())
      return route();
    Num position = tile.loadAt(rows.row(op.getPositions(), r), {});
    tile.when(position >= 0, route, [&] {
      tile.fillRow(rows.row(op.getIndices(), r), tile.i32(-1));
      tile.fillRow(rows.row(op.getWeights(), r), tile.number(0));
    });
  }

  void choose(lm::RouteOp op, TileBuilder &tile, const Rows &rows, Num r,
              const View &scores) const {
    View indices = rows.row(op.getIndices(), r);
    View weights = rows.row(op.getWeights(), r);
    View values = tile.scratch(scores.size());
    tile.forLanes(scores.size(), [&](Lanes lanes) {
      Num value = tile.load(scores, lanes);
      if (op.getBias())
        value = value + tile.load(rows.whole(op.getBias()), lanes);
      tile.store(values, lanes, value);
    });
    if (op.getTopGroups() < op.getGroups())
      keepGroups(tile, values, op.getGroups(), op.getTopGroups(),
                 op.getGroupScore());
    takeLargest(tile, values, op.getTopK(), [&](Num n, Num expert) {
      tile.storeAt(indices, n, tile.toInteger(expert));
      tile.storeAt(weights, n, tile.loadAt(scores, expert));
    });
    Num factor = tile.number(op.getWeightScale().convertToDouble());
    if (op.getNormalize())
      factor = factor / (1e-20 + tile.sum(weights.size(), [&](Lanes lanes) {
                 return tile.load(weights, lanes);
               }));
    tile.forLanes(weights.size(), [&](Lanes lanes) {
      tile.store(weights, lanes, tile.load(weights, lanes) * factor);
    });
  }
};

/// scores: [E]   indices, dweights: [K]   dlogits: [E]
struct RouteGradRows : RowTiles<RouteGradRows, lm::RouteGradOp> {
  void emitRow(lm::RouteGradOp op, TileBuilder &tile, const Rows &rows,
               Num r) const {
    View s = rows.row(op.getScores(), r), dz = rows.row(op.getDlogits(), r);
    View indices = rows.row(op.getIndices(), r);
    View dw = rows.row(op.getDweights(), r);
    View ds = tile.scratch(s.size());
    if (op.getDscores())
      tile.copyRow(rows.row(op.getDscores(), r), ds);
    else
      tile.fillRow(ds, tile.number(0));
    auto forChosen = [&](TileBuilder::Nums start, auto body) {
      return tile.loop(
          tile.index(0), tile.index(indices.size()), 1, start,
          [&](Num k, ArrayRef<Num> sums) -> TileBuilder::Nums {
            Num expert = tile.loadAt(indices, k);
            return tile.choose(
                expert >= 0,
                [&] { return body(k, tile.toIndex(expert), sums); },
                [&] { return TileBuilder::Nums(sums); });
          });
    };
    Num sum = forChosen(
        {tile.number(1e-20)}, [&](Num, Num expert, ArrayRef<Num> sums) {
          return TileBuilder::Nums{sums[0] + tile.loadAt(s, expert)};
        })[0];
    // The shares s / sum come first: of one expert alone the share is 1 and
    // its gradient nothing, not what rounding left of it.
    Num mean =
        forChosen({tile.number(0)}, [&](Num k, Num expert, ArrayRef<Num> sums) {
          Num share = tile.loadAt(s, expert) / sum;
          return TileBuilder::Nums{fma(tile.loadAt(dw, k), share, sums[0])};
        })[0];
    double scale = op.getWeightScale().convertToDouble();
    forChosen({}, [&](Num k, Num expert, ArrayRef<Num>) -> TileBuilder::Nums {
      Num d = tile.loadAt(dw, k);
      if (op.getNormalize())
        d = (d - mean) / sum;
      tile.storeAt(ds, expert, tile.loadAt(ds, expert) + d * scale);
      return {};
    });
    bool sigmoids = op.getScoring() == lm::Scoring::sigmoid;
    Num inner = sigmoids ? Num() : tile.dot(ds, s);
    tile.forLanes(s.size(), [&](Lanes lanes) {
      Num score = tile.load(s, lanes), d = tile.load(ds, lanes);
      tile.store(dz, lanes,
                 sigmoids ? d * score * (1 - score) : score * (d - inner));
    });
  }
};

/// scores: [T, E]   indices: [T, K]   result: [sequences, E]; a tile is a
/// sequence.
struct BalanceFractionTiles
    : LeadingTiles<BalanceFractionTiles, lm::BalanceFractionOp> {
  void emit(lm::BalanceFractionOp op, TileBuilder &tile,
            const Operands &operands, Num sequence) const {
    const View &scores = operands[op.getScores()];
    const View &indices = operands[op.getIndices()];
    View result = operands[op.getResult()].at(sequence);
    int64_t experts = scores.size(), topK = indices.size();
    int64_t length = scores.sizes[0] / getTileCount(op, 0);
    View values = tile.scratch(experts);
    View counts = tile.scratch(experts); // of experts, or of devices
    View last = tile.scratch(experts, tile.ops().getI32Type());
    tile.fillRow(counts, tile.number(0));
    tile.fillRow(last, tile.i32(-1));
    int64_t perDevice = experts / op.getDevices();
    bool isOnce = op.getLevel() == lm::BalanceLevel::communication;
    auto add = [&](Num at) {
      tile.storeAt(counts, at, tile.loadAt(counts, at) + 1);
    };
    // A token goes to a device once, whatever it does there.
    auto count = [&](Num token, Num expert) {
      if (!isOnce)
        return add(expert);
      Num device = expert / perDevice, number = tile.toInteger(token);
      tile.when(tile.loadAt(last, device) < number, [&] {
        add(device);
        tile.storeAt(last, device, number);
      });
    };
    tile.loop(0, length, 1, [&](Num t) {
      Num token = sequence * length + t;
      if (op.getForm() == lm::BalanceForm::unbiased) {
        tile.copyRow(scores.at(token), values);
        takeLargest(tile, values, topK, [&](Num, Num e) { count(token, e); });
        return;
      }
      tile.loop(0, topK, 1, [&](Num k) {
        Num expert = tile.loadAt(indices, {token, k});
        tile.when(expert >= 0, [&] { count(token, tile.toIndex(expert)); });
      });
    });
    spread(op, tile, counts, static_cast<double>(length), topK, result);
  }

  /// Counts -> fractions of every expert.
  static void spread(lm::BalanceFractionOp op, TileBuilder &tile,
                     const View &counts, double length, double topK,
                     const View &result) {
    int64_t experts = result.size(), devices = op.getDevices();
    int64_t perDevice = experts / devices;
    double unit = experts / (topK * length);
    if (op.getLevel() == lm::BalanceLevel::expert) {
      tile.forLanes(experts, [&](Lanes lanes) {
        tile.store(result, lanes, tile.load(counts, lanes) * unit);
      });
      return;
    }
    bool isOnce = op.getLevel() == lm::BalanceLevel::communication;
    tile.loop(0, devices, 1, [&](Num device) {
      Num first = device * perDevice, value;
      if (isOnce) {
        value = tile.loadAt(counts, device) *
                (devices / (static_cast<double>(op.getDeviceLimit()) * length));
      } else {
        View own = counts.slice(first, perDevice);
        value = tile.sum(perDevice, [&](Lanes lanes) {
          return tile.load(own, lanes);
        }) * (unit / static_cast<double>(perDevice));
      }
      tile.fillRow(result.slice(first, perDevice), value);
    });
  }
};

/// What a token's scores are divided by before they enter the balance loss.
Num balanceDivisor(TileBuilder &tile, const View &scores, bool normalize) {
  if (!normalize)
    return tile.number(1);
  return tile.sum(scores.size(),
                  [&](Lanes lanes) { return tile.load(scores, lanes); });
}

/// scores: [T, E]   fraction: [sequences, E]   result: [1]
struct BalanceLossTiles : SingleTile<BalanceLossTiles, lm::BalanceLossOp> {
  void emit(lm::BalanceLossOp op, TileBuilder &tile, const Operands &operands,
            Num) const {
    const View &scores = operands[op.getScores()];
    const View &fraction = operands[op.getFraction()];
    int64_t tokens = scores.sizes[0], length = tokens / fraction.sizes[0];
    Num loss = tile.loop(
        tile.index(0), tile.index(tokens), 1, tile.number(0),
        [&](Num t, ArrayRef<Num> sum) -> TileBuilder::Nums {
          View s = scores.at(t), f = fraction.at(t / length);
          return {sum[0] +
                  tile.dot(s, f) / balanceDivisor(tile, s, op.getNormalize())};
        })[0];
    tile.storeAt(operands[op.getResult()], tile.index(0),
                 loss / static_cast<double>(tokens));
  }
};

struct BalanceLossGradTiles
    : LeadingTiles<BalanceLossGradTiles, lm::BalanceLossGradOp> {
  void emit(lm::BalanceLossGradOp op, TileBuilder &tile,
            const Operands &operands, Num t) const {
    const View &fraction = operands[op.getFraction()];
    View s = operands[op.getScores()].at(t),
         ds = operands[op.getResult()].at(t);
    int64_t tokens = operands[op.getScores()].sizes[0];
    View f = fraction.at(t / (tokens / fraction.sizes[0]));
    Num dloss = tile.loadAt(operands[op.getGradient()], tile.index(0));
    Num divisor = balanceDivisor(tile, s, op.getNormalize());
    Num mean = op.getNormalize() ? tile.dot(f, s) / divisor : tile.number(0);
    Num factor = dloss / divisor / static_cast<double>(tokens);
    tile.forLanes(s.size(), [&](Lanes lanes) {
      tile.store(ds, lanes, factor * (tile.load(f, lanes) - mean));
    });
  }
};

/// bias, load: [E]; bias += gamma sign(mean(load) - load), exact in integers.
struct UpdateRouteBiasTiles
    : SingleTile<UpdateRouteBiasTiles, lm::UpdateRouteBiasOp> {
  void emit(lm::UpdateRouteBiasOp op, TileBuilder &tile,
            const Operands &operands, Num) const {
    const View &bias = operands[op.getBias()];
    const View &load = operands[op.getLoad()];
    Num gamma = tile.loadAt(operands[op.getHyper()], tile.index(8));
    int64_t experts = bias.size();
    Num zero = tile.constant(tile.ops().getI64Type(), 0);
    auto wide = [&](Lanes lanes) {
      return tile.toInteger(tile.load(load, lanes), 64);
    };
    Num total =
        tile.reduce(tile.index(experts), Combine::Sum, zero,
                    [&](Lanes lanes, ArrayRef<Num> sums) -> TileBuilder::Nums {
                      return {sums[0] + wide(lanes)};
                    })[0];
    tile.forLanes(experts, [&](Lanes lanes) {
      Num gap = total - wide(lanes) * experts;
      Num up = select(gap > 0, gamma, gamma.like(0));
      Num step = select(gap < 0, -gamma, up);
      tile.store(operands[op.getResult()], lanes,
                 tile.load(bias, lanes) + step);
    });
  }
};

} // namespace

void registerMoeTiles(MLIRContext *context) {
  lm::RouteOp::attachInterface<RouteRows>(*context);
  lm::RouteGradOp::attachInterface<RouteGradRows>(*context);
  lm::BalanceFractionOp::attachInterface<BalanceFractionTiles>(*context);
  lm::BalanceLossOp::attachInterface<BalanceLossTiles>(*context);
  lm::BalanceLossGradOp::attachInterface<BalanceLossGradTiles>(*context);
  lm::UpdateRouteBiasOp::attachInterface<UpdateRouteBiasTiles>(*context);
}

} // namespace tresse::tile
