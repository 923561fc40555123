"""Draws the README's pictures of explore.ipynb: JupyterLab in a real browser, a real study.

    python tests/notebooks/screenshots.py            # about a quarter of an hour on two cores
    python tests/notebooks/screenshots.py --seeds 2 --max-steps 8 --to /tmp/pictures

The study is BIOSSES with the bundled MiniLM. What was trained before is not trained again: without
a live view of it, the picture of that is left as it is. The data browser is not drawn, since the
text of BLURB is not the project's to publish.
"""

import argparse
import io
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path

from lab import MINUTE, ROOT, Seen, Tab, running_browser, running_lab
from PIL import Image

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 420, "height": 900}
THEMES = ("light", "dark")
# The page scrolls within the notebook: it is made as tall as what it shows.
TALL = 5200


def main():
    chosen = arguments()
    chosen.to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, running_lab(Path(home)) as lab:
        path = lab.add("explore.ipynb", parameters(chosen))
        with running_browser() as browser:
            page = browser.new_page(viewport=WIDE | {"height": TALL}, device_scale_factor=1.5)
            draw(Tab(lab, path, page, Seen()), chosen)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", default="biosses")
    parser.add_argument("--techniques", default="baseline,freeze")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--max-steps", type=int, default=0)
    parser.add_argument("--outputs", default="", help="default: the project's")
    parser.add_argument("--to", type=Path, default=ROOT / "notebooks" / "pictures")
    return parser.parse_args()


def parameters(chosen):
    return {
        "task": chosen.task,
        "models": "minilm",
        "techniques": chosen.techniques,
        "seeds": chosen.seeds,
        "max_steps": chosen.max_steps,
        "outputs": chosen.outputs,
    }


def draw(tab, chosen):
    tab.open()
    tab.page.keyboard.press("Control+b")  # Away with the list of files.
    tab.run_all()
    tab.wait_until_ran()
    tab.page.get_by_text("Disk: about").wait_for(timeout=MINUTE)
    for theme in in_themes(tab):
        shoot(tab, "choose", chosen.to / f"explore-choose-{theme}.png")
    tab.button("Run").click()
    running = tab.page.get_by_text(re.compile(rf"running: {chosen.seeds} of "))
    finished = tab.page.get_by_text(re.compile("finished: "))
    running.or_(finished).first.wait_for(timeout=60 * MINUTE)
    if running.count():
        for theme in in_themes(tab):
            shoot(tab, "watch", chosen.to / f"explore-live-{theme}.png")
    finished.first.wait_for(timeout=60 * MINUTE)
    tab.page.locator(".workbench-live-result .points").first.wait_for(timeout=MINUTE)
    for theme in in_themes(tab):
        shoot(tab, "watch", chosen.to / f"explore-result-{theme}.png")
        shoot(tab, "understand", chosen.to / f"explore-understand-{theme}.png")
    narrow(tab, chosen)


def narrow(tab, chosen):
    with viewport(tab.page, NARROW | {"height": TALL}):
        shoot(tab, "watch", chosen.to / "explore-narrow.png")


def in_themes(tab):
    """Turn the page to each theme; the last one is light again."""
    for theme in reversed(THEMES):
        tab.page.get_by_role("menuitem", name="Settings", exact=True).click()
        label = tab.page.locator(".lm-Menu-itemLabel")
        label.get_by_text("Theme", exact=True).hover()
        label.get_by_text(f"JupyterLab {theme.title()}", exact=True).click()
        worn = tab.page.locator(f"body[data-jp-theme-light={str(theme == 'light').lower()}]")
        worn.wait_for(state="attached")
        tab.page.wait_for_timeout(1500)
        yield theme


@contextmanager
def viewport(page, size):
    page.set_viewport_size(size)
    page.wait_for_timeout(2000)
    yield
    page.set_viewport_size(WIDE | {"height": TALL})


def shoot(tab, section, target):
    """Draw the output of a section's cell."""
    cell = tab.page.locator(".jp-CodeCell", has_text=f"explore.{section}()")
    drawn = Image.open(io.BytesIO(cell.locator(".jp-Cell-outputArea").screenshot()))
    few = drawn.convert("RGB").quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(target, optimize=True)
    print(target, flush=True)


if __name__ == "__main__":
    main()
