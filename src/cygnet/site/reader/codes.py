"""Which codes stand in exports? The whole list; nothing else is ever written.

Each stands with the meaning that its system gives it, as DICOM PS3.16 repeats them.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Concept:
    """A code, the system that it is of (as DICOM names it), and its meaning there."""

    code: str
    system: str
    meaning: str

    @property
    def uri(self) -> str:
        """The system as FHIR names it."""
        return URIS[self.system]


URIS: Final = {
    "SCT": "http://snomed.info/sct",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "UCUM": "http://unitsofmeasure.org",
}

FINDING: Final = Concept("121071", "DCM", "Finding")
COMMENT: Final = Concept("121106", "DCM", "Comment")
PROBABILITY_OF_CANCER: Final = Concept("111047", "DCM", "Probability of cancer")
IMAGE_QUALITY: Final = Concept("111101", "DCM", "Image Quality")
SKIN_LESION: Final = Concept("95324001", "SCT", "Skin lesion")
MELANOMA: Final = Concept("1162635006", "SCT", "Malignant melanoma")
DERMOSCOPY: Final = Concept("446078004", "SCT", "Dermoscopic photography (procedure)")
PERCENT: Final = Concept("%", "UCUM", "Percent")
SKIN: Final = Concept("39937001", "SCT", "Skin")
LEFT: Final = Concept("7771000", "SCT", "Left")
RIGHT: Final = Concept("24028007", "SCT", "Right")
SIDES: Final = {"left": LEFT, "right": RIGHT}

# By what the places of the body map call them.
REGIONS: Final = {
    "Abdomen": Concept("818981001", "SCT", "Abdomen"),
    "Back": Concept("77568009", "SCT", "Back"),
    "Buttock": Concept("46862004", "SCT", "Buttock"),
    "Chest": Concept("816094009", "SCT", "Chest"),
    "Face": Concept("89545001", "SCT", "Face"),
    "Foot": Concept("56459004", "SCT", "Foot"),
    "Forearm": Concept("14975008", "SCT", "Forearm"),
    "Genital": Concept("60944009", "SCT", "Skin of external genitalia"),
    "Hand": Concept("85562004", "SCT", "Hand"),
    "Lower leg": Concept("30021000", "SCT", "Lower leg"),
    "Mouth": Concept("123851003", "SCT", "Mouth"),
    "Neck": Concept("45048000", "SCT", "Neck"),
    "Scalp": Concept("41695006", "SCT", "Scalp"),
    "Skin": SKIN,
    "Thigh": Concept("68367000", "SCT", "Thigh"),
    "Upper arm": Concept("40983000", "SCT", "Upper arm"),
}
# By the body sites of ISIC 2020.
SITES: Final = {
    "head/neck": Concept("774007", "SCT", "Head and Neck"),
    "lower extremity": Concept("61685007", "SCT", "Lower limb"),
    "oral/genital": SKIN,
    "palms/soles": SKIN,
    "torso": Concept("22943007", "SCT", "Trunk"),
    "upper extremity": Concept("53120007", "SCT", "Upper limb"),
}
EVERY: Final = (
    FINDING,
    COMMENT,
    PROBABILITY_OF_CANCER,
    IMAGE_QUALITY,
    SKIN_LESION,
    MELANOMA,
    DERMOSCOPY,
    PERCENT,
    LEFT,
    RIGHT,
    *REGIONS.values(),
    *SITES.values(),
)
