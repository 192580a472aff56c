"""The emergency number of a country, where it may be shown to a person.

Numbers follow libphonenumber's short-number metadata; a test compares them. Where calling the authorities can itself be
a danger, or the number cannot be trusted, none is shown and the person is told something else that is true.
"""

EMERGENCY_NUMBERS = {
    "BR": "190", "CN": "110", "CO": "123", "DJ": "17", "EC": "911", "ET": "991", "GB": "999", "KE": "999",
    "KH": "117", "MM": "199", "PE": "105", "RW": "112", "TH": "191", "TZ": "112", "UG": "999",
    "US": "911", "VE": "911", "VN": "113", "ZA": "10111",
}  # fmt: skip
"""ISO 3166 country → number. Afghanistan, Eritrea, Somalia, Sudan and Yemen are left out on purpose."""


def emergency_number(region: str) -> str | None:
    return EMERGENCY_NUMBERS.get(region)
