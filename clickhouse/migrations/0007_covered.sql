-- The first days of `otel.coverage`, in memory: the guard of every statement looks here, which takes a fraction of reading a
-- table. Of two rows on one thing the later counts. Sync writes it after `otel.coverage` and before what that promises changes.
CREATE TABLE IF NOT EXISTS otel.covered
(
    view String,
    version String,
    first_day Nullable(Date)
)
ENGINE = Join(ANY, LEFT, view, version)
SETTINGS join_any_take_last_row = 1;
