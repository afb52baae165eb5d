/*
 * The part of libchdb's C interface that chdb-rust 2.0.0 binds.
 *
 * No package registry carries the library's own header, so the declarations stand here; names, argument order and
 * widths are the library's ABI (libchdb 26.7). Who calls what, and who frees what, is documented in chdb-rust.
 */
#ifndef LAKEFRONT_CHDB_H
#define LAKEFRONT_CHDB_H

#include <stddef.h>
#include <stdint.h>

const char *chdb_version(void);

typedef enum chdb_state { CHDBSuccess = 0, CHDBError = 1 } chdb_state;

/* Handles: each is one pointer whose meaning is the library's own. */
typedef struct chdb_result_ { void *internal_data; } chdb_result;
typedef struct chdb_connection_ { void *internal_data; } *chdb_connection;
typedef struct chdb_insert_stream_ { void *internal_data; } *chdb_insert_stream;
typedef struct chdb_arrow_stream_ { void *internal_data; } *chdb_arrow_stream;
typedef struct chdb_arrow_schema_ { void *internal_data; } *chdb_arrow_schema;
typedef struct chdb_arrow_array_ { void *internal_data; } *chdb_arrow_array;

/* Connections */
chdb_connection *chdb_connect(int argc, char **argv);
void chdb_close_conn(chdb_connection *conn);

/* Queries whose result is one buffer */
chdb_result *chdb_query_n(chdb_connection conn, const char *query, size_t query_len, const char *format, size_t format_len);
chdb_result *chdb_query_with_params_n(chdb_connection conn, const char *query, size_t query_len, const char *format,
                                      size_t format_len, const char *const *param_names, const size_t *param_name_lens,
                                      const char *const *param_values, const size_t *param_value_lens, size_t param_count);

/* Queries whose result arrives in chunks */
chdb_result *chdb_stream_query(chdb_connection conn, const char *query, const char *format);
chdb_result *chdb_stream_query_n(chdb_connection conn, const char *query, size_t query_len, const char *format,
                                 size_t format_len);
chdb_result *chdb_stream_query_with_params_n(chdb_connection conn, const char *query, size_t query_len, const char *format,
                                             size_t format_len, const char *const *param_names,
                                             const size_t *param_name_lens, const char *const *param_values,
                                             const size_t *param_value_lens, size_t param_count);
chdb_result *chdb_stream_fetch_result(chdb_connection conn, chdb_result *stream);
void chdb_stream_cancel_query(chdb_connection conn, chdb_result *stream);

/* Results */
char *chdb_result_buffer(chdb_result *result);
size_t chdb_result_length(chdb_result *result);
double chdb_result_elapsed(chdb_result *result);
uint64_t chdb_result_rows_read(chdb_result *result);
uint64_t chdb_result_bytes_read(chdb_result *result);
uint64_t chdb_result_storage_rows_read(chdb_result *result);
uint64_t chdb_result_storage_bytes_read(chdb_result *result);
uint64_t chdb_result_rows_written(chdb_result *result);
uint64_t chdb_result_bytes_written(chdb_result *result);
const char *chdb_result_error(chdb_result *result);
void chdb_destroy_query_result(chdb_result *result);

/* Inserts in chunks */
chdb_insert_stream chdb_stream_insert_n(chdb_connection conn, const char *query, size_t query_len, const char *format,
                                        size_t format_len);
chdb_insert_stream chdb_stream_insert_with_params_n(chdb_connection conn, const char *query, size_t query_len,
                                                    const char *format, size_t format_len,
                                                    const char *const *param_names, const size_t *param_name_lens,
                                                    const char *const *param_values, const size_t *param_value_lens,
                                                    size_t param_count);
chdb_state chdb_stream_append(chdb_insert_stream stream, const void *data, size_t len);
chdb_result *chdb_stream_done(chdb_insert_stream stream);
void chdb_stream_cancel_insert(chdb_insert_stream stream);
const char *chdb_stream_insert_error(chdb_insert_stream stream);
void chdb_destroy_insert_stream(chdb_insert_stream stream);

/* Arrow (only chdb-rust's feature `arrow`) */
typedef struct chdb_arrow_options {
    int unsupported_as_binary;
    int low_cardinality_as_dictionary;
    int string_as_string;
} chdb_arrow_options;

chdb_result *chdb_query_arrow_n(chdb_connection conn, const char *query, size_t query_len, chdb_arrow_stream out_stream,
                                const chdb_arrow_options *options);
chdb_result *chdb_stream_query_arrow_n(chdb_connection conn, const char *query, size_t query_len,
                                       const chdb_arrow_options *options);
chdb_result *chdb_stream_query_arrow_with_params_n(chdb_connection conn, const char *query, size_t query_len,
                                                   const chdb_arrow_options *options, const char *const *param_names,
                                                   const size_t *param_name_lens, const char *const *param_values,
                                                   const size_t *param_value_lens, size_t param_count);
chdb_state chdb_stream_fetch_arrow(chdb_connection conn, chdb_result *stream, chdb_arrow_stream out_batch);
chdb_state chdb_arrow_scan(chdb_connection conn, const char *table_name, chdb_arrow_stream stream);
chdb_state chdb_arrow_array_scan(chdb_connection conn, const char *table_name, chdb_arrow_schema schema,
                                 chdb_arrow_array array);
chdb_state chdb_arrow_unregister_table(chdb_connection conn, const char *table_name);

/* What a statement would do, told by the engine's own parser. All three calls have to be declared for chdb-rust to
 * offer `classify_query`. */
typedef enum chdb_query_class {
    CHDB_QUERY_READ_ONLY = 0,
    CHDB_QUERY_MUTATING = 1,
    CHDB_QUERY_MUTATING_GLOBAL = 2,
    CHDB_QUERY_CONTROL = 3,
    CHDB_QUERY_UNKNOWN = 4
} chdb_query_class;

typedef enum chdb_query_analysis_flag {
    CHDB_QUERY_HAS_SECRETS = 1,
    CHDB_QUERY_WRITES_ONLY_TARGET_DATABASE = 2,
    CHDB_QUERY_CHANGES_DATABASE_LIFECYCLE = 4
} chdb_query_analysis_flag;

typedef struct chdb_query_analysis_v1 {
    uint32_t struct_size;
    uint32_t statement_count;
    uint32_t flags;
    uint32_t query_class;
} chdb_query_analysis_v1;

chdb_state chdb_classify_query_n(chdb_connection conn, const char *sql, size_t sql_len, const char *target_database,
                                 size_t target_database_len, chdb_query_analysis_v1 *out_analysis);
chdb_result *chdb_backup_database_n(chdb_connection conn, const char *database, size_t database_len, const char *file_path,
                                    size_t file_path_len, const char *base_file_path, size_t base_file_path_len);
chdb_result *chdb_restore_database_n(chdb_connection conn, const char *database, size_t database_len,
                                     const char *file_path, size_t file_path_len);

/* The process */
void chdb_set_signal_handlers_enabled(int enabled);
void chdb_reset_signal_handlers(void);
chdb_state chdb_shutdown(void);

#endif
