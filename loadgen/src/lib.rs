//! A load generator that compares two HTTP servers, with an error bar.
//!
//! The way of a run: [`cli`] reads the command line, [`plan`] turns its strings into types,
//! [`engine`] makes the load and counts into a [`recorder`], [`record`] freezes what was counted,
//! [`output`] shows it. [`run`] is that way from plan to record. [`compare`] reads records,
//! never a live run; [`mod@bench`] makes many runs, in turns, and has them compared; [`find_max`]
//! makes runs at one rate after another. [`push`] is another kind of run: clients that take what a
//! server pushes. [`report`] shows records as a page, and [`mod@import`] makes records of what other
//! tools wrote. [`shard`] makes a run a part of a larger one, [`merge`] makes one record of the
//! parts, and [`locust`] takes orders from a Locust master.

pub mod bench;
pub mod cli;
pub mod commands;
pub mod compare;
pub mod engine;
pub mod exit;
pub mod export;
pub mod find_max;
mod hexadecimal;
pub mod history;
pub mod http1;
pub mod import;
pub mod locust;
pub mod merge;
pub mod outcome;
pub mod output;
pub mod plan;
pub mod push;
pub mod record;
pub mod recorder;
pub mod report;
pub mod run;
pub mod shard;
pub mod signal;
pub mod statistics;
pub mod system;
