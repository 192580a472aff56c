"""What holds for the webhooks of every connector, over everything that has been recorded of its provider."""

import json
import traceback
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from provider_recordings import PROVIDERS, SECRETS, TELEGRAM, TWILIO, Provider, every_recording

from hotline.core.errors import Malformed, Refused
from hotline.core.message import Ack, Blocked, DeliveryReport, Event, Ignored, Inbound, Kind

pytestmark = pytest.mark.usefixtures("socket_disabled")  # verify, parse and ack reach for no network

RECORDINGS = pytest.mark.parametrize(
    ("provider", "name"), [pytest.param(p, n, id=f"{p.name}-{n}") for p, n in every_recording()]
)
EVERY = pytest.mark.parametrize("provider", [pytest.param(p, id=p.name) for p in PROVIDERS])
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def sound(event: Event) -> None:
    """An event that every later step can work with."""
    for text in (getattr(event, name, None) for name in ("provider_id", "address", "text", "payload", "reason")):
        assert text is None or text.encode("utf-8") is not None
    if isinstance(event, Inbound):
        assert event.provider_id
        assert event.address
        assert event.kind is not Kind.CHOICE or event.payload
        assert all(file.ref and file.content_type for file in event.attachments)
        assert all(file.size is None or type(file.size) is int for file in event.attachments)
    assert isinstance(event, Inbound | DeliveryReport | Blocked | Ignored)


@RECORDINGS
def test_signed_as_recorded_is_accepted(provider: Provider, name: str):
    request = provider.recorded(name)
    provider.connector.verify(request)
    events = provider.connector.parse(request)
    assert events
    for event in events:
        sound(event)
    assert isinstance(provider.connector.ack(events), Ack)


@RECORDINGS
def test_a_replay_is_recognised_by_its_id(provider: Provider, name: str):
    """Five copies of a webhook are five equal events: the unique (channel, provider_id) keeps one of them."""
    assert len({provider.connector.parse(provider.recorded(name)) for _ in range(5)}) == 1


@EVERY
def test_every_recorded_message_has_an_id_of_its_own(provider: Provider):
    events = [event for name in provider.recordings() for event in provider.connector.parse(provider.recorded(name))]
    ids = [event.provider_id for event in events if not isinstance(event, Ignored)]
    assert len(ids) > 15
    assert len(set(ids)) == len(ids)


@RECORDINGS
@pytest.mark.parametrize("given", ["missing", "empty", "wrong", "other key", "not latin"])
def test_without_the_right_signature_it_is_refused(provider: Provider, name: str, given: str):
    request = provider.recorded(name)
    right = request.headers[provider.header]
    others = {
        "empty": "",
        "wrong": right[:-2] + ("a" if right[-2] != "a" else "b") + right[-1],
        "other key": provider.sign(request, "another-secret").headers[provider.header],
        "not latin": "ключ",
    }
    headers = {key: value for key, value in request.headers.items() if key != provider.header}
    if given != "missing":
        headers[provider.header] = others[given]
    with pytest.raises(Refused):
        provider.connector.verify(replace(request, headers=headers))


@EVERY
@given(body=st.binary(max_size=400))
@FUZZ
def test_garbage_is_never_verified_and_never_crashes(provider: Provider, body: bytes):
    request = provider.request(body)
    with pytest.raises(Refused):
        provider.connector.verify(request)
    try:
        events = provider.connector.parse(request)
    except Malformed:
        return
    for event in events:
        assert isinstance(event, Ignored)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def paths(tree: object, path: tuple = ()) -> list[tuple]:
    found = [path] if path else []
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        found += paths(value, (*path, key))
    return found


@given(data=st.data())
@FUZZ
def test_a_telegram_update_with_one_odd_value(data: st.DataObject):
    name = data.draw(st.sampled_from(TELEGRAM.recordings()))
    update = json.loads(TELEGRAM.recorded(name).body)
    *way, last = data.draw(st.sampled_from(paths(update)))
    place = update
    for step in way:
        place = place[step]
    place[last] = data.draw(values)
    request = TELEGRAM.request(json.dumps(update).encode())
    try:
        events = TELEGRAM.connector.parse(request)
    except Malformed:
        return
    for event in events:
        sound(event)
    TELEGRAM.connector.ack(events)


@given(data=st.data())
@FUZZ
def test_a_twilio_form_with_one_odd_field(data: st.DataObject):
    name = data.draw(st.sampled_from(TWILIO.recordings()))
    recorded = TWILIO.recorded(name)
    form = dict(parse_qsl(recorded.body.decode(), keep_blank_values=True))
    field = data.draw(st.sampled_from([*form, "ErrorCode", "MediaUrl0", "NumMedia", "ButtonPayload", "Latitude"]))
    form[field] = data.draw(st.text(st.characters(codec="utf-8"), max_size=200))
    request = replace(recorded, body=urlencode(form).encode())
    try:
        events = TWILIO.connector.parse(request)
    except Malformed:
        return
    for event in events:
        sound(event)


@EVERY
@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "cp1256"])
def test_another_encoding_is_malformed(provider: Provider, encoding: str):
    word = "سلام" if encoding == "cp1256" else "señal"
    bodies = {
        "twilio": f"MessageSid=SM{'0' * 32}&From=%2B447700900123&Body={word}",
        "telegram": json.dumps({"update_id": 1, "message": {"text": word}}, ensure_ascii=False),
    }
    request = provider.sign(provider.request(bodies[provider.name].encode(encoding)))
    with pytest.raises(Malformed):
        provider.connector.parse(request)


def test_percent_encoded_bytes_that_are_no_utf8_are_malformed_though_signed():
    body = TWILIO.recorded("sms_text").body.replace(b"Body=", b"Body=%E9%FF")
    request = TWILIO.sign(TWILIO.request(body))
    TWILIO.connector.verify(request)
    with pytest.raises(Malformed):
        TWILIO.connector.parse(request)


@EVERY
@pytest.mark.timeout(20)
def test_enormous_bodies_are_refused_in_good_time(provider: Provider):
    bodies = [
        b"a" * 8_000_000,
        b"&".join(b"a%d=b" % number for number in range(200_000)),
        b"[" * 200_000,
        b'{"update_id":' + b"9" * 100_000 + b"}",
        b'{"a":' * 100_000,
    ]
    for body in bodies:
        request = provider.request(body)
        with pytest.raises(Refused):
            provider.connector.verify(replace(request, headers={provider.header: "x"}))
        try:
            events = provider.connector.parse(request)
        except Malformed:
            continue
        assert [type(event) for event in events] == [Ignored]


@EVERY
def test_refusals_and_complaints_tell_nothing(provider: Provider, caplog: pytest.LogCaptureFixture):
    """What is logged of a bad webhook holds no word, number or secret of it."""
    caplog.set_level("DEBUG")
    body = {
        "twilio": b"MessageSid=no-id&From=%2B447700900123&Body=locked+in&AccountSid=ACother",
        "telegram": b'{"update_id":5,"message":{"text":"locked in","chat":{"id":"+447700900123"}}}',
    }[provider.name]
    told = []
    for request in (provider.request(body), provider.sign(provider.request(body))):
        for step in (provider.connector.verify, provider.connector.parse):
            try:
                step(request)
            except (Refused, Malformed) as error:
                told += [repr(error), str(error), *traceback.format_exception(error)]
    assert told
    for secret in (*SECRETS, "7700900123", "locked"):
        assert secret not in "".join(told)
        assert secret not in caplog.text
        assert secret not in repr(request)
        assert secret not in repr(provider.connector)
