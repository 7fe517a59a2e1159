"""A webhook receiver on loopback that writes down what comes, and answers what it is told to."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import stripe


class Receiver:
    """`answers` are used up first to last, then 200; `events` are the verified payloads in order of arrival."""

    def __init__(self, secret: str) -> None:
        self.events: list[dict[str, Any]] = []
        self.answers: list[int] = []
        self._secret = secret
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status = receiver.take(body, self.headers["Stripe-Signature"])
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks/stripe"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def take(self, body: str, signature: str) -> int:
        """Verifies with the SDK, notes the event, gives the status to answer."""
        event = stripe.Webhook.construct_event(body, signature, self._secret)
        with self._lock:
            status = self.answers.pop(0) if self.answers else 200
            if status == 200:
                self.events.append(event.to_dict())
        return status

    def types(self) -> list[str]:
        """Event types in order of arrival."""
        with self._lock:
            return [event["type"] for event in self.events]

    def stop(self) -> None:
        """Ends the server."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
