"""What a person types: a token to check, a policy text, a proposal."""

from typing import Any

from django import forms

from .cedar import PolicyInvalid, PolicyText
from .example_text import LONGEST_TEXT as LONGEST_EXAMPLES
from .examples import Example, ExamplesInvalid, Result, parse, run
from .policy_changes import LONGEST_NOTE

LONGEST_TOKEN = 20_000
LONGEST_POLICIES = 300_000
LONGEST_REASON = 250
MOST_PROBLEMS = 20


class TextField(forms.CharField):
    """A text kept as it is typed. Browsers send line ends as CR LF; a text is one and the same wherever it was typed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n").replace("\r", "\n")


def _source(rows: int) -> forms.Textarea:
    return forms.Textarea(
        attrs={"rows": rows, "class": "input mono source", "spellcheck": "false", "autocomplete": "off", "autocapitalize": "off"}
    )


class TokenForm(forms.Form):
    token = forms.CharField(
        label="Token",
        max_length=LONGEST_TOKEN,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "class": "input mono", "spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": "Paste a token first.", "max_length": "That is too long for a token."},
    )

    def clean_token(self) -> str:
        token: str = self.cleaned_data["token"]
        if token != token.strip():
            raise forms.ValidationError("There is a blank or a line break before or after the token. Paste the token alone.")
        return token


class PolicyForm(forms.Form):
    """The three texts of a policy version, read as they are typed: what is wrong is told with its line. `results` are its examples'."""

    note = forms.CharField(
        label="What is new, and why",
        max_length=LONGEST_NOTE,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
        error_messages={"required": "Say what is new, so that the second person knows what to look for."},
    )
    policies = TextField(
        label="Rules", max_length=LONGEST_POLICIES, widget=_source(24), error_messages={"required": "A version has at least one rule."}
    )
    schema = TextField(label="What the rules can know", max_length=LONGEST_POLICIES, widget=_source(10))
    examples = TextField(label="Examples that must hold", max_length=LONGEST_EXAMPLES, widget=_source(14))

    results: tuple[Result, ...] = ()

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        text = self._text(given)
        tried = self._examples(given)
        if text is not None and tried is not None:
            self.results = run(text, tried)
        return given

    @property
    def failing(self) -> list[Result]:
        return [result for result in self.results if not result.holds]

    def _text(self, given: dict[str, Any]) -> PolicyText | None:
        if "policies" not in given or "schema" not in given:
            return None
        try:
            return PolicyText.parse(given["policies"], given["schema"])
        except PolicyInvalid as error:
            for problem in error.problems:
                self.add_error("schema" if problem.in_schema else "policies", f"line {problem.line}: {problem.what}")
        return None

    def _examples(self, given: dict[str, Any]) -> tuple[Example, ...] | None:
        if "examples" not in given:
            return None
        try:
            return parse(given["examples"])
        except ExamplesInvalid as error:
            for problem in error.problems[:MOST_PROBLEMS]:
                self.add_error("examples", str(problem))
        return None


class ProposeForm(forms.Form):
    """From when a version is to be in force, and what the second person should know."""

    AT_ONCE, FROM = "at_once", "from"

    when = forms.ChoiceField(
        label="In force",
        choices=[(AT_ONCE, "At once, when the second person agrees"), (FROM, "From a moment")],
        initial=AT_ONCE,
        widget=forms.RadioSelect,
    )
    moment = forms.DateTimeField(
        label="From",
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "input"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "Give a day and a time, such as 2026-11-30T06:00."},
    )
    note = forms.CharField(
        label="Note for the second person",
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2, "class": "input"}),
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("when") == self.AT_ONCE:
            given["moment"] = None
        elif given.get("moment") is None and "moment" not in self.errors:
            self.add_error("moment", "Give the day and the time.")
        return given


class ImpactForm(forms.Form):
    """Over how many days a version is tried on what was decided."""

    days = forms.TypedChoiceField(
        label="Days",
        coerce=int,
        initial=30,
        choices=[(1, "Last day"), (7, "Last 7 days"), (30, "Last 30 days"), (90, "Last 90 days")],
        widget=forms.Select(attrs={"class": "input"}),
        error_messages={"invalid_choice": "Choose one of the periods."},
    )


class ChangesForm(forms.Form):
    """Which of the decisions that would come out differently to list."""

    was = forms.CharField(required=False, max_length=20)
    would_be = forms.CharField(required=False, max_length=20)
    after = forms.UUIDField(required=False)
