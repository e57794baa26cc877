//! The server of the examples: that of `WATS_BASE_URL` and `WATS_AUTH_TOKEN`, or a simulated one in this process.

use std::error::Error;
use std::time::Duration;

use wats_sim::Simulator;

/// Where an example sends its calls.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) token: String,
    /// The simulator, which stops when this is dropped; `None` for a server of the environment.
    #[allow(dead_code, reason = "not every example looks at it")]
    pub(crate) simulator: Option<Simulator>,
}

/// Finds a server, or starts one.
pub(crate) async fn start(tls: bool) -> Result<Server, Box<dyn Error>> {
    if let Ok(url) = std::env::var("WATS_BASE_URL") {
        let token = std::env::var("WATS_AUTH_TOKEN").map_err(|_| "set WATS_AUTH_TOKEN as well")?;
        println!("using {url}");
        return Ok(Server {
            url,
            token,
            simulator: None,
        });
    }
    let builder = Simulator::builder().products(10).tls(tls);
    let simulator = builder.latency(Duration::from_millis(2)).start().await?;
    println!(
        "no WATS_BASE_URL is set: using a simulator at {}",
        simulator.base_url()
    );
    Ok(Server {
        url: simulator.base_url().to_owned(),
        token: simulator.token().to_owned(),
        simulator: Some(simulator),
    })
}
