"""A trainer of milliseconds whose loss is a known law of its size and tokens; it can fail, wait, and log in several ways.

    python trainer_tiny.py PARAMS TOKENS --log FILE [--format jsonl|csv|stdout] [--lr LR] [--seed N]

Environment: TINY_FAIL (a number of parameters at which it fails), TINY_WAIT (seconds), TINY_CALLS (a file that gets a
line for each call, at its start and at its end), TINY_STOP (a share of the tokens at which it stops early).
"""

import argparse
import math
import os
import sys
import time

E, A, ALPHA, B, BETA = 1.7, 30.0, 0.4, 60.0, 0.35


def law(params: float, tokens: float) -> float:
    return E + A / params**ALPHA + B / tokens**BETA


def noted(text: str) -> None:
    if "TINY_CALLS" in os.environ:
        with open(os.environ["TINY_CALLS"], "a") as file:
            file.write(text + "\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("params", type=float)
    parser.add_argument("tokens", type=float)
    parser.add_argument("--log")
    parser.add_argument("--format", default="jsonl")
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    name = f"{asked.params:g} {asked.tokens:g} {asked.seed}"
    noted(f"begin {name}")
    time.sleep(float(os.environ.get("TINY_WAIT", "0")))
    if os.environ.get("TINY_FAIL") == f"{asked.params:g}":
        print("loading data")
        sys.exit("out of memory")
    noise = 0.003 * math.sin(asked.params + 3 * asked.tokens + 7 * asked.seed)
    tuned = 1 + 0.01 * math.log(asked.lr / 0.1) ** 2
    share = float(os.environ.get("TINY_STOP", "1"))
    rows = [
        (k, asked.tokens * k / 4, law(asked.params, asked.tokens * k / 4) * tuned * (1 + noise)) for k in (1, 2, 3, 4)
    ]
    rows = [row for row in rows if row[0] <= 4 * share]
    if asked.format == "stdout":
        for step, tokens, loss in rows:
            print(f"step {step}: tokens {tokens:.0f}, train loss {loss + 0.1:.4f}, val loss {loss:.6f}")
    else:
        with open(asked.log, "w") as file:
            if asked.format == "csv":
                file.write("step,tokens,val_loss\n")
                file.writelines(f"{step},{tokens},{loss}\n" for step, tokens, loss in rows)
            else:
                file.writelines(f'{{"step": {s}, "tokens": {t}, "val_loss": {x}}}\n' for s, t, x in rows)
    noted(f"end {name}")


if __name__ == "__main__":
    main()
