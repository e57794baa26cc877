//! The attachments of a report as files.

use std::path::Path;

use wats::Wats;
use wats::report::AttachmentKey;
use wats::uuid::Uuid;

use super::names::Names;
use crate::Outcome;
use crate::file;
use crate::output::Output;

/// Writes them into a folder, which is made when there are some.
pub(super) async fn write(wats: &Wats, id: Uuid, folder: &Path, output: &Output) -> Outcome<()> {
    let attachments = wats.report().attachments(id).await?;
    let mut names = Names::default();
    for attachment in &attachments {
        let (key, other_name) = match (attachment.step_id, attachment.id) {
            (_, Some(own)) => (AttachmentKey::Id(own), format!("attachment-{own}")),
            (Some(step), None) => (AttachmentKey::Step(step), format!("attachment-{step}")),
            (None, None) => continue,
        };
        let file = wats.report().attachment(id, key).await?;
        let told = attachment.filename.as_ref().or(file.file_name.as_ref());
        let name = names.take(told.map_or("", String::as_str), &other_name);
        super::made(folder)?;
        let path = folder.join(name);
        file::write(&path, &file.contents, true)?;
        output.remark(&format!(
            "{} bytes in {}",
            file.contents.len(),
            path.display()
        ));
    }
    Ok(())
}
