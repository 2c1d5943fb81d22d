//! Connections beside the load: what a server has to bear while it is measured.

/// Connections that are opened before the load and held until its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Background {
    /// Each asks for one answer, takes it, and then keeps silent.
    pub idle: usize,
    /// Each asks for large answers and takes them slowly.
    pub slow_readers: usize,
}
