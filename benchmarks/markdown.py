"""Print the table of one or more results of `sundog bench --json` in Markdown.

python benchmarks/markdown.py FILE.json …
"""

import json
import sys
from pathlib import Path

from sundog.bench.rows import Row
from sundog.bench.table import markdown

if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    rows = [row for name in sys.argv[1:] for row in json.loads(Path(name).read_text())]
    print(markdown([Row.from_json(row) for row in rows]))
