"""The console of tables: what they show of files is shown letter by letter."""

from typing import Any

from rich.console import Console
from rich.text import Text

from sundog.text import printable


class PlainConsole(Console):
    """Console of rich for which no text is markup, and in which control characters are spelled out.

    Names of files, residues and sets may hold `[red]` or an escape sequence.
    """

    def __init__(self, *, stderr: bool = False, width: int | None = None):
        """Make the console of a stream.

        Args:
            stderr: print to standard error rather than to standard output.
            width: columns of text where the stream is no terminal.
        """
        super().__init__(stderr=stderr, markup=False, emoji=False)
        if width is not None and not self.is_terminal:
            self.width = width

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text as it is printed, in titles and cells of tables and on its own."""
        return super().render_str(printable(text), **options)
