"""Could a file's name or its metadata tell who the patient is? Finds it, never repeats it.

Everything here gives the *kind* of what was found (the name of a tag, ``date``), never the value:
a report of private data must not be another copy of it. It finds what usually tells; that nothing
is found does not prove a file anonymous.
"""

import re
import struct
import warnings
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Any, Final, Literal

from cygnet.images.jpeg_facts import jpeg_segments, metadata_kind

FileNameClue = Literal["date", "name"]

# Tags of EXIF that name or place a person, a device or an hour.
_IDENTIFYING_EXIF: Final = frozenset(
    {
        "Artist", "BodySerialNumber", "CameraOwnerName", "CameraSerialNumber", "Copyright",
        "DateTime", "DateTimeDigitized", "DateTimeOriginal", "DocumentName", "HostComputer",
        "ImageDescription", "ImageHistory", "ImageID", "ImageUniqueID", "LensSerialNumber",
        "MakerNote", "OffsetTime", "OffsetTimeDigitized", "OffsetTimeOriginal", "PageName",
        "SecurityClassification", "UserComment", "XPAuthor", "XPComment", "XPKeywords",
        "XPSubject", "XPTitle",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MetadataFacts:
    """Which metadata a JPEG, PNG or TIFF carries, by kind and by name.

    ``kinds`` are those of ``exif``, ``xmp``, ``icc``, ``iptc``, ``comment`` and ``text`` that are
    there. ``exif_tags`` are the names of EXIF's tags, ``identifying_tags`` those among them that
    name or place a person, a device or an hour, with every tag of GPS. No value is kept.
    """

    kinds: tuple[str, ...]
    exif_tags: tuple[str, ...]
    identifying_tags: tuple[str, ...]
    has_gps: bool

    @property
    def may_identify(self) -> bool:
        """Whether a person, a place or an hour may stand in it: free text counts as such."""
        free_text = {"xmp", "iptc", "comment", "text"}
        return bool(self.identifying_tags or self.has_gps or free_text & {*self.kinds})


NO_METADATA: Final = MetadataFacts((), (), (), has_gps=False)


def metadata_facts(data: bytes) -> MetadataFacts:
    """List the metadata of an image's bytes; nothing where it has none or is another format."""
    if data.startswith(b"\xff\xd8"):
        return _jpeg_metadata(data)
    if data[:8] == b"\x89PNG\r\n\x1a\n" or data[:4] in {b"II*\0", b"MM\0*"}:
        return _metadata_by_pillow(data)
    return NO_METADATA


def _jpeg_metadata(data: bytes) -> MetadataFacts:
    kinds: dict[str, None] = {}
    tags: dict[str, None] = {}
    for marker, payload in jpeg_segments(data):
        kind = metadata_kind(marker, payload)
        if kind is None:
            continue
        kinds[kind] = None
        if kind == "exif":
            tags |= dict.fromkeys(_exif_names(payload))
    return _facts(tuple(kinds), tuple(tags))


def _metadata_by_pillow(data: bytes) -> MetadataFacts:
    from PIL import Image

    kinds: dict[str, None] = {}
    tags: tuple[str, ...] = ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(data), formats=["PNG", "TIFF"]) as image:
                exif = image.getexif()
                tags = _names_of(exif)
                found: dict[Any, Any] = {**image.info, **getattr(image, "text", {})}
    except (OSError, SyntaxError, ValueError, EOFError):
        # What cannot be opened is told by decoding.
        return NO_METADATA
    if tags:
        kinds["exif"] = None
    names = {"xmp": "xmp", "icc_profile": "icc", "photoshop": "iptc", "XML:com.adobe.xmp": "xmp"}
    for key, value in found.items():
        if key in names:
            kinds[names[key]] = None
        elif isinstance(value, str) and key not in _TECHNICAL_KEYS:
            kinds["text"] = None
    return _facts(tuple(kinds), tags)


# What Pillow tells of a file's coding as text.
_TECHNICAL_KEYS: Final = {"compression", "srgb", "gamma", "interlace", "dpi", "aspect"}
# The structure of a TIFF, without which it holds no picture.
_STRUCTURE: Final = frozenset(
    {
        "BitsPerSample", "Colormap", "ColorMap", "Compression", "ExifOffset", "ExtraSamples",
        "FillOrder", "GPSInfo", "ImageLength", "ImageWidth", "InterColorProfile",
        "PhotometricInterpretation", "PlanarConfiguration", "Predictor", "ResolutionUnit",
        "RowsPerStrip", "SampleFormat", "SamplesPerPixel", "StripByteCounts", "StripOffsets",
        "TileByteCounts", "TileLength", "TileOffsets", "TileWidth", "XMLPacket", "XResolution",
        "YResolution",
    }
)  # fmt: skip


def _exif_names(payload: bytes) -> tuple[str, ...]:
    from PIL import Image

    exif = Image.Exif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exif.load(payload)
            return _names_of(exif)
    except (OSError, SyntaxError, ValueError, EOFError, KeyError, TypeError, struct.error):
        return ("(unreadable)",)


def _names_of(exif: Any) -> tuple[str, ...]:
    from PIL import ExifTags

    names: dict[str, None] = {}
    for tag in exif:
        name = ExifTags.TAGS.get(tag, f"0x{tag:04x}")
        if name not in _STRUCTURE:
            names[name] = None
    for tag in exif.get_ifd(ExifTags.IFD.Exif):
        names[ExifTags.TAGS.get(tag, f"0x{tag:04x}")] = None
    for tag in exif.get_ifd(ExifTags.IFD.GPSInfo):
        names[ExifTags.GPSTAGS.get(tag, f"GPS 0x{tag:04x}")] = None
    return tuple(names)


def _facts(kinds: tuple[str, ...], tags: tuple[str, ...]) -> MetadataFacts:
    identifying = tuple(
        name
        for name in tags
        if name in _IDENTIFYING_EXIF or name.startswith("GPS") or name == "(unreadable)"
    )
    has_gps = any(name.startswith("GPS") and name != "GPSVersionID" for name in tags)
    return MetadataFacts(kinds, tags, identifying, has_gps)


# A day, month and year in any common order, with or without the same sign between them.
_DATES: Final = (
    re.compile(r"(?<!\d)(?:19|20)\d\d([-_. ]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d)"),
    re.compile(r"(?<!\d)(?:0[1-9]|[12]\d|3[01])([-_. ]?)(?:0[1-9]|1[0-2])\1(?:19|20)\d\d(?!\d)"),
    re.compile(r"(?<!\d)(?:0[1-9]|1[0-2])([-_. ]?)(?:0[1-9]|[12]\d|3[01])\1(?:19|20)\d\d(?!\d)"),
    # A camera's stamp, the hour after the day.
    re.compile(r"(?<!\d)(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{4,6}(?!\d)"),
    re.compile(
        r"(?<![A-Za-z\d])\d{1,2}[-_. ]?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
        r"[-_. ]?(?:19|20)?\d\d(?!\d)",
        re.IGNORECASE,
    ),
)
_WORD: Final = re.compile(r"[^\W\d_]+")
# Words that file names have and people hardly do. Short ones are passed anyway.
_ORDINARY_WORDS: Final = """
    abdomen acral age anon anonymous anterior arm atypical back basal benign blue body bottom breast
    buttock calf camera cancer canon case cell cheek chest clinic close closeup control copy crop
    cropped data dataset derm dermatoscope dermatoscopy dermofit dermoscopic dermoscopy dsc dscn
    dysplastic ear elbow exam export extremity eye face female field file final finger fixed flip
    foot forearm forehead fotofinder frame front full general genital ground hair ham hand head heel
    high hip hospital human image images img imgp imported inch input isic jpeg jpg keratosis knee
    large left leg lentigo lesion lesions lesión limb lip lot low lower macro male malignant mask
    med mel melanoma melanocytic metadata micro middle mole molemax moles mole neck nevus naevus new
    nikon no nose number old olympus oral original out palm panasonic part patient photo photograph
    photos pic picture pigmented plane point polarised polarized posterior processed public raw
    rear release resized result right rotated sample samples scale scalp scan scar screen
    screenshot seborrheic segmentation series shoulder side site size skin small snap sole sony spot
    squamous study sub subject super synthetic test thigh thorax thumb tile toe top torso total
    train training trunk truth unknown unnamed untitled upper valid validation version view visit
    week whatsapp white with without wrist xray year zoom muttermal bild foto hautbild läsion
    """
_ORDINARY: Final = frozenset(_ORDINARY_WORDS.split())
_SHORTEST_NAME: Final = 3


def file_name_clues(name: str) -> tuple[FileNameClue, ...]:
    """Tell whether a file's name seems to hold a date or a person's name.

    A name is suspected in a capitalised word that file names do not usually have, or in two such
    words of any case side by side. The folder is not looked at.

    >>> file_name_clues("ISIC_0024306.jpg"), file_name_clues("Doe_Jane_1980-05-17.jpg")
    ((), ('date', 'name'))
    """
    stem = PurePath(name.replace("\\", "/")).name
    # All that follows the last dot is a suffix only where it is no part of a date.
    stem = re.sub(r"\.[A-Za-z]\w{0,4}$", "", stem)
    clues: list[FileNameClue] = []
    if any(pattern.search(stem) for pattern in _DATES):
        clues.append("date")
    if _seems_to_name(stem):
        clues.append("name")
    return tuple(clues)


def _seems_to_name(stem: str) -> bool:
    # CamelCase is words without signs between them.
    words = _WORD.findall(re.sub(r"(?<=[a-zäöüéèß])(?=[A-ZÄÖÜÉÈ])", "_", stem))
    strange = [
        len(word) >= _SHORTEST_NAME and word.lower() not in _ORDINARY and _has_vowel(word)
        for word in words
    ]
    if any(odd and word.istitle() for odd, word in zip(strange, words, strict=True)):
        return True
    return any(one and other for one, other in pairwise(strange))


def _has_vowel(word: str) -> bool:
    return any(letter in "aeiouyäöüáéíóúàèìòùâêîôûåø" for letter in word.lower())


# Attributes that the basic profile of DICOM PS3.15 empties, removes or replaces, as far as a
# dermoscopic image can have them. Names, dates and hours are found by their type instead.
_IDENTIFYING_DICOM: Final = frozenset(
    {
        "AccessionNumber", "AcquisitionDeviceProcessingDescription",
        "AcquisitionProtocolDescription", "AdditionalPatientHistory", "AdmissionID", "Allergies",
        "BranchOfService", "CommentsOnThePerformedProcedureStep", "ContributionDescription",
        "CountryOfResidence", "DerivationDescription", "DeviceDescription", "DeviceSerialNumber",
        "DeviceUID", "EthnicGroup", "GantryID", "ImageComments", "InstitutionAddress",
        "InstitutionName", "InstitutionalDepartmentName", "IssuerOfPatientID",
        "LastMenstrualDate", "MedicalAlerts", "MedicalRecordLocator", "MilitaryRank",
        "Occupation", "OtherPatientIDs", "OtherPatientIDsSequence", "PatientAddress",
        "PatientComments", "PatientID", "PatientInsurancePlanCodeSequence",
        "PatientReligiousPreference", "PatientState", "PatientTelephoneNumbers",
        "PerformedLocation", "PerformedProcedureStepDescription", "PerformedProcedureStepID",
        "PerformedStationName", "ProtocolName", "RegionOfResidence",
        "RequestedProcedureDescription", "RequestedProcedureID",
        "ScheduledProcedureStepDescription", "SeriesDescription", "ServiceEpisodeID",
        "SmokingStatus", "SpecialNeeds", "StationName", "StudyComments", "StudyDescription",
        "StudyID", "TextComments",
    }
)  # fmt: skip
_IDENTIFYING_TYPES: Final = frozenset({"DA", "DT", "PN", "TM"})
_PSEUDONYM: Final = re.compile(r"IP_\d{7}")
# What stands where a value must stand and none is to be told.
_DUMMIES: Final = frozenset(
    {"", "0", "none", "n/a", "unknown", "anonymous", "anonymized", "anonymised", "removed"}
)


def dicom_identifying_attributes(data: bytes, *, file: Path | None = None) -> tuple[str, ...]:
    """Name the attributes of a DICOM file that have a value and may identify a person.

    They are those that the basic profile of PS3.15 treats: names, dates, hours, numbers of
    patients, institutions and devices, free descriptions, and every private attribute (given as
    ``private``); sequences are searched too. An empty value, a usual dummy such as ``none``, and a
    ``PatientID`` shaped as ISIC's are no finding. UIDs are not judged: a replaced one looks like
    any other.

    Raises :class:`~cygnet.errors.ImageError` when the file cannot be followed to its pixels.
    """
    import pydicom

    from cygnet.images.dicom import reading_dicom

    names: dict[str, None] = {}
    with reading_dicom("image-unreadable", file):
        dataset = pydicom.dcmread(BytesIO(data), stop_before_pixels=True)
        # A file that was cut before its picture is described has not shown all its attributes.
        _ = dataset.Rows
        for element in dataset.iterall():
            if element.tag.is_private:
                names["private"] = None
            elif _identifies(element):
                names[element.keyword or str(element.tag)] = None
    return tuple(sorted(names))


def _identifies(element: Any) -> bool:
    if element.keyword not in _IDENTIFYING_DICOM and element.VR not in _IDENTIFYING_TYPES:
        return False
    if element.VR == "SQ":
        return bool(element.value)
    value = str(element.value).strip()
    if element.keyword == "PatientID" and _PSEUDONYM.fullmatch(value):
        return False
    return value.lower() not in _DUMMIES and not element.is_empty
