//! A non-blocking HTTP server on tokio and hyper.
