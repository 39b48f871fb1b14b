"""Which sections has a model card, in own words? Nine.

Mitchell et al. (2019), 10.1145/3287560.3287596.
"""

from cygnet.report.reporting import data_sentences as data
from cygnet.report.reporting import method_sentences as method
from cygnet.report.reporting import result_sentences as result
from cygnet.report.reporting import run_sentences as run
from cygnet.report.reporting.items import Checklist, Item

_SECTIONS = (
    Item(
        "1",
        "Model details",
        "Who made the model, when, of which type and version, under which licence?",
        (run.network, run.calibrated, run.exported),
        "Who made it, its version and licence, and whom to write to.",
    ),
    Item(
        "2",
        "Intended use",
        "For which use and users is it meant, and for which not?",
        (run.research_use,),
        "The use and the users that it was made for.",
    ),
    Item(
        "3",
        "Factors",
        "Which groups, devices and surroundings may change how well it does?",
        (result.fairness,),
        "Skin tone, devices, and other factors that the table does not name.",
    ),
    Item(
        "4",
        "Metrics",
        "Which measures and thresholds were chosen, and how is their spread known?",
        (method.measures, method.clusters, result.threshold_words),
        "Why these measures and this threshold.",
    ),
    Item(
        "5",
        "Evaluation data",
        "On which data was it evaluated, why these, and how prepared?",
        (data.sources, data.left_out, data.counted, run.partition, data.characteristics),
        "Why these data.",
    ),
    Item(
        "6",
        "Training data",
        "On which data was it trained, and how are these spread over groups?",
        (run.partition, run.fold_sizes, run.extra_data),
    ),
    Item(
        "7",
        "Quantitative analyses",
        "What are the results, overall and for each factor?",
        (result.auroc, result.calibration, result.comparison, result.subgroups, result.gaps),
    ),
    Item("8", "Ethical considerations", "Which data are sensitive, which harms may come of use?"),
    Item(
        "9",
        "Caveats and recommendations",
        "What else must be known before it is used or tested?",
        (result.cautions, run.shortcuts),
        "Recommendations, and groups that were not in the data.",
    ),
)

MODEL_CARD = Checklist(
    "Model Card",
    "Mitchell et al. 2019, Proceedings of FAT*, 220, doi 10.1145/3287560.3287596",
    (("", _SECTIONS),),
)
