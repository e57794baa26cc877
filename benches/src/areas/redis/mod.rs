//! What processes share on a Redis: hits of both levels, changes, faults, herds, the budget, and what it costs to wait.
//!
//! Every row starts a `redis-server` of its own; where there is none, the area is left out and the report says so. Ours is
//! `wats-redis` with its defaults, in a namespace by name. `node` is one who shares, `server` the server and a proxy that
//! swallows, `station` a process of its own.
//!
//! | file | rows |
//! |---|---|
//! | `hits` | `l1_hit`, `l2_hit`, `fill`, `take` |
//! | `changes` | `own_write`, `stuck`, `lag` |
//! | `faults` | `kill`, `freeze`, `black_hole` |
//! | `several` | with processes of their own: `herd`, `budget`, `idle` |

mod changes;
mod faults;
mod hits;
mod node;
mod server;
mod several;
pub(super) mod station;

use crate::spec::{Context, RowSpec};

/// The rows of this area.
pub(crate) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let mut rows = vec![hits::l1_hit(ctx)];
    rows.extend([1, 100].map(|callers| hits::l2_hit(ctx, callers)));
    rows.push(hits::fill(ctx));
    rows.push(hits::take(ctx));
    rows.push(changes::own_write(ctx));
    rows.push(changes::stuck(ctx));
    rows.push(changes::lag(ctx));
    rows.extend(faults::Fault::ALL.map(|fault| faults::row(ctx, fault)));
    rows.push(several::herd(ctx));
    rows.push(several::budget(ctx));
    rows.push(several::idle(ctx));
    rows
}

/// Why the area cannot run on this machine, if so.
pub(crate) fn missing() -> Option<String> {
    server::missing()
}
