"""Sweeps: the small runs of the user's own trainer, designed, launched, collected and fitted from one TOML file."""

from gnomon.sweep.course import Step, calibrate, plan_sweep, run_sweep
from gnomon.sweep.design import Design, Planned, design_sweep
from gnomon.sweep.outcome import Sweep
from gnomon.sweep.spec import Spec, read_spec

__all__ = [
    "Design", "Planned", "Spec", "Step", "Sweep", "calibrate", "design_sweep", "plan_sweep", "read_spec", "run_sweep",
]  # fmt: skip
