"""What staff fill in about a customer's life and wishes; each form becomes one word."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.conf import settings
from django.http import QueryDict

from bankos.platform.money import Money

from ..forms import HEARD_ON
from ..models.life import LifeEvent, Need, Preference
from .after import After
from .said import EventSaid, GoalSaid, NeedSaid, PreferenceSaid, Said


def _kind(label: str, kinds: Any) -> forms.ChoiceField:
    choices = [("", "Choose"), *((kind.value, kind.label.capitalize()) for kind in kinds)]
    return forms.ChoiceField(label=label, choices=choices, error_messages={"required": "Choose one of these."})


def _day(label: str, **more: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, error_messages={"invalid": "Write the day as in 2026-03-31."}, **more)


class WordForm(forms.Form):
    """Where it was said belongs to every word."""

    channel = forms.ChoiceField(
        label="Where was it said?",
        choices=[(channel.value, channel.label.capitalize()) for channel in HEARD_ON],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose where it was said."},
    )

    def said(self) -> Said:
        raise NotImplementedError


class NeedForm(WordForm):
    kind = _kind("What is it about?", Need.Kind)
    help = forms.CharField(
        label="What helps?",
        max_length=200,
        error_messages={"required": "Write what helps, so that the next colleague can do it."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    review_on = _day("Ask again on", required=False)
    agreed = forms.BooleanField(label="The customer agrees that we write this down", required=False)
    field_order = ("kind", "help", "review_on", "agreed", "channel")

    def said(self) -> Said:
        data = self.cleaned_data
        return NeedSaid(data["kind"], present=True, agreed=data["agreed"], help=data["help"], review_on=data["review_on"])


class LifeEventForm(WordForm):
    kind = _kind("What happened?", LifeEvent.Kind)
    happened_on = _day("When?")
    field_order = ("kind", "happened_on", "channel")

    def said(self) -> Said:
        # The customer said so to a person: that is what confirming means.
        return EventSaid(self.cleaned_data["kind"], self.cleaned_data["happened_on"], LifeEvent.Standing.CONFIRMED)


class GoalForm(WordForm):
    name = forms.CharField(label="What for?", max_length=80, error_messages={"required": "Write what it is for."})
    amount = forms.DecimalField(
        label="How much?",
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        error_messages={
            "required": "Write how much.",
            "min_value": "A goal is more than nothing.",
            "invalid": "Write an amount such as 3000.00.",
        },
    )
    by_date = _day("By when?", required=False)
    field_order = ("name", "amount", "by_date", "channel")

    def said(self) -> Said:
        data = self.cleaned_data
        return GoalSaid(data["name"], Money(data["amount"], settings.BANK_CURRENCY), by_date=data["by_date"])


class PreferenceForm(WordForm):
    kind = _kind("About what?", Preference.Kind)
    value = forms.CharField(
        label="What does the customer prefer?", max_length=80, error_messages={"required": "Write what the customer prefers."}
    )
    field_order = ("kind", "value", "channel")

    def said(self) -> Said:
        return PreferenceSaid(self.cleaned_data["kind"], self.cleaned_data["value"])


class AfterForm(WordForm):
    """What has become of something said before."""

    then = forms.ChoiceField(
        label="What did the customer say?", widget=forms.RadioSelect, error_messages={"required": "Choose what the customer said."}
    )
    field_order = ("then", "channel")

    def __init__(self, data: QueryDict | None, *, after: After) -> None:
        super().__init__(data)
        self.after = after
        cast("forms.ChoiceField", self.fields["then"]).choices = [(code, label) for code, (label, _) in after.ways.items()]

    def said(self) -> Said:
        return self.after.ways[self.cleaned_data["then"]][1]


FORMS: dict[str, type[WordForm]] = {"need": NeedForm, "event": LifeEventForm, "goal": GoalForm, "preference": PreferenceForm}
