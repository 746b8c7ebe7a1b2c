#!/usr/bin/env python3
"""Proves the oracle: golden numbers, then central differences."""

import json
import math
import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import numpy as np

from oracle import config as configs
from oracle import draw, experts, fill, fp8, hyper, layers, model, safetensors
from oracle import tensors, train

FOLDER = os.path.join(os.path.dirname(HERE), "golden")
with open(os.path.join(FOLDER, "golden.json"), encoding="utf-8") as numbers:
    GOLDEN = json.load(numbers)


def golden_case(name):
    """(config, weights, tokens) of a golden configuration."""
    config = configs.load(os.path.join(FOLDER, name, "config.json"))
    return (
        config,
        fill.golden_weights(config),
        fill.golden_tokens(config.vocab),
    )


class Base(unittest.TestCase):
    """Comparison with printed digits."""

    def close(self, got, expected, absolute=6e-10, relative=0.0):
        """Fails when any element is further than the printed digits."""
        np.testing.assert_allclose(
            got, expected, rtol=relative, atol=absolute
        )


class Fill(Base):
    """The rule that makes golden weights."""

    def test_words(self):
        g = GOLDEN["fill"]
        self.assertEqual(f"{fill.fnv1a32(g['name']):08x}", g["hash"])
        got = [f"{int(w):08x}" for w in fill.words(g["name"], 3)]
        self.assertEqual(got, g["words"])


class Parts(Base):
    """YaRN, gates and hyper-connections alone."""

    def test_yarn(self):
        g = GOLDEN["yarn"]
        raw = draw.draw(2)[0]
        raw.pop("rope_parameters", None)
        raw.update(
            qk_nope_head_dim=128,
            qk_rope_head_dim=64,
            rope_theta=g["theta"],
            rope_scaling={
                "type": "yarn",
                "factor": g["factor"],
                "original_max_position_embeddings": g["original_length"],
            },
        )
        got = layers.frequencies(configs.parse(raw))
        self.close(got, g["frequencies"], 0, 2e-9)
        for mscale, scale in g["attention_scale"].items():
            if mscale != "none":
                raw["rope_scaling"]["mscale_all_dim"] = float(mscale)
            got = configs.attention_scale(configs.parse(raw))
            self.close(got, scale, 6e-8)

    def gate(self, name, family):
        """Routes one row of given logits through a golden gate."""
        g = GOLDEN[name]
        raw = draw.draw(0, family)[0]
        raw.update(
            hidden_size=16,
            n_routed_experts=16,
            n_group=4,
            topk_group=2,
            num_experts_per_tok=4,
            norm_topk_prob=family == "v3",
            routed_scaling_factor=g["scale"],
        )
        config = configs.parse(raw)
        e = np.arange(16)
        x = 1.5 * np.sin(2.3 * e + 0.5)[None]
        bias = 0.1 * np.cos(1.1 * e) if family == "v3" else None
        r = experts.route(config, x, np.eye(16), bias)
        choice = r.scores if bias is None else r.scores + bias
        top = -np.sort(-choice.reshape(4, 4), -1)
        best = top[:, :2].sum(-1) if family == "v3" else top[:, 0]
        self.close(best, g["group_scores"])
        kept = experts.keep_groups(config, choice)[0].reshape(4, 4)
        finite = np.isfinite(kept).all(-1)
        self.assertEqual(np.nonzero(finite)[0].tolist(), g["groups"])
        self.assertEqual(r.index[0].tolist(), g["index"])
        self.close(r.weight[0], g["weight"])

    def test_gate_v3(self):
        self.gate("gate_v3", "v3")

    def test_gate_v2(self):
        self.gate("gate_v2", "v2")

    def test_ties_go_to_the_lower_index(self):
        got = experts.largest(np.array([1.0, 3.0, 3.0, 2.0, 3.0]), 4)
        self.assertEqual(got.tolist(), [1, 2, 4, 3])

    def test_sinkhorn(self):
        g = GOLDEN["sinkhorn"]
        c = 2 * np.sin(1.7 * np.arange(16) + 0.3).reshape(1, 4, 4)
        for form in ("v4", "paper"):
            got, saved = hyper.sinkhorn(c, 20, 1e-6, form)
            self.close(got[0], g[form])
            if form == "v4":
                d = np.cos(0.9 * np.arange(16)).reshape(1, 4, 4)
                back = hyper.sinkhorn_backward(saved, d)[0]
                self.close(back, g["v4_backward"], 6e-11, 1e-9)

    def sublayer(self, form):
        """The golden mHC sublayer with F = tanh: everything it makes."""
        settings = configs.HyperConnections(4, 20, 1e-6, form)
        x = 2 * fill.uniform("X", (3, 4, 8))
        fn = 2 * math.sqrt(3 / 32) * fill.uniform("fn", (24, 32))
        base = 0.2 * np.sin(0.71 * np.arange(24))
        scale = np.array([0.7, 0.9, 1.1])
        g = 2 * fill.uniform("G", (3, 4, 8))
        maps, saved = hyper.mix(settings, x, fn, base, scale, 1e-6)
        pre, post, comb = maps
        h = hyper.enter(pre, x)
        o = np.tanh(h)
        after = hyper.leave(post, comb, x, o)
        dpost, dcomb, dx, do = hyper.leave_backward(post, comb, x, o, g)
        dh = do * (1 - o * o)
        dx += pre[:, :, None] * dh[:, None]
        dpre = np.einsum("tmc,tc->tm", x, dh)
        df, dfn, dbase, dscale = hyper.mix_backward(
            settings, saved, dpre, dpost, dcomb
        )
        dx += df.reshape(x.shape)
        return x, g, maps, h, after, dx, dfn, dbase, dscale

    def test_v4_sublayer(self):
        want = GOLDEN["mhc"]
        x, g, maps, h, after, dx, dfn, dbase, dscale = self.sublayer("v4")
        self.close(x[0, 0, :4], want["X_0_0"])
        self.close(maps[0][0], want["pre_0"])
        self.close(maps[1][0], want["post_0"])
        self.close(maps[2][0].reshape(-1), want["comb_0"])
        self.close(h[0, :4], want["h_0"])
        self.close(after[0, 0, :4], want["next_0_0"])
        self.close(after.sum(), want["sum"])
        self.close((after * after).sum(), want["sumsq"])
        self.close((after * g).sum(), want["loss"])
        self.close(np.linalg.norm(dx), want["dX_norm"])
        self.close(np.linalg.norm(dfn), want["dfn_norm"])
        self.close(dscale, want["dscale"])
        self.close(dbase[:4], want["dbase"])
        self.close(np.linalg.norm(dbase), want["dbase_norm"])
        self.close(dx[0, 0, :4], want["dX_0_0"])

    def test_paper_sublayer(self):
        want = GOLDEN["mhc"]["paper"]
        after = self.sublayer("paper")[4]
        self.close(after[0, 0, :4], want["next_0_0"])
        self.close(after.sum(), want["sum"])
        self.close((after * after).sum(), want["sumsq"])


class Models(Base):
    """Configurations A, B and D: forward, gradients, training."""

    def check_model(self, name):
        want = GOLDEN[name]
        config, weights, tokens = golden_case(name)
        self.assertEqual(tensors.parameters(config), want["parameters"])
        run, loss, grads = model.gradients(
            model.Model(config, weights), tokens
        )
        self.close(run.logits[0, 0, :4], want["logits_0_0"])
        self.close(run.logits[1, 7, :4], want["logits_1_7"])
        self.close(run.logits.sum(), want["sum"])
        self.close((run.logits**2).sum(), want["sumsq"])
        self.close(loss, want["loss"], 6e-13)
        self.close(model.norm(grads), want["grad_norm"], 6e-13)
        for tensor, size in want["grad_norms"].items():
            self.close(np.linalg.norm(grads[tensor]), size, 6e-11)
        for place, routes in want.get("routes", {}).items():
            layer, row = int(place[1]), int(place[-1])
            got = run.routes[layer].index.reshape(2, 8, -1)[row]
            self.assertEqual(got.tolist(), routes)

    def check_training(self, name, variant, settings):
        want = np.array(GOLDEN[name]["trajectory"][variant])
        log, trainer = train.trajectory(*golden_case(name), 5, settings)
        self.close([entry["loss"] for entry in log], want[:, 0])
        if settings.alpha:
            self.close([e["balance_loss"] for e in log], want[:, 1])
        self.close([entry["grad_norm"] for entry in log], want[:, 2])
        return trainer

    def test_a(self):
        self.check_model("A")

    def test_b(self):
        self.check_model("B")

    def test_d(self):
        self.check_model("D")

    def test_train_b(self):
        self.check_training("B", "ce", train.Settings())

    def test_train_b_balanced(self):
        settings = train.Settings(alpha=1e-4, bias_rate=1e-3)
        trainer = self.check_training("B", "balanced", settings)
        name = f"model.layers.1.mlp.gate.{tensors.BIAS}"
        want = GOLDEN["B"]["trajectory"]["bias_layer_1"]
        self.close(trainer.model.weights[name], want, 6e-7)

    def test_train_d(self):
        self.check_training("D", "ce", train.Settings())


class Differences(Base):
    """Gradients against central differences of the loss."""

    STEP, ALPHA = 1e-5, (0.3, 0.7, 0.5)

    def loss(self, config, weights, tokens):
        run = model.Model(config, weights).forward(tokens)
        loss, _ = model.next_token_loss(run.logits, tokens)
        return loss + np.dot(self.ALPHA, run.balance)

    def check(self, config, weights, tokens, seed):
        """One direction per tensor: random, one element stressed."""
        generator = np.random.default_rng(seed)
        _, _, grads = model.gradients(
            model.Model(config, weights), tokens, self.ALPHA
        )
        for name, gradient in grads.items():
            d = generator.standard_normal(gradient.shape)
            d.reshape(-1)[generator.integers(d.size)] += 3 * math.sqrt(d.size)
            d /= np.linalg.norm(d)
            sides = []
            for sign in (1, -1):
                moved = dict(weights)
                moved[name] = weights[name] + sign * self.STEP * d
                sides.append(self.loss(config, moved, tokens))
            numeric = (sides[0] - sides[1]) / (2 * self.STEP)
            exact = float((gradient * d).sum())
            error = abs(numeric - exact)
            self.assertLess(error, 1e-9 + 1e-6 * abs(exact), name)

    def test_golden_configurations(self):
        for name in "CD":
            with self.subTest(name):
                self.check(*golden_case(name), 7)

    def test_balance_of_whole_batches(self):
        config, weights, tokens = golden_case("C")
        config.per_sequence = False
        self.check(config, weights, tokens, 8)

    def test_random_configurations(self):
        for seed in range(9):
            with self.subTest(seed=seed):
                raw, form, weights, tokens = draw.draw_case(seed, 1, 1e-3)
                config = configs.parse(raw, form)
                self.check(config, weights, tokens, seed)


class Files(Base):
    """What is written is read back."""

    def test_checkpoints(self):
        config, weights, _ = golden_case("B")
        for dtype, shards in (("F64", 1), ("F32", 3), ("BF16", 2)):
            with tempfile.TemporaryDirectory() as folder:
                safetensors.write_checkpoint(folder, weights, dtype, shards)
                back = safetensors.read_checkpoint(folder)
            self.assertEqual(list(back), list(weights))
            limit = {"F64": 0, "F32": 2**-24, "BF16": 2**-8}[dtype]
            for name, value in weights.items():
                self.close(back[name], value, 0, limit)

    def test_bf16_rounds_to_even(self):
        x = np.array([1 + 2**-8, 1 + 3 * 2**-8, -1 - 2**-8, 1 + 2**-7])
        got = safetensors.from_bf16(safetensors.to_bf16(x))
        want = [1, 1 + 2**-6, -1, 1 + 2**-7]
        self.assertEqual(got.tolist(), want)

    def test_fp8_bytes(self):
        table = fp8.values()
        self.assertEqual(table[[0x01, 0x08, 0x38, 0x7E]].tolist(),
                         [2**-9, 2**-6, 1.0, 448.0])
        codes = np.delete(np.arange(256), [127, 255])
        self.assertEqual(fp8.encode(table[codes]).tolist(), codes.tolist())
        ties = np.array([1 + 1 / 16, 1 + 3 / 16, 500.0])
        got = table[fp8.encode(ties)].tolist()
        self.assertEqual(got, [1.0, 1.25, 448.0])

    def test_fp8_blocks(self):
        x = np.random.default_rng(0).standard_normal((130, 257))
        x[:128, :128] *= 1000
        name = "model.layers.0.mlp.up_proj.weight"
        arrays, kinds = fp8.pack({name: x})
        self.assertEqual(arrays[name + fp8.SCALE].shape, (2, 3))
        self.assertEqual(kinds[name], "F8_E4M3")
        back = fp8.unpack(arrays)[name]
        self.close(back[:128, :128], x[:128, :128], 2, 0.0626)
        self.close(back[128:, 128:], x[128:, 128:], 2e-3, 0.0626)

    def test_a_hole_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.safetensors")
            safetensors.write(path, {"a": np.zeros(3)}, "F64")
            with open(path, "ab") as file:
                file.write(b"\0")
            with self.assertRaisesRegex(ValueError, "expected 24"):
                safetensors.read(path)


if __name__ == "__main__":
    unittest.main()
