"""Training small decoders: the lab beside PyTorch eager, the same model, start, data and optimiser, in one process.

    pip install torch                                      # only for this
    python benchmarks/lab_speed.py [--blocks 5] [--json]   # one core each, CPU seconds
    python benchmarks/lab_speed.py --many                  # many small models: workers beside one after the other, wall seconds

Both sides train attention decoders on 8 sequences of 128 symbols a step. PyTorch has its fused Adam and its fused
attention. Blocks of steps take turns; the figure is the median over blocks. That both did the same work is
checked by their losses.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from typing import Any

import numpy as np

from gnomon.lab.backend import environment

BATCH, LENGTH = 8, 128  # as lab-speed measurements of small decoders usually have it: 1,024 tokens a step
HEAD = 24
SIZES = {"1M": (144, 4), "0.4M": (96, 3), "0.1M": (48, 3), "0.03M": (24, 2)}  # width, layers
AIMS = {"1M": 0.9, "0.4M": 1.0, "0.1M": 1.0, "0.03M": 1.0}  # lab over PyTorch, tokens per CPU second
BLOCK_SECONDS = 3.0
RATE, SAME = 1e-3, 0.02  # learning rate; nats by which the losses of a block may differ: float32 sums in another order
MANY, MANY_STEPS = 16, 300  # models of the 0.03M size, and their steps


def main() -> int:
    """Measure and print; exit 1 where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=5)
    parser.add_argument("--many", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    os.environ.update(environment(threads=1))
    rows = [many()] if asked.many else [beside(name, asked.blocks) for name in SIZES]
    if asked.json:
        print(json.dumps(rows))
    else:
        for row in rows:
            print(
                "  ".join(
                    f"{key} {value:,.4g}" if isinstance(value, float) else f"{key} {value}"
                    for key, value in row.items()
                )
            )
    return 0 if all(row["ratio"] >= row["aim"] for row in rows) else 1


def decoder(name: str) -> tuple[Any, Any]:
    """Model and task of a size."""
    from gnomon.lab import Decoder, NextSymbol, stdlib_prose
    from gnomon.lab.models import Attention

    width, layers = SIZES[name]
    text = stdlib_prose()
    task = NextSymbol(text, length=LENGTH, evaluated=16)
    return Decoder(width, text.symbols, layers, mixer=Attention(head=HEAD)), task


def beside(name: str, blocks: int) -> dict[str, Any]:
    """Tokens per CPU second of both, and their ratio, block by block."""
    from gnomon.lab import Adam
    from gnomon.lab.program import program

    model, task = decoder(name)
    weights = model.init(np.random.default_rng(0))
    steps = 4000
    order = task.order(np.random.default_rng(1), steps, BATCH)
    compiled = program(model, task, Adam(), BATCH, steps)
    run = compiled.start(weights, order, np.full(steps, RATE, np.float32))
    other = Torch(model, weights, task, order)
    run, _, _ = compiled.advance(run, 0, 8)  # warm: memory is there, torch has chosen its kernels
    other.advance(0, 8)
    began = time.process_time()
    run, _, _ = compiled.advance(run, 8, 16)
    each = (time.process_time() - began) / 8
    size = max(8, min(int(BLOCK_SECONDS / each), (steps - 16) // blocks))
    other.advance(8, 16)
    ours, theirs, gaps = [], [], []
    for block in range(blocks):
        first, last = 16 + block * size, 16 + (block + 1) * size
        began = time.process_time()
        run, total, _ = compiled.advance(run, first, last)
        middle = time.process_time()
        their_total = other.advance(first, last)
        ended = time.process_time()
        tokens = size * BATCH * LENGTH
        ours.append(tokens / (middle - began))
        theirs.append(tokens / (ended - middle))
        gaps.append(abs(total - their_total) / size)
    if max(gaps) > SAME:
        sys.exit(f"The two sides did not do the same work: mean losses of a block differ by {max(gaps):.3g} nats.")
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    count = sum(int(np.size(leaf)) for leaf in _leaves(weights))
    return {
        "size": name, "params": count, "lab": statistics.median(ours), "torch": statistics.median(theirs),
        "ratio": ratio, "aim": AIMS[name], "loss_gap": max(gaps),
    }  # fmt: skip


def many() -> dict[str, Any]:
    """Wall seconds of many small models in worker processes, beside one after the other in one worker."""
    from gnomon.engines import Processes

    took = {}
    for workers in (1, None):
        with Processes(workers, environment=environment(threads=1)) as engine:
            list(engine.map(train_small, [-1] * engine.workers))  # workers are there, and so is the program
            began = time.perf_counter()
            for outcome in engine.map(train_small, list(range(MANY))):
                if outcome.failure is not None:
                    sys.exit(outcome.failure.message)
            took[workers] = time.perf_counter() - began
            count = engine.workers
    return {
        "models": MANY, "one_after_the_other": took[1], "together": took[None], "workers": count,
        "ratio": took[1] / took[None], "aim": 1.3,
    }  # fmt: skip


def train_small(seed: int, tell: Any) -> float:
    """One small model, or a few steps of it for a negative seed."""
    from gnomon.lab import Recipe, train

    model, task = decoder("0.03M")
    recipe = Recipe(MANY_STEPS if seed >= 0 else 12, BATCH, RATE)
    return train(model, task, recipe, seed=max(seed, 0)).loss or 0.0


def _leaves(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in _leaves(value)]
    return [leaf for value in tree for leaf in _leaves(value)] if isinstance(tree, list) else [tree]


class Torch:
    """The lab's decoder with attention, in PyTorch, from the same weights."""

    def __init__(self, model: Any, weights: Any, task: Any, order: np.ndarray) -> None:
        import torch

        torch.set_num_threads(1)
        self.torch, self.model = torch, model

        def own(tree: Any) -> Any:
            if isinstance(tree, dict):
                return {key: own(value) for key, value in tree.items()}
            if isinstance(tree, list):
                return [own(value) for value in tree]
            return torch.nn.Parameter(torch.tensor(tree))

        self.weights = own(weights)
        self.parameters = _leaves(self.weights)
        self.optimiser = torch.optim.Adam(self.parameters, lr=RATE, betas=(0.9, 0.95), eps=1e-8, fused=True)
        text = torch.tensor(task.text.train.astype(np.int64))
        self.text, self.offsets = text, torch.arange(LENGTH + 1)
        self.order = torch.tensor(order.astype(np.int64))
        turns = np.arange(LENGTH)[:, None] * 10_000.0 ** (-2 * np.arange(HEAD // 2) / HEAD)
        self.cosine = torch.tensor(np.cos(turns).astype(np.float32))
        self.sine = torch.tensor(np.sin(turns).astype(np.float32))

    def advance(self, first: int, last: int) -> float:
        """Steps first to last - 1; the sum of their losses."""
        torch, total = self.torch, 0.0
        for step in range(first, last):
            symbols = self.text[self.order[step][:, None] + self.offsets]
            logits = self._logits(symbols[:, :-1])
            loss = torch.nn.functional.cross_entropy(logits, symbols[:, 1:].reshape(-1))
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
            self.optimiser.step()
            total += loss.detach()
        return float(total)

    def _logits(self, symbols: Any) -> Any:
        functional = self.torch.nn.functional
        width = self.model.width
        x = self.weights["embedding"][symbols.reshape(-1)]
        for layer in self.weights["layers"]:
            x = x + self._attend(layer["mixer"], self._norm(x, layer["mixer_gain"]))
            gate, value = (self._norm(x, layer["mlp_gain"]) @ layer["up"].T).chunk(2, dim=-1)
            x = x + (functional.silu(gate) * value) @ layer["down"].T
        return self._norm(x, self.weights["gain"]).reshape(-1, width) @ self.weights["readout"].T

    def _norm(self, x: Any, gain: Any) -> Any:
        return self.torch.nn.functional.rms_norm(x, (x.shape[-1],), gain, 1e-6)

    def _attend(self, weights: Any, x: Any) -> Any:
        heads = x.shape[-1] // HEAD
        q, k, v = (x @ weights["qkv"].T).reshape(BATCH, LENGTH, 3 * heads, HEAD).transpose(1, 2).split(heads, dim=1)
        mixed = self.torch.nn.functional.scaled_dot_product_attention(
            self._rotate(q), self._rotate(k), v, is_causal=True
        )
        return mixed.transpose(1, 2).reshape(x.shape) @ weights["out"].T

    def _rotate(self, x: Any) -> Any:
        a, b = x.chunk(2, dim=-1)
        return self.torch.cat([a * self.cosine - b * self.sine, a * self.sine + b * self.cosine], dim=-1)


if __name__ == "__main__":
    sys.exit(main())
