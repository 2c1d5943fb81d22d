//! What connections are made with: their buffers.

use serde_json::Value;

use crate::behaviour::Behaviour::NeverReads;
use crate::fault_server::FaultServer;
use crate::files::text;
use crate::loadgen::run;
use crate::script::Script;

#[test]
fn buffers_are_as_large_as_was_asked_for() {
    let body = tempfile::NamedTempFile::new().unwrap();
    body.as_file().set_len(32 << 20).unwrap();
    let path = text(&body);
    // What a server that reads nothing gets is what the buffers take.
    let record = |flags: &[&str]| {
        let server = FaultServer::start(Script::always(NeverReads));
        let args = ["-n", "1", "-s", "300ms", "-p", path, &server.url()];
        run(&[flags, &args].concat()).record()
    };
    let sent = |record: &Value| record["bytes"]["sent"].as_u64().unwrap();
    let (small, default) = (record(&["-b", "4096"]), record(&[]));
    assert!(sent(&small) < sent(&default) / 2, "{small} {default}");
    assert_eq!(small["plan"]["buffer_bytes"], 4096);
    assert_eq!(default["plan"]["buffer_bytes"], Value::Null);
}
