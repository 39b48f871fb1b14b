"""A small contest for tests: its truth, files that can be sent, people with tokens."""

from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
import polars as pl

from cygnet.site.folder import CONTEST_FILE, write_secrets

N_PATIENTS = 60

CONTEST = """\
name = "isic2020"
title = "Melanoma of synthetic patients"
organiser_email = "organisers@example.org"
time_zone = "Europe/Vienna"

[rules]
opens = 2020-05-27T00:00:00+00:00
closes = 2020-08-17T23:59:00+00:00
daily_limit = 5
"""


def make_truth() -> pl.DataFrame:
    """Sixty patients with six images each; every third patient has a melanoma."""
    rows = [
        (f"ISIC_{p * 6 + i:07d}", f"IP_{p:07d}", int(p % 3 == 0 and i == 0))
        for p in range(N_PATIENTS)
        for i in range(6)
    ]
    return pl.DataFrame(rows, schema=["image_name", "patient_id", "target"], orient="row")


def predictions(separation: float = 5.0, seed: int = 0) -> bytes:
    """A file whose probabilities of melanomas are shifted by ``separation``."""
    truth = make_truth()
    noise = np.random.default_rng(seed).normal(size=truth.height)
    logit = noise + separation * truth["target"].to_numpy() - 2
    stream = StringIO()
    truth.select("image_name").with_columns(target=1 / (1 + np.exp(-logit))).write_csv(stream)
    return stream.getvalue().encode()


def write_contest(folder: Path, text: str = CONTEST) -> Path:
    """Write what stands in a contest folder before anything was made of it."""
    write_secrets(
        folder,
        {
            "secret_key": "a secret of tests, as long as it has to be for ever",
            "webhook_secret": "another",
        },
    )
    (folder / CONTEST_FILE).write_text(text, encoding="utf-8")
    truth = folder / "truth.csv"
    make_truth().write_csv(truth)
    return truth


@dataclass(frozen=True)
class Participant:
    """A person with a team."""

    email: str
    team: str
    token: str

    @property
    def header(self) -> dict[str, str]:
        """The header that opens the API."""
        return {"authorization": f"Bearer {self.token}"}
