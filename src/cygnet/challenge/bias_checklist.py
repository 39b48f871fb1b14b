"""Which items does BIAS ask of a challenge's report, in own words, and which can be drafted?

Biomedical Image Analysis ChallengeS: 29 items, most with parts. What the settings and files of a
contest know is written; the rest is left visibly open for the organisers.

Maier-Hein et al. (2020), 10.1016/j.media.2020.101796.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cygnet.challenge import bias_facts as say
from cygnet.challenge.bias_facts import ContestFacts, PartFacts
from cygnet.challenge.settings import ContestSettings

Sentence = Callable[[ContestSettings, ContestFacts], str | None]
SOURCE: Final = "Maier-Hein et al. (2020), doi:10.1016/j.media.2020.101796"
OPEN: Final = "To be written by the organisers."


@dataclass(frozen=True, slots=True)
class BiasItem:
    """An item: ``text`` is what could be drafted, ``left`` what remains to be written."""

    number: str
    group: str
    heading: str
    asks: str
    text: str | None
    left: str

    def as_json(self) -> dict[str, str | None]:
        """Give the item as the export writes it."""
        return {
            "number": self.number,
            "group": self.group,
            "heading": self.heading,
            "asks": self.asks,
            "text": self.text,
            "left": self.left or None,
        }


@dataclass(frozen=True, slots=True)
class _Asked:
    number: str
    heading: str
    asks: str
    sentences: tuple[Sentence, ...] = ()
    left: str = ""


_GROUPS: Final = (
    (
        "Title and abstract",
        (
            _Asked("1", "Title", "What is the challenge called, in full and short?", (say.title,)),
            _Asked(
                "2",
                "Abstract",
                "What is it about, in brief: problem, importance, data, expected impact?",
                (say.dataset, say.metric, say.taken_part),
                "Why it matters, and what was expected of it.",
            ),
            _Asked("3", "Keywords", "Which keywords describe it?"),
        ),
    ),
    (
        "Organisation",
        (
            _Asked("4", "Organisers", "Who organises it, with which affiliations and contact?"),
            _Asked("5", "Life cycle", "Is it held once, repeatedly or openly?", (say.life_cycle,)),
            _Asked("6a", "Event", "Which conference or event is it part of?"),
            _Asked("6b", "Platform", "On which platform is it run?", (say.availability,)),
            _Asked("6c", "Website", "What is its address?"),
            _Asked(
                "7a",
                "Interaction",
                "Must methods be automatic?",
                (say.tracks,),
                "Whether a person may interact with a method.",
            ),
            _Asked("7b", "Training data", "Which data may methods learn from?"),
            _Asked("7c", "Organisers taking part", "May members of the organisers' institutes?"),
            _Asked("7d", "Awards", "What is awarded, and to whom?", (say.ranking,), "The prizes."),
            _Asked("7e", "Announcement", "Which results are made public?", (say.feedback,)),
            _Asked("7f", "Publication", "Who may publish what, and when?"),
            _Asked(
                "8a",
                "Submission",
                "How are results submitted?",
                (say.submission_format, say.limits),
            ),
            _Asked(
                "8b", "Evaluation before the end", "What can be learnt of results?", (say.feedback,)
            ),
            _Asked("9", "Schedule", "When is what released, due and announced?", (say.schedule,)),
            _Asked("10", "Ethics", "Which board approved it, under which number?"),
            _Asked(
                "11", "Use of the data", "Under which terms may the data be used?", (say.agreement,)
            ),
            _Asked(
                "12a", "Evaluation software", "Is it accessible, and where?", (say.availability,)
            ),
            _Asked("12b", "Software of the teams", "Is the teams' code accessible, and where?"),
            _Asked(
                "13",
                "Conflicts of interest",
                "Who pays, and who had access to the test labels?",
                (say.committed,),
                "Sponsors, and each person who could read the labels.",
            ),
        ),
    ),
    (
        "Mission",
        (
            _Asked("14", "Field of application", "Which medical purpose does it serve?"),
            _Asked("15", "Task", "Is it classification, detection, segmentation, ...?"),
            _Asked("16a", "Target cohort", "On whom would such a method be used in the end?"),
            _Asked("16b", "Challenge cohort", "Whose data are used?", (say.dataset,), "Who."),
            _Asked("17", "Imaging", "Which kinds of images are used?"),
            _Asked("18a", "Given with an image", "What is known of each image?"),
            _Asked("18b", "Given of a patient", "What is known of the patient?", (say.tracks,)),
            _Asked("19a", "Origin", "Which part of the body do the images show?"),
            _Asked("19b", "Target", "What is the method to find?"),
            _Asked("20", "Aim", "Which property is assessed?", (say.metric,)),
        ),
    ),
    (
        "Data",
        (
            _Asked("21a", "Devices", "With which devices were images taken?"),
            _Asked("21b", "Acquisition", "Under which protocol?"),
            _Asked("21c", "Centres", "In which centres?"),
            _Asked("21d", "Operators", "By whom, with which experience?"),
            _Asked("22a", "Case", "What is one case?", (say.case,)),
            _Asked(
                "22b",
                "Numbers",
                "How many cases are there for training, validation and test?",
                (say.parts,),
                "The training cases.",
            ),
            _Asked("22c", "Choice of the numbers", "Why that many, in that proportion?"),
            _Asked("22d", "Characteristics", "How do the parts differ, in class shares too?"),
            _Asked("23a", "Reference", "How was the truth established?"),
            _Asked("23b", "Instructions", "Which instructions had the annotators?"),
            _Asked("23c", "Annotators", "Who were they, with which experience?"),
            _Asked("23d", "Merging", "How were several annotations made one?"),
            _Asked("24", "Preparation", "How were the data prepared before release?"),
            _Asked("25a", "Errors of the reference", "How large may they be?"),
            _Asked("25b", "Other errors", "Which other errors may the data have?"),
        ),
    ),
    (
        "Assessment",
        (
            _Asked("26a", "Metric", "What is measured?", (say.metric,)),
            _Asked("26b", "Choice of the metric", "Why this, for the purpose in question?"),
            _Asked("27a", "Ranking", "How are teams ranked?", (say.ranking,)),
            _Asked("27b", "Missing results", "What becomes of them?", (say.missing,)),
            _Asked(
                "27c",
                "Choice of the ranking",
                "Why this ranking?",
                (say.feedback, say.parts),
                "Why it fits the purpose.",
            ),
            _Asked(
                "28a",
                "Statistics",
                "How is uncertainty of scores and ranks given?",
                (say.statistics,),
            ),
            _Asked(
                "28b",
                "Choice of the statistics",
                "Why these?",
                (say.case,),
                "Why they fit the data.",
            ),
            _Asked("29", "Further analyses", "What else is looked at?"),
        ),
    ),
)


def bias_items(settings: ContestSettings, facts: ContestFacts) -> tuple[BiasItem, ...]:
    """Draft every item of the checklist, in its order; ``text`` is ``None`` where nothing is known.

    No sentence is written without its fact.
    """
    made = []
    for group, asked in _GROUPS:
        for one in asked:
            known = [sentence(settings, facts) for sentence in one.sentences]
            text = " ".join(sentence for sentence in known if sentence) or None
            if one.number == "6c" and facts.url:
                text = facts.url
            left = OPEN if text is None else one.left
            made.append(BiasItem(one.number, group, one.heading, one.asks, text, left))
    return tuple(made)


def bias_markdown(items: Sequence[BiasItem], *, title: str) -> str:
    """Write the draft as Markdown: a section a group, what is open in bold."""
    drafted = sum(item.text is not None for item in items)
    lines = [
        f"# {title}: BIAS checklist, draft",
        "",
        (
            f"Items in own words after {SOURCE}. {drafted} of {len(items)} are drafted from the "
            "contest's settings and files; the rest is the organisers' to write."
        ),
    ]
    group = ""
    for item in items:
        if item.group != group:
            group = item.group
            lines += ["", f"## {group}"]
        lines += ["", f"### {item.number} {item.heading}", "", f"*{item.asks}*", ""]
        lines += [item.text] if item.text is not None else []
        if item.left:
            lines += ([""] if item.text is not None else []) + [f"**Open:** {item.left}"]
    return "\n".join(lines) + "\n"


__all__ = [
    "OPEN",
    "SOURCE",
    "BiasItem",
    "ContestFacts",
    "PartFacts",
    "bias_items",
    "bias_markdown",
]
