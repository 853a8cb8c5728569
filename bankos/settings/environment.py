"""Settings from the environment: what cannot be used is said in one sentence, which never quotes an address with its password."""

from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

DATABASES = {"postgres", "postgresql", "psql", "pgsql"}
BROKERS = {"redis", "rediss", "redis+socket", "amqp", "amqps", "pyamqp", "memory", "sentinel"}
LARGEST_PORT = 65_535
_WANTED = {int: "a whole number", bool: "true or false", float: "a number"}


class Environment(environ.Env):
    def get_value(self, var: str, cast: Any = None, *args: Any, **options: Any) -> Any:
        try:
            return super().get_value(var, cast, *args, **options)
        except ValueError:
            raise ImproperlyConfigured(
                f"{var} has to be {_WANTED.get(cast, 'written otherwise')}: correct it in the environment."
            ) from None

    def count(self, var: str, *, default: int) -> int:
        number: int = self.int(var, default=default)
        if number < 1:
            raise ImproperlyConfigured(f"{var} has to be 1 or more: correct it in the environment.")
        return number

    def port(self, var: str, *, default: int) -> int:
        number: int = self.int(var, default=default)
        if not 0 < number <= LARGEST_PORT:
            raise ImproperlyConfigured(f"{var} has to be a port, 1 to {LARGEST_PORT}: correct it in the environment.")
        return number

    def database(self, url: str) -> dict[str, Any]:
        """Django's settings for the database at this address.

        Raises:
            ImproperlyConfigured: it is no address of a PostgreSQL database.
        """
        wanted = "DATABASE_URL has to be postgres://user:password@host:port/name"
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            raise ImproperlyConfigured(f"{wanted}: what is there cannot be read.") from None
        if parts.scheme not in DATABASES:
            named = f"{parts.scheme}:// is another kind of database" if parts.scheme and "://" in url else "what is there is no address"
            raise ImproperlyConfigured(f"{wanted}: {named}.")
        if not parts.path.strip("/"):
            raise ImproperlyConfigured(f"{wanted}: the name of the database is missing.")
        config = dict(self.db_url_config(url))
        config["HOST"] = unquote(config.get("HOST") or "")  # a socket's folder, as libpq writes it: postgres://user@%2Ffolder/name
        return config

    def broker(self, url: str) -> str:
        """Raises ImproperlyConfigured: it is no address of a broker."""
        wanted = "CELERY_BROKER_URL has to be amqp://user:password@host:port// or redis://host:port/0"
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            raise ImproperlyConfigured(f"{wanted}: what is there cannot be read.") from None
        if parts.scheme not in BROKERS or "://" not in url:
            raise ImproperlyConfigured(f"{wanted}: what is there is not.")
        return url
