"""How a person wants the console to look and react."""

from django.conf import settings
from django.db import models


class Display(models.Model):
    """One person's choices, kept on the server so that they follow from desk to desk."""

    class Theme(models.TextChoices):
        AUTO = "auto", "As the computer is set"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    class Density(models.TextChoices):
        COMFORTABLE = "comfortable", "Comfortable"
        DEFAULT = "default", "Standard"
        COMPACT = "compact", "Compact"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="display")
    theme = models.CharField(max_length=10, choices=Theme, default=Theme.AUTO)
    density = models.CharField("row height", max_length=12, choices=Density, default=Density.DEFAULT)
    single_keys = models.BooleanField(
        "single-key shortcuts", default=True, help_text="A, L, D, J, K and the other letters shown on buttons. Ctrl-K always works."
    )

    def __str__(self) -> str:
        return f"display of {self.user_id}"
