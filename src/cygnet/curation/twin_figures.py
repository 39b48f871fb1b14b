"""Which aggregate figures of ISIC 2020 does the synthetic twin follow? Counts only, never a row.

Counted from the published tables of the SIIM-ISIC 2020 Challenge Dataset (International Skin
Imaging Collaboration, 10.34970/2020-ds01, CC-BY-NC 4.0; Rotemberg et al. 2021,
10.1038/s41597-021-00815-z): training table v2, test table and the original image sizes.
"""

from dataclasses import dataclass

# Images a patient at these shares of the patients, from the fewest to the most. A half stands
# between two whole numbers: a patient with 3 images lies below 3.5.
IMAGES_A_PATIENT_SHARE = (
    *(0.0, 0.0005, 0.1445, 0.236, 0.294, 0.336, 0.385, 0.406, 0.444, 0.487, 0.552, 0.621),
    *(0.666, 0.725, 0.788, 0.85, 0.9, 0.95, 0.975, 0.99, 0.995, 0.998, 1.0),
)
IMAGES_A_PATIENT = (
    *(2.0, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 11.5, 13.5, 15.5),
    *(17.5, 20.5, 23.5, 29.0, 35.0, 44.3, 54.6, 80.0, 102.0, 115.0, 115.0),
)
IMAGES_A_TEST_PATIENT_SHARE = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 0.99, 1.0)
IMAGES_A_TEST_PATIENT = (3, 4, 5, 6, 8, 10, 13, 18, 24, 35, 54, 75, 240)

PREVALENCE = 584 / 33_126
PATIENTS_WITH_MELANOMA = 428 / 2_056
MELANOMAS_A_PATIENT_MAX = 8

FIRST_AGE_YEARS = tuple(range(0, 95, 5))
FIRST_AGE_MALE = (1, 0, 4, 13, 21, 52, 70, 78, 89, 128, 120, 110, 105, 92, 98, 59, 22, 12, 3)
FIRST_AGE_FEMALE = (0, 0, 5, 8, 15, 47, 73, 83, 124, 129, 142, 107, 83, 69, 43, 29, 11, 2, 6)
MALE = 1_077 / 2_054
AGE_MISSING = 3 / 2_056
SEX_MISSING_WHERE_AGE_IS = 2 / 3
# Years between a patient's first and last image, for patients followed over more than one age.
AGE_SPAN_YEARS = (5, 10, 15, 20)
AGE_SPAN_PATIENTS = (741, 65, 103, 88)

SITES = (
    "torso",
    "lower extremity",
    "upper extremity",
    "head/neck",
    "palms/soles",
    "oral/genital",
)
# Images by (sex, target) over SITES.
SITE_IMAGES = {
    ("male", 0): (9_074, 3_884, 2_215, 959, 220, 78),
    ("male", 1): (172, 66, 61, 54, 4, 1),
    ("female", 0): (7_495, 4_391, 2_637, 814, 150, 42),
    ("female", 1): (85, 58, 50, 20, 1, 3),
}
SITE_MISSING = 527 / 33_126
PATIENTS_WITH_SITE_MISSING = 220 / 2_056

# Benign images with a diagnosis other than nevus or unknown.
RARE_DIAGNOSES = {
    "seborrheic keratosis": 135,
    "lentigo NOS": 44,
    "lichenoid keratosis": 37,
    "solar lentigo": 7,
    "cafe-au-lait macule": 1,
    "atypical melanocytic proliferation": 1,
}
BENIGN_IMAGES = 32_542

# Pairs of images that show the same lesion.
DUPLICATE_PAIRS = 433 / 33_126
PAIRS_NOT_LISTED = 8 / 433
PAIRS_OF_TWO_LESION_IDS = 8 / 433
PAIRS_OF_TWO_SITES = 1 / 433

COUNT_BINS = (3, 6, 12, 24)
"""Upper ends of the bins of images a patient over which ``Camera.patients`` counts."""


@dataclass(frozen=True, slots=True)
class Camera:
    """One size of original picture: who has it, and how often it shows what.

    ``patients`` counts patients whose images mostly have this size, by images a patient
    (``COUNT_BINS``). ``elsewhere`` counts benign images of this size in other patients.
    ``spans`` is the share of its patients followed over more than one age, ``named`` the share of
    its benign images that are called nevus rather than unknown.
    """

    sizes: tuple[tuple[int, int], ...]
    patients: tuple[int, int, int, int, int]
    elsewhere: int
    malignant: int
    spans: float
    named: float


CAMERAS = {
    "6000x4000": Camera(((6000, 4000),), (30, 45, 76, 217, 248), 311, 24, 0.16, 0.009),
    "1872x1053": Camera(((1872, 1053),), (17, 125, 191, 171, 54), 1_023, 130, 0.96, 0.585),
    "640x480": Camera(((640, 480),), (21, 31, 25, 88, 65), 724, 91, 0.875, 0.0),
    "5184x3456": Camera(((5184, 3456),), (140, 130, 35, 61, 43), 141, 72, 0.15, 0.023),
    "3264x2448": Camera(((3264, 2448),), (12, 23, 22, 16, 1), 1_001, 92, 0.67, 0.261),
    "4288x2848": Camera(((4288, 2848),), (7, 7, 17, 17, 1), 274, 47, 0.62, 0.104),
    "2592x1936": Camera(((2592, 1936),), (7, 18, 11, 5, 0), 461, 71, 0.64, 0.219),
    "square": Camera(
        ((1769, 1769), (1936, 1936), (2317, 2317)), (21, 4, 0, 0, 0), 70, 29, 0.03, 0.372
    ),
    "other": Camera(
        ((3888, 2592), (4032, 3024), (2848, 4288), (4608, 3072)),
        (42, 10, 1, 1, 0),
        123,
        28,
        0.0,
        0.162,
    ),
}
