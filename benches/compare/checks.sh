# The checks of "What is true now" in runbooks/apply-status.md, as a script makes them: one after the
# other, with the programs that people type. Its argument is the namespace.
set -euo pipefail
export AWS_PAGER='' AWS_DEFAULT_OUTPUT=json
n=$1
is() { [ "$1" = "$2" ] || { echo "$1 is not $2" >&2; exit 1; }; }
ready() { kubectl get pods -n "$n" -l "$1" -o json | jq '[.items[] | select(any(.status.conditions[]; .type == "Ready" and .status == "True"))] | length'; }

is "$(ready app.kubernetes.io/component=api)" 2
is "$(ready app.kubernetes.io/component=worker)" 4
is "$(ready app.kubernetes.io/component=executor)" 4
is "$(ready app.kubernetes.io/component=agent-executor)" 2
is "$(ready app.kubernetes.io/component=ui)" 2
is "$(ready app.kubernetes.io/name=temporal)" 3
for pod in $(kubectl get pods -n "$n" -l app.kubernetes.io/component=api -o name); do
  kubectl logs -n "$n" "$pod" --tail 500 > /dev/null 2>&1 || true
done
kubectl get secret -n "$n" tracecat-postgres-credentials > /dev/null
is "$(kubectl get externalsecret -n "$n" tracecat-postgres-credentials -o jsonpath='{.spec.target.deletionPolicy}')" Retain
is "$(kubectl get clustersecretstore aws-secrets-manager -o jsonpath='{.status.conditions[0].status}')" True
is "$(kubectl get job -n "$n" tracecat-create-temporal-databases -o jsonpath='{.status.succeeded}')" 1
is "$(kubectl get jobs -n "$n" -o json | jq -r '.items[] | select(.metadata.name == "tracecat-temporal-schema-34") | .spec.template.metadata.labels["tracecat.com/access-postgres"]')" true
is "$(aws elasticache describe-replication-groups --replication-group-id tracecat-redis | jq -r '.ReplicationGroups[0] | "\(.Status) \(.CacheNodeType) \(.MemberClusters | length) \(.MultiAZ)"')" "available cache.t4g.medium 3 enabled"
is "$(aws eks describe-nodegroup --cluster-name tracecat --nodegroup-name tracecat-nodes | jq .nodegroup.scalingConfig.desiredSize)" 10
is "$(aws eks describe-nodegroup --cluster-name tracecat --nodegroup-name tracecat-spot | jq .nodegroup.scalingConfig.desiredSize)" 2
is "$(aws eks describe-cluster --name tracecat | jq -r .cluster.accessConfig.authenticationMode)" API_AND_CONFIG_MAP
chris=arn:aws:iam::123456789012:user/chris-dev
is "$(aws eks list-access-entries --cluster-name tracecat | jq -r '.accessEntries[0]')" "$chris"
is "$(aws eks list-associated-access-policies --cluster-name tracecat --principal-arn "$chris" | jq '.associatedAccessPolicies | length')" 1
group() { aws ec2 describe-security-groups --filters "Name=group-name,Values=$1" | jq -r '.SecurityGroups[0].GroupId'; }
rules() { aws ec2 describe-security-group-rules --filters "Name=group-id,Values=$1"; }
for name in tracecat-rds tracecat-elasticache; do
  is "$(rules "$(group "$name")" | jq '[.SecurityGroupRules[] | select(.CidrIpv4 == "10.0.0.0/16" and (.IsEgress | not))] | length')" 0
done
inbound="$(rules "$(group tracecat-cluster)")"
for name in tracecat-postgres-client tracecat-redis-client; do
  from="$(group "$name")"
  for protocol in tcp udp; do
    is "$(jq --arg from "$from" --arg protocol $protocol '[.SecurityGroupRules[] | select(.FromPort == 53 and .IpProtocol == $protocol and .ReferencedGroupInfo.GroupId == $from)] | length' <<< "$inbound")" 1
  done
done
is "$(aws wafv2 list-web-acls --scope REGIONAL | jq -r '.WebACLs[0].Name')" tracecat-attachments
is "$(aws wafv2 list-regex-pattern-sets --scope REGIONAL | jq -r '.RegexPatternSets[0].Name')" tracecat-attachments
is "$(aws iam get-role --role-name tracecat-external-dns | jq -r .Role.RoleName)" tracecat-external-dns
is "$(aws iam list-attached-role-policies --role-name tracecat-external-dns | jq '.AttachedPolicies | length')" 1
is "$(helm status external-dns -n "$n" -o json | jq -r .info.status)" deployed
aws iam get-role-policy --role-name tracecat-s3 --policy-name tracecat-s3 | jq -e '.PolicyDocument | tostring | contains("secretsmanager:GetSecretValue")' > /dev/null
provider="$(aws iam list-open-id-connect-providers | jq -r '.OpenIDConnectProviderList[0].Arn')"
is "$(aws iam get-open-id-connect-provider --open-id-connect-provider-arn "$provider" | jq '.ThumbprintList | length')" 1
secret="$(aws rds describe-db-instances --db-instance-identifier tracecat | jq -r '.DBInstances[0].MasterUserSecret.SecretArn')"
name="$(aws secretsmanager describe-secret --secret-id "$secret" | jq -r 'select(.RotationRules.AutomaticallyAfterDays == 365) | .Name')"
[ -n "$(aws secretsmanager get-secret-value --secret-id "$name" | jq -r '.SecretString | fromjson | .password')" ]
is "$(cd m && terraform show -json | jq '[.values.root_module.resources[] | select(.name == "null_resource")] | length')" 0
