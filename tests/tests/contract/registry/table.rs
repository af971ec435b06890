//! Our kinds and AWS's resource types: which kind is which type, which field is which property, and where they differ on purpose. Each
//! difference has its reason here; one that is none any more has to go.

/// A kind and the types that it stands for. What is only looked up stands for none.
pub struct Row {
    /// The kind.
    pub kind: &'static str,
    /// The types; the first one is the resource that carries the tags.
    pub types: &'static [&'static str],
    /// The fields of its document, with the properties that they are. A field without any is ours alone.
    pub fields: Fields,
}

/// The fields of a kind.
pub enum Fields {
    /// One by one.
    Named(&'static [(&'static str, &'static [&'static str])]),
    /// Each is called as its property is, with a small letter first.
    Same,
}

const NONE: Fields = Fields::Named(&[]);

/// All kinds.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row { kind: "network", types: &[], fields: NONE },
    Row { kind: "availability_zones", types: &[], fields: NONE },
    Row { kind: "vpc", types: &["AWS::EC2::VPC"], fields: Fields::Named(&[
        ("cidr", &["CidrBlock"]),
        ("dns_support", &["EnableDnsSupport"]),
        ("dns_hostnames", &["EnableDnsHostnames"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "subnet", types: &["AWS::EC2::Subnet"], fields: Fields::Named(&[
        ("vpc", &["VpcId"]),
        ("zone", &["AvailabilityZone"]),
        ("cidr", &["CidrBlock"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "internet_gateway", types: &["AWS::EC2::InternetGateway", "AWS::EC2::VPCGatewayAttachment"],
        fields: Fields::Named(&[("vpc", &["VpcId"]), ("tags", &["Tags"])]) },
    Row { kind: "elastic_ip", types: &["AWS::EC2::EIP"], fields: Fields::Named(&[("tags", &["Tags"])]) },
    Row { kind: "nat_gateway", types: &["AWS::EC2::NatGateway"], fields: Fields::Named(&[
        ("subnet", &["SubnetId"]),
        ("address", &["AllocationId"]),
        ("tags", &["Tags"]),
    ]) },
    // Its routes and associations are resources of their own there.
    Row { kind: "route_table", types: &["AWS::EC2::RouteTable", "AWS::EC2::Route", "AWS::EC2::SubnetRouteTableAssociation"],
        fields: Fields::Named(&[
            ("vpc", &["VpcId"]),
            ("way_out", &["GatewayId", "NatGatewayId"]),
            ("subnets", &["SubnetId"]),
            ("tags", &["Tags"]),
        ]) },
    Row { kind: "vpc_endpoint", types: &["AWS::EC2::VPCEndpoint"], fields: Fields::Named(&[
        ("vpc", &["VpcId"]),
        ("service", &["ServiceName"]),
        ("interface", &["VpcEndpointType"]),
        ("route_tables", &["RouteTableIds"]),
        ("subnets", &["SubnetIds"]),
        ("security_groups", &["SecurityGroupIds"]),
        ("private_dns", &["PrivateDnsEnabled"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "image", types: &[], fields: Fields::Named(&[("image", &[]), ("from", &[])]) },
    Row { kind: "role", types: &["AWS::IAM::Role"], fields: Fields::Named(&[
        ("description", &["Description"]),
        ("trust", &["AssumeRolePolicyDocument"]),
        ("managed", &["ManagedPolicyArns"]),
        ("inline", &["Policies"]),
        ("max_session_secs", &["MaxSessionDuration"]),
        ("boundary", &["PermissionsBoundary"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "instance_profile", types: &["AWS::IAM::InstanceProfile"], fields: Fields::Named(&[
        ("role", &["Roles"]),
        ("tags", &[]),
    ]) },
    Row { kind: "capacity_provider", types: &["AWS::ECS::CapacityProvider"], fields: Fields::Named(&[
        ("cluster", &["ClusterName"]),
        ("infrastructure_role", &["ManagedInstancesProvider"]),
        ("instance_profile", &["ManagedInstancesProvider"]),
        ("subnets", &["ManagedInstancesProvider"]),
        ("security_groups", &["ManagedInstancesProvider"]),
        ("capacity_option", &["ManagedInstancesProvider"]),
        ("requirements", &["ManagedInstancesProvider"]),
        ("storage_gib", &["ManagedInstancesProvider"]),
        ("monitoring", &["ManagedInstancesProvider"]),
        ("propagate_tags", &["ManagedInstancesProvider"]),
        ("scale_in_after_secs", &["ManagedInstancesProvider"]),
        ("auto_repair", &["ManagedInstancesProvider"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "service_linked_role", types: &["AWS::IAM::ServiceLinkedRole"], fields: Fields::Named(&[("service", &["AWSServiceName"])]) },
    Row { kind: "log_group", types: &["AWS::Logs::LogGroup"], fields: Fields::Named(&[
        ("class", &["LogGroupClass"]),
        ("retention", &["RetentionInDays"]),
        ("kms_key", &["KmsKeyId"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "repository", types: &["AWS::ECR::Repository"], fields: Fields::Named(&[
        ("mutability", &["ImageTagMutability"]),
        ("exclusions", &["ImageTagMutabilityExclusionFilters"]),
        ("scan_on_push", &["ImageScanningConfiguration"]),
        ("encryption", &["EncryptionConfiguration"]),
        ("kms_key", &["EncryptionConfiguration"]),
        ("lifecycle", &["LifecyclePolicy"]),
        ("policy", &["RepositoryPolicyText"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "parameter", types: &["AWS::SSM::Parameter"], fields: Fields::Named(&[
        ("type", &["Type"]),
        ("value", &["Value"]),
        // Where a value comes from that the file does not have.
        ("value_from", &[]),
        ("description", &["Description"]),
        ("allowed_pattern", &["AllowedPattern"]),
        ("tier_at_least", &["Tier"]),
        ("tier_at_most", &["Tier"]),
        // What describes a SecureString, which their type cannot make.
        ("sealed", &[]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "secret", types: &["AWS::SecretsManager::Secret"], fields: Fields::Named(&[
        // Whether its deletion is scheduled.
        ("state", &[]),
        ("value_from", &["SecretString", "GenerateSecretString"]),
        ("description", &["Description"]),
        ("kms_key", &["KmsKeyId"]),
        // How it is deleted.
        ("recovery_days", &[]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "db_subnet_group", types: &["AWS::RDS::DBSubnetGroup"], fields: Fields::Named(&[
        // It follows from the subnets.
        ("vpc", &[]),
        ("subnets", &["SubnetIds"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "db_parameter_group", types: &["AWS::RDS::DBParameterGroup"], fields: Fields::Named(&[
        ("family", &["Family"]),
        ("parameters", &["Parameters"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "database", types: &["AWS::RDS::DBInstance"], fields: Fields::Named(&[
        ("engine", &["Engine"]),
        ("version", &["EngineVersion"]),
        // A version never goes back.
        ("version_at_most", &["EngineVersion"]),
        ("class", &["DBInstanceClass"]),
        ("storage", &["AllocatedStorage", "StorageType", "MaxAllocatedStorage", "Iops", "StorageThroughput", "StorageEncrypted",
            "KmsKeyId"]),
        ("database", &["DBName"]),
        ("username", &["MasterUsername"]),
        ("password", &["MasterUserPassword", "ManageMasterUserPassword"]),
        // Where a password comes from that the file does not have.
        ("password_from", &[]),
        ("port", &["Port"]),
        ("subnet_group", &["DBSubnetGroupName"]),
        ("security_groups", &["VPCSecurityGroups"]),
        ("multi_az", &["MultiAZ"]),
        ("public", &["PubliclyAccessible"]),
        ("backup_days", &["BackupRetentionPeriod"]),
        ("backup_window", &["PreferredBackupWindow"]),
        ("maintenance_window", &["PreferredMaintenanceWindow"]),
        ("parameter_group", &["DBParameterGroupName"]),
        ("auto_minor_upgrade", &["AutoMinorVersionUpgrade"]),
        ("performance_insights", &["EnablePerformanceInsights"]),
        ("deletion_protection", &["DeletionProtection"]),
        // How it is deleted.
        ("final_snapshot", &[]),
        // What waits for the maintenance window.
        ("pending", &["ApplyImmediately"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "certificate", types: &["AWS::CertificateManager::Certificate"], fields: Fields::Named(&[
        ("domain", &["DomainName"]),
        ("names", &["SubjectAlternativeNames"]),
        ("key_algorithm", &["KeyAlgorithm"]),
        // Whether it can ever be used.
        ("state", &[]),
        ("validation", &["DomainValidationOptions", "ValidationMethod"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "gateway", types: &["AWS::ECS::Gateway"], fields: Fields::Named(&[
        ("role", &["InfrastructureRoleArn"]),
        // With which cluster it is associated; that is no resource there.
        ("cluster", &[]),
        ("scheme", &["Configuration/HostSharedAlb/Scheme"]),
        ("ip_address_type", &["Configuration/HostSharedAlb/NetworkConfiguration/IpAddressType"]),
        ("subnets", &["Configuration/HostSharedAlb/NetworkConfiguration/Subnets"]),
        ("security_group", &["Configuration"]),
        ("web_acl", &["Configuration"]),
        ("access_logs", &["Configuration"]),
        ("max_load_balancers", &["Configuration"]),
        ("http_desync", &["Configuration"]),
        ("test_header", &["Configuration"]),
        ("deletion_protection", &["DeletionProtection"]),
        ("propagate_tags", &["PropagateTags"]),
        ("tags", &["Tags"]),
    ]) },
    // Policies are resources of their own there.
    Row { kind: "scaling", types: &["AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"],
        fields: Fields::Named(&[
        ("cluster", &["ResourceId"]),
        ("service", &["ResourceId"]),
        ("min", &["MinCapacity"]),
        ("max", &["MaxCapacity"]),
        ("suspended", &["SuspendedState"]),
        ("policies", &["PolicyType", "TargetTrackingScalingPolicyConfiguration", "StepScalingPolicyConfiguration"]),
        ("schedule", &["ScheduledActions"]),
        // What it was before a scheduled action changed it.
        ("applied_limits", &[]),
        ("tags", &[]),
    ]) },
    Row { kind: "namespace", types: &["AWS::ServiceDiscovery::HttpNamespace", "AWS::ServiceDiscovery::PrivateDnsNamespace"],
        fields: Fields::Named(&[
        // Which of the two types it is.
        ("type", &[]),
        ("vpc", &["Vpc"]),
        ("description", &["Description"]),
        ("ttl", &["Properties"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "discovery_service", types: &["AWS::ServiceDiscovery::Service"], fields: Fields::Named(&[
        ("namespace", &["NamespaceId"]),
        // They are members of the records there.
        ("types", &[]),
        ("ttls", &["DnsConfig"]),
        ("routing_policy", &["DnsConfig"]),
        ("health_check", &["HealthCheckCustomConfig"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "security_group", types: &["AWS::EC2::SecurityGroup"], fields: Fields::Named(&[
        ("description", &["GroupDescription"]),
        ("vpc", &["VpcId"]),
        ("tags", &["Tags"]),
    ]) },
    // Each rule is a resource of its own there.
    Row { kind: "security_group_rules", types: &["AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"],
        fields: Fields::Named(&[("group", &["GroupId"]), ("ingress", &[]), ("egress", &[])]) },
    // As above; the tags of each rule are its mark.
    Row { kind: "existing_group_rules", types: &["AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"],
        fields: Fields::Named(&[("group", &["GroupId"]), ("ingress", &[]), ("egress", &[])]) },
    Row { kind: "target_group", types: &["AWS::ElasticLoadBalancingV2::TargetGroup"], fields: Fields::Named(&[
        ("port", &["Port"]),
        ("protocol", &["Protocol"]),
        ("protocol_version", &["ProtocolVersion"]),
        ("vpc", &["VpcId"]),
        ("target_type", &["TargetType"]),
        ("health_check", &["HealthCheckPath", "HealthCheckPort", "HealthCheckProtocol", "HealthCheckIntervalSeconds",
            "HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount", "Matcher"]),
        ("attributes", &["TargetGroupAttributes"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "load_balancer", types: &["AWS::ElasticLoadBalancingV2::LoadBalancer"], fields: Fields::Named(&[
        ("type", &["Type"]),
        ("scheme", &["Scheme"]),
        ("ip_address_type", &["IpAddressType"]),
        // It follows from the subnets.
        ("vpc", &[]),
        ("subnets", &["Subnets"]),
        ("subnet_mappings", &["SubnetMappings"]),
        // Both follow from what a network load balancer has.
        ("static_addresses", &[]),
        ("has_security_groups", &[]),
        ("security_groups", &["SecurityGroups"]),
        ("attributes", &["LoadBalancerAttributes"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "listener", types: &["AWS::ElasticLoadBalancingV2::Listener"], fields: Fields::Named(&[
        ("load_balancer", &["LoadBalancerArn"]),
        ("port", &["Port"]),
        ("protocol", &["Protocol"]),
        ("certificate", &["Certificates"]),
        // Each is a resource of its own there.
        ("certificates", &[]),
        ("ssl_policy", &["SslPolicy"]),
        ("alpn_policy", &["AlpnPolicy"]),
        ("mutual", &["MutualAuthentication"]),
        ("authenticate", &["DefaultActions"]),
        ("attributes", &["ListenerAttributes"]),
        ("default", &["DefaultActions"]),
        ("rules", &[]),
        // Which load balancer of others it is on: for finding it.
        ("existing", &[]),
        ("tags", &["Tags"]),
    ]) },
    // Each rule is a resource of its own there.
    Row { kind: "rule_priorities", types: &[], fields: NONE },
    Row { kind: "listener_rules", types: &["AWS::ElasticLoadBalancingV2::ListenerRule"], fields: Fields::Named(&[
        ("listener", &["ListenerArn"]),
        ("rules", &["Actions", "Conditions", "Priority"]),
        // Whose the listener is: for finding it, and for leaving it alone.
        ("existing", &[]),
        ("guests", &[]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "cluster", types: &["AWS::ECS::Cluster"], fields: Fields::Named(&[
        ("container_insights", &["ClusterSettings"]),
        ("capacity_providers", &["CapacityProviders"]),
        ("default_strategy", &["DefaultCapacityProviderStrategy"]),
        ("namespace", &["ServiceConnectDefaults"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "task_definition", types: &["AWS::ECS::TaskDefinition"], fields: Fields::Same },
    Row { kind: "service", types: &["AWS::ECS::Service"], fields: Fields::Named(&[
        ("cluster", &["Cluster"]),
        ("task_definition", &["TaskDefinition"]),
        // Tags that speak for the revision.
        ("marks", &["Tags"]),
        ("desired_count", &["DesiredCount"]),
        ("launch_type", &["LaunchType"]),
        ("strategy", &["CapacityProviderStrategy"]),
        ("platform_version", &["PlatformVersion"]),
        ("scheduling", &["SchedulingStrategy"]),
        ("network", &["NetworkConfiguration"]),
        ("load_balancers", &["LoadBalancers"]),
        // Which of the gateways it is that fit the connector.
        ("gateway", &[]),
        ("ingress", &["GatewayConnectors"]),
        ("grace_secs", &["HealthCheckGracePeriodSeconds"]),
        ("deployment", &["DeploymentConfiguration"]),
        ("execute_command", &["EnableExecuteCommand"]),
        ("propagate_tags", &["PropagateTags"]),
        ("managed_tags", &["EnableECSManagedTags"]),
        ("zone_rebalancing", &["AvailabilityZoneRebalancing"]),
        ("placement_constraints", &["PlacementConstraints"]),
        ("placement_strategy", &["PlacementStrategies"]),
        ("service_registries", &["ServiceRegistries"]),
        ("service_connect", &["ServiceConnectConfiguration"]),
        ("tags", &["Tags"]),
    ]) },
    Row { kind: "hosted_zone", types: &["AWS::Route53::HostedZone"], fields: Fields::Named(&[
        ("name", &["Name"]),
        ("comment", &["HostedZoneConfig"]),
        // Whether the tags that mark it are there.
        ("marked", &["HostedZoneTags"]),
        ("tags", &["HostedZoneTags"]),
    ]) },
    // Each record is a resource of its own there.
    Row { kind: "records", types: &["AWS::Route53::RecordSet"], fields: Fields::Named(&[
        ("zone_id", &["HostedZoneId"]),
        ("records", &["Name", "Type", "TTL", "ResourceRecords", "AliasTarget"]),
        // They are those of the zone.
        ("tags", &[]),
    ]) },
];

/// In what a kind and its types differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference<'t> {
    /// We replace for a change of this field; there it is updated.
    Replaced(&'t str),
    /// We do not replace for a change of this field; there it is fixed.
    Fixed(&'t str),
    /// We compare this field; there it cannot be read.
    Unreadable(&'t str),
    /// We put tags on it; there it carries none.
    Untaggable,
    /// It carries tags there, and none of ours.
    Untagged,
    /// We call this; their handlers do not.
    Action(&'t str),
}

use Difference::{Action, Fixed, Replaced, Unreadable, Untaggable};

/// What differs on purpose: the kind, in what, and why.
#[rustfmt::skip]
pub const EXCEPTIONS: &[(&str, Difference<'_>, &str)] = &[
    ("certificate", Fixed("validation"), "the records are written into a zone, which may be another one by now"),
    ("certificate", Unreadable("validation"), "whether the records are there is read from their zone"),
    ("certificate", Action("elasticloadbalancing:DescribeTags"), "whether what uses a certificate is the stack's decides whether to wait for it"),
    ("certificate", Action("route53:ListHostedZones"), "the validation records are in a zone of the account"),
    ("certificate", Action("route53:ListResourceRecordSets"), "the validation records are in a zone of the account"),
    ("certificate", Action("tag:GetResources"), "the tags of all certificates are read at once"),
    ("capacity_provider", Replaced("capacity_option"), "UpdateCapacityProvider takes no capacity option"),
    ("capacity_provider", Action("tag:GetResources"), "the capacity providers of a stack are found at once"),
    ("cluster", Action("ecs:DescribeCapacityProviders"), "which of its capacity providers belong to it alone is said by them"),
    ("cluster", Action("ecs:ListServices"), "a deletion that is refused names the services that are still there"),
    ("cluster", Action("ecs:ListTasks"), "a deletion that is refused names the tasks that still run"),
    ("cluster", Action("tag:GetResources"), "the clusters of a stack are found at once"),
    ("gateway", Action("ecs:AssociateGatewayWithCluster"), "it is associated with the cluster of the stack"),
    ("gateway", Action("ecs:DisassociateGatewayFromCluster"), "it is associated with the cluster of the stack"),
    ("gateway", Action("ecs:ListGatewayClusterAssociations"), "it is associated with the cluster of the stack"),
    ("gateway", Action("ecs:ListGatewayRoutes"), "a deletion that is refused names the routes that are still there"),
    ("gateway", Action("tag:GetResources"), "the gateways of a stack are found at once"),
    ("existing_group_rules", Action("ec2:CreateTags"), "rules carry a mark, because the group is somebody else's"),
    ("existing_group_rules", Action("tag:GetResources"), "the rules of a stack are found at once"),
    ("database", Replaced("version_at_most"), "RDS never goes back to an earlier major version"),
    ("database", Fixed("auto_minor_upgrade"), "ModifyDBInstance takes it; there it is fixed only for members of a cluster"),
    ("database", Fixed("backup_days"), "ModifyDBInstance takes it; there it is fixed only for members of a cluster"),
    ("database", Fixed("maintenance_window"), "ModifyDBInstance takes it; there it is fixed only for members of a cluster"),
    ("database", Fixed("multi_az"), "ModifyDBInstance takes it; there it is fixed only for members of a cluster"),
    ("database", Fixed("parameter_group"), "ModifyDBInstance takes it, with a restart"),
    ("database", Unreadable("password"), "which secret keeps it is in a tag; the password itself is never compared"),
    ("database", Unreadable("pending"), "what waits is in PendingModifiedValues"),
    ("database", Action("secretsmanager:PutSecretValue"), "a password that nobody knows any more is sent to its secret again"),
    ("database", Action("tag:GetResources"), "the databases of a stack are found at once"),
    ("db_parameter_group", Action("tag:GetResources"), "the tags of all groups are read at once"),
    ("db_subnet_group", Action("tag:GetResources"), "the tags of all groups are read at once"),
    ("cluster", Unreadable("namespace"), "DescribeClusters returns it"),
    ("discovery_service", Replaced("routing_policy"), "UpdateService takes no routing policy"),
    ("discovery_service", Action("route53:ChangeResourceRecordSets"), "Cloud Map writes into its zone with the caller's permissions"),
    ("discovery_service", Action("route53:GetHostedZone"), "Cloud Map reads its zone with the caller's permissions"),
    ("discovery_service", Action("servicediscovery:DeregisterInstance"), "one that is replaced while its tasks run lets go of them"),
    ("discovery_service", Action("servicediscovery:ListInstances"), "one that is replaced while its tasks run lets go of them"),
    ("discovery_service", Action("servicediscovery:ListNamespaces"), "services are listed by their namespaces"),
    ("discovery_service", Action("tag:GetResources"), "the tags of all services are read at once"),
    ("internet_gateway", Fixed("vpc"), "it is detached and attached; there that is a resource of its own"),
    ("internet_gateway", Action("ec2:DescribeNetworkInterfaces"), "what has a public address keeps it attached"),
    ("namespace", Unreadable("vpc"), "the hosted zone of a namespace tells its VPC"),
    ("namespace", Action("ecs:ListServicesByNamespace"), "what uses a namespace for Service Connect keeps it"),
    ("namespace", Action("route53:DeleteHostedZone"), "Cloud Map deletes its zone with the caller's permissions"),
    ("namespace", Action("servicediscovery:DeleteService"), "what ECS leaves in a namespace goes before it"),
    ("namespace", Action("servicediscovery:ListServices"), "what is in a namespace keeps it from being deleted"),
    ("namespace", Action("tag:GetResources"), "the tags of all namespaces are read at once"),
    ("hosted_zone", Action("route53:ListResourceRecordSets"), "records that are there keep a zone from being deleted; the plan says so before"),
    ("hosted_zone", Action("route53:ListTagsForResources"), "the tags of ten zones are read at once"),
    ("instance_profile", Untaggable, "IAM tags instance profiles; only CloudFormation does not"),
    ("instance_profile", Action("iam:GetAccountAuthorizationDetails"), "the profiles that hold a role are read with all roles"),
    ("instance_profile", Action("iam:TagInstanceProfile"), "IAM tags instance profiles; only CloudFormation does not"),
    ("instance_profile", Action("iam:UntagInstanceProfile"), "IAM tags instance profiles; only CloudFormation does not"),
    ("listener", Action("elasticloadbalancing:AddListenerCertificates"), "certificates beside the default one are part of the listener here"),
    ("listener", Action("elasticloadbalancing:DescribeListenerCertificates"), "certificates beside the default one are part of the listener here"),
    ("listener", Action("elasticloadbalancing:RemoveListenerCertificates"), "certificates beside the default one are part of the listener here"),
    ("listener", Action("elasticloadbalancing:DescribeLoadBalancers"), "listeners are listed by their load balancers"),
    ("listener", Action("tag:GetResources"), "the listeners of a stack on load balancers of others are found at once"),
    ("listener_rules", Action("tag:GetResources"), "the rules of a stack on listeners of others are found at once"),
    ("listener_rules", Action("elasticloadbalancing:DescribeListeners"), "rules are listed by their listeners"),
    ("listener_rules", Action("elasticloadbalancing:DescribeLoadBalancers"), "listeners are listed by their load balancers"),
    ("listener_rules", Unreadable("listener"), "DescribeRules does not return the listener, but it is asked by listener"),
    ("load_balancer", Action("iam:CreateServiceLinkedRole"), "the first CreateLoadBalancer of an account makes the role of ELB"),
    ("load_balancer", Replaced("subnet_mappings"), "a subnet keeps the addresses that it was added with"),
    ("log_group", Replaced("class"), "CreateLogGroup alone takes logGroupClass; there is no call that changes it"),
    ("log_group", Action("tag:GetResources"), "the tags of all groups are read at once"),
    ("parameter", Replaced("type"), "another type of a value is another parameter; PutParameter is not documented to change it"),
    ("parameter", Replaced("tier_at_most"), "a tier goes down only by a new parameter"),
    ("parameter", Unreadable("allowed_pattern"), "DescribeParameters returns it"),
    ("parameter", Unreadable("description"), "DescribeParameters returns it"),
    ("parameter", Unreadable("tier_at_least"), "DescribeParameters returns it"),
    ("parameter", Unreadable("tier_at_most"), "DescribeParameters returns it"),
    ("parameter", Action("tag:GetResources"), "the tags of all parameters are read at once"),
    ("records", Untaggable, "what marks records are tags of their zone and a record beside them"),
    ("records", Action("route53:ChangeTagsForResource"), "the zone has a tag that says whose records it holds"),
    ("records", Action("route53:ListTagsForResource"), "the zone has a tag that says whose records it holds"),
    ("records", Action("route53:ListTagsForResources"), "the tags of ten zones are read at once"),
    ("repository", Action("ecr:ListImages"), "images that are there keep a repository from being deleted; the plan says so before"),
    ("repository", Action("tag:GetResources"), "the tags of all repositories are read at once"),
    ("role", Action("iam:GetAccountAuthorizationDetails"), "all roles are read at once, with their policies and tags"),
    ("role", Action("iam:ListInstanceProfilesForRole"), "a role leaves its instance profiles before it is deleted"),
    ("role", Action("iam:RemoveRoleFromInstanceProfile"), "a role leaves its instance profiles before it is deleted"),
    ("route_table", Fixed("subnets"), "each is associated by a request; there that is a resource of its own"),
    ("scaling", Action("ecs:DescribeServices"), "tasks that new limits call for are waited for"),
    ("scaling", Action("ecs:UpdateService"), "Application Auto Scaling sets the count with the credentials that register a target"),
    ("scaling", Action("tag:GetResources"), "the tags of all targets are read at once"),
    ("secret", Unreadable("value_from"), "a value is sent and never compared"),
    ("secret", Action("secretsmanager:PutSecretValue"), "`secrets set` sends another value"),
    ("secret", Action("secretsmanager:RestoreSecret"), "one that comes back before its deletion takes effect is restored"),
    ("secret", Action("tag:GetResources"), "the secrets of a stack are found at once"),
    ("security_group", Fixed("description"), "another text is told and not worth another group"),
    ("security_group", Action("ec2:DescribeNetworkInterfaces"), "a deletion that is refused names the interfaces that hold the group"),
    ("service", Unreadable("ingress"), "DescribeServiceRevisions shows it"),
    ("service", Action("ec2:DescribeSecurityGroups"), "ECS puts groups of its own among those of a service, and only a tag tells them"),
    ("service", Action("ecs:DescribeServiceRevisions"), "a service tells of gateways only in its revisions"),
    ("service", Unreadable("service_connect"), "DescribeServices shows it with the deployments"),
    ("service", Action("ecs:DescribeTasks"), "a deployment that fails is explained by the tasks that stopped"),
    ("service", Action("ecs:ListTasks"), "a deployment that fails is explained by the tasks that stopped"),
    ("service", Action("elasticloadbalancing:DescribeTargetGroupAttributes"), "how long targets drain is part of how long a deployment takes"),
    ("service", Action("elasticloadbalancing:DescribeRules"), "what a listener does if no rule fits is a rule, and only that tells its ARN"),
    ("service", Action("elasticloadbalancing:DescribeTargetHealth"), "a deployment is done when its targets are healthy"),
    ("service", Action("iam:CreateServiceLinkedRole"), "the first CreateService of an account makes the role of ECS"),
    ("service", Action("tag:GetResources"), "the services of a stack are found at once"),
    ("service_linked_role", Fixed("service"), "it is only made, and right as it is once it is there"),
    ("service_linked_role", Unreadable("service"), "it is known by its name"),
    ("service_linked_role", Action("iam:GetAccountAuthorizationDetails"), "all roles are read at once"),
    ("service_linked_role", Action("iam:ListRoles"), "roles are listed where they cannot be read at once"),
    ("subnet", Fixed("cidr"), "what runs in a subnet cannot be taken along: a difference is told and let be"),
    ("subnet", Fixed("zone"), "what runs in a subnet cannot be taken along: a difference is told and let be"),
    ("subnet", Action("ec2:DescribeNetworkInterfaces"), "what is in it keeps it from being deleted"),
    ("target_group", Fixed("port"), "targets bring ports of their own; another default port is told and not worth another group"),
    ("target_group", Action("iam:CreateServiceLinkedRole"), "the first CreateTargetGroup of an account makes the role of ELB"),
    ("task_definition", Action("tag:GetResources"), "the revisions of a stack are found at once"),
    ("task_definition", Action("ecr:BatchGetImage"), "images of this account are looked at before a task that needs them is registered"),
    ("task_definition", Action("ecs:ListTaskDefinitionFamilies"), "families that left the stack file are found by their names"),
    ("vpc", Fixed("cidr"), "everything would need another VPC: a difference is told and let be"),
    ("vpc", Action("ec2:DescribeInstances"), "whether instances in it are the stack's own"),
    ("vpc", Action("ec2:DescribeNetworkInterfaces"), "what is in it keeps it from being deleted"),
    ("vpc", Action("ec2:DescribeSubnets"), "what is in it keeps it from being deleted"),
];
