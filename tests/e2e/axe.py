"""What axe finds on a page, in all its rules up to WCAG 2.2 AA and best practice."""

from collections.abc import Mapping
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe()
COLOUR_RULES = ("color-contrast", "link-in-text-block")
"""What takes axe longest."""

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS = {"runOnly": {"type": "rule", "values": COLOUR_RULES}}
"""What another theme can change: it sets colours and nothing else."""
PLACES = {**RULES, "rules": {rule: {"enabled": False} for rule in COLOUR_RULES}}
"""What another width can change: it sets no colours."""
# A bank's first version holds a hundred rules and a thousand examples, each drawn by the same lines of a template.
OF_MANY_ALIKE = ("tbody > tr:nth-child(n+13)", "article.rule-diff:nth-of-type(n+9)", ".why > li:nth-child(n+13)")
THE_FIRST_OF_MANY = {"exclude": [[alike] for alike in OF_MANY_ALIKE]}


def findings(page: Page, rules: Mapping[str, Any] = RULES) -> list[str]:
    answer = AXE.run(page, context=THE_FIRST_OF_MANY, options=dict(rules))
    return [f"{page.url}: {one['id']} {[node['html'][:140] for node in one['nodes'][:3]]}" for one in answer.response["violations"]]
