"""Report pages from the things gnomon computes: each takes results, computes what a reader asks next, and returns a page."""

from gnomon.report.compose.comparison import comparison_report
from gnomon.report.compose.fit import fit_report
from gnomon.report.compose.forecast import forecast_report
from gnomon.report.compose.plan import plan_report
from gnomon.report.compose.quickstart import quickstart_report

__all__ = ["comparison_report", "fit_report", "forecast_report", "plan_report", "quickstart_report"]
