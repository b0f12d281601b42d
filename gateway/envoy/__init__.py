"""The front door: one Envoy configuration, rendered the same way for one machine and for a cluster."""

from gateway.envoy.parameters import InvalidParameters, Parameters, Upstream
from gateway.envoy.render import render, render_secrets

__all__ = ["InvalidParameters", "Parameters", "Upstream", "render", "render_secrets"]
