"""The settings of the tests."""

from .base import *
from .base import env, postgres

SECRET_KEY = "tests-only-tests-only-tests-only-tests-only-tests-only"
ALLOWED_HOSTS = ["*"]
DATABASES = {"default": postgres(env("DATABASE_URL"))}
