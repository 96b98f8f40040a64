"""Texts whose entropy is known: a Markov chain of any order, so that a loss can be held against the best there can be."""

from __future__ import annotations

import hashlib
from bisect import bisect
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gnomon.errors import InputError
from gnomon.lab.seeds import stream
from gnomon.lab.text import Text

MOST_CONTEXTS = 65_536  # V^order: beyond, no text of a laptop sees them all
EVEN = 1e-14  # change of the stationary distribution at which it has been found
ROUNDS = 100_000  # of the chain: rows of a Dirichlet distribution mix in a few


@dataclass(frozen=True, eq=False)
class Source:
    """A text and what can be known of it.

    Args:
        text: for `NextSymbol`.
        chain: probability of each next symbol after each context, (V^order, V).
        stationary: share of each context in an endless text, (V^order,).
        order: symbols that the next one depends on.
    """

    text: Text
    chain: NDArray[np.float64]
    stationary: NDArray[np.float64]
    order: int

    @property
    def entropy(self) -> float:
        """Entropy rate h = -sum_c pi(c) sum_x p(x|c) ln p(x|c), nats a symbol: no loss lies below it."""
        return float(self.stationary @ _entropy(self.chain))

    def floor(self, length: int) -> float:
        """Lowest mean loss over the predicted positions 1 ... length of sequences that begin anywhere in the text.

        (1/length) sum_k H(X_k | X_0 ... X_(k-1)): position k knows only k symbols, so the first ones cost more than h.

        Args:
            length: predicted positions of a sequence.
        """
        short = min(self.order - 1, length)
        symbols = self.chain.shape[1]
        joint = self.stationary[:, None] * self.chain  # contexts and the symbol after them
        blocks = [joint.reshape(-1, symbols**k).sum(0) for k in range(1, short + 2)]  # the last k symbols
        entropies = [float(_entropy(block[None])[0]) for block in blocks]
        first = sum(b - a for a, b in pairwise(entropies))
        return (first + (length - short) * self.entropy) / length


def markov_text(
    symbols: int,
    order: int = 1,
    *,
    concentration: float = 0.5,
    train: int = 200_000,
    valid: int = 20_000,
    seed: int = 0,
) -> Source:
    """A text from a random Markov chain.

    p(. | context) ~ Dirichlet(concentration), independently for each of the V^order contexts; the text begins in the
    stationary distribution.

    Args:
        symbols: V, at least 2, at most 256.
        order: at least 1.
        concentration: small: nearly determined (low entropy); large: nearly even (ln V). Default .5.
        train: symbols trained on.
        valid: symbols held out, the text's next ones.
        seed: of the chain and the text.

    Raises:
        InputError: a number out of its range, or more than 65,536 contexts.
    """
    if not 2 <= symbols <= 256 or order < 1 or not concentration > 0:
        raise InputError(
            f"A source has {symbols} symbols, order {order} and concentration {concentration:g}; "
            "expected 2 to 256, at least 1, and more than 0."
        )
    contexts = symbols**order
    if contexts > MOST_CONTEXTS:
        raise InputError(
            f"{symbols} symbols at order {order} are {contexts:,} contexts, expected at most {MOST_CONTEXTS:,}.",
            hint="Take fewer symbols or a lower order.",
        )
    name = f"markov-{symbols}-{order}-{concentration:g}"
    chain = stream(seed, name, "chain").dirichlet(np.full(symbols, concentration), contexts)
    stationary = _stationary(chain)
    rng = stream(seed, name, "text")
    drawn = _draw(chain, int(rng.choice(contexts, p=stationary)), rng.random(train + valid))
    digest = hashlib.sha256(drawn.tobytes()).hexdigest()[:16]
    return Source(Text(name, drawn[:train], drawn[train:], symbols, digest), chain, stationary, order)


def _draw(chain: NDArray[np.float64], context: int, uniform: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A text by the inverse distribution of each row, one symbol after another."""
    contexts, symbols = chain.shape
    rows = np.cumsum(chain, axis=1)[:, :-1].tolist()  # the last symbol takes what is left of 1
    found = bytearray(len(uniform))
    for place, u in enumerate(uniform.tolist()):
        symbol = bisect(rows[context], u)
        found[place] = symbol
        context = (context * symbols + symbol) % contexts
    return np.frombuffer(bytes(found), np.uint8)


def _stationary(chain: NDArray[np.float64]) -> NDArray[np.float64]:
    """The distribution of contexts that one step leaves as it is."""
    contexts, symbols = chain.shape
    share = np.full(contexts, 1.0 / contexts)
    for _ in range(ROUNDS):
        moved = (share[:, None] * chain).reshape(symbols, -1).sum(0)  # (first, rest, next) -> (rest, next)
        if float(np.abs(moved - share).max()) < EVEN:
            break
        share = moved
    return moved / moved.sum()  # type: ignore[no-any-return]


def _entropy(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy of each row in nats; p ln p is 0 at 0."""
    logs = np.log(np.where(rows > 0, rows, 1.0))
    return -(rows * logs).sum(-1)  # type: ignore[no-any-return]
