//! A blocking HTTP server in three concurrency models.
