//! A page that shows results: one HTML file that needs no network and no JavaScript.
//!
//! In reading order: [`page`] is everything that the page says, in plain data; [`model`] makes it
//! from results; [`charts`] draws each [`figure`] of it, with the primitives of [`svg`]; [`html`]
//! lays it out. Nothing here measures, and nothing judges: the verdicts are those of [`crate::compare`].

pub mod charts;
pub mod error;
pub mod figure;
pub mod html;
pub mod model;
pub mod page;
pub mod svg;

pub use error::ReportError;
pub use figure::{Figure, Line, Scale, Zoom};
pub use model::page_of;
pub use page::{Cell, Column, Entry, Page, Section, Sentence, Table, Tone};
