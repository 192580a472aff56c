"""Campaign managers and administrators: whom a message reaches, who may sign in."""

import re

import pytest

from hotline.console.campaigns import Progress, progress
from hotline.core.campaign import CampaignState
from hotline.core.message import Channel, Status

from . import people

TEXTS = {
    "title": "Job offers",
    "channel": "sms",
    "text-sw": "Angalia ofa ya kazi.",
    "text-so": "Hubi shaqada laguu balan qaaday.",
}


@pytest.fixture
async def wanjiru(evening, visit):
    browser = visit()
    await browser.sign_in("wanjiru")
    _, body, _ = await browser.get("/console/campaigns/new")
    browser.csrf = re.search(r'name="csrf" value="([^"]+)"', body)[1]
    return browser


async def confirm(browser, campaign):
    """The form under the campaign's "Send": what this page has shown."""
    _, body, _ = await browser.get(f"/console/campaigns/{campaign.id}")
    return dict(re.findall(r'name="(people|digest)" value="(\w+)"', body))


@pytest.fixture
async def admin(evening, visit):
    browser = visit()
    await browser.sign_in("admin")
    return browser


async def test_a_message_is_written_counted_confirmed_sent_and_watched(evening, wanjiru):
    status, body, _ = await wanjiru.post("/console/campaigns/new", TEXTS)
    assert status == 200
    assert "It reaches 23 people now" in body  # 14 and 9; neither the reporter nor anybody in the queue
    assert "Send to 23 people?" in body
    campaign = evening.campaign("Job offers")

    form = await confirm(wanjiru, campaign)
    status, body, _ = await wanjiru.post(f"/console/campaigns/{campaign.id}/send", form)
    assert status == 200
    assert evening.campaign("Job offers").state is CampaignState.SENDING
    assert await evening.campaigns.step()
    messages = evening.db.campaign_messages[campaign.id]
    for number, message in enumerate(messages):
        messages[message] = Status.DELIVERED if number < 20 else Status.FAILED
    _, body, _ = await wanjiru.get(f"/console/campaigns/{campaign.id}/progress")
    assert re.search(r"Delivered</dt><dd>20<", body)
    assert re.search(r"Failed</dt><dd>3<", body)


async def test_a_number_that_no_longer_holds_is_not_sent(evening, wanjiru):
    await wanjiru.post("/console/campaigns/new", TEXTS)
    campaign = evening.campaign("Job offers")
    form = await confirm(wanjiru, campaign)
    people.person(evening, "joined", Channel.SMS, "sw", state=people.State.BOT, opted_in=True, reporter=False)
    status, body, _ = await wanjiru.post(f"/console/campaigns/{campaign.id}/send", form)
    assert status == 409
    assert "now reaches 24 people" in body
    assert evening.campaign("Job offers").state is CampaignState.DRAFT


@pytest.mark.parametrize(
    "change", [{"text-sw": "Maneno mengine."}, {"text-so": "", "text-sw": "x"}, {"channel": "telegram"}]
)
async def test_a_text_that_was_changed_meanwhile_is_not_sent(evening, wanjiru, change):
    await wanjiru.post("/console/campaigns/new", TEXTS)
    campaign = evening.campaign("Job offers")
    form = await confirm(wanjiru, campaign)
    await wanjiru.post(f"/console/campaigns/{campaign.id}/edit", TEXTS | change)
    people_now = (await confirm(wanjiru, campaign))["people"]
    for stale in (form, form | {"people": people_now}, {"people": people_now}):
        status, body, _ = await wanjiru.post(f"/console/campaigns/{campaign.id}/send", stale)
        assert (status, "somebody has changed the message" in body.lower()) == (409, True)
    assert evening.campaign("Job offers").state is CampaignState.DRAFT
    form = await confirm(wanjiru, campaign)
    await wanjiru.post(f"/console/campaigns/{campaign.id}/send", form)
    assert evening.campaign("Job offers").state is CampaignState.SENDING


async def test_one_person_is_not_one_people(evening, wanjiru):
    people.person(evening, "only", Channel.TELEGRAM, "sw", state=people.State.BOT, opted_in=True, reporter=False)
    _, body, _ = await wanjiru.post("/console/campaigns/new", TEXTS | {"channel": "telegram"})
    assert "It reaches 1 person now" in body
    assert "Send to 1 person?" in body
    assert "1 people" not in body


async def test_stopping_withdraws_what_has_not_gone_out(evening, wanjiru):
    await wanjiru.post("/console/campaigns/new", TEXTS)
    campaign = evening.campaign("Job offers")
    await wanjiru.post(f"/console/campaigns/{campaign.id}/send", await confirm(wanjiru, campaign))
    await evening.campaigns.step()
    status, body, _ = await wanjiru.post(f"/console/campaigns/{campaign.id}/cancel")
    assert status == 200
    assert "Cancelled" in body
    assert set(evening.db.campaign_messages[campaign.id].values()) == {Status.CANCELLED}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": " "}, "needs a title"),
        ({"text-sw": "", "text-so": ""}, "at least one language"),
        ({"text-sw": "x" * 601}, "longer than 600 characters"),
        ({"channel": "pigeon"}, "choose a channel"),
    ],
)
async def test_a_bad_draft_comes_back_with_all_that_was_typed(evening, wanjiru, change, said):
    typed = TEXTS | change
    status, body, _ = await wanjiru.post("/console/campaigns/new", typed)
    assert status == 422
    assert said.lower() in body.lower()
    assert all(typed[name].strip() in body for name in ("title", "text-sw", "text-so"))
    assert not evening.db.campaigns


async def test_a_draft_can_be_changed_until_it_is_sent(evening, wanjiru):
    await wanjiru.post("/console/campaigns/new", TEXTS)
    campaign = evening.campaign("Job offers")
    changed = TEXTS | {"title": "Offers abroad"}
    status, body, _ = await wanjiru.post(f"/console/campaigns/{campaign.id}/edit", changed)
    assert (status, "Offers abroad" in body) == (200, True)
    await wanjiru.post(f"/console/campaigns/{campaign.id}/send", await confirm(wanjiru, campaign))
    status, _, _ = await wanjiru.post(f"/console/campaigns/{campaign.id}/edit", changed)
    assert status == 409


async def test_a_campaign_manager_lands_on_the_messages_and_is_told_who_never_gets_one(wanjiru):
    status, body, _ = await wanjiru.get("/console/")
    assert status == 200
    assert "Who never gets one" in body
    assert "Whoever wrote STOP." in body


def test_the_parts_of_the_progress_add_up():
    counts = dict.fromkeys(Status, 1)
    found = progress(counts)
    parts = found.waiting + found.sent + found.delivered + found.failed + found.withdrawn
    assert found.total == parts == len(Status)
    assert progress({}) == Progress(0, 0, 0, 0, 0, 0)


async def test_a_new_users_password_is_shown_once(evening, admin, visit):
    data = {"name": "grace.o", "role": "operator", "languages": "sw"}
    status, body, headers = await admin.post("/console/users", data)
    assert status == 200
    assert headers["Cache-Control"] == "no-store"
    once = re.search(r'id="one-time">([^<]+)<', body)[1]
    _, body, _ = await admin.get("/console/users")
    assert once not in body
    _, body = await visit().sign_in("grace.o", once)
    assert "Choose a password" in body


async def test_a_taken_or_bad_name_is_said(evening, admin):
    status, body, _ = await admin.post("/console/users", {"name": "amina", "role": "operator"})
    assert (status, "There is a user of that name already" in body) == (409, True)
    status, body, _ = await admin.post("/console/users", {"name": "a b", "role": "operator"})
    assert status == 409
    status, body, _ = await admin.post("/console/users", {"name": "new", "role": "king"})
    assert status == 422
    assert set(evening.db.users) == {"amina", "david", "ruth", "wanjiru", "admin"}


async def test_shutting_out_ends_the_sessions_at_once(evening, admin, amina):
    status, body, _ = await admin.post("/console/users/disable", {"name": "amina", "disabled": "yes"})
    assert (status, "shut out" in body) == (200, True)
    _, body, _ = await amina.get("/console/")
    assert 'action="/console/signin"' in body
    status, _, _ = await admin.post("/console/users/disable", {"name": "admin", "disabled": "yes"})
    assert status == 409
    await admin.post("/console/users/disable", {"name": "amina", "disabled": "no"})
    assert not evening.user("amina").disabled


async def test_a_reset_gives_a_new_one_time_password(evening, admin, visit):
    status, body, _ = await admin.post("/console/users/reset", {"name": "david"})
    assert status == 200
    once = re.search(r'id="one-time">([^<]+)<', body)[1]
    assert "Choose a password" in (await visit().sign_in("david", once))[1]


async def test_only_administrators_change_users(evening, amina):
    for path, data in (
        ("/console/users", {"name": "x", "role": "admin"}),
        ("/console/users/reset", {"name": "david"}),
        ("/console/users/disable", {"name": "david", "disabled": "yes"}),
    ):
        assert (await amina.post(path, data))[0] == 403
    assert set(evening.db.users) == {"amina", "david", "ruth", "wanjiru", "admin"}
    assert not evening.user("david").disabled
