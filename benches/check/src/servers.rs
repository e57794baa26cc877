//! The servers that the client rows ask: simulators in this process, while the client is another.

use serde::{Deserialize, Serialize};
use std::sync::mpsc;
use wats_bench_check::Result;
use wats_sim::{Builder, Simulator};

/// Where a server listens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) ca_pem: Option<String>,
}

/// One server for each protocol.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Addresses {
    pub(crate) h1: Address,
    pub(crate) tls_h1: Address,
    pub(crate) tls_h2: Address,
}

/// Starts them on a thread of their own, for as long as this process lives.
pub(crate) fn start() -> Result<Addresses> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let serve = async {
            let (addresses, _simulators) = match start_all().await {
                Ok((addresses, simulators)) => (Ok(addresses), simulators),
                Err(error) => (Err(error), Vec::new()),
            };
            // Whoever asked waits for it.
            let _ = tell.send(addresses);
            std::future::pending::<()>().await;
        };
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map(|runtime| runtime.block_on(serve))
    });
    told.recv()
        .map_err(|_| "the servers have no runtime to run on")?
}

async fn start_all() -> Result<(Addresses, Vec<Simulator>)> {
    let mut simulators = Vec::new();
    let mut start = async |builder: Builder| -> Result<Address> {
        let simulator = builder.products(10).gzip(false).start().await?;
        let address = Address {
            url: simulator.base_url().to_owned(),
            token: simulator.token().to_owned(),
            ca_pem: simulator.ca_certificate_pem().map(str::to_owned),
        };
        simulators.push(simulator);
        Ok(address)
    };
    let addresses = Addresses {
        h1: start(Simulator::builder()).await?,
        tls_h1: start(Simulator::builder().tls(true).http1_only(true)).await?,
        tls_h2: start(Simulator::builder().tls(true)).await?,
    };
    Ok((addresses, simulators))
}
