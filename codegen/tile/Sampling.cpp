// Sampling.cpp - the kernel that draws the next token.
//
// Nothing is sorted. A prefix of the tokens in descending order of probability
// (ties: lower id first) is a threshold and a count: all tokens above the
// threshold and the first few at it. Thresholds are found by bisection on the
// bits of the probabilities, whose order is that of the numbers; each step of
// it is one pass over the row.
#include "codegen/tile/Families.h"

#include <limits>

using namespace mlir;

namespace tresse::tile {
namespace {

enum Setting { Temperature, TopK, TopP, MinP, Uniform };

/// The first `ties` tokens at `threshold` and all above it.
struct Prefix {
  Num threshold; ///< probability
  Num ties;      ///< i32, at least 1
};

struct Draw {
  TileBuilder &tile;
  View logits, p; ///< [V]

  int64_t size() const { return logits.size(); }
  Num one() const { return tile.number(1); }
  Num zero() const { return tile.number(0); }

  Num tokenNumbers(Lanes lanes) const {
    return tile.toInteger(lanes.first) + tile.laneNumbers();
  }
  /// Sum over the tokens where `condition` holds.
  Num sumWhere(function_ref<Num(Num)> condition,
               function_ref<Num(Num)> term) const {
    return tile.sum(size(), [&](Lanes lanes) {
      Num value = tile.load(p, lanes);
      return select(condition(value), term(value), value.like(0));
    });
  }
  /// The first token whose logit is the largest.
  Num largest() const {
    Num highest = tile.maximum(
        size(), [&](Lanes lanes) { return tile.load(logits, lanes); });
    return nthWhere(tile.i32(1), [&](Lanes lanes) {
      return tile.load(logits, lanes) == highest;
    });
  }
  /// The `n`-th token (from 1) where `condition` holds; the last token when
  /// there are fewer.
  Num nthWhere(Num n, function_ref<Num(Lanes)> condition) const {
    // Bisection on the number of tokens of the shortest head that holds n.
    auto countBelow = [&](Num limit) {
      return tile.reduce(
          tile.index(size()), Combine::Sum, tile.i32(0),
          [&](Lanes lanes, ArrayRef<Num> sum) -> TileBuilder::Nums {
            Num counts = condition(lanes) & (tokenNumbers(lanes) < limit);
            return {sum[0] + select(counts, tile.i32(1), tile.i32(0))};
          })[0];
    };
    int64_t steps = 1;
    while ((int64_t(1) << steps) <= size())
      ++steps;
    auto range = tile.loop(tile.index(0), tile.index(steps), 1,
                           {tile.i32(0), tile.i32(size())},
                           [&](Num, ArrayRef<Num> range) -> TileBuilder::Nums {
                             Num middle = (range[0] + range[1]) >> tile.i32(1);
                             Num enough = countBelow(middle) >= n;
                             return {select(enough, range[0], middle),
                                     select(enough, middle, range[1])};
                           });
    return range[1] - 1;
  }
  void computeProbabilities(Num temperature) const {
    Num highest = tile.maximum(
        size(), [&](Lanes lanes) { return tile.load(logits, lanes); });
    tile.forLanes(size(), [&](Lanes lanes) {
      tile.store(p, lanes,
                 exp((tile.load(logits, lanes) - highest) / temperature));
    });
  }
  /// The largest threshold v in [low, 1] for which `holds(v)`; it must hold at
  /// `low` and stay true below where it is true. Bits of floats that are not
  /// negative are ordered as the floats are.
  Num largestWhere(Num low, function_ref<Num(Num)> holds) const {
    unsigned bits = tile.wide().getIntOrFloatBitWidth();
    Type integer = tile.ops().getIntegerType(bits);
    Num first = tile.bitcast(low, integer);
    Num last = tile.bitcast(one(), integer) + 1;
    auto range =
        tile.loop(tile.index(0), tile.index(bits), 1, {first, last},
                  [&](Num, ArrayRef<Num> range) -> TileBuilder::Nums {
                    Num middle =
                        range[0] + ((range[1] - range[0]) >> first.like(1));
                    Num good = holds(tile.bitcast(middle, tile.wide()));
                    return {select(good, middle, range[0]),
                            select(good, range[1], middle)};
                  });
    return tile.bitcast(range[0], tile.wide());
  }
  Num countAtLeast(Num v) const {
    return sumWhere([&](Num x) { return x >= v; }, [&](Num) { return one(); });
  }
  Num countAbove(Num v) const {
    return sumWhere([&](Num x) { return x > v; }, [&](Num) { return one(); });
  }
  Num sumAbove(Num v) const {
    return sumWhere([&](Num x) { return x > v; }, [](Num x) { return x; });
  }
  Num total(Prefix prefix) const {
    return sumAbove(prefix.threshold) +
           tile.toFloat(prefix.ties) * prefix.threshold;
  }
  /// The `k` most probable tokens (k a float, 1 <= k <= V).
  Prefix most(Num k) const {
    Num v = largestWhere(zero(), [&](Num v) { return countAtLeast(v) >= k; });
    return {v, tile.toInteger(k - countAbove(v))};
  }
  /// The shortest part of `prefix` whose sum reaches `target`, or exceeds it
  /// when `strictly`; all of it when none does.
  Prefix shortest(Prefix prefix, Num target, bool strictly) const {
    auto reaches = [&](Num sum) {
      return strictly ? sum > target : sum >= target;
    };
    // What the tokens at or above v sum to, ties at the end cut.
    auto sumFrom = [&](Num v) {
      Num cut = select(v > prefix.threshold, zero(), one());
      Num above =
          sumWhere([&](Num x) { return (x >= v) & (x > prefix.threshold); },
                   [](Num x) { return x; });
      return above + cut * tile.toFloat(prefix.ties) * prefix.threshold;
    };
    Num v = largestWhere(prefix.threshold,
                         [&](Num v) { return reaches(sumFrom(v)); });
    // The fewest ties at v that reach the target, by counting them up in one
    // division; rounding is put right by a step in either direction.
    Num before = sumAbove(v);
    Num available =
        select(v > prefix.threshold,
               tile.toInteger(countAtLeast(v) - countAbove(v)), prefix.ties);
    auto range =
        tile.loop(tile.index(0), tile.index(32), 1, {tile.i32(0), available},
                  [&](Num, ArrayRef<Num> range) -> TileBuilder::Nums {
                    Num middle = (range[0] + range[1]) >> tile.i32(1);
                    Num good = reaches(before + tile.toFloat(middle) * v);
                    return {select(good, range[0], middle),
                            select(good, middle, range[1])};
                  });
    return {v, max(range[1], tile.i32(1))};
  }
};

/// logits: [slots, V]   sampling: [slots, 8]   result: i32 [slots]; a tile is a
/// slot.
struct SampleTiles : LeadingTiles<SampleTiles, lm::SampleOp> {
  void emit(lm::SampleOp op, TileBuilder &tile, const Operands &operands,
            Num slot) const {
    Draw draw{tile, operands[op.getLogits()].at(slot), View()};
    draw.p = tile.scratch(draw.size());
    View settings = operands[op.getSampling()].at(slot);
    auto setting = [&](Setting s) {
      return tile.loadAt(settings, tile.index(s));
    };
    Num temperature = setting(Temperature);
    Num token = tile.choose(
        temperature > 0,
        [&]() -> TileBuilder::Nums {
          draw.computeProbabilities(temperature);
          return {sample(tile, draw, setting(TopK), setting(TopP),
                         setting(MinP), setting(Uniform))};
        },
        [&]() -> TileBuilder::Nums { return {draw.largest()}; })[0];
    tile.storeAt(operands[op.getResult()], slot, token);
  }

  Num sample(TileBuilder &tile, const Draw &draw, Num topK, Num topP, Num minP,
             Num uniform) const {
    Num size = tile.number(draw.size());
    Num whole = tile.toFloat(tile.toInteger(min(topK, size)));
    Num k = select(topK >= 1, whole, size);
    Prefix kept = draw.most(k);
    auto nucleus = tile.choose(
        topP < 1,
        [&]() -> TileBuilder::Nums {
          Prefix part = draw.shortest(kept, topP * draw.total(kept), false);
          return {part.threshold, part.ties};
        },
        [&]() -> TileBuilder::Nums { return {kept.threshold, kept.ties}; });
    kept = {nucleus[0], nucleus[1]};
    // min-p cuts the tail: the most probable token has probability 1 here.
    auto cut = tile.choose(
        kept.threshold < minP,
        [&]() -> TileBuilder::Nums {
          Num reach = draw.countAtLeast(min(minP, minP.like(1)));
          Prefix part = draw.most(max(reach, reach.like(1)));
          return {part.threshold, part.ties};
        },
        [&]() -> TileBuilder::Nums { return {kept.threshold, kept.ties}; });
    kept = {cut[0], cut[1]};
    Prefix drawn = draw.shortest(kept, uniform * draw.total(kept), true);
    return draw.nthWhere(drawn.ties, [&](Lanes lanes) {
      return tile.load(draw.p, lanes) == drawn.threshold;
    });
  }
};

} // namespace

void registerSamplingTiles(MLIRContext *context) {
  lm::SampleOp::attachInterface<SampleTiles>(*context);
}

} // namespace tresse::tile
