import base64
import hashlib
import json
import re
from pathlib import Path

import numpy as np

from sundog.report.skeleton import ASSETS, plain, render

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u2028'\"&<!--\x1b[31m"


def page(**values):
    return render(
        "page.html", title=HOSTILE, eyebrow="", heading=HOSTILE, lead="", contents=[], **values
    )


def test_text_and_data_of_files_begin_no_element():
    text = page(scripts=("common.js",), data={"held": {"name": HOSTILE, HOSTILE: [1]}})
    assert "<img" not in text
    assert "alert(1)</script>" not in text
    assert "\x1b" not in text
    assert "\u2028" not in text.split('id="held">')[1].split("</script>")[0]
    assert text.count("<script") == 2
    assert text.count("</script>") == 2


def test_data_come_back_as_they_were():
    value = {"name": "a<b>&c", "values": np.array([1.5, np.nan]), "none": None, "yes": True}
    text = page(data={"held": value})
    held = re.search(r'id="held">(.*?)</script>', text, re.S)
    assert held is not None
    expected = {"name": "a<b>&c", "values": [1.5, None], "none": None, "yes": True}
    assert json.loads(held[1]) == expected


def test_policy_allows_the_scripts_and_the_style_of_the_page_alone():
    text = page(scripts=("common.js",))
    policy = re.search(r'Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    told = policy[1].replace("&#39;", "'")
    for element in ("script", "style"):
        (content,) = re.findall(rf"<{element}>(.*?)</{element}>", text, re.S)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in told
    assert "default-src 'none'" in told
    assert "unsafe" not in told
    assert "connect-src" not in told


def test_pages_load_nothing_from_elsewhere():
    text = page(scripts=("common.js", "charts.js", "viewer.js"))
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", text)
    assert "@import" not in text
    assert "url(" not in (ASSETS / "style.css").read_text()


def test_scripts_of_others_are_what_their_table_says():
    table = (ASSETS / "vendor" / "README.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` .*`([0-9a-f]{64})` \|$", table, re.M)
    assert len(rows) == 3
    for name, digest in rows:
        content = (ASSETS / "vendor" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
        assert (ASSETS / "vendor" / Path(name).parent / "LICENSE").is_file()


def test_scripts_never_set_markup():
    for name in ("common.js", "charts.js", "viewer.js"):
        code = (ASSETS / name).read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", code)


def test_plain_values_keep_seven_digits_and_no_nan():
    assert plain([np.float64(1 / 3), np.inf, np.int64(3), (1, "a")]) == [
        0.3333333,
        None,
        3,
        [1, "a"],
    ]
