//! Packages of the system, on the one system whose packages we know: Debian.

use anyhow::{Result, bail};

use crate::process;

/// Installs these Debian packages, saying so; those that are there cost nothing.
///
/// # Errors
/// When one is missing and this is not Debian, or we are not root: the error
/// then names what to type.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let missing: Vec<&str> = packages
        .iter()
        .copied()
        .filter(|package| !is_installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !process::succeeds(process::command("apt-get").arg("--version")) {
        bail!("this needs the counterparts of the Debian packages {list}: install them first");
    }
    if !is_root() {
        bail!("this needs Debian packages: run `sudo apt-get install {list}` first");
    }
    println!("installing Debian packages: {list}");
    apt_get(&["update", "--quiet"])?;
    let mut arguments = vec!["install", "--quiet", "--yes", "--no-install-recommends"];
    arguments.extend(missing);
    apt_get(&arguments)
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut apt_get = process::command("apt-get");
    process::run(
        apt_get
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

fn is_installed(package: &str) -> bool {
    let mut query = process::command("dpkg-query");
    process::read(query.args(["--show", "--showformat", "${db:Status-Status}", package]))
        .is_ok_and(|status| status == "installed")
}

/// Whether this process may install packages.
#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
