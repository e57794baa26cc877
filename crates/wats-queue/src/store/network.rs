//! Whether a folder is on a network file system, where one can know. There SQLite's log is not safe.

use std::path::Path;

/// The file system's name, if it is one of a network.
pub(super) fn name(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    if cfg!(target_os = "linux") {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
        of_mounts(&mounts, &folder)
    } else if cfg!(windows) {
        // Mapped drives come out of `canonicalize` as what they are mapped to.
        let text = folder.to_string_lossy();
        let share = text.starts_with(r"\\?\UNC\")
            || (text.starts_with(r"\\") && !text.starts_with(r"\\?\"));
        share.then(|| "a network share".to_owned())
    } else {
        None
    }
}

const NETWORK: [&str; 14] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "afs",
    "ceph",
    "glusterfs",
    "lustre",
    "gfs2",
    "ocfs2",
    "9p",
    "fuse.sshfs",
    "fuse.glusterfs",
];

/// The file system with the longest path above the folder; of two at one path the later one.
fn of_mounts(mounts: &str, folder: &Path) -> Option<String> {
    let mut found: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let Some((before, after)) = line.split_once(" - ") else {
            continue;
        };
        let Some(path) = before.split(' ').nth(4) else {
            continue;
        };
        let path = path.replace("\\040", " ").replace("\\011", "\t");
        let length = path.len();
        if folder.starts_with(&path) && found.is_none_or(|(longest, _)| length >= longest) {
            found = Some((length, after.split(' ').next().unwrap_or_default()));
        }
    }
    let (_, kind) = found?;
    NETWORK.contains(&kind).then(|| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 0:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /mnt/share\\040a rw shared:2 - nfs4 server:/x rw
31 22 0:41 / /mnt/share\\040a/local rw - xfs /dev/sdb rw
32 22 0:42 / /data rw - ext4 /dev/sdc rw
33 22 0:43 / /data rw - cifs //server/data rw
";

    #[test]
    fn the_nearest_and_newest_mount_counts() {
        let of = |path| of_mounts(MOUNTS, Path::new(path));
        assert_eq!(of("/mnt/share a/queue").as_deref(), Some("nfs4"));
        assert_eq!(of("/mnt/share a/local/queue"), None);
        assert_eq!(of("/mnt/share"), None);
        assert_eq!(of("/data").as_deref(), Some("cifs"));
        assert_eq!(of("/var"), None);
        assert_eq!(of_mounts("broken\n- x\n", Path::new("/")), None);
    }
}
