"""What staff record when a customer says yes or no to a use of their data."""

from django import forms

from .models.behaviour import Channel

HEARD_ON = (Channel.PHONE, Channel.BRANCH, Channel.EMAIL, Channel.LETTER)


class ConsentForm(forms.Form):
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
