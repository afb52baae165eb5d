//! Lets the binary find libchdb without `LD_LIBRARY_PATH`: beside itself (the container image) or where it was
//! linked from (a developer's checkout).

fn main() {
    println!("cargo::rerun-if-env-changed=CHDB_LIB_DIR");
    println!("cargo::rustc-link-arg=-Wl,-rpath,$ORIGIN");
    println!("cargo::rerun-if-env-changed=LAKEFRONT_RELOCATABLE");
    // The programs of the release archive have no path of the machine that built them.
    if std::env::var_os("LAKEFRONT_RELOCATABLE").is_some() {
        return;
    }
    if let Ok(folder) = std::env::var("CHDB_LIB_DIR") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
