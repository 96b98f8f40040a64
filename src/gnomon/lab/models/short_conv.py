"""Short causal convolution: each channel by itself, over the last few positions."""

from __future__ import annotations

from typing import Any

from gnomon.lab.backend import load


def short_conv(signal: Any, taps: Any) -> Any:
    """y_t = sum_j taps[j] signal[t - j], with zeros before the first position.

    Args:
        signal: (sequences, length, channels).
        taps: (lags, channels), lag 0 first.
    """
    jnp = load().numpy
    lags, length = taps.shape[0], signal.shape[1]
    past = jnp.pad(signal, ((0, 0), (lags - 1, 0), (0, 0)))
    return sum(past[:, lags - 1 - lag : lags - 1 - lag + length] * taps[lag] for lag in range(lags))


def short_conv_step(past: Any, now: Any, taps: Any) -> tuple[Any, Any]:
    """One position of `short_conv`.

    Args:
        past: the lags - 1 positions before, latest first, (sequences, lags - 1, channels).
        now: (sequences, channels).
        taps: (lags, channels).

    Returns:
        The positions before the next, and the output.
    """
    jnp = load().numpy
    window = jnp.concatenate([now[:, None], past], axis=1)
    return window[:, :-1], jnp.sum(window * taps, axis=1)
