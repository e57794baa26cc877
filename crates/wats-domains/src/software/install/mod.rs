//! Packages, and single files of them, written to a disk.
//!
//! `plan` says where each file goes, `name` which names are allowed, `disk` what is there already and how a file is put in
//! its place. Here are what can be chosen, what comes of it, and the downloads.

mod disk;
mod name;
mod plan;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;
use wats_http::SizeLimits;

use self::disk::Partial;
use self::plan::Planned;
use super::internal::{InternalSoftware, download};
use super::route::internal as route;
use super::{FileAttribute, FileAttributes, RepositoryFile};
use crate::ask::{Ask, Core};
use crate::error::{Error, Result};

type Verify = Arc<dyn Fn(&RepositoryFile, &Path) -> Result<(), String> + Send + Sync>;
type OnProgress = Arc<dyn Fn(InstallProgress) + Send + Sync>;

/// How a package is installed; see [`InternalSoftware::install`].
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct InstallOptions {
    /// The version of the package that is installed there, if one is. It says whether files are replaced that are to stay
    /// until a new version comes ([`FileAttribute::OverwriteOnNewPackageVersion`]); without it such a file that is there
    /// already is an error.
    pub installed_version: Option<i32>,
    verify: Option<Verify>,
    on_progress: Option<OnProgress>,
}

impl InstallOptions {
    /// Sets the version that is installed.
    #[must_use]
    pub fn installed_version(mut self, version: impl Into<Option<i32>>) -> Self {
        self.installed_version = version.into();
        self
    }

    /// Calls `verify` with each file that was downloaded and where it is for the moment, before it is put in its place. An
    /// error of it ends the installation. It is for the [`checksum`](RepositoryFile::checksum), of whose kind the server
    /// says nothing; the size is checked always.
    #[must_use]
    pub fn verify(
        mut self,
        verify: impl Fn(&RepositoryFile, &Path) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.verify = Some(Arc::new(verify));
        self
    }

    /// Calls `hear` for each piece that was downloaded and each file that is done.
    #[must_use]
    pub fn on_progress(mut self, hear: impl Fn(InstallProgress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(Arc::new(hear));
        self
    }
}

impl fmt::Debug for InstallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstallOptions")
            .field("installed_version", &self.installed_version)
            .field("verify", &self.verify.is_some())
            .field("on_progress", &self.on_progress.is_some())
            .finish()
    }
}

/// How far an installation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstallProgress {
    /// Files that are done, with those that were kept.
    pub files: usize,
    /// Files of the package.
    pub all_files: usize,
    /// Bytes that were downloaded.
    pub bytes: u64,
    /// Bytes to download in all, if the server told the sizes.
    pub all_bytes: Option<u64>,
}

/// A package that was installed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Installed {
    /// Its version.
    pub version: Option<i32>,
    /// All of its files, in the order of the server.
    pub files: Vec<InstalledFile>,
    /// Bytes that were downloaded, for [`InternalSoftware::log_download`].
    pub bytes: u64,
}

impl Installed {
    /// The files that are meant to be run. Nothing is run here: when and how often each may be is in its attributes, and
    /// what has been run already only the caller knows.
    pub fn to_execute(&self) -> impl Iterator<Item = &InstalledFile> {
        self.files
            .iter()
            .filter(|file| file.attributes.is_executed())
    }
}

/// A file of a package that was installed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstalledFile {
    /// Where it is: below the folder as the caller named it.
    pub path: PathBuf,
    /// Its path within the package, with `/` between.
    pub name: String,
    /// What is to be done with it.
    pub attributes: FileAttributes,
    /// What was done with it.
    pub change: FileChange,
}

/// What an installation did with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileChange {
    /// There was none.
    Created,
    /// There was one, which it replaced.
    Replaced,
    /// There was one, which its attributes say is to stay.
    Kept,
}

impl InternalSoftware {
    /// Installs a package: downloads its files, one after the other, into a folder, which is created if there is none
    /// (`GET /api/internal/Software/GetPackage` and `DownloadFile`). What is there already is replaced, unless the file's
    /// attributes say that it stays; nothing is ever deleted, and nothing is run. It may be repeated.
    ///
    /// No name that the server gives is trusted. Before the first download all are checked, by the rules of all systems at
    /// once: no paths, drives, devices and streams, none that Windows would change, none that meet in one place here. Links
    /// below the folder are neither followed nor replaced. The package's own wish for a place
    /// ([`root_directory`](super::PackageContents::root_directory)) is not observed.
    ///
    /// A file is written under another name and put in its place when it is whole, of the size that the server told, and
    /// [verified](InstallOptions::verify). After an error, and when it is dropped, the files before are in their places, and
    /// nothing is left of the one that was on its way.
    ///
    /// # Errors
    /// [`Error::Query`] for an empty path of the folder; [`Error::Data`] for a name that is not allowed, for what is there
    /// and cannot be replaced, for a file that is not as announced, and when a disk fails; or a call fails.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> Result<(), Box<dyn std::error::Error>> {
    /// use wats_domains::software::{InstallOptions, PackageStatus};
    ///
    /// let internal = api.software().internal();
    /// let package = api.software().by_name("Board test", &PackageStatus::Released).await?;
    /// let id = package.package_id.ok_or("no id")?;
    /// let installed = internal.install(id, "C:/Tests/Board", &InstallOptions::default()).await?;
    /// internal.log_download(id, installed.bytes).await?;
    /// for file in installed.to_execute() {
    ///     println!("{} is to be run: {:?}", file.path.display(), file.attributes);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn install(
        &self,
        package_id: Uuid,
        folder: impl Into<PathBuf>,
        options: &InstallOptions,
    ) -> Ask<Installed> {
        let (folder, options) = (folder.into(), options.clone());
        let package = self.package(package_id);
        self.core.run(|core| async move {
            if folder.as_os_str().is_empty() {
                return Err(Error::Query("the path of the folder is empty".to_owned()));
            }
            let package = package.await?;
            if package.package_id.is_some_and(|id| id != package_id) {
                return Err(Error::Data(
                    "the server answered with another package".to_owned(),
                ));
            }
            let files = plan::plan(&package, cfg!(any(windows, target_os = "macos")))?;
            let named = folder.clone();
            let look = move || {
                let root = disk::open(&named)?;
                let found = files
                    .into_iter()
                    .map(|file| Ok((disk::has(&root, &file.names)?, file)));
                Ok((found.collect::<Result<Vec<_>>>()?, root))
            };
            let (files, root) = blocking(look).await?;
            let install = Install {
                core,
                root,
                folder,
                version: package.version,
                options,
            };
            install.run(files).await
        })
    }

    /// Downloads a file of a package, by its [`file_id`](RepositoryFile::file_id), to a path
    /// (`GET /api/internal/Software/DownloadFile`), where it replaces what there is. It is never whole in memory, and it is
    /// put in its place when it is whole. Returns its length in bytes.
    ///
    /// # Errors
    /// [`Error::Query`] for a path without a name; [`Error::Data`] when a disk fails; or the call fails.
    pub fn save_file(&self, file_id: Uuid, path: impl Into<PathBuf>) -> Ask<u64> {
        let path = path.into();
        self.core.run(|core| async move {
            let folder = match (path.file_name(), path.parent()) {
                (Some(_), Some(folder)) if folder.as_os_str().is_empty() => Path::new("."),
                (Some(_), Some(folder)) => folder,
                _ => {
                    return Err(Error::Query(format!(
                        "the path `{}` names no file",
                        path.display()
                    )));
                }
            };
            let (partial, bytes) =
                fetch(&core, file_id, None, folder.to_owned(), &mut |_| ()).await?;
            blocking(move || partial.place(&path)).await?;
            Ok(bytes)
        })
    }
}

/// An installation under way.
struct Install {
    core: Arc<Core>,
    /// The folder as the system calls it.
    root: PathBuf,
    /// The folder as the caller does.
    folder: PathBuf,
    version: Option<i32>,
    options: InstallOptions,
}

impl Install {
    /// Installs files, of which is known whether there is one already.
    async fn run(&self, files: Vec<(bool, Planned)>) -> Result<Installed> {
        let changes = files
            .iter()
            .map(|(exists, file)| self.change(*exists, file));
        let changes = changes.collect::<Result<Vec<_>>>()?;
        let sizes = files
            .iter()
            .zip(&changes)
            .filter(|(_, change)| **change != FileChange::Kept);
        let mut progress = InstallProgress {
            files: 0,
            all_files: files.len(),
            bytes: 0,
            all_bytes: sizes
                .map(|((_, file), _)| file.size)
                .try_fold(0_u64, |sum, size| sum.checked_add(size?)),
        };
        let mut installed = Vec::with_capacity(files.len());
        for ((_, file), change) in files.into_iter().zip(changes) {
            let (name, attributes) = (file.shown(), file.attributes);
            let path = file
                .names
                .iter()
                .fold(self.folder.clone(), |path, name| path.join(name));
            if change != FileChange::Kept {
                self.put(file, change, &mut progress).await?;
            }
            progress.files += 1;
            self.tell(progress);
            installed.push(InstalledFile {
                path,
                name,
                attributes,
                change,
            });
        }
        Ok(Installed {
            version: self.version,
            files: installed,
            bytes: progress.bytes,
        })
    }

    /// What is to be done with a file.
    fn change(&self, exists: bool, file: &Planned) -> Result<FileChange> {
        if !exists {
            return Ok(FileChange::Created);
        }
        if file.attributes.contains(&FileAttribute::OverwriteNever) {
            return Ok(FileChange::Kept);
        }
        let until_new = FileAttribute::OverwriteOnNewPackageVersion;
        if !file.attributes.contains(&until_new) {
            return Ok(FileChange::Replaced);
        }
        match (self.options.installed_version, self.version) {
            (Some(old), Some(new)) if old == new => Ok(FileChange::Kept),
            (Some(_), Some(_)) => Ok(FileChange::Replaced),
            _ => Err(Error::Data(format!(
                "the package is not installed: its file {:.300?} is there already and stays until a new version of the \
                 package comes; say by `installed_version` which one is installed",
                file.shown()
            ))),
        }
    }

    /// Downloads a file and puts it in its place.
    async fn put(
        &self,
        file: Planned,
        change: FileChange,
        progress: &mut InstallProgress,
    ) -> Result<()> {
        let (root, names) = (self.root.clone(), file.names.clone());
        let folder = blocking(move || disk::create_folders(&root, &names)).await?;
        let target = folder.join(file.names.last().map_or("", String::as_str));
        let before = progress.bytes;
        let mut hear = |bytes| {
            progress.bytes = before + bytes;
            self.tell(*progress);
        };
        let fetched = fetch(&self.core, file.file_id, file.size, folder, &mut hear).await;
        let (partial, _) = fetched.map_err(|error| match error {
            Error::Data(problem) => Error::Data(format!("{:.300?}: {problem}", file.shown())),
            other => other,
        })?;
        let (root, verify) = (self.root.clone(), self.options.verify.clone());
        blocking(move || {
            if let Some(verify) = verify
                && let Err(problem) = verify(&file.file, partial.path())
            {
                let name = file.shown();
                return Err(Error::Data(format!("{name:.300?} is not what it should be: {problem}")));
            }
            // Names that differ may still be one in this file system, which would be seen here.
            if disk::has(&root, &file.names)? && change == FileChange::Created {
                return Err(Error::Data(format!(
                    "`{}` was not there before: another file of the package or another program has made it",
                    target.display()
                )));
            }
            partial.place(&target)
        })
        .await
    }

    fn tell(&self, progress: InstallProgress) {
        if let Some(hear) = &self.options.on_progress {
            hear(progress);
        }
    }
}

/// Downloads a file into a folder, under a name of its own. A size that is known is that of the file; it also stands in
/// the place of the client's cap, which is meant for memory.
async fn fetch(
    core: &Core,
    file_id: Uuid,
    size: Option<u64>,
    folder: PathBuf,
    hear: &mut (dyn FnMut(u64) + Send),
) -> Result<(Partial, u64)> {
    let mut call = download(file_id);
    if let Some(size) = size {
        let decoded = usize::try_from(size).unwrap_or(usize::MAX);
        // What cannot be compressed grows a little.
        let wire = decoded.saturating_add(decoded / 64).saturating_add(4096);
        call = call.limits(SizeLimits::default().wire(wire).decoded(decoded));
    }
    let mut pieces = core.stream(&route::download_file, call).await?;
    let (partial, file) = blocking(move || Partial::create(&folder)).await?;
    let mut file = tokio::fs::File::from_std(file);
    let failed = |error| disk::failed(partial.path(), &error);
    let mut bytes = 0;
    while let Some(piece) = pieces.chunk().await? {
        file.write_all(&piece).await.map_err(failed)?;
        bytes += piece.len() as u64;
        hear(bytes);
    }
    file.flush().await.map_err(failed)?;
    // A name that is seen after a loss of power has its contents, too.
    file.sync_all().await.map_err(failed)?;
    // Windows renames no open file.
    drop(file.into_std().await);
    match size {
        Some(size) if size != bytes => Err(Error::Data(format!(
            "the server gave {bytes} bytes, and announced {size}"
        ))),
        _ => Ok((partial, bytes)),
    }
}

/// Runs what may block where it holds up no task.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::Data("the runtime has ended".to_owned())),
        },
    }
}
