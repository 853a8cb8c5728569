"""What administrators say of a source."""

from datetime import timedelta
from typing import Any

from django import forms

from bankos.platform.models import User

from .drifts import LONGEST_REASON
from .registering import CODE, LOWEST_RANK, Entry

INPUT = {"class": "input", "autocomplete": "off", "spellcheck": "false"}


class SourceForm(forms.Form):
    name = forms.CharField(label="Name", max_length=80, widget=forms.TextInput(attrs=INPUT))
    promise_hours = forms.DecimalField(
        label="New data at least every (hours)",
        min_value=0,
        max_value=8_784,
        decimal_places=2,
        help_text="Staff are told when the newest data is older than this.",
        widget=forms.NumberInput(attrs={**INPUT, "step": "0.25"}),
    )
    rank = forms.IntegerField(
        label="Rank where sources disagree",
        min_value=1,
        max_value=LOWEST_RANK,
        initial=50,
        help_text="1 is believed before 2, where no rule of its own says otherwise.",
        widget=forms.NumberInput(attrs=INPUT),
    )
    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("name"),
        label="Answers for it",
        required=False,
        empty_label="Nobody yet",
        help_text="Gets the task when a customer says that something this source tells is wrong.",
        widget=forms.Select(attrs={"class": "input"}),
    )

    def entry(self) -> Entry:
        said: dict[str, Any] = self.cleaned_data
        return Entry(
            name=said["name"],
            promise=timedelta(minutes=round(said["promise_hours"] * 60)),
            rank=said["rank"],
            owner=said["owner"].pk if said["owner"] else None,
        )


class NewSourceForm(SourceForm):
    field_order = ("code", "name")
    code = forms.RegexField(
        CODE,
        label="Code",
        max_length=20,
        help_text="What the files of this source are handed in under. It never changes.",
        error_messages={"invalid": "Begin with a letter; then small letters, digits and underscores."},
        widget=forms.TextInput(attrs=INPUT),
    )


class AcknowledgementForm(forms.Form):
    reason = forms.CharField(label="Why it is right", max_length=LONGEST_REASON, widget=forms.TextInput(attrs=INPUT))
