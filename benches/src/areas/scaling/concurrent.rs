//! 1 to 1000 calls at the same time, each of which takes the server 1 ms.

use super::{Stage, curve, round};
use crate::spec::{Context, RowSpec};
use crate::{Result, memory};
use std::time::Instant;
use wats_batch::batch_map;

const SIZES: &[usize] = &[1, 10, 100, 1000];
const NAME: &str = "calls_at_once";
const NOTE: &str = "so many reads of a product at the same time over HTTP/1.1, each 1 ms of the server; the pool opens a \
                    connection for each up to its limit, then calls wait for one";

pub(super) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let figures = [("time", "ms"), ("connections", "connections")];
    let timed = curve(NAME, &figures, SIZES)
        .note(NOTE)
        .most_rounds(ctx.scale(2, 5))
        .subject("wats", || {
            round(SIZES, |size| {
                let mut stage = Stage::set(1, 1)?;
                // Once for the connections, once for the time.
                read(&stage, size)?;
                let start = Instant::now();
                read(&stage, size)?;
                let time = start.elapsed().as_secs_f64() * 1e3;
                let connections: f64 = stage.sim.ask("connections")?.parse()?;
                Ok([time, connections])
            })
        });
    let peak = curve(NAME, &[("peak", "bytes")], SIZES)
        .note("the same with its connections opened: most memory allocated at one moment")
        .counts_memory()
        .most_rounds(2)
        .subject("wats", || {
            round(SIZES, |size| {
                let stage = Stage::set(1, 1)?;
                let (done, counted) = memory::count(|| read(&stage, size))?;
                done?;
                Ok([counted.peak as f64])
            })
        });
    vec![timed, peak]
}

fn read(stage: &Stage, size: usize) -> Result<()> {
    let products = stage.api.product();
    let all = batch_map(0..size, size, |_| products.get("PART-0000").into_future());
    for outcome in stage.runtime.block_on(all) {
        outcome?;
    }
    Ok(())
}
