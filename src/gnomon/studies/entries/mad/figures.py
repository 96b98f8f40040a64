"""Pictures of the study: how accuracy rises in the course of training, a picture a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gnomon.studies.entries.mad.design import QUICK, STEPS, TASKS, ZOO
from gnomon.studies.study import Asked

if TYPE_CHECKING:
    from gnomon.report import Figure
    from gnomon.runs import Runs

ORDER = (*ZOO, "gated-wide", "swiglu")


def figures(runs: Runs, asked: Asked) -> Sequence[Figure]:
    """A picture for every task that was trained; none at the smoke scale."""
    if asked.scale == "smoke":
        return ()
    trained = runs.where("harder = 0 and step > 0 and task != 'ladder' and lr_peak = 0.005")
    names = QUICK if asked.scale == "quick" else TASKS
    return [draw(trained.where(f"task = '{name}'"), name, STEPS[asked.scale]) for name in names]


def draw(rows_of_task: Runs, task: str, steps: int) -> Figure:
    """Accuracy against steps, one curve a seed, named by architecture at the median; chance as a dashed rule.

    Args:
        rows_of_task: rows of one task, with family, step, accuracy and chance.
        task: its name.
        steps: of a run.
    """
    from gnomon.report.axes import linear_axis
    from gnomon.report.ends import names_at_ends, shades
    from gnomon.report.figure import Figure, Numbers
    from gnomon.report.frame import HALF, TEXT, frame
    from gnomon.report.labels import text_width
    from gnomon.report.marks import Rows, line, rows, rule

    here = set(map(str, rows_of_task["family"]))
    names = [name for name in ORDER if name in here]
    curves = {name: _curves(rows_of_task.where(f"family = '{name}'")) for name in names}
    chance = float(np.asarray(rows_of_task["chance"], float)[0])
    x = linear_axis([np.array([0.0, steps])], "steps", "count", most=5, pad=0.01)
    y = linear_axis([np.array([0.0, 1.0])], "accuracy", "plain", most=6, pad=0.02)
    right = max(text_width(name, TEXT) for name in names) + 10
    plot = frame(x, y, width=HALF, height=240, right=right)
    roles, shaded = shades(len(names))
    drawn: Rows = []
    ends = []
    for shade, name in zip(shaded, names, strict=True):
        for step, accuracy in curves[name]:
            drawn += [row | {"g": f"{name} {len(drawn)}"} for row in rows(x=step, y=accuracy, s=shade)]
        ends.append((float(steps), float(np.median([accuracy[-1] for _, accuracy in curves[name]]))))
    lines = line(drawn, "law", width=1.2, scale=roles)
    lines["encoding"]["detail"] = {"field": "g", "type": "ordinal"}
    ground = rule(rows(x=[0.0], y=[chance], x2=[float(steps)], y2=[chance]), "muted", dash=(3, 3))
    best = int(np.argmax([end[1] for end in ends]))
    finding = (
        f"{task.capitalize()}: {names[best]} ends highest, at {ends[best][1]:.2f} in the median (chance {chance:.2f})."
    )
    note = "Accuracy on the test part against steps, a curve a seed; names stand at the median of the seeds. Dashed: chance."
    table = Numbers(
        (("architecture", "text"), ("step", "count"), ("accuracy", "plain")),
        tuple(
            (name, float(s), float(a)) for name in names for curve in curves[name] for s, a in zip(*curve, strict=True)
        ),
    )
    return Figure("accuracy", plot.spec([ground, lines, *names_at_ends(plot, ends, names)]), finding, note, table)


def _curves(rows_of_family: Runs) -> list[tuple[np.ndarray, np.ndarray]]:
    """Steps that were looked at, and the accuracy at each, of every seed."""
    step, accuracy, seed = (np.asarray(rows_of_family[name], float) for name in ("step", "accuracy", "seed"))
    return [(step[seed == s], accuracy[seed == s]) for s in np.unique(seed)]
