"""What administrators say of a program and of what it is told."""

from typing import Any

from django import forms

from customers.care.granting import LONGEST_REASON
from customers.colleagues import ColleagueField
from customers.models import ApiClient, Branch, Portfolio, Scope, SourceSystem
from customers.models.behaviour import Channel

from .clients import Described
from .webhooks.subscriptions import CHANGES

INPUT = {"class": "input", "autocomplete": "off", "spellcheck": "false"}
SELECT = {"class": "input"}


class ProgramForm(forms.Form):
    name = forms.CharField(label="Name", max_length=80, widget=forms.TextInput(attrs=INPUT))
    kind = forms.ChoiceField(label="What it is", choices=ApiClient.Kind.choices, widget=forms.Select(attrs=SELECT))
    scopes = forms.MultipleChoiceField(
        label="What it may do", choices=[(value, label.capitalize()) for value, label in Scope.choices], widget=forms.CheckboxSelectMultiple
    )
    reach = forms.ChoiceField(label="Whom it may know of", choices=ApiClient.Reach.choices, widget=forms.Select(attrs=SELECT))
    branches = forms.ModelMultipleChoiceField(
        Branch.objects.order_by("name"), label="Branches", required=False, to_field_name="code", widget=forms.SelectMultiple(attrs=SELECT)
    )
    portfolios = forms.ModelMultipleChoiceField(
        Portfolio.objects.order_by("name"),
        label="Portfolios",
        required=False,
        to_field_name="code",
        widget=forms.SelectMultiple(attrs=SELECT),
    )
    protected = forms.BooleanField(
        label="Also protected customers",
        required=False,
        help_text="Of those it may know of, also customers whom only a circle may see. For an app: when they use it themselves.",
    )
    channel = forms.ChoiceField(
        label="Its channel",
        choices=Channel.choices,
        initial=Channel.APP,
        help_text="Where its customers are, if an event does not say so.",
        widget=forms.Select(attrs=SELECT),
    )
    system = forms.ModelChoiceField(
        SourceSystem.objects.sending().order_by("name"),
        label="Source of its events",
        required=False,
        empty_label="It sends none",
        to_field_name="code",
        widget=forms.Select(attrs=SELECT),
    )
    per_minute = forms.IntegerField(
        label="Requests a minute", min_value=1, max_value=1_000_000, initial=600, widget=forms.NumberInput(attrs=INPUT)
    )
    owner = ColleagueField(
        label="Answers for it",
        required=False,
        empty_label="Nobody yet",
        widget=forms.Select(attrs=SELECT),
    )
    reason = forms.CharField(
        label="Why", max_length=LONGEST_REASON, help_text="The second person reads it.", widget=forms.TextInput(attrs=INPUT)
    )

    def described(self) -> Described:
        said: dict[str, Any] = self.cleaned_data
        return Described(
            name=said["name"],
            kind=said["kind"],
            scopes=tuple(said["scopes"]),
            reach=said["reach"],
            branches=tuple(branch.code for branch in said["branches"]),
            portfolios=tuple(portfolio.code for portfolio in said["portfolios"]),
            channel=said["channel"],
            system=said["system"].code if said["system"] else "",
            per_minute=said["per_minute"],
            owner=said["owner"].pk if said["owner"] else None,
            protected=said["protected"],
        )


class KeyForm(forms.Form):
    days = forms.IntegerField(label="Good for (days)", min_value=1, max_value=730, initial=365, widget=forms.NumberInput(attrs=INPUT))
    overlap = forms.IntegerField(
        label="The one before stays good for (days)", min_value=0, max_value=90, initial=7, widget=forms.NumberInput(attrs=INPUT)
    )
    reason = forms.CharField(label="Why", max_length=LONGEST_REASON, widget=forms.TextInput(attrs=INPUT))


class WebhookForm(forms.Form):
    url = forms.CharField(label="Address", max_length=500, widget=forms.TextInput(attrs={**INPUT, "inputmode": "url"}))
    changes = forms.MultipleChoiceField(
        label="Told of changes of",
        choices=[(change, change.replace("_", " ").capitalize()) for change in CHANGES],
        required=False,
        help_text="None chosen means all of them.",
        widget=forms.SelectMultiple(attrs=SELECT),
    )


class ReplayForm(forms.Form):
    start = forms.DateTimeField(label="From", widget=forms.DateTimeInput(attrs={**INPUT, "type": "datetime-local"}))
    end = forms.DateTimeField(label="To", widget=forms.DateTimeInput(attrs={**INPUT, "type": "datetime-local"}))
