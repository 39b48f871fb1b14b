"""An audit counts what is there and names what is odd, with rows and a remedy."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cygnet.cohort.table import read_dataset
from cygnet.curation.audit import Audit, audit
from cygnet.curation.findings import KINDS, LEVELS, Finding
from cygnet.curation.present import present_images

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "findings.md"
V2 = "ISIC_2020_Training_GroundTruth_v2.csv"
DUPLICATES = "ISIC_2020_Training_Duplicates.csv"

HEADER = (
    "image_name,patient_id,lesion_id,sex,age_approx,anatom_site_general_challenge,diagnosis,"
    "benign_malignant,target"
)
CLEAN = (
    "ISIC_0000001,IP_0000001,IL_0000001,male,45,torso,nevus,benign,0",
    "ISIC_0000002,IP_0000001,IL_0000002,male,45,torso,melanoma,malignant,1",
    "ISIC_0000003,IP_0000002,IL_0000003,female,50,head/neck,unknown,benign,0",
    "ISIC_0000004,IP_0000002,IL_0000004,female,55,torso,unknown,benign,0",
)

Changed = Callable[..., Audit]


def write_folder(
    root: Path,
    rows: tuple[str, ...] = CLEAN,
    files: dict[str, str | bytes] | None = None,
    *,
    images: int = 4,
) -> Path:
    """Write a Kaggle folder; the first ``images`` rows have a file, no two alike in length."""
    (root / "jpeg/train").mkdir(parents=True)
    (root / "train.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    for length, row in enumerate(rows[:images], start=1):
        (root / "jpeg/train" / f"{row.split(',')[0]}.jpg").write_bytes(b"x" * length)
    for name, content in (files or {}).items():
        data = content.encode() if isinstance(content, str) else content
        (root / f"{name}.csv").write_bytes(data)
    return root


def audit_of(folder: Path) -> Audit:
    dataset = read_dataset(folder, for_audit=True)
    return audit(dataset, present_images(dataset))


def only(found: Audit, code: str) -> Finding:
    """Give the one finding of ``code``, and check what every finding owes its reader."""
    (finding,) = [one for one in found.findings if one.code == code]
    assert finding.level == KINDS[code].level
    assert finding.remedy
    assert finding.message
    assert finding.count >= len(finding.examples)
    assert len(finding.examples) <= 5
    return finding


def rows_of(finding: Finding) -> list[int | None]:
    return [example.row for example in finding.examples]


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    """Give the audit of the clean table after a replacement in its text."""

    def change(old: str, new: str, **files: str | bytes) -> Audit:
        rows = tuple("\n".join(CLEAN).replace(old, new).split("\n"))
        assert rows != CLEAN or files
        return audit_of(write_folder(tmp_path, rows, files))

    return change


def test_a_clean_dataset_has_no_errors_and_no_warnings(tmp_path: Path) -> None:
    found = audit_of(write_folder(tmp_path))
    assert found.ok
    assert [one.code for one in found.findings if one.level != "note"] == []
    assert found.layout == "kaggle"


def test_facts_count_images_patients_lesions_and_targets(tmp_path: Path) -> None:
    facts = audit_of(write_folder(tmp_path)).facts
    train = facts["train"]
    assert train["n_images"] == 4
    assert train["n_patients"] == 2
    assert train["n_lesions"] == 4
    assert train["n_malignant"] == 1
    assert train["malignant_share"] == 1 / 4
    assert train["n_melanoma_patients"] == 1
    assert train["mean_images_a_patient"] == 2.0
    assert train["n_patients_of_several_ages"] == 1
    assert train["sex"] == {"female": 2, "male": 2, "missing": 0}
    assert facts["images"]["train"]["n_present"] == 4
    assert facts["images"]["train"]["n_patients_of_both_targets"] == 1
    assert facts["is_isic_2020"] == {"train": False}


def test_json_has_what_is_promised_and_nothing_that_json_has_not(tmp_path: Path) -> None:
    document = audit_of(write_folder(tmp_path, images=2)).as_json()
    assert {"layout", "facts", "findings"} <= set(document)
    text = json.dumps(document, allow_nan=False)
    (missing,) = [one for one in json.loads(text)["findings"] if one["code"] == "missing-images"]
    promised = {"code", "level", "count", "message", "examples", "remedy"}
    assert set(missing) == promised | {"subject", "evidence", "accepted"}
    assert (missing["level"], missing["evidence"]) == ("error", "folder")
    assert (missing["subject"], missing["accepted"]) == ("train", False)
    assert missing["examples"] == [
        {"file": "train.csv", "row": 4, "value": "ISIC_0000003"},
        {"file": "train.csv", "row": 5, "value": "ISIC_0000004"},
    ]


def test_errors_come_first_and_decide(tmp_path: Path) -> None:
    found = audit_of(write_folder(tmp_path, images=0))
    levels = [LEVELS.index(one.level) for one in found.findings]
    assert levels == sorted(levels)
    assert not found.ok
    assert found.n_by_level["error"] == 1
    assert "4 of 4 train images are missing" in only(found, "missing-images").message
    assert "--allow-missing" in only(found, "missing-images").remedy


def test_tables_without_any_folder_of_images_are_audited_as_such(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, images=0)
    (folder / "jpeg/train").rmdir()
    (folder / "jpeg").rmdir()
    found = audit_of(folder)
    assert found.ok
    assert only(found, "no-images").count == 4
    assert "missing-images" not in {one.code for one in found.findings}
    evidence = found.facts["duplicate_evidence"]
    assert evidence["same_bytes"] is evidence["same_pixels"] is None


def test_a_table_alone_is_not_blamed_for_missing_images(tmp_path: Path) -> None:
    found = audit_of(write_folder(tmp_path, images=0) / "train.csv")
    assert found.ok
    assert "images" not in found.facts


def test_files_without_a_row_are_found(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / "jpeg/train/stray.jpg").write_bytes(b"")
    assert only(audit_of(folder), "surplus-images").examples[0].value == "stray.jpg"


def test_a_table_of_one_class_is_found(changed: Changed) -> None:
    assert not changed("melanoma,malignant,1", "nevus,benign,0").ok


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("melanoma,malignant,1", "melanoma,malignant,0\n" + CLEAN[1].replace("002", "009")),
        ("melanoma,malignant,1", "nevus,malignant,1"),
        ("melanoma,malignant,1", "melanoma,benign,1"),
    ],
)
def test_a_diagnosis_that_contradicts_the_target_is_found(
    changed: Changed, old: str, new: str
) -> None:
    assert rows_of(only(changed(old, new), "diagnosis-contradicts-target")) == [3]


@pytest.mark.parametrize(
    "said", ["unknown,malignant,1", "atypical melanocytic proliferation,malignant,1"]
)
def test_a_diagnosis_that_says_nothing_contradicts_nothing(changed: Changed, said: str) -> None:
    assert changed("melanoma,malignant,1", said).ok


def test_a_carcinoma_is_malignant_and_no_melanoma(changed: Changed) -> None:
    assert changed("unknown,benign,0", "basal cell carcinoma,malignant,0").ok


def test_a_lesion_of_two_patients_and_two_targets_is_found(changed: Changed) -> None:
    found = changed("IL_0000003", "IL_0000002")
    patients = only(found, "lesion-of-two-patients")
    assert rows_of(patients) == [3]
    assert patients.examples[0].value == "IL_0000002: IP_0000001, IP_0000002"
    assert only(found, "lesion-of-two-targets").examples[0].value == "IL_0000002: 1, 0"


def test_a_patient_of_two_sexes_is_found(changed: Changed) -> None:
    found = changed("IL_0000004,female", "IL_0000004,male")
    assert only(found, "patient-of-two-sexes").examples[0].value == "IP_0000002: female, male"


def test_a_patient_whose_sex_is_once_missing_has_one_sex(changed: Changed) -> None:
    found = changed("IL_0000004,female", "IL_0000004,")
    assert "patient-of-two-sexes" not in {one.code for one in found.findings}
    assert rows_of(only(found, "missing-values")) == [5]


def test_rows_without_patient_are_found(changed: Changed) -> None:
    assert rows_of(only(changed("IP_0000002,IL_0000004", ",IL_0000004"), "missing-patient")) == [5]


def test_a_table_without_patients_and_lesions_is_found(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("image_name,target\nISIC_0000001,0\nISIC_0000002,1\n")
    found = audit_of(path)
    assert only(found, "no-patients").level == "warning"
    assert only(found, "no-lesions").count == 2
    assert "image_level_split" not in found.facts


def test_unknown_words_are_found_with_their_rows(changed: Changed) -> None:
    finding = only(changed("head/neck", "{elbow}"), "unknown-values")
    assert rows_of(finding) == [4]
    assert "'{elbow}'" in finding.message


def test_words_in_another_case_are_known(changed: Changed) -> None:
    found = changed("head/neck", "Head/Neck")
    assert "unknown-values" not in {one.code for one in found.findings}
    assert found.facts["train"]["anatom_site_general_challenge"]["head/neck"] == 1


def test_exact_ages_are_found(changed: Changed) -> None:
    assert rows_of(only(changed("55,torso", "57,torso"), "age-off-step")) == [5]


def test_identifiers_of_another_shape_are_found(changed: Changed) -> None:
    assert only(changed("IL_0000004", "0"), "identifier-shape").examples[0].value == "0"


PAIRS = "image_name_1,image_name_2\nISIC_0000003,ISIC_0000004\nISIC_0000001,ISIC_9999999\n"


def test_listed_duplicates_are_counted_and_compared(changed: Changed) -> None:
    found = changed("", "", **{DUPLICATES.removesuffix(".csv"): PAIRS})
    assert only(found, "listed-duplicates").count == 1
    assert rows_of(only(found, "listed-other-lesion")) == [2]
    disagreeing = only(found, "duplicates-disagree").examples[0].value
    assert "age_approx 50.0, 55.0" in disagreeing
    assert "anatom_site_general_challenge head/neck, torso" in disagreeing
    assert rows_of(only(found, "duplicates-not-in-table")) == [3]
    facts = found.facts["duplicates"]
    assert facts["n_listed_other_lesion"] == 1
    assert facts["n_images_without_one_of_each"] == 3


def test_a_lesion_of_several_images_is_a_duplicate_that_the_list_lacks(changed: Changed) -> None:
    found = changed(
        "IL_0000002",
        "IL_0000001",
        **{DUPLICATES.removesuffix(".csv"): "image_name_1,image_name_2\nISIC_0000003,ISIC_0000004"},
    )
    assert only(found, "unlisted-same-lesion").examples[0].value == "ISIC_0000001 / ISIC_0000002"
    assert found.facts["duplicates"]["n_union"] == 2


def test_a_lesion_of_several_images_is_a_note_where_there_is_no_list(changed: Changed) -> None:
    assert only(changed("IL_0000004", "IL_0000003"), "several-images-a-lesion").level == "note"


def test_equal_files_are_found_and_those_of_two_patients_apart(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    for name in ("ISIC_0000001", "ISIC_0000002", "ISIC_0000003"):
        (folder / "jpeg/train" / f"{name}.jpg").write_bytes(b"the same")
    found = audit_of(folder)
    assert only(found, "same-bytes").examples[0].value == "ISIC_0000001 / ISIC_0000002"
    strangers = only(found, "same-bytes-across-patients")
    assert strangers.examples[0].value == "ISIC_0000001 / ISIC_0000003"
    assert strangers.level == "warning"


def test_two_tables_that_disagree_are_found(changed: Changed) -> None:
    second = "\n".join([HEADER, *CLEAN[:3]]).replace("female,50", "female,60")
    # The main table must not have lesions of its own for the second to be asked.
    found = changed("ISIC_0000004", "ISIC_0000005", **{V2.removesuffix(".csv"): second})
    finding = only(found, "tables-disagree")
    assert finding.examples[0].value == "ISIC_0000003: 50.0, 60.0"
    assert rows_of(finding) == [4]
    assert only(found, "lesion-table-lacks").examples[0].value == "ISIC_0000005"


def test_original_sizes_are_counted(changed: Changed) -> None:
    sizes = "image_name,width,height\nISIC_0000001,6000,4000\nISIC_0000002,640,480\n"
    found = changed("", "", train_original_size=sizes)
    assert "480 to 6,000 px" in only(found, "original-size-known").message
    assert rows_of(only(found, "original-size-missing")) == [4, 5]


def test_how_a_file_was_written_is_noted(changed: Changed) -> None:
    data = b"\xef\xbb\xbfimage_name,patient_id\r\nISIC_0000009,IP_0000009\r\n"
    found = changed("", "", test=data)
    for code in ("byte-order-mark", "windows-line-ends"):
        (example,) = only(found, code).examples
        assert example.file is not None
        assert (example.file.name, example.row) == ("test.csv", 1)


def test_what_was_read_otherwise_is_told(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("isic_id,target,sex\nISIC_0000001,0,M\nISIC_0000002,1,F\n")
    message = only(audit_of(path), "read-otherwise").message
    assert "image_name is read from the column isic_id" in message
    assert "F as female, M as male" in message


def test_a_split_by_image_is_warned_of(tmp_path: Path) -> None:
    found = audit_of(write_folder(tmp_path))
    # Two patients of two images: the other image is in training 4 times in 5.
    assert found.facts["image_level_split"]["shared_patient_share"] == pytest.approx(0.8)
    assert "80.0% of the validation images" in only(found, "image-level-split").message


def test_a_patient_in_training_and_test_is_found_not_refused(changed: Changed) -> None:
    test = "image_name,patient_id\nISIC_0000009,IP_0000009\nISIC_0000010,IP_0000002\n"
    found = changed("", "", test=test)
    shared = only(found, "patient-in-train-and-test")
    assert (shared.count, rows_of(shared)) == (1, [3])
    assert shared.examples[0].value == "IP_0000002"
    assert not found.ok


def test_a_row_without_target_is_found_not_refused(changed: Changed) -> None:
    found = changed("benign,0", "benign,", test="image_name,patient_id\nISIC_0000009,IP_9\n")
    assert rows_of(only(found, "missing-target")) == [2, 4, 5]
    assert found.facts["train"]["n_unlabelled"] == 3
    assert found.facts["train"]["n_benign"] == 0


@pytest.mark.parametrize(("age", "is_found"), [("75", False), ("80", True)])
def test_ages_that_no_follow_up_explains_are_found(
    changed: Changed, age: str, is_found: bool
) -> None:
    found = changed("55,torso", f"{age},torso")
    codes = {one.code for one in found.findings}
    assert ("patient-ages-apart" in codes) is is_found
    if is_found:
        example = only(found, "patient-ages-apart").examples[0]
        assert example.value == "IP_0000002: 50 to 80 years"


CONFIRMED = "image_name,patient_id,diagnosis,target,diagnosis_confirm_type\n"


def confirmations(tmp_path: Path, *rows: str, header: str = CONFIRMED) -> Audit:
    path = tmp_path / "table.csv"
    lines = [f"ISIC_{n:07d},IP_{n:07d},{row}" for n, row in enumerate(rows, start=1)]
    path.write_text(header + "\n".join(lines) + "\n")
    return audit_of(path)


def test_malignant_must_be_confirmed_by_histopathology(tmp_path: Path) -> None:
    found = confirmations(
        tmp_path,
        "melanoma,1,histopathology",
        "melanoma,1,single image expert consensus",
        "basal cell carcinoma,0,serial imaging showing no change",
        "nevus,0,histopathology",
    )
    rule = only(found, "malignant-not-by-histopathology")
    assert rows_of(rule) == [3, 4]
    assert rule.examples[0].value == "ISIC_0000002: target 1, single image expert consensus"
    assert not found.ok
    assert "benign-not-confirmed" not in {one.code for one in found.findings}


def test_benign_is_confirmed_by_experts_follow_up_or_histopathology(tmp_path: Path) -> None:
    found = confirmations(
        tmp_path,
        "melanoma,1,histopathology",
        "nevus,0,single image expert consensus",
        "nevus,0,serial imaging showing no change",
        "nevus,0,confocal microscopy with consensus dermoscopy",
        "nevus,0,single contributor clinical assessment",
        "nevus,0,",
    )
    assert rows_of(only(found, "benign-not-confirmed")) == [6]
    assert rows_of(only(found, "confirmation-unknown")) == [7]
    assert found.ok


def test_spellings_of_ham10000_are_mapped(tmp_path: Path) -> None:
    header = "isic_id,patient_id,dx,target,dx_type\n"
    rows = ("mel,1,histo", "mel,1,Follow_Up", "nv,0,follow_up", "bkl,0,confocal", "nv,0,consensus")
    found = confirmations(tmp_path, *rows, header=header)
    assert rows_of(only(found, "malignant-not-by-histopathology")) == [3]
    assert "benign-not-confirmed" not in {one.code for one in found.findings}


def test_a_table_that_says_nothing_of_confirmation_is_not_judged(tmp_path: Path) -> None:
    found = audit_of(write_folder(tmp_path))
    codes = {one.code for one in found.findings}
    assert not {"confirmation-unknown", "benign-not-confirmed"} & codes


def test_words_of_the_archive_for_an_open_question_are_known(changed: Changed) -> None:
    found = changed("unknown,benign,0", "unknown,Indeterminate,0")
    assert "unknown-values" not in {one.code for one in found.findings}


def test_names_and_dates_in_identifiers_are_found_and_blotted_out(changed: Changed) -> None:
    finding = only(changed("IP_0000002", "Doe_Jane_1980-05-17"), "identifier-names")
    assert finding.examples[0].value == "D\u2026_J\u2026_\u2026-\u2026-\u2026"
    assert rows_of(finding) == [4]
    assert "Jane" not in json.dumps(finding.as_json())


def test_names_of_files_are_found_and_blotted_out(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / "jpeg/train/Mueller_Anna.jpg").write_bytes(b"12345678")
    (folder / "jpeg/train/scan_2019-03-21.jpg").write_bytes(b"123456789")
    found = audit_of(folder)
    assert only(found, "file-name-persons").examples[0].value == "M\u2026_A\u2026"
    assert only(found, "file-name-dates").count == 1


def test_duplicates_are_counted_by_their_evidence(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    assert audit_of(folder / "train.csv").facts["duplicate_evidence"] == {
        "listed": 0,
        "same_lesion": 0,
        "same_bytes": None,
        "same_pixels": None,
        "near_duplicate": None,
    }
    for name in ("ISIC_0000001", "ISIC_0000002"):
        (folder / "jpeg/train" / f"{name}.jpg").write_bytes(b"the same")
    assert audit_of(folder).facts["duplicate_evidence"]["same_bytes"] == 1


def test_findings_of_one_code_have_keys_of_their_own(tmp_path: Path) -> None:
    rows = tuple(row.replace("male,45", ",") for row in CLEAN)
    found = audit_of(write_folder(tmp_path, rows))
    keys = [one.key for one in found.findings]
    assert {"missing-values:train sex", "missing-values:train age_approx"} <= set(keys)
    assert len(keys) == len(set(keys))


def test_every_finding_is_in_the_reference_with_its_level() -> None:
    described = dict(
        re.findall(r"^### `([a-z0-9-]+)` \((\w+)\)$", REFERENCE.read_text(), re.MULTILINE)
    )
    assert described == {kind.code: kind.level for kind in KINDS.values()}


@pytest.fixture(scope="module")
def isic_2020(real_data: Path) -> Audit:
    return audit_of(real_data / "isic2020")


@pytest.mark.real
def test_the_figures_of_isic_2020_come_out(isic_2020: Audit) -> None:
    train: dict[str, Any] = isic_2020.facts["train"]
    test: dict[str, Any] = isic_2020.facts["test"]
    assert isic_2020.facts["is_isic_2020"] == {"train": True, "test": True}
    assert (train["n_images"], train["n_patients"], train["n_lesions"]) == (33_126, 2_056, 32_701)
    assert (train["n_benign"], train["n_malignant"]) == (32_542, 584)
    assert (train["n_melanoma_patients"], train["max_melanomas_a_patient"]) == (428, 8)
    assert train["mean_images_a_patient"] == pytest.approx(16.1, abs=0.05)
    assert (train["min_images_a_patient"], train["max_images_a_patient"]) == (2, 115)
    assert train["diagnosis"]["unknown"] == 27_124
    assert train["anatom_site_general_challenge"]["missing"] == 527
    assert train["age_approx"] == {"min": 0.0, "max": 90.0, "missing": 68}
    assert train["original_size"] == {"n_known": 33_126, "min_side_px": 480, "max_side_px": 6_000}
    assert (test["n_images"], test["n_patients"]) == (10_982, 690)
    assert isic_2020.facts["duplicates"] == {
        "n_listed": 425,
        "n_listed_same_lesion": 417,
        "n_listed_other_lesion": 8,
        "n_unlisted_same_lesion": 8,
        "n_union": 433,
        "n_listed_malignant": 3,
        "n_images_without_one_of_each": 32_701,
        "n_malignant_without_one_of_each": 581,
    }
    assert not {"published-counts", "published-content"} & {one.code for one in isic_2020.findings}


@pytest.mark.real
def test_the_traps_of_isic_2020_are_shown(isic_2020: Audit) -> None:
    missing = only(isic_2020, "missing-images")
    assert "32,250 of 33,126 train images are missing" in missing.message
    assert rows_of(missing) == [2, 5, 6, 7, 9]
    (pair,) = only(isic_2020, "duplicates-disagree").examples
    assert pair.value.startswith("ISIC_2138357 / ISIC_5097912: anatom_site_general_challenge")
    assert "99.9%" in only(isic_2020, "image-level-split").message
    assert only(isic_2020, "identifier-shape").examples[0].value == "0"


@pytest.mark.real
def test_keys_are_unique_and_shortcuts_are_beside_the_known_figures(isic_2020: Audit) -> None:
    keys = [one.key for one in isic_2020.findings]
    assert len(keys) == len(set(keys))
    reached = {one.name: one.auroc for one in isic_2020.giveaways}
    assert reached["image_size"].estimate == pytest.approx(0.78, abs=0.01)
    assert reached["image_size"].lower > 0.74
    assert reached["n_images"].estimate == pytest.approx(0.70, abs=0.02)
    strong = [one.subject for one in isic_2020.findings if one.code == "strong-shortcut"]
    assert strong == ["image_size", "aspect", "n_images"]


@pytest.mark.real
def test_a_part_of_isic_2020_is_held_against_it_row_by_row(real_data: Path, tmp_path: Path) -> None:
    lines = (real_data / "isic2020" / "train.csv").read_text().splitlines()
    kept = [lines[0], *lines[1:2000:4]]
    kept[3] = kept[3].replace("female", "x").replace("male", "female").replace("x", "male")
    path = tmp_path / "train.csv"
    path.write_text("\n".join(kept) + "\n")
    found = audit_of(path)
    assert only(found, "published-part").count == 500
    assert rows_of(only(found, "published-content")) == [4]
    assert "published-counts" not in {one.code for one in found.findings}
    path.write_text("\n".join([*kept, "ISIC_0000001,IP_0000001,male,45,torso,scar,benign,0"]))
    added = audit_of(path)
    assert rows_of(only(added, "rows-not-published")) == [502]
    assert only(added, "published-values").examples[0].value == "scar"
    bare = [",".join(line.split(",")[:6] + line.split(",")[7:]) for line in kept]
    path.write_text("\n".join(bare) + "\n")
    lacking = only(audit_of(path), "published-columns")
    assert [one.value for one in lacking.examples] == ["benign_malignant"]


@pytest.mark.real
def test_a_table_that_was_changed_is_not_as_published(real_data: Path, tmp_path: Path) -> None:
    text = (real_data / "isic2020" / "train.csv").read_text()
    lines = text.splitlines(keepends=True)
    path = tmp_path / "train.csv"
    path.write_text("".join(lines[:-1]))
    counts = only(audit_of(path), "published-counts")
    assert "n_images: 33,126 published, 33,125 here" in {one.value for one in counts.examples}
    exchanged = lines[1].replace("head/neck", "upper extremity")
    exchanged += lines[2].replace("upper extremity", "head/neck")
    assert exchanged != "".join(lines[1:3])
    path.write_text("".join([lines[0], exchanged, *lines[3:]]))
    content = only(audit_of(path), "published-content")
    assert rows_of(content) == [2, 3]
    assert [one.value for one in content.examples] == [line.split(",")[0] for line in lines[1:3]]


def test_ham10000_is_held_against_its_published_counts(tmp_path: Path) -> None:
    rows = [f"L{number},ISIC_{24_306 + number:07d},nv,histo,male" for number in range(9_500)]
    rows += ["L9999,ISIC_0034524,mel,histo,male", "L0,ISIC_0034000,oddity,histo,male"]
    path = tmp_path / "metadata.csv"
    path.write_text("lesion_id,image_id,dx,dx_type,sex\n" + "\n".join(rows) + "\n")
    found = audit_of(tmp_path)
    told = {one.value for one in only(found, "published-counts").examples}
    assert "n_images: 10,015 published, 9,501 here" in told
    assert only(found, "published-counts").count == 16
    assert rows_of(only(found, "rows-not-published")) == [9_502]
    assert only(found, "published-values").examples[0].value == "oddity"
    path.write_text("lesion_id,image_id,dx,dx_type,sex\n" + "\n".join(rows[:90]) + "\n")
    assert only(audit_of(tmp_path), "published-part").count == 90


@pytest.mark.real
def test_the_part_of_ham10000_is_recognised(real_data: Path) -> None:
    found = audit_of(real_data / "ham10000")
    assert only(found, "published-part").count == 5_984
    assert only(found, "rows-not-published").count == 1_512
    assert "published-values" not in {one.code for one in found.findings}
