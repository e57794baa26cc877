//! Lua scripts, called by their hash.

use std::sync::OnceLock;

use redis::{Cmd, ToRedisArgs};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::security::hex;

/// A script, usually in a `static`.
#[derive(Debug)]
pub(crate) struct Script {
    text: &'static str,
    /// How many keys a call names.
    keys: usize,
    hash: OnceLock<String>,
}

impl Script {
    pub(crate) const fn new(text: &'static str, keys: usize) -> Self {
        Self {
            text,
            keys,
            hash: OnceLock::new(),
        }
    }

    /// Begins a call: keys first, then arguments.
    pub(crate) fn call(&'static self) -> ScriptCall {
        // Most calls take no more than that beside a value.
        let mut command = Cmd::with_capacity(12, 256);
        command.arg("EVALSHA").arg(self.hash()).arg(self.keys);
        ScriptCall {
            script: self,
            keys: 0,
            command,
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
    /// Keys so far.
    keys: usize,
    command: Cmd,
}

impl ScriptCall {
    /// Adds a key. All keys come before the first argument.
    #[must_use]
    pub(crate) fn key(mut self, key: &[u8]) -> Self {
        self.keys += 1;
        self.arg(key)
    }

    /// Adds an argument.
    #[must_use]
    pub(crate) fn arg(mut self, arg: impl ToRedisArgs) -> Self {
        self.command.arg(arg);
        self
    }

    /// The command that names the script by its hash.
    pub(crate) fn by_hash(&self) -> &Cmd {
        debug_assert_eq!(self.keys, self.script.keys, "a call names all its keys");
        &self.command
    }

    /// The command that brings the script along; the server knows it from then on.
    pub(crate) fn by_text(&self) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(self.script.text);
        for part in self.command.args_iter().skip(2) {
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

    static SCRIPT: Script = Script::new("return 1", 1);

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
