"""What tests of the reader stand on: a small model with evidence, pictures, a running reader."""

import asyncio
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import simplejpeg
from onnx import helper

from cygnet.evaluation.score_evidence import score_evidence
from cygnet.site.reader.asking import About
from cygnet.site.reader.judging import Reader
from cygnet.site.reader.memory import Memory
from cygnet.site.reader.state import Admission, State
from cygnet.site.reader.uploads import Upload
from exported import write_small_model

WAIT_S = 60.0


def write_reader_model(file: Path, *, context: str | None = None, evidence: bool = True) -> Path:
    """Write the small model of random weights, with counts over all scores in its description."""
    write_small_model(file, n_views=1)
    model = onnx.load(file)
    kept = {one.key: one.value for one in model.metadata_props}
    description = json.loads(kept["cygnet"])
    rng = np.random.default_rng(1)
    score = np.concatenate([[0.0, 1.0], rng.random(1998)])
    target = (rng.random(2000) < score * 0.5).astype(int)
    found = score_evidence(target, score, np.arange(2000) // 2)
    if evidence and found is not None:
        description["evidence"] = {
            "scores": found.as_json(),
            "skin": {"ita_degrees": [-89.0, 89.5], "n": 400},
        }
    description["recipe"] = {"name": "small"}
    kept["cygnet"] = json.dumps(description)
    if context is not None:
        kept["cygnet.context"] = context
    del model.metadata_props[:]
    helper.set_model_props(model, kept)
    onnx.save(model, file)
    return file


def drawn_pixels(seed: int, side_px: int = 160) -> np.ndarray:
    """Draw a lesion on fair skin: a brown spot of its own size and place, and noise."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side_px, :side_px] / side_px
    middle, radius = 0.4 + 0.2 * rng.random(2), 0.1 + 0.2 * rng.random()
    away = np.hypot(rows - middle[0], columns - middle[1]) / radius
    share = 1 / (1 + np.exp(12 * (away - 1)))
    skin, brown = np.array([224, 178, 156.0]), np.array([112, 66, 44.0]) + 40 * rng.random()
    drawn = skin + share[..., None] * (brown - skin) + rng.normal(0, 9, (side_px, side_px, 1))
    return np.asarray(np.clip(drawn, 0, 255), np.uint8)


def jpeg_of(pixels: np.ndarray, quality: int = 92) -> bytes:
    """Encode pixels as a JPEG."""
    whole = np.ascontiguousarray(pixels)
    return bytes(simplejpeg.encode_jpeg(whole, quality=quality, colorspace="RGB"))


def lesion_jpeg(seed: int, side_px: int = 160) -> bytes:
    """Give a drawn lesion as a JPEG."""
    return jpeg_of(drawn_pixels(seed, side_px))


def with_exif(jpeg: bytes, words: str) -> bytes:
    """Put ``words`` into a JPEG's EXIF as artist and description."""
    from PIL import Image

    image = Image.open(io.BytesIO(jpeg))
    exif = image.getexif()
    exif[0x013B], exif[0x010E] = words, words
    out = io.BytesIO()
    image.save(out, "jpeg", exif=exif, quality=90)
    return out.getvalue()


def dicom_of(jpeg: bytes, patient_id: str, folder: Path, **changed: str) -> bytes:
    """Give a DICOM file of ``jpeg``; ``changed`` are attributes to set besides."""
    import pydicom

    from cygnet.images.dicom import write_dermoscopic_dicom

    path = folder / "one.dcm"
    write_dermoscopic_dicom(
        path, jpeg, image_name="one", patient_id=patient_id, sex=None, age_years=None, site=None
    )
    dataset: Any = pydicom.dcmread(path)
    for name, value in changed.items():
        setattr(dataset, name, value)
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    path.unlink()
    return out.getvalue()


@dataclass(frozen=True)
class Running:
    """A reader that answers: its address, its process, and the file of all that it printed."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def printed(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def running_reader(model: Path, folder: Path, *options: str) -> Iterator[Running]:
    """Start ``cygnet reader`` on a free port, and stop it."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "reader.log"
    environment = os.environ | {"TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "cygnet", "reader", str(model), "--port", "0", *options],
            stdout=out,
            stderr=out,
            cwd=folder,
            env=environment,
        )
    try:
        yield Running(_address(process, log), process, log)
    finally:
        process.terminate()
        process.wait(20)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"reading at (\S+)", log.read_text(encoding="utf-8"))
        if found:
            return found[1]
        time.sleep(0.1)
    raise AssertionError(f"the reader did not start: {log.read_text(encoding='utf-8')}")


def answer_without_room(model: Path) -> tuple[int, int]:
    """Give the status and Retry-After of a page that is asked to keep more than it may."""
    from cygnet.site.reader import views
    from cygnet.site.reader.settings import set_up

    set_up()
    reader = Reader.open(model, threads=1)
    state = State(reader, Admission.of("127.0.0.1"), memory=Memory(10))
    request: Any = SimpleNamespace(scope={"cygnet": state}, headers={})
    uploads = [Upload("one.jpg", lesion_jpeg(1))]
    answer = asyncio.run(views._judge(request, uploads, About()))
    state.reading.shutdown()
    state.showing.shutdown()
    reader.close()
    return answer.status_code, int(answer.headers["Retry-After"])
