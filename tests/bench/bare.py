"""The yardstick: a FastAPI application with one async route that answers fixed bytes."""

import os
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response


def create_app() -> FastAPI:
    """Answers `/` with the bytes of the file named by BENCH_BODY."""
    body = Path(os.environ["BENCH_BODY"]).read_bytes()
    bare = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @bare.get("/")
    async def show() -> Response:
        return Response(body, media_type="text/html; charset=utf-8")

    return bare
