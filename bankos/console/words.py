"""Moments, spans and names in the words staff read."""

import re
from datetime import date, datetime, timedelta

from django.utils import timezone


def day_in_words(day: date, today: date, *, weekday: bool = True) -> str:
    """ "Thu 26 Nov", with the year only when it is another one."""
    text = f"{day:%a} {day.day} {day:%b}" if weekday else f"{day.day} {day:%b}"
    return text if day.year == today.year else f"{text} {day.year}"


def moment_in_words(moment: datetime, now: datetime) -> str:
    """How a list names a past moment: "14:05" today, "Yesterday", "Fri" this week, then "12 Nov"."""
    local, here = timezone.localtime(moment), timezone.localtime(now)
    days = (here.date() - local.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    if days == 1:
        return "Yesterday"
    if 1 < days < 7:
        return f"{local:%a}"
    return day_in_words(local.date(), here.date(), weekday=False)


def age_in_words(moment: datetime, now: datetime) -> str:
    """How old a piece of data is: "3 min", "5 h", "2 days", "4 months", "2 years"."""
    age = max(now - moment, timedelta())
    if age < timedelta(hours=1):
        return f"{int(age.total_seconds() // 60)} min"
    if age < timedelta(days=1):
        return f"{int(age.total_seconds() // 3600)} h"
    days = age.days
    if days < 60:
        return "1 day" if days == 1 else f"{days} days"
    if days < 730:
        return f"{days // 30} months"
    return f"{days // 365} years"


def time_left(due: datetime, now: datetime) -> tuple[str, str]:
    """The time left in words, and how it presses: "over", "near" (today) or "calm"."""
    left = due - now
    minutes = int(abs(left).total_seconds() // 60)
    if left < timedelta():
        return f"{_span(minutes)} over", "over"
    if minutes < 60:
        return f"{minutes} min", "near"
    local, here = timezone.localtime(due), timezone.localtime(now)
    days = (local.date() - here.date()).days
    if days == 0:
        return _span(minutes), "near"
    if days < 7:
        return f"{local:%a}, {days} day{'' if days == 1 else 's'}", "calm"
    return day_in_words(local.date(), here.date(), weekday=False), "calm"


def _span(minutes: int) -> str:
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d}"
    days = minutes // (24 * 60)
    return f"{days} day{'' if days == 1 else 's'}"


def duration_in_words(span: timedelta) -> str:
    """How long something takes: "0.4 s", "12 s", "3 min", "26 hours", "4 days"."""
    seconds = span.total_seconds()
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7_200:
        return f"{seconds / 60:.0f} min"
    hours = seconds / 3_600
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:.0f} days"


def initials(name: str) -> str:
    """Up to two letters that stand for a person: "Ines Marchetti-Okafor" is "IM"."""
    parts = [part for part in re.split(r"[^\w]+", name) if part]
    return "".join(part[0] for part in parts[:2]).upper()


BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Version", "Safari"))
SYSTEMS = (("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Mac OS X", "Mac"), ("Linux", "Linux"))


def browser_in_words(program: str) -> str:
    """What a browser says of itself, as people call it: "Firefox 140 on Windows"; as it is where it is none we know."""
    for mark, name in BROWSERS:
        if found := re.search(rf"{mark}/(\d+)", program):
            system = next((known for word, known in SYSTEMS if word in program), "")
            return f"{name} {found[1]}{f' on {system}' if system else ''}"
    return program
