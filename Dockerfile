# syntax=docker/dockerfile:1
# One image for every part; SERVICE is what it runs when nothing else is asked for:
#   docker build --build-arg SERVICE=services.ingest -t anxin/ingest .
# BASE may be a mirror's address: `--build-arg BASE=registry.internal/python:3.11-slim@sha256:...`.
ARG BASE=docker.io/library/python:3.11-slim-trixie

FROM ${BASE} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /app
RUN pip install --no-cache-dir uv==0.13.9
# The dependencies alone first: they change seldom, so this layer is kept.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-group local --no-group training --no-install-project
COPY shared shared
COPY services services
COPY gateway gateway
RUN .venv/bin/python -m compileall -q shared services gateway

FROM ${BASE}
ARG SERVICE=services.ingest
LABEL org.opencontainers.image.title="anxin" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.description="Anxin: wage-arrears early warning and recovery"
# Two arenas: each thread of a service would keep in one of its own what large files left behind. One thread for columns:
# polars would start one a processor of the node, which cost more to wake for small batches than they do for large ones.
ENV MALLOC_ARENA_MAX=2 POLARS_MAX_THREADS=1
ENV PATH=/app/.venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ANXIN_SERVICE=${SERVICE}
WORKDIR /app
# LightGBM (scoring predicts with it) needs the compiler's OpenMP, which no wheel brings along.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*
# Owned by root and read by a user who may write nowhere; the number lets Kubernetes prove that it is not root.
COPY --from=build /app /app
USER 10001:10001
EXPOSE 8443 9090
CMD ["sh", "-c", "exec python -m \"$ANXIN_SERVICE\""]
