"""All facts of one file in one call: each part is what its own function gives."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cygnet.images.burned_in_text import burned_in_text
from cygnet.images.decode import decode_to_size
from cygnet.images.dicom import write_dermoscopic_dicom
from cygnet.images.image_facts import image_facts
from cygnet.images.jpeg_facts import jpeg_facts
from cygnet.images.privacy import NO_METADATA, metadata_facts
from cygnet.images.quality import pixel_facts

Draw = Callable[[int, int], Any]
Encode = Callable[..., bytes]


def test_the_facts_of_a_jpeg_are_those_of_each_function(picture: Draw, encode: Encode) -> None:
    exif = Image.Exif()
    exif[0x013B] = "Jane Doe"
    for options in ({}, {"exif": exif}):
        data = encode(picture(300, 200), "JPEG", **options)
        pixels = decode_to_size(data, 512)
        facts = image_facts(data, pixels, file=Path("Doe_Jane.jpg"))
        assert facts.pixels == pixel_facts(pixels)
        assert facts.text == burned_in_text(pixels)
        assert facts.jpeg == jpeg_facts(data)
        assert facts.metadata == metadata_facts(data)
        assert facts.metadata.may_identify == bool(options)
        assert facts.file_name == ("name",)
        assert facts.dicom_attributes == ()


def test_the_facts_of_other_formats_leave_out_what_only_a_jpeg_has(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    write_dermoscopic_dicom(
        tmp_path / "lesion.dcm",
        encode(picture(200, 200), "JPEG"),
        image_name="ISIC_0000001",
        patient_id="Doe Jane",
        sex=None,
        age_years=None,
        site=None,
    )
    data = (tmp_path / "lesion.dcm").read_bytes()
    facts = image_facts(data, decode_to_size(data, 128))
    assert facts.jpeg is None
    assert facts.metadata == NO_METADATA
    assert facts.dicom_attributes == ("PatientID",)
    assert facts.file_name == ()


def test_pixels_of_another_type_are_the_callers_mistake(picture: Draw, encode: Encode) -> None:
    data = encode(picture(64, 64), "JPEG")
    with pytest.raises(ValueError, match="pixels are"):
        image_facts(data, np.zeros((64, 64, 3), np.float32))
