//! The certificates of a listener beside its default one, which AWS adds and removes one at a time. Decides in which order, around the
//! change of the default one, so that every name is served on the way where that can be.

use aws_sdk_elasticloadbalancingv2::types::Certificate;
use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};

use super::Spec;
use crate::client::Aws;

/// A change of a listener's certificates.
pub(super) struct Swap<'a> {
    /// The listener's ARN.
    pub listener: &'a str,
    /// What it has.
    pub have: &'a Spec,
    /// What it should have.
    pub want: &'a Spec,
}

impl Swap<'_> {
    /// What comes before the default certificate changes: new ones, if the listener has TLS already.
    pub(super) async fn before(&self, aws: &Aws) -> Result<(), CloudError> {
        for arn in missing(&self.want.certificates, &self.have.certificates).filter(|arn| self.is_early(arn)) {
            self.add(aws, arn).await?;
        }
        Ok(())
    }

    /// What comes behind it: what could not be added before, and what goes.
    pub(super) async fn after(&self, aws: &Aws) -> Result<(), CloudError> {
        for arn in missing(&self.want.certificates, &self.have.certificates).filter(|arn| !self.is_early(arn)) {
            self.add(aws, arn).await?;
        }
        // Without TLS it has none any more.
        if self.want.certificate.is_some() {
            for arn in missing(&self.have.certificates, &self.want.certificates) {
                self.remove(aws, arn).await?;
            }
        }
        Ok(())
    }

    /// Whether a certificate can be added before the default one changes; adding the default one does nothing.
    fn is_early(&self, arn: &str) -> bool {
        self.have.certificate.as_ref().is_some_and(|default| default.known() != Some(arn))
    }

    async fn add(&self, aws: &Aws, arn: &str) -> Result<(), CloudError> {
        let one = Certificate::builder().certificate_arn(arn).build();
        let request =
            || aws.elb().add_listener_certificates().listener_arn(self.listener).certificates(one.clone()).send();
        aws.caller.send("elb:AddListenerCertificates", request).await.map(drop)
    }

    async fn remove(&self, aws: &Aws, arn: &str) -> Result<(), CloudError> {
        let one = Certificate::builder().certificate_arn(arn).build();
        let request =
            || aws.elb().remove_listener_certificates().listener_arn(self.listener).certificates(one.clone()).send();
        match aws.caller.send("elb:RemoveListenerCertificates", request).await {
            // It has become the default one, which says the same.
            Err(error) if error.code == "OperationNotPermitted" => Ok(()),
            Err(error) if error.class == ErrorClass::Gone && error.code == "CertificateNotFound" => Ok(()),
            done => done.map(drop),
        }
    }
}

/// What is in the first list only.
fn missing<'a>(from: &'a [Text], without: &'a [Text]) -> impl Iterator<Item = &'a str> {
    from.iter().filter(|one| !without.contains(one)).filter_map(Text::known)
}
