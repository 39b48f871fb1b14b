"""The reader in a real browser: upload, order, map, slider, places, print, errors, access."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from node_packages import NODE_MODULES
from reader_world import Running, lesion_jpeg

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
AXE = NODE_MODULES / "axe-core" / "axe.min.js"
WIDTHS = (320, 768, 1440, 3840)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    if not Path(CHROMIUM).exists():
        pytest.skip("no Chromium is installed")
    with sync_api.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1024, "height": 800})
    context.set_default_timeout(60_000)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None,
    )
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pictures")
    made = []
    for at in range(5):
        path = folder / f"lesion-{at}.jpg"
        path.write_bytes(lesion_jpeg(at, 240))
        made.append(path)
    notes = folder / "notes.jpg"
    notes.write_bytes(b"no picture")
    return [*made, notes]


def _read(page: Any, running: Running, files: list[Path]) -> str:
    page.goto(running.address)
    page.set_input_files("#images", [str(path) for path in files])
    page.click("#hand-in [type=submit]")
    page.wait_for_url("**/patients/**")
    return str(page.url)


def _overflows(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_pictures_are_handed_in_and_come_back_in_order(
    page: Any, running: Running, pictures: list[Path]
) -> None:
    _read(page, running, pictures)
    assert "5 lesions in order of attention" in page.inner_text("h1")
    assert "1 file was not read" in page.inner_text(".faults")
    assert "notes.jpg" in page.inner_text(".faults")
    cells = page.locator("#findings tbody tr td:nth-child(3)").all_inner_texts()
    shown = [float(one) for one in cells]
    assert len(shown) == 5
    assert shown == sorted(shown, reverse=True)
    assert page.locator(".patient-map svg.map image, .patient-map svg.map use").count() >= 5


def _drop(page: Any, path: Path) -> None:
    """Let go of a file or folder over the page's field, as a person's mouse does."""
    page.locator("#drop").scroll_into_view_if_needed()
    box = page.locator("#drop").bounding_box()
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "data": data, **place})


def test_a_folder_is_dropped_with_the_folders_inside_it(
    page: Any, running: Running, tmp_path: Path
) -> None:
    (tmp_path / "patient" / "left arm").mkdir(parents=True)
    (tmp_path / "patient" / "notes.txt").write_text("no picture")
    for at in range(3):
        folder = tmp_path / "patient" / ("left arm" if at else "")
        (folder / f"lesion-{at}.jpg").write_bytes(lesion_jpeg(at, 240))
    page.goto(running.address)
    _drop(page, tmp_path / "patient")
    page.locator("#chosen", has_text="3").wait_for()
    page.click("#hand-in [type=submit]")
    page.wait_for_url("**/patients/**")
    assert "3 lesions in order of attention" in page.inner_text("h1")
    assert page.locator(".faults").count() == 0


def test_one_picture_is_dropped(page: Any, running: Running, pictures: list[Path]) -> None:
    page.goto(running.address)
    _drop(page, pictures[0])
    page.locator("#chosen", has_text="1").wait_for()
    page.click("#hand-in [type=submit]")
    page.wait_for_url("**/patients/**")
    assert page.locator("#findings tbody tr").count() == 1


def test_without_scripts_pictures_are_read_as_well(
    browser: Any, running: Running, pictures: list[Path]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    _read(page, running, pictures[:2])
    assert "2 lesions" in page.inner_text("h1")
    context.close()


def test_the_slider_lays_the_heat_map_over_the_picture(
    page: Any, running: Running, pictures: list[Path]
) -> None:
    url = _read(page, running, pictures[:2])
    page.goto(f"{url}lesions/1/")
    layer = page.locator(".stage .heat")
    page.focus("#heat")
    page.keyboard.press("End")
    assert layer.evaluate("one => getComputedStyle(one).opacity") == "1"
    page.keyboard.press("Home")
    assert layer.evaluate("one => getComputedStyle(one).opacity") == "0"
    assert layer.evaluate("one => one.naturalWidth") > 0


def test_zoom_follows_keys_and_buttons(page: Any, running: Running, pictures: list[Path]) -> None:
    url = _read(page, running, pictures[:2])
    page.goto(f"{url}lesions/1/")
    page.focus(".stage")
    page.keyboard.press("+")
    viewer = page.locator(".viewer")
    assert viewer.get_attribute("data-scale") == "1.500"
    page.keyboard.press("0")
    assert viewer.get_attribute("data-scale") == "1.000"
    page.click("[data-zoom=in]")
    assert viewer.get_attribute("data-scale") == "1.500"


def test_two_pictures_zoom_together(page: Any, running: Running, pictures: list[Path]) -> None:
    url = _read(page, running, pictures[:2])
    page.goto(f"{url}compare?a=1&b=2")
    page.focus(".viewer:nth-child(2) .stage")
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    moved = page.locator(".picture").evaluate_all("all => all.map((one) => one.style.transform)")
    assert len(moved) == 2
    assert moved[0] == moved[1] != ""


def test_a_place_is_set_by_keyboard_and_shown_on_the_body(
    page: Any, running: Running, pictures: list[Path]
) -> None:
    url = _read(page, running, pictures[:2])
    page.goto(f"{url}lesions/1/")
    page.focus("[name=place][value=front-face]")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    chosen = page.locator("[name=place]:checked").get_attribute("value")
    assert chosen == "front-mouth"
    page.click("text=Set its place")
    page.goto(url)
    mark = page.locator(".body-map a")
    assert mark.count() == 1
    mark.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/lesions/1/")


def test_the_print_is_one_page(page: Any, running: Running, pictures: list[Path]) -> None:
    url = _read(page, running, pictures)
    page.goto(f"{url}print")
    page.wait_for_load_state("networkidle")
    printed = page.pdf(format="A4")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") == 1
    page.emulate_media(media="print")
    assert "Research use only; not a medical device" in page.inner_text("main")
    assert not page.is_visible("#print")


def test_an_error_is_told_and_nothing_is_lost(browser: Any, running: Running) -> None:
    # Not the usual page: that a form is refused, the browser complains of.
    page = browser.new_page()
    page.goto(running.address)
    page.fill("#age", "70")
    page.click("#hand-in [type=submit]")
    page.wait_for_selector(".error-summary")
    assert "Choose at least one picture" in page.inner_text(".error-summary")
    assert page.input_value("#age") == "70"
    page.close()


def test_the_table_is_copied(browser: Any, running: Running, pictures: list[Path]) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    _read(page, running, pictures[:2])
    page.click("#copy")
    page.locator("#copied:not(:empty)").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.count("\n") == 3
    assert "Research use only" in copied
    context.close()


def test_the_patient_goes_with_the_page(
    browser: Any, page: Any, running: Running, pictures: list[Path]
) -> None:
    url = _read(page, running, pictures[:1])
    page.goto(f"{url}lesions/1/")
    page.wait_for_timeout(500)
    page.goto(url)
    assert "1 lesion" in page.inner_text("h1")
    page.goto("about:blank")
    page.wait_for_timeout(11_000)
    context = browser.new_context()
    assert context.request.get(url).status == 404
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_no_page_is_too_wide(
    browser: Any, running: Running, pictures: list[Path], scheme: str
) -> None:
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    url = _read(page, running, pictures)
    page.goto(f"{url}lesions/2/")
    page.check("[name=place][value=back-calf-left]", force=True)
    page.click("text=Set its place")
    for link in (
        running.address,
        url,
        f"{url}lesions/1/",
        f"{url}compare?a=1&b=2",
        f"{url}print",
        f"{url}nothing",
    ):
        page.goto(link)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert not _overflows(page), (link, width)
        page.set_viewport_size({"width": 1024, "height": 900})
        if AXE.is_file():
            page.add_script_tag(path=str(AXE))
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            told = [
                (one["id"], [node["target"] for node in one["nodes"][:3]])
                for one in found["violations"]
            ]
            assert told == [], link
    context.close()
    if not AXE.is_file():
        pytest.skip("npm's axe-core is not there (make node-packages); widths were looked at")


@pytest.mark.real
def test_real_pictures_are_read_and_looked_at(page: Any, running: Running, real_data: Path) -> None:
    folder = real_data / "isic2020" / "jpeg"
    files = sorted((folder / "train").glob("*.jpg"))[:10] + sorted(
        (folder / "original").glob("*.jpg")
    )
    url = _read(page, running, files)
    assert f"{len(files)} lesions" in page.inner_text("h1")
    page.wait_for_load_state("networkidle")
    page.goto(f"{url}lesions/{len(files)}/")
    size = page.locator(".picture").evaluate(
        "async (one) => { await one.decode(); return [one.naturalWidth, one.naturalHeight]; }"
    )
    assert max(size) > 1000
