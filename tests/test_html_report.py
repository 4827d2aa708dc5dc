"""The page that ``fastreg compare --report`` writes: what it says, and that it needs nothing."""

import hashlib
import html
import json
import re
import runpy
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split

from fastreg.io.html_parts import resource
from fastreg.io.html_report import PRINTED
from fastreg.io.report_pictures import complexity_of, learning_of, path_of
from fastreg.model_selection import compare_penalties

VOID = {"meta", "br", "hr", "img", "input", "link"}
DOCS = Path(__file__).resolve().parents[1] / "docs"
REAL = runpy.run_path(str(DOCS / "make_pictures.py"))["REAL"]  # the documentation shows the same


class Page(HTMLParser):
    """What a page consists of; refuses tags that do not balance.

    Attributes
    ----------
    tags : list of (tag, attributes)
    texts : list of (tags that it is in, text)
    tables : list of lists of rows of text
    """

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags, self.texts, self.open, self.tables = [], [], [], []
        self.feed(content)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        assert len(attrs) == len(dict(attrs)), f"attribute twice in {tag}"
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag, attrs):
        assert "svg" in self.open, f"<{tag}/> is not HTML"
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((tuple(self.open), data))
        if self.open[-1:] in (["td"], ["th"]):
            self.tables[-1][-1][-1] += data

    def text(self) -> str:
        """Return what a reader sees, without the pictures."""
        hidden = {"svg", "style", "script"}
        seen = (data for tags, data in self.texts if not hidden & {*tags})
        return " ".join(" ".join(seen).split())

    def values(self, name: str) -> list[str]:
        """Return the values of an attribute."""
        return [found[name] for _, found in self.tags if name in found]


@pytest.fixture
def page_of(run, tmp_path):
    """Run the comparison and return its page as text."""

    def make(path, *arguments):
        code, _, err = run("compare", path, *arguments, "--report", "r.html")
        assert (code, err) == (0, "")
        return (tmp_path / "r.html").read_text(encoding="utf-8")

    return make


@pytest.fixture
def hostile(diabetes, tmp_path) -> str:
    """A table whose names and words are markup, formulas and quotes."""
    words = np.where(np.arange(442) % 2, "<b>bold</b>", "plain & \"quoted\" 'words'")
    frame = diabetes.assign(kind=words, constant=1.0, again=diabetes["bmi"])
    names = {
        **{"bmi": "<script>alert(1)</script>", "bp": 'a" onload="x', "s1": "$x^2$ & </td>"},
        **{"s5": "]]>-->*{}", "y": "<i>target</i>", "kind": "<u>", "constant": "&lt;"},
        **{"again": "'again'"},
    }
    frame.rename(columns=names).to_csv(tmp_path / "<t>&.csv", index=False)
    return "<t>&.csv"


def test_it_says_what_the_comparison_found(page_of, table, diabetes, tmp_path):
    content = page_of(table, "--target", "y")
    page = Page(content)
    model = json.loads((tmp_path / "model.json").read_text())
    part, _ = train_test_split(np.arange(442), test_size=0.2, random_state=0)
    train = diabetes.iloc[np.sort(part)]
    ratios, sd = np.array([0.1, 0.25, 0.5, 0.75, 0.9]), train["y"].std(ddof=0)
    found = compare_penalties(
        train.drop(columns="y"), train["y"], l1_ratios=ratios * sd / (ratios * sd + 1 - ratios)
    )
    methods, errors, coefficients = page.tables
    for method, row in zip(found.methods, methods[1:], strict=True):
        assert row[0] == method.name
        held_out, se = map(float, row[1].split(" ± "))
        assert held_out == pytest.approx(method.held_out_mean, rel=1e-4)
        assert se == pytest.approx(method.held_out_se, abs=0.1)
        assert float(row[2]) == pytest.approx(method.train_mean, rel=1e-4)
        assert float(row[3]) == pytest.approx(method.gap, abs=0.1)
        assert int(row[5]) == method.n_selected
    text = page.text()
    for sentence in (found.recommendation.headline, *found.recommendation.reasons):
        assert sentence in text
    for row, name in zip(errors[1:], ("training", "cross_validated", "test"), strict=True):
        assert float(row[2]) == pytest.approx(model["errors"][name]["mse"], rel=1e-4)
        assert float(row[5]) == pytest.approx(model["errors"][name]["r2"], abs=1e-4)
    by_name = {feature["name"]: feature["coef"] for feature in model["features"]}
    shown = {row[0]: float(row[1]) for row in coefficients[1:]}
    assert shown == pytest.approx({k: v for k, v in by_name.items() if v}, rel=1e-5)
    sizes = [abs(float(row[2])) for row in coefficients[1:]]
    assert sizes == sorted(sizes, reverse=True)
    digest = hashlib.sha256((tmp_path / table).read_bytes()).hexdigest()
    for words in (digest, "fastreg compare t.csv --target y --report r.html", "scikit-learn"):
        assert words in text


def test_the_same_bytes_each_time(page_of, table):
    assert page_of(table, "--target", "y") == page_of(table, "--target", "y")


def test_another_process_gives_the_same_bytes(page_of, table, tmp_path):
    """No order of a set, no address, no time of day is in the page."""
    here = page_of(table, "--target", "y")
    command = [sys.executable, "-m", "fastreg", "compare", table, "--target", "y", "--report"]
    subprocess.run([*command, "r.html"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == here


@pytest.mark.parametrize("missing", [[], ["--methods", "ridge"]])
def test_it_is_sound_and_asks_for_nothing(missing, page_of, hostile):
    content = page_of(hostile, "--target", "<i>target</i>", *missing)
    page = Page(content)
    ids = page.values("id")
    assert len(ids) == len({*ids})
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\((?!#)|data:", content)
    outside = ("src", "srcset", "action", "data", "poster", "xlink:href")
    assert not any(page.values(name) for name in outside)
    for link in page.values("href"):
        assert link[0] == "#"
        assert link[1:] in ids
    for reference in re.findall(r"url\(#([^)]+)\)", content):
        assert reference in ids
    for name in page.values("aria-labelledby"):
        assert name in ids
    assert {tag for tag, _ in page.tags if tag in ("i", "b", "u", "link", "img")} == set()
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert not [name for _, found in page.tags for name in found if name.startswith("on")]
    text = page.text()
    for words in ("<i>target</i>", "<script>alert(1)</script>", "$x^2$ & </td>", "<t>&.csv"):
        assert words in text


def test_it_is_accessible(page_of, table):
    page = Page(page_of(table, "--target", "y"))
    tags = [tag for tag, _ in page.tags]
    assert dict(page.tags)["html"]["lang"] == "en"
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    for tag, found in page.tags:
        if tag == "th":
            assert found["scope"] in ("col", "row")
        if tag == "svg":
            assert found["role"] == "img"
            assert found["aria-labelledby"]
        if tag == "div":
            assert found["aria-label"]
    assert tags.count("table") == tags.count("caption") == 3
    assert tags.count("figure") == tags.count("figcaption") == tags.count("svg") == 4
    assert "button" not in tags  # made by the script, which alone makes them work


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb, as WCAG 2 defines it."""
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_contrast_in_light_dark_and_print():
    themes = re.findall(r":root \{(.*?)\}", resource("report.css"), flags=re.DOTALL)
    assert len(themes) == 3
    for theme in themes:
        colours = dict(re.findall(r"--(\w+): (#\w{6})", theme))
        for front in ("ink", "soft", "accent"):
            for back in ("paper", "shade"):
                light, dark = sorted((luminance(colours[front]), luminance(colours[back])))[::-1]
                assert (light + 0.05) / (dark + 0.05) >= 4.5
        ink, mark = luminance(colours["ink"]), luminance(colours["mark"])
        assert (max(ink, mark) + 0.05) / (min(ink, mark) + 0.05) >= 7


@pytest.mark.parametrize("method", ["ridge", "lasso", "elastic-net", "relaxed-lasso"])
def test_curves_are_those_of_the_choice(method, diabetes):
    """The curve has its minimum at the α of the comparison, and the path passes the model."""
    from fastreg.io.comparing import Comparing, compare_table
    from fastreg.io.tables import Table

    name = {"elastic-net": "Elastic-Net", "relaxed-lasso": "relaxed lasso"}.get(method, method)
    columns = {column: values.to_numpy(float) for column, values in diabetes.items()}
    table = Table("t.csv", len(diabetes), columns)
    compared = compare_table(table, Comparing(methods=(name,)), target="y")
    curve = complexity_of(compared)
    path = path_of(compared, curve.alphas)
    assert learning_of(compared).train_sizes[-1] == 353 - 71
    at = int(np.argmin(np.abs(curve.alphas - compared.method.alpha)))
    assert curve.alphas[at] == pytest.approx(compared.method.alpha)
    if method != "relaxed-lasso":
        assert at == curve.best
        coef = path.coefs.toarray()[at]
        np.testing.assert_allclose(coef, compared.method.coef, rtol=1e-3, atol=0.01)


def test_many_coefficients_stay_a_small_page(page_of, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 6000))
    y = X[:, :40].sum(axis=1) + rng.normal(size=60)
    names = np.array([f"a_name_of_usual_length_{j}" for j in range(6000)])
    np.savez(tmp_path / "t.npz", X=X, y=y, feature_names=names)
    content = page_of("t.npz", "--methods", "ridge")
    assert len(content.encode()) < 1.5e6
    page = Page(content)
    assert len(page.tables[-1]) == 1 + 5000
    assert "the 5,000 largest of 6,000" in page.text()


@pytest.mark.parametrize("name", REAL)
def test_real_data(name, page_of, shared_data):
    content = page_of(shared_data / name, *REAL[name])
    page = Page(content)
    assert len(content.encode()) < 1.5e6
    assert [tag for tag, _ in page.tags].count("svg") == 4
    assert "nan" not in page.text().lower().split()


@pytest.fixture(scope="session")
def browser() -> str:
    """A headless browser; tests that need it are skipped without one."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if shutil.which(name):
            return shutil.which(name)
    pytest.skip("no Chromium is installed")


def in_browser(browser: str, page: str, script: str, folder: Path) -> dict:
    """Show a page 360 px wide, run a script in it, return what it returns.

    A window cannot be that narrow everywhere, a frame can.
    """
    outer = (
        f'<iframe id="f" style="border:0;width:360px;height:700px" '
        f'srcdoc="{html.escape(page)}"></iframe><pre id="out"></pre><script>'
        "document.getElementById('f').addEventListener('load', (event) => {"
        "const frame = event.target.contentWindow, page = frame.document;"
        f"const result = (() => {{ {script} }})();"
        "document.getElementById('out').textContent = JSON.stringify(result); });</script>"
    )
    (folder / "outer.html").write_text(f"<!DOCTYPE html><meta charset=utf-8>{outer}", "utf-8")
    options = (
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *(f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000", "--dump-dom"),
    )
    done = subprocess.run(
        [browser, *options, (folder / "outer.html").as_uri()],
        capture_output=True,
        check=True,
        timeout=120,
    )
    found = re.search(r'<pre id="out">(.*?)</pre>', done.stdout.decode(), flags=re.DOTALL)
    return json.loads(html.unescape(found[1]))


def test_a_phone_and_the_controls(browser, page_of, hostile, tmp_path):
    page = page_of(hostile, "--target", "<i>target</i>")
    found = in_browser(
        browser,
        page,
        """
        const table = page.getElementById("coefficients-table");
        const column = (k) => [...table.tBodies[0].rows].filter((row) => !row.hidden)
          .map((row) => row.cells[k].textContent);
        const heads = [...table.tHead.rows[0].cells];
        const click = (k) => heads[k].querySelector("button").click();
        const result = { width: page.documentElement.scrollWidth, ranks: column(3) };
        click(1); result.up = column(1); result.sortUp = heads[1].getAttribute("aria-sort");
        click(1); result.down = column(1); result.sortDown = heads[1].getAttribute("aria-sort");
        click(0); result.names = column(0); result.left = heads[1].getAttribute("aria-sort");
        const input = page.getElementById("coefficients-search");
        const search = (words) => {
          input.value = words; input.dispatchEvent(new frame.Event("input")); return column(0);
        };
        result.found = search("SCRIPT"); result.none = search("nothing like it");
        result.all = search("").length;
        result.label = page.querySelector("label[for=coefficients-search]") !== null;
        result.scripts = page.scripts.length;
        return result;
        """,
        tmp_path,
    )
    assert found["width"] <= 360
    assert found["ranks"] == [str(k + 1) for k in range(found["all"])]
    numbers = [float(number) for number in found["up"]]
    assert numbers == sorted(numbers)
    assert [float(number) for number in found["down"]] == numbers[::-1]
    assert (found["sortUp"], found["sortDown"], found["left"]) == ("ascending", "descending", None)
    assert found["names"] == sorted(found["names"], key=found["names"].index)
    assert found["found"] == ["<script>alert(1)</script>"]
    assert found["none"] == []
    assert found["label"]
    assert found["scripts"] == 1


def test_real_pages_on_a_phone(browser, page_of, shared_data, tmp_path):
    widths = {}
    for name in ("hitters.csv.gz", "gasoline_nir.npz"):
        page = page_of(shared_data / name, *REAL[name])
        result = in_browser(
            browser,
            page,
            """
            const small = [...page.querySelectorAll("svg text")].map(
              (text) => text.getBoundingClientRect()).filter((box) => box.right > 360).length;
            return { width: page.documentElement.scrollWidth, small };
            """,
            tmp_path,
        )
        widths[name] = (result["width"], result["small"])
    assert all(width <= 360 for width, _ in widths.values())
    assert all(outside == 0 for _, outside in widths.values())


def test_of_many_coefficients_the_first_are_printed(browser, page_of, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 900))
    np.savez(tmp_path / "t.npz", X=X, y=X[:, 0] + rng.normal(size=60))
    page = Page(page_of("t.npz", "--methods", "ridge"))
    assert f"all 900, by size (in print the first {PRINTED})" in page.text()
    rule = f".long tbody tr:nth-child(n + {PRINTED + 1}) {{ display: none; }}"
    assert rule in re.search("@media print.*", resource("report.css"), flags=re.DOTALL)[0]
    options = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'own'}")
    target = f"--print-to-pdf={tmp_path / 'r.pdf'}"
    subprocess.run(
        [browser, *options, target, (tmp_path / "r.html").as_uri()],
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert 4 <= len(re.findall(rb"/Type /Page\b", (tmp_path / "r.pdf").read_bytes())) <= 12


def test_without_scripts_all_is_there(page_of, table):
    """The script adds, and the page itself hides nothing."""
    content = page_of(table, "--target", "y")
    page = Page(content)
    assert "hidden" not in {name for _, found in page.tags for name in found}
    assert "display: none" not in re.sub("@media print.*", "", resource("report.css"), flags=re.S)
    assert len(page.tables[-1]) > 5


def test_columns_left_out_and_categories_are_named(page_of, diabetes, tmp_path):
    frame: pd.DataFrame = diabetes.assign(group=np.array(["u", "v"])[np.arange(442) % 2])
    frame.loc[:4, "y"] = np.nan
    frame.loc[5:8, "bmi"] = np.nan
    frame.to_csv(tmp_path / "t.csv", index=False)
    text = Page(page_of("t.csv", "--target", "y", "--drop", "s1", "--missing", "drop")).text()
    for words in ("442 read, 433 used", "5 rows without a target or weight", "columns: s1"):
        assert words in text
    assert "4 rows with missing values" in text
    assert "group 2 u" in text
