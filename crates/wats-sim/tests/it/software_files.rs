//! Software packages: folders, files, uploads.

use std::io::{Cursor, Write as _};

use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::common::{Client, Reply, start};
use crate::software::{API, INTERNAL, create, each, go};

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, data) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(data).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

async fn upload(client: &mut Client, id: &str, query: &str, zip: &[u8]) -> Reply {
    let mut body = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"p.zip\"\r\n\
        Content-Type: application/zip\r\n\r\n"
        .to_vec();
    body.extend_from_slice(zip);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let headers = [("Content-Type", "multipart/form-data; boundary=x")];
    let path = format!("{API}/Package/UploadZip/{id}{query}");
    client
        .try_send(Method::POST, &path, &headers, body)
        .await
        .unwrap()
}

async fn post(client: &mut Client, path: &str) -> Reply {
    client
        .send(Method::POST, &format!("{INTERNAL}/{path}"), "")
        .await
}

#[tokio::test]
async fn files_are_uploaded_merged_and_downloaded() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let (id, _) = create(&mut client, json!({ "name": "P" })).await;
    let big = vec![7; 100_000];
    let first = zip(&[("a/one.txt", b"1"), ("a/b/two.bin", &big)]);
    assert_eq!(upload(&mut client, &id, "", &first).await.status, 200);
    let files = format!("{API}/PackageFiles/{id}");
    let listed = client.get(&files).await.json();
    let place = |name: &str, list: &Value| {
        let row = list
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["name"] == name);
        row.unwrap_or_else(|| panic!("{name}")).clone()
    };
    assert_eq!(place("two.bin", &listed)["packageFolderName"], "a/b");
    let one = place("one.txt", &listed)["packageFileId"]
        .as_str()
        .unwrap()
        .to_owned();
    for (attribute, status, then) in [
        ("executeonce", 200, "ExecuteOnce"),
        ("OverwriteNever", 200, "ExecuteOnce, OverwriteNever"),
        ("Fly", 400, "ExecuteOnce, OverwriteNever"),
        ("None", 200, "None"),
        ("TopLevelFile", 200, "TopLevelFile"),
    ] {
        let path = format!("{API}/Package/FileAttribute/{one}?attribute={attribute}");
        assert_eq!(client.send(Method::POST, &path, "").await.status, status);
        assert_eq!(
            place("one.txt", &client.get(&files).await.json())["attributes"],
            then
        );
    }

    // A file that comes again keeps its place and what is done with it.
    let second = zip(&[("a/one.txt", b"uno"), ("c/three.txt", b"3")]);
    upload(&mut client, &id, "", &second).await;
    let listed = client.get(&files).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 3);
    assert_eq!(
        (
            &place("one.txt", &listed)["packageFileId"],
            &place("one.txt", &listed)["attributes"]
        ),
        (&json!(one), &json!("TopLevelFile"))
    );
    let whole = client
        .get(&format!("{INTERNAL}/GetPackage?packageId={id}"))
        .await
        .json();
    assert_eq!(
        whole["PackageFolders"].as_array().unwrap().len(),
        2,
        "the folders at the root"
    );
    let a = whole["PackageFolders"]
        .as_array()
        .unwrap()
        .iter()
        .find(|folder| folder["Name"] == "a")
        .unwrap();
    assert_eq!(
        a["PackageFolders"][0]["PackageFolderFiles"][0]["RepositoryFolderFile"]["FileSize"],
        100_000
    );
    let file = &a["PackageFolderFiles"][0];
    assert_eq!(
        (
            &file["Attributes"],
            &file["RepositoryFolderFile"]["Version"]
        ),
        (&json!(8), &json!(2))
    );
    let file_id = file["RepositoryFolderFileId"].as_str().unwrap();
    let download = client
        .get(&format!(
            "{INTERNAL}/DownloadFile?repositoryFolderFileId={file_id}"
        ))
        .await;
    assert_eq!(download.body, "uno");
    assert_eq!(
        download.headers["content-disposition"],
        "attachment; filename=\"one.txt\""
    );
    assert_eq!(
        client
            .get(&format!("{INTERNAL}/File/{file_id}"))
            .await
            .json(),
        file["RepositoryFolderFile"]
    );
    let checksum = file["RepositoryFolderFile"]["Checksum"].as_str().unwrap();
    for (checksum, same) in [(checksum, true), ("other", false)] {
        let folder = a["PackageFolderId"].as_str().unwrap();
        let query = [
            ("packageId", &*id),
            ("parentFolderId", folder),
            ("filePath", "x\\one.txt"),
            ("checksum", checksum),
            ("fileDateEpoch", "1"),
        ];
        let check = client
            .query(&format!("{INTERNAL}/CheckFile"), &query)
            .await
            .json();
        assert_eq!(
            (&check["exists"], &check["isSame"]),
            (&json!(true), &json!(same))
        );
    }

    upload(&mut client, &id, "?cleanInstall=true", &second).await;
    assert_eq!(client.get(&files).await.json().as_array().unwrap().len(), 2);
    let gone = client
        .get(&format!(
            "{INTERNAL}/DownloadFile?repositoryFolderFileId={file_id}"
        ))
        .await;
    assert_eq!(gone.status, 404);
    go(&mut client, &id, "Pending").await;
    assert_eq!(
        upload(&mut client, &id, "", &first).await.status,
        400,
        "only a draft may be changed"
    );

    for size in ["5", "6"] {
        client
            .get(&format!(
                "{INTERNAL}/Log?packageId={id}&downloadSize={size}"
            ))
            .await;
    }
    let log = client
        .get(&format!("{INTERNAL}/GetPackageDownloadHistory?clientId=1"))
        .await
        .json();
    assert_eq!(each(&log, "downloadSize"), [5, 6]);
    assert_eq!(
        client.get(&format!("{INTERNAL}/isConnected")).await.json(),
        true
    );
}

#[tokio::test]
async fn archives_that_do_harm_are_refused_as_a_whole() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let (id, _) = create(&mut client, json!({ "name": "P" })).await;
    let bomb = vec![0; 257 << 20];
    let deep = format!("{}x", "d/".repeat(40));
    for (name, data) in [
        ("../x", &b"1"[..]),
        ("a/../../x", b"1"),
        ("/etc/x", b"1"),
        ("C:\\x\\y", b"1"),
        ("a\\..\\x", b"1"),
        ("a//x", b"1"),
        ("root.txt", b"1"),
        (&deep, b"1"),
        ("a/bomb", &bomb),
    ] {
        let archive = zip(&[("ok/file", b"1"), (name, data)]);
        assert_eq!(
            upload(&mut client, &id, "", &archive).await.status,
            400,
            "{name}"
        );
    }
    let whole = zip(&[("a/x", b"1")]);
    for archive in [&whole[..whole.len() / 2], b"no zip"] {
        assert_eq!(upload(&mut client, &id, "", archive).await.status, 400);
    }
    let path = format!("{API}/Package/UploadZip/{id}");
    assert_eq!(
        client.send(Method::POST, &path, whole).await.status,
        400,
        "no form"
    );
    assert_eq!(
        client.get(&format!("{API}/PackageFiles/{id}")).await.json(),
        json!([])
    );
}

#[tokio::test]
async fn folders_are_made_moved_and_deleted() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let (id, _) = create(&mut client, json!({ "name": "P" })).await;
    upload(
        &mut client,
        &id,
        "",
        &zip(&[("a/b/x", b"1"), ("a/y", b"2")]),
    )
    .await;
    let details = format!("{INTERNAL}/GetSoftwareEntityDetails?packageId={id}");
    let entity = |list: &Value, name: &str| {
        let row = list
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["name"] == name);
        row.cloned().unwrap_or(Value::Null)
    };
    let before = client.get(&details).await.json();
    let (a, b) = (
        entity(&before, "a")["id"].clone(),
        entity(&before, "b")["id"].clone(),
    );
    let create = format!("{INTERNAL}/PostPackageFolder?packageId={id}");
    let update = format!("{INTERNAL}/UpdatePackageFolder");
    for (path, body, status) in [
        (&create, json!({ "name": "c", "parentId": a }), 200),
        (&create, json!({ "name": "c", "parentId": a }), 409),
        (&create, json!({ "name": ".." }), 400),
        (&create, json!({ "name": "d", "parentId": id }), 404),
        (&update, json!({ "id": a, "parentId": b }), 400),
        (&update, json!({ "id": b, "name": "e" }), 200),
        (&update, json!({ "name": "e" }), 400),
    ] {
        assert_eq!(
            client.post(path, &body).await.status,
            status,
            "{path} {body}"
        );
    }
    let names = |list: &Value| {
        let mut names: Vec<String> = each(list, "name")
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!(names(&client.get(&details).await.json()), "a c e x y");
    let y = entity(&before, "y")["id"].as_str().unwrap().to_owned();
    assert_eq!(
        post(
            &mut client,
            &format!("DeletePackageFolderFiles?packageFolderFileIds={y},{id}")
        )
        .await
        .status,
        404
    );
    assert_eq!(
        names(&client.get(&details).await.json()),
        "a c e x y",
        "all or nothing"
    );
    post(
        &mut client,
        &format!("DeletePackageFolderFiles?packageFolderFileIds={y}"),
    )
    .await;
    assert_eq!(names(&client.get(&details).await.json()), "a c e x");
    post(
        &mut client,
        &format!(
            "DeletePackageFolder?packageFolderId={}",
            b.as_str().unwrap()
        ),
    )
    .await;
    assert_eq!(names(&client.get(&details).await.json()), "a c");
    assert_eq!(
        client
            .send(Method::DELETE, &format!("{API}/Package/{id}"), "")
            .await
            .status,
        204
    );
    assert_eq!(client.get(&details).await.status, 404);
    for path in [
        "PackageByName?name=P",
        "PackagesByTag?tag=x&status=Draft",
        "PackageFiles/no",
        "Package/no",
    ] {
        assert!(
            client
                .get(&format!("{API}/{path}"))
                .await
                .status
                .is_client_error(),
            "{path}"
        );
    }
    assert_eq!(
        client
            .post(&format!("{API}/Package"), &json!({ "description": "x" }))
            .await
            .status,
        400
    );
    let folders = client.get(&format!("{API}/VirtualFolders")).await.json();
    assert_eq!(folders.as_array().unwrap().len(), 1);
}
