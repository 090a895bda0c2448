# Builds Segue into an image that holds the program and nothing else: no shell, no package manager, no root.

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -o /out/segue ./cmd/segue
# The folders that the program may write to. They are copied as the contents of one, so that they keep their modes.
RUN install -d -m 0700 /out/own/data && install -d -m 1777 /out/own/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/segue /segue
COPY --from=build --chown=65532:65532 /out/own/ /
USER 65532:65532
ENV SEGUE_DATA=/data SEGUE_LISTEN=0.0.0.0:8090
VOLUME /data
EXPOSE 8090
HEALTHCHECK --start-period=60s CMD ["/segue", "health"]
ENTRYPOINT ["/segue"]
CMD ["serve"]
