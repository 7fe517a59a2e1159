# The shop as one image: the web process by default, `work` for the worker, any other `shop` command.
FROM python:3.13-slim AS environment

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
COPY requirements.lock /build/requirements.lock
RUN python -m venv --without-pip /srv/environment \
    && python -m pip --python /srv/environment/bin/python install \
        --no-deps --only-binary :all: --require-hashes -r /build/requirements.lock

FROM python:3.13-slim

ENV PATH=/srv/environment/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SHOP_ENV=production \
    SHOP_DATABASE_URL=sqlite:////data/shop.db \
    SHOP_DATA_FOLDER=/data \
    SHOP_LOG=json

RUN groupadd --system --gid 10001 shop \
    && useradd --system --uid 10001 --gid shop --home-dir /data --shell /usr/sbin/nologin shop \
    && install --directory --owner=shop --group=shop --mode=0700 /data

COPY --from=environment /srv/environment /srv/environment
COPY . /srv/shop
RUN printf '#!/bin/sh\ncd /srv/shop && exec python -m app "$@"\n' > /usr/local/bin/shop \
    && chmod 0755 /usr/local/bin/shop \
    && python -m compileall -q /srv/shop/app

WORKDIR /srv/shop
USER 10001:10001
VOLUME ["/data"]
EXPOSE 8000
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=15s --timeout=4s --start-period=30s --retries=4 \
    CMD ["python", "-c", "import sys, urllib.request; sys.exit(urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=3).status != 200)"]

ENTRYPOINT ["shop"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
