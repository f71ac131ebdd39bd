"""Progress goes to standard error, and only a terminal shows bars."""

from __future__ import annotations

from keras_dcmix._common.progress import RunProgress, counting, reporting, say


def test_without_a_terminal_bars_print_nothing(capsys):
    with counting("steps", 2) as advance, reporting("reading") as report:
        advance()
        report(1, 2)
    assert capsys.readouterr() == ("", "")


def test_lines_go_to_standard_error_as_they_are(capsys):
    say("[red]a[/red] " + "long " * 40)
    with RunProgress(1, 3) as progress:
        progress.finished("seed 0 [done]")
    with RunProgress(1, 3, enabled=False) as progress:
        progress.finished("not shown")
    out, printed = capsys.readouterr()
    assert out == ""
    assert printed.splitlines() == ["[red]a[/red] " + "long " * 40, "seed 0 [done]"]
