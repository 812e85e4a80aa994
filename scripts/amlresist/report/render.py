"""One self-contained page: templates, style and script in one file, nothing loaded from outside.

The content security policy in the page's head allows its one style sheet and its one script by
their SHA-256 and nothing else, so that markup smuggled in by a name could not run even if it
were not escaped.
"""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from amlresist.report import wording

TEMPLATES = Path(__file__).parent / "templates"
# Without the script no button could bring the later rows of a long table.
UNSCRIPTED = ".later { display: table-row-group; }"


def render(template: str, content: Mapping[str, Any]) -> str:
    """The page as text; every value is escaped.

    Args:
        template: file name in the templates folder.
        content: names the template uses.
    """
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    styles = f"{_hash_source(style)} {_hash_source(UNSCRIPTED)}"
    policy = (
        f"default-src 'none'; img-src data:; style-src {styles}; "
        f"script-src {_hash_source(script)}; base-uri 'none'; form-action 'none'"
    )
    return (
        _environment()
        .get_template(template)
        .render(
            **content,
            style=Markup(style),
            unscripted=Markup(UNSCRIPTED),
            script=Markup(script),
            policy=policy,
        )
    )


def image_source(svg: str) -> str:
    """A `data:` address for an image element, where an SVG cannot run scripts or load anything."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "pct": wording.percent,
        "sure": wording.probability,
        "num": wording.significant,
        "whole": wording.whole,
        "signed": wording.signed,
        "words": wording.words,
        "comparison": wording.comparison,
        "listed": wording.listed,
        "image": image_source,
    }
    environment.tests["missing"] = wording.is_missing
    environment.globals |= {
        "plural": wording.plural,
        "ends": wording.ends,
        "wrong_text": wording.expected_wrong,
    }
    return environment


def _hash_source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
