"""A law laid over a table of rows, as the solver needs it: values, gradients and Hessians for a whole batch of parameter vectors.

Four kernels with one interface (`tables.Kernel`): `PowerSum` for laws that are sums of power laws, `SumPower` for powers of such
sums, `AboveFloor` for laws that give derivatives of their own (`Law.rest`), `Dual` for every other law.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from gnomon.fit.above_floor import AboveFloor
from gnomon.fit.dual import Dual
from gnomon.fit.power_sum import PowerSum, columns_of_own, power_terms, simple, slots_of_own, slots_of_terms
from gnomon.fit.sum_power import SumPower
from gnomon.fit.tables import Kernel
from gnomon.laws.formula import parse
from gnomon.laws.law import Law
from gnomon.laws.structure import PowerOfSum

Array = np.ndarray


def make_kernel(law: type[Law], inputs: Sequence[Array]) -> Kernel:
    """The fastest kernel that this law admits, on inputs in fit units, (n,) or (S, n)."""
    shape = np.shape(inputs[0])
    own = law.exponential_terms(inputs)
    if own is not None:
        return PowerSum(law, slots_of_own(law, own), dict(columns_of_own(own)), shape)
    terms, power = power_terms(law), _power_of_sum(law)
    if terms is None and power is None:
        rest = law.rest()
        return Dual(law, inputs) if rest is None else AboveFloor(law, rest, inputs)
    logs = {name: np.log(x) for name, x in zip(law.inputs, inputs, strict=True)}
    if power is None:
        return PowerSum(law, slots_of_terms(law, terms or (), logs, shape), logs, shape)
    return SumPower(law, power, PowerSum(law, slots_of_terms(law, power.terms, logs, shape), logs, shape))


@lru_cache(maxsize=256)
def _shape(text: str, inputs: tuple[str, ...]) -> PowerOfSum | None:
    return parse(text, sums=True).power_of_sum(inputs)


def _power_of_sum(law: type[Law]) -> PowerOfSum | None:
    """The law as a power of a sum, when its text says so and its parameters allow it."""
    shape = _shape(law.text, tuple(law.inputs)) if law.text else None
    if shape is None or not simple(law, shape.terms):
        return None
    used = [name for term in shape.terms for name in (*term.coefficients, *(e for _, _, e in term.powers))]
    outer = [n for n in (shape.floor, shape.coefficient) if n is not None]
    alone = len({*outer, shape.power}) == len(outer) + 1 and not {*outer, shape.power} & set(used)
    return shape if alone and all(law.parameters[n].log for n in outer) else None
