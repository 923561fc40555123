"""Render plotly figures as images in a headless browser, in a process of its own.

Kaleido drives the browser. Run as a script, this file is the child: a hung browser is ended with
it, and neither its threads nor its event loop touch the caller's. It imports nothing of the
package, so it starts fast and from anywhere.
"""

import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NO_PROXY = "127.0.0.1:9"
"""An address where nothing listens: whatever a browser would like to send does not leave."""

GRACE = 5.0
"""Seconds the child gets to end a hung browser before it is ended itself."""


class RenderingError(Exception):
    """The browser gave no images; the text says why."""


def browser() -> str | None:
    """Return the path of the browser that kaleido would start, None where there is none.

    ``BROWSER_PATH`` names another one.
    """
    if not importlib.util.find_spec("kaleido"):
        return None
    from choreographer.browsers.chromium import Chromium

    path = Chromium.find_browser(skip_local=False)
    return path if path and Path(path).is_file() else None


def render(requests: Sequence[dict[str, Any]], timeout: float) -> list[bytes]:
    """Render figures with one start of the browser.

    Parameters
    ----------
    requests
        For each figure its plotly JSON as ``figure``, ``width`` and ``height`` in pixels,
        ``scale``, and as ``format`` one that kaleido writes; without it PNG.
    timeout
        Seconds after which the browser is ended.

    Raises
    ------
    RenderingError
        When it does not start, fails or takes too long.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        (Path(folder) / "requests.json").write_text(json.dumps(requests), encoding="utf-8")
        _run_child(folder, timeout)
        images = [Path(folder) / f"{i}.image" for i in range(len(requests))]
        if not all(image.is_file() for image in images):
            raise RenderingError("the browser ended without an image")
        return [image.read_bytes() for image in images]


def _run_child(folder: str, timeout: float) -> None:
    command = [sys.executable, "-P", __file__, folder, str(timeout)]
    # The browser's own temporary files lie in the folder too, so that none outlives a failure.
    environment = os.environ | {"TMPDIR": folder}
    try:
        subprocess.run(
            command, capture_output=True, timeout=timeout + GRACE, check=True, env=environment
        )
    except subprocess.TimeoutExpired as error:
        raise RenderingError(_too_slow(timeout)) from error
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines()
        raise RenderingError(lines[-1] if lines else "the browser failed") from error


def _too_slow(timeout: float) -> str:
    return f"the browser gave no image within {timeout:g} seconds"


async def _render_all(folder: Path, timeout: float) -> None:
    import kaleido

    # mathjax=False: kaleido's page would otherwise load it over the network.
    renderer = kaleido.Kaleido(mathjax=False, proxy_server=NO_PROXY)
    task = asyncio.create_task(_draw(renderer, folder))
    await asyncio.wait({task}, timeout=timeout)
    failure = task.exception() if task.done() else TimeoutError(_too_slow(timeout))
    if failure:
        _kill(renderer)
        print(_reason(failure), file=sys.stderr, flush=True)
        os._exit(1)  # A plain exit would wait for kaleido's threads, which wait for the browser.


async def _draw(renderer: Any, folder: Path) -> None:
    requests = json.loads((folder / "requests.json").read_text(encoding="utf-8"))
    async with renderer:
        for i, request in enumerate(requests):
            options = {key: request[key] for key in ("width", "height", "scale")}
            options["format"] = request.get("format", "png")
            image = await renderer.calc_fig(request["figure"], options)
            (folder / f"{i}.image").write_bytes(image)


def _reason(error: BaseException) -> str:
    return str(error.args[0]) if error.args else type(error).__name__


def _kill(renderer: Any) -> None:
    """End the browser with all its processes: it leads a session of its own."""
    if hasattr(renderer, "subprocess"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(renderer.subprocess.pid, signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(_render_all(Path(sys.argv[1]), float(sys.argv[2])))
