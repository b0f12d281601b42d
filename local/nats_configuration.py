"""The NATS configuration as text, from one template for one machine and for the cluster.

Imports nothing that only one machine needs, so that the image which lacks `local`'s binaries can render it.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

SUBSCRIBERS = ("subscriber-public-credit",)
# JetStream would otherwise reserve most of the machine's memory.
DEFAULT_MEMORY = 64 * 1024**2
DEFAULT_FILE_STORE = 20 * 1024**3


def render(
    *,
    listen: str,
    monitoring: str,
    store_dir: str,
    cert_file: str,
    key_file: str,
    ca_file: str,
    server_name: str = "anxin",
    max_memory_store: int = DEFAULT_MEMORY,
    max_file_store: int = DEFAULT_FILE_STORE,
    cluster: Mapping[str, object] | None = None,
    permissions: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    pid_file: str | None = None,
) -> str:
    """The configuration text. `cluster` is {"name", "listen", "routes": [...]}, or None for a single server.

    A `server_name` that begins with $ is taken from the environment by NATS itself.
    """
    users = sorted((_permissions() if permissions is None else permissions).items())
    return (
        _templates()
        .get_template("nats.conf.j2")
        .render(
            listen=listen,
            monitoring=monitoring,
            store_dir=store_dir,
            cert_file=cert_file,
            key_file=key_file,
            ca_file=ca_file,
            server_name=server_name,
            max_memory_store=max_memory_store,
            max_file_store=max_file_store,
            cluster=cluster,
            users=users,
            subscribers=SUBSCRIBERS,
            pid_file=pid_file,
        )
    )


def _permissions() -> Mapping[str, Mapping[str, Sequence[str]]]:
    from shared import topology  # brings the whole bus with it, which few commands need

    return topology.permissions()


def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - a NATS configuration, not a page
        keep_trailing_newline=True,
    )
    # Jinja's own filter escapes > for web pages, and NATS does not know that escape.
    templates.filters["json"] = json.dumps
    return templates
