//! Lets the binary find libchdb without `LD_LIBRARY_PATH`: beside itself (the container image) or where it was
//! linked from (a developer's checkout).

fn main() {
    println!("cargo::rerun-if-env-changed=CHDB_LIB_DIR");
    println!("cargo::rustc-link-arg=-Wl,-rpath,$ORIGIN");
    if let Ok(folder) = std::env::var("CHDB_LIB_DIR") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
