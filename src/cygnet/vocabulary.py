"""Which words may stand in a table of lesions? ISIC 2020's, and the spellings taken for them.

Columns and values are named as ISIC 2020 names them. Words, patterns and two small judgements on
a single word; nothing here reads a file, and nothing here refuses one.
"""

import re
from collections.abc import Mapping

BENIGN = "benign"
MALIGNANT = "malignant"
MELANOMA = "melanoma"

SEXES = ("female", "male")

SITES = (
    "head/neck",
    "lower extremity",
    "oral/genital",
    "palms/soles",
    "torso",
    "upper extremity",
)

ISIC_2020_DIAGNOSES = (
    "atypical melanocytic proliferation",
    "cafe-au-lait macule",
    "lentigo NOS",
    "lichenoid keratosis",
    MELANOMA,
    "nevus",
    "seborrheic keratosis",
    "solar lentigo",
    "unknown",
)

# What the ISIC Archive and HAM10000 hold besides.
OTHER_DIAGNOSES = (
    "actinic keratosis",
    "angiokeratoma",
    "basal cell carcinoma",
    "benign keratosis",
    "dermatofibroma",
    "lentigo simplex",
    "other",
    "pigmented benign keratosis",
    "scar",
    "squamous cell carcinoma",
    "vascular lesion",
)

DIAGNOSES = ISIC_2020_DIAGNOSES + OTHER_DIAGNOSES

# Malignant, and yet not the melanoma that `target` asks for.
OTHER_MALIGNANT_DIAGNOSES = ("basal cell carcinoma", "squamous cell carcinoma")

# `unknown` and `other` say nothing of the target, and a proliferation may go either way.
UNDECIDED_DIAGNOSES = ("unknown", "other", "atypical melanocytic proliferation")

# The side of the body; ISIC 2020 does not tell it, other tables do.
LATERALITIES = ("left", "right")

CONFIRMATIONS = (
    "confocal microscopy with consensus dermoscopy",
    "histopathology",
    "serial imaging showing no change",
    "single contributor clinical assessment",
    "single image expert consensus",
)

# What ISIC 2020 asks of a truth (Rotemberg et al. 2021): malignant by histopathology alone, benign
# also by the agreement of experts or by follow-up. One clinician's assessment is neither.
MALIGNANT_CONFIRMATIONS = ("histopathology",)
BENIGN_CONFIRMATIONS = (
    "confocal microscopy with consensus dermoscopy",
    "histopathology",
    "serial imaging showing no change",
    "single image expert consensus",
)

# Canonical name of a column: the spellings taken for it, the first one present wins.
COLUMN_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "image_name": ("image_name", "image", "isic_id", "image_id"),
    "patient_id": ("patient_id", "patient"),
    "lesion_id": ("lesion_id", "lesion"),
    "sex": ("sex", "gender"),
    "age_approx": ("age_approx", "age"),
    "anatom_site_general_challenge": (
        "anatom_site_general_challenge",
        "anatom_site_general",
        "anatom_site",
        "localization",
    ),
    "laterality": ("laterality", "lesion_laterality"),
    "diagnosis": ("diagnosis", "dx", "diagnosis_3"),
    "diagnosis_confirm_type": ("diagnosis_confirm_type", "dx_type"),
    "benign_malignant": ("benign_malignant", "diagnosis_1"),
    "target": ("target",),
    "width_px": ("width_px", "pixels_x"),
    "height_px": ("height_px", "pixels_y"),
}

# Words for "not known" that programs write into an empty cell.
MISSING_MARKS = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "<NA>")

# Spellings of values, by column; compared without regard to case. None: not known.
VALUE_SPELLINGS: Mapping[str, Mapping[str, str | None]] = {
    "sex": {"f": "female", "m": "male", "unknown": None},
    "anatom_site_general_challenge": {
        "abdomen": "torso",
        "acral": "palms/soles",
        "anterior torso": "torso",
        "back": "torso",
        "chest": "torso",
        "ear": "head/neck",
        "face": "head/neck",
        "foot": "lower extremity",
        "genital": "oral/genital",
        "hand": "upper extremity",
        "lateral torso": "torso",
        "neck": "head/neck",
        "posterior torso": "torso",
        "scalp": "head/neck",
        "trunk": "torso",
        "unknown": None,
    },
    "laterality": {"l": "left", "r": "right", "unknown": None},
    "diagnosis": {
        "akiec": "actinic keratosis",
        "bcc": "basal cell carcinoma",
        "bkl": "benign keratosis",
        "df": "dermatofibroma",
        "mel": MELANOMA,
        "nv": "nevus",
        "vasc": "vascular lesion",
    },
    "diagnosis_confirm_type": {
        "confocal": "confocal microscopy with consensus dermoscopy",
        "consensus": "single image expert consensus",
        "expert agreement": "single image expert consensus",
        "expert consensus": "single image expert consensus",
        "follow-up": "serial imaging showing no change",
        "follow_up": "serial imaging showing no change",
        "followup": "serial imaging showing no change",
        "histo": "histopathology",
        "histology": "histopathology",
        "histopathologic": "histopathology",
        "longitudinal follow-up": "serial imaging showing no change",
        "pathology": "histopathology",
    },
    "benign_malignant": {},
}

# Words of the ISIC Archive that leave open whether a lesion is malignant.
UNDECIDED_MALIGNANCIES = ("indeterminate", "indeterminate/benign", "indeterminate/malignant")

KNOWN_VALUES: Mapping[str, tuple[str, ...]] = {
    "sex": SEXES,
    "anatom_site_general_challenge": SITES,
    "laterality": LATERALITIES,
    "diagnosis": DIAGNOSES,
    "diagnosis_confirm_type": CONFIRMATIONS,
    "benign_malignant": (BENIGN, MALIGNANT, *UNDECIDED_MALIGNANCIES),
}

AGE_STEP_YEARS = 5
# ISIC 2020's images were taken over some twenty years, and either end of a span is rounded to 5.
LONGEST_FOLLOW_UP_YEARS = 25
AGE_LIMIT_YEARS = 120

# The shape that ISIC 2020 gives its identifiers. Another shape is a finding, never a fault.
ISIC_SHAPES: Mapping[str, str] = {
    "image_name": r"^ISIC_[0-9]{7}$",
    "patient_id": r"^IP_[0-9]{7}$",
    "lesion_id": r"^IL_[0-9]{7}$",
}

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".dcm")

IDENTIFIER_LIMIT_CHARS = 64

# Enough to pass nearly every identifier at once; `is_safe_identifier` judges the rest.
PLAIN_IDENTIFIER = rf"^[A-Za-z0-9_-]{{1,{IDENTIFIER_LIMIT_CHARS}}}$"

_SEPARATORS = frozenset("/\\")
_MELANOMA_WORD = re.compile(r"\bmelanoma\b", re.IGNORECASE)


def is_safe_identifier(text: str) -> bool:
    r"""Say whether ``text`` may name an image, a patient or a lesion.

    1 to 64 printable characters with a letter or a digit among them; no slash, no backslash, no
    two dots in a row, so that no identifier leads out of a folder.

    >>> is_safe_identifier("ISIC_2637011"), is_safe_identifier("patient 7 (left)")
    (True, True)
    >>> is_safe_identifier("../../etc/passwd"), is_safe_identifier("a\x00b")
    (False, False)
    """
    return (
        0 < len(text) <= IDENTIFIER_LIMIT_CHARS
        and text.isprintable()
        and not _SEPARATORS.intersection(text)
        and ".." not in text
        and any(character.isalnum() for character in text)
    )


def is_melanoma(diagnosis: str) -> bool:
    """Say whether a diagnosis, as any ISIC table words it, is a melanoma.

    >>> is_melanoma("Melanoma in situ"), is_melanoma("melanocytic nevus")
    (True, False)
    """
    return _MELANOMA_WORD.search(diagnosis) is not None
