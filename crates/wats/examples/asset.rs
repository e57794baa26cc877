//! Assets: an instrument is counted, calibrated when it is due, and told apart by its type.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example asset
//! ```

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use wats::asset::{Asset, AssetKey, AssetState};
use wats::jiff::Timestamp;
use wats::{Filter, Wats};

#[tokio::main(flavor = "current_thread")]
async fn main() -> wats::Result<()> {
    let wats = Wats::from_env()?;
    let assets = wats.asset();
    let meter = AssetKey::SerialNumber("DMM-7");

    if assets.find(meter).await?.is_none() {
        let types = assets.types().filter(Filter::eq("typeName", "Multimeter"));
        let Some(kind) = types.await?.into_iter().find_map(|kind| kind.type_id) else {
            println!("there is no type `Multimeter`");
            return Ok(());
        };
        let mut asset = Asset::new("DMM-7", kind);
        asset.name = Some("Bench 3".to_owned());
        assets.save(&asset).await?;
    }

    // Counting is never repeated: it would count twice.
    assets.add_count(meter, 1).await?;
    let status = assets.status(meter).await?;
    println!("used {:?} times: {:?}", status.total_count, status.message);

    let asset = assets.get(meter).await?;
    let due = asset
        .next_calibration
        .and_then(|time| time.timestamp().ok());
    if due.is_some_and(|due| due < Timestamp::now()) {
        assets.set_state(meter, AssetState::InCalibration).await?;
        assets
            .calibrated(meter, Timestamp::now())
            .comment("yearly")
            .await?;
        assets.set_state(meter, AssetState::InOperation).await?;
    }

    let log = assets.log().filter(Filter::eq("serialNumber", "DMM-7"));
    for entry in log.top(10).await? {
        println!("{:?} {:?} {:?}", entry.date, entry.kind, entry.comment);
    }
    Ok(())
}
