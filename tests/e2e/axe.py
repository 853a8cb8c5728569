"""What axe finds on a page, in all its rules up to WCAG 2.2 AA and best practice."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe()
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def findings(page: Page) -> list[str]:
    answer = AXE.run(page, options=RULES)
    return [f"{page.url}: {one['id']} {[node['html'][:140] for node in one['nodes'][:3]]}" for one in answer.response["violations"]]
