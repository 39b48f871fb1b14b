"""What ISIC's official scorer says of the scores that stand beside the pROC figures.

Regenerate ``expectations.json`` in an environment of its own (the scorer needs an older pandas)::

    pip install isic-challenge-scoring==5.6.0 pandas==2.3.3
    python tests/evaluation/official_scorer/expectations.py

Every model is scored as it is, and with the images counted 1, 2, 3, 4, 1, 2, ... times.
"""

import json
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).parent
SCORES = FOLDER.parent / "proc" / "scores.csv"
MODELS = ("whole", "two_decimals", "one_decimal", "chance")


def official_scores() -> dict[str, dict[str, dict[str, float]]]:
    """Score each model by the official scorer: ``{weighing: {model: {metric: value}}}``."""
    pandas = import_module("pandas")
    scorer = import_module("isic_challenge_scoring.classification")
    images = pandas.read_csv(SCORES, float_precision="round_trip")
    found: dict[str, dict[str, dict[str, float]]] = {}
    for weighing, weight in (("plain", 1.0), ("weighted", 1.0 + images.index.to_series() % 4)):
        weights = pandas.DataFrame(
            {"score_weight": weight, "validation_weight": 1.0}, index=images.index
        )
        found[weighing] = {}
        for model in MODELS:
            score = scorer.ClassificationScore(
                images[["target"]].astype(float).rename(columns={"target": "MEL"}),
                images[[model]].rename(columns={model: "MEL"}),
                weights,
                scorer.ClassificationMetric.AUC,
            )
            row = score.per_category.loc["MEL"]
            found[weighing][model] = {str(name): float(row[name]) for name in row.index}
    return found


if __name__ == "__main__":
    packages = ("isic-challenge-scoring", "scikit-learn", "pandas", "numpy")
    document = {
        "made_by": {"script": Path(__file__).name} | {name: version(name) for name in packages},
        **official_scores(),
    }
    text = json.dumps(document, indent=2) + "\n"
    (FOLDER / "expectations.json").write_text(text, encoding="utf-8")
