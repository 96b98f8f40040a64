"""Sums of decaying outer products: the memory that linear attention, its gated form and RWKV share."""

from __future__ import annotations

from typing import Any

from gnomon.lab.backend import load

CHUNK = 16  # positions whose decays are multiplied out: 16 of e^-5 each stay within float32 (e^80 = 6e34)
FASTEST = -5.0  # smallest log decay a position: what decays faster is forgotten but for .7 %


def read_past(
    query: Any, key: Any, value: Any, log_decay: Any | None = None, *, own: Any | None = None, chunk: int = CHUNK
) -> Any:
    """What each position reads from a memory of outer products, for all positions at once.

        S_t = diag(g_t) S_(t-1) + k_t v_t^T,   y_t = S_t^T q_t

    or, with `own` = u, reading before writing and the own product on its own terms:

        y_t = (S_(t-1) + diag(u) k_t v_t^T)^T q_t

    Within a chunk the sums are matrix products of q exp(G) and k exp(-G), G the sum of ln g since the middle of the
    chunk; between chunks the memory itself is handed on (Yang et al. 2023, arXiv 2312.06635, section 4).

    Args:
        query: q, (sequences, heads, length, keys).
        key: k, the same shape.
        value: v, (sequences, heads, length, values).
        log_decay: ln g, the shape of k, from -80/chunk to 0; None for no decay, where the whole length is one chunk.
        own: u, (heads, keys); None for reading after writing.
        chunk: positions of a chunk (default 16).

    Returns:
        y, the shape of v.
    """
    jax = load()
    jnp = jax.numpy
    length = query.shape[2]
    size = length if log_decay is None else min(chunk, length)
    count = -(-length // size)
    past = jnp.tril(jnp.ones((size, size), bool), -1 if own is not None else 0)

    def cut(x: Any) -> Any:
        """(chunks, sequences, heads, size, n), padded with zeros at the end."""
        x = jnp.pad(x, ((0, 0), (0, 0), (0, count * size - length), (0, 0)))
        return jnp.moveaxis(x.reshape(*x.shape[:2], count, size, x.shape[-1]), 2, 0)

    def advance(memory: Any, parts: tuple[Any, ...]) -> tuple[Any, Any]:
        q, k, v = parts[:3]
        before, last = q, None
        after = k
        if log_decay is not None:
            total = jnp.cumsum(parts[3], axis=-2)
            shift = total - (parts[3] if own is not None else 0)  # the decay of this position comes after reading
            middle = total[..., size // 2, None, :]
            before, after = q * jnp.exp(shift - middle), k * jnp.exp(middle - total)
            start, last = jnp.exp(middle), jnp.exp(total[..., -1, :])
        scores = jnp.where(past, jnp.einsum("bhtk,bhsk->bhts", before, after), 0.0)
        read = jnp.einsum("bhts,bhsv->bhtv", scores, v)
        if count > 1:
            since = before * start if log_decay is not None else before
            read = read + jnp.einsum("bhtk,bhkv->bhtv", since, memory)
            end = after * jnp.exp(total[..., -1:, :] - middle) if log_decay is not None else after
            memory = (memory if last is None else last[..., None] * memory) + jnp.einsum("bhtk,bhtv->bhkv", end, v)
        return memory, read

    parts = tuple(cut(x) for x in (query, key, value, *(() if log_decay is None else (log_decay,))))
    memory = jnp.zeros((*key.shape[:2], key.shape[3], value.shape[3]), key.dtype)
    if count == 1:
        read = advance(memory, tuple(part[0] for part in parts))[1]
    else:
        read = jnp.moveaxis(jax.lax.scan(advance, memory, parts)[1], 0, 2)
        read = read.reshape(*value.shape[:2], count * size, value.shape[3])[:, :, :length]
    if own is not None:
        read = read + jnp.sum(query * own[:, None] * key, axis=-1, keepdims=True) * value
    return read


def write_and_read(
    memory: Any, query: Any, key: Any, value: Any, log_decay: Any | None = None, *, own: Any | None = None
) -> tuple[Any, Any]:
    """One position of `read_past`: the memory after it, and what it reads.

    Args:
        memory: S, (sequences, heads, keys, values).
        query: (sequences, heads, keys).
        key: the same shape.
        value: (sequences, heads, values).
        log_decay: the shape of `key`; None for no decay.
        own: u, (heads, keys).
    """
    jax = load()
    jnp = jax.numpy
    product = key[..., None] * value[..., None, :]
    after = (memory if log_decay is None else jnp.exp(log_decay)[..., None] * memory) + product
    seen = after if own is None else memory + own[..., None] * product
    return after, jnp.einsum("bhk,bhkv->bhv", query, seen)


def read_flops(keys: int, values: int, length: int, *, decays: bool = True, chunk: int = CHUNK) -> int:
    """Forward FLOPs of the matrix products of `read_past`, for one head and sequence.

    c^2 scores and as many sums in each of T/c chunks (the last in full): 2 c^2 (keys + values); with more than one
    chunk also 2 c keys values to read what came before, and as much to write.

    Args:
        keys: n of a key.
        values: n of a value.
        length: T.
        decays: without them the whole length is one chunk.
        chunk: c (default 16).
    """
    size = min(chunk, length) if decays else length
    chunks = -(-length // size)
    across = 4 * size * keys * values if chunks > 1 else 0
    return chunks * (2 * size * size * (keys + values) + across)
