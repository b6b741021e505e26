//! Manifests that several tests apply.

/// A custom kind, as the External Secrets Operator has it.
pub(crate) const EXTERNAL_SECRETS: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: externalsecrets.external-secrets.io
spec:
  group: external-secrets.io
  scope: Namespaced
  names:
    kind: ExternalSecret
    plural: externalsecrets
    singular: externalsecret
    shortNames: [es]
  versions:
  - name: v1beta1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              target:
                type: object
                properties:
                  name: {type: string}
                  creationPolicy: {type: string, enum: [Owner, Orphan, Merge, None]}
                  deletionPolicy: {type: string, enum: [Delete, Merge, Retain]}
          status:
            type: object
            x-kubernetes-preserve-unknown-fields: true
";

/// One of that kind.
pub(crate) const EXTERNAL_SECRET: &str = "
apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata: {name: postgres}
spec: {target: {name: postgres, deletionPolicy: Retain}}
";

/// A deployment; its pods never run, as there is no node.
pub(crate) const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, labels: {app: api}}
spec:
  replicas: 2
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: main, image: example.test/api}]}
";
