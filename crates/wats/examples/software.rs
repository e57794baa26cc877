//! Publishes a package of software, or installs the released version of one into a folder and tells which of its files are
//! meant to be run:
//!
//! ```text
//! export WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=…
//! cargo run -p wats --example software -- publish "Board test" board-test.zip
//! cargo run -p wats --example software -- install "Board test" C:/Tests/Board
//! ```
//!
//! Installing uses routes that the server does not publish.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use wats::Wats;
use wats::http::Part;
use wats::software::{InstallOptions, Package, PackageStatus};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let wats = Wats::from_env()?;
    match arguments[..] {
        ["publish", name, zip] => publish(&wats, name, zip),
        ["install", name, folder] => install(&wats, name, folder),
        _ => Err("say `publish NAME ZIP` or `install NAME FOLDER`".into()),
    }
}

/// A new version: a draft takes files, and is pending before it is released. All files of the zip stand in folders.
fn publish(wats: &Wats, name: &str, zip: &str) -> Result<(), Box<dyn Error>> {
    let software = wats.software();
    let package = software.create(&Package::new(name)).wait()?;
    let id = package.package_id.ok_or("the package has no id")?;
    software.upload_zip(id, Part::file(zip)).wait()?;
    for status in [PackageStatus::Pending, PackageStatus::Released] {
        software.set_status(id, status).wait()?;
    }
    let files = software.files(id).wait()?.len();
    println!("version {:?} is released, {files} files", package.version);
    Ok(())
}

fn install(wats: &Wats, name: &str, folder: &str) -> Result<(), Box<dyn Error>> {
    let software = wats.software();
    let package = software.by_name(name, &PackageStatus::Released).wait()?;
    let id = package.package_id.ok_or("the package has no id")?;
    let options = InstallOptions::default().on_progress(|progress| {
        println!("{} of {} files", progress.files, progress.all_files);
    });
    let internal = software.internal();
    let installed = internal.install(id, folder, &options).wait()?;
    internal.log_download(id, installed.bytes).wait()?;
    for file in &installed.files {
        println!("{}: {:?}", file.path.display(), file.change);
    }
    for file in installed.to_execute() {
        println!("to be run: {}", file.path.display());
    }
    Ok(())
}
