"""The data browser: a task's examples, and the test items that seeds disagree on."""

from functools import lru_cache
from html import escape
from threading import Thread
from typing import Any

import ipywidgets

from workbench.errors import WorkbenchError
from workbench.models.checkpoint import Checkpoint
from workbench.models.tokenizer import load_tokenizer, longest
from workbench.notebook.examples.gallery import PER_PAGE, Gallery, Segment, disputed, gallery_of
from workbench.notebook.examples.highlighting import STYLE
from workbench.notebook.examples.votes import groups, votes
from workbench.notebook.examples.word_pieces import count, segment
from workbench.notebook.page.private_page import PrivatePage
from workbench.store.folder import RunStore
from workbench.store.study import Study
from workbench.tasks.catalogue import canonical, find
from workbench.tasks.loading import LoadedTask, load
from workbench.tasks.task import SPLITS

DISPUTED = "test items that seeds disagree on"

Controls = dict[str, Any]

_tokenizer = lru_cache(maxsize=2)(load_tokenizer)


class Examples:
    """Pages through a task's examples.

    Nothing is loaded before somebody presses the button, since that may download the task's files.
    No text of the examples is saved in the notebook unless the box for that is ticked.

    Parameters
    ----------
    task_name
        What users type.
    checkpoint
        Whose tokenizer cuts word pieces; without one none are shown.

    Attributes
    ----------
    widget
        What a cell shows.
    page
        The part of it that holds the examples.
    loading
        The thread that loads the task, once it was asked for.

    Raises
    ------
    WorkbenchError
        When there is no such task.
    """

    def __init__(self, task_name: str, checkpoint: Checkpoint | None = None) -> None:
        self.task_name = ""
        self.loading: Thread | None = None
        self._study: tuple[RunStore, Study] | None = None
        self._loaded: LoadedTask | None = None
        self._galleries: dict[tuple[str, str], Gallery] = {}
        self.page = PrivatePage(STYLE)
        self.controls = _controls()
        self._body = _rows(self.controls)
        self.widget = ipywidgets.VBox([self.controls["open"], self._body, self.page])
        self._connect()
        self.choose(task_name, checkpoint)

    def choose(self, task_name: str, checkpoint: Checkpoint | None = None) -> None:
        """Turn to a task and a tokenizer; another task waits for the button again.

        Raises
        ------
        WorkbenchError
            When there is no such task.
        """
        task, option = find(task_name)
        if canonical(task, option) != self.task_name:
            self.task_name = canonical(task, option)
            self._close(task.title)
        self.checkpoint = checkpoint
        pieces = self.controls["pieces"]
        pieces.disabled = checkpoint is None
        pieces.description = f"Word pieces of {checkpoint.name}" if checkpoint else "Word pieces"
        self._draw()

    def compare(self, store: RunStore, study: Study) -> None:
        """Offer the test items that a study's seeds disagree on, and turn to its task."""
        self.choose(study.specs[0].task, self.checkpoint)
        self._study = (store, study)
        self._galleries.clear()
        group, names = self.controls["group"], list(groups(study))
        group.options = names
        group.value = names[0]
        self.controls["show"].options = [*SPLITS, DISPUTED]
        self._restart()

    def open(self) -> None:
        """Load the task, in a thread, and show its first page."""
        self.controls["open"].disabled = True
        self.page.show(_sentence("Loading the examples."))
        self.loading = Thread(target=self._load, args=(self.task_name,), daemon=True)
        self.loading.start()

    def _load(self, task_name: str) -> None:
        try:
            loaded = load(task_name)
        except WorkbenchError as problem:
            self.page.show(_sentence(str(problem)))
            self.controls["open"].disabled = False
            return
        if task_name == self.task_name:
            self._loaded = loaded
            self._reveal(True)
            self._draw()

    def _close(self, title: str) -> None:
        self._loaded = self._study = None
        self._galleries.clear()
        button = self.controls["open"]
        button.description, button.disabled = f"Show the examples of {title}", False
        self.controls["show"].options = SPLITS
        self._reveal(False)
        self.page.show(_sentence(""))

    def _reveal(self, opened: bool) -> None:
        self.controls["open"].layout.display = "none" if opened else ""
        self._body.layout.display = "" if opened else "none"

    def _connect(self) -> None:
        controls = self.controls
        controls["open"].on_click(lambda _: self.open())
        controls["previous"].on_click(lambda _: self._turn(-1))
        controls["next"].on_click(lambda _: self._turn(1))
        for name in ("show", "group", "search"):
            controls[name].observe(lambda _: self._restart(), "value")
        for name in ("number", "pieces", "keep"):
            controls[name].observe(lambda _: self._draw(), "value")

    def _turn(self, pages: int) -> None:
        self.controls["number"].value += pages  # Its bounds hold it.

    def _restart(self) -> None:
        """Go to the first page, which is drawn once."""
        number = self.controls["number"]
        if number.value == 1:
            self._draw()
        else:
            number.value = 1

    def _draw(self) -> None:
        if self._loaded is None:
            return
        shown = self.controls["show"].value == DISPUTED
        self.controls["group"].layout.display = "" if shown else "none"
        try:
            html = self._page()
        except WorkbenchError as problem:
            html = _sentence(str(problem))
        self.page.show(html, save=self.controls["keep"].value)

    def _page(self) -> str:
        gallery = self._gallery(self.controls["show"].value, self.controls["group"].value)
        found = gallery.found(self.controls["search"].value)
        number, last = self.controls["number"], max(1, -(-len(found) // PER_PAGE))
        self.controls["previous"].disabled = number.value == 1
        self.controls["next"].disabled = number.value >= last
        number.max, number.description = last, f"Page (of {last})"
        return gallery.page(found, number.value, self._segment())

    def _gallery(self, show: str, group: str | None) -> Gallery:
        key = (show, group or "" if show == DISPUTED else "")
        if key not in self._galleries:
            self._galleries[key] = self._made(*key)
        return self._galleries[key]

    def _made(self, show: str, group: str) -> Gallery:
        assert self._loaded
        if show != DISPUTED:
            return gallery_of(self._loaded, show)
        assert self._study
        return disputed(self._loaded, votes(*self._study, group, self._loaded))

    def _segment(self) -> Segment | None:
        """Return what cuts texts as the engine would for this task and checkpoint."""
        if self.checkpoint is None or not self.controls["pieces"].value:
            return None
        assert self._loaded
        tokenizer = _tokenizer(self.checkpoint)
        limit = min(self._loaded.task.max_length, longest(self.checkpoint))
        keep_first = self._loaded.shape.keep_first

        def cut(passages: Any) -> Any:
            segmentations = segment(tokenizer, passages, limit, keep_first)
            special = tokenizer.num_special_tokens_to_add(pair=len(passages) > 1)
            return segmentations, count(segmentations, special, limit)

        return cut


def _sentence(text: str) -> str:
    return f'<section class="wb-examples" role="status"><p>{escape(text)}</p></section>'


def _controls() -> Controls:
    """Return the widgets by name."""
    wide = {"description_width": "initial"}
    return {
        "open": ipywidgets.Button(layout={"width": "auto"}, icon="book"),
        "show": ipywidgets.Dropdown(options=SPLITS, description="Examples", style=wide),
        "group": ipywidgets.Dropdown(description="Seeds of", style=wide),
        "search": ipywidgets.Text(
            description="Search",
            placeholder="words, then Enter",
            continuous_update=False,
            style=wide,
        ),
        "previous": _button("Previous page"),
        "next": _button("Next page"),
        "number": ipywidgets.BoundedIntText(
            1, min=1, max=1, description="Page", style=wide, layout={"width": "12em"}
        ),
        "pieces": ipywidgets.Checkbox(False, indent=False, layout={"width": "auto"}),
        "keep": ipywidgets.Checkbox(
            False,
            description="Save this page's text in the notebook",
            indent=False,
            layout={"width": "auto"},
        ),
    }


def _button(text: str) -> ipywidgets.Button:
    return ipywidgets.Button(description=text, layout={"width": "auto"})


def _rows(controls: Controls) -> ipywidgets.VBox:
    """Return everything but the button that opens, in rows that break where a window is narrow."""
    rows = (("show", "group", "search"), ("previous", "number", "next", "pieces", "keep"))
    return ipywidgets.VBox(
        [
            ipywidgets.HBox([controls[name] for name in row], layout={"flex_flow": "row wrap"})
            for row in rows
        ]
    )
