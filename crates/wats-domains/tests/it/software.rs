//! Software packages: their archives on the way up, and their files on the way down, under names that nobody may trust.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use wats_domains::Wats;
use wats_domains::software::{
    FileAttribute, FileChange, InstallOptions, Installed, LocalFile, PackageStatus, SoftwareEntity,
};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};
use wats_http::{Part, SizeLimits};

const PACKAGE: Uuid = Uuid::from_u128(0xbeef);

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A file of a folder as the server lists it. Its contents are its id, in as many bytes as it says.
fn file(number: u128, name: &str, attributes: i32) -> Value {
    json!({
        "PackageFolderFileId": id(number + 1000), "RepositoryFolderFileId": id(number), "Attributes": attributes,
        "RepositoryFolderFile": {"RepositoryFolderFileId": id(number), "Name": name, "Valid": true, "FileSize": 36,
            "Checksum": "AAECAw==", "New": null},
    })
}

fn folder(number: u128, name: &str, files: Vec<Value>, folders: Vec<Value>) -> Value {
    let (files, folders) = (Value::Array(files), Value::Array(folders));
    json!({"PackageFolderId": id(number), "PackageId": PACKAGE, "ParentFolderId": null, "Name": name,
        "PackageFolderFiles": files, "PackageFolders": folders})
}

fn package(folders: &[Value]) -> Value {
    json!({"PackageId": PACKAGE, "Name": "Board test", "Version": 3, "Status": 2, "Tags": "<PackageInfo/>",
        "RootDirectory": "C:\\", "PackageFolders": folders})
}

fn api_of(mock: &MockTransport) -> Wats {
    let client = wats_http::Client::builder()
        .base_url("http://mock")
        .token("dTpw")
        .rate_limit(None)
        .transport(mock.clone())
        .build();
    Wats::from(client.unwrap())
}

/// A server that has this package and files with these contents.
fn server(package: &Value, contents: &[(u128, &[u8])]) -> MockTransport {
    let get = format!("/api/internal/Software/GetPackage?packageId={PACKAGE}");
    let mut mock = MockTransport::new().on(Method::GET, &get, [MockAnswer::json(package)]);
    for (number, contents) in contents {
        let get = format!(
            "/api/internal/Software/DownloadFile?repositoryFolderFileId={}",
            id(*number)
        );
        let answer = MockAnswer::status(200).body(contents.to_vec(), "application/octet-stream");
        mock = mock.on(Method::GET, &get, [answer]);
    }
    mock
}

async fn install(
    package: &Value,
    contents: &[(u128, &[u8])],
    folder: &Path,
    options: &InstallOptions,
) -> Result<Installed, String> {
    let api = api_of(&server(package, contents));
    let installed = api
        .software()
        .internal()
        .install(PACKAGE, folder, options)
        .await;
    installed.map_err(|error| error.to_string())
}

/// All files below a folder, with their contents.
fn files_below(folder: &Path) -> Vec<(String, String)> {
    let (mut found, mut rest) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(inner) = rest.pop() {
        let entries = fs::read_dir(folder.join(&inner)).map(Iterator::collect::<Vec<_>>);
        for entry in entries.unwrap_or_default() {
            let entry = entry.unwrap();
            let path = inner.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                rest.push(path);
            } else {
                let contents = fs::read_to_string(entry.path()).unwrap();
                found.push((path.to_str().unwrap().replace('\\', "/"), contents));
            }
        }
    }
    found.sort();
    found
}

const ONE: &[u8] = b"contents of the first file, 36 bytes";
const TWO: &[u8] = b"another file of the same length, now";
const NEW: &[u8] = b"the same file in a version after it.";

#[tokio::test]
async fn a_package_is_installed_and_installed_again() {
    let home = TempDir::new().unwrap();
    let target = home.path().join("tests").join("board");
    // The inner folder twice, as servers list it, and another one that only names its parent.
    let inner = folder(2, "inner", vec![file(11, "once.cfg", 16 | 2)], vec![]);
    let mut beside = folder(3, "beside", vec![file(12, "version.cfg", 32 | 8)], vec![]);
    beside["ParentFolderId"] = json!(id(2));
    let outer = folder(
        1,
        "Tests ø",
        vec![file(10, ".start", 1)],
        vec![inner.clone()],
    );
    let mut again = inner;
    again["ParentFolderId"] = json!(id(1));
    let whole = package(&[beside, outer, again]);
    let contents = [(10, ONE), (11, TWO), (12, ONE)];
    let heard = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heard);
    let options = InstallOptions::default()
        .on_progress(move |progress| seen.lock().unwrap().push(progress))
        .verify(|file, path| match fs::read(path) {
            Ok(found) if found.len() == 36 && file.checksum.as_deref() == Some("AAECAw==") => {
                Ok(())
            }
            _ => Err("it is another one".to_owned()),
        });
    let installed = install(&whole, &contents, &target, &options).await.unwrap();
    let all = [
        ("Tests ø/.start", ONE),
        ("Tests ø/inner/beside/version.cfg", ONE),
        ("Tests ø/inner/once.cfg", TWO),
    ];
    let on_disk = |files: [(&str, &[u8]); 3]| {
        files.map(|(name, text)| (name.to_owned(), String::from_utf8_lossy(text).into_owned()))
    };
    assert_eq!(files_below(&target), on_disk(all));
    assert_eq!((installed.version, installed.bytes), (Some(3), 3 * 36));
    assert!(
        installed
            .files
            .iter()
            .all(|file| file.change == FileChange::Created)
    );
    let run: Vec<_> = installed
        .to_execute()
        .map(|file| file.name.as_str())
        .collect();
    assert_eq!(run, ["Tests ø/.start", "Tests ø/inner/once.cfg"]);
    let start = installed.to_execute().next().unwrap();
    assert_eq!(start.path, target.join("Tests ø").join(".start"));
    assert!(start.attributes.contains(&FileAttribute::ExecuteAlways));
    let heard = heard.lock().unwrap().clone();
    let last = heard.last().unwrap();
    assert_eq!(
        (last.files, last.all_files, last.bytes, last.all_bytes),
        (3, 3, 108, Some(108))
    );
    assert!(heard.is_sorted_by_key(|progress| (progress.bytes, progress.files)));

    // A file of the user's stays, whatever the package does.
    fs::write(target.join("mine.txt"), "mine").unwrap();
    let contents = [(10, NEW), (11, NEW), (12, NEW)];
    let unknown = install(&whole, &contents, &target, &InstallOptions::default()).await;
    assert!(unknown.unwrap_err().contains("`installed_version`"));
    for (installed, third) in [(3, ONE), (2, NEW)] {
        let options = InstallOptions::default().installed_version(installed);
        let installed = install(&whole, &contents, &target, &options).await.unwrap();
        let mut expected = on_disk([(all[0].0, NEW), (all[1].0, third), all[2]]).to_vec();
        expected.push(("mine.txt".to_owned(), "mine".to_owned()));
        assert_eq!(files_below(&target), expected);
        let kept = installed
            .files
            .iter()
            .filter(|file| file.change == FileChange::Kept);
        assert_eq!(kept.count(), if third == ONE { 2 } else { 1 });
    }
}

/// Names that lead elsewhere, or that Windows takes for something else.
#[rustfmt::skip]
const HOSTILE: &[&str] = &[
    "", ".", "..", "...", "../evil", "..\\evil", "/evil", "\\evil", "//host/share/evil", "\\\\host\\share\\evil",
    "\\\\?\\C:\\evil", "\\\\.\\pipe\\evil", "\\??\\C:\\evil", "C:", "C:evil", "C:\\evil", "C:/evil", "a/b", "a\\b",
    "a/", "a/../../evil", "~/../evil", "./evil", ".\\evil", "a:b", "evil.txt:stream", "evil.txt::$DATA", ":",
    "evil.", "evil ", "evil. .", " ", ".. ", ". ", ".. .", "CON", "con", "Con.txt", "PRN", "AUX.h", "NUL",
    "nul.tar.gz", "NUL ", "nul .txt", "COM0", "COM1", "com9.log", "COM¹", "LPT1", "lpt9", "LPT².x", "CONIN$",
    "conout$", "CLOCK$", "evil\0", "\0", "a\0/b", "a\nb", "a\rb", "a\tb", "\x1b[2J", "a\x7fb", "\u{85}", "a<b",
    "a>b", "a|b", "a?b", "a*b", "a\"b", "a\u{202e}txt.exe", "a\u{200b}", "\u{feff}a", "a\u{2028}b", "a\u{2066}b",
    "%2e%2e/evil", "file:///evil", "smb://evil", "..\u{200e}",
];

#[tokio::test]
async fn no_name_leads_out_of_the_folder() {
    let home = TempDir::new().unwrap();
    let target = home.path().join("target");
    let long = "x".repeat(256);
    for name in HOSTILE.iter().copied().chain([long.as_str()]) {
        let as_file = folder(
            1,
            "tests",
            vec![file(9, "good", 0), file(10, name, 0)],
            vec![],
        );
        let as_folder = folder(1, name, vec![file(10, "evil", 0)], vec![]);
        let as_inner = folder(
            1,
            "tests",
            vec![],
            vec![folder(2, name, vec![file(10, "evil", 0)], vec![])],
        );
        for hostile in [as_file, as_folder, as_inner] {
            let mock = server(&package(&[hostile]), &[(9, ONE), (10, ONE)]);
            let options = InstallOptions::default();
            let outcome = api_of(&mock)
                .software()
                .internal()
                .install(PACKAGE, &target, &options)
                .await;
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains("is not allowed"), "{name:?}: {error}");
            assert!(
                error.len() < 900 && !error.contains(char::is_control),
                "{error:?}"
            );
            assert_eq!(mock.requests().len(), 1, "{name:?}: nothing is downloaded");
        }
    }
    assert_eq!(
        fs::read_dir(home.path()).unwrap().count(),
        0,
        "nothing was written"
    );
    for name in [
        "a", ".hidden", "a b.txt", "ø.txt", "COM10", "CONSOLE", "NULL", "a..b", "~", "~a", "a~b",
        "-rf", "$x", "a'b", "%41",
    ] {
        let good = package(&[folder(1, name, vec![file(10, name, 0)], vec![])]);
        let outcome = install(&good, &[(10, ONE)], &target, &InstallOptions::default()).await;
        assert!(outcome.is_ok(), "{name}: {outcome:?}");
    }
}

#[tokio::test]
async fn what_the_server_does_not_tell_or_tells_twice_is_an_error() {
    let home = TempDir::new().unwrap();
    let target = home.path().join("target");
    let with = |change: fn(&mut Value)| {
        let mut file = file(10, "a", 0);
        change(&mut file);
        package(&[folder(1, "f", vec![file], vec![])])
    };
    let mut own = folder(1, "f", vec![file(10, "a", 0)], vec![]);
    own["ParentFolderId"] = json!(id(2));
    let mut other = folder(2, "g", vec![], vec![]);
    other["ParentFolderId"] = json!(id(1));
    let twice = folder(1, "f", vec![file(10, "a", 0), file(11, "a", 0)], vec![]);
    let both = folder(
        1,
        "f",
        vec![file(10, "a", 0)],
        vec![folder(2, "a", vec![file(11, "b", 0)], vec![])],
    );
    let mut unlisted = package(&[]);
    unlisted["PackageFolders"] = Value::Null;
    let mut another = package(&[]);
    another["PackageId"] = json!(id(5));
    for (package, problem) in [
        (unlisted, "did not list"),
        (another, "another package"),
        (package(&[own, other]), "within itself"),
        (package(&[twice]), "one place"),
        (package(&[both]), "one place"),
        (
            with(|file| file["RepositoryFolderFile"]["Valid"] = json!(false)),
            "not whole",
        ),
        (
            with(|file| file["RepositoryFolderFile"]["FileSize"] = json!(-1)),
            "negative size",
        ),
        (
            with(|file| file["Attributes"] = json!("OverwriteNever")),
            "no number",
        ),
        (
            with(|file| file["RepositoryFolderFile"] = Value::Null),
            "is not allowed",
        ),
        (
            with(|file| {
                file["RepositoryFolderFileId"] = Value::Null;
                file["RepositoryFolderFile"]["RepositoryFolderFileId"] = Value::Null;
            }),
            "has no id",
        ),
    ] {
        let error = install(
            &package,
            &[(10, ONE), (11, TWO)],
            &target,
            &InstallOptions::default(),
        )
        .await;
        let error = error.unwrap_err();
        assert!(error.contains(problem), "{problem}: {error}");
    }
    assert!(!target.exists());
    let cased = package(&[folder(
        1,
        "f",
        vec![file(10, "Ab", 0), file(11, "aB", 0)],
        vec![],
    )]);
    let outcome = install(
        &cased,
        &[(10, ONE), (11, TWO)],
        &target,
        &InstallOptions::default(),
    )
    .await;
    let folds = cfg!(any(windows, target_os = "macos"));
    assert_eq!(outcome.is_err(), folds, "{outcome:?}");
    let error = api_of(&MockTransport::new())
        .software()
        .internal()
        .install(PACKAGE, "", &InstallOptions::default())
        .await;
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("path of the folder is empty")
    );
}

#[tokio::test]
async fn a_file_that_is_not_as_announced_leaves_nothing() {
    let home = TempDir::new().unwrap();
    let one = package(&[folder(
        1,
        "f",
        vec![file(9, "good", 0), file(10, "a", 0)],
        vec![],
    )]);
    let target = home.path().join("target");
    let refused = InstallOptions::default().verify(|file, _| match file.name.as_deref() {
        Some("good") => Ok(()),
        _ => Err("no".to_owned()),
    });
    for (contents, options, problem) in [
        (
            &ONE[1..],
            InstallOptions::default(),
            "35 bytes, and announced 36",
        ),
        (b"", InstallOptions::default(), "0 bytes"),
        (&[ONE, ONE].concat(), InstallOptions::default(), "36"),
        (ONE, refused, "\"f/a\" is not what it should be: no"),
    ] {
        let error = install(&one, &[(9, ONE), (10, contents)], &target, &options)
            .await
            .unwrap_err();
        assert!(error.contains(problem), "{problem}: {error}");
        let left = files_below(&target);
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(left[0].0, "f/good");
    }
    let mock = server(&one, &[(10, ONE)]);
    let path = home.path().join("one.bin");
    let internal = api_of(&mock).software().internal();
    assert_eq!(internal.save_file(id(10), &path).await.unwrap(), 36);
    assert_eq!(
        internal.download_file(id(10)).await.unwrap().contents,
        fs::read(&path).unwrap()
    );
    assert!(
        internal
            .save_file(id(10), home.path().join("none").join("x"))
            .await
            .is_err()
    );
    assert!(
        internal
            .save_file(id(10), "..")
            .await
            .unwrap_err()
            .to_string()
            .contains("names no file")
    );
    assert!(internal.save_file(id(10), &target).await.is_err());
    assert_eq!(files_below(home.path()).len(), 2);
}

#[tokio::test]
async fn what_is_in_the_way_stays() {
    let home = TempDir::new().unwrap();
    let target = home.path().join("target");
    fs::create_dir_all(target.join("f").join("a")).unwrap();
    let one = package(&[folder(1, "f", vec![file(10, "a", 0)], vec![])]);
    let told = install(&one, &[(10, ONE)], &target, &InstallOptions::default())
        .await
        .unwrap_err();
    assert!(
        told.contains("is a folder, where a file is to be"),
        "{told}"
    );
    fs::remove_dir_all(target.join("f")).unwrap();
    fs::write(target.join("f"), "mine").unwrap();
    let told = install(&one, &[(10, ONE)], &target, &InstallOptions::default())
        .await
        .unwrap_err();
    assert!(
        told.contains("is a file, where a folder is to be"),
        "{told}"
    );
    assert_eq!(fs::read_to_string(target.join("f")).unwrap(), "mine");
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_neither_followed_nor_replaced() {
    use std::os::unix::fs::symlink;
    let home = TempDir::new().unwrap();
    let (target, outside) = (home.path().join("target"), home.path().join("outside"));
    fs::create_dir_all(target.join("real")).unwrap();
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("a"), "mine").unwrap();
    symlink(&outside, target.join("link")).unwrap();
    symlink(outside.join("a"), target.join("real").join("a")).unwrap();
    symlink(outside.join("none"), target.join("real").join("b")).unwrap();
    symlink("../target", target.join("self")).unwrap();
    for (place, name) in [
        ("link", "a"),
        ("link", "new"),
        ("real", "a"),
        ("real", "b"),
        ("self", "x"),
    ] {
        let one = package(&[folder(1, place, vec![file(10, name, 0)], vec![])]);
        let told = install(&one, &[(10, ONE)], &target, &InstallOptions::default())
            .await
            .unwrap_err();
        assert!(told.contains("is a link"), "{told}");
    }
    assert_eq!(files_below(&outside), [("a".to_owned(), "mine".to_owned())]);
    assert!(target.join("real").join("a").is_symlink());
    // The folder itself may be one: it is the caller's.
    let one = package(&[folder(1, "f", vec![file(10, "x", 0)], vec![])]);
    install(
        &one,
        &[(10, ONE)],
        &target.join("link"),
        &InstallOptions::default(),
    )
    .await
    .unwrap();
    assert!(outside.join("f").join("x").is_file());
}

/// Reads a request to the end of its head, and what its length announces.
fn read_request(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.to_ascii_lowercase();
    let length = length.split("content-length: ").nth(1).map_or(0, |rest| {
        rest.split("\r\n").next().unwrap().parse().unwrap()
    });
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (head, body)
}

/// A server of one connection.
fn listen<T: Send + 'static>(
    serve: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (Wats, thread::JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let served = thread::spawn(move || serve(listener.accept().unwrap().0));
    // What is held in memory is far below the files here.
    let limits = SizeLimits::default().wire(1 << 16).decoded(1 << 16);
    let client = wats_http::Client::builder()
        .base_url(address)
        .token("dTpw")
        .limits(limits);
    (Wats::from(client.build().unwrap()), served)
}

#[tokio::test]
async fn an_archive_goes_up_as_the_server_demands() {
    let folder = TempDir::new().unwrap();
    let zip = folder.path().join("board \"test\".zip");
    let zip = if cfg!(windows) {
        folder.path().join("board.zip")
    } else {
        zip
    };
    fs::write(&zip, b"PK\x03\x04\r\n--\0\xff").unwrap();
    let (api, served) = listen(|mut stream| {
        let request = read_request(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        request
    });
    api.software()
        .upload_zip(PACKAGE, Part::file(&zip))
        .clean_install(true)
        .await
        .unwrap();
    let (head, body) = served.join().unwrap();
    let line =
        format!("POST /api/Software/Package/UploadZip/{PACKAGE}?cleanInstall=true HTTP/1.1\r\n");
    assert!(head.starts_with(&line), "{head}");
    let head = head.to_ascii_lowercase();
    let boundary = head
        .split("content-type: multipart/form-data; boundary=")
        .nth(1)
        .unwrap();
    let boundary = boundary.split("\r\n").next().unwrap();
    let name = if cfg!(windows) {
        "board.zip"
    } else {
        "board %22test%22.zip"
    };
    let mut expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/zip\r\n\r\n"
    )
    .into_bytes();
    expected.extend_from_slice(b"PK\x03\x04\r\n--\0\xff");
    expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    assert_eq!(
        String::from_utf8_lossy(&body),
        String::from_utf8_lossy(&expected)
    );
}

/// Answers with a package of one file, and with the head of that file and so many of its bytes.
fn serve_file(stream: &mut TcpStream, length: usize, sent: usize) {
    read_request(stream);
    let mut file = file(10, "large.bin", 0);
    file["RepositoryFolderFile"]["FileSize"] = json!(length);
    let package = package(&[folder(1, "f", vec![file], vec![])]).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{package}",
        package.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    read_request(stream);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let piece = vec![7; 1 << 16];
    for at in (0..sent).step_by(piece.len()) {
        stream
            .write_all(&piece[..piece.len().min(sent - at)])
            .unwrap();
    }
}

#[tokio::test]
async fn dropping_it_leaves_no_half_file() {
    let home = TempDir::new().unwrap();
    let target = home.path().join("target");
    fs::create_dir_all(target.join("f")).unwrap();
    fs::write(target.join("f").join("large.bin"), "the old one").unwrap();
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let (api, served) = listen(move |mut stream| {
        serve_file(&mut stream, 2_000_000, 1_000_000);
        let _ = held.recv();
    });
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let options = InstallOptions::default().on_progress(move |progress| {
        let _ = tell.send(progress.bytes);
    });
    let install = api
        .software()
        .internal()
        .install(PACKAGE, &target, &options);
    tokio::select! {
        outcome = install => panic!("it cannot end: {outcome:?}"),
        () = async { while told.recv().await.unwrap() < 1_000_000 {} } => {}
    }
    let left = files_below(&target);
    assert_eq!(left, [("f/large.bin".to_owned(), "the old one".to_owned())]);
    drop(hold);
    served.join().unwrap();
}

#[test]
fn a_large_file_is_never_in_memory() {
    const LENGTH: usize = 40_000_000;
    let home = TempDir::new().unwrap();
    let target = home.path().to_owned();
    let (api, served) = listen(|mut stream| serve_file(&mut stream, LENGTH, LENGTH));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let memory = allocation_counter::measure(|| {
        let options = InstallOptions::default();
        let install = api
            .software()
            .internal()
            .install(PACKAGE, &target, &options);
        // Above what the client would hold in memory, as its size was announced.
        assert_eq!(runtime.block_on(install).unwrap().bytes, LENGTH as u64);
    });
    served.join().unwrap();
    let path = target.join("f").join("large.bin");
    assert_eq!(fs::metadata(path).unwrap().len(), LENGTH as u64);
    assert!(memory.bytes_max < 8_000_000, "{}", memory.bytes_max);
}

#[tokio::test]
async fn internal_operations_are_asked_for_as_the_server_wants() {
    let mock = MockTransport::new()
        .on(
            Method::GET,
            "/api/internal/Software/isConnected*",
            [
                MockAnswer::status(200),
                MockAnswer::json(&false),
                MockAnswer::json(&json!({"connected": 1})),
            ],
        )
        .on(
            Method::GET,
            "/api/internal/Software/GetRevokedPackages*",
            [MockAnswer::json(&[PACKAGE])],
        )
        .on(
            Method::GET,
            "/api/internal/Software/GetPackageByName*",
            [MockAnswer::json(&package(&[]))],
        )
        .on(Method::GET, "/*", [MockAnswer::json(&json!([]))])
        .on(Method::POST, "/*", [MockAnswer::status(200)]);
    let internal = api_of(&mock).software().internal();
    assert!(internal.is_connected().await.unwrap());
    assert!(!internal.is_connected().await.unwrap());
    assert!(internal.is_connected().await.unwrap());
    assert_eq!(
        internal
            .revoked(&[PACKAGE, id(2)])
            .revoked_only(true)
            .await
            .unwrap(),
        [PACKAGE]
    );
    let found = internal
        .package_by_name("A&B", &PackageStatus::Released)
        .await
        .unwrap();
    assert_eq!(serde_json::to_value(&found).unwrap(), package(&[]));
    assert!(internal.available(&[PACKAGE]).await.unwrap().is_empty());
    internal.log_download(PACKAGE, 5).await.unwrap();
    let folder = SoftwareEntity::new("new");
    assert_eq!(
        internal.create_folder(PACKAGE, &folder).await.unwrap(),
        Value::Null
    );
    internal.delete_files(&[id(1), id(2)]).await.unwrap();
    let requests = mock.requests();
    let asked: Vec<_> = requests[3..]
        .iter()
        .map(|request| {
            assert_eq!(request.headers["referer"], "http://mock");
            let target = request
                .target
                .strip_prefix("/api/internal/Software/")
                .unwrap();
            format!(
                "{} {target} {}",
                request.method,
                String::from_utf8_lossy(&request.body)
            )
        })
        .collect();
    let (one, two) = (id(1), id(2));
    assert_eq!(
        asked,
        [
            format!(
                "GET GetRevokedPackages?installedPackages={PACKAGE}%2C{two}&includeRevokedOnly=true "
            ),
            "GET GetPackageByName?packageName=A%26B&status=Released ".to_owned(),
            format!("GET GetAvailablePackages?installedPackages={PACKAGE} "),
            format!("GET Log?packageId={PACKAGE}&downloadSize=5 "),
            format!("POST PostPackageFolder?packageId={PACKAGE} {{\"name\":\"new\"}}"),
            format!("POST DeletePackageFolderFiles?packageFolderFileIds={one}%2C{two} "),
        ]
    );
    let nothing = LocalFile {
        package_id: PACKAGE,
        folder_id: PACKAGE,
        path: "",
        checksum: "x",
        modified_epoch: 0,
    };
    let folder = SoftwareEntity::default();
    let before = mock.requests().len();
    for problem in [
        internal.available(&[]).await.map(drop).unwrap_err(),
        internal.revoked(&[]).await.map(drop).unwrap_err(),
        internal.delete_files(&[]).await.unwrap_err(),
        internal
            .by_tags(" ", &PackageStatus::Released)
            .await
            .map(drop)
            .unwrap_err(),
        internal.history("").await.map(drop).unwrap_err(),
        internal.check_file(nothing).await.map(drop).unwrap_err(),
        internal
            .create_folder(PACKAGE, &folder)
            .await
            .map(drop)
            .unwrap_err(),
        internal.update_folder(&folder).await.map(drop).unwrap_err(),
        internal.log_download(PACKAGE, u64::MAX).await.unwrap_err(),
    ] {
        assert!(
            matches!(problem, wats_domains::Error::Query(_)),
            "{problem}"
        );
    }
    assert_eq!(mock.requests().len(), before);
}
