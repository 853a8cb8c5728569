"""What staff fill in when a customer asks for what is theirs."""

from datetime import date
from typing import Any

from django import forms

from ..forms import HEARD_ON
from ..models import RightsRequest

INPUT = {"class": "input", "autocomplete": "off"}


class AskForm(forms.Form):
    """How it was made sure that the customer asks, and where they asked."""

    checked = forms.ChoiceField(
        label="How do you know it is the customer?",
        choices=[("", "Choose"), *RightsRequest.IdentityCheck.choices],
        widget=forms.Select(attrs=INPUT),
        error_messages={"required": "Make sure that it is the customer who asks, and choose how."},
    )
    heard_on = forms.ChoiceField(
        label="Where did they ask?",
        choices=[("", "Choose"), *((channel.value, channel.label.capitalize()) for channel in HEARD_ON)],
        widget=forms.Select(attrs=INPUT),
        error_messages={"required": "Choose where they asked."},
    )


class HoldForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=300, widget=forms.TextInput(attrs=INPUT))
    until = forms.DateField(label="Until", widget=forms.DateInput(attrs={"class": "input", "type": "date"}))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if until <= self._today:
            raise forms.ValidationError("Choose a day that is still to come.")
        return until


class LiftForm(forms.Form):
    reason = forms.CharField(label="Why it may end", max_length=300, widget=forms.TextInput(attrs=INPUT))


class CorrectForm(AskForm):
    """What is wrong, in the customer's words, and what shows it."""

    said = forms.CharField(label="What the customer says is right", max_length=300, widget=forms.TextInput(attrs=INPUT))
    evidence = forms.CharField(label="What shows it", max_length=300, widget=forms.TextInput(attrs=INPUT))


class AnswerForm(forms.Form):
    corrected = forms.TypedChoiceField(
        label="Answer",
        choices=[("yes", "The source was put right"), ("no", "The source is right as it is")],
        coerce=lambda answer: answer == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what became of it."},
    )
    answer = forms.CharField(label="What the customer is told", max_length=300, widget=forms.TextInput(attrs=INPUT))
