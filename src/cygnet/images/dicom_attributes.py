"""What must a Dermoscopic Photography Image say of itself? Its attributes, without the pixels.

What the cohort's table does not tell is left empty where the standard allows it (type 2). Nothing
is invented: no date, no device.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from cygnet import __version__
from cygnet.images.jpeg_markers import JpegFrame

if TYPE_CHECKING:
    from pydicom.uid import UID

_IMPLEMENTATION = "CYGNET"
# SNOMED CT codes of the sites that ISIC 2020 names.
_SITES = {
    "head/neck": ("774007", "Head and Neck"),
    "lower extremity": ("61685007", "Lower limb"),
    "oral/genital": ("39937001", "Skin"),
    "palms/soles": ("39937001", "Skin"),
    "torso": ("22943007", "Trunk"),
    "upper extremity": ("53120007", "Upper limb"),
}
_UNPAIRED_SITE = "head/neck"
_ANY_SITE = ("39937001", "Skin")
_SEXES = {"male": "M", "female": "F"}
Laterality = Literal["left", "right"]
_LATERALITIES: Final[dict[str | None, str]] = {"left": "L", "right": "R", None: ""}
_SIDES: Final[dict[Laterality, tuple[str, str]]] = {
    "left": ("7771000", "Left"),
    "right": ("24028007", "Right"),
}
_METHOD: Final = "Pseudonyms only; JPEG without identifying metadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class DicomSubject:
    """What is known of the lesion and the patient; ``None`` where it is not."""

    image_name: str
    patient_id: str
    lesion_id: str | None
    sex: str | None
    age_years: float | None
    site: str | None
    laterality: Laterality | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DicomPicture:
    """What is known of the JPEG: its frame, length, ICC profile, and whether it may identify."""

    frame: JpegFrame
    compressed_bytes: int
    icc_profile: bytes | None
    may_identify: bool


def dermoscopic_dataset(picture: DicomPicture, subject: DicomSubject) -> Any:
    """Build the data set of one image without its pixels; see ``write_dermoscopic_dicom``."""
    from pydicom.dataset import Dataset

    dataset = Dataset()
    _add_identity(dataset, subject.image_name)
    dataset.PatientName = ""
    dataset.PatientID = subject.patient_id
    dataset.PatientBirthDate = ""
    dataset.PatientSex = _SEXES.get(subject.sex or "", "")
    if subject.age_years is not None:
        dataset.PatientAge = f"{round(subject.age_years):03d}Y"
    dataset.PatientIdentityRemoved = "NO" if picture.may_identify else "YES"
    if not picture.may_identify:
        dataset.DeidentificationMethod = _METHOD
    _add_image(dataset, picture)
    _add_dermoscopy(dataset, subject)
    return dataset


def _uid(image_name: str, role: str) -> "UID":
    from pydicom.uid import generate_uid

    return generate_uid(entropy_srcs=["cygnet", role, image_name])


def _add_identity(dataset: Any, image_name: str) -> None:
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import JPEGBaseline8Bit

    from cygnet.images.dicom import DERMOSCOPIC_PHOTOGRAPHY

    meta: Any = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DERMOSCOPIC_PHOTOGRAPHY
    meta.MediaStorageSOPInstanceUID = _uid(image_name, "image")
    meta.TransferSyntaxUID = JPEGBaseline8Bit
    meta.ImplementationClassUID = _uid("", "implementation")
    meta.ImplementationVersionName = f"{_IMPLEMENTATION}_{__version__}"[:16]
    dataset.file_meta = meta
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = DERMOSCOPIC_PHOTOGRAPHY
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    # A study of its own: a patient's ages differ between images, and a study has one age.
    dataset.StudyInstanceUID = _uid(image_name, "study")
    dataset.SeriesInstanceUID = _uid(image_name, "series")
    dataset.StudyID = ""
    dataset.StudyDate = ""
    dataset.StudyTime = ""
    dataset.AccessionNumber = ""
    dataset.ReferringPhysicianName = ""
    dataset.SeriesNumber = "1"
    dataset.InstanceNumber = "1"
    dataset.Modality = "DMS"
    dataset.FrameOfReferenceUID = _uid(image_name, "frame of reference")
    dataset.PositionReferenceIndicator = ""
    # The equipment that made this file; the camera is not known.
    dataset.Manufacturer = "The Cygnet authors"
    dataset.ManufacturerModelName = "Cygnet"
    dataset.DeviceSerialNumber = "none"
    dataset.SoftwareVersions = __version__


def _add_image(dataset: Any, picture: DicomPicture) -> None:
    frame = picture.frame
    channels = len(frame.component_ids)
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.PatientOrientation = ""
    dataset.SamplesPerPixel = channels
    dataset.PhotometricInterpretation = _photometric(frame)
    if channels == 3:
        dataset.PlanarConfiguration = 0
    dataset.Rows = frame.height_px
    dataset.Columns = frame.width_px
    dataset.BitsAllocated = 8
    dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelRepresentation = 0
    ratio = frame.width_px * frame.height_px * channels / picture.compressed_bytes
    dataset.LossyImageCompression = "01"
    dataset.LossyImageCompressionRatio = f"{ratio:.4g}"
    dataset.LossyImageCompressionMethod = "ISO_10918_1"
    if picture.icc_profile is not None and channels == 3:
        dataset.ICCProfile = picture.icc_profile


def _photometric(frame: JpegFrame) -> str:
    if len(frame.component_ids) == 1:
        return "MONOCHROME2"
    if frame.is_rgb:
        return "RGB"
    # The standard's name for a baseline JPEG of YCbCr, whatever its chroma subsampling.
    return "YBR_FULL_422"


def _add_dermoscopy(dataset: Any, subject: DicomSubject) -> None:
    from pydicom.sequence import Sequence

    code, meaning = _SITES.get(subject.site or "", _ANY_SITE)
    dataset.AcquisitionContextSequence = Sequence([])
    if subject.site != _UNPAIRED_SITE:
        # The standard wants it said that the side is not known, wherever there may be one.
        dataset.Laterality = _LATERALITIES[subject.laterality]
    if subject.lesion_id is not None:
        # All images of a lesion have the same tracking identifiers.
        dataset.TrackingID = subject.lesion_id
        dataset.TrackingUID = _uid(subject.lesion_id, "lesion")
    region = _code(code, meaning)
    if subject.laterality is not None:
        # Beside Laterality, which the standard forbids where the region as a whole has no sides.
        region.AnatomicRegionModifierSequence = Sequence([_code(*_SIDES[subject.laterality])])
    dataset.AnatomicRegionSequence = Sequence([region])
    dataset.RecognizableVisualFeatures = "NO"
    dataset.LightSourcePolarization = ""
    dataset.EmitterColorTemperature = ""
    dataset.ContactMethod = ""
    dataset.OpticalMagnificationFactor = ""


def _code(value: str, meaning: str) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = "SCT"
    item.CodeMeaning = meaning
    return item
