//! A run that several machines make together: who this one is among them, what is its part, and when
//! all begin.
//!
//! There is no cluster of our own. A scheduler that people already operate starts the processes,
//! and [`scheduler`] asks its variables which of them this is; `division` is a plan's part for one
//! of them, and `start` waits for the moment at which all begin. [`Membership`] is what their records
//! have in common, by which [`crate::merge`] knows that they belong together, [`plan_hash()`] what of
//! it says that they did the same.

mod division;
mod machine;
mod membership;
mod plan_hash;
pub mod scheduler;
mod start;

pub use division::divide;
pub use machine::MachineNames;
pub use membership::Membership;
pub use plan_hash::plan_hash;
pub use start::await_start;
