//! What lies between the suite and the server's HTTP.

use std::env;
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A way to reach a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP on a port of loopback.
    Tcp,
    /// A UNIX socket.
    Unix,
    /// TLS over TCP, with the certificate that the server makes for itself.
    Tls,
    /// TLS over a UNIX socket.
    TlsOverUnix,
}

impl Transport {
    /// The way that a test is named after.
    ///
    /// # Panics
    /// No way has that name.
    #[doc(hidden)]
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "tcp" => Transport::Tcp,
            "unix" => Transport::Unix,
            "tls" => Transport::Tls,
            "tls_over_unix" => Transport::TlsOverUnix,
            _ => panic!("no way to reach a server is called {name}"),
        }
    }

    /// The flags with which a server listens so, in a place of its own.
    #[must_use]
    pub fn flags(self) -> Vec<String> {
        let place = match self {
            Transport::Tcp | Transport::Tls => ["--listen".into(), "127.0.0.1:0".into()],
            Transport::Unix | Transport::TlsOverUnix => ["--unix".into(), socket_path()],
        };
        let tls = matches!(self, Transport::Tls | Transport::TlsOverUnix);
        place
            .into_iter()
            .chain(tls.then(|| "--tls".into()))
            .collect()
    }
}

/// A path that no other test has. The server removes it when it ends.
fn socket_path() -> String {
    static SOCKETS: AtomicUsize = AtomicUsize::new(0);
    let number = SOCKETS.fetch_add(1, Ordering::Relaxed);
    let file = format!("contract-{}-{number}.socket", process::id());
    env::temp_dir().join(file).display().to_string()
}

/// Makes one test for each model and way to reach it of a function
/// `fn(model: &'static str, Transport)`, so that they run side by side and a
/// failure names both, such as `keeps_the_contract::thread_pool::unix`. Beside
/// them stands a test that no model was forgotten, given all their labels.
///
/// ```text
/// contract::tests_of!(keeps_the_contract by Model::ALL.map(Model::label) =>
///     [select, thread_pool] over [tcp, unix]);
/// ```
///
/// Without `over`, one test for each model of a function `fn(model: &'static str)`.
#[macro_export]
macro_rules! tests_of {
    ($check:ident by $all:expr => [$($model:ident),+ $(,)?]) => {
        mod $check {
            $(#[test]
            fn $model() {
                super::$check($crate::label(stringify!($model)));
            })+

            $crate::test_of_all!($all => $($model),+);
        }
    };
    ($check:ident by $all:expr => [$($model:ident),+ $(,)?] over $ways:tt) => {
        mod $check {
            $(mod $model {
                fn check(transport: $crate::Transport) {
                    let model = $crate::label(stringify!($model));
                    super::super::$check(model, transport);
                }

                $crate::tests_over!($ways);
            })+

            $crate::test_of_all!($all => $($model),+);
        }
    };
}

/// The test in [`tests_of`] that no model was forgotten.
#[doc(hidden)]
#[macro_export]
macro_rules! test_of_all {
    ($all:expr => $($model:ident),+) => {
        #[test]
        fn by_every_model() {
            use super::*;
            let tested = [$($crate::label(stringify!($model))),+];
            let mut all = $all.to_vec();
            all.retain(|label| !tested.contains(label));
            assert!(all.is_empty(), "there are no tests of {all:?}");
        }
    };
}

/// The tests of one model in [`tests_of`].
#[doc(hidden)]
#[macro_export]
macro_rules! tests_over {
    ([$($way:ident),+]) => {
        $(#[test]
        fn $way() {
            check($crate::Transport::named(stringify!($way)));
        })+
    };
}

/// The label of a model whose name is written as Rust writes names.
#[doc(hidden)]
#[must_use]
pub fn label(identifier: &'static str) -> &'static str {
    match identifier.contains('_') {
        false => identifier,
        // A handful in a test's process, which is short.
        true => String::leak(identifier.replace('_', "-")),
    }
}
