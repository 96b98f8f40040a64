"""One spec after the other, in this process: for debugging, and where processes cannot be started."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

from gnomon.engines.engine import Function, Outcome, Spec, attempt


class Serial:
    """The engine without workers."""

    def map(
        self,
        function: Function[Spec],
        specs: Sequence[Spec],
        *,
        affinity: Callable[[Spec], Hashable] | None = None,
        tell: Callable[[int, Any], None] | None = None,
    ) -> Iterator[Outcome]:
        """Yield the outcome of each spec, in order; see `Engine.map`."""
        for index, spec in enumerate(specs):

            def report(news: Any, index: int = index) -> None:
                if tell is not None:
                    tell(index, news)

            yield attempt(function, spec, index, report)

    def __enter__(self) -> Serial:
        return self

    def __exit__(self, *_: object) -> None:
        return None
