"""How does the study of the public board read as a page? Its tables, and what they mean."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Give a table of Markdown."""
    titles = list(header)
    lines = [f"| {' | '.join(titles)} |", f"| {' | '.join('---' for _ in titles)} |"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def page(result: Mapping[str, Any]) -> str:
    """Write ``docs/results/feedback.md`` from what the study gave."""
    shape = {name: f"{np.mean(values):,.0f}" for name, values in result["shape"].items()}
    return _PAGE.format(
        seeds=result["seeds"],
        seconds=result["seconds"],
        **shape,
        random=_random(result["random_files"]),
        kinds=_kinds(result["random_files"]),
        climbing=_climbing(result["climbing"]),
        perturbing=_perturbing(result["perturbing"]),
        one_gain=_strongest(result["perturbing"], 1, "Cygnet, verified teams"),
        five_gain=_strongest(result["perturbing"], 5, "Cygnet, verified teams"),
        one_exact=_strongest(result["perturbing"], 1, "exact scores"),
        five_exact=_strongest(result["perturbing"], 5, "exact scores"),
        **_honest(result["honest"]),
        **_row(result["one_row"]),
    )


def _worst(values: Mapping[str, list[float]], board: str) -> tuple[float, float, str]:
    """Give the worst kind's mean over seeds, the worst seed of any kind, and the kind."""
    kinds = {key.split("|")[1]: one for key, one in values.items() if key.startswith(board + "|")}
    kind = max(kinds, key=lambda name: float(np.mean(kinds[name])))
    return float(np.mean(kinds[kind])), max(max(one) for one in kinds.values()), kind


def _boards(values: Mapping[str, list[float]]) -> list[str]:
    return list(dict.fromkeys(key.split("|")[0] for key in values))


def _random(found: Mapping[str, Mapping[str, list[float]]]) -> str:
    boards = _boards(next(iter(found.values())))
    rows = []
    for board in boards:
        cells = []
        for values in found.values():
            mean, most, kind = _worst(values, board)
            cells.append(f"{mean:.3f} ({most:.3f})" + (f", {kind}" if most > 0.5 else ""))
        rows.append([board, *cells])
    return table(["board", *found], rows)


def _kinds(found: Mapping[str, Mapping[str, list[float]]]) -> str:
    values = next(iter(found.values()))
    kinds = list(dict.fromkeys(key.split("|")[1] for key in values))
    boards = _boards(values)
    return table(
        ["files", *boards],
        [[kind, *(f"{np.mean(values[f'{b}|{kind}']):.3f}" for b in boards)] for kind in kinds],
    )


def _climbing(found: Mapping[str, list[float]]) -> str:
    return table(
        ["teams", "mean", "worst seed"],
        [[name, f"{np.mean(one):.3f}", f"{max(one):.3f}"] for name, one in found.items()],
    )


def _perturbing(found: Mapping[str, Mapping[str, list[float]]]) -> str:
    rows = []
    for name, values in found.items():
        for board in _boards(values):
            for noise in dict.fromkeys(key.split("|")[1] for key in values):
                shares = {
                    key.split("|")[2]: one
                    for key, one in values.items()
                    if key.startswith(f"{board}|{noise}|")
                }
                best = max(shares, key=lambda share: float(np.mean(shares[share])))
                gains = shares[best]
                error = np.std(gains, ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else np.nan
                rows.append(
                    [
                        name,
                        board,
                        noise,
                        f"{np.mean(gains):+.3f} ± {error:.3f}",
                        f"{max(gains):+.3f}",
                    ]
                )
    return table(["teams", "board", "perturbed by", "mean gain ± its error", "worst seed"], rows)


def _strongest(found: Mapping[str, Mapping[str, list[float]]], each: int, board: str) -> str:
    """Give the largest mean gain of any noise and share."""
    values = next(one for name, one in found.items() if name.endswith(f"x {each}"))
    gains = [float(np.mean(one)) for key, one in values.items() if key.startswith(f"{board}|")]
    return f"{max(gains):.3f}"


def _honest(found: Mapping[str, list[float]]) -> dict[str, str]:
    return {
        "first_error": f"{max(found['largest_error_of_a_first_number']):.3f}",
        "mean_loss": f"{np.mean(found['mean_loss_at_the_end']):.3f}",
        "largest_loss": f"{max(found['largest_loss_at_the_end']):.3f}",
        "spearman": f"{np.mean(found['spearman_of_released_and_exact_best']):.3f}",
        "least_spearman": f"{min(found['spearman_of_released_and_exact_best']):.3f}",
    }


def _row(found: Mapping[str, list[float]]) -> dict[str, str]:
    total = sum(found["rows_changed"])
    return {
        "rows": f"{total:,.0f}",
        "moved": f"{sum(found['moved_the_team']):.0f}",
        "other_share": f"{sum(found['other_first_number_of_a_new_team']) / total:.0%}",
    }


_PAGE = """# What the public board gives away

Made by `python benchmarks/feedback_attacks.py --write` ({seeds} seeds, {seconds} s of one core); every figure a seed is in
[feedback.json](feedback.json). Each seed draws a test set of ISIC 2020's shape: 690 patients with the images and melanomas
of training patients ({images} images on average), of whom 30 % are public ({public_images} images, {public_melanomas} melanomas of
{public_patients_with_melanoma} patients). The code is that of the site (`cygnet.challenge.feedback`). Why the rules are as
they are: [the decisions](../decisions/challenge.md).

**The public board is no evidence. Only the private part ranks.**

## Files without knowledge, weighed by what is told of them

The attacker sends 450 files in all and combines them by the answers, in four ways: weights by the answer, by the answer
less its mean, and two ridge regressions. The figure is the **true** public AUROC that the best of the four reaches, chosen
with the truth in hand; 0.5 where the answers say nothing, as then no way to combine is better than chance. Seven kinds of
file are tried. A cell is the mean over seeds of the worst kind (in brackets the worst seed of any kind), and that kind.
Asked was at most 0.55.

{random}
By kind of file, 450 teams with one file each:

{kinds}
A gate by cluster DeLong's error alone, with its words told, does not hold. A file of ties that sets a few single images low
is right by luck whenever none of them is a melanoma, which is likely, and then its empirical error is close to nothing:
"above chance" means "no melanoma among these". The gate therefore takes the larger of that error and of the one that a
file without knowledge has (`chance_error`), which no file can make small; and below the gate all is told alike.

Round by round, each next file being what was learnt so far and chance (Cygnet, verified teams):

{climbing}
## A real model, perturbed

Twenty **verified** teams of one attacker send one real model of AUROC 0.86 (on average) with noise added to each image or to
each patient, in units of the model's spread, and weigh the noise by the answers. The gain is in true public AUROC over the
model, at the weight of the noise that is best on average over the seeds, which an attacker does not know. Asked was at most
0.02.

{perturbing}
**The bound is not kept against the strongest of these.** With one file a team Cygnet tells 20 numbers, and the strongest
attack gains {one_gain}; with 20 exact scores it gains {one_exact}. With five files a team is told of jumps larger than a standard error, which
luck makes too: {five_gain} (exact scores: {five_exact}). Coarser numbers, larger steps and secret offsets were tried: they
take order from honest teams and do not keep the bound with five files ([decisions](../decisions/challenge.md)). The attack needs 20
teams that an organiser verified, and what it gains it gains on the public part alone.

## Honest teams

{spearman} is the mean Spearman correlation of the released numbers with the teams' exact public best (40 teams with AUROC
0.72 to 0.95, five files each, a little better every time; the least over seeds is {least_spearman}). A first number is below
the truth by at most {first_error} (asked: 0.03). At the end a team's number is {mean_loss} below its best on average, at
most {largest_loss}: an improvement that is smaller than its error is not told.

## One changed row

{rows} times one row of a real model was set to the top or the bottom, each melanoma among them: the team's number moved
{moved} times. The step is at least what one image can do to an AUROC, so that this holds by construction.

## What remains possible

- Another, **new** team that sends a copy with one changed row may be told another first number, where the change crosses a
  multiple of 0.02: in {other_share} of the rows above, most of them melanomas. Each such team yields one bit at most. Numbers
  go to verified teams only, and organisers see near-duplicates.
- Many verified teams of one person who perturb a real model: the gain grows with the root of their number of files.
- Knowledge that is no label (image size, a patient's number of images) passes the gate as any model does: it is a model.
- A random file passes the gate by luck with a probability of about 3 in 100,000. Its number is then true.
- Whoever reads the server's memory or database knows exact public scores. Private labels lie elsewhere.
- After the close, late submissions of verified teams learn the interval of their private score, behind the same gate: many
  such teams can perturb a model towards the private labels. The frozen board and its ranks do not change any more.
- The unverified learn one bit a file, and only above the best of the whole contest.
"""  # noqa: E501
