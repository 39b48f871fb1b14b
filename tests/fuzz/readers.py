"""Which readers take bytes from others? Each with valid files to begin from."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fuzz.seeds import (
    DESCRIPTION,
    FETCHED,
    FOLDS,
    HEADERS,
    MANIFEST,
    PAIRS,
    PART_NOTE,
    PREDICTIONS,
    RECIPE,
    REGISTRY,
    SIZES,
    TRAIN,
    dicoms,
    documents,
    drawn_pack,
    jpegs,
    models,
    other_pictures,
    pack_parts,
    pngs,
    stages,
    tables,
    zips,
)
from fuzz.words import (
    CELLS,
    DICOM_WORDS,
    HEADER_WORDS,
    JPEG_WORDS,
    JSON_WORDS,
    MANIFEST_WORDS,
    MODEL_WORDS,
    OTHER_WORDS,
    PNG_WORDS,
    TOML_WORDS,
    ZIP_WORDS,
)


@dataclass(frozen=True)
class Reader:
    """A reader: valid files, words of the format, and ``read(file, out)`` of what was changed.

    ``name`` is what the changed file is called; ``read`` may write below ``out`` alone.
    """

    name: str
    seeds: Callable[[], list[bytes]]
    read: Callable[[Path, Path], object]
    words: Sequence[bytes] = ()
    is_json: bool = False


def _rows(file: Path, _out: Path) -> None:
    from cygnet.csv_rows import read_csv_rows

    read_csv_rows(file)


def _predictions(file: Path, _out: Path) -> None:
    from cygnet.predictions import read_predictions

    read_predictions(file)


def _scores(file: Path, _out: Path) -> None:
    from cygnet.predictions import read_predictions

    read_predictions(file, any_score=True)


def _truth(file: Path, out: Path) -> None:
    from cygnet.predictions import read_scored

    predictions = out / "predictions.csv"
    predictions.write_bytes(PREDICTIONS)
    read_scored(file, predictions, common=True)


def _cohort(file: Path, out: Path) -> None:
    """Read a whole dataset, audit it, deal folds and pack what is there."""
    from cygnet.cohort.folds import make_folds
    from cygnet.cohort.table import read_dataset
    from cygnet.curation.audit import audit
    from cygnet.curation.present import images_to_pack, present_images
    from cygnet.images.pack import write_pack

    dataset = read_dataset(file)
    audit(dataset, present_images(dataset)).as_json()
    make_folds(dataset.train.table, k=2, seed=0, linked=[])
    items = images_to_pack(dataset, allow_missing=True)
    write_pack(items, out / "pack", size_px=8, workers=1)


def _pairs(file: Path, _out: Path) -> None:
    from cygnet.cohort.companions import read_pairs

    read_pairs(file)


def _sizes(file: Path, _out: Path) -> None:
    from cygnet.cohort.companions import read_sizes

    read_sizes(file)


def _folds(file: Path, _out: Path) -> None:
    import polars as pl

    from cygnet.cohort.folds import read_folds

    read_folds(file, pl.DataFrame({"image_name": ["ISIC_0000001", "ISIC_0000002"]}))


def _recipe(file: Path, _out: Path) -> None:
    from cygnet.training.recipe import read_recipe, recipe_toml

    recipe_toml(read_recipe(str(file)))


def _registry(file: Path, _out: Path) -> None:
    from cygnet.curation.fetch.registry import read_registry

    read_registry(file)


def _picture(file: Path, _out: Path) -> None:
    from cygnet.images.decode import read_to_size
    from cygnet.images.headers import header_faults, read_header

    header_faults(read_header(file), file=file)
    for geometry in ("squash", "pad"):
        read_to_size(file, 24, geometry)


def _read_pack(storage: str, part: str) -> Callable[[Path, Path], None]:
    def read(file: Path, out: Path) -> None:
        from cygnet.images.pack_reading import open_pack

        for whole in drawn_pack(storage).iterdir():
            (out / whole.name).write_bytes(whole.read_bytes())
        changed = file.read_bytes()
        (out / part).write_bytes(changed)
        if part != "index.json":
            # A shard that has another length is refused before it is looked at.
            index = json.loads((out / "index.json").read_bytes())
            index["shards"][0]["bytes"] = len(changed)
            (out / "index.json").write_text(json.dumps(index))
        pack = open_pack(out)
        pack.read(range(len(pack)))
        for place in range(len(pack)):
            pack.jpeg(place)

    return read


def _open_model(file: Path, _out: Path) -> None:
    from cygnet.inference.model import open_model

    model = open_model(file, threads=1)
    _ = model.folds, model.n_folds, model.was_trained_on("ISIC_0000001")


def _open_description(file: Path, out: Path) -> None:
    """Open a sound model whose description was changed."""
    import onnx
    from onnx import helper

    model = onnx.load_model_from_string(models()[0])
    del model.metadata_props[:]
    helper.set_model_props(model, {"cygnet": file.read_bytes().decode("utf-8", "replace")})
    target = out / "model.onnx"
    target.write_bytes(model.SerializeToString())
    _open_model(target, out)


def _stage(file: Path, out: Path) -> None:
    from cygnet.pipeline.context_apply import read_stage

    read_stage(file.read_bytes().decode("utf-8", "replace"), out / "model.onnx")


def _unzip(file: Path, out: Path) -> None:
    from cygnet.curation.fetch.unpack import unpack

    unpack(file, out, advance=lambda _: None)


def _manifest(file: Path, out: Path) -> None:
    from cygnet.curation.fetch.record import read_manifest, write_manifest

    (out / "manifest-sha256.txt").write_bytes(file.read_bytes())
    read = read_manifest(out)
    write_manifest(out, read)
    if read_manifest(out) != read:
        raise AssertionError(read)


def _notes(file: Path, out: Path) -> None:
    from cygnet.curation.fetch.record import has_accepted, read_fetched
    from cygnet.curation.fetch.registry import known_dataset

    for name in ("fetched.json", "licence-accepted.json"):
        (out / name).write_bytes(file.read_bytes())
    has_accepted(out, known_dataset("isic2020"))
    read_fetched(out)


def _part_note(file: Path, out: Path) -> None:
    from cygnet.curation.fetch.partial import Offer, bytes_here, read_note

    note = out / "big.bin.part.json"
    note.write_bytes(file.read_bytes())
    (out / "big.bin.part").write_bytes(b"")
    offer = Offer("https://e.org/", 100, ranges=True, etag='"a"', last_modified=None)
    read = read_note(note, offer)
    if read is not None and sum(read[1]) > 100:
        raise AssertionError(read)
    if bytes_here(out / "big.bin") < 0:
        raise AssertionError(note)


def _headers(file: Path, _out: Path) -> None:
    from cygnet.curation.fetch.addresses import redirect_target, url_fault
    from cygnet.curation.fetch.answers import content_range, retry_after_s

    text = file.read_bytes().decode("latin-1")
    said = content_range(text)
    if said is not None and said.first is not None and said.last is not None:
        assert said.first <= said.last  # a fuzzer is a test
    wait = retry_after_s(text, datetime(2020, 11, 23, tzinfo=UTC))
    if wait is not None and not wait >= 0:
        raise AssertionError(wait)
    target = redirect_target("https://example.org/a", text)
    if url_fault(target) is None and not target.startswith(("https://", "http://", "HTTP")):
        raise AssertionError(target)


def _pack_readers() -> dict[str, Reader]:
    shard = "shard-00000.arrow"
    words = (b"\xff\xff\xff\xff", b"ARROW1", b"image", b"image_name", b"\0" * 8)
    return {
        "pack-index": Reader("index.json", pack_parts("raw", "index.json"),
                             _read_pack("raw", "index.json"), JSON_WORDS, is_json=True),
        "pack-raw": Reader(shard, pack_parts("raw", shard), _read_pack("raw", shard), words),
        "pack-jpeg": Reader(shard, pack_parts("jpeg", shard), _read_pack("jpeg", shard), words),
    }  # fmt: skip


TABLES = {
    "csv": Reader("a.csv", tables(TRAIN, PREDICTIONS), _rows, CELLS),
    "predictions": Reader(
        "p.csv", tables(PREDICTIONS, PREDICTIONS.replace(b",", b";")), _predictions, CELLS
    ),
    "scores": Reader("p.csv", tables(PREDICTIONS), _scores, CELLS),
    "truth": Reader("train.csv", tables(TRAIN), _truth, CELLS),
    "cohort": Reader("train.csv", tables(TRAIN), _cohort, CELLS),
    "pairs": Reader("pairs.csv", tables(PAIRS), _pairs, CELLS),
    "sizes": Reader("sizes.csv", tables(SIZES), _sizes, CELLS),
    "folds": Reader("folds.csv", tables(FOLDS), _folds, CELLS),
}
IMAGES = {
    "jpeg": Reader("a.jpg", jpegs, _picture, JPEG_WORDS),
    "png": Reader("a.png", pngs, _picture, PNG_WORDS),
    "other-pictures": Reader("a.tif", other_pictures, _picture, OTHER_WORDS),
    "dicom": Reader("a.dcm", dicoms, _picture, DICOM_WORDS),
    **_pack_readers(),
}
DOCUMENTS = {
    "recipe": Reader("recipe.toml", lambda: [RECIPE], _recipe, TOML_WORDS),
    "registry": Reader("datasets.toml", lambda: [REGISTRY], _registry, TOML_WORDS),
    "zip": Reader("Test.zip", zips, _unzip, ZIP_WORDS),
    "manifest": Reader("m.txt", lambda: [MANIFEST], _manifest, MANIFEST_WORDS),
    "notes": Reader("fetched.json", documents(FETCHED), _notes, JSON_WORDS, is_json=True),
    "part-note": Reader("note.json", documents(PART_NOTE), _part_note, JSON_WORDS, is_json=True),
    "headers": Reader("h.txt", lambda: HEADERS, _headers, HEADER_WORDS),
    "context": Reader("stage.json", stages, _stage, JSON_WORDS, is_json=True),
    "model": Reader("model.onnx", models, _open_model, MODEL_WORDS),
    "description": Reader(
        "d.json", documents(DESCRIPTION), _open_description, JSON_WORDS, is_json=True
    ),
}


def _crash(_file: Path, _out: Path) -> None:
    _ = 1 / 0


def _memory(_file: Path, _out: Path) -> None:
    _ = bytes(3 * 1024**3)


def _escape(_file: Path, out: Path) -> None:
    (out.parent / "escaped").write_text("x", encoding="ascii")


def _hang(_file: Path, _out: Path) -> None:
    while True:
        pass


# By these the fuzzer is tested itself.
BROKEN = {
    f"broken-{name}": Reader("a", lambda: [b"a"], read)
    for name, read in {
        "crash": _crash, "memory": _memory, "escape": _escape, "hang": _hang
    }.items()
}  # fmt: skip
READERS = TABLES | IMAGES | DOCUMENTS
GROUPS = {"tables": TABLES, "images": IMAGES, "documents": DOCUMENTS}
