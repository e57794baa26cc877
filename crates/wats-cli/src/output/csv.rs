//! Comma-separated values (RFC 4180), with line feeds.

/// A line of these fields.
pub(crate) fn line<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for (at, field) in fields.into_iter().enumerate() {
        if at > 0 {
            line.push(',');
        }
        let edge = |c: char| c == ' ' || c == '\t';
        if field.contains(['"', ',', '\n', '\r'])
            || field.starts_with(edge)
            || field.ends_with(edge)
        {
            line.push('"');
            line.push_str(&field.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(field);
        }
    }
    // A line with nothing in it is no record for many who read it.
    if line.is_empty() {
        line.push_str("\"\"");
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_separates_is_quoted() {
        let line = super::line(["a", "b,c", "say \"x\"", "", "two\nlines", " edge"]);
        assert_eq!(
            line,
            "a,\"b,c\",\"say \"\"x\"\"\",,\"two\nlines\",\" edge\"\n"
        );
        // Each character that makes it necessary is one by itself.
        for field in ["a\nb", "a\rb", "a,b", " a", "a ", "\ta", "a\t"] {
            assert_eq!(super::line([field, ""]), format!("\"{field}\",\n"));
        }
        assert_eq!(super::line(["a\"b"]), "\"a\"\"b\"\n");
        assert_eq!(super::line([""]), "\"\"\n");
        assert_eq!(super::line(["", ""]), ",\n");
    }
}
