"""Template tags of the console's components. Built in: no template has to load them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import template
from django.template.defaulttags import CsrfTokenNode
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bankos.console import charts, words
from bankos.platform.actors import SERVING
from bankos.platform.money import Money, amount_in_words
from customers.state import AccountView

register = template.Library()


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """A picture from the sprite. Without `label` it is decoration and screen readers pass over it.

    Args:
        size: an extra class: "i-s" for small.
    """
    meaning = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html('<svg class="i {}" {}><use href="{}#{}"/></svg>', size, meaning, static("icons.svg"), name)


class _FormKeys(template.Node):
    def render(self, context: template.Context) -> SafeString:
        key = format_html('<input type="hidden" name="request-key" value="{}">', uuid4())
        return SafeString(CsrfTokenNode().render(context) + key)


@register.tag
def csrf_token(parser: template.base.Parser, token: template.base.Token) -> template.Node:
    """Django's, which every form that is posted has, and beside it the key of what the form sends (`bankos.platform.outcomes`).

    The page's script puts a new key in its place each time; without script a second press finds the first one's key.
    """
    return _FormKeys()


@register.filter
def money(value: Money | None) -> SafeString | str:
    """An amount that stays whole in a line and reads left to right everywhere; a dash when there is none."""
    return "–" if value is None else format_html('<bdi class="amt" dir="ltr">{}</bdi>', value.in_words())


@register.filter
def shown(value: Money | str) -> SafeString | str:
    """What changes: an amount as one, words as they are."""
    return money(value) if isinstance(value, Money) else value


@register.filter
def money_whole(value: Money) -> SafeString:
    """As `money`, without cents: for headlines, never for a figure someone acts on."""
    return format_html('<bdi class="amt" dir="ltr">{}</bdi>', value.in_words(decimals=0))


@register.simple_tag
def amount(value: Decimal, currency: str) -> SafeString:
    """As `money`, for a bare amount in a known currency."""
    return format_html('<bdi class="amt" dir="ltr">{}</bdi>', amount_in_words(value, currency))


@register.filter
def ident(value: object) -> SafeString:
    """An identifier that is neither broken nor turned around in right-to-left text."""
    return format_html('<bdi class="idn" dir="ltr">{}</bdi>', value)


@register.filter(name="words")
def in_words(code: str) -> str:
    """A code as people read it: "team_lead" is "Team lead"."""
    return code.replace("_", " ").capitalize()


@register.filter
def obligation_words(obligations: Iterable[str]) -> str:
    """What a permit asks for besides, as the policies name it, in words: `tell-compliance` becomes "tell compliance"."""
    return ", ".join(one.replace("-", " ") for one in obligations)


@register.filter
def outcome_words(outcome: str) -> str:
    """An answer of the rules, in the middle of a sentence."""
    return {"permit": "permitted", "needs_approval": "needs a second person", "deny": "refused"}.get(outcome, outcome)


@register.filter
def percent(share: float) -> str:
    """0.0042 is "0.4%", 0.97 is "97%": a decimal only where it tells something."""
    return f"{share:.1%}" if 0 < share < 0.0995 else f"{share:.0%}"


@register.filter
def browser(program: str) -> str:
    return words.browser_in_words(program)


@register.filter
def initials(name: str) -> str:
    return words.initials(name)


@register.simple_tag(takes_context=True)
def ago(context: dict[str, Any], moment: datetime) -> SafeString:
    """A past moment the short way lists show it, exact for machines and on hover."""
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="minutes"),
        f"{local:%d %b %Y, %H:%M}",
        words.moment_in_words(moment, context["now"]),
    )


@register.simple_tag(takes_context=True)
def age(context: dict[str, Any], moment: datetime) -> str:
    """How old something is: "3 days"."""
    return words.age_in_words(moment, context["now"])


@register.filter
def duration(value: timedelta) -> str:
    """How long something takes: "0.4 s", "26 hours"."""
    return words.duration_in_words(value)


@register.filter
def iso_day(value: str) -> str:
    """A day a source states as ISO 8601, in words: "13 June 1986"; as it is if it is masked."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value
    return f"{day.day} {day:%B %Y}"


@register.filter
def serves(roles: frozenset[str]) -> bool:
    """Whether somebody with these roles deals with customers."""
    return not SERVING.isdisjoint(roles)


@register.filter
def clock_time(value: datetime) -> str:
    """The hour and minute where the bank is: "14:32"."""
    return f"{timezone.localtime(value):%H:%M}"


@register.filter
def moment(value: datetime) -> str:
    """A moment to the minute where the bank is: "23 Nov 2026, 10:42"."""
    local = timezone.localtime(value)
    return f"{local.day} {local:%b %Y, %H:%M}"


@register.filter
def second(value: datetime) -> str:
    """A moment to the second, with its offset: evidence needs both."""
    local = timezone.localtime(value)
    return f"{local.day} {local:%b %Y, %H:%M:%S} {local:%Z}"


@register.simple_tag(takes_context=True)
def day(context: dict[str, Any], value: date) -> str:
    """ "Thu 26 Nov"; the year only when it is another one."""
    return words.day_in_words(value, timezone.localtime(context["now"]).date())


@register.inclusion_tag("components/deadline.html", takes_context=True)
def due(context: dict[str, Any], moment: datetime) -> dict[str, Any]:
    """Time left in words, with an icon and a colour: never by colour alone."""
    text, press = words.time_left(moment, context["now"])
    return {"text": text, "press": press, "moment": moment}


@register.filter
def mask(value: str) -> str:
    """All but the last four characters hidden: "•• 3305"."""
    return f"•• {value[-4:]}" if len(value) > 4 else "••••"


@register.filter
def without_cards(accounts: Sequence[AccountView]) -> list[AccountView]:
    """What holds or owes money."""
    return [account for account in accounts if account.kind != "card"]


@register.filter
def cards(accounts: Sequence[AccountView]) -> list[AccountView]:
    """Cards in use first: they hold no money of their own and stand below the accounts."""
    return sorted((account for account in accounts if account.kind == "card"), key=lambda card: card.status != "active")


@register.simple_tag
def people(on: int, of: int = 10) -> SafeString:
    """Natural numbers as people: `on` of `of` filled."""
    figure = '<svg class="i{}" aria-hidden="true"><use href="{}#person"/></svg>'
    dots = format_html_join("", figure, ((" on" if n < on else "", static("icons.svg")) for n in range(of)))
    return format_html('<span class="dots" role="img" aria-label="{} of {}">{}</span>', on, of, dots)


@register.simple_tag
def spark(values: list[Decimal]) -> SafeString:
    """A balance's course as a small line; the figures beside it say the same in words."""
    return charts.spark(values)


@register.simple_tag
def cashflow_svg(chart: Any, name: str, mini: bool = False) -> SafeString:
    """The balance day by day as a drawing; `name` keeps its ids apart on a page with several."""
    return charts.cashflow(chart, name=name, mini=mini)


@register.filter
def days_ahead(chart: Any) -> list[charts.Row]:
    """The figures of the drawing's future, for its table."""
    return [row for row in charts.rows(chart) if row.base is not None]


@register.filter
def days_past(chart: Any) -> list[charts.Row]:
    """The figures of the drawing's past, the newest first."""
    return [row for row in reversed(charts.rows(chart)) if row.past is not None]


class PanelNode(template.Node):
    """A titled box whose inside is written between the tags: what `include` cannot do."""

    def __init__(self, options: dict[str, template.base.FilterExpression], body: template.NodeList) -> None:
        self.options, self.body = options, body

    def render(self, context: template.Context) -> SafeString:
        values = {name: value.resolve(context) for name, value in self.options.items()}
        inside = self.body.render(context)
        with context.push(**{"id": "", "count": None, "aside": "", "tight": False, "kind": "", **values, "inside": inside}):
            return context.template.engine.get_template("components/panel.html").render(context)  # type: ignore[union-attr]


@register.tag
def panel(parser: template.base.Parser, token: template.base.Token) -> PanelNode:
    """{% panel title="Accounts" id="accounts" count=4 aside="customers/_accounts_aside.html" %} … {% endpanel %}"""
    options = template.base.token_kwargs(token.split_contents()[1:], parser)
    body = parser.parse(("endpanel",))
    parser.delete_first_token()
    return PanelNode(options, body)
