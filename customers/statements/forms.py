"""What staff fill in when a customer states or confirms something in front of them."""

from typing import Any

from django import forms

from ..attributes import STATED_BY_CUSTOMERS
from ..models import PartyFact, Statement
from ..rights.forms import INPUT, AskForm
from .stating import Stated


class StatementForm(AskForm):
    """`attribute` is asked for only where the page is about none in particular."""

    attribute = forms.ChoiceField(
        label="What is it about?",
        choices=[("", "Choose"), *((one.value, one.label.capitalize()) for one in STATED_BY_CUSTOMERS)],
        widget=forms.Select(attrs=INPUT),
        error_messages={"required": "Choose what it is about."},
    )
    value = forms.CharField(
        label="What the customer says",
        max_length=PartyFact._meta.get_field("value").max_length,
        widget=forms.TextInput(attrs=INPUT),
        error_messages={"required": "Write what the customer says."},
    )
    valid_from = forms.DateField(
        label="True from",
        required=False,
        widget=forms.DateInput(attrs={"class": "input", "type": "date"}, format="%Y-%m-%d"),
        help_text="Only if it is not so yet, or the day matters.",
        error_messages={"invalid": "Write the day as in 2026-03-31."},
    )
    evidence = forms.ChoiceField(
        label="What shows it?",
        choices=[("", "Choose"), *((one.value, one.label.capitalize()) for one in Statement.Evidence)],
        widget=forms.Select(attrs=INPUT),
        error_messages={"required": "Choose what shows it."},
    )
    ask_sources = forms.BooleanField(label="Ask the sources that say otherwise to put it right", required=False, initial=True)
    field_order = ("attribute", "value", "valid_from", "evidence", "checked", "heard_on", "ask_sources")

    def __init__(self, *args: Any, attribute: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._attribute = attribute
        if attribute:
            del self.fields["attribute"]

    def said(self) -> Stated:
        data = self.cleaned_data
        return Stated(
            attribute=self._attribute or data["attribute"],
            value=data["value"],
            evidence=data["evidence"],
            checked=data["checked"],
            heard_on=data["heard_on"],
            valid_from=data["valid_from"],
        )
