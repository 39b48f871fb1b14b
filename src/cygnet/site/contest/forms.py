"""What do the contest's forms ask for?"""

from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms

from cygnet.challenge.settings import ContestSettings
from cygnet.challenge.submission import MAX_BYTES
from cygnet.site.contest.mailing import AUDIENCES
from cygnet.site.contest.models import Team


class TeamForm(forms.ModelForm):  # type: ignore[type-arg,unused-ignore]
    """Found a team."""

    class Meta:
        """The name alone."""

        model = Team
        fields = ("name",)
        labels: ClassVar[dict[str, str]] = {"name": "Name of the team"}
        help_texts: ClassVar[dict[str, str]] = {
            "name": "It stands on the board; at most 60 letters."
        }


class StatementForm(forms.ModelForm):  # type: ignore[type-arg,unused-ignore]
    """Say how it was done."""

    class Meta:
        """Method and other data."""

        model = Team
        fields = ("method", "external_data")
        labels: ClassVar[dict[str, str]] = {
            "method": "Method",
            "external_data": "External data",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "method": "What was trained, on what, and how the patient's other images were used.",
            "external_data": "Every dataset and pretrained model besides this one, or: none.",
        }


class SubmitForm(forms.Form):
    """Send a file."""

    file = forms.FileField(
        label="File of predictions",
        help_text="A CSV with the columns image_name and target, at most 8 MB.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )
    track = forms.ChoiceField(label="Track", widget=forms.RadioSelect)
    note = forms.CharField(
        label="Note",
        max_length=200,
        required=False,
        help_text="For yourself; only your team sees it.",
    )

    def __init__(self, *args: Any, settings: ContestSettings, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {
            "with-context": "With patient context: other images of the patient were used",
            "without-context": "Without: patient_id only split the data",
        }
        choices = [(track.value, words[track.value]) for track in settings.tracks]
        self.fields["track"].choices = choices
        if len(choices) == 1:
            self.fields["track"].initial = choices[0][0]

    def clean_file(self) -> Any:
        """Refuse what the API refuses by size."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(f"A file may have {MAX_BYTES:,} bytes.")
        return file


class MergeForm(forms.Form):
    """Ask another team to take this one in."""

    team = forms.CharField(
        label="Name of the other team",
        max_length=60,
        help_text="Their leader sees the offer and answers it. Your team becomes part of theirs.",
    )


class TokenForm(forms.Form):
    """Make a token."""

    label = forms.CharField(
        label="What it is for", max_length=80, help_text="Such as the machine that will use it."
    )


class ZoneForm(forms.Form):
    """Choose the time zone that times are shown in beside UTC."""

    time_zone = forms.ChoiceField(
        label="Your time zone", choices=[(zone, zone) for zone in sorted(available_timezones())]
    )


class BanForm(forms.Form):
    """Ban a person, or take it back."""

    email = forms.EmailField(label="Address of the person")
    reason = forms.CharField(
        label="Reason",
        max_length=200,
        required=False,
        help_text="For organisers; the person is told only that the account is banned.",
    )


class WriteForm(forms.Form):
    """Write to participants."""

    audience = forms.ChoiceField(
        label="To whom", choices=list(AUDIENCES.items()), widget=forms.RadioSelect
    )
    subject = forms.CharField(label="Subject", max_length=150)
    text = forms.CharField(
        label="Text",
        max_length=10_000,
        widget=forms.Textarea,
        help_text="Plain text. A line that says why they get it is added.",
    )

    def clean_subject(self) -> str:
        """Refuse what is no line."""
        subject: str = self.cleaned_data["subject"]
        if not subject.isprintable():
            raise forms.ValidationError("A subject is one line of letters that can be seen.")
        return subject


class ExtendForm(forms.Form):
    """Move the close."""

    closes = forms.DateTimeField(
        label="New close, UTC",
        help_text="Such as 2020-08-17 23:59:59. Later only, and only before it came.",
    )

    def clean_closes(self) -> datetime:
        """Read the moment as UTC."""
        moment: datetime = self.cleaned_data["closes"]
        return moment.replace(tzinfo=UTC)
