//! Assets: an instrument of a type is registered, counted, and calibrated when that is due.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example asset
//! ```

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use wats::asset::{Asset, AssetKey, AssetState, AssetType};
use wats::jiff::Timestamp;
use wats::{Filter, Wats};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let wats = Wats::from_env()?;
    let assets = wats.asset();
    let meter = AssetKey::SerialNumber("DMM-7");

    if assets.find(meter).await?.is_none() {
        let types = assets.types().filter(Filter::eq("typeName", "Multimeter"));
        let kind = if let Some(kind) = types.await?.into_iter().next() {
            kind
        } else {
            let mut kind = AssetType::new("Multimeter");
            kind.calibration_interval = Some(365.0.into());
            assets.save_type(&kind).await?
        };
        let id = kind.type_id.ok_or("the type has no id")?;
        let mut asset = Asset::new("DMM-7", id);
        asset.name = Some("Bench 3".to_owned());
        assets.save(&asset).await?;
    }

    // Counting is never repeated: it would count twice.
    assets.add_count(meter, 1).await?;
    let status = assets.status(meter).await?;
    let uses = status.total_count.unwrap_or_default();
    println!("used {uses} times: {:?}", status.message);

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
