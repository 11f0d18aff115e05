# One static program and nothing else; the target says which.
FROM scratch AS pause
COPY pause /usr/bin/
ENV PATH=/usr/bin
USER 65535:65535
ENTRYPOINT ["pause"]

FROM scratch AS coredns
COPY coredns /usr/bin/
ENV PATH=/usr/bin
ENTRYPOINT ["coredns"]

FROM scratch AS minio
COPY minio /usr/bin/
ENV PATH=/usr/bin HOME=/tmp
USER 65532:65532
EXPOSE 9000
ENTRYPOINT ["minio"]
CMD ["server", "/data"]

FROM scratch AS oauth2-proxy
COPY oauth2-proxy /bin/
USER 65532:65532
EXPOSE 4180
ENTRYPOINT ["/bin/oauth2-proxy"]
