"""The control plane of a bank: one customer state, one authority, one console for staff."""

from .celery import app as celery_app

__all__ = ["celery_app"]
