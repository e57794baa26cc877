//! Names of files that others chose: nothing leaves the folder, and no system trips over them.

use std::collections::HashSet;

/// Most bytes of a name; file systems take 255.
const LONGEST: usize = 180;

/// Names that are devices on Windows, whatever follows behind a full stop; the last two with a digit.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
const NUMBERED: [&str; 2] = ["com", "lpt"];

/// The names of a folder that are taken, as systems compare them that do not tell capitals apart.
#[derive(Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// A name for a file that is called this, or `other` when nothing is left of it.
    pub(super) fn take(&mut self, told: &str, other: &str) -> String {
        let safe = safe(told);
        let name = if safe.is_empty() { other } else { &safe };
        let (start, end) = match name.rsplit_once('.') {
            Some((start, end)) if !start.is_empty() => (start, format!(".{end}")),
            _ => (name, String::new()),
        };
        let mut unique = name.to_owned();
        let mut number = 1;
        while !self.0.insert(unique.to_lowercase()) {
            number += 1;
            unique = format!("{start} ({number}){end}");
        }
        unique
    }
}

/// What is left of a name: the last part of a path, without characters that some system does not take.
fn safe(told: &str) -> String {
    let last = told.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = |c: char| {
        if c.is_control() || "<>:\"|?*".contains(c) || is_unseen(c) {
            '_'
        } else {
            c
        }
    };
    let name: String = last.chars().map(kept).collect();
    // Windows drops full stops and spaces at the end; one at the beginning hides the file.
    let name = name.trim_matches(['.', ' ']);
    let mut end = name.len().min(LONGEST);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let (start, suffix) = match name.rsplit_once('.') {
        Some((start, suffix)) if name.len() > LONGEST && suffix.len() < 16 => {
            let mut end = start.len().min(LONGEST - suffix.len() - 1);
            while !start.is_char_boundary(end) {
                end -= 1;
            }
            (&start[..end], format!(".{suffix}"))
        }
        _ => (&name[..end], String::new()),
    };
    let name = format!("{}{suffix}", start.trim_end_matches(['.', ' ']));
    let stem = name
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let stem = stem.trim_end();
    let is_numbered = |device: &str| {
        let digit = stem.strip_prefix(device);
        digit.is_some_and(|digit| digit.len() == 1 && digit.bytes().all(|c| c.is_ascii_digit()))
    };
    let is_device = DEVICES.contains(&stem) || NUMBERED.into_iter().any(is_numbered);
    if is_device { format!("_{name}") } else { name }
}

/// Marks of direction and the like, which make a name look like another one.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        for (told, name) in [
            ("photo.png", "photo.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\x\\log.txt", "log.txt"),
            ("a:b?.txt", "a_b_.txt"),
            (".bashrc", "bashrc"),
            ("..", "other"),
            ("dir/", "other"),
            ("", "other"),
            ("end. . ", "end"),
            ("CON.txt", "_CON.txt"),
            ("com1", "_com1"),
            ("console.log", "console.log"),
            ("x\u{202e}gnp.exe\0", "x_gnp.exe_"),
        ] {
            assert_eq!(Names::default().take(told, "other"), name, "{told}");
        }
    }

    #[test]
    fn the_same_name_comes_with_a_number_and_a_long_one_keeps_its_end() {
        let mut names = Names::default();
        assert_eq!(names.take("Photo.png", "-"), "Photo.png");
        assert_eq!(names.take("photo.PNG", "-"), "photo (2).PNG");
        assert_eq!(names.take("photo.png", "-"), "photo (3).png");
        let long = names.take(&format!("{}.png", "ä".repeat(300)), "-");
        assert!(long.len() <= LONGEST && long.ends_with("ä.png"), "{long}");
    }
}
