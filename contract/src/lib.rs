//! What every model of both servers must do, as functions of an address.
