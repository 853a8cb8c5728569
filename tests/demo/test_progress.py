"""Progress is a bar where somebody watches, and plain lines in a log."""

from io import StringIO

from demobank.progress import ProgressBar

STAGES = [("Extracts", 1.0), ("Core banking", 3.0)]


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_for_each_stage_and_each_tenth():
    log = StringIO()
    bar = ProgressBar(STAGES, stream=log)

    bar.begin("Extracts")
    bar.begin("Core banking")
    for step in range(101):
        bar.at(step / 100, "entries")
    bar.end("done")

    lines = log.getvalue().splitlines()
    assert lines[:2] == ["  0 %  Extracts", " 25 %  Core banking"]
    assert len(lines) <= 12
    assert lines[-2:] == ["100 %  Core banking  entries", "done"]
    assert "\r" not in log.getvalue()


def test_a_terminal_keeps_one_line():
    terminal = Terminal()
    bar = ProgressBar(STAGES, stream=terminal)

    bar.begin("Extracts")
    bar.begin("Core banking")
    bar.end("done")

    assert terminal.getvalue().count("\n") == 1
    assert terminal.getvalue().endswith("done\n")


def test_progress_never_goes_beyond_the_whole():
    log = StringIO()
    bar = ProgressBar(STAGES, stream=log)

    bar.begin("Core banking")
    bar.at(1.7)

    assert log.getvalue().splitlines()[-1].startswith("100 %")
