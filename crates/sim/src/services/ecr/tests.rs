//! What is true of ECR, one test each.

use serde_json::{Value, json};

use crate::lab::Lab;
use crate::services::ecr;

const LIFECYCLE: &str = r#"{ "rules": [ { "rulePriority": 1, "description": "old", "selection": { "tagStatus": "untagged",
    "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14 }, "action": { "type": "expire" } } ] }"#;

fn create(lab: &Lab, name: &str) -> Value {
    lab.ok("ecr.CreateRepository", json!({"repositoryName": name}))["repository"].clone()
}

fn put(name: &str, tag: &str, size: u32) -> Value {
    let manifest = json!({"schemaVersion": 2, "layers": [{"size": size}]}).to_string();
    json!({"repositoryName": name, "imageTag": tag, "imageManifest": manifest})
}

#[test]
fn a_repository_reads_back_with_all_defaults() {
    let lab = Lab::new();
    let mut repository = create(&lab, "team/web");
    assert!(repository["createdAt"].is_number());
    assert_eq!(lab.ok("ecr.DescribeRepositories", json!({}))["repositories"], json!([repository]));
    repository.as_object_mut().unwrap().remove("createdAt");
    let expected = json!({
        "repositoryArn": "arn:aws:ecr:us-east-1:123456789012:repository/team/web", "registryId": "123456789012",
        "repositoryName": "team/web", "repositoryUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/web",
        "imageTagMutability": "MUTABLE", "imageTagMutabilityExclusionFilters": null,
        "imageScanningConfiguration": {"scanOnPush": false}, "encryptionConfiguration": {"encryptionType": "AES256"},
    });
    assert_eq!(repository, expected);
}

#[test]
fn a_name_is_taken_once_and_has_a_form() {
    let lab = Lab::new();
    create(&lab, "web");
    let refusal = lab.refused("ecr.CreateRepository", json!({"repositoryName": "web"}));
    assert_eq!(refusal.code, "RepositoryAlreadyExistsException");
    let text = "The repository with name 'web' already exists in the registry with id '123456789012'";
    assert_eq!(refusal.message, text);
    let refusal = lab.refused("ecr.CreateRepository", json!({"repositoryName": "Web"}));
    assert_eq!(refusal.code, "InvalidParameterException");
    let text = "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression \
                '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*''";
    assert_eq!(refusal.message, text);
}

#[test]
fn an_unknown_repository_is_refused_for_the_whole_call() {
    let lab = Lab::new();
    create(&lab, "web");
    let text = "The repository with name 'gone' does not exist in the registry with id '123456789012'";
    let both = json!({"repositoryNames": ["web", "gone"]});
    lab.refuses("ecr.DescribeRepositories", both, "RepositoryNotFoundException", text);
    lab.refuses("ecr.DeleteRepository", json!({"repositoryName": "gone"}), "RepositoryNotFoundException", text);
    lab.refuses("ecr.ListImages", json!({"repositoryName": "gone"}), "RepositoryNotFoundException", text);
    let paged = json!({"repositoryNames": ["web"], "maxResults": 5});
    lab.refuses("ecr.DescribeRepositories", paged, "InvalidParameterException", "maxResults");
}

#[test]
fn repositories_come_a_hundred_to_a_page() {
    let lab = Lab::new();
    for number in 0..120 {
        create(&lab, &format!("r{number}"));
    }
    let page = lab.ok("ecr.DescribeRepositories", json!({}));
    assert_eq!(page["repositories"].as_array().unwrap().len(), 100);
    let rest = lab.ok("ecr.DescribeRepositories", json!({"nextToken": page["nextToken"]}));
    assert_eq!(rest["repositories"].as_array().unwrap().len(), 20);
    assert_eq!(rest["nextToken"], Value::Null);
    lab.refuses("ecr.DescribeRepositories", json!({"nextToken": "x"}), "InvalidParameterException", "nextToken");
}

#[test]
fn a_repository_with_images_is_deleted_by_force_only() {
    let lab = Lab::new();
    create(&lab, "web");
    lab.ok("ecr.PutImage", put("web", "v1", 5));
    let refusal = lab.refused("ecr.DeleteRepository", json!({"repositoryName": "web"}));
    assert_eq!(refusal.code, "RepositoryNotEmptyException");
    let text = "The repository with name 'web' in registry with id '123456789012' cannot be deleted because it still \
                contains images";
    assert_eq!(refusal.message, text);
    let reply = lab.ok("ecr.DeleteRepository", json!({"repositoryName": "web", "force": true}));
    assert_eq!(reply["repository"]["repositoryName"], "web");
}

#[test]
fn a_lifecycle_policy_comes_back_in_one_line() {
    let lab = Lab::new();
    create(&lab, "web");
    let name = json!({"repositoryName": "web"});
    let text = "Lifecycle policy does not exist for the repository with name 'web' in the registry with id \
                '123456789012'";
    lab.refuses("ecr.GetLifecyclePolicy", name.clone(), "LifecyclePolicyNotFoundException", text);
    lab.ok("ecr.PutLifecyclePolicy", json!({"repositoryName": "web", "lifecyclePolicyText": LIFECYCLE}));
    let text = "{\"rules\":[{\"rulePriority\":1,\"description\":\"old\",\"selection\":{\"tagStatus\":\"untagged\",\
                \"countType\":\"sinceImagePushed\",\"countUnit\":\"days\",\"countNumber\":14},\"action\":{\"type\":\
                \"expire\"}}]}";
    let reply = lab.ok("ecr.GetLifecyclePolicy", name.clone());
    assert_eq!((&reply["lifecyclePolicyText"], &reply["registryId"]), (&json!(text), &json!("123456789012")));
    let bad = LIFECYCLE.replace("\"untagged\"", "\"sometimes\"");
    let bad = json!({"repositoryName": "web", "lifecyclePolicyText": bad});
    let text = "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation \
                failure: ";
    lab.refuses("ecr.PutLifecyclePolicy", bad, "InvalidParameterException", text);
    lab.ok("ecr.DeleteLifecyclePolicy", name.clone());
    lab.refuses("ecr.DeleteLifecyclePolicy", name, "LifecyclePolicyNotFoundException", "does not exist");
}

#[test]
fn a_repository_policy_comes_back_printed_anew() {
    let lab = Lab::new();
    create(&lab, "web");
    let set = |text: &str| json!({"repositoryName": "web", "policyText": text});
    let text = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'";
    lab.refuses("ecr.SetRepositoryPolicy", set("{}"), "InvalidParameterException", text);
    let policy =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":["ecr:BatchGetImage"]}]}"#;
    lab.ok("ecr.SetRepositoryPolicy", set(policy));
    let reply = lab.ok("ecr.GetRepositoryPolicy", json!({"repositoryName": "web"}));
    let printed = "{\n  \"Version\" : \"2012-10-17\",\n  \"Statement\" : [ {\n    \"Effect\" : \"Allow\",\n    \
                   \"Principal\" : \"*\",\n    \"Action\" : [ \"ecr:BatchGetImage\" ]\n  } ]\n}";
    assert_eq!(reply["policyText"], printed);
    lab.ok("ecr.DeleteRepositoryPolicy", json!({"repositoryName": "web"}));
    let none = json!({"repositoryName": "web"});
    lab.refuses("ecr.GetRepositoryPolicy", none, "RepositoryPolicyNotFoundException", "Repository policy does not");
}

#[test]
fn a_tag_is_on_one_image_and_fixed_if_the_repository_is_immutable() {
    let lab = Lab::new();
    create(&lab, "web");
    lab.ok("ecr.PutImage", put("web", "v1", 1));
    lab.refuses("ecr.PutImage", put("web", "v1", 1), "ImageAlreadyExistsException", "and tag 'v1' already exists");
    lab.ok("ecr.PutImage", put("web", "v1", 2));
    let ids = lab.ok("ecr.ListImages", json!({"repositoryName": "web"}))["imageIds"].clone();
    assert_eq!(ids.as_array().unwrap().iter().filter(|id| id["imageTag"] == "v1").count(), 1);
    assert_eq!(ids.as_array().unwrap().len(), 2);
    let fixed = json!({"repositoryName": "web", "imageTagMutability": "IMMUTABLE"});
    lab.ok("ecr.PutImageTagMutability", fixed);
    let text = "The image tag 'v1' already exists in the 'web' repository and cannot be overwritten because the \
                repository is immutable.";
    lab.refuses("ecr.PutImage", put("web", "v1", 3), "ImageTagAlreadyExistsException", text);
}

#[test]
fn images_are_found_or_told_as_failures() {
    let lab = Lab::new();
    create(&lab, "web");
    let digest = lab.ok("ecr.PutImage", put("web", "v1", 7))["image"]["imageId"]["imageDigest"].clone();
    let ids = json!([{"imageTag": "v1"}, {"imageTag": "v2"}, {"imageDigest": digest}, {}]);
    let reply = lab.ok("ecr.BatchGetImage", json!({"repositoryName": "web", "imageIds": ids}));
    assert_eq!(reply["images"].as_array().unwrap().len(), 2);
    assert_eq!(reply["failures"][0]["failureCode"], "ImageNotFound");
    assert_eq!(reply["failures"][1]["failureCode"], "MissingDigestAndTag");
    let detail = lab.ok("ecr.DescribeImages", json!({"repositoryName": "web"}))["imageDetails"][0].clone();
    assert_eq!((&detail["imageSizeInBytes"], &detail["imageTags"]), (&json!(7), &json!(["v1"])));
    let unknown = json!({"repositoryName": "web", "imageIds": [{"imageTag": "v2"}]});
    let text = "The image with imageId {imageDigest:'null', imageTag:'v2'} does not exist within the repository with \
                name 'web' in the registry with id '123456789012'";
    lab.refuses("ecr.DescribeImages", unknown, "ImageNotFoundException", text);
    let gone = json!({"repositoryName": "web", "imageIds": [{"imageTag": "v1"}]});
    let reply = lab.ok("ecr.BatchDeleteImage", gone);
    assert_eq!(reply["imageIds"], json!([{"imageDigest": digest, "imageTag": "v1"}]));
    lab.ok("ecr.DeleteRepository", json!({"repositoryName": "web"}));
}

#[test]
fn tags_are_kept_by_arn() {
    let lab = Lab::new();
    let arn = create(&lab, "web")["repositoryArn"].clone();
    let tags = json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]);
    lab.ok("ecr.TagResource", json!({"resourceArn": arn, "tags": tags}));
    lab.ok("ecr.UntagResource", json!({"resourceArn": arn, "tagKeys": ["a"]}));
    let reply = lab.ok("ecr.ListTagsForResource", json!({"resourceArn": arn}));
    assert_eq!(reply["tags"], json!([{"Key": "b", "Value": "2"}]));
    let gone = json!({"resourceArn": "arn:aws:ecr:us-east-1:123456789012:repository/gone"});
    lab.refuses("ecr.ListTagsForResource", gone, "RepositoryNotFoundException", "'gone'");
    let reserved = json!({"resourceArn": arn, "tags": [{"Key": "aws:x", "Value": ""}]});
    lab.refuses("ecr.TagResource", reserved, "InvalidTagParameterException", "aws:x");
}

#[test]
fn an_image_can_be_pulled_if_its_repository_knows_it_or_nothing_at_all() {
    let lab = Lab::new();
    create(&lab, "web");
    let exists = |image: &str| {
        let place = lab.place.clone();
        lab.sim.with_world(|world| ecr::image_exists(world, &place, image))
    };
    let own = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
    assert_eq!(exists("nginx:latest"), None);
    assert_eq!(exists("999999999999.dkr.ecr.us-east-1.amazonaws.com/web:v1"), None);
    assert_eq!(exists(&format!("{own}/gone:v1")), Some(false));
    assert_eq!(exists(&format!("{own}/web:v1")), Some(true));
    assert_eq!(exists(&format!("{own}/web:does-not-exist")), Some(false));
    lab.ok("ecr.PutImage", put("web", "v2", 1));
    assert_eq!(exists(&format!("{own}/web:v1")), Some(false));
    assert_eq!(exists(&format!("{own}/web:v2")), Some(true));
}

#[test]
fn a_login_lasts_twelve_hours() {
    let lab = Lab::new();
    let data = lab.ok("ecr.GetAuthorizationToken", json!({}))["authorizationData"][0].clone();
    assert_eq!(data["proxyEndpoint"], "https://123456789012.dkr.ecr.us-east-1.amazonaws.com");
    assert!(data["authorizationToken"].as_str().unwrap().starts_with("QVdTO"));
}
