"""What to train with a budget: the best split, its interval, how flat the optimum is, and what would change the answer."""

from pathlib import Path

import gnomon as gn

runs = gn.read_runs(Path(__file__).with_name("runs.csv"), where="role = 'ladder'")
fit = gn.fit("chinchilla", runs)

plan = gn.plan.allocate(fit, flops=2e13)
print(plan)
print("sizes that cost less than a quarter percent of the loss:", plan.plateau["params"])

# The same question the other way round: the cheapest run that reaches a loss.
print(gn.plan.allocate(fit, loss=1.55))

# Published constants are laws too. They have no runs behind them, so the plan has no interval, and says so.
print(gn.plan.allocate(gn.laws.Chinchilla.besiroglu2024, flops=1e24))
