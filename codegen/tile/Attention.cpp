// Attention.cpp - kernels of causal attention, its gradients and its absorbed
// form (DeepSeek-V2, arXiv 2405.04434, section 2.1).
//
// A tile is a block of queries of one head (of keys of all heads for the
// gradient of the keys); the block's lines are in the lanes, and blocks of the
// other side are copied to scratch, whence they are read as broadcast numbers.
// The softmax is online: each line keeps its maximum and its sum.
#include "codegen/tile/Families.h"
#include "codegen/tile/Panels.h"

#include <limits>

using namespace mlir;

namespace tresse::tile {
namespace {

/// Rows of the other side that are in scratch at a time.
constexpr int64_t blockRows = 32;

/// Vectors of lines in a tile: two where there are enough lines.
int64_t vectorsFor(int64_t lines, int64_t lanes) {
  return lines > lanes ? 2 : 1;
}

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// A block of queries of one tile, its lines' positions and softmax state.
struct QueryBlock {
  TileBuilder &tile;
  Panels panels;
  View limits; ///< i32 [L]: how many keys a line sees

  QueryBlock(TileBuilder &tile, int64_t vectors)
      : tile(tile), panels(tile, vectors),
        limits(tile.scratch(panels.lines(), tile.ops().getI32Type())) {}

  /// Lines beyond the queries see nothing.
  void clear() const { tile.fillRow(limits, tile.i32(0)); }
  /// Line `line` is a query at `position`.
  void setPosition(Num line, Num position, int64_t keys) const {
    Num seen = min(max(position + 1, position.like(0)), position.like(keys));
    tile.storeAt(limits, line, seen);
  }
  /// Keys that any line sees, rounded up to whole blocks.
  Num keysSeen() const {
    return tile.toIndex(
        tile.reduce(tile.index(limits.size()), Combine::Max, tile.i32(0),
                    [&](Lanes lanes, ArrayRef<Num> most) -> TileBuilder::Nums {
                      return {max(most[0], tile.load(limits, lanes))};
                    })[0]);
  }
  /// Truth per line: does it see key `key` (an index)?
  Num sees(Num key, Lanes lanes) const {
    return tile.load(limits, lanes) > tile.broadcast(tile.toInteger(key));
  }
  void forBlocks(Num keys, TileBuilder::Body body) const {
    tile.loop(tile.index(0), keys, blockRows, body);
  }
};

/// Copies rows [first, first + blockRows) of `from` that lie below `limit` into
/// columns [column, ..) of the block; zeros for the others.
void fillBlock(TileBuilder &tile, const View &block, int64_t column, Num first,
               Num limit, int64_t width, function_ref<View(Num)> from) {
  tile.loop(0, blockRows, 1, [&](Num j) {
    View to = block.at(j).slice(column, width);
    tile.when(
        first + j < limit, [&] { tile.copyRow(from(first + j), to); },
        [&] { tile.fillRow(to, tile.number(0)); });
  });
}

/// scores [blockRows][L] -> probabilities, by the running maximum and sum of
/// every line; accumulated values are scaled down as the maximum grows.
struct OnlineSoftmax {
  TileBuilder &tile;
  const QueryBlock &queries;
  View highest, sums, factors; // [L]

  OnlineSoftmax(TileBuilder &tile, const QueryBlock &queries)
      : tile(tile), queries(queries),
        highest(tile.scratch(queries.panels.lines())),
        sums(tile.scratch(queries.panels.lines())),
        factors(tile.scratch(queries.panels.lines())) {}

  void clear() const {
    tile.fillRow(highest,
                 tile.number(-std::numeric_limits<double>::infinity()));
    tile.fillRow(sums, tile.number(0));
  }
  void update(const View &scores, Num firstKey, double scale) const {
    queries.panels.forVectors([&](int64_t, Lanes lanes) {
      Num low =
          tile.broadcast(tile.number(-std::numeric_limits<double>::infinity()));
      Num old = tile.load(highest, lanes);
      Num most = tile.loop(tile.index(0), tile.index(blockRows), 1, old,
                           [&](Num j, ArrayRef<Num> best) -> TileBuilder::Nums {
                             Num score = tile.load(scores.at(j), lanes) * scale;
                             Num seen = queries.sees(firstKey + j, lanes);
                             return {max(best[0], select(seen, score, low))};
                           })[0];
      // A line that has seen nothing yet: 0 in place of -inf - -inf.
      Num base = select(most == low, most.like(0), most);
      Num factor = exp(old - base);
      Num sum = tile.loop(tile.index(0), tile.index(blockRows), 1,
                          tile.load(sums, lanes) * factor,
                          [&](Num j, ArrayRef<Num> total) -> TileBuilder::Nums {
                            Num score = tile.load(scores.at(j), lanes) * scale;
                            Num seen = queries.sees(firstKey + j, lanes);
                            Num p =
                                select(seen, exp(score - base), score.like(0));
                            tile.store(scores.at(j), lanes, p);
                            return {total[0] + p};
                          })[0];
      tile.store(highest, lanes, most);
      tile.store(sums, lanes, sum);
      tile.store(factors, lanes, factor);
    });
  }
  void rescale(const View &panel) const {
    tile.loop(0, panel.sizes[0], 1, [&](Num c) {
      queries.panels.forVectors([&](int64_t, Lanes lanes) {
        tile.store(panel.at(c), lanes,
                   tile.load(panel.at(c), lanes) * tile.load(factors, lanes));
      });
    });
  }
  /// panel / sums; 0 where a line saw nothing. Leaves lse in `highest`.
  void finish(const View &panel) const {
    queries.panels.forVectors([&](int64_t, Lanes lanes) {
      Num sum = tile.load(sums, lanes);
      Num some = sum > 0;
      tile.store(factors, lanes,
                 select(some, 1 / select(some, sum, sum.like(1)), sum.like(0)));
      Num safe = log(select(some, sum, sum.like(1)));
      Num most = tile.load(highest, lanes);
      tile.store(highest, lanes, select(some, most + safe, most));
    });
    rescale(panel);
  }
};

/// Sizes of q [B, S, H, dn + dr], kv [B, L, H, dn + dv], k_rope [B, L, dr].
struct Extents {
  int64_t batch, queries, keys, heads, nope, rope, value;

  Extents(Value q, Value kv, Value kRope) {
    auto shape = [](Value tensor) {
      return cast<RankedTensorType>(tensor.getType()).getShape();
    };
    batch = shape(q)[0];
    queries = shape(q)[1];
    heads = shape(q)[2];
    keys = shape(kv)[1];
    rope = shape(kRope)[2];
    nope = shape(q)[3] - rope;
    value = shape(kv)[3] - nope;
  }
  int64_t key() const { return nope + rope; }
};

/// What a tile of queries of one head works on.
struct HeadTile {
  TileBuilder &tile;
  Extents e;
  QueryBlock block;
  Num b, head, first, count; ///< queries [first, first + count)

  HeadTile(TileBuilder &tile, Extents e, Num index)
      : tile(tile), e(e), block(tile, vectorsFor(e.queries, tile.lanes())) {
    int64_t blocks = ceilDiv(e.queries, block.panels.lines());
    first = index % blocks * block.panels.lines();
    head = index / blocks % e.heads;
    b = index / (blocks * e.heads);
    count =
        min(tile.index(e.queries) - first, tile.index(block.panels.lines()));
  }
  static int64_t tiles(const Extents &e, int64_t lanes) {
    int64_t lines = vectorsFor(e.queries, lanes) * lanes;
    return e.batch * e.heads * ceilDiv(e.queries, lines);
  }
  /// The row of line `line` in a tensor [B, S, H, ..].
  View row(const View &tensor, Num line) const {
    return tensor.at({b, first + line, head});
  }
  void forLines(TileBuilder::Body body) const {
    tile.loop(tile.index(0), count, 1, body);
  }
  /// Copies rows of [B, S, H, C] into the lines of a panel; unused lines are 0.
  View collect(const View &tensor) const {
    View panel = block.panels.make(tensor.size());
    block.panels.clear(panel);
    forLines([&](Num line) {
      block.panels.setLine(panel, line, row(tensor, line));
    });
    return panel;
  }
  /// The same for one number per row: [B, S, H] -> [L].
  View collectNumbers(const View &tensor) const {
    View line = tile.scratch(block.panels.lines());
    tile.fillRow(line, tile.number(0));
    forLines(
        [&](Num l) { tile.storeAt(line, l, tile.loadAt(row(tensor, l), {})); });
    return line;
  }
  void setPositions(const View &positions) const {
    block.clear();
    forLines([&](Num line) {
      block.setPosition(line, tile.loadAt(positions, {b, first + line}),
                        e.keys);
    });
  }
  /// Keys [k_nope | k_rope | v] of a block, in scratch.
  void fillKeys(const View &keys, const View &kv, const View &kRope, Num at,
                Num limit) const {
    fillBlock(tile, keys, 0, at, limit, e.nope,
              [&](Num j) { return kv.at({b, j, head}).slice(0, e.nope); });
    fillBlock(tile, keys, e.nope, at, limit, e.rope,
              [&](Num j) { return kRope.at({b, j}); });
    fillBlock(tile, keys, e.key(), at, limit, e.value, [&](Num j) {
      return kv.at({b, j, head}).slice(e.nope, e.value);
    });
  }
};

struct AttentionTiles : Tiles<AttentionTiles, lm::AttentionOp> {
  int64_t getTileCount(Operation *op, int64_t lanes) const {
    auto attention = cast<lm::AttentionOp>(op);
    return HeadTile::tiles(
        {attention.getQ(), attention.getKv(), attention.getKRope()}, lanes);
  }
  void emit(lm::AttentionOp op, TileBuilder &tile, const Operands &operands,
            Num index) const {
    Extents e(op.getQ(), op.getKv(), op.getKRope());
    HeadTile head(tile, e, index);
    double scale = op.getScale().convertToDouble();
    head.setPositions(operands[op.getPositions()]);
    View q = head.collect(operands[op.getQ()]);
    View keys = tile.scratch({blockRows, e.key() + e.value});
    View out = head.block.panels.make(e.value);
    View scores = tile.scratch({blockRows, head.block.panels.lines()});
    head.block.panels.clear(out);
    OnlineSoftmax softmax(tile, head.block);
    softmax.clear();
    Num seen = head.block.keysSeen();
    head.block.forBlocks(seen, [&](Num first) {
      head.fillKeys(keys, operands[op.getKv()], operands[op.getKRope()], first,
                    seen);
      head.block.panels.dots(keys.slice(0, e.key()), q, scores);
      softmax.update(scores, first, scale);
      softmax.rescale(out);
      head.block.panels.accumulate(scores, keys.slice(e.key(), e.value), out);
    });
    softmax.finish(out);
    head.forLines([&](Num line) {
      head.block.panels.getLine(out, line,
                                head.row(operands[op.getOut()], line));
      tile.storeAt(head.row(operands[op.getLse()], line), {},
                   tile.loadAt(softmax.highest, line));
    });
  }
};

/// p = exp(scale score - lse) and ds = scale p (dp - delta) of a block, in
/// place: scores becomes p, products (dout . v) becomes ds. `seen(j, lanes)`
/// says where there is a pair at all.
void softmaxGradient(TileBuilder &tile, const Panels &panels,
                     const View &scores, const View &products, double scale,
                     function_ref<Num(Num, Lanes)> lse,
                     function_ref<Num(Num, Lanes)> delta,
                     function_ref<Num(Num, Lanes)> seen) {
  tile.loop(0, blockRows, 1, [&](Num j) {
    panels.forVectors([&](int64_t, Lanes lanes) {
      Num score = tile.load(scores.at(j), lanes) * scale;
      Num pair = seen(j, lanes), zero = score.like(0);
      Num p = select(pair, exp(score - lse(j, lanes)), zero);
      Num dp = tile.load(products.at(j), lanes) - delta(j, lanes);
      tile.store(scores.at(j), lanes, p);
      tile.store(products.at(j), lanes, select(pair, p * dp * scale, zero));
    });
  });
}

/// delta = dout . out;  dq = sum_j ds_j k_j
struct GradQueryTiles : Tiles<GradQueryTiles, lm::AttentionGradQueryOp> {
  int64_t getTileCount(Operation *op, int64_t lanes) const {
    auto attention = cast<lm::AttentionGradQueryOp>(op);
    return HeadTile::tiles(
        {attention.getQ(), attention.getKv(), attention.getKRope()}, lanes);
  }
  void emit(lm::AttentionGradQueryOp op, TileBuilder &tile,
            const Operands &operands, Num index) const {
    Extents e(op.getQ(), op.getKv(), op.getKRope());
    HeadTile head(tile, e, index);
    const Panels &panels = head.block.panels;
    head.setPositions(operands[op.getPositions()]);
    head.forLines([&](Num line) {
      Num delta = tile.dot(head.row(operands[op.getGradient()], line),
                           head.row(operands[op.getOut()], line));
      tile.storeAt(head.row(operands[op.getDelta()], line), {}, delta);
    });
    View q = head.collect(operands[op.getQ()]);
    View dout = head.collect(operands[op.getGradient()]);
    View lse = head.collectNumbers(operands[op.getLse()]);
    View delta = head.collectNumbers(operands[op.getDelta()]);
    View dq = panels.make(e.key());
    View keys = tile.scratch({blockRows, e.key() + e.value});
    View scores = tile.scratch({blockRows, panels.lines()});
    View products = tile.scratch({blockRows, panels.lines()});
    panels.clear(dq);
    Num seen = head.block.keysSeen();
    head.block.forBlocks(seen, [&](Num first) {
      head.fillKeys(keys, operands[op.getKv()], operands[op.getKRope()], first,
                    seen);
      panels.dots(keys.slice(0, e.key()), q, scores);
      panels.dots(keys.slice(e.key(), e.value), dout, products);
      softmaxGradient(
          tile, panels, scores, products, op.getScale().convertToDouble(),
          [&](Num, Lanes lanes) { return tile.load(lse, lanes); },
          [&](Num, Lanes lanes) { return tile.load(delta, lanes); },
          [&](Num j, Lanes lanes) {
            return head.block.sees(first + j, lanes);
          });
      panels.accumulate(products, keys.slice(0, e.key()), dq);
    });
    head.forLines([&](Num line) {
      panels.getLine(dq, line, head.row(operands[op.getDq()], line));
    });
  }
};

/// dk_j = sum_i ds_ij q_i;  dv_j = sum_i p_ij dout_i. A tile is a block of keys
/// of a sequence with all its heads, since dk_rope is their sum.
struct GradKeyTiles : Tiles<GradKeyTiles, lm::AttentionGradKeyOp> {
  int64_t getTileCount(Operation *op, int64_t lanes) const {
    auto attention = cast<lm::AttentionGradKeyOp>(op);
    Extents e(attention.getQ(), attention.getKv(), attention.getKRope());
    return e.batch * ceilDiv(e.keys, vectorsFor(e.keys, lanes) * lanes);
  }
  void emit(lm::AttentionGradKeyOp op, TileBuilder &tile,
            const Operands &operands, Num index) const {
    Extents e(op.getQ(), op.getKv(), op.getKRope());
    Panels panels(tile, vectorsFor(e.keys, tile.lanes()));
    int64_t blocks = ceilDiv(e.keys, panels.lines());
    Num first = index % blocks * panels.lines(), b = index / blocks;
    Num count = min(tile.index(e.keys) - first, tile.index(panels.lines()));
    View k = panels.make(e.key()), v = panels.make(e.value);
    View dk = panels.make(e.key()), dv = panels.make(e.value);
    View dkNope = part(dk, 0, e.nope), dkRope = part(dk, e.nope, e.rope);
    View block = tile.scratch({blockRows, e.key() + e.value});
    View scores = tile.scratch({blockRows, panels.lines()});
    View products = tile.scratch({blockRows, panels.lines()});
    View lse = tile.scratch(blockRows), delta = tile.scratch(blockRows);
    View limits = tile.scratch(blockRows, tile.ops().getI32Type());
    auto forLines = [&](TileBuilder::Body body) {
      tile.loop(tile.index(0), count, 1, body);
    };
    panels.clear(dkRope);
    tile.loop(0, e.heads, 1, [&](Num head) {
      panels.clear(k);
      panels.clear(v);
      panels.clear(dkNope);
      panels.clear(dv);
      forLines([&](Num line) {
        View kv = operands[op.getKv()].at({b, first + line, head});
        View kRope = operands[op.getKRope()].at({b, first + line});
        panels.setLine(part(k, 0, e.nope), line, kv.slice(0, e.nope));
        panels.setLine(part(k, e.nope, e.rope), line, kRope);
        panels.setLine(v, line, kv.slice(e.nope, e.value));
      });
      tile.loop(0, e.queries, blockRows, [&](Num query) {
        Num any = readQueries(op, tile, operands, e, b, head, query, block, lse,
                              delta, limits);
        // Queries that see none of these keys are passed over.
        tile.when(any > tile.toInteger(first), [&] {
          panels.dots(block.slice(0, e.key()), k, scores);
          panels.dots(block.slice(e.key(), e.value), v, products);
          softmaxGradient(
              tile, panels, scores, products, op.getScale().convertToDouble(),
              [&](Num j, Lanes) { return tile.loadAt(lse, j); },
              [&](Num j, Lanes) { return tile.loadAt(delta, j); },
              [&](Num j, Lanes lanes) {
                Num key =
                    tile.toInteger(first + lanes.first) + tile.laneNumbers();
                return key < tile.loadAt(limits, j);
              });
          panels.accumulate(products, block.slice(0, e.key()), dk);
          panels.accumulate(scores, block.slice(e.key(), e.value), dv);
        });
      });
      forLines([&](Num line) {
        View dkv = operands[op.getDkv()].at({b, first + line, head});
        panels.getLine(dkNope, line, dkv.slice(0, e.nope));
        panels.getLine(dv, line, dkv.slice(e.nope, e.value));
      });
    });
    forLines([&](Num line) {
      panels.getLine(dkRope, line,
                     operands[op.getDkRope()].at({b, first + line}));
    });
  }

  /// Channels [first, first + count) of a panel.
  static View part(const View &panel, int64_t first, int64_t count) {
    View result = panel;
    result.offset = result.offset + first * panel.strides[0];
    result.sizes[0] = count;
    return result;
  }
  /// Queries [query, query + blockRows) as [q | dout]; rows that see nothing
  /// are 0. Returns the most keys that one of them sees (i32).
  Num readQueries(lm::AttentionGradKeyOp op, TileBuilder &tile,
                  const Operands &operands, const Extents &e, Num b, Num head,
                  Num query, const View &block, const View &lse,
                  const View &delta, const View &limits) const {
    return tile.loop(
        tile.index(0), tile.index(blockRows), 1, tile.i32(0),
        [&](Num j, ArrayRef<Num> most) -> TileBuilder::Nums {
          Num i = query + j;
          Num seen = tile.choose(
              i < e.queries,
              [&]() -> TileBuilder::Nums {
                Num position = tile.loadAt(operands[op.getPositions()], {b, i});
                return {min(max(position + 1, position.like(0)),
                            position.like(e.keys))};
              },
              [&]() -> TileBuilder::Nums { return {tile.i32(0)}; })[0];
          tile.storeAt(limits, j, seen);
          View row = block.at(j);
          tile.when(
              seen > 0,
              [&] {
                View q = operands[op.getQ()].at({b, i, head});
                View dout = operands[op.getGradient()].at({b, i, head});
                tile.copyRow(q, row.slice(0, e.key()));
                tile.copyRow(dout, row.slice(e.key(), e.value));
                tile.storeAt(lse, j,
                             tile.loadAt(operands[op.getLse()], {b, i, head}));
                tile.storeAt(
                    delta, j,
                    tile.loadAt(operands[op.getDelta()], {b, i, head}));
              },
              [&] {
                tile.fillRow(row, tile.number(0));
                tile.storeAt(lse, j, tile.number(0));
                tile.storeAt(delta, j, tile.number(0));
              });
          return {max(most[0], seen)};
        })[0];
  }
};

/// q_latent: [B, S, H, r]   q_rope: [B, S, H, dr]   latent: [B, L, r]
/// k_rope: [B, L, dr]   out: [B, S, H, r]. All heads share their keys, so a
/// tile's lines are queries of any head.
struct LatentTiles : Tiles<LatentTiles, lm::LatentAttentionOp> {
  static int64_t linesOf(Operation *op) { // per sequence
    auto shape = resultType(op, 0).getShape();
    return shape[1] * shape[2];
  }
  int64_t getTileCount(Operation *op, int64_t lanes) const {
    int64_t lines = linesOf(op);
    return resultType(op, 0).getDimSize(0) *
           ceilDiv(lines, vectorsFor(lines, lanes) * lanes);
  }
  void emit(lm::LatentAttentionOp op, TileBuilder &tile,
            const Operands &operands, Num index) const {
    const View &qLatent = operands[op.getQLatent()];
    const View &qRope = operands[op.getQRope()];
    const View &latent = operands[op.getLatent()];
    const View &kRope = operands[op.getKRope()];
    int64_t heads = qLatent.sizes[2], keys = latent.sizes[1];
    int64_t rank = qLatent.size(), rope = qRope.size(), lines = linesOf(op);
    QueryBlock block(tile, vectorsFor(lines, tile.lanes()));
    const Panels &panels = block.panels;
    int64_t blocks = ceilDiv(lines, panels.lines());
    Num first = index % blocks * panels.lines(), b = index / blocks;
    Num count = min(tile.index(lines) - first, tile.index(panels.lines()));
    auto forLines = [&](function_ref<void(Num, Num, Num)> body) {
      tile.loop(tile.index(0), count, 1, [&](Num line) {
        body(line, (first + line) / heads, (first + line) % heads);
      });
    };
    View q = panels.make(rank + rope), out = panels.make(rank);
    View keyBlock = tile.scratch({blockRows, rank + rope});
    View scores = tile.scratch({blockRows, panels.lines()});
    block.clear();
    panels.clear(q);
    panels.clear(out);
    forLines([&](Num line, Num s, Num head) {
      panels.setLine(GradKeyTiles::part(q, 0, rank), line,
                     qLatent.at({b, s, head}));
      panels.setLine(GradKeyTiles::part(q, rank, rope), line,
                     qRope.at({b, s, head}));
      block.setPosition(line, tile.loadAt(operands[op.getPositions()], {b, s}),
                        keys);
    });
    OnlineSoftmax softmax(tile, block);
    softmax.clear();
    Num seen = block.keysSeen();
    block.forBlocks(seen, [&](Num at) {
      fillBlock(tile, keyBlock, 0, at, seen, rank,
                [&](Num j) { return latent.at({b, j}); });
      fillBlock(tile, keyBlock, rank, at, seen, rope,
                [&](Num j) { return kRope.at({b, j}); });
      panels.dots(keyBlock, q, scores);
      softmax.update(scores, at, op.getScale().convertToDouble());
      softmax.rescale(out);
      panels.accumulate(scores, keyBlock.slice(0, rank), out);
    });
    softmax.finish(out);
    forLines([&](Num line, Num s, Num head) {
      panels.getLine(out, line, operands[op.getOut()].at({b, s, head}));
    });
  }
};

} // namespace

void registerAttentionTiles(MLIRContext *context) {
  lm::AttentionOp::attachInterface<AttentionTiles>(*context);
  lm::AttentionGradQueryOp::attachInterface<GradQueryTiles>(*context);
  lm::AttentionGradKeyOp::attachInterface<GradKeyTiles>(*context);
  lm::LatentAttentionOp::attachInterface<LatentTiles>(*context);
}

} // namespace tresse::tile
