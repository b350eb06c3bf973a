# syntax=docker/dockerfile:1
# Images of Berth, for linux/amd64 and linux/arm64:
#   docker buildx build --platform linux/amd64,linux/arm64 --target operator   -t berth-operator:0.1.0 .
#   docker buildx build --platform linux/amd64,linux/arm64 --target agent      -t berth-agent:0.1.0 .
#   docker buildx build --platform linux/amd64,linux/arm64 --target agent-musl -t berth-agent:0.1.0-musl .
#   docker buildx build --platform linux/amd64,linux/arm64 --target cli        -t berth:0.1.0 .
# Targets agent-scratch and operator-scratch are the same programs without a base image, so without anything of it to patch.
# Add --sbom=true --provenance=mode=max: the bill of materials and how it was built are stored beside the image.
# Wanted: --build-arg DOTNET_IMAGES=HOST/PATH, where Microsoft's .NET images are, or your mirror of them.
ARG DOTNET_IMAGES=dotnet
ARG DOTNET_VERSION=10.0
ARG VERSION=0.1.0
ARG REVISION=unknown

# The compiler runs on the builder's own platform and makes code for the target's.
FROM --platform=$BUILDPLATFORM ${DOTNET_IMAGES}/sdk:${DOTNET_VERSION} AS build
ARG TARGETARCH
ARG VERSION
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
WORKDIR /source
COPY .editorconfig Directory.Build.props Directory.Packages.props global.json ./
COPY src/ src/

# Compiled ahead of time: a standby that has to take over has not run its code before.
FROM build AS build-operator
RUN arch=$([ "$TARGETARCH" = amd64 ] && echo x64 || echo "$TARGETARCH") \
 && dotnet publish src/Berth.Operator -c Release -r "linux-$arch" --no-self-contained -p:PublishReadyToRun=true -p:Version="$VERSION" -p:UseAppHost=true -o /out

# For an image without a base: the program brings its runtime.
FROM build AS build-operator-whole
RUN arch=$([ "$TARGETARCH" = amd64 ] && echo x64 || echo "$TARGETARCH") \
 && dotnet publish src/Berth.Operator -c Release -r "linux-$arch" --self-contained -p:PublishReadyToRun=true -p:DebugType=none -p:Version="$VERSION" -o /out && rm -f /out/*.xml

FROM build AS build-cli
RUN arch=$([ "$TARGETARCH" = amd64 ] && echo x64 || echo "$TARGETARCH") \
 && dotnet publish src/Berth.Cli -c Release -r "linux-$arch" --no-self-contained -p:Version="$VERSION" -p:UseAppHost=true -o /out && rm -f /out/*.xml \
 && cp /out/Berth.Cli /out/berth && cp /out/Berth.Cli /out/kubectl-berth

# Agent and runner are one file: the init container copies its directory into every slot, where nothing but the user's image is.
FROM build AS build-agent
RUN arch=$([ "$TARGETARCH" = amd64 ] && echo x64 || echo "$TARGETARCH") \
 && dotnet publish src/Berth.Agent -c Release -r "linux-$arch" --self-contained -p:PublishSingleFile=true -p:PublishTrimmed=true \
      -p:PublishReadyToRun=true -p:DebugType=none -p:Version="$VERSION" -o /out \
 && rm -f /out/*.xml

# The same for task images built on Alpine.
FROM build AS build-agent-musl
RUN arch=$([ "$TARGETARCH" = amd64 ] && echo x64 || echo "$TARGETARCH") \
 && dotnet publish src/Berth.Agent -c Release -r "linux-musl-$arch" --self-contained -p:PublishSingleFile=true -p:PublishTrimmed=true \
      -p:PublishReadyToRun=true -p:DebugType=none -p:Version="$VERSION" -o /out \
 && rm -f /out/*.xml

FROM ${DOTNET_IMAGES}/runtime-deps:${DOTNET_VERSION}-noble-chiseled AS agent
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="berth-agent" \
      org.opencontainers.image.description="Agent and runner of Berth's agent pods" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build-agent /out/ /opt/berth/
ENV PATH=/opt/berth:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DOTNET_EnableDiagnostics=0
USER 65532:65532
ENTRYPOINT ["Berth.Agent"]
CMD ["agent"]

FROM ${DOTNET_IMAGES}/runtime-deps:${DOTNET_VERSION}-alpine AS agent-musl
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="berth-agent" \
      org.opencontainers.image.description="Agent and runner of Berth's agent pods, for task images built on Alpine" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build-agent-musl /out/ /opt/berth/
ENV PATH=/opt/berth:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DOTNET_EnableDiagnostics=0
USER 65532:65532
ENTRYPOINT ["Berth.Agent"]
CMD ["agent"]

FROM ${DOTNET_IMAGES}/aspnet:${DOTNET_VERSION}-noble-chiseled AS cli
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="berth" \
      org.opencontainers.image.description="Command line of Berth" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build-cli /out/ /opt/berth/
ENV PATH=/opt/berth:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
USER 65532:65532
ENTRYPOINT ["berth"]

# Without a base image: the programs, the loader, the libraries they need, certificates, a user. It is assembled on the target's platform.
FROM ${DOTNET_IMAGES}/runtime-deps:${DOTNET_VERSION} AS rootfs
COPY .ci/rootfs /usr/local/bin/rootfs
COPY --from=build-agent /out/ /agent/
COPY --from=build-operator-whole /out/ /operator/
RUN rootfs /rootfs/agent /agent && rootfs /rootfs/operator /operator

FROM scratch AS agent-scratch
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="berth-agent" \
      org.opencontainers.image.description="Agent and runner of Berth's agent pods, with nothing besides" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=rootfs /rootfs/agent/ /
ENV PATH=/opt/berth DOTNET_EnableDiagnostics=0
USER 65532:65532
ENTRYPOINT ["/opt/berth/Berth.Agent"]
CMD ["agent"]

FROM scratch AS operator-scratch
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="berth-operator" \
      org.opencontainers.image.description="Operator of Berth, with nothing besides" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=rootfs /rootfs/operator/ /
WORKDIR /opt/berth
ENV ASPNETCORE_HTTP_PORTS="" DOTNET_EnableDiagnostics=0
USER 65532:65532
EXPOSE 8080 8443
ENTRYPOINT ["/opt/berth/Berth.Operator"]

# Last, so that a build without a target makes the operator. Its addresses come from its options, not from the base image's variable.
FROM ${DOTNET_IMAGES}/aspnet:${DOTNET_VERSION}-noble-chiseled AS operator
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="berth-operator" \
      org.opencontainers.image.description="Operator of Berth: plan, approval, apply on warm slots" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
WORKDIR /opt/berth
COPY --from=build-operator /out/ ./
ENV ASPNETCORE_HTTP_PORTS="" DOTNET_EnableDiagnostics=0
USER 65532:65532
EXPOSE 8080 8443
ENTRYPOINT ["/opt/berth/Berth.Operator"]
