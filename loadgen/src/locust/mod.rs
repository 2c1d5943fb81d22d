//! A worker of a stock Locust master: it says how many users there are to be, and hears what came
//! of them.
