"""What was sent? Pictures, age, sex and site of one request, checked; faults beside the field."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cygnet.site.reader.asking import About
from cygnet.site.reader.phrases import say
from cygnet.site.reader.uploads import Upload, clean_name
from cygnet.vocabulary import AGE_LIMIT_YEARS, SEXES, SITES, VALUE_SPELLINGS


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its pictures, what is told of the patient, and what is wrong by field."""

    uploads: list[Upload]
    about: About
    errors: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)


def read_asked(request: Any) -> Asked:
    """Take a request's form apart; pictures without a byte and a name are an empty field."""
    form, files = request.POST, request.FILES.getlist("images")
    typed = {name: form.get(name, "")[:40] for name in ("age", "sex")}
    uploads = [Upload(clean_name(one.name or ""), one.read()) for one in files]
    errors = {}
    about = About()
    try:
        about = read_about(typed["age"], typed["sex"])
    except FieldError as error:
        errors[error.field] = error.words
    sites = form.getlist("site")
    try:
        uploads = with_sites(uploads, sites)
    except FieldError as error:
        errors[error.field] = error.words
    if not uploads:
        errors["images"] = say("Choose at least one picture.")
    return Asked(uploads, about, errors, typed)


class FieldError(Exception):
    """One field cannot be taken; ``words`` say why and what to do."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(name)
        self.field, self.words = name, words


def read_about(age: str, sex: str) -> About:
    """Read age and sex as typed; raises :class:`FieldError`."""
    years = None
    if age.strip():
        try:
            years = float(age.strip().replace(",", "."))
        except ValueError:
            years = float("nan")
        if not 0 <= years <= AGE_LIMIT_YEARS:
            raise FieldError(
                "age", say("Give the age in years, from 0 to {most}.", most=AGE_LIMIT_YEARS)
            )
    said = sex.strip().lower()
    known = VALUE_SPELLINGS["sex"].get(said, said) or None
    if known is not None and known not in SEXES:
        raise FieldError("sex", say("Sex is female or male, or left empty."))
    return About(years, known)


def with_sites(uploads: Sequence[Upload], sites: Sequence[str]) -> list[Upload]:
    """Give each picture its body site: one for all, or one each; raises :class:`FieldError`."""
    told = [site.strip().lower() for site in sites]
    if not any(told):
        return list(uploads)
    spelt = VALUE_SPELLINGS["anatom_site_general_challenge"]
    known = [spelt.get(site, site) or None for site in told]
    if any(site is not None and site not in SITES for site in known):
        raise FieldError("site", say("A site is one of {sites}.", sites=", ".join(SITES)))
    if len(known) not in {1, len(uploads)}:
        raise FieldError("site", say("Give one site for all pictures, or one for each."))
    each = known * len(uploads) if len(known) == 1 else known
    return [replace(one, site=site) for one, site in zip(uploads, each, strict=True)]
