//! Lists all users, or bars one from signing in.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example scim -- [user to be barred]
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::error::Error;

use wats::Wats;
use wats::scim::UserChange;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let wats = Wats::from_env()?;
    let scim = wats.scim();
    if let Some(name) = std::env::args().nth(1) {
        let user = scim.by_name(&name).await?.ok_or("there is no such user")?;
        let id = user.id.ok_or("the user has no id")?;
        scim.update(&id, &[UserChange::Active(false)]).await?;
    }
    for user in scim.all().await? {
        let active = user.active.unwrap_or_default();
        println!(
            "{:?} {}",
            user.user_name,
            if active { "active" } else { "barred" }
        );
    }
    Ok(())
}
