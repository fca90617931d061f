//! A module with a thread of its own must stay loaded; GIO unloads one as soon as it has looked what is in it.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
