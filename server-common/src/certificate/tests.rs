use std::fs;

use super::*;

const ADDRESSES: [&str; 4] = ["0.0.0.0", "127.0.0.1", "192.0.2.7", "::ffff:192.0.2.7"];

fn addresses() -> impl Iterator<Item = IpAddr> {
    ADDRESSES
        .into_iter()
        .map(|address| address.parse().unwrap())
}

#[test]
fn a_certificate_made_here_is_for_the_addresses_listened_on() {
    let made = parameters(addresses()).unwrap();
    let names: Vec<String> = made
        .subject_alt_names
        .iter()
        .map(|name| match name {
            rcgen::SanType::DnsName(name) => name.to_string(),
            rcgen::SanType::IpAddress(address) => address.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["localhost", "127.0.0.1", "::1", "192.0.2.7"]);
}

#[test]
fn a_certificate_made_here_is_good_now_and_no_longer_than_mozilla_allows() {
    let made = parameters([]).unwrap();
    let now = date_time_ymd(1970, 1, 1) + SystemTime::UNIX_EPOCH.elapsed().unwrap();
    assert!(made.not_before < now && now < made.not_after);
    assert!((made.not_after - made.not_before).whole_days() <= 366);
}

#[test]
fn a_certificate_made_here_can_be_used() {
    assert!(self_signed(addresses()).is_ok());
}

#[test]
fn a_file_that_is_of_no_use_is_named_with_the_next_step() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let key = KeyPair::generate().unwrap();
    let certificate = parameters([]).unwrap().self_signed(&key).unwrap();
    fs::write(path("certificate"), certificate.pem()).unwrap();
    fs::write(path("key"), key.serialize_pem()).unwrap();
    fs::write(path("other"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert!(from_files(&path("certificate"), &path("key")).is_ok());

    let here = directory.path().display().to_string();
    for (certificate, key, expected) in [
        (
            "nowhere",
            "key",
            format!(
                "cannot read {here}/nowhere: No such file or directory (os error 2); check the path"
            ),
        ),
        (
            "",
            "key",
            format!("cannot read {here}/: Is a directory (os error 21); give the file in it"),
        ),
        ("key", "key", format!("{here}/key has no certificate; ")),
        (
            "certificate",
            "certificate",
            format!("{here}/certificate has no private key that can be read; "),
        ),
        (
            "certificate",
            "other",
            format!("{here}/other is not the key of the first certificate; "),
        ),
    ] {
        let error = from_files(&path(certificate), &path(key)).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn an_endless_file_is_not_read_to_its_end() {
    let endless = Path::new("/dev/zero");
    let error = from_files(endless, endless).unwrap_err();
    assert!(
        format!("{error:#}").contains("more than 1048576 bytes"),
        "{error:#}"
    );
}
