//! Images that are not there: named at their lines before anything is changed.

use serde_json::json;

use super::Desk;

const REPOSITORY: &str = "stack: shop\nregion: us-east-1\nrepositories: { app: {} }\n";
const SERVICE: &str = r#"cluster: shop
roles: { execution: { managed_policies: [AmazonECSTaskExecutionRolePolicy] } }
services:
  web:
    cpu: 256
    memory: 512
    execution_role: execution
    containers:
      web:
        image: "${repository.app.uri}:2"
"#;

#[test]
fn what_is_not_there_is_named_at_its_line_and_nothing_is_changed() {
    let desk = Desk::new(REPOSITORY);
    desk.sim(&["apply", "--yes"]).exits(0);
    let manifest = json!({ "schemaVersion": 2, "layers": [] }).to_string();
    let image = json!({ "repositoryName": "shop-app", "imageTag": "1", "imageManifest": manifest });
    desk.call("ecr", "PutImage", &image);
    desk.write("stack.yaml", format!("{REPOSITORY}{SERVICE}").as_bytes());
    for command in [&["plan"][..], &["apply", "--yes"]] {
        let ran = desk.sim(command).exits(4);
        let said = "stack.yaml:13: container `web`: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop-app:2: there is no such image";
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    assert_eq!(desk.call("ecs", "ListClusters", &json!({}))["clusterArns"], json!([]));
    let image = json!({ "repositoryName": "shop-app", "imageTag": "2", "imageManifest": format!("{manifest} ") });
    desk.call("ecr", "PutImage", &image);
    desk.sim(&["apply", "--yes"]).exits(0);
}
