//! Others' WebSocket libraries, as relay and as ping-pong client: scripts in `node/` and
//! `python/`, run with what `make peers-websocket` has installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::program;

/// How to get them.
pub(super) const INSTALL: &str = "make peers-websocket";

/// Says in one line what is not there and how to get it.
pub(super) fn tell_missing() {
    let missing = Library::ALL.into_iter().filter(|it| it.is_missing());
    let missing: Vec<_> = missing.map(Library::label).collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        eprintln!("peers: without {missing}: not installed; {INSTALL}");
    }
}

/// A library, and in Python the event loop under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    /// `ws` on Node, with `bufferutil`.
    Ws,
    Websockets(Loop),
    Aiohttp(Loop),
    /// Which has no client: that of `websockets`, on which it is built, takes its place.
    Sanic,
}

/// What waits for the sockets in Python: asyncio's own loop, or libuv.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loop {
    Asyncio,
    Uvloop,
}

impl Library {
    pub(crate) const ALL: [Self; 6] = [
        Self::Ws,
        Self::Websockets(Loop::Asyncio),
        Self::Websockets(Loop::Uvloop),
        Self::Aiohttp(Loop::Asyncio),
        Self::Aiohttp(Loop::Uvloop),
        Self::Sanic,
    ];

    /// In tables and file names.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Ws => "node-ws",
            Self::Websockets(Loop::Asyncio) => "websockets",
            Self::Websockets(Loop::Uvloop) => "websockets-uvloop",
            Self::Aiohttp(Loop::Asyncio) => "aiohttp",
            Self::Aiohttp(Loop::Uvloop) => "aiohttp-uvloop",
            Self::Sanic => "sanic",
        }
    }

    /// The library that is a client where this is the server.
    pub(crate) fn client(self) -> Self {
        match self {
            Self::Sanic => Self::Websockets(Loop::Uvloop),
            other => other,
        }
    }

    pub(crate) fn is_python(self) -> bool {
        self != Self::Ws
    }

    /// On the loop that Python comes with.
    pub(crate) fn is_on_asyncio(self) -> bool {
        matches!(
            self,
            Self::Websockets(Loop::Asyncio) | Self::Aiohttp(Loop::Asyncio)
        )
    }

    pub(crate) fn is_missing(self) -> bool {
        match self.is_python() {
            true => !python().is_file(),
            false => program::peer("node").is_none() || !modules().is_dir(),
        }
    }

    /// Its relay, which says where it listens.
    pub(crate) fn relay_command(self) -> Command {
        self.command("server")
    }

    /// Its ping-pong client, whose arguments are yet to come.
    pub(crate) fn client_command(self) -> Command {
        self.client().command("client")
    }

    fn command(self, role: &str) -> Command {
        let (script, event_loop) = match self {
            Self::Ws => return node(role),
            Self::Websockets(event_loop) => ("websockets", Some(event_loop)),
            Self::Aiohttp(event_loop) => ("aiohttp", Some(event_loop)),
            Self::Sanic => ("sanic", None),
        };
        let mut command = Command::new(python());
        // No bytecode beside the sources.
        command.arg("-B");
        command.arg(sources().join(format!("python/{script}_{role}.py")));
        if let Some(event_loop) = event_loop {
            command.args(["--loop", event_loop.label()]);
        }
        command
    }
}

impl Loop {
    /// As the scripts call it.
    fn label(self) -> &'static str {
        match self {
            Self::Asyncio => "asyncio",
            Self::Uvloop => "uvloop",
        }
    }
}

fn node(role: &str) -> Command {
    let mut command = Command::new(program::peer("node").unwrap_or_else(|| "node".into()));
    command.env("NODE_PATH", modules());
    command.arg(sources().join(format!("node/{role}.mjs")));
    command
}

fn modules() -> PathBuf {
    installed().join("node/node_modules")
}

fn python() -> PathBuf {
    installed().join("python/bin/python")
}

/// Where [`INSTALL`] puts what it installs.
fn installed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/websocket")
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/websocket")
}

/// Which versions are measured, as far as they are known: those of the libraries are pinned.
pub(super) fn versions() -> String {
    let printed = |command: &mut Command| {
        let output = command.arg("--version").output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        Some(text.trim().to_owned())
    };
    let node = program::peer("node").and_then(|node| printed(&mut Command::new(node)));
    let python = printed(&mut Command::new(python()));
    let pins = include_str!("python/requirements.txt").lines();
    let pins = pins.filter(|line| {
        let libraries = ["aiohttp==", "sanic==", "uvloop==", "websockets=="];
        libraries.iter().any(|library| line.starts_with(library))
    });
    let pins = pins.collect::<Vec<_>>().join(", ");
    format!(
        "Node {} with ws {}; {} with {pins}",
        node.as_deref().unwrap_or("not installed"),
        ws_version().unwrap_or_default(),
        python.as_deref().unwrap_or("Python not installed"),
    )
}

fn ws_version() -> Option<String> {
    let package: Value = serde_json::from_str(include_str!("node/package.json")).ok()?;
    Some(package["dependencies"]["ws"].as_str()?.to_owned())
}
