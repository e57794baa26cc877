//! Lua scripts, called by their hash.

use std::sync::OnceLock;

use redis::{Cmd, ToRedisArgs};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::security::hex;

/// A script, usually in a `static`.
#[derive(Debug)]
pub(crate) struct Script {
    text: &'static str,
    hash: OnceLock<String>,
}

impl Script {
    pub(crate) const fn new(text: &'static str) -> Self {
        Self {
            text,
            hash: OnceLock::new(),
        }
    }

    /// Begins a call: keys first, then arguments.
    pub(crate) fn call(&'static self) -> ScriptCall {
        ScriptCall {
            script: self,
            keys: 0,
            parts: Cmd::new(),
        }
    }

    /// What the server calls it by.
    fn hash(&self) -> &str {
        let digest = || digest(&SHA1_FOR_LEGACY_USE_ONLY, self.text.as_bytes());
        self.hash.get_or_init(|| hex(digest().as_ref()))
    }
}

/// A call of a script.
#[derive(Debug, Clone)]
pub(crate) struct ScriptCall {
    script: &'static Script,
    keys: usize,
    parts: Cmd,
}

impl ScriptCall {
    /// Adds a key. All keys come before the first argument.
    #[must_use]
    pub(crate) fn key(mut self, key: &[u8]) -> Self {
        self.keys += 1;
        self.parts.arg(key);
        self
    }

    /// Adds an argument.
    #[must_use]
    pub(crate) fn arg(mut self, arg: impl ToRedisArgs) -> Self {
        self.parts.arg(arg);
        self
    }

    /// The command that names the script by its hash.
    pub(crate) fn by_hash(&self) -> Cmd {
        self.command("EVALSHA", self.script.hash())
    }

    /// The command that brings the script along; the server knows it from then on.
    pub(crate) fn by_text(&self) -> Cmd {
        self.command("EVAL", self.script.text)
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = redis::cmd(name);
        command.arg(script).arg(self.keys);
        for part in self.parts.args_iter() {
            if let redis::Arg::Simple(part) = part {
                command.arg(part);
            }
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SCRIPT: Script = Script::new("return 1");

    #[test]
    fn a_call_names_the_script_its_keys_and_arguments() {
        let call = SCRIPT.call().key(b"k").arg(7).arg("a");
        let packed = String::from_utf8(call.by_hash().get_packed_command()).unwrap();
        let expected = "*6\r\n$7\r\nEVALSHA\r\n$40\r\ne0e1f9fabfc9d4800c877a703b823ac0578ff8db\r\n\
                        $1\r\n1\r\n$1\r\nk\r\n$1\r\n7\r\n$1\r\na\r\n";
        assert_eq!(packed, expected);
        let packed = String::from_utf8(call.by_text().get_packed_command()).unwrap();
        assert!(packed.contains("return 1"), "{packed}");
    }
}
