"""Rebuilds static/icons.svg: only the pictures the templates use, from a folder of Lucide's icons."""

import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

SPRITE = settings.BASE_DIR / "static" / "icons.svg"
# Ours: one of the ten people that stand for "8 of 10".
OWN = {"person": '<circle cx="12" cy="7" r="4.5"/><path d="M3 23c0-6 4-9 9-9s9 3 9 9z"/>'}
NAMED = re.compile(r'{%\s*icon "([a-z0-9-]+)"|icon_name="([a-z0-9-]+)"')
IN_CODE = re.compile(r'icon="([a-z0-9-]+)"|Place\("[^"]+", "([a-z0-9-]+)"')


def used() -> set[str]:
    """Every icon a template or the console's code names."""
    names = set(OWN)
    for folder, suffix, pattern in (("templates", "html", NAMED), ("bankos/console", "py", IN_CODE), ("insights", "py", IN_CODE)):
        for path in (settings.BASE_DIR / folder).rglob(f"*.{suffix}"):
            names |= {one or other for one, other in pattern.findall(path.read_text())}
    return names


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="the `icons` folder of the npm package lucide-static")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        symbols = []
        for name in sorted(used()):
            symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{OWN.get(name) or drawing(folder / f"{name}.svg")}</symbol>')
        SPRITE.write_text('<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n")
        self.stdout.write(f"{len(symbols)} icons, {SPRITE.stat().st_size} bytes")


def drawing(path: Path) -> str:
    """The inside of one icon's file, on one line."""
    if not path.exists():
        raise CommandError(f"Lucide has no icon {path.stem}")
    inside = re.search(r"<svg[^>]*>(.*)</svg>", path.read_text(), re.DOTALL)
    if inside is None:
        raise CommandError(f"{path} is not an icon")
    return re.sub(r"\s+", " ", inside.group(1)).strip()
