// Reads and writes with clickhouse-go over HTTP, by its own interface and by database/sql.
//
// Arguments: host:port, user, password, and the caller: "lake" for a reader of the lake, "reader" or "writer" for a user of
// a ClickHouse.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

const table = "otel.lakefront_test_go"

var background = context.Background()

func main() {
	address, user, password := os.Args[1], os.Args[2], os.Args[3]
	for _, method := range []clickhouse.CompressionMethod{
		clickhouse.CompressionNone, clickhouse.CompressionLZ4, clickhouse.CompressionZSTD, clickhouse.CompressionGZIP,
	} {
		options := func() *clickhouse.Options {
			return &clickhouse.Options{
				Protocol:    clickhouse.HTTP,
				Addr:        []string{address},
				Auth:        clickhouse.Auth{Database: "otel", Username: user, Password: password},
				Compression: &clickhouse.Compression{Method: method, Level: 3},
				Settings:    clickhouse.Settings{"max_execution_time": 20, "enable_http_compression": 1},
			}
		}
		connection, err := clickhouse.Open(options())
		check(err)
		pool := clickhouse.OpenDB(options())
		types(connection)
		answers(connection)
		standard(pool)
		switch os.Args[4] {
		case "lake":
			lake(connection, pool)
		case "writer":
			tables(connection, pool)
		}
		check(connection.Close())
		check(pool.Close())
	}
	fmt.Println("all good")
}

// One column of each type.
func types(connection driver.Conn) {
	const statement = `SELECT
		1::UInt8, -2::Int64, 1.5::Float32, true, 'text', 'ab'::FixedString(2), toLowCardinality('low'),
		NULL::Nullable(UInt8), 7::Nullable(UInt8), [1, 2]::Array(UInt16), map('k', 'v'),
		map(toLowCardinality('k'), 'v'), [toLowCardinality(NULL::Nullable(String)), 'x'], []::Array(LowCardinality(String)),
		(1::UInt8, 'a')::Tuple(n UInt8, s String),
		'2026-11-01'::Date, '2026-11-01 00:00:01'::DateTime('UTC'), '2026-11-01 00:00:01.5'::DateTime64(6, 'UTC'),
		'61f0c404-5cb3-11e7-907b-a6006ad3dba0'::UUID, '::1'::IPv6, 1.25::Decimal(18, 2), 'b'::Enum8('a, (' = 1, 'b' = 2),
		[[(1.5, 2.5)]]::Polygon, 3::SimpleAggregateFunction(max, UInt64) AS last`
	rows, err := connection.Query(background, statement)
	check(err)
	count := 0
	for rows.Next() {
		count++
		values := make([]any, 0, len(rows.ColumnTypes()))
		for _, column := range rows.ColumnTypes() {
			values = append(values, reflect.New(column.ScanType()).Interface())
		}
		check(rows.Scan(values...))
		got := make([]string, 0, len(values))
		for _, value := range values {
			got = append(got, fmt.Sprint(reflect.ValueOf(value).Elem().Interface()))
		}
		joined := strings.Join(got[:4], " ") + " " + strings.Join(got[4:7], " ")
		equal("1 -2 1.5 true text ab low", joined)
		equal("[1 2] map[k:v] map[k:v]", strings.Join(got[9:12], " "))
		equal("2026-11-01 00:00:01.5 +0000 UTC", got[17])
		equal("61f0c404-5cb3-11e7-907b-a6006ad3dba0", got[18])
		equal("3", got[len(got)-1])
	}
	check(rows.Err())
	equal(1, count)

	rows, err = connection.Query(background, "SELECT uniqState(1)")
	if err == nil {
		rows.Next()
		err = rows.Err()
	}
	if err == nil {
		log.Panic("a state of an aggregate function has no form in this protocol")
	}
}

// Many blocks, no rows, parameters, and errors.
func answers(connection driver.Conn) {
	check(connection.Ping(background))
	version, err := connection.ServerVersion()
	check(err)
	equal(uint64(26), version.Version.Major)

	rows, err := connection.Query(background, "SELECT number, repeat('x', number % 5), [number] FROM numbers(200000)")
	check(err)
	var sum uint64
	for rows.Next() {
		var number uint64
		var text string
		var list []uint64
		check(rows.Scan(&number, &text, &list))
		equal(int(number%5), len(text))
		sum += list[0]
	}
	check(rows.Err())
	equal(uint64(200000*199999/2), sum)

	rows, err = connection.Query(background, "SELECT 1 WHERE 0")
	check(err)
	equal(false, rows.Next())
	check(rows.Err())

	var text string
	var list []uint8
	named := []any{clickhouse.Named("text", "tab\t'quote\\"), clickhouse.Named("list", []uint8{1, 2})}
	check(connection.QueryRow(background, "SELECT @text, @list", named...).Scan(&text, &list))
	equal("tab\t'quote\\", text)
	bound := clickhouse.Context(background, clickhouse.WithParameters(clickhouse.Parameters{"text": "a'b"}))
	check(connection.QueryRow(bound, "SELECT {text:String}").Scan(&text))
	equal("a'b", text)

	for statement, code := range map[string]int32{
		"SELECT * FROM otel.nope": 60,
		"SELEC 1":                 62,
		"SELECT throwIf(number = 150000) FROM numbers(2e5)": 395,
		"SELECT * FROM system.processes, otel.nope":         0,
	} {
		rows, err := connection.Query(background, statement)
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
		}
		var exception *clickhouse.Exception
		if !errors.As(err, &exception) || (code != 0 && exception.Code != code) {
			log.Panicf("%s: expected %d, got %v", statement, code, err)
		}
	}
}

// The same by database/sql, as Grafana's data source connects.
func standard(pool *sql.DB) {
	check(pool.Ping())
	rows, err := pool.Query("SELECT number FROM numbers(10) WHERE number > ? ORDER BY number", 7)
	check(err)
	found := []int{}
	for rows.Next() {
		var number int
		check(rows.Scan(&number))
		found = append(found, number)
	}
	check(rows.Err())
	equal([]int{8, 9}, found)
	kinds, err := pool.Query("SELECT now64(6, 'UTC') AS time, map('a', 'b') AS tags, NULL::Nullable(String) AS nothing")
	check(err)
	columns, err := kinds.ColumnTypes()
	check(err)
	equal("time DateTime64(6, 'UTC')", columns[0].Name()+" "+columns[0].DatabaseTypeName())
	check(kinds.Close())
}

// The lake: 1000 records from 2026-11-01, one a second.
func lake(connection driver.Conn, pool *sql.DB) {
	var records uint64
	check(connection.QueryRow(background, "SELECT count() FROM otel_logs").Scan(&records))
	equal(uint64(1000), records)
	rows, err := pool.Query("SELECT * FROM otel.otel_logs ORDER BY RowId LIMIT 5")
	check(err)
	names, err := rows.Columns()
	check(err)
	values := make([]any, len(names))
	for index := range values {
		values[index] = new(any)
	}
	count := 0
	for rows.Next() {
		check(rows.Scan(values...))
		count++
	}
	check(rows.Err())
	equal(5, count)
	var at time.Time
	check(pool.QueryRow("SELECT max(Timestamp) FROM otel_logs WHERE Timestamp < ?", time.Date(2026, 11, 1, 0, 0, 10, 0, time.UTC)).Scan(&at))
	equal("2026-11-01 00:00:09 +0000 UTC", at.String())
	// The statement of Grafana's trace view, and those of its query builder.
	const trace = `WITH '5b8efff798038103d269b633813fc60c' as trace_id,
		(SELECT min(Start) FROM "otel"."otel_traces_trace_id_ts" WHERE TraceId = trace_id) as trace_start,
		(SELECT max(End) + 1 FROM "otel"."otel_traces_trace_id_ts" WHERE TraceId = trace_id) as trace_end
		SELECT "TraceId" as traceID, "SpanId" as spanID, "SpanName" as operationName, "ServiceName" as serviceName,
		multiply(toUnixTimestamp64Nano("Timestamp"), 0.000001) as startTime, multiply("Duration", 0.000001) as duration,
		arrayMap(key -> map('key', key, 'value',"SpanAttributes"[key]), mapKeys("SpanAttributes")) as tags
		FROM "otel"."otel_traces" WHERE traceID = trace_id AND "Timestamp" >= trace_start AND "Timestamp" <= trace_end LIMIT 1000`
	spans := 0
	rows, err = pool.Query(trace)
	check(err)
	for rows.Next() {
		spans++
	}
	check(rows.Err())
	equal(3, spans)
	for _, statement := range []string{
		"SHOW DATABASES", "SHOW TABLES", `SHOW TABLES FROM "otel"`, `DESC TABLE "otel"."otel_logs"`,
		"SELECT database, name FROM system.tables ORDER BY database, name",
		"SELECT name, type, table FROM system.columns",
		"SELECT database, table, name, type, comment FROM system.columns WHERE (database, table) IN (('otel', 'otel_logs'))",
		"SELECT name, is_aggregate, alias_to, origin, description FROM system.functions LIMIT 10000",
		`SELECT DISTINCT arrayJoin(LogAttributes.keys) as keys FROM "otel"."otel_logs" LIMIT 1000`,
		`SELECT toStartOfInterval("Timestamp", INTERVAL 1 hour) as "time", count(*) FROM "otel"."otel_logs"
			WHERE ( time >= toDateTime(1793491200) AND time <= toDateTime(1793494800) ) GROUP BY time LIMIT 1000`,
	} {
		rows, err := pool.Query(statement)
		check(err)
		if strings.Contains(statement, "SHOW") {
			equal(true, rows.Next())
		}
		for rows.Next() {
		}
		check(rows.Err())
	}
	if err := connection.Exec(background, "CREATE TABLE otel.x (a UInt8) ENGINE = Memory"); err == nil {
		log.Panic("the lake is for readers")
	}
}

// A table of its own: batches, inserts of both interfaces, and a mutation.
func tables(connection driver.Conn, pool *sql.DB) {
	check(connection.Exec(background, "DROP TABLE IF EXISTS "+table))
	check(connection.Exec(background, "CREATE TABLE "+table+` (id UInt32, at DateTime64(6, 'UTC'), name LowCardinality(String),
		tags Map(String, String), value Nullable(Float64)) ENGINE = MergeTree ORDER BY id`))
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	batch, err := connection.PrepareBatch(background, "INSERT INTO "+table)
	check(err)
	for id := range 50_000 {
		check(batch.Append(uint32(id), start.Add(time.Duration(id)*time.Second), "name", map[string]string{"k": fmt.Sprint(id)}, nil))
	}
	check(batch.Send())
	var name string
	var tags map[string]string
	check(connection.QueryRow(background, "SELECT name, tags FROM "+table+" WHERE id = $1", 49_999).Scan(&name, &tags))
	equal("49999", tags["k"])

	transaction, err := pool.Begin()
	check(err)
	prepared, err := transaction.Prepare("INSERT INTO " + table + " (id, name)")
	check(err)
	for id := range 10 {
		_, err = prepared.Exec(uint32(100_000+id), "standard")
		check(err)
	}
	check(transaction.Commit())
	_, err = pool.Exec("INSERT INTO " + table + " (id, name) VALUES (200000, 'values;')")
	check(err)
	check(connection.AsyncInsert(background, "INSERT INTO "+table+" (id, name) VALUES (200001, 'async')", true))
	var rows uint64
	check(connection.QueryRow(background, "SELECT count() FROM "+table).Scan(&rows))
	equal(uint64(50_012), rows)
	check(connection.Exec(background, "DROP TABLE "+table))
}

func equal(expected, got any) {
	if !reflect.DeepEqual(expected, got) {
		log.Panicf("expected %v, got %v", expected, got)
	}
}

func check(err error) {
	if err != nil {
		log.Panic(err)
	}
}
