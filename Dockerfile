# Three images: `--target operator`, `--target server` (MLflow with what the operator configures it for), and
# `--target toolbox` (what makes and restores backups: the same program, with pg_dump, which must not be older than the database).
# BASE_IMAGE is any Debian-like image with python3 and its venv module; both stages of an image use the same one.
ARG BASE_IMAGE=python:3.12-slim
ARG MLFLOW_VERSION=3.17.2

FROM ${BASE_IMAGE} AS tools
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=1
RUN python3 -m venv /tools \
    && /tools/bin/pip install --quiet --no-cache-dir uv==0.13.9 \
    && python3 -m venv --without-pip /opt/venv
ENV PATH=/tools/bin:$PATH VIRTUAL_ENV=/opt/venv
WORKDIR /src

FROM tools AS operator-packages
COPY operator/requirements/operator.txt .
# Bytecode of the two that take long to import; the root file system of a pod is read-only, so it would be made each time.
RUN uv pip install --quiet --require-hashes -r operator.txt \
    && PYTHONDONTWRITEBYTECODE= /opt/venv/bin/python -c "import kopf, kubernetes.aio.client, pydantic"

FROM operator-packages AS operator-itself
COPY LICENSE pyproject.toml ./
COPY operator/mlflow_operator operator/mlflow_operator
# The README is the long description of the package, which nobody reads in an image.
RUN touch README.md \
    && uv pip install --quiet --no-deps --prefix /opt/operator . \
    && /opt/venv/bin/python -m compileall -q -s /opt/operator -p /opt/venv /opt/operator

FROM tools AS toolbox-packages
COPY operator/requirements/toolbox.txt .
RUN uv pip install --quiet --require-hashes -r toolbox.txt

FROM tools AS server-packages
ARG MLFLOW_VERSION
COPY operator/requirements/server.in operator/requirements/server.txt ./
# The pinned version comes with hashes; any other is the same list with another MLflow, and with what earlier ones need and
# do not say: those before 3.9 a name that SQLAlchemy 2.1 has not any more, those of 2 a package of setuptools up to 80.
RUN if grep -q "^mlflow==${MLFLOW_VERSION} " server.txt; then \
        uv pip install --quiet --require-hashes -r server.txt; \
    else \
        case ${MLFLOW_VERSION} in \
            2.*) needs="sqlalchemy<2.1 setuptools<81" ;; \
            3.[0-8].*) needs="sqlalchemy<2.1" ;; \
            *) needs="" ;; \
        esac; \
        sed "s/^mlflow==[^ ]*/mlflow==${MLFLOW_VERSION}/" server.in | uv pip install --quiet -r - ${needs}; \
    fi \
    && cd /opt/venv/lib/python3*/site-packages \
    && find . -depth -type d -name tests -exec rm -rf {} + \
    && find . -type f \( -name '*.pyx' -o -name '*.pxd' -o -name '*.pyi' -o -name '*.a' \) -delete \
    && rm -rf pyarrow/include pyarrow/src matplotlib/mpl-data/sample_data
# Bytecode of what a server imports, and of nothing else: 50 MB that save each process 3 s of CPU at its start.
RUN PYTHONDONTWRITEBYTECODE= /opt/venv/bin/python -W ignore -c "import mlflow.cli, mlflow.server, psycopg2, boto3, flask_wtf" \
    && if [ -f /opt/venv/lib/python3*/site-packages/mlflow/server/fastapi_app.py ]; then \
        PYTHONDONTWRITEBYTECODE= /opt/venv/bin/python -W ignore -c "import mlflow.server.fastapi_app"; \
    fi

FROM ${BASE_IMAGE} AS operator
LABEL org.opencontainers.image.title="mlflow-operator" \
      org.opencontainers.image.description="Runs MLflow on Kubernetes and promotes models by Git" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=operator-packages /opt/venv /opt/venv
COPY --from=operator-itself /opt/operator /opt/venv
ENV PATH=/opt/venv/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /
USER 65532:65532
ENTRYPOINT ["mlflow-operator"]
CMD ["run"]

FROM ${BASE_IMAGE} AS toolbox
ARG POSTGRES_CLIENT=postgresql-client
LABEL org.opencontainers.image.title="mlflow-operator-toolbox" \
      org.opencontainers.image.description="Backs up MLflow servers and restores them" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends ${POSTGRES_CLIENT} \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/share/doc /usr/share/locale /usr/share/man
COPY --from=toolbox-packages /opt/venv /opt/venv
COPY --from=operator-itself /opt/operator /opt/venv
ENV PATH=/opt/venv/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /
USER 65532:65532
ENTRYPOINT ["mlflow-operator"]
CMD ["backup", "--help"]

FROM ${BASE_IMAGE} AS server
ARG MLFLOW_VERSION
LABEL org.opencontainers.image.title="mlflow-server" \
      org.opencontainers.image.description="MLflow tracking server and model registry" \
      org.opencontainers.image.version="${MLFLOW_VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=server-packages /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /tmp
USER 65532:65532
EXPOSE 5000
CMD ["mlflow", "server", "--host", "0.0.0.0", "--port", "5000"]
