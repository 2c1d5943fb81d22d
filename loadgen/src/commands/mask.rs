//! The command line as results keep it.

use std::ffi::OsString;

use crate::plan::mask_passwords;

/// The command line without what only its owner should read: passwords in URLs, and `secrets`,
/// which may stand alone or behind their flag.
pub(super) fn mask(argv: &[OsString], secrets: &[String]) -> Vec<String> {
    let words = argv.iter().map(|word| word.to_string_lossy());
    let masked = words.map(|word| {
        let secret = secrets
            .iter()
            .find_map(|secret| word.trim_end().strip_suffix(secret.as_str()));
        match secret {
            Some(before) => format!("{before}***"),
            None => mask_passwords(&word),
        }
    });
    masked.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_alone_and_behind_their_flag() {
        let words = [
            "loadgen",
            "-A",
            "me:secret",
            "-kAme:secret",
            "--header=Cookie: secret ",
            "http://me:secret@host/",
        ];
        let argv: Vec<OsString> = words.into_iter().map(OsString::from).collect();
        let secrets = ["me:secret", "secret"].map(str::to_owned);
        assert_eq!(
            mask(&argv, &secrets),
            [
                "loadgen",
                "-A",
                "***",
                "-kA***",
                "--header=Cookie: ***",
                "http://me:***@host/"
            ]
        );
    }
}
