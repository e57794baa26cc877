//! A report that was read in less detail does not overwrite the whole.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic here is the failing test"
)]

use crate::report_common::{id, read, start, test};
use wats_domains::report::{Detail, DetailLevel, SubmitMode, SubmitOptions};
use wats_domains::{BulkOptions, Error};
use wats_sim::Simulator;

#[tokio::test]
async fn a_part_is_only_sent_when_that_is_meant() {
    let (sim, api) = start(Simulator::builder()).await;
    let whole = test(id(1), "S");
    api.report().submit(&read(&whole)).await.unwrap();
    let (many, options) = (BulkOptions::default(), SubmitOptions::default());
    for detail in [
        Detail::default().attachments(false),
        Detail::default().chart_data(false),
        Detail::default().level(DetailLevel::new(6).unwrap()),
    ] {
        let mut part = api.report().get_with(id(1), detail).await.unwrap();
        part.serial_number = Some("changed".to_owned());
        let part = part.clone();
        let mut outcomes = vec![
            api.report().submit(&part).await.map(drop),
            api.report()
                .submit_with(&part, &options.clone().mode(SubmitMode::Active))
                .await
                .map(drop),
        ];
        let outcome = api
            .report()
            .submit_many([part], &options, &many)
            .await
            .unwrap();
        outcomes.push(
            outcome
                .into_result()
                .map(drop)
                .map_err(|mut failed| failed.remove(0).1),
        );
        let got = api.report().get_many([id(1)], detail, &many).await.unwrap();
        let got = got.into_result().unwrap().remove(0);
        outcomes.push(api.report().submit(&got).await.map(drop));
        for outcome in outcomes {
            let error = outcome.unwrap_err();
            assert!(matches!(error, Error::Data(_)), "{error:?}");
            assert!(error.to_string().contains("less detail"), "{error}");
        }
        assert_eq!(sim.report(&id(1).to_string()).unwrap(), whole);
    }

    // Read whole, it is sent; and so is a part that is meant to be.
    for detail in [
        Detail::default(),
        Detail::default()
            .level(DetailLevel::FULL)
            .attachments(true)
            .chart_data(true),
    ] {
        let all = api.report().get_with(id(1), detail).await.unwrap();
        api.report().submit(&all).await.unwrap();
    }
    assert_eq!(sim.report(&id(1).to_string()).unwrap(), whole);
    let detail = Detail::default().attachments(false);
    let part = api.report().get_with(id(1), detail).await.unwrap();
    let meant = options.partial(true);
    api.report().submit_with(&part, &meant).await.unwrap();
    assert_ne!(sim.report(&id(1).to_string()).unwrap(), whole);
}
