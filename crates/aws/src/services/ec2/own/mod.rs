//! The network of a stack's own: its kinds (a VPC, subnets, an internet gateway, NAT gateways with their addresses, route tables,
//! endpoints), how they are read, and where what is put into the network goes. Knows no other kind.

pub mod availability_zones;
pub mod elastic_ip;
mod fetched;
pub mod internet_gateway;
pub mod nat_gateway;
mod places;
pub mod read;
pub mod route_table;
pub mod subnet;
mod tagging;
pub mod vpc;
pub mod vpc_endpoint;

pub use self::places::place;
