# Two stages: what builds the environment stays behind, what runs has no compiler, no pip cache, no root.
#   docker build -t condorbot .
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
WORKDIR /build
RUN python3 -m venv /opt/condorbot
COPY requirements.lock scripts/lock_subset.py ./
RUN python3 lock_subset.py hatchling editables < requirements.lock > wanted.lock \
    && /opt/condorbot/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        --no-deps --require-hashes -r wanted.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY config config
COPY domain domain
COPY engine engine
COPY risk risk
COPY sim sim
COPY strategies strategies
COPY study study
RUN /opt/condorbot/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        --no-deps --no-build-isolation . \
    && /opt/condorbot/bin/python -m pip uninstall --yes hatchling editables

FROM ${BASE_IMAGE}
RUN groupadd --system --gid 10001 condorbot \
    && useradd --system --uid 10001 --gid condorbot --home-dir /var/lib/condorbot --no-create-home condorbot \
    && install --directory --owner condorbot --group condorbot /var/lib/condorbot
COPY --from=build /opt/condorbot /opt/condorbot
ENV PATH=/opt/condorbot/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TZ=UTC \
    CONDORBOT_JOURNAL__PATH=/var/lib/condorbot/condorbot.sqlite \
    CONDORBOT_HEALTH__PATH=/var/lib/condorbot/health.json
USER 10001:10001
WORKDIR /var/lib/condorbot
VOLUME ["/var/lib/condorbot"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["condorbot", "health"]
ENTRYPOINT ["condorbot"]
CMD ["run", "--config", "paper"]
