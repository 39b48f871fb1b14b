import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from challenge_cohort import SEED, small_truth, unsplit_truth
from cygnet.challenge.sealing import (
    PRIVATE_TRUTH,
    Secrets,
    commitment,
    commitment_holds,
    load_image_names,
    load_public,
    load_sealed,
    new_secrets,
    read_secrets,
    store_truth,
    validate_apart,
    write_secrets,
)
from cygnet.challenge.truth import ContestTruth, Usage, part_of, read_contest_truth, split_truth
from cygnet.errors import InputError


def patients_of(truth: ContestTruth, usage: Usage, *, malignant: bool) -> set[str]:
    table = truth.table.filter(pl.col("usage") == usage.value)
    with_melanoma = set(table.filter(pl.col("target") == 1)["patient_id"])
    return with_melanoma if malignant else set(table["patient_id"]) - with_melanoma


def test_patients_are_dealt_whole_and_in_both_strata(rng: np.random.Generator) -> None:
    truth = small_truth(rng)
    for malignant, n_patients in ((True, 60), (False, 180)):
        public = patients_of(truth, Usage.PUBLIC, malignant=malignant)
        private = patients_of(truth, Usage.PRIVATE, malignant=malignant)
        assert len(public) == round(0.3 * n_patients)
        assert len(public) + len(private) == n_patients
        assert not public & private


def test_the_seed_decides_who_is_public(rng: np.random.Generator) -> None:
    truth = unsplit_truth(rng)
    again = ContestTruth(truth.table.sample(fraction=1, shuffle=True, seed=3).sort("image_name"))
    assert split_truth(truth, SEED).digest == split_truth(again, SEED).digest
    other = split_truth(truth, b"another seed")
    assert split_truth(truth, SEED).digest != other.digest
    both = [patients_of(one, Usage.PUBLIC, malignant=True) for one in (other, small_truth(rng))]
    assert both[0] != both[1]


def test_the_parts_are_alike_in_images_and_melanomas(rng: np.random.Generator) -> None:
    truth = unsplit_truth(rng)
    shares = []
    for number in range(20):
        part = part_of(split_truth(truth, bytes([number])), Usage.PUBLIC)
        shares.append((part.n_images / truth.table.height, part.sample.n_positive / 118))
    assert np.abs(np.array(shares)[:, 0] - 0.3).max() < 0.03


def test_an_image_without_a_patient_is_one_of_its_own() -> None:
    table = pl.DataFrame(
        {
            "image_name": [f"i{n:02d}" for n in range(40)],
            "patient_id": pl.Series([None] * 40, dtype=pl.String),
            "target": [n % 2 for n in range(40)],
            "usage": pl.Series([None] * 40, dtype=pl.String),
        }
    )
    part = part_of(split_truth(ContestTruth(table), SEED), Usage.PUBLIC)
    assert (part.n_images, part.n_patients) == (12, 12)


def test_a_truth_with_too_few_melanomas_is_refused() -> None:
    table = pl.DataFrame(
        {
            "image_name": ["a", "b", "c", "d", "e"],
            "patient_id": list("vwxyz"),
            "target": [1, 1, 0, 0, 0],
            "usage": pl.Series([None] * 5, dtype=pl.String),
        }
    )
    with pytest.raises(InputError, match="1 patients with a melanoma"):
        split_truth(ContestTruth(table), SEED)


TRUTH = "image_name,patient_id,target,Usage\n" + "".join(
    f"i{n:02d},p{n:02d},{n % 2},{'Public' if n < 20 else 'private'}\n" for n in range(50)
)


def test_a_given_usage_is_kept(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(TRUTH)
    truth = read_contest_truth(tmp_path / "truth.csv")
    assert split_truth(truth, SEED) is truth
    assert part_of(truth, Usage.PUBLIC).n_images == 20
    assert truth.notes == ()


def test_a_patient_on_both_sides_is_said(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(TRUTH.replace("p30", "p02"))
    notes = read_contest_truth(tmp_path / "truth.csv").notes
    assert notes[0].startswith("1 patients stand in both parts")


def test_an_unknown_usage_is_refused_by_row_and_without_labels(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(TRUTH.replace("i05,p05,1,Public", "i05,p05,1,Ignored"))
    with pytest.raises(InputError, match=r"Found 1: row 7\."):
        read_contest_truth(tmp_path / "truth.csv")


def test_the_commitment_holds_for_the_same_secrets_and_truth_alone(
    rng: np.random.Generator,
) -> None:
    truth, secrets = small_truth(rng), new_secrets()
    published = commitment(secrets, truth.digest)
    assert commitment_holds(published.upper() + "\n", secrets, truth.digest)
    changed = truth.table.with_columns(
        target=pl.when(pl.col("image_name") == "ISIC_0000000")
        .then(1 - pl.col("target"))
        .otherwise(pl.col("target"))
        .cast(pl.Int8)
    )
    assert not commitment_holds(published, secrets, ContestTruth(changed).digest)
    assert not commitment_holds(published, new_secrets(), truth.digest)
    moved = Secrets(secrets.seed[:-1], secrets.seed[-1:] + secrets.salt)
    assert commitment(moved, truth.digest) != published


def test_secrets_show_nothing_and_are_their_owners_alone(tmp_path: Path) -> None:
    secrets = new_secrets()
    assert secrets.seed.hex() not in repr(secrets)
    assert repr(secrets) == "Secrets()"
    file = tmp_path / "keys" / "secrets.json"
    write_secrets(file, secrets)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_secrets(file) == secrets
    file.chmod(0o640)
    with pytest.raises(InputError, match="0640"):
        read_secrets(file)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"seed": "zz", "salt": "00"}', '{"seed": "00", "salt": "00"}']
)
def test_a_torn_file_of_secrets_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(InputError):
        read_secrets(file)


def test_the_site_reads_the_public_part_without_the_sealed_one(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    truth = small_truth(rng)
    store_truth(truth, open_folder=tmp_path / "open", sealed_folder=tmp_path / "sealed")
    before = part_of(truth, Usage.PUBLIC)
    whole = load_sealed(tmp_path / "open", tmp_path / "sealed")
    assert whole.digest == truth.digest
    for file in (tmp_path / "sealed").iterdir():
        file.unlink()
    part = load_public(tmp_path / "open")
    assert load_image_names(tmp_path / "open") == truth.image_names
    assert np.array_equal(part.positions, before.positions)
    assert np.array_equal(part.sample.target, before.sample.target)
    assert np.array_equal(part.sample.patient, before.sample.patient)
    with pytest.raises(InputError, match="no such file"):
        load_sealed(tmp_path / "open", tmp_path / "sealed")


def test_no_private_label_lies_in_the_open_folder(rng: np.random.Generator, tmp_path: Path) -> None:
    truth = small_truth(rng)
    store_truth(truth, open_folder=tmp_path / "open", sealed_folder=tmp_path / "sealed")
    private = truth.table.filter(pl.col("usage") == "Private")
    ids = set(private["image_name"])
    assert ids
    for file in (tmp_path / "open").iterdir():
        lines = [line.split(",") for line in file.read_text().splitlines()]
        assert not [cells for cells in lines if len(cells) > 1 and cells[0] in ids]
    modes = [f.stat().st_mode & 0o777 for f in tmp_path.rglob("*truth.csv")]
    assert modes == [0o600, 0o600]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: f.write_text(f.read_text().replace("ISIC_", "ISIX_", 1)),
        lambda f: f.write_text("image_name\n"),
        lambda f: f.chmod(0o644),
    ],
)
def test_a_changed_sealed_part_is_refused(
    rng: np.random.Generator, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    store_truth(small_truth(rng), open_folder=tmp_path / "open", sealed_folder=tmp_path / "sealed")
    spoil(tmp_path / "sealed" / PRIVATE_TRUTH)
    with pytest.raises(InputError):
        load_sealed(tmp_path / "open", tmp_path / "sealed")


def test_nothing_sealed_lies_beside_its_key(rng: np.random.Generator, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two folders"):
        store_truth(small_truth(rng), open_folder=tmp_path, sealed_folder=tmp_path / "x" / "..")
    with pytest.raises(InputError, match="lie in one folder"):
        validate_apart(tmp_path / "secrets.json", tmp_path / PRIVATE_TRUTH)
    validate_apart(tmp_path / "keys" / "secrets.json", tmp_path / "sealed" / PRIVATE_TRUTH)


def test_a_truth_that_is_not_split_is_not_stored(rng: np.random.Generator, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not split"):
        store_truth(
            unsplit_truth(rng), open_folder=tmp_path / "open", sealed_folder=tmp_path / "sealed"
        )
