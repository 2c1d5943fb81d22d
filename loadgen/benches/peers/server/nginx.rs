//! nginx with what the other servers have: the same page, answers of the same lengths, no log, no
//! limit on a connection's requests.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use rustix::process::geteuid;

use super::{Certificate, PAGE};
use crate::program;

/// Lengths of the files that it serves at `/bytes/N`.
const FILES_BYTES: [usize; 2] = [16 << 10, 1 << 20];

/// More connections than any client opens.
const CONNECTIONS_MAX: usize = 16 << 10;

/// nginx as it is started in `directory`, where all that it needs is written.
pub(super) fn command(
    directory: &Path,
    address: SocketAddr,
    certificate: Option<&Certificate>,
) -> anyhow::Result<Command> {
    fs::create_dir_all(directory.join("bytes"))?;
    for length in FILES_BYTES {
        let file = directory.join(format!("bytes/{length}"));
        fs::write(file, vec![b'x'; length])?;
    }
    fs::write(
        directory.join("nginx.conf"),
        configuration(address, certificate),
    )?;
    let mut command = Command::new(program::peer("nginx").context("it is not there")?);
    command.args(["-e", "stderr", "-c", "nginx.conf", "-p"]);
    command.arg(directory);
    Ok(command)
}

fn configuration(address: SocketAddr, certificate: Option<&Certificate>) -> String {
    let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {name};\n"))
        .concat();
    // Nobody may resume a session: each handshake is a whole one.
    let (ssl, certificate) = match certificate {
        Some(Certificate { certificate, key }) => (
            "ssl",
            format!(
                "ssl_certificate {}; ssl_certificate_key {};
                 ssl_protocols TLSv1.2 TLSv1.3; ssl_session_tickets off; ssl_session_cache off;",
                certificate.display(),
                key.display()
            ),
        ),
        None => ("", String::new()),
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
