//! ECS gateways: ingress that a platform team sets up once and services connect to. `change` makes and changes gateways, `associations`
//! ties them to clusters, `routes` follows the services that connect, `build` makes and clears away the load balancers, groups and
//! certificates that a gateway runs in the account, and `show` reads everything back. Knows no service but by its name.

mod associations;
mod build;
mod change;
mod link;
mod routes;
mod show;
mod state;
#[cfg(test)]
mod tests;

pub use self::link::{Facts, check, connect, disconnect, entries, groups, managed};
pub use self::routes::step;
pub use self::state::{Gateways, tagged, tags_mut};
use crate::call::Table;

/// The operations.
pub const OPERATIONS: Table = &[
    ("CreateGateway", change::create),
    ("UpdateGateway", change::update),
    ("DeleteGateway", change::delete),
    ("DescribeGateway", show::describe),
    ("ListGateways", show::list),
    ("DescribeGatewayResources", show::resources),
    ("AssociateGatewayWithCluster", associations::associate),
    ("DisassociateGatewayFromCluster", associations::disassociate),
    ("ListGatewayClusterAssociations", associations::list),
    ("ListGatewayRoutes", show::routes),
    ("DescribeGatewayRoute", show::route),
];
