"""Laws of which a paper prints the shape but not the height: exponents that a measured point of one's own completes.

A rule such as "the learning rate falls as 1 / width" is a law with one amplitude left open. `through` fixes it:

    MupLR.through("mup_adam", width=256, lr=0.01)(width=4096)      # 0.000625
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from gnomon.errors import InputError, UnknownNameError, near
from gnomon.laws.law import Law, Published


class Anchored(Law):
    """Base of laws with an open amplitude, in which they are affine.

    Class attributes:
        amplitude: the parameter that the shapes leave open.
        shapes: published values of all other parameters, by name.
    """

    amplitude: ClassVar[str] = ""
    shapes: ClassVar[Mapping[str, Published]] = {}

    @classmethod
    def through(cls, shape: str, **point: float) -> Self:
        """The law of a published shape through one measured point.

        Args:
            shape: one of `shapes`.
            point: every input of the law and its output, by column name.

        Raises:
            UnknownNameError: there is no such shape.
            InputError: a column is missing or unknown, or the amplitude that follows is not positive.
        """
        if shape not in cls.shapes:
            raise UnknownNameError(f"{cls.id} has no published shape {shape!r}.", hint=near(shape, cls.shapes))
        columns = (*cls.inputs, cls.output)
        if set(point) != set(columns):
            raise InputError(f"A point of {cls.id} gives {', '.join(columns)}; got {', '.join(point) or 'nothing'}.")
        values = cls.shapes[shape].values
        inputs = {name: point[name] for name in cls.inputs}
        base, unit = (float(cls(**values, **{cls.amplitude: height})(**inputs)) for height in (0.0, 1.0))
        height = (point[cls.output] - base) / (unit - base)
        if not height > 0:
            raise InputError(
                f"No {cls.id} of shape {shape} passes through {cls.output} = {point[cls.output]:g}.",
                hint=f"It must lie above {base:g}.",
            )
        found = cls(**values, **{cls.amplitude: height})
        object.__setattr__(found, "provenance", cls.shapes[shape])
        return found

    @classmethod
    def to_dict(cls) -> dict[str, Any]:
        """The law's entry, with its shapes among the constants: the open amplitude is null."""
        entry = super().to_dict()
        entry["constants"] += [
            {
                "name": name,
                "values": {cls.amplitude: None, **shape.values},
                f"{cls.amplitude}_reason": "not published: a measured point fixes it",
                "source": shape.source,
                "note": shape.note or None,
            }
            for name, shape in cls.shapes.items()
        ]
        return entry
