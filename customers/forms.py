"""What staff write on a customer's page: which day to look back to, and what the customer says about a use of their data."""

from datetime import date
from typing import Any

from django import forms

from .models.behaviour import CONTACT_CHANNELS, Channel

HEARD_ON = (Channel.PHONE, Channel.BRANCH, Channel.EMAIL, Channel.LETTER)


class LookBackForm(forms.Form):
    """The day whose end the page shall show."""

    known_at = forms.DateField(
        label="As we knew it at the end of",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "input"}),
        error_messages={"required": "Choose a day.", "invalid": "Write the day as 2026-05-03."},
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["known_at"].widget.attrs["max"] = today.isoformat()

    def clean_known_at(self) -> date:
        day: date = self.cleaned_data["known_at"]
        if day >= self.today:
            raise forms.ValidationError("Choose a day before today.")
        return day


class ConsentForm(forms.Form):
    """`by_channel`: the customer may speak of one way of contact only."""

    notice_id = forms.UUIDField(widget=forms.HiddenInput, required=False)
    given = forms.TypedChoiceField(
        label="Answer",
        choices=[("yes", "Yes, they agree"), ("no", "No, they do not")],
        coerce=lambda answer: answer == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what the customer said."},
    )
    channel = forms.ChoiceField(
        label="Where",
        choices=[(channel.value, channel.label.capitalize()) for channel in HEARD_ON],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose where they said it."},
    )
    contact_channel = forms.ChoiceField(
        label="About",
        required=False,
        choices=[("", "No one way in particular"), *((one.value, f"{one.label.capitalize()} only") for one in CONTACT_CHANNELS)],
        widget=forms.RadioSelect,
    )
    told = forms.BooleanField(label="The customer heard or read exactly this text", required=False)
    evidence = forms.CharField(
        label="Where it can be found again",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, by_channel: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not by_channel:
            del self.fields["contact_channel"]

    def clean(self) -> dict[str, Any]:
        """Nobody can agree to what they were not told; to say no takes no text."""
        said = super().clean() or {}
        if said.get("given") and not (said.get("told") and said.get("notice_id")):
            self.add_error("told", "Read the text to the customer first, or let them read it.")
        return said

    def said(self) -> dict[str, Any]:
        """The answer as `consents.change_consent` takes it."""
        said = dict(self.cleaned_data)
        if not said.pop("told"):
            said["notice_id"] = None
        return said
