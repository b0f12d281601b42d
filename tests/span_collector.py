"""A collector of spans for tests: whoever sends traces over HTTP can be asked what it sent."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Collector:
    """Takes OTLP over HTTP and keeps what came."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                # Envoy sends its spans in chunks.
                while size := int(self.rfile.readline(), 16):
                    bodies.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def names(self, operation: str) -> bool:
        """Whether a span of that name has arrived."""
        return any(operation.encode() in body for body in self.bodies)

    def holds(self, trace_id: str) -> bool:
        return any(bytes.fromhex(trace_id) in body for body in self.bodies)
