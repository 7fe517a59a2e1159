"""nginx as a careless administrator sets it up: it keeps every answer that does not forbid it."""

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.databases import free_port

WHAT_TO_INSTALL = "There is no nginx here: apt-get install nginx, or name one in $NGINX."
PLACES = ("/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx")
READY_WITHIN_S = 20.0

# `key` without cookies, `valid any` for what names no time: only the answer's own headers keep it out of the store.
CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/temp;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  proxy_cache_path {folder}/store levels=1:2 keys_zone=shop:10m max_size=200m inactive=60m use_temp_path=off;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{upstream};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_cache shop;
      proxy_cache_key {key};
      proxy_cache_methods GET HEAD;
      proxy_cache_valid any 60m;
      proxy_cache_revalidate on;
      proxy_cache_lock on;
      {more}
      add_header X-Kept $upstream_cache_status always;
    }}
  }}
}}
"""


def find_nginx() -> str | None:
    """The path of an nginx: $NGINX, PATH, then the usual places; None if there is none."""
    named = os.environ.get("NGINX")
    if named:
        return named
    return shutil.which("nginx") or next((place for place in PLACES if os.path.exists(place)), None)


class Nginx:
    """One nginx in front of a port; an answer's `X-Kept` says HIT where the store answered."""

    def __init__(
        self, binary: str, folder: Path, *, port: int, upstream: int, key: str, more: str = ""
    ) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "error.log"
        folder.mkdir(parents=True, exist_ok=True)
        settings = folder / "nginx.conf"
        settings.write_text(
            CONFIGURATION.format(folder=folder, port=port, upstream=upstream, key=key, more=more)
        )
        self._popen = subprocess.Popen(
            [binary, "-p", str(folder), "-c", str(settings), "-e", str(self._log)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends it and waits."""
        self._popen.terminate()
        try:
            self._popen.wait(10)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        if self._popen.stderr:
            self._popen.stderr.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    def _wait_until_ready(self) -> None:
        give_up_at = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < give_up_at:
            if self._popen.poll() is not None:
                said = self._popen.stderr.read() if self._popen.stderr else ""
                raise RuntimeError(f"nginx ended with {self._popen.returncode}: {said[-2000:]}")
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=2).close()
                return
            except urllib.error.HTTPError as error:
                error.close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"nginx is not ready within {READY_WITHIN_S} s; {self._log} says why")


def free_ports() -> tuple[int, int]:
    """Two ports that nobody listens on: one for nginx, one for the shop behind it."""
    first = free_port()
    second = free_port()
    while second == first:
        second = free_port()
    return first, second
