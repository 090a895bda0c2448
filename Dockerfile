# Builds Segue into an image that holds the program and nothing else: no shell, no package manager, no root.

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -o /out/segue ./cmd/segue
# What a program expects of its surroundings: a place for the data that its user may write, and one for temporary files.
RUN install -d -m 0700 /out/data && install -d -m 1777 /out/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/segue /segue
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build /out/tmp /tmp
USER 65532:65532
ENV SEGUE_DATA=/data SEGUE_LISTEN=0.0.0.0:8090
VOLUME /data
EXPOSE 8090
ENTRYPOINT ["/segue"]
CMD ["serve"]
