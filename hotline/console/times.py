"""Times and durations as operators read them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from hotline.console.words import _

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def span(duration: timedelta) -> str:
    """A duration in one or two units, such as "12 min" or "1 h 05 min"; live.js writes the same."""
    seconds = max(0, int(duration.total_seconds()))
    if seconds < _MINUTE:
        return _("{n} s").format(n=seconds)
    if seconds < _HOUR:
        return _("{n} min").format(n=seconds // _MINUTE)
    if seconds < _DAY:
        return _("{hours} h {minutes:02} min").format(hours=seconds // _HOUR, minutes=seconds % _HOUR // _MINUTE)
    return _("{days} d {hours} h").format(days=seconds // _DAY, hours=seconds % _DAY // _HOUR)


def clock_time(at: datetime, zone: ZoneInfo) -> str:
    """Hour and minute in the helpline's time zone."""
    return format_time(at.astimezone(zone), "HH:mm", locale="en")


def day(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Either "Today", "Yesterday" or the date, in the helpline's time zone."""
    date, today = at.astimezone(zone).date(), now.astimezone(zone).date()
    if date == today:
        return _("Today")
    if date == today - timedelta(days=1):
        return _("Yesterday")
    return format_date(date, "EEEE, d MMMM y", locale="en")
