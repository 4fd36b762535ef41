"""Signing in and out with a browser's cookies, and what keeps others from doing it in one's name."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dashboard.access.settings import Access
from dashboard.access.sign_in import OFTEN, WRONG, own_address
from dashboard.app import make_app
from pipeline.access.trail import Trail
from pipeline.workspace import Workspace
from reports.language import catalogue
from tests.dashboard.workspaces import FIRST, fill

from .people import ADDRESS, PASSWORD, People

PAGE = {"Accept": "text/html"}


def browser(people: People, access: Access | None = None, address: str = ADDRESS) -> TestClient:
    return TestClient(make_app(people.workspace.path, access=access), base_url=address, follow_redirects=False)


def signed_in(people: People, name: str, client: TestClient | None = None) -> TestClient:
    client = client or browser(people)
    answer = client.post("/sign-in", data={"name": name, "password": PASSWORD, "next": f"/session/{FIRST}"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/session/{FIRST}")
    return client


def csrf(client: TestClient) -> dict[str, str]:
    return {"X-CSRFToken": client.cookies["turntone-csrf-8050"]}


def test_a_page_leads_to_the_sign_in_and_back(people: People) -> None:
    client = browser(people)
    asked = client.get("/case/Demo?from=mail", headers=PAGE)
    assert asked.headers["location"] == "/sign-in?next=%2Fcase%2FDemo%3Ffrom%3Dmail"
    form = client.get(asked.headers["location"]).text
    assert 'name="next" value="/case/Demo?from=mail"' in form
    assert signed_in(people, "vera", client).get("/case/Demo", headers=PAGE).status_code == 200


def test_the_cookie_is_for_this_server_alone_and_no_script_reads_it(people: People) -> None:
    client = browser(people)
    answer = client.post("/sign-in", data={"name": "vera", "password": PASSWORD})
    sealed, token = sorted(answer.headers.get_list("set-cookie"), reverse=True)
    assert sealed.startswith("turntone-sign-in-8050=") and "HttpOnly" in sealed and "SameSite=lax" in sealed
    assert token.startswith("turntone-csrf-8050=") and "HttpOnly" not in token
    assert "Secure" not in sealed
    over_tls = browser(people, address="https://127.0.0.1:8050")
    answer = over_tls.post("/sign-in", data={"name": "vera", "password": PASSWORD})
    assert all("Secure" in each for each in answer.headers.get_list("set-cookie"))


@pytest.mark.parametrize(("name", "password"), [("vera", "wrong"), ("nobody", PASSWORD), ("", ""), ("vera", "")])
def test_what_does_not_fit_is_refused_without_saying_which(people: People, name: str, password: str) -> None:
    client = browser(people)
    answer = client.post("/sign-in", data={"name": name, "password": password})
    assert (answer.status_code, WRONG in answer.text) == (403, True)
    assert "set-cookie" not in answer.headers
    assert password == "" or password not in answer.text


def test_a_forged_or_changed_cookie_opens_nothing(people: People) -> None:
    client = signed_in(people, "vera")
    sealed = client.cookies["turntone-sign-in-8050"]
    for forged in (sealed[:-2] + "xx", sealed.split(".")[0], "x", ""):
        assert browser(people).get("/api/me", cookies={"turntone-sign-in-8050": forged}).status_code == 401


def test_a_change_needs_the_token_that_only_own_pages_can_read(own_people: People) -> None:
    client = signed_in(own_people, "ed")
    address = f"/api/sessions/{FIRST}/review"
    body = {"turns": [0], "emotion": "happy"}
    assert client.post(address, json=body).status_code == 403
    assert client.post(address, json=body, headers={"X-CSRFToken": "x"}).status_code == 403
    other = signed_in(own_people, "vera")
    assert client.post(address, json=body, headers=csrf(other)).status_code == 403
    assert client.post(address, json=body, headers=csrf(client)).status_code == 200


def test_another_sites_page_signs_nobody_in(people: People) -> None:
    answer = browser(people).post(
        "/sign-in", data={"name": "vera", "password": PASSWORD}, headers={"Origin": "https://evil.example"}
    )
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


def test_a_sign_out_ends_copies_of_the_cookie_too(people: People) -> None:
    client = signed_in(people, "vera")
    copy = dict(client.cookies)
    assert client.post("/sign-out").status_code == 403
    answer = client.post("/sign-out", headers=csrf(client))
    assert (answer.status_code, answer.headers["clear-site-data"]) == (204, '"cache"')
    assert browser(people).get("/api/me", cookies=copy).status_code == 401


def test_whoever_is_let_in_leaves_nothing_in_the_browsers_cache(people: People) -> None:
    client = signed_in(people, "vera")
    for address in ("/", f"/api/sessions/{FIRST}", "/case/Demo"):
        assert client.get(address).headers["cache-control"] == "private, no-store"
    assert client.get(f"/audio/{FIRST}").headers["cache-control"] == "private, no-cache"


def test_attempts_are_counted_by_address_and_by_name(people: People) -> None:
    client = browser(people, Access(sign_ins="2/minute"))
    statuses = [client.post("/sign-in", data={"name": "vera", "password": "x"}).status_code for _ in range(3)]
    assert statuses == [403, 403, 429]
    late = client.post("/sign-in", data={"name": "ed", "password": PASSWORD})
    assert late.status_code == 429 and 1 <= int(late.headers["retry-after"]) <= 60
    client = browser(people, Access(sign_ins_by_name="1/minute"))
    assert client.post("/sign-in", data={"name": "vera", "password": "x"}).status_code == 403
    assert client.post("/sign-in", data={"name": "Vera", "password": PASSWORD}).status_code == 429


def test_requests_to_the_api_are_counted_by_user(people: People) -> None:
    app = make_app(people.workspace.path, access=Access(requests="2/minute"))
    ask = {who: TestClient(app, base_url=ADDRESS, headers={"Authorization": f"Bearer {people.tokens[who]}"})
           for who in ("vera", "ed")}  # fmt: skip
    assert [ask["vera"].get("/api/me").status_code for _ in range(3)] == [200, 200, 429]
    assert ask["ed"].get("/api/me").status_code == 200
    limited = ask["vera"].get("/api/me")
    assert limited.json()["detail"] == "at most 2/minute requests"
    assert "retry-after" in limited.headers


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil", ""]
)
def test_no_sign_in_leads_to_another_site(address: str) -> None:
    assert own_address(address) == "/"


def test_the_page_speaks_the_browsers_language_and_escapes_what_was_typed(people: People) -> None:
    client = browser(people)
    chinese = client.get("/sign-in", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}).text
    assert '<html lang="zh">' in chinese and "登录" in chinese
    words = re.sub(r"<[^>]*>|Turntone|English", "", chinese[chinese.index("<body") :])
    assert re.findall("[A-Za-z]{3,}", words) == []
    assert client.get("/sign-in?language=en", headers={"Accept-Language": "zh"}).text.count("Sign in") >= 2
    typed = client.post("/sign-in", data={"name": '"><script>alert(1)</script>', "password": "x"}).text
    assert "<script>" not in typed


def test_every_word_of_the_page_is_in_the_catalogue() -> None:
    template = (Path(__file__).parents[3] / "dashboard/access/templates/sign_in.html").read_text("utf-8")
    words = {*re.findall(r't\("([^"]+)"\)', template), WRONG, OFTEN, "Sign out"}
    assert words - set(catalogue("zh")) == set()


def test_who_is_signed_in_is_told(people: People) -> None:
    me = signed_in(people, "vera").get("/api/me").json()
    assert me == {"name": "vera", "role": "viewer", "cases": ["Demo"], "words": {"sign_out": "Sign out"}}


def test_what_people_read_and_hear_stands_in_the_trail_once_in_a_while(own_people: People) -> None:
    client = signed_in(own_people, "vera")
    for part in ("bytes=0-99", "bytes=100-199", "bytes=200-"):
        client.get(f"/audio/{FIRST}", headers={"Range": part})
    client.get(f"/api/sessions/{FIRST}")
    client.get("/api/export", params={"to": "csv", "session": FIRST})
    client.get(f"/report/session/{FIRST}")
    client.post("/sign-in", data={"name": "vera", "password": "wrong"})
    entries = Trail(own_people.workspace.path).entries(newest=True, limit=6)
    assert [(each.action, each.who, each.what, each.detail) for each in entries] == [
        ("signed in", "vera", "vera", None),
        ("listened", "vera", FIRST, None),
        ("opened", "vera", FIRST, None),
        ("exported", "vera", FIRST, "csv"),
        ("exported", "vera", FIRST, "report"),
        ("sign-in failed", None, "vera", None),
    ]


def test_admins_read_the_trail_and_stand_in_it(own_people: People) -> None:
    client = own_people.client("ada")
    lines = client.get("/api/audit", params={"action": "user added"}).json()
    assert [each["what"] for each in lines] == ["ada", "ed", "vera", "otto", "nora"]
    table = client.get("/api/audit.csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert "vera" not in table.text and "Demo" not in table.text
    assert table.text.splitlines()[-1].split(",")[3:5] == ["api", "trail read"]


def test_a_workspace_without_users_is_open_on_ones_own_machine_only(workspace: Workspace) -> None:
    own = TestClient(make_app(workspace.path), base_url=ADDRESS, follow_redirects=False)
    assert own.get("/api/me").json()["role"] == "admin"
    assert own.get("/sign-in").headers["location"] == "/"
    for header in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
        assert "through a proxy" in own.get("/api/sessions", headers={header: "192.0.2.1"}).json()["detail"]
    strangers = TestClient(make_app(workspace.path, access=Access(local=False)), base_url=ADDRESS)
    for address in ("/", "/api/sessions", f"/audio/{FIRST}", f"/report/session/{FIRST}"):
        answer = strangers.get(address)
        assert (answer.status_code, "no users yet" in answer.text) == (403, True)


def test_the_first_user_closes_a_server_that_runs(tmp_path: Path) -> None:
    from pipeline.access.accounts import Accounts

    client = TestClient(make_app(tmp_path / "workspace"), base_url=ADDRESS)
    assert client.get("/api/sessions").status_code == 200
    Accounts(tmp_path / "workspace").add("ada", "admin", PASSWORD)
    assert client.get("/api/sessions").status_code == 401


def test_an_upload_is_its_owners(own_people: People) -> None:
    ed, nora, ada = (own_people.client(each) for each in ("ed", "nora", "ada"))
    upload = ed.post("/api/uploads", json={"name": "a.wav", "size": 4}).json()
    assert set(upload) == {"id", "name", "size", "offset"}
    address = f"/api/uploads/{upload['id']}"
    assert (ed.get(address).status_code, ada.get(address).status_code) == (200, 200)
    assert nora.get(address).status_code == 404
    assert nora.patch(address, content=b"1234", headers={"Upload-Offset": "0"}).status_code == 404
    assert nora.post("/api/jobs", json={"upload": upload["id"], "case": "Demo"}).status_code == 403
    assert nora.delete(address).status_code == 404


def test_a_recording_goes_into_a_case_that_one_sees(own_people: People) -> None:
    ed = own_people.client("ed")
    for case in ("Elsewhere", "<script>alert(1)</script>/..?", None):
        upload = ed.post("/api/uploads", json={"name": "a.wav", "size": 4}).json()["id"]
        ed.patch(f"/api/uploads/{upload}", content=b"1234", headers={"Upload-Offset": "0"})
        assert ed.post("/api/jobs", json={"upload": upload, "case": case}).status_code == 403
    assert ed.post("/api/jobs", json={"upload": upload, "case": "Demo"}).status_code == 201
    sent = ed.post("/api/recordings", files={"file": ("b.wav", b"1234")}, data={"case": "Elsewhere"})
    assert sent.status_code == 403


def test_one_person_alone_does_not_wait_for_the_trail(tmp_path: Path) -> None:
    own = fill(tmp_path / "workspace")
    client = TestClient(make_app(own.path), base_url=ADDRESS)
    with own.writing():  # as an analysis that is being saved
        begun = time.monotonic()
        assert client.get(f"/api/sessions/{FIRST}").status_code == 200
        assert time.monotonic() - begun < 5
    end = time.monotonic() + 20
    while Trail(own.path).entries()[-1].action != "opened":
        assert time.monotonic() < end
        time.sleep(0.05)
