//! Software packages: versions, their way to a release, the folders they are listed in.

use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;

use crate::common::{Client, encode, start};

pub(crate) const API: &str = "/api/Software";
pub(crate) const INTERNAL: &str = "/api/internal/Software";

pub(crate) async fn create(client: &mut Client, body: Value) -> (String, Value) {
    let package = client.post(&format!("{API}/Package"), &body).await.json();
    (package["packageId"].as_str().unwrap().to_owned(), package)
}

pub(crate) async fn go(client: &mut Client, id: &str, status: &str) -> u16 {
    let path = format!("{API}/PackageStatus/{id}?status={status}");
    client.send(Method::POST, &path, "").await.status.as_u16()
}

pub(crate) fn each(list: &Value, name: &str) -> Vec<Value> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|row| row[name].clone())
        .collect()
}

#[tokio::test]
async fn versions_go_their_way_to_a_release() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let tags = json!([{ "key": "Part", "value": "A<1>" }]);
    let (one, package) = create(
        &mut client,
        json!({ "name": "P", "tags": tags, "status": "Released" }),
    )
    .await;
    let (two, second) = create(&mut client, json!({ "name": "P", "tags": tags })).await;
    assert_eq!(
        (&package["version"], &package["status"], &second["version"]),
        (&json!(1), &json!("Draft"), &json!(2))
    );
    // From each status to each: what is left is what the server allows.
    let mut way = Vec::new();
    for (from, reach) in [
        ("Draft", vec![]),
        ("Pending", vec!["Pending"]),
        ("Released", vec!["Pending", "Released"]),
        ("Revoked", vec!["Pending", "Released", "Revoked"]),
    ] {
        for to in ["Draft", "Pending", "Released", "Revoked"] {
            let (id, _) = create(&mut client, json!({ "name": "W" })).await;
            for step in &reach {
                assert_eq!(go(&mut client, &id, step).await, 200);
            }
            match go(&mut client, &id, to).await {
                200 => way.push((from, to)),
                status => assert_eq!(status, 400),
            }
        }
    }
    let allowed = [
        ("Draft", "Pending"),
        ("Pending", "Draft"),
        ("Pending", "Released"),
        ("Released", "Revoked"),
    ];
    assert_eq!(way, allowed);

    for status in ["Pending", "Released"] {
        go(&mut client, &one, status).await;
    }
    let path = format!("{API}/Package/{one}");
    let saved = client.put(&path, &json!({ "description": "new" })).await;
    assert_eq!(saved.status, 400, "only a draft may be changed");
    let saved = client
        .put(
            &path,
            &json!({ "tags": "<PackageInfo><Part>A&lt;1&gt;</Part></PackageInfo>" }),
        )
        .await;
    assert_eq!(
        (saved.status.as_u16(), saved.json()["tags"].clone()),
        (200, client.get(&path).await.json()["tags"].clone())
    );
    assert_eq!(client.send(Method::DELETE, &path, "").await.status, 400);
    assert!(client.get(&path).await.json()["released"].is_string());
    let found = client
        .query(
            &format!("{API}/PackagesByTag"),
            &[("tag", "Part=a<1>"), ("status", "released")],
        )
        .await;
    assert_eq!(each(&found.json(), "packageId"), [json!(one)]);
    for (name, found) in [("P", 200), ("Q", 404)] {
        let query = [("name", name), ("status", "Released")];
        assert_eq!(
            client
                .query(&format!("{API}/PackageByName"), &query)
                .await
                .status,
            found
        );
    }

    // What is installed in the first version has a newer one once that is released.
    let of = |path: &str| format!("{INTERNAL}/{path}?installedPackages={one}");
    assert_eq!(
        client.get(&of("GetAvailablePackages")).await.json(),
        json!([])
    );
    for status in ["Pending", "Released"] {
        go(&mut client, &two, status).await;
    }
    assert_eq!(
        each(
            &client.get(&of("GetAvailablePackages")).await.json(),
            "PackageId"
        ),
        [json!(two)]
    );
    let revoked = of("GetRevokedPackages");
    assert_eq!(client.get(&revoked).await.json(), json!([]));
    assert_eq!(go(&mut client, &one, "Revoked").await, 200);
    assert_eq!(client.get(&revoked).await.json(), json!([one]));
    assert_eq!(
        client
            .get(&format!("{revoked}&includeRevokedOnly=true"))
            .await
            .json(),
        json!([])
    );
    let tagged = |path: &str, more: &str| {
        format!(
            "{INTERNAL}/{path}?tags={}{more}",
            encode("//*[Part[.='x' or .='A<1>']]")
        )
    };
    for (path, versions) in [
        (tagged("GetPackageHistory", ""), vec![2]),
        (tagged("GetPackageHistory", "&allVersions=true"), vec![2, 1]),
        (tagged("GetPackagesByTag", "&status=3"), vec![1]),
    ] {
        assert_eq!(
            json!(each(&client.get(&path).await.json(), "Version")),
            json!(versions),
            "{path}"
        );
    }
    let by_name = client
        .get(&format!(
            "{INTERNAL}/GetPackageByName?packageName=P&status=2"
        ))
        .await
        .json();
    assert_eq!(
        (&by_name["PackageId"], &by_name["Status"]),
        (&json!(two), &json!(2))
    );
    assert_eq!(
        by_name["Tags"],
        "<PackageInfo><Part>A&lt;1&gt;</Part></PackageInfo>"
    );
    let delete = client
        .send(
            Method::DELETE,
            &format!("{API}/PackageByName?name=P&version=1"),
            "",
        )
        .await;
    assert_eq!(
        (
            delete.status.as_u16(),
            client.get(&path).await.status.as_u16()
        ),
        (204, 404)
    );
}

#[tokio::test]
async fn virtual_folders_are_made_moved_and_deleted_when_empty() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let path = format!("{API}/VirtualFolder");
    let all = format!("{API}/VirtualFolders");
    let first = client.get(&all).await.json()[0]["id"].clone();
    let outer = client
        .post(&path, &json!({ "name": "outer", "parentId": first }))
        .await
        .json()["id"]
        .clone();
    let inner = client
        .post(&path, &json!({ "name": "inner", "parentId": outer }))
        .await
        .json()["id"]
        .clone();
    create(
        &mut client,
        json!({ "name": "P", "virtualFolderId": inner }),
    )
    .await;
    let none = "33a2d408-3fc8-480b-b554-6866c77fd91c";
    for (body, status) in [
        (
            json!({ "id": outer, "name": "outer", "parentId": inner }),
            400,
        ),
        (json!({ "id": outer, "name": "", "parentId": first }), 400),
        (json!({ "id": none, "name": "x" }), 404),
        (json!({ "id": inner, "name": "new", "parentId": none }), 400),
        (json!({ "id": inner, "name": "new" }), 200),
    ] {
        assert_eq!(client.put(&path, &body).await.status, status, "{body}");
    }
    assert_eq!(
        client
            .post(
                &format!("{API}/Package"),
                &json!({ "name": "Q", "virtualFolderId": none })
            )
            .await
            .status,
        400
    );
    for (id, status) in [(&first, 409), (&inner, 409), (&outer, 200), (&outer, 404)] {
        let path = format!("{path}/{}", id.as_str().unwrap());
        assert_eq!(
            client.send(Method::DELETE, &path, "").await.status,
            status,
            "{id}"
        );
    }
    assert_eq!(
        each(&client.get(&all).await.json(), "name"),
        ["Software", "new"]
    );
}
