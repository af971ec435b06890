//! What IAM promises.
