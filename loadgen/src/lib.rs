//! A load generator that compares two HTTP servers, with an error bar.
