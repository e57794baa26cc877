//! A call of each row, for the tests of the table.

use jiff::Timestamp;

use super::{Asset, AssetFile, AssetKey, AssetState, AssetType};
use crate::route::tests::{ID, Lacks, arg, said, text};
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
    let (id, number) = (AssetKey::Id(text()), AssetKey::SerialNumber(text()));
    let list = asset.list().filter(Filter::eq("assetName", text()));
    let list = list.filter(Filter::lt("runningCount", arg("runningCount", 1.5)));
    let list = list.top(arg("top", 5)).skip(arg("skip", 5));
    said(list.order_by("assetName desc").await);
    said(asset.log().filter(Filter::eq("user", text())).await);
    said(asset.types().top(arg("top", 5)).await);
    for key in [id, number] {
        said(asset.get(key).await);
        said(
            asset
                .status(key)
                .translate(false)
                .culture_code(text())
                .await,
        );
        said(asset.sub_assets(key).level(arg("level", 1_u32)).await);
        said(asset.set_state(key, AssetState::InStorage).await);
        said(
            asset
                .add_count(key, arg("uses", 3))
                .with_children(true)
                .culture_code(text())
                .await,
        );
        said(
            asset
                .set_total_count(key, arg("uses", 3))
                .with_children(true)
                .await,
        );
        said(asset.reset_running_count(key).comment(text()).await);
        said(
            asset
                .calibrated(key, Timestamp::UNIX_EPOCH)
                .comment(text())
                .await,
        );
        said(
            asset
                .maintained(key, Timestamp::UNIX_EPOCH)
                .comment(text())
                .await,
        );
        said(asset.post_message(key, text()).await);
        said(asset.delete(key).await);
    }
    said(asset.save(&Asset::new("DMM-7", arg("typeId", ID))).await);
    let mut kind = AssetType::new("DMM");
    kind.calibration_interval = Some(arg("calibrationInterval", 7.5).into());
    kind.warning_threshold = Some(arg("warningThreshold", 7.5).into());
    said(asset.save_type(&kind).await);
    let internal = asset.internal();
    let file = AssetFile {
        asset_id: text(),
        name: text(),
    };
    said(internal.files(text()).await);
    said(internal.file(file).await);
    said(internal.upload_file(file, "text").await);
    said(internal.delete_files(text(), arg("names", &[text()])).await);
}
