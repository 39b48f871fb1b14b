"""DICOM: the picture inside is the picture of the JPEG, in the right colours."""

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageCms
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from cygnet.errors import ImageError, StorageError
from cygnet.images.colour_profile import colour_profile, is_srgb
from cygnet.images.decode import GEOMETRIES, decode_to_size
from cygnet.images.dicom import DERMOSCOPIC_PHOTOGRAPHY, write_dermoscopic_dicom
from cygnet.images.faults import fault_code
from cygnet.images.headers import header_faults, parse_header, read_header
from cygnet.images.privacy import dicom_identifying_attributes

Draw = Callable[[int, int], Any]
Encode = Callable[..., bytes]


def write(path: Path, jpeg: bytes, **changes: Any) -> bytes:
    facts: dict[str, Any] = {
        "image_name": "ISIC_0000001",
        "patient_id": "IP_0000001",
        "sex": "female",
        "age_years": 45.0,
        "site": "torso",
    }
    write_dermoscopic_dicom(path, jpeg, **(facts | changes))
    return path.read_bytes()


def native(path: Path, pixels: Any, photometric: str, syntax: str, **attributes: Any) -> bytes:
    """Write stored ``pixels`` into a copy of the DICOM at ``path``, uncompressed."""
    read = pydicom.dcmread(path)
    # A data set that was not read has no byte order to keep.
    dataset: Any = pydicom.Dataset()
    dataset.update(read)
    dataset.file_meta = read.file_meta
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PhotometricInterpretation = photometric
    dataset.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
    dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.dtype.itemsize
    dataset.HighBit = dataset.BitsStored - 1
    del dataset["PixelData"]
    for name, value in attributes.items():
        setattr(dataset, name, value)
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OB" if pixels.dtype == np.uint8 else "OW"
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def refusal(data: bytes) -> str:
    with pytest.raises(ImageError, match="lesion") as caught:
        decode_to_size(data, 32, file=Path("lesion.dcm"))
    return fault_code(caught.value)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_the_pixels_are_those_of_the_jpeg_it_came_from(
    picture: Draw, encode: Encode, tmp_path: Path, subsampling: int
) -> None:
    jpeg = encode(picture(201, 150), "JPEG", subsampling=subsampling)
    dicom = write(tmp_path / "lesion.dcm", jpeg)
    for geometry in GEOMETRIES:
        assert (decode_to_size(dicom, 64, geometry) == decode_to_size(jpeg, 64, geometry)).all()


def test_pydicom_by_itself_sees_the_same_picture(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    jpeg = encode(picture(128, 96), "JPEG", subsampling=0)
    write(tmp_path / "lesion.dcm", jpeg)
    dataset = pydicom.dcmread(tmp_path / "lesion.dcm")
    assert dataset.SOPClassUID == DERMOSCOPIC_PHOTOGRAPHY
    assert dataset.SOPClassUID.name == "Dermoscopic Photography Image Storage"
    with Image.open(BytesIO(jpeg)) as image:
        difference = np.abs(dataset.pixel_array.astype(int) - np.asarray(image, int))
    assert difference.max() <= 2


def test_the_original_jpeg_is_kept_byte_for_byte(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    jpeg = encode(picture(128, 96), "JPEG", comment=b"as it came from the camera")
    write(tmp_path / "lesion.dcm", jpeg)
    dataset = pydicom.dcmread(tmp_path / "lesion.dcm")
    frame = pydicom.encaps.get_frame(dataset.PixelData, 0, number_of_frames=1)
    assert frame[: len(jpeg)] == jpeg


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]
)
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_raw_pixels_are_shown_in_their_true_colours(
    picture: Draw, encode: Encode, tmp_path: Path, syntax: str, photometric: str
) -> None:
    jpeg = encode(picture(64, 64), "JPEG", subsampling=0)
    write(tmp_path / "lesion.dcm", jpeg)
    image = Image.open(BytesIO(jpeg))
    if photometric == "YBR_FULL":
        # The components as the JPEG has them.
        image.draft("YCbCr", image.size)
    stored = np.asarray(image)
    dicom = native(tmp_path / "lesion.dcm", stored, photometric, syntax)
    difference = decode_to_size(dicom, 64).astype(int) - decode_to_size(jpeg, 64)
    assert np.abs(difference).max() <= 2


def test_chroma_at_half_width_is_spread_over_its_pixels(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    jpeg = encode(picture(64, 64), "JPEG")
    write(tmp_path / "lesion.dcm", jpeg)
    # Two pixels share a chroma pair, stored as Y Y Cb Cr.
    even = np.asarray(Image.open(BytesIO(jpeg)).convert("YCbCr")).repeat(2, 1)[:, :64]
    stored = np.concatenate([even[:, 0::2, :1], even[:, 1::2, :1], even[:, 0::2, 1:]], axis=2)
    dicom = native(
        tmp_path / "lesion.dcm", stored, "YBR_FULL_422", ExplicitVRLittleEndian, SamplesPerPixel=3
    )
    rgb = np.asarray(Image.fromarray(even, "YCbCr").convert("RGB"), int)
    assert np.abs(decode_to_size(dicom, 64).astype(int) - rgb).max() <= 2


def test_unmarked_components_that_the_attribute_calls_rgb_are_not_converted(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    rgb = encode(picture(64, 64), "JPEG", keep_rgb=True, quality=95)
    expected = decode_to_size(rgb, 64)
    # Without Adobe's marker and with numbered components a decoder takes it for YCbCr.
    place = rgb.index(b"\xff\xee")
    unmarked = bytearray(rgb[:place] + rgb[place + 16 :])
    for marker, step in ((b"\xff\xc0", 3), (b"\xff\xda", 2)):
        start = unmarked.index(marker) + (10 if step == 3 else 5)
        for component in range(3):
            unmarked[start + component * step] = component + 1
    dicom = write(tmp_path / "lesion.dcm", bytes(unmarked))
    dataset = pydicom.dcmread(tmp_path / "lesion.dcm")
    assert dataset.PhotometricInterpretation == "YBR_FULL_422"
    dataset.PhotometricInterpretation = "RGB"
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    assert (decode_to_size(stream.getvalue(), 64) == expected).all()
    assert np.abs(decode_to_size(dicom, 64).astype(int) - expected).mean() > 20


def test_grey_dicom_is_read_both_ways_up(picture: Draw, encode: Encode, tmp_path: Path) -> None:
    grey = picture(64, 64)[:, :, 0].copy()
    write(tmp_path / "lesion.dcm", encode(grey, "JPEG"))
    for photometric, expected in (("MONOCHROME2", grey), ("MONOCHROME1", 255 - grey)):
        dicom = native(tmp_path / "lesion.dcm", grey, photometric, ExplicitVRLittleEndian)
        assert (decode_to_size(dicom, 64) == expected[:, :, None]).all()


def test_the_header_tells_size_and_colour_without_pixels(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    path = tmp_path / "lesion.dcm"
    write(path, encode(picture(120, 80), "JPEG"))
    header = read_header(path)
    assert (header.format, header.width_px, header.height_px) == ("dicom", 120, 80)
    assert (header.bits, header.channels, header.colour) == (8, 3, "rgb")
    assert header_faults(header, file=path) == []
    faults = header_faults(header, file=tmp_path / "lesion.jpg")
    assert [fault.code for fault in faults] == ["image-wrong-format"]


def test_the_facts_of_the_table_are_recorded_and_the_missing_ones_left_empty(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    jpeg = encode(picture(64, 64), "JPEG")
    write(tmp_path / "known.dcm", jpeg, sex="male", age_years=5.0, site="lower extremity")
    known = pydicom.dcmread(tmp_path / "known.dcm")
    assert (known.PatientID, known.PatientSex, known.PatientAge) == ("IP_0000001", "M", "005Y")
    assert known.AnatomicRegionSequence[0].CodeMeaning == "Lower limb"
    write(tmp_path / "unknown.dcm", jpeg, sex=None, age_years=None, site=None)
    unknown = pydicom.dcmread(tmp_path / "unknown.dcm")
    assert unknown.PatientSex == ""
    assert "PatientAge" not in unknown
    assert unknown.AnatomicRegionSequence[0].CodeMeaning == "Skin"


def test_the_same_image_gives_the_same_file_and_another_name_another_identity(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    jpeg = encode(picture(64, 64), "JPEG")
    first, second = (write(tmp_path / name, jpeg) for name in ("a.dcm", "b.dcm"))
    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()
    write(tmp_path / "c.dcm", jpeg, image_name="ISIC_0000002")
    uids = {pydicom.dcmread(tmp_path / name).SOPInstanceUID for name in ("a.dcm", "c.dcm")}
    assert len(uids) == 2


def test_lesion_and_side_are_recorded_where_they_are_known(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    jpeg = encode(picture(64, 64), "JPEG")
    write(tmp_path / "a.dcm", jpeg, lesion_id="IL_0000001", laterality="left")
    write(tmp_path / "b.dcm", jpeg, lesion_id="IL_0000001", image_name="ISIC_0000002")
    first, second = (pydicom.dcmread(tmp_path / name) for name in ("a.dcm", "b.dcm"))
    assert (first.TrackingID, first.Laterality) == ("IL_0000001", "L")
    region = first.AnatomicRegionSequence[0]
    assert region.AnatomicRegionModifierSequence[0].CodeMeaning == "Left"
    assert first.TrackingUID == second.TrackingUID
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert second.Laterality == ""
    write(tmp_path / "c.dcm", jpeg)
    assert "TrackingID" not in pydicom.dcmread(tmp_path / "c.dcm")


def test_identity_is_said_to_be_removed_only_where_it_is(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    pixels = picture(64, 64)
    clean = write(tmp_path / "clean.dcm", encode(pixels, "JPEG"))
    assert pydicom.dcmread(tmp_path / "clean.dcm").PatientIdentityRemoved == "YES"
    assert dicom_identifying_attributes(clean) == ()
    exif = Image.Exif()
    exif[0x013B] = "Jane Doe"
    write(tmp_path / "named.dcm", encode(pixels, "JPEG", exif=exif))
    named = pydicom.dcmread(tmp_path / "named.dcm")
    assert named.PatientIdentityRemoved == "NO"
    assert "DeidentificationMethod" not in named


def test_a_colour_profile_is_kept_in_the_jpeg_and_told_by_the_attribute(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = write(tmp_path / "lesion.dcm", encode(picture(64, 64), "JPEG", icc_profile=profile))
    assert pydicom.dcmread(tmp_path / "lesion.dcm").ICCProfile.rstrip(b"\0") == profile.rstrip(
        b"\0"
    )
    name = colour_profile(data)
    assert name is not None
    assert is_srgb(name)


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is not here")
@pytest.mark.parametrize("laterality", [None, "left"])
@pytest.mark.parametrize("lesion_id", [None, "IL_0000001"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("site", ["torso", "head/neck", "palms/soles", "lower extremity", None])
def test_dciodvfy_finds_no_error(
    picture: Draw,
    encode: Encode,
    tmp_path: Path,
    site: str | None,
    mode: str,
    lesion_id: str | None,
    laterality: str | None,
) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options = {"icc_profile": profile} if mode == "RGB" else {}
    jpeg = encode(Image.fromarray(picture(64, 64)).convert(mode), "JPEG", **options)
    path = tmp_path / "lesion.dcm"
    write(path, jpeg, site=site, lesion_id=lesion_id, laterality=laterality)
    assert complaints(path) == []


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is not here")
def test_dciodvfy_finds_the_error_in_a_file_that_has_one(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    path = tmp_path / "lesion.dcm"
    write(path, encode(picture(64, 64), "JPEG"))
    dataset = pydicom.dcmread(path)
    del dataset.AcquisitionContextSequence
    dataset.save_as(path)
    assert complaints(path) != []


def complaints(path: Path) -> list[str]:
    """Give the errors that dciodvfy finds."""
    said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    assert "DermoscopicPhotographyImage" in said.stderr
    return [line for line in said.stderr.splitlines() if line.startswith("Error")]


def test_what_baseline_jpeg_cannot_hold_is_refused_and_nothing_is_written(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    image = Image.fromarray(picture(64, 64))
    contents = {
        "image-unsupported": encode(image, "JPEG", progressive=True),
        "image-cmyk": encode(image.convert("CMYK"), "JPEG"),
        "image-empty": b"",
    }
    for code, jpeg in contents.items():
        with pytest.raises(ImageError) as caught:
            write(tmp_path / "lesion.dcm", jpeg)
        assert fault_code(caught.value) == code
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told_and_nothing_is_left(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        write(tmp_path / "file" / "lesion.dcm", encode(picture(64, 64), "JPEG"))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_damaged_and_unusual_dicom_is_refused(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    path = tmp_path / "lesion.dcm"
    whole = write(path, encode(picture(200, 160), "JPEG"))
    assert refusal(whole[: len(whole) // 2]) == "image-truncated"
    assert refusal(whole[:200]) == "image-unreadable"
    deep = np.zeros((160, 200), np.uint16)
    assert refusal(native(path, deep, "MONOCHROME2", ExplicitVRLittleEndian)) == "image-white-level"
    half = np.zeros((80, 200, 3), np.uint8)
    assert refusal(native(path, half, "RGB", ExplicitVRLittleEndian)) == "image-truncated"
    dataset = pydicom.dcmread(path)
    dataset.NumberOfFrames = 2
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    assert refusal(stream.getvalue()) == "image-frames"
    dataset.NumberOfFrames = 1
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.JPEGLSLossless
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    assert refusal(stream.getvalue()) == "image-unsupported"


def test_an_announced_size_that_is_too_large_is_refused_before_decoding(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    path = tmp_path / "lesion.dcm"
    write(path, encode(picture(64, 64), "JPEG"))
    dataset = pydicom.dcmread(path)
    dataset.Rows = dataset.Columns = 30_000
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    assert parse_header(stream.getvalue()).width_px == 30_000
    assert refusal(stream.getvalue()) == "image-too-large"


def test_an_element_that_claims_gigabytes_asks_for_no_memory(
    tmp_path: Path, picture: Draw, encode: Encode
) -> None:
    # Found by fuzzing: Python sets aside what is asked for before it reads.
    import tracemalloc

    data = bytearray(write(tmp_path / "a.dcm", encode(picture(40, 30), "JPEG")))
    place = data.index(b"\x28\x00\x10\x00US")  # Rows
    data[place + 4 : place + 8] = b"UN\0\0"
    data[place + 8 : place + 12] = b"\xf0\xff\xff\x7f"
    (tmp_path / "a.dcm").write_bytes(data)
    tracemalloc.start()
    with pytest.raises(ImageError):
        read_header(tmp_path / "a.dcm")
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()


def test_deflated_bytes_that_are_damaged_or_become_gigabytes_are_refused(
    tmp_path: Path, picture: Draw, encode: Encode
) -> None:
    import zlib

    from pydicom.uid import DeflatedExplicitVRLittleEndian

    write(tmp_path / "a.dcm", encode(picture(40, 30), "JPEG"))
    pixels = np.asarray(picture(40, 30))
    data = native(tmp_path / "a.dcm", pixels, "RGB", DeflatedExplicitVRLittleEndian)
    assert decode_to_size(data, 16).shape == (16, 16, 3)
    begin = 144 + int.from_bytes(data[140:144], "little")
    for payload, said in (
        (data[begin : begin + 40] + b"\xff" * 60, "image-unreadable"),
        (zlib.compress(bytes(2**27 + 2**20), wbits=-15), "deflated from more than"),
    ):
        with pytest.raises(ImageError, match=said):
            parse_header(data[:begin] + payload)


def test_pixels_of_another_shape_than_rows_and_columns_are_refused(
    tmp_path: Path, picture: Draw, encode: Encode
) -> None:
    # Found by fuzzing: one sample a pixel where the colour space has three was squashed as it came.
    write(tmp_path / "a.dcm", encode(picture(40, 30), "JPEG"))
    pixels = np.asarray(picture(40, 30))
    data = native(tmp_path / "a.dcm", pixels, "YBR_FULL", ExplicitVRLittleEndian, SamplesPerPixel=1)
    with pytest.raises(ImageError, match=r"image-unreadable|image-truncated"):
        decode_to_size(data, 16)
