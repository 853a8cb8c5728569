"""Choosing a colleague in a form."""

from typing import Any

from django import forms

from bankos.platform.models import User


class ColleagueField(forms.ModelChoiceField):
    """Who works here now, by name and job title: several have the same name, and user names say little."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(User.objects.filter(is_active=True).order_by("name", "username"), **kwargs)

    def label_from_instance(self, obj: User) -> str:
        return f"{obj.get_full_name()}, {obj.job_title}" if obj.job_title else obj.get_full_name()
