"""The loss under a learning-rate schedule nobody has trained, and which schedule to train next.

The constants are published ones, for a model of 100M parameters; a fit to your own curves does the same and adds intervals:
`gn.fit("mpl", gn.read_runs("curves.csv"))`, with the columns run, step, lr and loss.
"""

import gnomon as gn

law = gn.laws.Mpl.luo2025_100m

# A schedule is a name and the rate of every step. The usual shapes are there; any array of rates is one too.
usual = {"peak": 3e-4, "warmup": 2160}
cosine = gn.Schedule.cosine(24000, end=3e-5, **usual)
print(cosine, "ends at", round(law(schedule=cosine, step=23999), 4))

# On the command line and in tables a shape is written in words.
text = "wsd:steps=24000:peak=3e-4:decay=4000:end=3e-5:warmup=2160"
print(text, "ends at", round(law(schedule=text, step=23999), 4))
print("its loss every 6000 steps:", law(schedule=text, step=[6000, 12000, 18000, 23999]).round(3))

# Which schedule of this length ends lowest? One of free shape, beside the families. A gain that rests on rates below those
# the law was fitted to is a guess, and the plan says so.
plan = gn.plan.schedule(law, steps=24000, end=3e-5, **usual)
print(plan)
print("if", *plan.changes_if)
