"""What a person pastes to have it checked."""

from django import forms

LONGEST_TOKEN = 20_000


class TokenForm(forms.Form):
    token = forms.CharField(
        label="Token",
        max_length=LONGEST_TOKEN,
        widget=forms.Textarea(attrs={"rows": 10, "class": "input mono", "spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": "Paste a token first.", "max_length": "That is too long for a token."},
    )
