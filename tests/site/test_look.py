"""Do the pages hold at three widths, light and dark, and does axe-core find nothing?"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from node_packages import axe_source
from served_site import Server, make_server
from site_contest import predictions

pytestmark = pytest.mark.slow

PAGES = ("challenge/", "challenge/rules/", "challenge/board/", "accounts/login/",
         "accounts/signup/", "accounts/password/reset/", "nothing")  # fmt: skip
OWN = ("challenge/team/", "challenge/submit/", "challenge/submissions/", "challenge/tokens/",
       "challenge/organise/", "challenge/organise/teams/", "challenge/organise/people/",
       "challenge/organise/write/", "challenge/organise/rescore/", "accounts/email/",
       "accounts/2fa/", "accounts/password/change/")  # fmt: skip
LOOKS = ((320, "light"), (768, "dark"), (1440, "light"))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def axe() -> str:
    return axe_source()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = make_server(tmp_path_factory.mktemp("looked-at"), 3)
    made.start()
    for token in made.tokens:
        urllib3.request(
            "POST",
            f"{made.url}/api/v1/submissions",
            fields={"file": ("p.csv", predictions())},
            headers={"Authorization": f"Bearer {token}"},
        )
    yield made
    made.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


def look(page: Any, url: str, axe: str) -> list[str]:
    """Give what is wrong with a page."""
    page.goto(url)
    wide = page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    page.evaluate(axe + ";0")
    found = page.evaluate(f"axe.run(document, {{runOnly: {RULES!r}}})")
    problems = [
        f"{url} {one['id']}: {one['nodes'][0]['html'][:100]}" for one in found["violations"]
    ]
    return problems + ([f"{url} is wider than the window"] if wide else [])


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_page_holds(server: Server, browser: Any, axe: str, width: int, scheme: str) -> None:
    size = {"width": width, "height": 900}
    context = browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    elsewhere: list[str] = []
    page.on(
        "request",
        lambda one: None if one.url.startswith(server.url) else elsewhere.append(one.url),
    )
    problems = [found for path in PAGES for found in look(page, f"{server.url}/{path}", axe)]
    page.goto(f"{server.url}/accounts/login/")
    page.fill("#id_login", "t0@example.org")
    page.fill("#id_password", "correct horse battery")
    page.click("main button")
    for path in OWN:
        problems += look(page, f"{server.url}/{path}", axe)
    page.goto(f"{server.url}/challenge/submissions/")
    one = page.get_attribute("tbody th a", "href")
    problems += look(page, server.url + one, axe)
    context.close()
    assert problems == []
    assert [url for url in elsewhere if not url.startswith("data:")] == []


def test_a_file_is_scored_without_a_script(server: Server, browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_bytes(predictions(seed=3))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.url}/accounts/login/?next=/challenge/submit/")
    page.fill("#id_login", "t0@example.org")
    page.fill("#id_password", "correct horse battery")
    page.click("main button")
    page.set_input_files("#id_file", str(file))
    page.check("#id_track_0")
    page.click("main button")
    assert "AUROC released" in page.inner_text("main")
    context.close()
