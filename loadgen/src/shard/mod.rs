//! A run that several machines make together: who this one is among them, and when all begin.
//!
//! There is no cluster of our own. A scheduler that people already operate starts the processes,
//! and [`scheduler`] asks its variables which of them this is; [`Membership`] is what their records
//! have in common, by which [`crate::merge`] knows that they belong together.

mod membership;
pub mod scheduler;

pub use membership::Membership;
