//! Installs the released version of a software package into a folder, and tells which of its files are meant to be run:
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… \
//!     cargo run -p wats --example software -- "Board test" C:/Tests/Board
//! ```
//!
//! It uses routes that the server does not publish.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use wats::Wats;
use wats::software::{InstallOptions, PackageStatus};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("name the package and the folder to install it to".into());
    };
    let wats = Wats::from_env()?;
    let software = wats.software();
    let package = software.by_name(&name, &PackageStatus::Released).wait()?;
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
