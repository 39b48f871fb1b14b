"""Privacy: names, dates and places are found by kind, and never repeated."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
from PIL import Image, PngImagePlugin

from cygnet.errors import ImageError
from cygnet.images.dicom import write_dermoscopic_dicom
from cygnet.images.privacy import dicom_identifying_attributes, file_name_clues, metadata_facts

Draw = Callable[[int, int], Any]
Encode = Callable[..., bytes]


def exif_with_a_name_and_a_place() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "Canon"
    exif[0x013B] = "Jane Doe"
    exif.get_ifd(0x8769)[0x9003] = "2019:04:12 10:11:12"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 12.0, 30.0)
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_tags_of_exif_are_named_and_their_values_are_not(
    picture: Draw, encode: Encode, kind: str
) -> None:
    facts = metadata_facts(encode(picture(64, 64), kind, exif=exif_with_a_name_and_a_place()))
    assert {"Make", "Artist", "DateTimeOriginal", "GPSLatitude"} <= {*facts.exif_tags}
    assert {"Artist", "DateTimeOriginal", "GPSLatitude"} <= {*facts.identifying_tags}
    assert "Make" not in facts.identifying_tags
    assert facts.has_gps
    assert facts.may_identify
    assert "Jane" not in repr(facts)
    assert "2019" not in repr(facts)


def test_tags_of_a_tiff_are_told_from_its_structure(picture: Draw, encode: Encode) -> None:
    # Pillow writes the main directory of a TIFF only.
    facts = metadata_facts(encode(picture(64, 64), "TIFF", exif=exif_with_a_name_and_a_place()))
    assert {*facts.exif_tags} == {"Artist", "Make"}
    assert facts.identifying_tags == ("Artist",)


def test_tags_that_describe_the_coding_identify_nobody(picture: Draw, encode: Encode) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    facts = metadata_facts(encode(picture(64, 64), "JPEG", exif=exif))
    assert facts.exif_tags == ("Orientation",)
    assert not facts.may_identify
    for kind in ("JPEG", "PNG", "TIFF", "BMP"):
        plain = metadata_facts(encode(picture(64, 64), kind))
        assert plain.kinds == ()
        assert not plain.may_identify


def test_free_text_may_identify(picture: Draw, encode: Encode) -> None:
    commented = metadata_facts(encode(picture(64, 64), "JPEG", comment=b"Jane Doe"))
    assert commented.kinds == ("comment",)
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "Jane Doe")
    written = metadata_facts(encode(picture(64, 64), "PNG", pnginfo=text))
    assert written.kinds == ("text",)
    assert commented.may_identify
    assert written.may_identify


def test_exif_that_cannot_be_read_counts_as_identifying(picture: Draw, encode: Encode) -> None:
    data = encode(picture(64, 64), "JPEG")
    broken = b"Exif\0\0II*\0\xff\xff\xff\x7f"
    segment = b"\xff\xe1" + (len(broken) + 2).to_bytes(2, "big") + broken
    facts = metadata_facts(data[:2] + segment + data[2:])
    assert facts.kinds == ("exif",)


@pytest.mark.parametrize(
    "name",
    [
        "ISIC_0024306.jpg",
        "ISIC_2138357_downsampled.jpg",
        "IMG_1234.JPG",
        "DSC00012.jpg",
        "lesion-left-arm_3.png",
        "image (12).tif",
        "IP_0000001_IL_0000002.dcm",
        "00000001.dcm",
        "4f1d9c3e-aa01-4c55-9b1e-2f6d1a7e3c90.jpg",
        "melanoma_512x512.png",
        "IMD035.bmp",
        "PAT_8_15_820.png",
    ],
)
def test_usual_file_names_give_no_alarm(name: str) -> None:
    assert file_name_clues(name) == ()


@pytest.mark.parametrize(
    ("name", "clues"),
    [
        ("Doe_Jane.jpg", ("name",)),
        ("jane doe left arm.jpg", ("name",)),
        ("MuellerAnna01.jpg", ("name",)),
        ("Smith_123.dcm", ("name",)),
        ("IMG_20190412_101112.jpg", ("date",)),
        ("lesion 12.04.2019.jpg", ("date",)),
        ("1980-05-17.png", ("date",)),
        ("12mar2019_back.jpg", ("date",)),
        ("20190412101112.jpg", ("date",)),
        ("Doe_Jane_1980-05-17.jpg", ("date", "name")),
        ("C:\\fotos\\Doe_Jane.jpg", ("name",)),
    ],
)
def test_names_and_dates_in_file_names_are_found(name: str, clues: tuple[str, ...]) -> None:
    assert file_name_clues(name) == clues


@pytest.mark.real
def test_no_real_file_name_gives_an_alarm(real_data: Path) -> None:
    names = [path.name for path in real_data.rglob("*.jpg") if "everyday" not in path.parts]
    assert len(names) > 10_000
    assert [name for name in names if file_name_clues(name)] == []


def test_identifying_attributes_of_dicom_are_named_wherever_they_stand(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    path = tmp_path / "lesion.dcm"
    write_dermoscopic_dicom(
        path,
        encode(picture(64, 64), "JPEG"),
        image_name="ISIC_0000001",
        patient_id="IP_0000001",
        sex="female",
        age_years=45.0,
        site="torso",
    )
    assert dicom_identifying_attributes(path.read_bytes()) == ()
    dataset = pydicom.dcmread(path)
    dataset.PatientName = "Doe^Jane"
    dataset.PatientBirthDate = "19800517"
    dataset.PatientID = "4711"
    dataset.InstitutionName = "St. Mary Hospital"
    request = pydicom.Dataset()
    request.RequestedProcedureDescription = "Jane's mole"
    dataset.RequestAttributesSequence = [request]
    dataset.private_block(0x0009, "maker", create=True).add_new(1, "LO", "Jane")
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    found = dicom_identifying_attributes(stream.getvalue())
    assert found == (
        "InstitutionName",
        "PatientBirthDate",
        "PatientID",
        "PatientName",
        "RequestedProcedureDescription",
        "private",
    )
    with pytest.raises(ImageError, match="lesion"):
        dicom_identifying_attributes(stream.getvalue()[:200], file=Path("lesion.dcm"))
