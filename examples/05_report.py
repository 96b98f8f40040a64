"""Pictures as files, and one offline page with everything a reader asks next."""

import tempfile
from pathlib import Path

import gnomon as gn

runs = gn.read_runs(Path(__file__).with_name("runs.csv"), where="role = 'ladder'")
fit = gn.fit("chinchilla", runs)
folder = Path(tempfile.mkdtemp())

figure = fit.plot()
print(figure.finding)
figure.save(folder / "fit.svg")

page = gn.report.plan_report(gn.plan.allocate(fit, flops=2e13), fit)
print("written:", page.save(folder / "plan.html").name)
