"""Every public data set gnomon knows by name, with its source and commit."""

from __future__ import annotations

from gnomon.datasets.chinchilla_epoch import points
from gnomon.datasets.public import Dataset, Original
from gnomon.errors import UnknownNameError, near

_SETS = (
    Dataset(
        "chinchilla_epoch",
        "Besiroglu et al. 2024: 245 runs read off figure 4 of Hoffmann et al. 2022",
        "epoch-research/analyzing-chinchilla",
        "92258837",
        "data/svg_extracted_data.csv",
        None,
        "Sizes and FLOP are pixel readings; the five highest losses move beta from 0.37 to 0.45.",
        Original(
            "https://raw.githubusercontent.com/epoch-research/analyzing-chinchilla/"
            "92258837425e1b5f2851d624287f0120583a3d0e/data/svg_extracted_data.csv",
            "193478df4e90f040016431996c45682659306840ecdadf83cfb9cd5ca0aa1b30",
            points,
        ),
    ),
    Dataset(
        "gadre_overtraining",
        "Gadre et al. 2024: over-training and downstream error, C4 and RedPajama",
        "mlfoundations/scaling",
        "a003c491",
        "exp_data/",
        "MIT",
        "Five points for four parameters; sizes count embeddings.",
    ),
    Dataset(
        "steplaw",
        "Li et al. 2025: learning rate and batch size grids, dense and mixture-of-experts",
        "step-law/steplaw",
        "32a8f4cc",
        "data/",
        None,
        "loss is the smoothed training loss; sizes are non-embedding.",
    ),
    Dataset(
        "multipower",
        "Luo et al. 2025: loss curves under nine learning-rate schedules, 25M and 100M",
        "thu-yao-01-luo/MultiPowerLaw",
        "8da9f190",
        "loss_curve_repo/",
        "MIT",
        "The sum over the rate's changes must start in the warm-up.",
    ),
    Dataset(
        "olmo_ladder",
        "Bhagia et al. 2024: 30 ladder runs with losses and accuracies of every checkpoint",
        "allenai/OLMo-ladder",
        "67a3f440",
        "src/scripts/paper/data/ladder-runs/",
        "Apache-2.0",
        "params are non-embedding.",
    ),
    Dataset(
        "laion_clip",
        "Nezhurina et al. 2025: CLIP and MaMMUT, zero-shot and segmentation",
        "LAION-AI/scaling-laws-for-comparison",
        "5343917d",
        "overview.ipynb, scaling_laws/data/",
        None,
        "flops are forward only; scores are maxima over a sweep.",
    ),
    Dataset(
        "revisiting_benchmark",
        "Alabdulmohsin et al. 2022: learning curves to be extrapolated",
        "google-research/google-research",
        "9853680c",
        "revisiting_neural_scaling_laws/data/",
        "Apache-2.0",
        "The 72 image curves are 24 groups of the same checkpoints; some rows repeat.",
    ),
    Dataset(
        "datablations",
        "Muennighoff et al. 2023: data-constrained runs on C4",
        "huggingface/datablations",
        "13701315",
        "utils/parametric_fit.ipynb, plotstables/return.ipynb",
        "Apache-2.0",
        "127 of 309 runs are outside the published fit.",
    ),
    Dataset(
        "misfitting",
        "Li, Kudugunta, Zettlemoyer 2025: runs of several sizes and learning rates, every checkpoint",
        "hadasah/scaling_laws",
        "1f3708c0",
        "data/scaling_results.csv",
        None,
        "27 measurements occur twice.",
    ),
    Dataset(
        "porian",
        "Porian et al. 2024: isoFLOP points on RefinedWeb under step-by-step corrections of Kaplan's recipe",
        "formll/resolving-scaling-law-discrepancies",
        "0dc60d91",
        "data/summary_df*.pickle.xz",
        "MIT",
        "The same run appears under several ways of counting parameters.",
    ),
    Dataset(
        "isoflops",
        "IsoFLOP points of several laboratories, gathered by Open-Athena",
        "Open-Athena/scaling-law-analysis",
        "3e0656ee",
        "data/isoflops/transform/isoflops.csv",
        None,
        "Two overlapping readings of Chinchilla: never pool them.",
    ),
    Dataset(
        "xlstm",
        "Beck et al. 2025: isoFLOP runs of Transformers and xLSTM",
        "NX-AI/xlstm_scaling_laws",
        "604bb306",
        "data/*_wandb_data.pkl",
        None,
        "Budgets count attention, 6 params tokens does not: group by isoflop_group.",
    ),
    Dataset(
        "gemstones",
        "McLeish et al. 2025: runs of varied width and depth to 350B tokens",
        "mcleish7/gemstone-scaling-laws",
        "5f420478",
        "wandb_dfs/, benchmarks/",
        "MIT",
    ),
    Dataset(
        "obsscaling",
        "Ruan, Maddison, Hashimoto 2024: benchmark scores of public models",
        "ryoungj/ObsScaling",
        "4d6e1e43",
        "eval_results/",
        "Apache-2.0",
        "24 models have no token count.",
    ),
    Dataset(
        "pythia_evals",
        "Pythia's own evaluations along training",
        "EleutherAI/pythia",
        "a19eecb8",
        "evals/pythia-v1/",
        "Apache-2.0",
    ),
    Dataset(
        "hitchhiker",
        "Choshen, Zhang, Andreas 2024: parts of their collection",
        "IBM/ColPret",
        "16f23bbe",
        "aggregated_eval/",
        "MIT",
    ),
    Dataset(
        "pass_at_k",
        "Schaeffer et al. 2025: correct answers per problem under repeated sampling",
        "RylanSchaeffer/KoyejoLab-Large-How-Do-Language-Monkey-Power-Get-Their-Power",
        "cd078aef",
        "data/",
        None,
    ),
    Dataset(
        "o1_majority_vote",
        "Accuracy of o1-mini on AIME by tokens spent",
        "hughbzhang/o1_inference_scaling_laws",
        "4cf12c67",
        "helpers/results_log_majority_vote.json",
        None,
    ),
    Dataset(
        "parscale",
        "Chen et al. 2025: final losses by parameters and parallel streams",
        "QwenLM/ParScale",
        "cd6acb48",
        "parametric_fit.py",
        None,
        why_not="its numbers stand in a program, not in a table",
    ),
    Dataset(
        "regmix",
        "Liu et al. 2024: random data mixtures and their losses by domain, 1M and 60M parameters",
        "sail-sg/regmix",
        "b004d3a3",
        "data/",
        "MIT",
    ),
    Dataset(
        "mixing_laws",
        "Ye et al. 2024: losses along training for mixtures of two, three and five domains",
        "yegcjs/mixinglaws",
        "8ad3e124",
        "data/",
        None,
        "The order of the five domains is inferred.",
    ),
    Dataset(
        "nanochat",
        "Karpathy 2026: isoFLOP optima under three ways of counting parameters",
        "karpathy/nanochat",
        "92d63d4e",
        "dev/LOG.md",
        "MIT",
        "Budgets are printed rounded: the sweep was 1e18, 2.15e18, 4.64e18, 1e19 (runs/scaling_laws.sh).",
        why_not="its numbers stand in a diary, not in a table",
    ),
)

DATASETS: dict[str, Dataset] = {entry.name: entry for entry in _SETS}


def dataset(name: str) -> Dataset:
    """A set by its name.

    Raises:
        UnknownNameError: there is no such set.
    """
    if name not in DATASETS:
        raise UnknownNameError(f"There is no public data set {name!r}.", hint=near(name, DATASETS))
    return DATASETS[name]
