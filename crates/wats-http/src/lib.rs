//! wats-http.
