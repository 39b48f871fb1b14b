"""Which items does TRIPOD+AI ask for, in own words? 27 items, 52 with their parts.

Collins et al. (2024), 10.1136/bmj-2023-078378.
"""

from cygnet.report.reporting import data_sentences as data
from cygnet.report.reporting import method_sentences as method
from cygnet.report.reporting import result_sentences as result
from cygnet.report.reporting import run_sentences as run
from cygnet.report.reporting.items import Checklist, Item

_OPENING = (
    Item(
        "1",
        "Title",
        "Does the title name development or evaluation, the people and the outcome?",
    ),
    Item(
        "2",
        "Abstract",
        "What is the study in brief, with its main numbers?",
        (data.counted, result.auroc, result.calibration),
        "Background, objectives, setting and conclusion.",
    ),
)

_INTRODUCTION = (
    Item("3a", "Clinical context", "Why is this model needed, and which others are there?"),
    Item("3b", "Intended use", "For which patients, at which point of care, by whom?"),
    Item("3c", "Inequalities", "Which inequalities in health are known between groups of people?"),
    Item(
        "4",
        "Objectives",
        "Is a model developed, evaluated, or both, and to learn what?",
        (method.objective,),
        "The question that the study answers.",
    ),
)

_METHODS = (
    Item(
        "5a",
        "Sources of the data",
        "Where do the data come from, why these, and whom do they represent?",
        (data.sources, run.extra_data),
        "The origin of the dataset, why it was used, and how representative it is.",
    ),
    Item("5b", "Dates", "When were the images taken, and until when was follow-up?"),
    Item("6a", "Setting", "In how many centres, of which kind, in which countries?"),
    Item("6b", "Eligibility", "Which patients and lesions were taken in, and which not?"),
    Item("6c", "Treatments", "Which treatments were given, and how were they allowed for?"),
    Item(
        "7",
        "Preparation of the data",
        "How were data cleaned, checked and made alike, and was that the same for all groups?",
        (run.audited, run.preprocessing),
        "What was done before the data came into these files.",
    ),
    Item(
        "8a",
        "Outcome",
        "What was predicted, and how and when was it established?",
        (data.outcome,),
        "How each diagnosis was made: histopathology, follow-up, agreement of experts.",
    ),
    Item("8b", "Who judged the outcome", "Which training had those who judged the lesions?"),
    Item("8c", "Blinding", "Did those who made the diagnosis know what the model was given?"),
    Item(
        "9a",
        "Choice of predictors",
        "What was the model given, and why?",
        (run.predictors,),
        "Why nothing else was used.",
    ),
    Item(
        "9b",
        "Definition of predictors",
        "What is each predictor, and how and when was it measured?",
        (run.preprocessing,),
        "How and when the images were taken.",
    ),
    Item("9c", "Who judged predictors", "Which predictors needed judgement, and whose was it?"),
    Item(
        "10",
        "Sample size",
        "How did the study come to its size, and is that enough?",
        (data.counted, method.sample_size),
        "How the size was arrived at, and why it suffices.",
    ),
    Item(
        "11",
        "Missing data",
        "What was missing, and what was done about it?",
        (data.missing_values,),
        "Why values are missing.",
    ),
    Item(
        "12a",
        "Use of the data",
        "Which data served development, and which evaluation?",
        (run.partition, method.evaluation_only),
        "Whether the model also learnt from any of these patients elsewhere.",
    ),
    Item(
        "12b",
        "Handling of predictors",
        "How were predictors scaled, transformed or varied?",
        (run.preprocessing,),
    ),
    Item(
        "12c",
        "Type and making of the model",
        "Which model, why, how was it built, tuned and validated inside?",
        (run.network, run.calibrated, run.partition, run.machine),
        "Why this network and these settings.",
    ),
    Item(
        "12d",
        "Clusters",
        "How were differences between patients, centres or countries allowed for?",
        (method.clusters,),
        "Differences between centres and countries.",
    ),
    Item(
        "12e",
        "Measures of performance",
        "Which measures and figures, why, and how were models compared?",
        (method.measures, method.clusters, method.compared),
    ),
    Item(
        "12f",
        "Updating",
        "Was the model recalibrated or changed after evaluation?",
        (method.as_they_were,),
    ),
    Item(
        "12g",
        "How predictions were computed",
        "By which formula, code or service did each prediction come about?",
        (method.computed_from, run.partition, run.calibrated),
        "Where the model that predicted can be had.",
    ),
    Item(
        "13",
        "Imbalance of classes",
        "Was anything done about how rare melanoma is, and corrected afterwards?",
        (data.prevalence, run.imbalance),
        "Why this was done, and what was done in any training outside these files.",
    ),
    Item(
        "14",
        "Fairness",
        "How was it examined whether groups of people are served alike?",
        (result.fairness,),
        "Skin tone and other groups that the table does not name, and why these were chosen.",
    ),
    Item(
        "15",
        "Output",
        "What does the model give, and how were thresholds chosen?",
        (run.output, result.threshold_words),
        "Why this threshold.",
    ),
    Item(
        "16",
        "Development beside evaluation",
        "How do the data evaluated on differ from those learnt from?",
        (run.evaluated_inside,),
        "How patients elsewhere differ from these.",
    ),
    Item("17", "Ethics", "Which committee approved the study, and did patients consent?"),
)

_OPEN_SCIENCE = (
    Item("18a", "Funding", "Who paid, and what part had they in the study?"),
    Item("18b", "Conflicts of interest", "What does each author have to declare?"),
    Item("18c", "Protocol", "Where is the protocol, or was there none?"),
    Item("18d", "Registration", "Where was the study registered, or was it not?"),
    Item(
        "18e",
        "Data",
        "Where and on which terms can the data be had?",
        (run.hashes,),
        "Where the data can be had, and under which licence.",
    ),
    Item(
        "18f",
        "Code",
        "Where and on which terms can the code be had?",
        (method.software, method.repeatable),
        "Where the code and the model can be had, and under which licence.",
    ),
    Item("19", "Patients and public", "What part had patients or the public in the study?"),
)

_RESULTS = (
    Item(
        "20a",
        "Flow of participants",
        "How many were there, how many were left out, how many had a melanoma?",
        (data.left_out, data.counted),
        "Who was left out before these files were made.",
    ),
    Item(
        "20b",
        "Characteristics",
        "Who are the patients, and what are their lesions?",
        (data.characteristics, data.missing_values),
        "Skin tone, centres, and what else the table does not hold.",
    ),
    Item("20c", "Comparison with development", "How do patients differ from those learnt from?"),
    Item(
        "21",
        "Numbers in each analysis",
        "How many participants and melanomas did each analysis have?",
        (data.counted, run.fold_sizes, run.extra_data),
    ),
    Item(
        "22",
        "The whole model",
        "Where is all that another needs to predict with it?",
        (run.exported, run.network),
        "Where others can get it.",
    ),
    Item(
        "23a",
        "Performance",
        "What are the measures with their intervals, overall and in groups?",
        (
            result.auroc,
            result.at_the_threshold,
            result.fixed_points,
            result.within_patients,
            result.calibration,
            result.net_benefit,
            result.comparison,
            result.subgroups,
        ),
    ),
    Item(
        "23b",
        "Performance across clusters",
        "How far does performance differ between centres, countries or groups?",
        (result.gaps,),
        "Differences between centres and countries.",
    ),
    Item("24", "Results of updating", "If the model was updated, what came of it?"),
)

_DISCUSSION = (
    Item("25", "Interpretation", "What do the results mean, also for fairness and beside others?"),
    Item(
        "26",
        "Limitations",
        "What limits the result, and which way does it bend it?",
        (result.cautions, run.evaluated_inside, run.shortcuts),
        "What the data do not show: who is not in them, how labels may err.",
    ),
    Item("27a", "Poor input", "How is an image that is bad or missing to be handled in use?"),
    Item("27b", "Users", "What must users do, and what must they know?"),
    Item("27c", "Next steps", "What has to be studied next, and where else may it hold?"),
)

TRIPOD_AI = Checklist(
    "TRIPOD+AI",
    "Collins et al. 2024, BMJ 385, e078378, doi 10.1136/bmj-2023-078378",
    (
        ("Title and abstract", _OPENING),
        ("Introduction", _INTRODUCTION),
        ("Methods", _METHODS),
        ("Open science, patients and public", _OPEN_SCIENCE),
        ("Results", _RESULTS),
        ("Discussion", _DISCUSSION),
    ),
)
