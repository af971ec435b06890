//! What CloudWatch Logs promises.
