//! The client for the browser: wasm32 with rustup's target where the machine
//! has it or can add it, else with Debian's compiler, which brings the standard
//! library as source. SQLite is C, so both ways need a clang that knows wasm32.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{debian, process};

const TARGET: &str = "wasm32-unknown-unknown";

/// Two compilers never share a target folder, nor do native code and wasm.
const RUSTUP_FOLDER: &str = "target/wasm-rustup";
const DEBIAN_FOLDER: &str = "target/wasm-debian";

/// The stage asks whether the client builds for the browser, not how fast it is.
const UNOPTIMISED: &str = "profile.dev.package.'*'.opt-level=0";

/// Chooses the compiler: `rustup`, `debian`, or `auto`, which is the default.
const CHOICE: &str = "WASM_TOOLCHAIN";

const CLANG: [&str; 2] = ["clang-19", "llvm-19"];
const DEBIAN_COMPILER: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];

/// Clang and the archiver that belongs to it.
type ClangPair = (&'static str, &'static str);
const CLANG_PAIRS: [ClangPair; 2] = [("clang-19", "llvm-ar-19"), ("clang", "llvm-ar")];

/// Builds the client's library for the browser.
///
/// # Errors
/// When no compiler can be had or the build fails.
pub(super) fn run() -> Result<()> {
    let choice = std::env::var(CHOICE).unwrap_or_else(|_| "auto".to_owned());
    let mut build = match choice.as_str() {
        "rustup" => with_rustup()?,
        "debian" => with_debian()?,
        "auto" if has_rustup_target() || add_rustup_target() => with_rustup()?,
        "auto" => with_debian()?,
        other => bail!("{CHOICE} is `{other}`: say rustup, debian or auto"),
    };
    process::run(&mut build)
}

fn has_rustup_target() -> bool {
    process::read(process::command("rustup").args(["target", "list", "--installed"]))
        .is_ok_and(|targets| targets.lines().any(|line| line == TARGET))
}

/// Tries for a while: without a network rustup may hang rather than fail.
fn add_rustup_target() -> bool {
    println!("trying `rustup target add {TARGET}`");
    process::succeeds(process::command("timeout").args(["120", "rustup", "target", "add", TARGET]))
}

fn with_rustup() -> Result<Command> {
    println!("wasm32 by rustup's compiler");
    let mut build = build("cargo", RUSTUP_FOLDER);
    build.envs(c_compiler()?);
    Ok(build)
}

/// Debian ships no compiled standard library for wasm32, so it is built along;
/// that is unstable, which the bootstrap variable allows on a stable compiler.
fn with_debian() -> Result<Command> {
    println!("wasm32 by Debian's compiler");
    debian::install(&DEBIAN_COMPILER)?;
    let mut build = build("/usr/bin/cargo", DEBIAN_FOLDER);
    build
        .arg("-Zbuild-std=std,panic_abort")
        .envs(c_compiler()?)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-19")
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTUP_TOOLCHAIN");
    Ok(build)
}

fn build(cargo: &str, target_folder: &str) -> Command {
    let mut build = process::command(cargo);
    build
        .args("build --package client-core --lib --no-default-features --locked".split(' '))
        .args(["--target", TARGET, "--target-dir", target_folder])
        .args(["--config", UNOPTIMISED])
        .env_remove("CARGO_TARGET_DIR");
    build
}

/// The clang and archiver for wasm32, as the variables that the `cc` crate reads.
fn c_compiler() -> Result<[(&'static str, &'static str); 2]> {
    let working = || CLANG_PAIRS.into_iter().find(knows_wasm);
    let (clang, archiver) = match working() {
        Some(pair) => pair,
        None => {
            debian::install(&CLANG)?;
            working().context("no clang here can compile for wasm32")?
        }
    };
    Ok([
        ("CC_wasm32_unknown_unknown", clang),
        ("AR_wasm32_unknown_unknown", archiver),
    ])
}

fn knows_wasm((clang, archiver): &ClangPair) -> bool {
    process::succeeds(process::command(archiver).arg("--version"))
        && process::read(process::command(clang).arg("--print-targets"))
            .is_ok_and(|targets| targets.contains("wasm32"))
}
