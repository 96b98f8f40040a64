"""`allocate`: what a plan says, what it refuses, and that every number has an interval or a reason."""

import json
import math

import numpy as np
import pytest

from gnomon.errors import InputError, RefusalError, UnknownNameError
from gnomon.laws.chinchilla import Chinchilla
from gnomon.laws.kaplan import KaplanN
from gnomon.laws.law import Law, coefficient, exponent, floor
from gnomon.laws.muennighoff import Muennighoff
from gnomon.plan import Plan, allocate
from gnomon.plan.text import flop_text, loss_text, share_text, table

BUDGET = 5.76e23


def plan(fit, **keywords) -> Plan:
    return allocate(fit, loss_interval=fit.loss_interval, **keywords)


def test_the_decision_is_the_optimum_of_the_best_values(fitted):
    found = plan(fitted, flops=BUDGET)
    assert found.decision["params"] == pytest.approx(7.319e10, rel=1e-3)
    assert found.decision["tokens_per_param"] == pytest.approx(17.92, abs=0.01)
    assert found.decision["flops"] == pytest.approx(BUDGET, rel=1e-12)
    assert found.decision["loss"] == pytest.approx(1.97392, abs=1e-5)
    assert found.decision["serving_flops_per_token"] == pytest.approx(2 * found.decision["params"])
    assert found.exponents["params"]["value"] == pytest.approx(0.36718 / (0.34731 + 0.36718), abs=1e-4)


def test_intervals_are_quantiles_of_the_closed_form_over_draws(fitted):
    found = plan(fitted, flops=BUDGET, level=0.8)
    v = fitted.values
    total = v["alpha"] + v["beta"]
    g = (v["alpha"] * v["A"] / (v["beta"] * v["B"])) ** (1 / total)
    params = g * (BUDGET / 6) ** (v["beta"] / total)
    assert found.interval["params"] == pytest.approx(np.exp(np.quantile(np.log(params), [0.1, 0.9])), rel=1e-9)
    assert found.interval["loss"] == pytest.approx((0.98 * found.decision["loss"], 1.02 * found.decision["loss"]))
    assert found.interval["loss_curve"] == pytest.approx((0.99 * found.decision["loss"], 1.01 * found.decision["loss"]))
    share = v["beta"] / total
    assert found.exponents["params"]["se"] == pytest.approx(np.std(share, ddof=1), rel=1e-9)
    assert found.exponents["params"]["low"] == pytest.approx(np.quantile(share, 0.1), rel=1e-9)
    assert len(found.quantiles("params")) == 50
    assert found.quantiles("params") == sorted(found.quantiles("params"))


def test_regret_is_the_expected_excess_over_draws(fitted):
    found = plan(fitted, flops=BUDGET)
    draws = fitted.law_draws()
    sizes = found.decision["params"] * np.geomspace(1 / 30, 30, 6001)
    losses = draws(params=sizes, tokens=BUDGET / 6 / sizes)
    here = draws(params=np.array([found.decision["params"]]), tokens=np.array([found.decision["tokens"]]))[:, 0]
    assert found.regret == pytest.approx(np.mean(here / losses.min(axis=1) - 1), rel=1e-3)
    half, twice, over = found.alternatives
    assert (half["name"], twice["name"], over["name"]) == ("half the size", "twice the size", "over-trained 4x")
    assert half["tokens"] == pytest.approx(2 * found.decision["tokens"])
    assert over["tokens_per_param"] == pytest.approx(16 * found.decision["tokens_per_param"])
    assert 0 < found.regret < min(half["regret"], twice["regret"]) < over["regret"]
    assert all(row["flops"] == pytest.approx(BUDGET) for row in found.alternatives)


def test_the_plateau_ends_where_the_tolerance_is_reached(fitted):
    found = plan(fitted, flops=BUDGET, tolerance=0.004)
    low, high = found.plateau["params"]
    assert low < found.decision["params"] < high
    draws = fitted.law_draws()
    sizes = found.decision["params"] * np.geomspace(1 / 30, 30, 6001)
    best = draws(params=sizes, tokens=BUDGET / 6 / sizes).min(axis=1)
    for end in (low, high):
        here = draws(params=np.array([end]), tokens=np.array([BUDGET / 6 / end]))[:, 0]
        assert np.mean(here / best - 1) == pytest.approx(0.004, rel=1e-3)
    curve = found.plateau["curve"]
    assert found.plateau["basis"] == "draws"
    assert np.all(np.array(curve["low"]) <= np.array(curve["excess"]) + 1e-12)
    assert plan(fitted, flops=BUDGET, tolerance=0.9).plateau["params"] is None
    least = found.plateau["least"]
    assert least["params"] == pytest.approx(found.decision["params"], rel=0.05)
    assert least["excess"] <= found.regret


def test_lopsided_draws_are_pointed_out(stand_in):
    fit = stand_in()
    fit.values = fit.values | {"A": fit.values["A"] * 4.0}  # every draw wants a larger model than the best values
    found = plan(fit, flops=BUDGET, tolerance=1e-3)
    notice = next(n for n in found.notices if n.code == "draws-lopsided")
    assert notice.data["params"] > 1.5 * found.decision["params"]


def test_an_uncertain_optimum_may_have_no_plateau(stand_in):
    found = plan(stand_in(spread=4.0), flops=BUDGET, tolerance=1e-5)
    assert found.plateau["params"] is None
    assert "itself" in found.plateau["params_reason"]
    assert found.lines()[2].startswith("How flat it is")


def test_the_target_mode_inverts_the_budget_mode(fitted):
    there = plan(fitted, flops=1e23)
    back = plan(fitted, loss=there.decision["loss"])
    assert back.decision["total_flops"] == pytest.approx(1e23, rel=1e-9)
    assert back.decision["params"] == pytest.approx(there.decision["params"], rel=1e-9)
    low, high = back.interval["flops"]
    assert low < 1e23 < high
    # Every alternative reaches the same loss for more FLOP.
    assert all(row["loss"] == pytest.approx(there.decision["loss"], rel=1e-9) for row in back.alternatives)
    assert all(row["total_flops"] > 1e23 for row in back.alternatives)
    assert "FLOP" in table(back)[0]
    assert "FLOP" not in table(there)[0]


def test_a_loss_below_the_floor_is_refused_with_the_share_of_draws_that_reach_it(fitted):
    with pytest.raises(
        RefusalError, match=r"1\.7 cannot be reached.*stays above 1\.817.* % of the 400 draws"
    ) as caught:
        plan(fitted, loss=1.7)
    assert caught.value.exit_status == 3


def test_a_loss_near_the_floor_says_in_how_many_draws_it_is_out_of_reach(stand_in):
    found = plan(stand_in(spread=2.0), loss=1.83)
    codes = {n.code: n for n in found.notices}
    share = codes["draws-without-optimum"].data["share"]
    assert 0.05 < share < 0.5
    assert found.interval["flops"] is None
    assert "no compute reaches the loss" in found.reasons["interval.flops"]
    document = found.to_dict()
    assert document["interval"]["flops"] is None
    assert document["interval"]["flops_reason"] == found.reasons["interval.flops"]


def test_serving_shrinks_the_model_and_says_what_it_saves(fitted):
    lone = plan(fitted, flops=BUDGET)
    served = plan(fitted, flops=BUDGET, inference_tokens=5e12)
    assert served.decision["params"] < lone.decision["params"]
    parts = served.decision["flops"] + served.decision["inference_flops"]
    assert parts == pytest.approx(BUDGET, rel=1e-12)
    assert served.alternatives[-1]["name"] == "best for training alone"
    assert served.alternatives[-1]["total_flops"] == pytest.approx(BUDGET, rel=1e-9)
    assert served.alternatives[-1]["regret"] > served.regret
    target = plan(fitted, loss=2.1, inference_tokens=5e12)
    assert 0 < target.decision["saving"] < 1
    nothing = plan(fitted, flops=BUDGET, inference_tokens=0)
    assert nothing.decision == lone.decision


def test_the_published_saving_of_serving():
    # Law-catalogue entry 52: the quality of 30B on 1.67e12 tokens, 5e12 tokens served.
    law = Chinchilla.hoffmann2022
    found = allocate(law, loss=law(params=30e9, tokens=1.67e12), inference_tokens=5e12)
    assert found.decision["params"] == pytest.approx(16.8e9, rel=0.01)
    assert found.decision["tokens"] == pytest.approx(3.40e12, rel=0.01)
    assert found.decision["saving"] == pytest.approx(0.15, abs=0.005)
    assert found.alternatives[-1]["params"] == pytest.approx(30e9, rel=0.01)


def test_serving_more_than_the_budget_leaves_no_room(fitted):
    with pytest.raises(RefusalError, match="Serving"):
        plan(fitted, flops=1e12, inference_tokens=1e13)


def test_unique_tokens_with_a_borrowed_decay_and_with_a_law_that_knows_it(fitted):
    found = plan(fitted, flops=BUDGET, unique_tokens=1e11)
    assert found.decision["epochs"] == pytest.approx(found.decision["tokens"] / 1e11)
    assert found.decision["effective_tokens"] < found.decision["tokens"]
    assert any("borrowed constant" in line and "Muennighoff" in line for line in found.assumes)
    assert any(line.startswith("with unlimited unique tokens: 73.2B") for line in found.changes_if)
    own = allocate(Muennighoff.muennighoff2023, flops=1e22, unique_tokens=25e9)
    assert own.decision["params"] == pytest.approx(7.02e9, rel=0.01)
    assert not any("borrowed" in line for line in own.assumes)
    assert "effective_tokens" not in own.decision


def test_what_would_change_the_plan_comes_with_sizes(fitted):
    found = plan(fitted, flops=BUDGET)
    text = "\n".join(found.changes_if)
    assert "--inference-tokens): 46.4B parameters" in text
    assert "--unique-tokens" in text
    assert "over the draws of the fit (90%)" in text


def test_published_constants_have_no_interval_and_say_why():
    found = allocate(Chinchilla.besiroglu2024, flops=BUDGET)
    assert all(value is None for value in found.interval.values())
    assert found.regret is None
    assert found.grade.letter == "D"
    document = json.loads(found.to_json())
    for name in ("params", "tokens", "tokens_per_param", "loss", "loss_curve"):
        assert document["interval"][name] is None
        assert document["interval"][f"{name}_reason"]
    assert document["regret"] is None
    assert document["regret_reason"]
    assert document["plateau"]["basis"] == "law"
    assert document["extrapolation"] is None
    assert document["extrapolation_reason"]


def test_rounded_constants_bring_their_warning():
    found = allocate(Chinchilla.hoffmann2022_rounded, flops=1e22)
    assert [n.code for n in found.notices] == ["published-note"]


def test_a_fit_without_draws_says_so(stand_in):
    found = plan(stand_in(draws=0), flops=BUDGET)
    assert found.interval["params"] is None
    assert "intervals='none'" in found.reasons["interval.params"]
    assert found.interval["loss"] is not None


def none_keys(value, path=""):
    """Every None in a document, with the keys of its surroundings."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if inner is None:
                yield f"{path}.{key}", value
            yield from none_keys(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from none_keys(inner, f"{path}[{index}]")


@pytest.mark.parametrize("keywords", [{"flops": BUDGET}, {"loss": 2.1, "inference_tokens": 5e12}])
def test_the_document_has_the_promised_shape_and_reasons_for_what_is_unknown(fitted, keywords):
    document = json.loads(plan(fitted, **keywords).to_json())
    assert document["kind"] == "plan"
    for name in ("gnomon", "decision", "interval", "assumes", "alternatives", "regret", "changes_if", "warnings"):
        assert name in document
    allowed = ("needs", "curve", "path", "bias", "law_params", "leading_bias", "low_reason")
    for path, surroundings in none_keys(document):
        key = path.rsplit(".", 1)[-1]
        assert f"{key}_reason" in surroundings or any(part in path for part in allowed), path
    if "loss" in keywords:  # a quarter of the size cannot reach the loss
        missing = [row for row in document["alternatives"] if row["tokens"] is None]
        assert "does not reach the loss" in missing[0]["tokens_reason"]


def test_the_sentences(fitted):
    lines = plan(fitted, flops=BUDGET).lines()
    assert lines[0] == "Train 73.2B parameters on 1.31T tokens (17.9 per parameter)."
    assert lines[1] == "Expect a loss of 1.97; nine runs in ten land in 1.93 to 2.01."
    assert lines[2].startswith("Any size from 3")
    assert lines[3].startswith("Confidence ")
    published = allocate(Chinchilla.besiroglu2024_grid, flops=BUDGET).lines()
    assert "no interval" in published[1]
    html = plan(fitted, flops=BUDGET)._repr_html_()
    assert html.count("<tr>") == 5
    assert "73.2B" in html


def test_decimals_follow_the_width():
    assert [loss_text(1.97392, half) for half in (None, 0.2, 0.04, 0.004, 0.0)] == [
        "1.974",
        "1.97",
        "1.97",
        "1.974",
        "1.974",
    ]
    assert loss_text(312.7, 20.0) == "313"
    assert [share_text(x) for x in (0.0, 2e-5, 0.0028, 0.033, 0.5)] == ["0.00%", "<0.01%", "0.28%", "3.3%", "50%"]
    assert flop_text(1.46e11) == "146 GFLOP"


def test_the_path_runs_from_the_smallest_run_past_the_plan(fitted):
    path = plan(fitted, flops=BUDGET).path
    assert path["budget"][0] == pytest.approx(5e18)
    assert path["budget"][-1] == pytest.approx(2 * BUDGET)
    assert path["loss"] == sorted(path["loss"], reverse=True)
    widths = np.log(np.array(path["params_high"]) / np.array(path["params_low"]))
    assert widths[-1] > 2 * widths.min()
    assert all(
        low <= n <= high for low, n, high in zip(path["params_low"], path["params"], path["params_high"], strict=True)
    )


def test_distance_and_grade(fitted):
    found = plan(fitted, flops=BUDGET)
    assert found.extrapolation["factor"] == pytest.approx(57.6)
    assert found.extrapolation["decades"]["flops"] == pytest.approx(math.log10(57.6))
    assert found.extrapolation["decades"]["tokens_per_param"] == 0.0
    inside = plan(fitted, flops=1e21)
    assert set(inside.extrapolation["decades"].values()) == {0.0}
    assert inside.grade.letter <= found.grade.letter <= plan(fitted, flops=1e27).grade.letter == "D"
    assert any("4 budgets have sizes on both sides" in reason.text for reason in found.grade.reasons)


def test_without_brackets_no_better_than_c(stand_in):
    fit = stand_in()
    keep = fit.data["params"] < 3e8
    fit.data = {name: values[keep] for name, values in fit.data.items()}
    found = plan(fit, flops=1e20)
    assert found.grade.letter >= "C"
    assert not found.grade.reasons[0].good
    assert found.grade.reasons[0].needs


def test_the_isoflop_check_rides_along_and_is_missed_with_a_reason(fitted, stand_in):
    check = plan(fitted, flops=BUDGET).cross_check
    assert check["bracketed"] == 4
    assert check["exponent"]["value"] == pytest.approx(0.514, abs=0.01)
    assert check["low"] <= check["params"] <= check["high"]
    assert check["corrected_params"] == pytest.approx(plan(fitted, flops=BUDGET).decision["params"], rel=0.01)
    fit = stand_in()
    rng = np.random.default_rng(0)
    fit.data = {name: values * np.exp(rng.uniform(-1, 1, len(values))) for name, values in fit.data.items()}
    scattered = plan(fit, flops=BUDGET)
    assert scattered.cross_check is None
    assert "not an isoFLOP study" in scattered.reasons["cross_check"]


class OneTerm(Law):
    """A product of powers: no best split."""

    id = "one_term"
    inputs = ("params", "tokens")
    text = "loss = E + A / (params^a * tokens^b)"
    E: float = floor("floor")
    A: float = coefficient("amplitude", params="a", tokens="b")
    a: float = exponent("size")
    b: float = exponent("data")

    def formula(self, params, tokens):
        return self.E + self.A / (params**self.a * tokens**self.b)


@pytest.mark.parametrize(
    ("law", "said"),
    [
        (Chinchilla(**(Chinchilla.besiroglu2024.values | {"B": 0.0})), "a single training token"),
        (Chinchilla(**(Chinchilla.besiroglu2024.values | {"A": 0.0})), "a model of one parameter"),
        (OneTerm(E=1.0, A=100.0, a=0.3, b=0.1), "a single training token"),
        (OneTerm(E=1.0, A=100.0, a=0.1, b=0.3), "a model of one parameter"),
    ],
)
def test_no_optimum_inside_is_refused(law, said):
    with pytest.raises(RefusalError, match=said) as caught:
        allocate(law, flops=1e22)
    assert caught.value.code == "optimum-at-edge"


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({}, "either a budget"),
        ({"flops": 1e22, "loss": 2.0}, "either a budget"),
        ({"flops": -1e22}, "flops must be a positive number"),
        ({"flops": float("nan")}, "flops must be a positive number"),
        ({"flops": "1e22"}, "flops must be a positive number"),
        ({"loss": 1e5}, "smallest model"),
        ({"flops": 1e22, "unique_tokens": 0}, "unique_tokens must be"),
        ({"flops": 1e22, "inference_tokens": -1.0}, "inference_tokens must be"),
        ({"flops": 1e22, "level": 90}, "level lies between"),
        ({"flops": 1e22, "tolerance": 0}, "tolerance is a share"),
    ],
)
def test_bad_calls_are_named(keywords, said):
    with pytest.raises(InputError, match=said):
        allocate(Chinchilla.besiroglu2024, **keywords)


def test_bad_sources_are_named():
    with pytest.raises(InputError, match="kaplan_n takes only params"):
        allocate(next(iter(KaplanN.constants().values())), flops=1e22)
    with pytest.raises(InputError, match="one value a parameter"):
        allocate(Chinchilla(**{k: np.full((3, 1), v) for k, v in Chinchilla.besiroglu2024.values.items()}), flops=1e22)
    with pytest.raises(InputError, match="from a fit or from a law"):
        allocate("chinchilla", flops=1e22)
    with pytest.raises(UnknownNameError, match="6ND"):
        allocate(Chinchilla.besiroglu2024, flops=1e22, cost="6nd")
