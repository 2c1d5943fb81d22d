//! nginx with what the other servers have: the same page, answers of the same lengths, no log, no
//! limit on a connection's requests.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use rustix::process::geteuid;

use super::PAGE;
use crate::program;

/// Lengths of the files that it serves at `/bytes/N`.
const FILES_BYTES: [usize; 2] = [16 << 10, 1 << 20];

/// More connections than any client opens.
const CONNECTIONS_MAX: usize = 16 << 10;

/// nginx as it is started in `directory`, where all that it needs is written.
pub(super) fn command(directory: &Path, address: SocketAddr, tls: bool) -> anyhow::Result<Command> {
    fs::create_dir_all(directory.join("bytes"))?;
    for length in FILES_BYTES {
        let file = directory.join(format!("bytes/{length}"));
        fs::write(file, vec![b'x'; length])?;
    }
    if tls {
        write_certificate(directory)?;
    }
    fs::write(directory.join("nginx.conf"), configuration(address, tls))?;
    let mut command = Command::new(program::peer("nginx").context("it is not there")?);
    command.args(["-e", "stderr", "-c", "nginx.conf", "-p"]);
    command.arg(directory);
    Ok(command)
}

fn configuration(address: SocketAddr, tls: bool) -> String {
    let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {name};\n"))
        .concat();
    // Nobody may resume a session: each handshake is a whole one.
    let (ssl, certificate) = match tls {
        true => (
            "ssl",
            "ssl_certificate cert.pem; ssl_certificate_key key.pem;
             ssl_session_tickets off; ssl_session_cache off;",
        ),
        false => ("", ""),
    };
    // Started by root it would read its files as nobody, who may not.
    let user = if geteuid().is_root() {
        "user root;"
    } else {
        ""
    };
    format!(
        "daemon off; {user} worker_processes 1; pid nginx.pid; error_log stderr;
         events {{ worker_connections {CONNECTIONS_MAX}; }}
         http {{
           access_log off; default_type text/html; keepalive_requests 1000000000; sendfile on;
           {paths}
           server {{
             listen {address} backlog=4096 {ssl};
             {certificate}
             location / {{ return 200 '{PAGE}'; }}
             location /bytes/ {{ root .; }}
           }}
         }}"
    )
}

/// Made anew each time, for the curve that most certificates of today have.
fn write_certificate(directory: &Path) -> anyhow::Result<()> {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = rcgen::CertificateParams::new(names)?.self_signed(&key)?;
    fs::write(directory.join("cert.pem"), certificate.pem())?;
    fs::write(directory.join("key.pem"), key.serialize_pem())?;
    Ok(())
}
