//! The command line of `server-async`.

use std::process::ExitCode;

fn main() -> ExitCode {
    server_async::cli::main()
}
