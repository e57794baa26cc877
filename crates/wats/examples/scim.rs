//! Creates a user, or bars one from signing in, and lists all of them.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example scim -- [create NAME | bar NAME]
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::error::Error;

use wats::Wats;
use wats::scim::{User, UserChange};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let wats = Wats::from_env()?;
    let scim = wats.scim();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => {}
        ["create", name] => {
            scim.create(&User::new(name)).await?;
        }
        ["bar", name] => {
            let user = scim.by_name(name).await?.ok_or("there is no such user")?;
            let id = user.id.ok_or("the user has no id")?;
            scim.update(&id, &[UserChange::Active(false)]).await?;
        }
        _ => return Err("say `create NAME` or `bar NAME`".into()),
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
