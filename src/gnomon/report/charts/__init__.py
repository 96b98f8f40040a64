"""The chart kit: each kind is a frozen record of numbers and a function from it to a figure."""

from gnomon.report.charts.allocation import AllocationNumbers, draw_allocation
from gnomon.report.charts.calibration import CalibrationNumbers, draw_calibration
from gnomon.report.charts.contour import ContourNumbers, draw_contour
from gnomon.report.charts.crossing import CrossingNumbers, FamilyCurve, draw_crossing
from gnomon.report.charts.curve import Curve, Target
from gnomon.report.charts.distance import DistanceNumbers, draw_distance
from gnomon.report.charts.fit import FitNumbers, draw_fit
from gnomon.report.charts.forecast import ForecastNumbers, ForecastRow, draw_forecast
from gnomon.report.charts.held_out import HeldOutNumbers, draw_held_out
from gnomon.report.charts.influence import InfluenceNumbers, draw_influence
from gnomon.report.charts.isoflop import Budget, IsoflopNumbers, draw_isoflop
from gnomon.report.charts.ladder import LadderNumbers, Rung, draw_ladder
from gnomon.report.charts.next_runs import NextRunsNumbers, draw_next_runs
from gnomon.report.charts.plateau import PlateauNumbers, draw_plateau
from gnomon.report.charts.profile import ProfileNumbers, draw_profile
from gnomon.report.charts.residuals import ResidualNumbers, draw_residuals
from gnomon.report.charts.shape import ShapeNumbers, draw_shape

__all__ = [
    "AllocationNumbers",
    "Budget",
    "CalibrationNumbers",
    "ContourNumbers",
    "CrossingNumbers",
    "Curve",
    "DistanceNumbers",
    "FamilyCurve",
    "FitNumbers",
    "ForecastNumbers",
    "ForecastRow",
    "HeldOutNumbers",
    "InfluenceNumbers",
    "IsoflopNumbers",
    "LadderNumbers",
    "NextRunsNumbers",
    "PlateauNumbers",
    "ProfileNumbers",
    "ResidualNumbers",
    "Rung",
    "ShapeNumbers",
    "Target",
    "draw_allocation",
    "draw_calibration",
    "draw_contour",
    "draw_crossing",
    "draw_distance",
    "draw_fit",
    "draw_forecast",
    "draw_held_out",
    "draw_influence",
    "draw_isoflop",
    "draw_ladder",
    "draw_next_runs",
    "draw_plateau",
    "draw_profile",
    "draw_residuals",
    "draw_shape",
]
