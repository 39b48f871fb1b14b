"""Which items does CLEAR Derm ask for, in own words? 25 items in four groups.

Daneshjou et al. (2022), 10.1001/jamadermatol.2021.4915.
"""

from cygnet.report.reporting import data_sentences as data
from cygnet.report.reporting import method_sentences as method
from cygnet.report.reporting import result_sentences as result
from cygnet.report.reporting import run_sentences as run
from cygnet.report.reporting.items import Checklist, Item

_DATA = (
    Item("1", "Kinds of images", "Dermoscopic, clinical, by telephone: which, and how many?"),
    Item("2", "Artefacts", "How often are there ink, hair, rulers, dark corners, bubbles?"),
    Item(
        "3",
        "Acquisition",
        "Which devices, light, settings and photographers took the images?",
        (data.original_sizes,),
        "Devices, light, polarisation and who took the images.",
    ),
    Item(
        "4",
        "Preprocessing",
        "What was done to the images before the model saw them?",
        (run.preprocessing,),
        "What was done before the images came into these files.",
    ),
    Item(
        "5",
        "Synthetic images",
        "Were any synthetic images used, and where are they?",
        (run.synthetic,),
        "Any other synthetic images, and where they can be had.",
    ),
    Item("6", "Public images", "Which public images were used, and how are they cited?"),
    Item(
        "7",
        "Patients",
        "What is known of age, sex, body site and other facts of the patients?",
        (data.characteristics, data.missing_values),
        "History, ancestry and what else the table does not hold.",
    ),
    Item("8", "Skin tone", "Which skin tones are there, and how were they assessed?"),
    Item(
        "9",
        "Bias by patient facts",
        "Can facts about the patient or the file give the answer away?",
        (run.shortcuts,),
        "Biases that no column of the table shows.",
    ),
    Item(
        "10",
        "Partition",
        "How were images dealt to training and testing, and are patients kept apart?",
        (run.partition,),
    ),
    Item(
        "11",
        "Sample sizes",
        "How many images and patients has each part?",
        (data.counted, run.fold_sizes, run.extra_data),
        "The sizes of any training or tuning set outside these files.",
    ),
    Item(
        "12",
        "External test set",
        "Was the model tested on data from elsewhere?",
        (run.evaluated_inside,),
        "A test on patients from elsewhere, or why there is none.",
    ),
    Item("13", "Several makers", "Do the images come from devices of more than one maker?"),
    Item(
        "14",
        "Classes and their balance",
        "How many images has each class, and is that how it is in practice?",
        (data.prevalence, data.diagnoses, run.imbalance),
        "The share of melanomas where the model is to be used.",
    ),
    Item("15", "Images of other kinds", "What does the model do with what it was not made for?"),
)

_TECHNIQUE = (
    Item(
        "16",
        "Labelling",
        "Who gave the labels, and by which method?",
        (data.outcome,),
        "Who gave the labels, by which method, and how they agreed.",
    ),
    Item("17", "Diagnostic terms", "To which accepted terms do the labels refer?"),
    Item("18", "Histopathology", "Were all malignant lesions confirmed by histopathology?"),
    Item(
        "19",
        "Development",
        "How was the algorithm built, in enough detail to build it again?",
        (run.network, run.calibrated, run.machine, method.software),
        "Why this algorithm, and the development of any model given from outside.",
    ),
)

_ASSESSMENT = (
    Item(
        "20",
        "Public evaluation",
        "How can others test the algorithm?",
        (run.exported, method.repeatable),
        "Where others find the model and the data.",
    ),
    Item(
        "21",
        "Performance",
        "Which measures, with which intervals, at which threshold?",
        (
            method.measures,
            result.threshold_words,
            result.auroc,
            result.at_the_threshold,
            result.fixed_points,
            result.calibration,
            result.net_benefit,
        ),
    ),
    Item(
        "22",
        "Comparison",
        "How does it stand beside other algorithms and beside clinicians?",
        (method.compared, result.comparison, run.shortcuts),
        "Published algorithms, clinicians, and what is new.",
    ),
    Item(
        "23",
        "Bias",
        "Does it serve skin tones, ages and sexes alike?",
        (result.fairness, result.subgroups, result.gaps),
        "Skin tone, and other groups that the table does not name.",
    ),
)

_APPLICATION = (
    Item("24", "Use", "For which conditions, patients and users is it meant, and for which not?"),
    Item("25", "Effects", "What may it change for patients and those who care for them?"),
)

CLEAR_DERM = Checklist(
    "CLEAR Derm",
    "Daneshjou et al. 2022, JAMA Dermatology 158, 90, doi 10.1001/jamadermatol.2021.4915; items in "
    "our own words and numbered in our own order",
    (
        ("Data", _DATA),
        ("Technique", _TECHNIQUE),
        ("Technical assessment", _ASSESSMENT),
        ("Application", _APPLICATION),
    ),
)
