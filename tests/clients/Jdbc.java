import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;

/**
 * Reads and writes with clickhouse-jdbc, and reads the metadata as DBeaver, DataGrip and Metabase do.
 *
 * Arguments: URL, user, password, and the caller: "lake" for a reader of the lake, "reader" or "writer" for a user of a ClickHouse.
 * The database has a table otel_logs, and for users of a ClickHouse a table ledger, which readers do not see.
 */
class Jdbc {
    public static void main(String[] arguments) throws Exception {
        String url = arguments[0].replaceFirst("^http", "jdbc:clickhouse:http");
        String user = arguments[1], password = arguments[2];
        boolean writes = arguments[3].equals("writer");
        try (Connection connection = connect(url, user, password)) {
            answers(connection);
            metadata(connection, writes);
            if (writes) {
                writes(connection);
            }
        }
        // Metabase's own settings, DBeaver's session, and the time zone of a report.
        for (String more : List.of(
                "use_server_time_zone_for_dates=true&clickhouse_setting_select_sequential_consistency=1&jdbc_schema_term=schema",
                "clickhouse_setting_session_id=sess_1&use_server_time_zone=false&use_time_zone=Europe/Berlin",
                "clickhouse_setting_session_timezone=Europe/Berlin")) {
            try (Connection connection = connect(url + "?" + more, user, password)) {
                equal("1", text(connection, "SELECT 1"));
                equal("2026-11-01 12:00:00", text(connection, "SELECT toString(toDateTime64('2026-11-01 12:00:00', 0, 'UTC'))"));
            }
        }
        System.out.println("all good");
    }

    static Connection connect(String url, String user, String password) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        properties.setProperty("database", "otel");
        return DriverManager.getConnection(url, properties);
    }

    static void answers(Connection connection) throws SQLException {
        equal("true", String.valueOf(connection.isValid(10)));
        equal("26", text(connection, "SELECT splitByChar('.', version())[1]"));
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "SELECT number, repeat('x', number % 5), map('k', number), [number], NULL::Nullable(String), "
                                + "toDateTime64('2026-11-01 00:00:01.5', 6, 'UTC') FROM numbers(50000)")) {
            long sum = 0;
            while (rows.next()) {
                sum += rows.getLong(1);
                equal(rows.getLong(1) % 5, (long) rows.getString(2).length());
                rows.getObject(3);
                rows.getArray(4);
                equal(null, rows.getString(5));
            }
            equal(50000L * 49999 / 2, sum);
        }
        try (PreparedStatement statement = connection.prepareStatement("SELECT ?, ?")) {
            statement.setString(1, "tab\t'quote\\");
            statement.setTimestamp(2, Timestamp.valueOf("2026-11-01 00:00:00"));
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                equal("tab\t'quote\\", rows.getString(1));
            }
        }
        refused(connection, "SELECT * FROM otel.nope", "UNKNOWN_TABLE");
        refused(connection, "SELECT * FROM system.processes, otel.nope", "Code: ");
    }

    static void metadata(Connection connection, boolean writes) throws SQLException {
        String table = "otel_logs";
        DatabaseMetaData data = connection.getMetaData();
        equal(true, names(data.getSchemas(), "TABLE_SCHEM").contains("otel"));
        TreeSet<String> tables = names(data.getTables(null, "otel", "%", null), "TABLE_NAME");
        equal(true, tables.contains(table));
        equal(writes, tables.contains("ledger"));
        equal(true, names(data.getColumns(null, "otel", table, "%"), "COLUMN_NAME").contains("Timestamp"));
        equal(true, names(data.getTypeInfo(), "TYPE_NAME").contains("DateTime64"));
        equal(true, names(data.getTableTypes(), "TABLE_TYPE").size() > 1);
        equal(true, names(data.getFunctions(null, null, "toStartOf%"), "FUNCTION_NAME").contains("toStartOfHour"));
        names(data.getPrimaryKeys(null, "otel", table), "COLUMN_NAME");
        names(data.getIndexInfo(null, "otel", table, false, true), "INDEX_NAME");
        names(data.getImportedKeys(null, "otel", table), "FK_NAME");
        names(data.getCatalogs(), "TABLE_CAT");
        // DBeaver reads these itself.
        for (String statement : List.of(
                "SELECT name as TABLE_NAME, engine as TABLE_TYPE, database as TABLE_SCHEM,comment as REMARKS, * FROM system.tables\n"
                        + "WHERE database = 'otel'",
                "SELECT name FROM system.table_engines",
                "SHOW DATABASES",
                "SELECT VERSION()",
                "SELECT timezone() AS tz",
                "SHOW TABLES FROM \"otel\"",
                "DESC TABLE \"otel\".\"" + table + "\"")) {
            text(connection, statement);
        }
        if (!writes) {
            equal("otel", text(connection, "SELECT arrayStringConcat(arraySort(groupUniqArray(database))) FROM system.columns"));
            equal("otel", text(connection, "SELECT arrayStringConcat(groupArray(name)) FROM system.databases"));
        }
    }

    static void writes(Connection connection) throws SQLException {
        String table = "otel.lakefront_test_java";
        try (Statement statement = connection.createStatement()) {
            statement.execute("DROP TABLE IF EXISTS " + table);
            statement.execute("CREATE TABLE " + table + " (id UInt32, name String) ENGINE = MergeTree ORDER BY id");
            statement.executeUpdate("INSERT INTO " + table + " VALUES (0, 'values;')");
            try (PreparedStatement insert = connection.prepareStatement("INSERT INTO " + table + " (id, name) VALUES (?, ?)")) {
                for (int id = 1; id <= 1000; id++) {
                    insert.setInt(1, id);
                    insert.setString(2, "name '" + id);
                    insert.addBatch();
                }
                insert.executeBatch();
            }
            equal("1001", text(connection, "SELECT count() FROM " + table));
            equal("name '1000", text(connection, "SELECT name FROM " + table + " WHERE id = 1000"));
            statement.execute("DROP TABLE " + table);
        }
    }

    static void refused(Connection connection, String sql, String reason) throws SQLException {
        try {
            text(connection, sql);
        } catch (SQLException error) {
            equal(true, String.valueOf(error.getMessage()).contains(reason));
            return;
        }
        throw new AssertionError(sql + " was not refused");
    }

    static String text(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getString(1) : null;
        }
    }

    static TreeSet<String> names(ResultSet rows, String column) throws SQLException {
        List<String> found = new ArrayList<>();
        try (rows) {
            while (rows.next()) {
                found.add(String.valueOf(rows.getString(column)));
            }
        }
        return new TreeSet<>(found);
    }

    static void equal(Object expected, Object got) {
        if (expected == null ? got != null : !expected.equals(got)) {
            throw new AssertionError("expected " + expected + ", got " + got);
        }
    }
}
