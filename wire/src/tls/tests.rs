use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};

use super::*;

/// A certificate and its key, both PEM.
fn pair() -> (String, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    (cert.pem(), signing_key.serialize_pem())
}

fn complaint(certificate_chain: &str, key: &str) -> String {
    let error = Tls::from_pem(certificate_chain.as_bytes(), key.as_bytes()).unwrap_err();
    error.to_string()
}

#[test]
fn one_text_may_hold_certificate_and_key_among_other_things() {
    let (certificate, key) = pair();
    let text = format!("subject: me\n{key}\n{certificate}");
    let tls = Tls::from_pem(text.as_bytes(), text.as_bytes()).unwrap();
    assert_eq!(tls.config().alpn_protocols, [b"http/1.1"]);
}

#[test]
fn protocols_are_offered_in_the_order_given() {
    let (certificate, key) = pair();
    let tls = Tls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    let tls = tls.with_protocols(&[Protocol::Http2, Protocol::Http11]);
    assert_eq!(tls.config().alpn_protocols, [&b"h2"[..], b"http/1.1"]);
}

#[test]
fn sessions_can_be_resumed_by_tickets() {
    let (certificate, key) = pair();
    let tls = Tls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    assert!(tls.config().ticketer.enabled());
}

#[test]
fn texts_without_what_is_wanted_say_so() {
    let (certificate, key) = pair();
    for nothing in ["", "nothing of that kind", &key] {
        let complaint = complaint(nothing, &key);
        assert!(complaint.starts_with("has no certificate; "), "{complaint}");
    }
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    for nothing in ["", "nothing of that kind", &certificate, &encrypted] {
        let complaint = complaint(&certificate, nothing);
        assert!(complaint.starts_with("has no private key "), "{complaint}");
    }
}

#[test]
fn broken_texts_say_where() {
    let (certificate, key) = pair();
    let half = &certificate[..certificate.len() / 2];
    let complaint_of_half = complaint(half, &key);
    assert!(
        complaint_of_half.contains("ends before its END line"),
        "{complaint_of_half}"
    );
    let garbled = key.replacen("\nM", "\n!", 1);
    let complaint_of_garbled = complaint(&certificate, &garbled);
    assert!(
        complaint_of_garbled.contains("is not base64"),
        "{complaint_of_garbled}"
    );
}

#[test]
fn good_base64_of_nonsense_is_no_certificate_and_no_key() {
    let (certificate, key) = pair();
    let nonsense = |label| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
    let complaint_of_certificate = complaint(&nonsense("CERTIFICATE"), &key);
    assert!(
        complaint_of_certificate.contains("a certificate that cannot be read"),
        "{complaint_of_certificate}"
    );
    let complaint_of_key = complaint(&certificate, &nonsense("PRIVATE KEY"));
    assert!(
        complaint_of_key.contains("a key that cannot be used"),
        "{complaint_of_key}"
    );
}

#[test]
fn a_key_that_is_another_certificates_is_refused() {
    let (certificate, _) = pair();
    let other = KeyPair::generate().unwrap().serialize_pem();
    assert!(complaint(&certificate, &other).starts_with("is not the key of the first certificate"));
}
