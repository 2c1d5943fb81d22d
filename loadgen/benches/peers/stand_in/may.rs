//! `may_minihttp`: a coroutine with a stack of its own for each connection, on one thread.

use std::io;
use std::net::TcpListener;

use anyhow::anyhow;
use may_minihttp::{HttpServer, HttpService, Request, Response};

use super::{announce, any_port};
use crate::server::PAGE;

#[derive(Clone)]
struct Page;

impl HttpService for Page {
    fn call(&mut self, _: Request, response: &mut Response) -> io::Result<()> {
        response.header("Content-Type: text/html").body(PAGE);
        Ok(())
    }
}

pub(super) fn serve() -> anyhow::Result<()> {
    ::may::config().set_workers(1);
    // It binds by itself and does not tell where: a port that was free a moment ago.
    let address = TcpListener::bind(any_port())?.local_addr()?;
    let server = HttpServer(Page).start(address)?;
    announce(address)?;
    server.join().map_err(|_| anyhow!("may_minihttp has ended"))
}
