//! Which names a file or folder may have. The names come from whoever made the package, and the rules are those of all
//! systems at once: a package that installs on one installs on all, and on none it leaves its folder.

/// Longest name that file systems take, in bytes.
const LONGEST: usize = 255;

/// Names that stand for devices on Windows, in whatever folder and with whatever extension.
const DEVICES: [&str; 7] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];

/// What is wrong with one name of a path, if anything is.
pub(super) fn wrong(name: &str) -> Option<&'static str> {
    let odd = |character: char| {
        character.is_control()
            // They show nothing, or turn the writing round, so that a name looks like another one.
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    Some(match name {
        "" => "it is empty",
        "." | ".." => "it leads to another folder",
        _ if name.contains(['/', '\\']) => "it is a path",
        _ if name.contains(':') => "its `:` names a drive or a stream",
        _ if name.contains(odd) => "it holds a character that nobody sees",
        _ if name.contains(['<', '>', '"', '|', '?', '*']) => "Windows has no such names",
        _ if name.ends_with(['.', ' ']) => "Windows takes off the dot or space at its end",
        _ if name.len() > LONGEST => "it is too long",
        _ if is_device(name) => "Windows has a device of this name",
        _ => return None,
    })
}

fn is_device(name: &str) -> bool {
    let base = name.split('.').next().unwrap_or_default();
    let base = base.trim_end_matches(' ').to_uppercase();
    // Their number may be written small, too.
    let is_port = |port: &str| {
        let mut number = base.strip_prefix(port).unwrap_or_default().chars();
        let digit = number.next();
        digit.is_some_and(|digit| digit.is_ascii_digit() || matches!(digit, '¹' | '²' | '³'))
            && number.next().is_none()
    };
    DEVICES.contains(&base.as_str()) || is_port("COM") || is_port("LPT")
}
