"""What staff fill in when they answer a suggestion."""

from typing import Any

from django import forms

from .recommendations import DeclineReason


class KeyedRadios(forms.RadioSelect):
    """Radio buttons that answer to 1, 2, 3 … in the order shown."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        option["attrs"]["data-key"] = str(int(option["index"]) + 1)
        return option


class DeclineForm(forms.Form):
    reason = forms.ChoiceField(
        label="Why?",
        choices=DeclineReason.choices,
        widget=KeyedRadios,
        error_messages={"required": "Choose why, so that it can be learnt from."},
    )
    note = forms.CharField(
        label="Note", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2, "class": "input", "id": "decline-note"})
    )


class LaterForm(forms.Form):
    until = forms.DateField(
        label="Show again on",
        widget=forms.DateInput(attrs={"type": "date", "class": "input", "id": "later-until"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose a day.", "invalid": "Choose a day, for example 2026-11-26."},
    )
