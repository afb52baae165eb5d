//! Port numbers of the stack's services.

/// The ports of a stack, all on 127.0.0.1.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The dashboard and the API.
    pub router: u16,
    /// OTLP over HTTP.
    pub ingest: u16,
    /// OTLP over gRPC.
    pub grpc: u16,
    /// The stateless engine over the lake.
    pub chdb: u16,
    /// ClickHouse of the first region and of the second one.
    pub clickhouse: [u16; 2],
    /// Health and metrics of sync.
    pub sync: u16,
    /// MinIO's S3 interface.
    pub store: u16,
    /// MinIO's console.
    pub console: u16,
    /// The Iceberg REST catalog.
    pub catalog: u16,
}

impl Ports {
    /// The default ports, which the documentation names.
    pub const DEFAULT: Self = Self {
        router: 8787,
        ingest: 4318,
        grpc: 4317,
        chdb: 8686,
        clickhouse: [8123, 8124],
        sync: 8687,
        store: 9000,
        console: 9001,
        catalog: 19120,
    };

    /// Returns consecutive ports from `base` on.
    pub const fn from_base(base: u16) -> Self {
        Self {
            router: base,
            ingest: base + 1,
            chdb: base + 2,
            clickhouse: [base + 3, base + 4],
            sync: base + 5,
            store: base + 6,
            console: base + 7,
            catalog: base + 8,
            grpc: base + 9,
        }
    }
}
