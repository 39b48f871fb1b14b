"""Valid files of each kind, small, for the fuzzer to begin from."""

import json
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

Pixels = Any

_NATIVE = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.5",
)

TRAIN = b"""image_name,patient_id,sex,age_approx,anatom_site_general_challenge,diagnosis,\
benign_malignant,target
ISIC_0000001,IP_0000001,male,45.0,torso,nevus,benign,0
ISIC_0000002,IP_0000001,male,45.0,torso,melanoma,malignant,1
ISIC_0000003,IP_0000002,female,,head/neck,unknown,benign,0
"ISIC_0000004",IP_0000002,female,50.0,,unknown,benign,0
"""
PREDICTIONS = b"image_name,target\nISIC_0000001,0.25\nISIC_0000002,0.75\nISIC_0000003,0\n"
PAIRS = b"image_name_1,image_name_2\nISIC_0000001,ISIC_0000002\n"
SIZES = b"image_name,width,height\nISIC_0000001,60,40\n"
FOLDS = b"image_name,fold\nISIC_0000001,0\nISIC_0000002,1\n"
MANIFEST = b"0" * 64 + b"  train.csv\n" + b"f" * 64 + b" *a%0Ab\n"
HEADERS = [
    b"bytes 0-9/100",
    b"120",
    b"Wed, 21 Oct 2015 07:28:00 GMT",
    b"https://example.org/a?b=c",
    b"//[::1]:80/x",
]
RECIPE = b"""name = "drawn"
seed = 3
[network]
backbone = "mobilenetv3_small_050"
size_px = 64
[network.options]
a = 1.5
[finetune]
epochs = 2
batch_size = 8
learning_rate = 1e-3
"""
REGISTRY = b"""[drawn]
title = "Drawn"
licence = "CC0-1.0"
licence_url = "https://example.org/"
attribution = "Nobody"
default_parts = ["tables"]
[[drawn.files]]
name = "train.csv"
part = "tables"
url = "https://example.org/train.csv"
bytes = 100
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
"""
FETCHED = {
    "format": 1,
    "dataset": "drawn",
    "cygnet": "0.1.0",
    "files": [
        {
            "name": "train.csv", "url": "https://example.org/", "n_bytes": 3, "sha256": "0" * 64,
            "hash_basis": "recorded", "etag": None, "last_modified": None,
            "fetched_at": "2020-11-23T10:00:00+00:00",
        }
    ],
}  # fmt: skip


PART_NOTE = {
    "url": "https://e.org/", "total": 100, "ranges": True, "etag": '"a"', "last_modified": None,
    "format": 1, "piece_bytes": 40, "done": [40, 3, 0],
}  # fmt: skip


DESCRIPTION = {
    "format": 1,
    "size_px": 8,
    "geometry": "squash",
    "decoding": "squash-cubic-stored-1",
    "test_time_views": 1,
    "folds": [0],
    "calibration": {"slope": [1.0], "intercept": [0.0]},
    "trained_on": ["00"],
}


def tables(*seeds: bytes) -> Callable[[], list[bytes]]:
    return lambda: [*seeds, *(seed.replace(b"\n", b"\r\n") for seed in seeds[:1])]


def _skin() -> Pixels:
    rows, columns = np.mgrid[:40, :56]
    waves = 128 + 60 * np.sin(rows / 5) + 40 * np.cos(columns / 7)
    return np.stack([waves, waves * 0.8, waves * 0.7], axis=-1).clip(0, 255).astype(np.uint8)


def _encoded(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    from PIL import Image

    stream = BytesIO()
    Image.fromarray(_skin()).convert(mode).save(stream, kind, **options)
    return stream.getvalue()


def jpegs() -> list[bytes]:
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    return [
        _encoded("JPEG"),
        _encoded("JPEG", progressive=True, exif=exif),
        _encoded("JPEG", "L"),
        _encoded("JPEG", "CMYK"),
        _encoded("JPEG", subsampling=0, restart_marker_blocks=2),
    ]


def pngs() -> list[bytes]:
    return [
        _encoded("PNG"),
        _encoded("PNG", "RGBA"),
        _encoded("PNG", "P"),
        _encoded("PNG", "1"),
        _png_text(_encoded("PNG")),
    ]


def _png_text(png: bytes) -> bytes:
    """Add a compressed text that is far larger unpacked, as a bomb would have."""
    payload = b"Comment\0\0" + zlib.compress(bytes(10_000_000))
    chunk = b"zTXt" + payload
    block = struct.pack(">I", len(payload)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return png[:33] + block + png[33:]


def other_pictures() -> list[bytes]:
    return [_encoded("BMP"), _encoded("TIFF"), _encoded("TIFF", compression="tiff_lzw"),
            _encoded("TIFF", compression="tiff_adobe_deflate"), _encoded("BMP", "P")]  # fmt: skip


def dicoms() -> list[bytes]:
    """Make one of each kind: a JPEG within, plain pixels, deflated, run length, a palette."""
    from cygnet.images.dicom import write_dermoscopic_dicom

    folder = Path(tempfile.mkdtemp(dir="."))
    file = folder / "a.dcm"
    write_dermoscopic_dicom(
        file,
        _encoded("JPEG"),
        image_name="ISIC_0000001",
        patient_id="IP_0000001",
        sex="male",
        age_years=45.0,
        site="torso",
    )
    return [file.read_bytes(), *map(_native_dicom, _NATIVE)]


def _native_dicom(syntax: str) -> bytes:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian, RLELossless

    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = (
        ExplicitVRLittleEndian if syntax == RLELossless else UID(syntax)
    )
    made.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.77.1.7")
    made.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3")
    made.SOPClassUID, made.SOPInstanceUID = UID("1.2.840.10008.5.1.4.1.1.77.1.7"), UID("1.2.3")
    pixels = _skin()
    made.Rows, made.Columns = pixels.shape[:2]
    made.SamplesPerPixel, made.PlanarConfiguration, made.PixelRepresentation = 3, 0, 0
    made.BitsAllocated, made.BitsStored, made.HighBit = 8, 8, 7
    made.PhotometricInterpretation, made.NumberOfFrames = "YBR_FULL", 1
    made.PixelData = pixels.tobytes()
    if syntax == RLELossless:
        made.compress(RLELossless)
    stream = BytesIO()
    made.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def pack_parts(storage: str, part: str) -> Callable[[], list[bytes]]:
    def seeds() -> list[bytes]:
        return [(drawn_pack(storage) / part).read_bytes()]

    return seeds


def drawn_pack(storage: str) -> Path:
    from cygnet.images.pack import write_pack

    folder = Path("packs") / storage
    if not folder.exists():
        Path("originals").mkdir(exist_ok=True)
        items = []
        for number in range(3):
            path = Path("originals") / f"ISIC_{number:07d}.jpg"
            path.write_bytes(_encoded("JPEG"))
            items.append((path.stem, path))
        write_pack(items, folder, size_px=8, storage=storage, workers=1)  # type: ignore[arg-type]
    return folder


def models() -> list[bytes]:
    import onnx
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["image"], ["cast"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["cast"], ["logit"], axes=[1, 2, 3], keepdims=0),
            helper.make_node("Identity", ["logit"], ["embedding"]),
        ],
        "g",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", 8, 8, 3])],
        [
            helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["n"]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n"]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    helper.set_model_props(model, {"cygnet": json.dumps(DESCRIPTION)})
    onnx.checker.check_model(model)
    return [bytes(model.SerializeToString())]


def stages() -> list[bytes]:
    from context_cohort import draw_cohort, lesions_of
    from cygnet.context.lesions import Scale
    from cygnet.context.stage import fit_stage

    table = draw_cohort(0, n_patients=40)
    lesions, target = lesions_of(table)
    probability = table["probability"].to_numpy()
    logit = np.log(probability / (1 - probability))
    scale = Scale.of(logit, table["fold"].to_numpy(), 8)
    stage = fit_stage(lesions, target, scale, supported=True)
    return [json.dumps(stage.as_json()).encode()]


def zips() -> list[bytes]:
    seeds = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        stream = BytesIO()
        with zipfile.ZipFile(stream, "w", method) as archive:
            archive.comment = b"a comment"
            archive.mkdir("train")
            archive.writestr("train/ISIC_0000001.jpg", b"one" * 40)
            archive.writestr("train/ISIC_0000002.jpg", b"two" * 40)
            link = zipfile.ZipInfo("train/readme.txt")
            link.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(link, b"three")
        seeds.append(stream.getvalue())
    stream = BytesIO()
    with (
        zipfile.ZipFile(stream, "w") as archive,
        archive.open(zipfile.ZipInfo("big.bin"), "w", force_zip64=True) as entry,
    ):
        entry.write(b"four")
    return [*seeds, stream.getvalue()]


def documents(document: object) -> Callable[[], list[bytes]]:
    return lambda: [json.dumps(document).encode()]
