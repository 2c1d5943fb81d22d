# Three images from one build: docker build --target server-sync . (or server-async; loadgen is the
# last and so the default). COMMIT goes into records: --build-arg COMMIT=$(git rev-parse --short=9 HEAD)

FROM rust:1.89-bookworm AS build
WORKDIR /source
COPY . .
ARG COMMIT
# What was compiled stays in caches for the next build, so the programs are copied out of them. A
# copied file keeps its time, which may be before that of what was compiled from another: to cargo
# it would be unchanged.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    if [ -n "$COMMIT" ]; then export LOADGEN_GIT_COMMIT="$COMMIT"; fi; \
    find . -path ./target -prune -o -type f -exec touch {} + && \
    cargo build --release --locked && \
    install -D -t /programs target/release/loadgen target/release/server-sync target/release/server-async

FROM debian:bookworm-slim AS programs
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /programs /usr/local/bin
# What writes results is nobody in particular, and a new volume here is theirs.
RUN install -d -o 10001 -g 10001 /bench /bench/results
WORKDIR /bench
USER 10001:10001

FROM programs AS server-sync
EXPOSE 7080
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --start-interval=1s \
    CMD ["loadgen", "-q", "-s", "2", "http://127.0.0.1:7080/healthz"]
ENTRYPOINT ["server-sync"]

FROM programs AS server-async
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --start-interval=1s \
    CMD ["loadgen", "-q", "-s", "2", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["server-async"]

# Beside the servers' programs, which loadgen bench starts itself.
FROM programs AS loadgen
ENTRYPOINT ["loadgen"]
