//! The right to load a key for all processes.

use std::sync::Arc;
use std::time::Duration;

use wats_background::{Job, Moment, Work};

use crate::error::Result;
use crate::link::{ScriptCall, Session, Value, cmd};
use crate::tier::hub::Hub;
use crate::tier::scripts::{FAIL, KEEP, PUT, RELEASE};
use crate::tier::wait_limit::WaitLimit;

/// A load that takes longer has hung: its lease ends.
const LONGEST_LOAD: Duration = Duration::from_secs(60);

/// The names of an entry on the server.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) entry: Vec<u8>,
    pub(super) lease: Vec<u8>,
}

/// Dropped, it is released; others go on then.
pub(super) struct Lease {
    session: Arc<Session>,
    hub: Arc<Hub>,
    names: Names,
    /// Kind and key, as it stands in names: who waits for it in this process.
    of: (String, Vec<u8>),
    token: String,
    ended: bool,
    /// An entry was sent.
    put: bool,
    /// Makes it last while this value is there.
    _keeping: (Arc<Keeping>, Job),
}

/// Keeps a lease alive at a third of its life.
struct Keeping {
    session: Arc<Session>,
    lease: Vec<u8>,
    token: String,
    life: Duration,
    until: Moment,
}

impl Work for Keeping {
    fn run(&self) -> Option<Moment> {
        let now = Moment::now();
        if now >= self.until {
            return None;
        }
        let call = KEEP
            .call()
            .key(&self.lease)
            .arg(&self.token)
            .arg(millis(self.life));
        self.session.send_script(call);
        Some(now.after(self.life / 3))
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Lease {
    /// For a lease that was just taken.
    pub(super) fn taken(
        session: &Arc<Session>,
        hub: &Arc<Hub>,
        names: Names,
        of: (String, Vec<u8>),
        token: String,
        life: Duration,
    ) -> Self {
        let now = Moment::now();
        let keeping = Arc::new(Keeping {
            session: Arc::clone(session),
            lease: names.lease.clone(),
            token: token.clone(),
            life,
            until: now.after(LONGEST_LOAD),
        });
        let job = Job::new(&keeping);
        job.at(now.after(life / 3));
        Self {
            session: Arc::clone(session),
            hub: Arc::clone(hub),
            names,
            of,
            token,
            ended: false,
            put: false,
            _keeping: (keeping, job),
        }
    }

    fn failures(&self) -> Vec<u8> {
        let (kind, key) = &self.of;
        self.session.keys().failures(kind, key)
    }

    fn publish(&self, call: ScriptCall) -> ScriptCall {
        let (channel, member) = self.hub.link().publish().unwrap_or_default();
        call.arg(channel).arg(member)
    }

    /// Writes the entry and ends the lease. `false` if it had ended already: then nothing is written.
    pub(super) async fn put(
        mut self,
        field: &str,
        entry: Vec<u8>,
        life: Duration,
        wait_limit: &mut WaitLimit,
    ) -> Result<bool> {
        let failures = self.failures();
        let staged = self.session.keys().staged(&self.token);
        let mut rename = cmd("RENAME");
        rename.arg(&staged).arg(&self.names.entry);
        let call = PUT
            .call()
            .key(&self.names.entry)
            .key(&self.names.lease)
            .key(&failures)
            .key(&staged)
            .arg(&self.token)
            .arg(field)
            .arg(entry)
            .arg(millis(life).max(1));
        let (session, limit) = (Arc::clone(&self.session), wait_limit.left());
        let channel = self.hub.link().publish();
        let is_published = channel.is_some();
        let (channel, member) = channel.unwrap_or_default();
        let call = call.arg(channel).arg(member);
        self.put = true;
        let (ready, renamed) = if is_published {
            let put = session.script_within(limit, call);
            (wait_limit.wait_for(put).await?, true)
        } else {
            let put = session.script_and(limit, call, rename);
            wait_limit.wait_for(put).await?
        };
        // In time or not, it is over.
        self.ended = true;
        self.hub.lease_ended(&self.of.0, &self.of.1);
        Ok(ready == Value::Int(1) && renamed)
    }

    /// Ends it by a failure, which holds further loads back.
    pub(super) fn fail(mut self, first: Duration, longest: Duration) {
        self.ended = true;
        let call = FAIL
            .call()
            .key(&self.names.lease)
            .key(&self.failures())
            .arg(&self.token)
            .arg(millis(first))
            .arg(millis(longest));
        self.end(self.publish(call));
    }

    /// Ends it on the server, then wakes who waits for it here.
    fn end(&self, call: ScriptCall) {
        let (session, hub) = (Arc::clone(&self.session), Arc::clone(&self.hub));
        let (kind, key) = self.of.clone();
        let (name, token) = (self.names.lease.clone(), self.token.clone());
        let put = self.put;
        self.session.spawn(async move {
            if session.script(call).await.is_err() {
                hub.lease_orphaned(name, token);
            }
            if put {
                // Whatever became of it: what is read from here on is read behind it.
                hub.maybe_written(&kind, &key);
            }
            hub.lease_ended(&kind, &key);
        });
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let call = RELEASE.call().key(&self.names.lease).arg(&self.token);
        self.end(self.publish(call));
    }
}
