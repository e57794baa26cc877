//! A call of each row, for the tests of the table.

use jiff::Timestamp;

use super::{Asset, AssetFile, AssetKey, AssetState, AssetType};
use crate::route::tests::{AWKWARD, ID, Lacks};
use crate::{Filter, Wats};

const ODATA: &str = "OData: its options are those of the query language";

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[
    ("asset.list", Lacks::Query, ODATA),
    ("asset.log", Lacks::Query, ODATA),
    ("asset.types", Lacks::Query, ODATA),
    (
        "asset.internal.upload_file",
        Lacks::Body,
        "the file is the body, in words only",
    ),
];

pub(crate) async fn call_all(api: &Wats) {
    let asset = api.asset();
    let (id, number) = (AssetKey::Id(AWKWARD), AssetKey::SerialNumber(AWKWARD));
    let list = asset.list().filter(Filter::eq("assetName", AWKWARD));
    drop(list.top(5).skip(5).order_by("assetName desc").await);
    drop(asset.log().filter(Filter::eq("user", AWKWARD)).await);
    drop(asset.types().top(5).await);
    for key in [id, number] {
        drop(asset.get(key).await);
        drop(
            asset
                .status(key)
                .translate(false)
                .culture_code("zh-CN")
                .await,
        );
        drop(asset.sub_assets(key).level(1_u32).await);
        drop(asset.set_state(key, AssetState::InStorage).await);
        drop(
            asset
                .add_count(key, 3)
                .with_children(true)
                .culture_code("zh-CN")
                .await,
        );
        drop(asset.set_total_count(key, 3).with_children(true).await);
        drop(asset.reset_running_count(key).comment(AWKWARD).await);
        drop(
            asset
                .calibrated(key, Timestamp::UNIX_EPOCH)
                .comment(AWKWARD)
                .await,
        );
        drop(
            asset
                .maintained(key, Timestamp::UNIX_EPOCH)
                .comment(AWKWARD)
                .await,
        );
        drop(asset.post_message(key, AWKWARD).await);
        drop(asset.delete(key).await);
    }
    drop(asset.save(&Asset::new("DMM-7", ID)).await);
    drop(asset.save_type(&AssetType::new("DMM")).await);
    let internal = asset.internal();
    let file = AssetFile {
        asset_id: AWKWARD,
        name: AWKWARD,
    };
    drop(internal.files(AWKWARD).await);
    drop(internal.file(file).await);
    drop(internal.upload_file(file, "text").await);
    drop(internal.delete_files(AWKWARD, &[AWKWARD]).await);
}
