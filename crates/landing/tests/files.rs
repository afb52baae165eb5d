//! The files in `pipelines` follow from the table definition. `UPDATE_EXPECT=1` writes them.

use expect_test::expect_file;
use lakefront_landing::{VERSION, calls, landing_tables, pipeline_sql};

#[test]
fn the_files_are_current() {
    let folder = std::path::Path::new("../../../pipelines").join(format!("v{VERSION}"));
    for table in landing_tables() {
        let file = folder.join(format!("{}.sql", table.of));
        expect_file![file].assert_eq(&pipeline_sql(table));
    }
    let calls = serde_json::to_string_pretty(&calls()).expect("JSON") + "\n";
    expect_file![folder.join("calls.json")].assert_eq(&calls);
}
