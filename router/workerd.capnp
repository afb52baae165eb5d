# The Worker on workerd itself: the local stack, the tests, and any host outside Cloudflare.
#
#   CHDB_URL=http://127.0.0.1:8686 INGEST_URL=http://127.0.0.1:4318 workerd serve --experimental workerd.capnp
#
# `cargo xtask bundle` copies it beside `site/`, `worker/` and `assets.json`; workerd is started in that folder.

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "router", worker = .router),
    # Answers from site/ first and hands everything else to the Worker, as Cloudflare's static assets do.
    (name = "assets", assets = (path = "site", config = embed "assets.json", userWorker = "router")),
    # The engines and ingest are on private addresses.
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:8787", http = (), service = "assets"),
  ],
);

const router :Workerd.Worker = (
  modules = [
    (name = "index.js", esModule = embed "worker/index.js"),
    (name = "./index_bg.wasm", wasm = embed "worker/index_bg.wasm"),
  ],
  compatibilityDate = "2026-05-01",
  # Where readers of live rows and the Worker that takes rows meet, with LANDING. It stores nothing.
  # The other adds up what keys with a budget have sent.
  durableObjectNamespaces = [
    (className = "Tail", uniqueKey = "lakefront-tail"),
    (className = "Budgets", uniqueKey = "lakefront-budgets"),
  ],
  durableObjectStorage = (inMemory = void),
  # Each is documented in wrangler.toml. One that is not set is null.
  bindings = [
    (name = "TAIL", durableObjectNamespace = "Tail"),
    (name = "KEY_BUDGETS", durableObjectNamespace = "Budgets"),
    (name = "CHDB_URL", fromEnvironment = "CHDB_URL"),
    (name = "INGEST_URL", fromEnvironment = "INGEST_URL"),
    (name = "INGEST_TIMEOUT", fromEnvironment = "INGEST_TIMEOUT"),
    (name = "INGEST_KEY", fromEnvironment = "INGEST_KEY"),
    (name = "LANDING", fromEnvironment = "LANDING"),
    (name = "LANDING_STREAMS", fromEnvironment = "LANDING_STREAMS"),
    (name = "LANDING_TOKEN", fromEnvironment = "LANDING_TOKEN"),
    (name = "INGEST_KEYS", fromEnvironment = "INGEST_KEYS"),
    (name = "INGEST_KEY_ORIGINS", fromEnvironment = "INGEST_KEY_ORIGINS"),
    (name = "INGEST_KEY_BUDGETS", fromEnvironment = "INGEST_KEY_BUDGETS"),
    (name = "USAGE_SECONDS", fromEnvironment = "USAGE_SECONDS"),
    (name = "VISITOR_SECRET", fromEnvironment = "VISITOR_SECRET"),
    (name = "SELF_OBSERVATION", fromEnvironment = "SELF_OBSERVATION"),
    (name = "FUNNELS", fromEnvironment = "FUNNELS"),
    (name = "ENGINE_SECRET", fromEnvironment = "ENGINE_SECRET"),
    (name = "VIEWER_TOKEN", fromEnvironment = "VIEWER_TOKEN"),
    (name = "ALLOWED_HOSTS", fromEnvironment = "ALLOWED_HOSTS"),
    (name = "CLICKHOUSE", fromEnvironment = "CLICKHOUSE"),
    (name = "CLICKHOUSE_USER", fromEnvironment = "CLICKHOUSE_USER"),
    (name = "CLICKHOUSE_PASSWORD", fromEnvironment = "CLICKHOUSE_PASSWORD"),
    # Only here: on Cloudflare the platform itself knows where a request comes from.
    (name = "LOCATION_HEADER", fromEnvironment = "LOCATION_HEADER"),
  ],
);
