"""What is said of a colleague: who they are, where they work, and why something changes."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.password_validation import validate_password

from bankos.platform.actors import Role
from bankos.platform.models import User
from customers.colleagues import ColleagueField
from customers.models import Branch
from sentinel.people.facts import NO_ROLE
from sentinel.people.joining import Newcomer
from sentinel.people.reading import RoleHeld

INPUT = {"class": "input", "autocomplete": "off", "spellcheck": "false"}
SELECT = {"class": "input"}
LONGEST_REASON = 300


def _reason(label: str = "Reason") -> forms.CharField:
    return forms.CharField(label=label, max_length=LONGEST_REASON, widget=forms.TextInput(attrs=INPUT))


class PlaceForm(forms.Form):
    """Where somebody works and whom they report to."""

    job_title = forms.CharField(label="Job title", max_length=80, widget=forms.TextInput(attrs=INPUT))
    branch = forms.ModelChoiceField(
        Branch.objects.order_by("name"),
        label="Branch",
        required=False,
        empty_label="Head office",
        to_field_name="code",
        widget=forms.Select(attrs=SELECT),
    )
    manager = ColleagueField(
        label="Reports to",
        required=False,
        empty_label="Nobody",
        widget=forms.Select(attrs=SELECT),
    )
    reason = _reason()

    @property
    def branch_code(self) -> str:
        branch: Branch | None = self.cleaned_data["branch"]
        return branch.code if branch else ""

    @property
    def manager_id(self) -> UUID | None:
        manager: User | None = self.cleaned_data["manager"]
        return manager.pk if manager else None


class JoinForm(PlaceForm):
    """A new colleague."""

    name = forms.CharField(label="Full name", max_length=120, widget=forms.TextInput(attrs=INPUT))
    username = forms.RegexField(
        r"\A[a-z][a-z0-9_.-]{1,59}\Z",
        label="User name",
        help_text="What they sign in with: small letters, digits, dots and hyphens.",
        widget=forms.TextInput(attrs={**INPUT, "autocapitalize": "none"}),
        error_messages={"invalid": "Use small letters, digits, dots and hyphens, beginning with a letter."},
    )
    role = forms.ChoiceField(
        label="Role", choices=[(NO_ROLE, "None yet"), *((role.value, role.label) for role in Role)], widget=forms.Select(attrs=SELECT)
    )

    field_order = ("name", "username", "job_title", "role", "branch", "manager", "reason")

    def newcomer(self) -> Newcomer:
        said = self.cleaned_data
        role = None if said["role"] == NO_ROLE else Role(said["role"])
        return Newcomer(said["username"], said["name"], said["job_title"], role, self.branch_code, self.manager_id)


class ReasonForm(forms.Form):
    reason = _reason()


class RoleForm(ReasonForm):
    role = forms.ChoiceField(label="Role", choices=[(role.value, role.label) for role in Role], widget=forms.Select(attrs=SELECT))
    field_order = ("role", "reason")

    def __init__(self, *args: Any, roles: tuple[Role, ...] = tuple(Role), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]


class WithdrawForm(RoleForm):
    """Which of the roles somebody holds is taken away."""

    def __init__(self, *args: Any, held: Sequence[RoleHeld], **kwargs: Any) -> None:
        super().__init__(*args, roles=tuple(Role(one.role) for one in held), **kwargs)


class WayInForm(forms.Form):
    """Choosing a password with a one-time link, and with the code that goes with it, if one does."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        help_text="The colleague who agreed gives it to you.",
        widget=forms.TextInput(attrs={"class": "input mono", "autocomplete": "one-time-code", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label="New password",
        max_length=200,
        help_text="At least 12 characters. Not your name, not a password everybody uses.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(label="New password again", max_length=200, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    def __init__(self, *args: Any, owner: User, needs_code: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._owner = owner
        if not needs_code:
            del self.fields["code"]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if "password" in given and "again" in given:
            if given["password"] != given["again"]:
                self.add_error("again", "The two passwords are not the same.")
            else:
                try:
                    validate_password(given["password"], self._owner)
                except forms.ValidationError as error:
                    self.add_error("password", error)
        return given
