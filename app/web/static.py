"""Static files with addresses that change with their content."""

import functools
import hashlib
from pathlib import Path

from servestatic import ServeStaticASGI
from starlette.types import ASGIApp

FOLDER = Path(__file__).parent.parent.parent / "static"
MAX_AGE_SECONDS = 30 * 24 * 3600


@functools.cache
def static_url(name: str) -> str:
    """The address of a static file, with a mark of its content. Raises FileNotFoundError for an unknown name."""
    mark = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={mark}"


def with_static_files(app: ASGIApp) -> ASGIApp:
    """The app with /static/… in front of it."""
    return ServeStaticASGI(  # type: ignore[no-any-return]
        app, root=str(FOLDER), prefix="static/", max_age=MAX_AGE_SECONDS, allow_all_origins=False
    )
