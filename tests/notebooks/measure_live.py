"""Measure explore.ipynb's live view in a real JupyterLab and print a table.

``python tests/notebooks/measure_live.py`` takes about six minutes, and wants a quiet machine: what
else runs there is measured too. With names of parts (watch, stops, memory) it measures only these;
``--studies`` and ``--runs`` say for how many studies of how many runs memory is measured. Studies
are simulated by a process of their own (`simulated`), but
for the time that Stop takes, which is that of a study that trains.
"""

import argparse
import statistics
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import psutil
import simulated
from lab import MINUTE, Lab, Seen, end_workers, running_browser, running_lab, wait_for
from test_explore import LONG, PROGRESS, Explorer

from workbench.benchmark.machine import load_average, processor

SEEDS, SECONDS = 10, 30
MANY_RUNS, MANY_SECONDS = 100, 120
"""For the memory: of one long study, how many runs and within how many seconds."""
FAST = 3
"""Within how many seconds each study ends for which memory is measured."""
STOPS = 5
PARTS = ("watch", "stops", "memory")
IDLE_SECONDS = 10
WINDOW = {"width": 1400, "height": 1000}
MEGABYTE = 1e6

# Notes when a panel was drawn, and what a click on a button of the page waits for: first for its
# handler, then for the next frame.
INSTRUMENT = """() => {
    const measured = window.measured = { draws: [], handled: [], painted: [] };
    document.querySelectorAll(".workbench-live-panel.js-plotly-plot").forEach((panel, number) =>
        panel.on("plotly_afterplot", () => measured.draws.push([number, performance.now()])));
    const button = document.body.appendChild(document.createElement("button"));
    button.id = "measured";
    button.textContent = "measured";
    button.style = "position: fixed; top: 0; right: 0; z-index: 100000";
    button.addEventListener("click", (event) => {
        measured.handled.push(performance.now() - event.timeStamp);
        requestAnimationFrame(() => setTimeout(
            () => measured.painted.push(performance.now() - event.timeStamp)));
    });
}"""
# Notes when Stop was clicked, and when the status next says that the study is stopped.
TIME_STOP = """() => {
    const stop = [...document.querySelectorAll(".jp-OutputArea button")].find(
        (button) => button.textContent.trim() === "Stop");
    stop.addEventListener("click", (event) => {
        const changed = new MutationObserver(() => {
            const said = [...document.querySelectorAll(".jp-OutputArea [role=note]")];
            if (!said.some((line) => / stopped: /.test(line.textContent))) return;
            window.stopped = performance.now() - event.timeStamp;
            changed.disconnect();
        });
        changed.observe(document.body, { subtree: true, childList: true, characterData: true });
    }, { once: true, capture: true });
    window.stopped = 0;
}"""

SELECT = """(list, label) => {
    list.selectedIndex = [...list.options].findIndex((option) => option.textContent === label);
    list.dispatchEvent(new Event("change", { bubbles: true }));
}"""


@dataclass
class Measured:
    """A number with the bar that it must meet."""

    what: str
    value: str
    bar: str = ""
    met: bool | None = None

    def line(self):
        """Return a row of the table."""
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        return f"{self.what:<52}{self.value:>18}   {self.bar:<12}{verdict}".rstrip()


@dataclass
class Watching:
    """What was seen while one study was drawn."""

    draws: list = field(default_factory=list)
    handled: list = field(default_factory=list)
    painted: list = field(default_factory=list)
    idle: float = 0.0
    share: float = 0.0
    size: int = 0


def kernel_of(lab: Lab) -> psutil.Process:
    """Return the youngest kernel's process."""
    kernels = [one for one in lab.children() if "ipykernel_launcher" in one.cmdline()]
    return max(kernels, key=lambda one: one.create_time())


@contextmanager
def explorer(lab, browser, name, values):
    """Open explore.ipynb in a page of usual size; run all its cells."""
    path = lab.add("explore.ipynb", values, f"{name}.ipynb")
    context = browser.new_context(viewport=WINDOW)
    tab = Explorer(lab, path, context.new_page(), Seen())
    try:
        tab.open()
        tab.run_all()
        tab.wait_until_ran()
        yield tab
        assert tab.seen.console == []
    finally:
        context.close()
        end_workers(values["outputs"])


def attach(tab, name):
    """Attach to a study by the list of studies, and wait until it is drawn."""
    studies = tab.page.locator(".jp-OutputArea").get_by_label("Studies")
    option = studies.locator("option", has_text=f"{name}:")
    wait_for(option.count, f"{name} is listed")
    # The list is read anew in a thread: what stood first may have moved meanwhile.
    wait_for(lambda: select(studies, option), f"{name} is selected")
    tab.button("Attach").click()
    tab.page.locator(PROGRESS).filter(has_text=f"{name} ").wait_for(timeout=MINUTE)


def select(studies, option):
    """Select an option of a list; tell whether it was still there."""
    label = option.text_content()
    if label in studies.locator("option").all_text_contents():
        studies.evaluate(SELECT, label)
    return studies.locator("option:checked").text_content() == label


def cpu_share(process, seconds):
    """Return the share of one core that a process takes over some seconds."""
    before = sum(process.cpu_times()[:2])
    time.sleep(seconds)
    return (sum(process.cpu_times()[:2]) - before) / seconds


def watch(lab, browser, home):
    """Look at a study of ten seeds while it grows; click all the time."""
    seen, outputs = Watching(), home / "watched"
    study = simulated.plan(outputs, "watched", str(SEEDS))
    values = {"models": "minilm", "techniques": "baseline", "outputs": str(outputs)}
    with explorer(lab, browser, "watched", values) as tab:
        kernel = kernel_of(lab)
        # The plan of what is chosen is made first, in a thread.
        tab.page.get_by_text("Disk: about").wait_for(timeout=MINUTE)
        tab.wait_until_idle()
        seen.idle = cpu_share(kernel, IDLE_SECONDS)
        with simulated.worker(outputs, study.name, SECONDS) as process:
            attach(tab, study.name)
            simulated.go(process)
            tab.page.locator(".workbench-live").scroll_into_view_if_needed()
            tab.wait_for_points()
            seen.share = click_until(tab, kernel, process)
        vars(seen).update(tab.page.evaluate("() => window.measured"))
        tab.wait_for_state("finished")
        wait_until_saved(tab, study.name)
        tab.save(holds="data:image/png;base64,")
        seen.size = tab.path.stat().st_size
    return seen


def click_until(tab, kernel, process):
    """Click until nearly all is written; return the kernel's share of a core meanwhile."""
    tab.page.evaluate(INSTRUMENT)
    box = tab.page.locator("#measured").bounding_box()
    started, before = time.monotonic(), sum(kernel.cpu_times()[:2])
    while time.monotonic() - started < SECONDS - 4:
        tab.page.mouse.click(box["x"] + 5, box["y"] + 5)
        # Of no period that drawing could have, too.
        tab.page.wait_for_timeout(137 + 100 * (time.monotonic() % 1))
    assert process.poll() is None
    return (sum(kernel.cpu_times()[:2]) - before) / (time.monotonic() - started)


def sequence(lab, browser, home, studies, runs):
    """Show studies one after the other; return the kernel's memory and the page's after each."""
    outputs, found = home / "sequence", []
    for number in range(studies):
        seeds = range(number * runs, (number + 1) * runs)
        simulated.plan(outputs, f"study-{number}", ",".join(map(str, seeds)))
    values = {"models": "minilm", "techniques": "baseline", "outputs": str(outputs)}
    with explorer(lab, browser, "sequence", values) as tab:
        kernel, page = kernel_of(lab), tab.page
        session = page.context.new_cdp_session(page)
        for number in range(studies):
            show(tab, outputs, f"study-{number}", runs)
            session.send("HeapProfiler.collectGarbage")
            heap = page.evaluate("() => performance.memory.usedJSHeapSize")
            found.append((kernel.memory_info().rss, heap))
    return found


def long_study(lab, browser, home):
    """Watch one study of many runs; return the kernel's memory and the page's as it goes on."""
    outputs, found = home / "long", []
    simulated.plan(outputs, "long", str(MANY_RUNS))
    values = {"models": "minilm", "techniques": "baseline", "outputs": str(outputs)}
    with (
        explorer(lab, browser, "long", values) as tab,
        simulated.worker(outputs, "long", MANY_SECONDS) as process,
    ):
        kernel, page = kernel_of(lab), tab.page
        session = page.context.new_cdp_session(page)
        # The newest study is shown without being chosen.
        simulated.go(process)
        tab.page.locator(".workbench-live").scroll_into_view_if_needed()
        tab.wait_for_points()
        while process.poll() is None:
            tab.page.wait_for_timeout(5000)
            session.send("HeapProfiler.collectGarbage")
            heap = page.evaluate("() => performance.memory.usedJSHeapSize")
            found.append((kernel.memory_info().rss, heap))
    return found


def show(tab, outputs, name, runs):
    """Follow a study from its first event to what can be concluded from it."""
    with simulated.worker(outputs, name, FAST) as process:
        attach(tab, name)
        simulated.go(process)
        tab.page.locator(".workbench-live").scroll_into_view_if_needed()
        tab.wait_for_points()
    tab.page.locator(PROGRESS).filter(has_text=f"{name} finished: ").wait_for(timeout=MINUTE)
    total = simulated.STEPS * runs
    wait_for(lambda: tab.seed_points() > total / 4, f"{name} is drawn")
    wait_until_saved(tab, name)


def wait_until_saved(tab, name):
    """Wait until what a finished study says is an output of the notebook."""
    saved = tab.page.locator(".workbench-saved:has(img)", has_text=name)
    saved.wait_for(state="attached", timeout=2 * MINUTE)


def stops(lab, browser, home):
    """Stop a study that trains and resume it, several times; return the seconds Stop took."""
    found = []
    with explorer(lab, browser, "stops", LONG | {"outputs": str(home / "stops")}) as tab:
        tab.button("Run").click()
        for _ in range(STOPS):
            tab.wait_for_points(more_than=tab.seed_points() + 8)
            tab.page.evaluate(TIME_STOP)
            tab.button("Stop").click()
            found.append(tab.page.wait_for_function("() => window.stopped").json_value() / 1000)
            tab.wait_for_state("stopped")
            tab.button("Resume").click()
            tab.wait_for_state("running")
        tab.wait_for_points(more_than=tab.seed_points())
        tab.button("Stop").click()
        tab.wait_for_state("stopped")
    return found


def of_watching(seen):
    """Return the rows that one study gave."""
    panels = {number for number, _ in seen.draws}
    times = [at for number, at in seen.draws if number == min(panels)]
    rate = 1000 * (len(times) - 1) / (times[-1] - times[0])
    longest, share = max(seen.painted), seen.share - seen.idle
    return [
        Measured("drawings of the loss a second", f"{rate:.1f}", ">= 2", rate >= 2),
        Measured("drawings of all panels", f"{len(seen.draws)}"),
        Measured("click to handler, median", f"{statistics.median(seen.handled):.0f} ms"),
        Measured("click to handler, longest", f"{max(seen.handled):.0f} ms"),
        Measured("click to next frame, median", f"{statistics.median(seen.painted):.0f} ms"),
        Measured(
            f"click to next frame, longest of {len(seen.painted)}",
            f"{longest:.0f} ms",
            "< 200 ms",
            longest < 200,
        ),
        Measured("kernel with the notebook open, nothing watched", f"{seen.idle:.1%} of a core"),
        Measured("live view beyond that", f"{share:.1%} of a core", "< 5%", share < 0.05),
        Measured("saved notebook", f"{seen.size / 1000:.0f} KB", "< 200 KB", seen.size < 200_000),
    ]


def of_sequence(found):
    """Return the rows on memory: its first quarter beside the last."""
    memories = {
        "kernel, resident": [resident for resident, _ in found],
        "page, JavaScript heap": [heap for _, heap in found],
    }
    return [row for what, values in memories.items() for row in _memory(what, values)]


def _memory(what, values):
    """Return a row with a memory after each study, and one with its first and last quarter."""
    quarter = max(len(values) // 4, 1)
    first, last = (statistics.mean(part) for part in (values[:quarter], values[-quarter:]))
    value = f"{first / MEGABYTE:.0f}, {last / MEGABYTE:.0f} MB"
    each = " ".join(f"{value / MEGABYTE:.0f}" for value in values)
    return [
        Measured(f"{what}, after each", f"{each} MB"),
        Measured(f"{what}: first quarter, last", value, f"{100 * (last / first - 1):+.0f}%"),
    ]


def of_stops(found):
    """Return the rows on Stop."""
    worst = max(found)
    return [
        Measured("Stop to stopped, median", f"{statistics.median(found):.1f} s"),
        Measured(f"Stop to stopped, worst of {len(found)}", f"{worst:.1f} s", "<= 2 s", worst <= 2),
    ]


def machine(browser):
    """Return a line that says where this was measured."""
    memory = psutil.virtual_memory().total / 1e9
    versions = f"JupyterLab {metadata.version('jupyterlab')}, Chromium {browser.version}"
    return f"{processor()}, {psutil.cpu_count()} cores, {memory:.0f} GB; {versions}"


def report(title, rows):
    """Print a part of the table as soon as it is known."""
    load = load_average()
    said = f" (load average {load:.1f})" if load is not None else ""
    print(f"\n{title}{said}:")
    print("\n".join(row.line() for row in rows), flush=True)


def parse():
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all where none is named")
    parser.add_argument("--studies", type=int, default=20, help="shown one after the other")
    parser.add_argument("--runs", type=int, default=5, help="of each of these studies")
    return parser.parse_args()


def main():
    """Measure and print."""
    asked = parse()
    parts = asked.parts or PARTS
    with (
        tempfile.TemporaryDirectory() as folder,
        running_browser("--enable-precise-memory-info") as browser,
    ):
        home = Path(folder)
        (home / "lab").mkdir()
        print(machine(browser))
        with running_lab(home / "lab") as lab:
            if "watch" in parts:
                title = f"{SEEDS} seeds of {simulated.STEPS} steps within {SECONDS} s"
                report(title, of_watching(watch(lab, browser, home)))
            if "stops" in parts:
                report("A study that trains", of_stops(stops(lab, browser, home)))
            if "memory" in parts:
                title = f"A study of {MANY_RUNS} runs of {simulated.STEPS} steps, every 5 s"
                report(title, of_sequence(long_study(lab, browser, home)))
                title = f"{asked.studies} studies of {asked.runs} runs of {simulated.STEPS} steps"
                found = sequence(lab, browser, home, asked.studies, asked.runs)
                report(title, of_sequence(found))


if __name__ == "__main__":
    main()
