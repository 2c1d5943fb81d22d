//! Which certificate is shown, and what is said of those that cannot be.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::process::{Program, output};

/// A certificate and keys in files of a directory that is removed in the end.
pub(crate) struct Files {
    directory: TempDir,
    certificate: String,
}

impl Files {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = made.cert.pem();
        let other_key = rcgen::KeyPair::generate().unwrap().serialize_pem();
        for (name, text) in [
            ("certificate", &certificate),
            ("key", &made.signing_key.serialize_pem()),
            ("other-key", &other_key),
        ] {
            fs::write(directory.path().join(name), text).unwrap();
        }
        Self {
            directory,
            certificate,
        }
    }

    fn path(&self, name: &str) -> String {
        let path: PathBuf = self.directory.path().join(name);
        path.to_str().unwrap().to_owned()
    }

    /// What has a server show the certificate.
    pub(crate) fn flags(&self) -> [String; 4] {
        let [certificate, key] = ["certificate", "key"].map(|name| self.path(name));
        ["--cert".to_owned(), certificate, "--key".to_owned(), key]
    }

    /// A client that trusts this certificate and no other.
    pub(crate) fn client(&self) -> ClientConnection {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes());
        roots.add(certificate.unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap()
    }
}

/// What a server answers to a client of this certificate.
fn answer(program: &Program, files: &Files) -> std::io::Result<String> {
    let place = program.listening.strip_prefix("https://").unwrap();
    let address = place.split(' ').next().unwrap();
    let socket = TcpStream::connect(address)?;
    let mut stream = StreamOwned::new(files.client(), socket);
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn who_names_a_certificate_has_it_used() {
    let files = Files::new();
    let program = Program::start(&[
        "--listen",
        "127.0.0.1:0",
        "--cert",
        &files.path("certificate"),
        "--key",
        &files.path("key"),
    ]);
    let answer = answer(&program, &files).unwrap();
    assert!(
        answer.ends_with("<h1>Hello 127.0.0.1</h1></body></html>"),
        "{answer}"
    );
}

#[test]
fn a_certificate_made_at_the_start_is_nobodys_yet() {
    let program = Program::start(&["--listen", "127.0.0.1:0", "--tls"]);
    let error = answer(&program, &Files::new()).unwrap_err();
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
}

#[test]
fn a_unix_socket_says_that_tls_is_spoken_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let path = path.to_str().unwrap();
    let program = Program::start(&["--unix", path, "--tls"]);
    assert_eq!(
        program.listening,
        format!("unix:{path} with TLS (model sequential)")
    );
}

#[test]
fn a_certificate_without_its_key_is_a_mistake_of_usage() {
    for (given, missing) in [("--cert", "--key"), ("--key", "--cert")] {
        let (code, out, err) = output(&["--tls", given, "x.pem"]);
        assert_eq!((code, out.as_str()), (2, ""));
        assert_eq!(
            err,
            format!(
                "server-sync: the following required arguments were not provided: \
                 {missing} <FILE>; see --help\n"
            )
        );
    }
}

#[test]
fn a_file_that_is_of_no_use_is_named_in_one_line_with_the_next_step() {
    let files = Files::new();
    let pem = "give one in PEM, which begins -----BEGIN CERTIFICATE-----";
    for (certificate, key, complaint) in [
        (
            "none",
            "key",
            format!(
                "cannot read {}: No such file or directory (os error 2); check the path",
                files.path("none")
            ),
        ),
        (
            "key",
            "certificate",
            format!("{} has no certificate; {pem}", files.path("key")),
        ),
        (
            "certificate",
            "certificate",
            format!(
                "{} has no private key that can be read; give one in PEM, \
                 without a passphrase (openssl pkey takes it off)",
                files.path("certificate")
            ),
        ),
        (
            "certificate",
            "other-key",
            format!(
                "{} is not the key of the first certificate; give the two that belong \
                 together, the server's own certificate first",
                files.path("other-key")
            ),
        ),
    ] {
        let (certificate, key) = (files.path(certificate), files.path(key));
        let (code, out, err) = output(&["--cert", &certificate, "--key", &key]);
        assert_eq!((code, out.as_str()), (1, ""));
        assert_eq!(err, format!("server-sync: {complaint}\n"));
    }
}
