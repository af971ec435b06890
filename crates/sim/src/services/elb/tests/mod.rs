//! Tests of Elastic Load Balancing.
