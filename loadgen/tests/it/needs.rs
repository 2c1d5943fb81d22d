//! What a test needs and a machine may lack: a program, or a permission.

/// Says that nothing was tested, and what to do about it.
///
/// # Panics
/// Where changes are judged (`CI` is set): there a test that is not run is a failure.
pub(crate) fn lacking(advice: &str) {
    assert!(std::env::var_os("CI").is_none(), "{advice}");
    eprintln!("not tested: {advice}");
}
