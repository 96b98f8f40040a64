"""How the best size and the best number of tokens grow with compute: published exponents of many labs and domains."""

from __future__ import annotations

from typing import Any

from gnomon.laws.anchored import Anchored
from gnomon.laws.law import Published, coefficient, exponent
from gnomon.laws.references import BIBTEX

PF_DAY = 8.64e19  # FLOP in a petaflop-day
ATHENA = "Open Athena 2026, table A1 (quoting the paper)"
DOUBTFUL = "Equals another row of the copy read: doubtful."
FRONTIER = "Without a correction for the schedule: a fixed-schedule frontier, as newer work (about 0.5) is not."

# name: what, exponent of params, exponent of tokens
EXPONENTS = {
    "hoffmann2022": ("Chinchilla, approach 2", 0.49, 0.51),
    "deepseek_early": ("DeepSeek, early data", 0.450, 0.550),
    "deepseek_current": ("DeepSeek, current data", 0.524, 0.476),
    "openwebtext2": ("transformers on OpenWebText2", 0.578, 0.422),
    "evo_transformer": ("DNA, Transformer++", 0.552, 0.551),
    "evo_mamba": ("DNA, Mamba", 0.388, 0.487),
    "evo_hyena": ("DNA, Hyena", 0.504, 0.499),
    "evo_striped_hyena": ("DNA, StripedHyena", 0.483, 0.539),
    "health_records": ("electronic health records", 0.58, 0.44),
    "xlstm": ("xLSTM", 0.547, 0.417),
    "xlstm_transformer": ("the xLSTM paper's Transformer", 0.575, 0.424),
    "dit": ("diffusion transformers", 0.5681, 0.4319),
    "discrete_diffusion": ("discrete diffusion of text", 0.589, 0.411),
    "protein_causal": ("proteins, causal", 0.578, 0.422),
    "protein_masked": ("proteins, masked", 0.776, 0.230),
    "nethack": ("imitation in NetHack", 0.61, 0.39),
    "battle_zone": ("imitation in Battle Zone", 0.58, 0.51),
    "breakout": ("imitation in Breakout", 0.74, 0.46),
    "audio": ("audio tokens", 0.367, 0.579),
    "motion2025": ("joint motion forecasting (tokens are scenes)", 0.63, 0.44),
    "kaplan2020": ("Kaplan et al. 2020, without embeddings, fixed schedule", 0.73, 0.27),
}
NOTES = {
    "motion2025": "a + b = 1.07: the two were fitted apart, and compute is not 6 N D with D in scenes.",
    "evo_transformer": "a + b is not 1: the two were fitted apart.",
    "kaplan2020": "Head not counted, warm-up of small runs too long, not tuned: see Porian et al. 2024.",
}

# domain: C_N in petaflop-days and beta of N_opt = (C / C_N)^beta. Henighan et al. 2020, table 1.
HENIGHAN = {
    "language": ("Language", 3.3e-13, 0.73),
    "image_8": ("Image 8x8", 5.3e-14, 0.64),
    "image_16": ("Image 16x16", 4.8e-12, 0.75),
    "image_32": ("Image 32x32", 1.6e-13, 0.65),
    "image_vq16": ("Image VQ 16x16", 6.2e-14, 0.64),
    "image_vq32": ("Image VQ 32x32", 9.4e-13, 0.70),
    "text_to_image": ("Text-to-Im", 9.4e-13, 0.70),
    "image_to_text": ("Im-to-Text", 3.3e-12, 0.72),
    "video_vq": ("Video VQ 16x16x16", 1.13e-12, 0.71),
    "math": ("Math (extrapolate)", 2.3e-12, 0.69),
}


def _shapes(which: int, letter: str) -> dict[str, Published]:
    return {
        name: Published(
            {letter: float(entry[which])},
            f"{entry[0]}; {'Kaplan et al. 2020' if name == 'kaplan2020' else ATHENA}",
            note=NOTES.get(name, ""),
        )
        for name, entry in EXPONENTS.items()
    }


class OptimalParams(Anchored):
    """Compute-optimal size by compute.

    N = k C^a. Henighan et al. write (C / C_N)^beta with C in petaflop-days: k = C_N^-beta in those.

    Source: Hoffmann et al. 2022, approach 2; Henighan et al. 2020, equation 1.4.
    """

    id = "optimal_params"
    question = "How does the compute-optimal size grow with compute, here and in other domains?"
    inputs = ("flops",)
    output = "params"
    text = "params = k * flops^a"
    source = "Henighan et al. 2020, equation 1.4 and table 1; exponents of other labs in Open Athena 2026"
    bibtex = BIBTEX["henighan2020"]
    holds = "To compare allocations between domains, and to carry one tuned size to a nearby budget."
    misleads = "Exponents from parabolas through few budgets carry errors of several hundredths; plan from a surface."
    ranges = {"flops": (1e17, 1e24)}
    amplitude = "k"

    k: float = coefficient("coefficient", output="params", flops="-a")
    a: float = exponent("compute exponent", typical=0.5)

    published = {
        f"henighan2020_{name}": Published(
            {"k": (c * PF_DAY) ** -beta, "a": beta},
            f"Henighan et al. 2020, table 1, {what}",
            checks=(({"flops": c * PF_DAY}, 1.0, 1e-9), ({"flops": 1e10 * c * PF_DAY}, 10 ** (10 * beta), 1e-9)),
            note=f"{FRONTIER} {DOUBTFUL}" if name == "text_to_image" else FRONTIER,
        )
        for name, (what, c, beta) in HENIGHAN.items()
    }
    shapes = _shapes(1, "a")

    def formula(self, flops: Any) -> Any:
        """K flops^a."""
        return self.k * flops**self.a


class OptimalTokens(Anchored):
    """Compute-optimal number of tokens by compute.

    D = k C^b.

    Source: Hoffmann et al. 2022, approach 2.
    """

    id = "optimal_tokens"
    question = "How does the compute-optimal number of tokens grow with compute, here and in other domains?"
    inputs = ("flops",)
    output = "tokens"
    text = "tokens = k * flops^b"
    source = "Hoffmann et al. 2022, approach 2; exponents of other labs in Open Athena 2026"
    bibtex = BIBTEX["openathena2026"]
    holds = "To compare allocations between domains, and to carry one tuned number of tokens to a nearby budget."
    misleads = "Rounded constants are not usable: Llama 3's .29 C^.53 gives 10.5T tokens where the paper says 16.55T."
    ranges = {"flops": (1e17, 1e24)}
    amplitude = "k"

    k: float = coefficient("coefficient", output="tokens", flops="-b")
    b: float = exponent("compute exponent", typical=0.5)

    published = {
        "llama3_printed": Published(
            {"k": 0.29, "b": 0.53},
            "Llama team 2024, as printed; quoted here from a secondary source",
            checks=(({"flops": 3.8e25}, 1.05e13, 2e-2),),
            note="Contradicts the 16.55e12 tokens printed beside it; llama3 has the values that give 16.3e12.",
        ),
        "llama3": Published(
            {"k": 0.299, "b": 0.537},
            "Llama team 2024; constants quoted here from a secondary source",
            checks=(({"flops": 3.8e25}, 1.63e13, 2e-2),),
        ),
    }
    shapes = _shapes(2, "b")

    def formula(self, flops: Any) -> Any:
        """K flops^b."""
        return self.k * flops**self.b
