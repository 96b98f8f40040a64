"""A trainer that knows nothing of gnomon: a character-level language model in numpy.

Eight characters are embedded, joined, passed through one hidden layer, and the next one is predicted (Bengio et al. 2003).
The text is the documentation that ships with every Python; its last twentieth is held out. One JSON object a line is
written to --log, as many trainers do.

    python train.py --width 32 --tokens 200000 --lr 0.01 --batch 256 --log log.jsonl
"""

import argparse
import json
from pydoc_data.topics import topics

import numpy as np

CONTEXT, EMBEDDING = 8, 16
SYMBOLS = "\n" + "".join(map(chr, range(32, 127)))  # everything else becomes a blank


def read_text() -> np.ndarray:
    """The text as numbers of symbols."""
    place = {symbol: i for i, symbol in enumerate(SYMBOLS)}
    text = "\n".join(topics[name] for name in sorted(topics))
    return np.array([place.get(symbol, place[" "]) for symbol in text])


def windows(text: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The characters before each end, and the one that follows."""
    return text[ends[:, None] + np.arange(-CONTEXT, 0)], text[ends]


def initial(width: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Embedding, hidden layer and output layer."""
    joined = CONTEXT * EMBEDDING
    shapes = [(len(SYMBOLS), EMBEDDING, 1.0), (joined, width, joined**-0.5), (width, len(SYMBOLS), width**-0.5)]
    return [rng.standard_normal((a, b)).astype(np.float32) * np.float32(scale) for a, b, scale in shapes] + [
        np.zeros(width, np.float32),
        np.zeros(len(SYMBOLS), np.float32),
    ]


def loss_and_gradients(weights: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> tuple[float, list[np.ndarray]]:
    """Cross-entropy in nats per character, and its gradients."""
    embedding, inner, outer, inner_bias, outer_bias = weights
    joined = embedding[x].reshape(len(x), -1)
    hidden = np.tanh(joined @ inner + inner_bias)
    logits = hidden @ outer + outer_bias
    logits -= logits.max(axis=1, keepdims=True)
    chances = np.exp(logits)
    chances /= chances.sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    loss = -float(np.log(chances[rows, y]).mean())
    chances[rows, y] -= 1
    chances /= np.float32(len(y))
    back = (chances @ outer.T) * (1 - hidden**2)
    to_embedding = np.zeros_like(embedding)
    np.add.at(to_embedding, x, (back @ inner.T).reshape(len(x), CONTEXT, EMBEDDING))
    return loss, [to_embedding, joined.T @ back, hidden.T @ chances, back.sum(0), chances.sum(0)]


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, kind in (("width", int), ("tokens", int), ("lr", float), ("batch", int)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--log", required=True)
    asked = parser.parse_args()

    rng = np.random.default_rng(asked.seed)
    text = read_text()
    split = len(text) * 19 // 20
    weights = initial(asked.width, rng)
    held_out = windows(text, np.linspace(split + CONTEXT, len(text) - 1, 4096).astype(int))
    first, second = ([np.zeros_like(w) for w in weights] for _ in range(2))
    steps = max(asked.tokens // asked.batch, 1)
    with open(asked.log, "w") as log:
        for step in range(1, steps + 1):
            loss, gradients = loss_and_gradients(
                weights, *windows(text, rng.integers(CONTEXT, split, size=asked.batch))
            )
            rate = asked.lr * (1 - (step - 1) / steps)  # falls to zero in a straight line
            for w, g, m, v in zip(weights, gradients, first, second, strict=True):  # Adam
                m += 0.1 * (g - m)
                v += 0.01 * (g * g - v)
                w -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.99**step)) + 1e-8)
            row = {"step": step, "tokens": step * asked.batch, "train_loss": loss}
            if step == steps or step % 200 == 0:
                row["val_loss"], _ = loss_and_gradients(weights, *held_out)
                log.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
