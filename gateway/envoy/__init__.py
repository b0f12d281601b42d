"""The front door: one Envoy configuration, rendered the same way for one machine and for a cluster."""

from gateway.envoy.parameters import InvalidParameters, Parameters, Upstream
from gateway.envoy.render import render, secret_files

__all__ = ["InvalidParameters", "Parameters", "Upstream", "render", "secret_files"]
