"""Tells an observer what is new, without anybody waiting for it."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

_News = TypeVar("_News")


class Announcer(Generic[_News]):
    """Tells one observer the latest news, in a thread of its own.

    News that come while the observer is still busy replace each other: it hears the last.

    Parameters
    ----------
    callback
        The observer.
    complain
        Given what the observer raised; the next news reach it all the same.
    """

    def __init__(
        self, callback: Callable[[_News], None], complain: Callable[[Exception], None]
    ) -> None:
        self._callback, self._complain = callback, complain
        self._news: list[_News] = []
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._loop, name="announcer", daemon=True)
        self._thread.start()

    def tell(self, news: _News) -> None:
        """Have the observer told; return at once."""
        with self._changed:
            self._news = [news]
            self._changed.notify()

    def close(self) -> None:
        """End the thread once the observer has heard the last news."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._news or self._closed)
                if not self._news:
                    return
                news = self._news.pop()
            try:
                self._callback(news)
            except Exception as problem:
                self._complain(problem)
