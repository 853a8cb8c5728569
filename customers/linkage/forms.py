"""What a person says about two records."""

from django import forms

from .review import Verdict


class VerdictForm(forms.Form):
    """The buttons are the answer; a reason is asked for where the answer changes something."""

    verdict = forms.ChoiceField(
        label="Answer", choices=Verdict.choices, error_messages={"required": "Choose an answer.", "invalid_choice": "Choose an answer."}
    )
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )

    def clean(self) -> None:
        answer = self.cleaned_data.get("verdict")
        if answer in (Verdict.SAME, Verdict.DIFFERENT) and not self.cleaned_data.get("reason", "").strip():
            self.add_error("reason", "Say why, so that others can follow it later.")


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        error_messages={"required": "Say why, so that others can follow it later."},
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
