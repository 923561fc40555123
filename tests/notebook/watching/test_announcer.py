import threading

from workbench.notebook.watching.announcer import Announcer


def test_a_busy_observer_hears_the_last_news_only():
    heard, begun, go_on = [], threading.Event(), threading.Event()

    def listen(news):
        heard.append(news)
        begun.set()
        assert go_on.wait(30)

    announcer = Announcer(listen, heard.append)
    announcer.tell(1)
    assert begun.wait(30)
    announcer.tell(2)
    announcer.tell(3)
    go_on.set()
    announcer.close()
    announcer.close()
    assert heard == [1, 3]


def test_what_an_observer_raises_is_told_and_it_hears_the_next_news():
    complaints, told = [], threading.Semaphore(0)

    def listen(news):
        raise ValueError(news)

    def complain(problem):
        complaints.append(str(problem))
        told.release()

    announcer = Announcer(listen, complain)
    for news in ("once", "again"):
        announcer.tell(news)
        assert told.acquire(timeout=30)
    announcer.close()
    assert complaints == ["once", "again"]
