"""Pages put together from several floors."""

from django.urls import path

from . import home, settings

urlpatterns = [
    path("", home.home, name="home"),
    path("me/settings/", settings.settings, name="settings"),
]
