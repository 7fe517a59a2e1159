"""Static files with addresses that change with their content."""

import functools
import hashlib
import re
from pathlib import Path

from servestatic import ServeStaticASGI
from starlette.types import ASGIApp

FOLDER = Path(__file__).parent.parent.parent / "static"
PICTOGRAM = re.compile(r"[a-z0-9_-]{1,64}")
MAX_AGE_SECONDS = 30 * 24 * 3600


@functools.cache
def static_url(name: str) -> str:
    """The address of a static file, with a mark of its content. Raises FileNotFoundError for an unknown name."""
    mark = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={mark}"


@functools.cache
def pictogram_url(name: str, kind: str) -> str:
    """The address of a pictogram, or of the sign of the kind where there is none of that name."""
    is_drawn = PICTOGRAM.fullmatch(name) is not None and (FOLDER / f"img/pictograms/{name}.svg").is_file()
    return static_url(f"img/pictograms/{name}.svg" if is_drawn else f"img/kinds/{kind}.svg")


def with_static_files(app: ASGIApp) -> ASGIApp:
    """The app with /static/… in front of it."""
    return ServeStaticASGI(  # type: ignore[no-any-return]
        app, root=str(FOLDER), prefix="static/", max_age=MAX_AGE_SECONDS, allow_all_origins=False
    )
