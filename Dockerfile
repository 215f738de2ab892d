# Pilothouse in a container: one static binary, no shell, not root.
#
#   docker build -t pilothouse .
#   docker run --rm -p 127.0.0.1:7777:7777 -v pilothouse:/data pilothouse

FROM rust:1.95-slim-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential cmake \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# Linked statically, C library and all. Naming the target keeps the flag from what only runs here.
ENV RUSTFLAGS=-Ctarget-feature=+crt-static
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    target="$(rustc --version --verbose | sed -n 's/^host: //p')" \
    && cargo build --release --locked --package pilothouse-app --target "$target" \
    && cp "target/$target/release/pilothouse" /pilothouse \
    && ldd /pilothouse 2>&1 | grep -q 'statically linked' \
    && mkdir /data

# Certificates and nothing else; the user is 65532.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /pilothouse /usr/local/bin/pilothouse
COPY --from=build --chown=65532:65532 /data /data

# Beyond loopback the product serves only behind a reverse proxy that ends TLS. In a container
# something always stands in front of it: the published port, an ingress. Hosts other than
# localhost must be named where the container is started.
ENV PILOTHOUSE_DATA=/data \
    PILOTHOUSE_LISTEN=0.0.0.0:7777 \
    PILOTHOUSE_BEHIND_PROXY=true \
    PILOTHOUSE_ALLOWED_HOSTS=localhost \
    PILOTHOUSE_LOG_FORMAT=json

USER 65532:65532
VOLUME /data
EXPOSE 7777
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
    CMD ["/usr/local/bin/pilothouse", "health"]
ENTRYPOINT ["/usr/local/bin/pilothouse"]
CMD ["serve"]
