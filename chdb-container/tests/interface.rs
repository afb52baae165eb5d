//! Tests of the HTTP interface: the ClickHouse interface and `POST /query`.

mod common;

use common::{Container, NOVEMBER, commit_logs, header, lake};
use lakefront_clickhouse_http::{Answer, Endpoint, Param, Statement};
use serde_json::json;
use tempfile::TempDir;

async fn start(args: &[&str]) -> (TempDir, Container) {
    let folder = TempDir::new().expect("a folder");
    let lake = lake(folder.path()).await;
    commit_logs(&lake, NOVEMBER, 0, 3).await;
    let container = Container::start(folder.path(), args);
    (folder, container)
}

#[tokio::test]
async fn what_clickhouse_answers_to_those_who_look() {
    let (_folder, container) = start(&[]).await;
    for path in ["/", "/ping", "/replicas_status"] {
        let response = container.get(path).send().await.expect("an answer");
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.text().await.expect("text"), "Ok.\n", "{path}");
    }
    assert_eq!(
        container.get("/nope").send().await.expect("an answer").status(),
        404
    );
}

#[tokio::test]
async fn headers_of_an_answer() {
    let (_folder, container) = start(&[]).await;
    let pairs = [("query_id", "mine"), ("default_format", "JSONEachRow")];
    let response = container
        .statement("SELECT count() AS n FROM otel.otel_logs", &pairs)
        .send()
        .await
        .expect("an answer");
    for (name, value) in [
        ("x-clickhouse-server-display-name", "lakefront-chdb"),
        ("x-clickhouse-query-id", "mine"),
        ("x-clickhouse-format", "JSONEachRow"),
        ("x-clickhouse-timezone", "UTC"),
        ("content-type", "application/x-ndjson; charset=UTF-8"),
    ] {
        assert_eq!(header(&response, name).as_deref(), Some(value));
    }
    let summary = header(&response, "x-clickhouse-summary").expect("a summary");
    let summary: serde_json::Value = serde_json::from_str(&summary).expect("JSON");
    assert_eq!(
        (&summary["read_rows"], &summary["result_rows"]),
        (&json!("3"), &json!("1"))
    );
    assert_eq!(response.text().await.expect("text"), "{\"n\":3}\n");

    let response = container
        .statement("SELECT 1 AS n FORMAT CSVWithNames", &pairs)
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        header(&response, "x-clickhouse-format").as_deref(),
        Some("CSVWithNames"),
        "the clause wins"
    );
    assert_eq!(response.text().await.expect("text"), "\"n\"\n1\n");
}

#[tokio::test]
async fn compression_for_those_who_ask() {
    let (_folder, container) = start(&[]).await;
    let sql = "SELECT repeat('x', 100000)";
    let on = [("enable_http_compression", "1")];
    for (pairs, accept, encoding) in [
        (&on[..], "gzip", Some("gzip")),
        (&on[..], "zstd", Some("zstd")),
        (&on[..], "br", None),
        (&[][..], "gzip", None),
    ] {
        let request = container.statement(sql, pairs).header("accept-encoding", accept);
        let response = request.send().await.expect("an answer");
        assert_eq!(
            header(&response, "content-encoding").as_deref(),
            encoding,
            "{accept} {pairs:?}"
        );
        let length = response.bytes().await.expect("bytes").len();
        assert_eq!(length < 10_000, encoding.is_some(), "{accept}: {length}");
    }
}

#[tokio::test]
async fn what_is_refused() {
    let (_folder, container) = start(&[]).await;
    for (pairs, code) in [
        (("database", "nope"), 81),
        (("default_format", "Nope"), 73),
        (("allow_ddl", "1"), 115),
        (("output_format_schema", "x"), 115),
        (("output_format_new_one", "x"), 115),
        (("max_threads", "many"), 36),
        (("output_format_json_quote_denormals", "perhaps"), 36),
        (("session_timezone", "Asia/Nowhere"), 36),
    ] {
        let (_, got, text) = container.refusal("SELECT 1", &[pairs]).await;
        assert_eq!(got, code, "{pairs:?}: {text}");
    }
    let long = format!("SELECT '{}'", "x".repeat(300_000));
    let (_, code, text) = container.refusal(&long, &[]).await;
    assert_eq!(code, 62, "{text}");
    assert_eq!(container.text("SELECT 1").await, "1");
}

#[tokio::test]
async fn our_client_reads_what_it_asked_for() {
    let (_folder, container) = start(&[]).await;
    let endpoint = Endpoint::new(
        format!("http://127.0.0.1:{}/", container.port())
            .parse()
            .expect("a URL"),
    );
    let statement = Statement::new(
        "SELECT Timestamp, toDate(Timestamp), toStartOfHour(Timestamp, 'Asia/Kathmandu'), toUInt64(18446744073709551614), \
         nan, 1 / 0, toDecimal64(1.5, 2), [Timestamp], {text:String}, {list:Array(String)}, NULL, ServiceName = '' \
         FROM otel.otel_logs WHERE Timestamp >= {from:DateTime64(6)} ORDER BY Timestamp",
    )
    .param("text", "tab\tquote'back\\slash\nnewline")
    .param("list", Param::from_json(&json!(["it's", "\\"])).expect("a parameter"))
    .param("from", "2026-11-01 00:00:01")
    .max_rows(1);
    let (parts, body) = endpoint.request(&statement).expect("a request").into_parts();
    let request = reqwest::Client::new()
        .request(parts.method, parts.uri.to_string())
        .headers(parts.headers)
        .body(body);
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let answer = Answer::read(
        &statement,
        status,
        &headers,
        &response.bytes().await.expect("bytes"),
    )
    .expect("an answer");
    assert!(answer.truncated, "two rows, one welcome");
    assert_eq!(
        json!(answer.rows),
        json!([[
            "2026-11-01T00:00:01.000000Z",
            "2026-11-01",
            "2026-10-31T23:15:00Z",
            18_446_744_073_709_551_614_u64,
            null,
            null,
            "1.5",
            ["2026-11-01T00:00:01.000000Z"],
            "tab\tquote'back\\slash\nnewline",
            ["it's", "\\"],
            null,
            1
        ]])
    );
    assert_eq!(answer.columns[0].data_type, "DateTime64(6, 'UTC')");
    assert_eq!(
        answer.stats.rows_read, 2,
        "the Parquet reader leaves out what the condition does"
    );
}

#[tokio::test]
async fn rows_read_are_those_that_pass_the_condition() {
    let (_folder, container) = start(&[]).await;
    for second in 0..3 {
        let sql = format!("SELECT Body FROM otel.otel_logs WHERE Timestamp >= '2026-11-01 00:00:0{second}'");
        let reply = container.rows(&sql).await;
        assert_eq!(reply["stats"]["rowsRead"], 3 - second, "{reply}");
    }
}

#[tokio::test]
async fn query_as_json() {
    let (_folder, container) = start(&[]).await;
    let body = json!({
        "sql": "SELECT {n:UInt8} AS n, {list:Array(String)} AS list, {map:Map(String, UInt8)} AS map, {none:Nullable(String)} AS none, now() > Timestamp AS past \
                FROM otel.otel_logs LIMIT 1",
        "params": {"n": 7, "list": ["a'b", "c\\"], "map": {"k": 1}, "none": null}
    });
    let reply: serde_json::Value = container
        .query(&body)
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(reply["rows"], json!([[7, ["a'b", "c\\"], {"k": 1}, null, 1]]));
    assert_eq!(reply["columns"][0], json!({"name": "n", "type": "UInt8"}));
    assert_eq!(reply["truncated"], false);
    assert_eq!(reply["stats"]["rowsRead"], 3);
    assert!(reply["elapsedMs"].as_f64().expect("a number") > 0.0);

    // These numbers arrive without rounding, because they are sent as text.
    let sql = "SELECT toUInt128('340282366920938463463374607431768211455'), [toInt256('-1000000000000000000000000000001')], \
               toDecimal128('12345678901234567890.123456789', 9), toUInt64('18446744073709551615')";
    let reply = container.rows(sql).await;
    assert_eq!(
        reply["rows"],
        json!([[
            "340282366920938463463374607431768211455",
            ["-1000000000000000000000000000001"],
            "12345678901234567890.123456789",
            "18446744073709551615"
        ]])
    );

    let body = json!({"sql": "SELECT 1 AS a, 'b' AS b", "format": "CSVWithNames"});
    let response = container.query(&body).send().await.expect("an answer");
    assert_eq!(response.text().await.expect("text"), "\"a\",\"b\"\n1,\"b\"\n");

    for (body, status, code) in [
        (json!({"sql": "SELECT * FROM system.processes"}), 403, 497),
        (json!({"sql": "SELECT 1", "format": "Nope"}), 400, 73),
        (json!({"sql": "SELECT 1", "limit": 1}), 422, 36),
        (json!({"params": {}}), 422, 36),
        (json!("SELECT 1"), 422, 36),
    ] {
        let response = container.query(&body).send().await.expect("an answer");
        assert_eq!(response.status(), status, "{body}");
        let reply: serde_json::Value = response.json().await.expect("JSON");
        assert_eq!(reply["code"], code, "{body}: {reply}");
        assert!(!reply["message"].as_str().expect("a message").is_empty());
    }
}

#[tokio::test]
async fn a_secret_is_asked_of_all_but_ping() {
    let (_folder, container) = start(&["--engine-secret", "s3cret"]).await;
    let (status, code, text) = container.refusal("SELECT 1", &[]).await;
    assert_eq!((status, code), (401, 516));
    assert!(!text.contains("s3cret"));
    for path in ["/health", "/metrics"] {
        assert_eq!(
            container.get(path).send().await.expect("an answer").status(),
            401,
            "{path}"
        );
    }
    assert_eq!(
        container
            .query(&json!({"sql": "SELECT 1"}))
            .send()
            .await
            .expect("an answer")
            .status(),
        401
    );
    assert_eq!(
        container.get("/ping").send().await.expect("an answer").status(),
        200
    );

    let request = || container.statement("SELECT 1", &[]);
    for request in [
        request().header("x-lakefront-engine-secret", "s3cret"),
        request()
            .header("x-clickhouse-user", "default")
            .header("x-clickhouse-key", "s3cret"),
        request().basic_auth("default", Some("s3cret")),
        request().bearer_auth("s3cret"),
        container
            .get("/health")
            .header("x-lakefront-engine-secret", "s3cret"),
    ] {
        assert_eq!(request.send().await.expect("an answer").status(), 200);
    }
}

/// Headers of requests that a page of another origin can make a browser send: across origins, and by DNS rebinding.
const PAGES: [(&str, &str); 6] = [
    ("host", "evil.example"),
    ("host", "evil.example:8686"),
    ("host", "0.0.0.0"),
    ("origin", "http://evil.example"),
    ("origin", "null"),
    ("sec-fetch-site", "cross-site"),
];

/// Returns a request for every path that reveals anything of a container.
fn requests(container: &Container, user: &str) -> [reqwest::RequestBuilder; 5] {
    let credentials = |request: reqwest::RequestBuilder| match user {
        "" => request,
        user => request.header("x-clickhouse-user", user),
    };
    [
        container.get("/?query=SELECT+1"),
        container.statement("SELECT 1", &[]),
        container.query(&json!({"sql": "SELECT 1"})),
        container.get("/health"),
        container.get("/metrics"),
    ]
    .map(credentials)
}

async fn status(request: reqwest::RequestBuilder, (name, value): (&str, &str)) -> (u16, String) {
    let response = request.header(name, value).send().await.expect("an answer");
    (response.status().as_u16(), response.text().await.expect("text"))
}

#[tokio::test]
async fn pages_of_other_origins_reach_no_engine() {
    let (_folder, lake) = start(&["--allowed-hosts", "chdb.internal,10.0.0.5"]).await;
    let kept = TempDir::new().expect("a folder");
    let keeping = Container::keeping(kept.path());
    for (container, user) in [(&lake, ""), (&keeping, "router"), (&keeping, "sync")] {
        for page in PAGES {
            for request in requests(container, user) {
                let what = format!("{request:?} {page:?}");
                let (status, text) = status(request, page).await;
                assert_eq!(status, 403, "{what}: {text}");
            }
        }
        for host in ["localhost", "LOCALHOST:1", "127.0.0.1:1", "[::1]:1"] {
            for request in requests(container, user) {
                let (status, text) = status(request, ("host", host)).await;
                assert_eq!(status, 200, "{host}: {text}");
            }
        }
    }
    for host in ["chdb.internal:8686", "10.0.0.5"] {
        for request in requests(&lake, "") {
            assert_eq!(status(request, ("host", host)).await.0, 200, "{host}");
        }
    }
    let (status, text) = status(lake.get("/?query=SELECT+1"), ("host", "evil.example")).await;
    assert_eq!(status, 403);
    assert!(text.contains("LAKEFRONT_ALLOWED_HOSTS"), "{text}");
}

#[tokio::test]
async fn users_without_a_password_are_nobody_in_a_browser() {
    let kept = TempDir::new().expect("a folder");
    let container = Container::keeping(kept.path());
    for user in ["router", "sync"] {
        for header in [
            ("origin", "http://127.0.0.1"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
        ] {
            let request = container.statement("SELECT 1", &[("user", user)]);
            let (status, text) = status(request, header).await;
            assert_eq!(status, 403, "{user} {header:?}: {text}");
        }
    }
}

#[tokio::test]
async fn who_proves_a_secret_may_use_any_name() {
    let (_folder, lake) = start(&["--engine-secret", "s3cret"]).await;
    let kept = TempDir::new().expect("a folder");
    let keeping = Container::keeping_with_password(kept.path(), "sixteen letters!");
    for host in ["evil.example", "chdb.container"] {
        for request in requests(&lake, "") {
            let request = request.header("x-lakefront-engine-secret", "s3cret");
            assert_eq!(status(request, ("host", host)).await.0, 200);
        }
        for request in requests(&lake, "") {
            assert_eq!(status(request, ("host", host)).await.0, 401);
        }
        for request in requests(&keeping, "router") {
            let request = request.header("x-clickhouse-key", "sixteen letters!");
            assert_eq!(status(request, ("host", host)).await.0, 200);
        }
        for request in requests(&keeping, "router") {
            assert_eq!(status(request, ("host", host)).await.0, 403);
        }
    }
}
