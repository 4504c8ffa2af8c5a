"""Conditions between values, each with inputs that hold it and one change that breaks it."""

from __future__ import annotations

import copy
import inspect
from dataclasses import replace
from typing import Any

import pytest

from infra.plan import sdk
from infra.plan.check.joint import JOINT, check_joint
from infra.plan.check.manifests import check_manifests
from infra.plan.model import UNKNOWN, Plan
from tests.infra.plan.made import resource

RUN = {"template": {"containers": [{"resources": {"limits": {"cpu": "2", "memory": "2Gi"}}}]}}
HUB = {"namespaceName": "acme", "sku": {"name": "Standard", "capacity": 2}}
AKS = {"networkProfile": {"networkPlugin": "azure", "networkPluginMode": "overlay", "podCidr": "10.244.0.0/16"}}  # fmt: skip
SQL = {"databaseVersion": "POSTGRES_17", "settings": {"tier": "db-custom-2-7680", "edition": "ENTERPRISE"}}  # fmt: skip
CASES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    # type, what holds, what is put over it, where the finding lies
    ("aws:lb/targetGroup:TargetGroup", {"healthCheck": {"interval": 10, "timeout": 5}}, {"healthCheck": {"interval": 10, "timeout": 10}}, "healthCheck.timeout"),
    ("aws:lb/targetGroup:TargetGroup", {"healthCheck": {"protocol": "TCP"}}, {"healthCheck": {"protocol": "TCP", "matcher": "200"}}, "healthCheck.matcher"),
    ("aws:dynamodb/table:Table", {"billingMode": "PAY_PER_REQUEST"}, {"readCapacity": 5}, "readCapacity"),
    ("aws:dynamodb/table:Table", {"billingMode": "PAY_PER_REQUEST"}, {"billingMode": "PROVISIONED"}, "billingMode"),
    ("aws:dynamodb/table:Table", {"billingMode": "PAY_PER_REQUEST", "hashKey": "a", "attributes": [{"name": "a", "type": "S"}]}, {"hashKey": "b"}, "attributes"),
    ("aws:dynamodb/table:Table", {"billingMode": "PAY_PER_REQUEST", "streamEnabled": True, "streamViewType": "KEYS_ONLY"}, {"streamEnabled": False}, "streamViewType"),
    ("aws:rds/instance:Instance", {"backupWindow": "02:00-03:00", "maintenanceWindow": "sun:04:00-sun:05:00"}, {"maintenanceWindow": "sun:23:50-mon:02:10"}, "maintenanceWindow"),
    ("aws:rds/instance:Instance", {"backupWindow": "23:30-00:30", "maintenanceWindow": "sun:04:00-sun:05:00"}, {"maintenanceWindow": "mon:00:00-mon:00:45"}, "maintenanceWindow"),
    ("aws:rds/instance:Instance", {"maintenanceWindow": "sun:04:00-sun:05:00"}, {"maintenanceWindow": "sun:04:00-sun:04:15"}, "maintenanceWindow"),
    ("aws:rds/instance:Instance", {"engine": "postgres", "username": "mlflow"}, {"username": "admin"}, "username"),
    ("aws:rds/instance:Instance", {"storageType": "gp3", "allocatedStorage": 400, "iops": 12000}, {"storageType": "gp2"}, "iops"),
    ("aws:rds/instance:Instance", {"storageType": "io1", "allocatedStorage": 100, "iops": 3000}, {"iops": 6000}, "iops"),
    ("aws:rds/instance:Instance", {"monitoringInterval": 0}, {"monitoringInterval": 60}, "monitoringInterval"),
    ("aws:rds/instance:Instance", {"multiAz": False, "availabilityZone": "eu-west-1a"}, {"multiAz": True}, "multiAz"),
    ("aws:ebs/volume:Volume", {"type": "gp3", "throughput": 250}, {"type": "gp2"}, "throughput"),
    ("aws:ebs/volume:Volume", {"type": "gp3"}, {"type": "io2"}, "type"),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", {"period": 60, "evaluationPeriods": 5, "datapointsToAlarm": 3}, {"datapointsToAlarm": 6}, "datapointsToAlarm"),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", {"period": 60, "evaluationPeriods": 5}, {"period": 90}, "period"),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", {"period": 300, "evaluationPeriods": 5}, {"evaluationPeriods": 500}, "evaluationPeriods"),
    ("aws:autoscaling/group:Group", {"minSize": 1, "desiredCapacity": 1, "maxSize": 3}, {"desiredCapacity": 4}, "desiredCapacity"),
    ("aws:lambda/function:Function", {"packageType": "Image", "imageUri": "a"}, {"handler": "main.handler"}, "handler"),
    ("aws:lambda/function:Function", {"s3Bucket": "a", "s3Key": "b", "handler": "h", "runtime": "python3.13"}, {"runtime": None}, "packageType"),
    ("aws:lambda/eventSourceMapping:EventSourceMapping", {"eventSourceArn": "arn:aws:sqs:eu-west-1:1:q", "batchSize": 10}, {"batchSize": 100}, "batchSize"),
    ("aws:sqs/queue:Queue", {"name": "q", "redrivePolicy": '{"maxReceiveCount": 5}'}, {"redrivePolicy": '{"maxReceiveCount": 0}'}, "redrivePolicy"),
    ("aws:scheduler/schedule:Schedule", {"flexibleTimeWindow": {"mode": "OFF"}}, {"flexibleTimeWindow": {"mode": "FLEXIBLE"}}, "flexibleTimeWindow.mode"),
    ("aws:scheduler/schedule:Schedule", {"flexibleTimeWindow": {"mode": "OFF"}}, {"flexibleTimeWindow": {"mode": "OFF", "maximumWindowInMinutes": 5}}, "flexibleTimeWindow.maximumWindowInMinutes"),
    ("aws:eks/cluster:Cluster", {"vpcConfig": {"endpointPrivateAccess": True, "endpointPublicAccess": False}}, {"vpcConfig": {"endpointPrivateAccess": False, "endpointPublicAccess": False}}, "vpcConfig.endpointPrivateAccess"),
    ("aws:eks/nodeGroup:NodeGroup", {"updateConfig": {"maxUnavailable": 1}}, {"updateConfig": {"maxUnavailable": 1, "maxUnavailablePercentage": 20}}, "updateConfig.maxUnavailable"),
    ("aws:elasticache/replicationGroup:ReplicationGroup", {"automaticFailoverEnabled": True, "numCacheClusters": 2}, {"numCacheClusters": 1}, "numCacheClusters"),
    ("aws:elasticache/replicationGroup:ReplicationGroup", {"automaticFailoverEnabled": True, "multiAzEnabled": True}, {"automaticFailoverEnabled": False}, "multiAzEnabled"),
    ("aws:redshift/cluster:Cluster", {"clusterType": "multi-node", "numberOfNodes": 2}, {"clusterType": "single-node"}, "numberOfNodes"),
    ("aws:glue/job:Job", {"workerType": "G.1X", "numberOfWorkers": 2}, {"maxCapacity": 10}, "maxCapacity"),
    ("aws:efs/fileSystem:FileSystem", {"throughputMode": "elastic"}, {"throughputMode": "provisioned"}, "throughputMode"),
    ("aws:kinesis/stream:Stream", {"shardCount": 2}, {"streamModeDetails": {"streamMode": "ON_DEMAND"}}, "shardCount"),
    ("gcp:bigquery/table:Table", {"clusterings": ["a"], "schema": '[{"name": "A", "type": "STRING"}]'}, {"clusterings": ["b"]}, "clusterings[0]"),
    ("gcp:bigquery/table:Table", {"timePartitioning": {"type": "DAY", "field": "day"}, "schema": '[{"name": "day", "type": "DATE"}]'}, {"schema": '[{"name": "day", "type": "STRING"}]'}, "timePartitioning.field"),
    ("gcp:bigquery/table:Table", {"timePartitioning": {"type": "DAY", "field": "day"}, "schema": '[{"name": "day", "type": "DATE"}]'}, {"timePartitioning": {"type": "HOUR", "field": "day"}}, "timePartitioning.type"),
    ("gcp:bigquery/table:Table", {"expirationTime": 1893456000000}, {"expirationTime": 1893456000}, "expirationTime"),
    ("gcp:sql/databaseInstance:DatabaseInstance", SQL, {"settings": {"tier": "db-custom-3-7680", "edition": "ENTERPRISE"}}, "settings.tier"),
    ("gcp:sql/databaseInstance:DatabaseInstance", SQL, {"settings": {"tier": "db-custom-2-7000", "edition": "ENTERPRISE"}}, "settings.tier"),
    ("gcp:sql/databaseInstance:DatabaseInstance", SQL, {"settings": {"tier": "db-custom-2-7680", "edition": "ENTERPRISE_PLUS"}}, "settings.tier"),
    ("gcp:sql/databaseInstance:DatabaseInstance", SQL, {"settings": {"tier": "db-perf-optimized-N-2", "edition": "ENTERPRISE"}}, "settings.tier"),
    ("gcp:sql/databaseInstance:DatabaseInstance", SQL, {"settings": {"backupConfiguration": {"enabled": True, "binaryLogEnabled": True}}}, "settings.backupConfiguration.binaryLogEnabled"),
    ("gcp:sql/databaseInstance:DatabaseInstance", SQL, {"settings": {"availabilityType": "REGIONAL"}}, "settings.availabilityType"),
    ("gcp:sql/databaseInstance:DatabaseInstance", SQL, {"settings": {"ipConfiguration": {"ipv4Enabled": False}}}, "settings.ipConfiguration.ipv4Enabled"),
    ("gcp:composer/environment:Environment", {"config": {"softwareConfig": {"imageVersion": "composer-3-airflow-3.1.0"}}}, {"config": {"softwareConfig": {"imageVersion": "composer-3-airflow-3.1.0"}, "privateEnvironmentConfig": {"enablePrivateEndpoint": True}}}, "config.privateEnvironmentConfig"),
    ("gcp:composer/environment:Environment", {"config": {"softwareConfig": {"imageVersion": "composer-2.13.1-airflow-2.10.5"}}}, {"config": {"softwareConfig": {"imageVersion": "composer-2.13.1-airflow-2.10.5"}, "enablePrivateEnvironment": True}}, "config.enablePrivateEnvironment"),
    ("gcp:cloudrunv2/service:Service", RUN, {"template": {"containers": [{"resources": {"limits": {"cpu": "3", "memory": "2Gi"}}}]}}, "template.containers[0].resources.limits.cpu"),
    ("gcp:cloudrunv2/service:Service", RUN, {"template": {"containers": [{"resources": {"limits": {"cpu": "1", "memory": "8Gi"}}}]}}, "template.containers[0].resources.limits.memory"),
    ("gcp:cloudrunv2/service:Service", RUN, {"template": {"maxInstanceRequestConcurrency": 2000}}, "template.maxInstanceRequestConcurrency"),
    ("gcp:cloudrunv2/service:Service", RUN, {"template": {"containers": [{"ports": {"containerPort": 1}}, {"ports": {"containerPort": 2}}]}}, "template.containers[1].ports"),
    ("gcp:cloudfunctionsv2/function:Function", {"serviceConfig": {"timeoutSeconds": 3600}}, {"eventTrigger": {"eventType": "a"}}, "serviceConfig.timeoutSeconds"),
    ("gcp:cloudfunctionsv2/function:Function", {"serviceConfig": {"maxInstanceRequestConcurrency": 8, "availableCpu": "1"}}, {"serviceConfig": {"maxInstanceRequestConcurrency": 8, "availableCpu": "0.5"}}, "serviceConfig.maxInstanceRequestConcurrency"),
    ("gcp:compute/instance:Instance", {"scheduling": {"provisioningModel": "SPOT", "preemptible": True, "automaticRestart": False}}, {"scheduling": {"provisioningModel": "SPOT", "preemptible": True}}, "scheduling.automaticRestart"),
    ("gcp:compute/instance:Instance", {"guestAccelerators": [{"type": "nvidia-l4", "count": 1}], "scheduling": {"onHostMaintenance": "TERMINATE"}}, {"scheduling": {"onHostMaintenance": "MIGRATE"}}, "scheduling.onHostMaintenance"),
    ("gcp:compute/healthCheck:HealthCheck", {"timeoutSec": 5, "checkIntervalSec": 5}, {"timeoutSec": 10}, "timeoutSec"),
    ("gcp:compute/firewall:Firewall", {"allows": [{"protocol": "tcp"}]}, {"denies": [{"protocol": "udp"}]}, "allows"),
    ("gcp:redis/instance:Instance", {"tier": "STANDARD_HA", "replicaCount": 1, "memorySizeGb": 5}, {"tier": "BASIC"}, "replicaCount"),
    ("gcp:dataproc/cluster:Cluster", {"clusterConfig": {"workerConfig": {"numInstances": 2}}}, {"clusterConfig": {"workerConfig": {"numInstances": 1}}}, "clusterConfig.workerConfig.numInstances"),
    ("gcp:pubsub/subscription:Subscription", {"expirationPolicy": {"ttl": "2678400s"}}, {"expirationPolicy": {"ttl": "86400s"}}, "expirationPolicy.ttl"),
    ("gcp:pubsub/subscription:Subscription", {"retryPolicy": {"minimumBackoff": "10s", "maximumBackoff": "60s"}}, {"retryPolicy": {"minimumBackoff": "90s", "maximumBackoff": "60s"}}, "retryPolicy.minimumBackoff"),
    ("gcp:storage/bucket:Bucket", {"autoclass": {"enabled": False}, "lifecycleRules": [{"action": {"type": "SetStorageClass", "storageClass": "NEARLINE"}, "condition": {"age": 30}}]}, {"autoclass": {"enabled": True}}, "lifecycleRules[0].action.type"),
    ("gcp:container/nodePool:NodePool", {"upgradeSettings": {"maxSurge": 1, "maxUnavailable": 0}}, {"upgradeSettings": {"maxSurge": 0, "maxUnavailable": 0}}, "upgradeSettings.maxUnavailable"),
    ("gcp:container/cluster:Cluster", {"removeDefaultNodePool": True, "initialNodeCount": 1}, {"initialNodeCount": None}, "removeDefaultNodePool"),
    ("gcp:secretmanager/secret:Secret", {"rotation": {"rotationPeriod": "3600s"}, "topics": [{"name": "t"}]}, {"topics": []}, "rotation"),
    ("azure-native:network:VirtualNetworkGateway", {"ipConfigurations": [{"subnet": {"id": "/a/GatewaySubnet"}}]}, {"ipConfigurations": [{"subnet": {"id": "/a/hub"}}]}, "ipConfigurations[0].subnet.id"),
    ("azure-native:eventhub:Namespace", {**HUB, "isAutoInflateEnabled": True, "maximumThroughputUnits": 4}, {"maximumThroughputUnits": 1}, "maximumThroughputUnits"),
    ("azure-native:eventhub:Namespace", {**HUB, "isAutoInflateEnabled": True, "maximumThroughputUnits": 4}, {"sku": {"name": "Premium"}}, "isAutoInflateEnabled"),
    ("azure-native:cosmosdb:DatabaseAccount", {"locations": [{"failoverPriority": 0}, {"failoverPriority": 1}]}, {"locations": [{"failoverPriority": 0}, {"failoverPriority": 0}]}, "locations"),
    ("azure-native:redis:Redis", {"sku": {"name": "Premium", "family": "P", "capacity": 1}, "shardCount": 2}, {"sku": {"name": "Standard", "family": "P", "capacity": 1}}, "sku.family"),
    ("azure-native:network:PublicIPAddress", {"sku": {"name": "Standard"}, "publicIPAllocationMethod": "Static"}, {"publicIPAllocationMethod": "Dynamic"}, "publicIPAllocationMethod"),
    ("azure-native:storage:StorageAccount", {"kind": "StorageV2", "sku": {"name": "Standard_ZRS"}, "isHnsEnabled": True, "isSftpEnabled": True}, {"isHnsEnabled": False}, "isSftpEnabled"),
    ("azure-native:storage:StorageAccount", {"kind": "StorageV2", "sku": {"name": "Standard_ZRS"}}, {"kind": "FileStorage"}, "sku.name"),
    ("azure-native:storage:BlobServiceProperties", {"restorePolicy": {"enabled": True, "days": 5}, "isVersioningEnabled": True, "changeFeed": {"enabled": True}, "deleteRetentionPolicy": {"enabled": True, "days": 7}}, {"restorePolicy": {"enabled": True, "days": 7}}, "restorePolicy.days"),
    ("azure-native:keyvault:Vault", {"properties": {"enablePurgeProtection": True}}, {"properties": {"enablePurgeProtection": False}}, "properties.enablePurgeProtection"),
    ("azure-native:containerservice:ManagedCluster", AKS, {"networkProfile": {"networkPlugin": "azure", "networkPolicy": "cilium"}}, "networkProfile.networkPolicy"),
    ("azure-native:containerservice:ManagedCluster", AKS, {"networkProfile": {"networkPlugin": "azure", "podCidr": "10.244.0.0/16"}}, "networkProfile.podCidr"),
    ("azure-native:containerservice:AgentPool", {"scaleSetPriority": "Spot", "spotMaxPrice": 1}, {"scaleSetPriority": "Regular"}, "spotMaxPrice"),
    ("azure-native:search:Service", {"sku": {"name": "basic"}, "replicaCount": 3}, {"replicaCount": 4}, "replicaCount"),
    ("azure-native:monitor:MetricAlert", {"evaluationFrequency": "PT5M", "windowSize": "PT15M"}, {"windowSize": "PT1M"}, "evaluationFrequency"),
    ("azure-native:network:NetworkSecurityGroup", {"securityRules": [{"direction": "Inbound", "priority": 100}, {"direction": "Outbound", "priority": 100}]}, {"securityRules": [{"direction": "Inbound", "priority": 100}, {"direction": "Inbound", "priority": 100}]}, "securityRules[1].priority"),
    ("azure-native:servicebus:Namespace", {"sku": {"name": "Premium", "capacity": 4}}, {"sku": {"name": "Premium", "capacity": 3}}, "sku.capacity"),
    ("snowflake:index/task:Task", {"schedule": {"minutes": 5}}, {"schedule": {"minutes": 5, "usingCron": "0 3 * * * UTC"}}, "schedule.usingCron"),
    ("snowflake:index/task:Task", {"warehouse": "W"}, {"userTaskManagedInitialWarehouseSize": "XSMALL"}, "warehouse"),
    ("snowflake:index/resourceMonitor:ResourceMonitor", {"creditQuota": 5, "suspendTrigger": 90}, {"creditQuota": None}, "suspendTrigger"),
    ("snowflake:index/warehouse:Warehouse", {"warehouseType": "SNOWPARK-OPTIMIZED", "warehouseSize": "MEDIUM"}, {"warehouseSize": "XSMALL"}, "warehouseSize"),
    ("aws:sqs/queue:Queue", {"name": "a.fifo", "fifoQueue": True, "redrivePolicy": '{"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:1:d.fifo", "maxReceiveCount": 5}'}, {"redrivePolicy": '{"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:1:d", "maxReceiveCount": 5}'}, "redrivePolicy"),
    ("aws:sqs/queue:Queue", {"name": "a", "redrivePolicy": '{"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:1:d", "maxReceiveCount": 5}'}, {"redrivePolicy": '{"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:1:d.fifo", "maxReceiveCount": 5}'}, "redrivePolicy"),
    ("aws:cloudwatch/eventRule:EventRule", {"eventPattern": '{"source": ["aws.s3"], "detail": {"object": {"key": [{"prefix": "raw/"}, "a"]}}}'}, {"eventPattern": '{"source": ["aws.s3"], "detail": {"object": {"key": [{"begins": "raw/"}]}}}'}, "eventPattern"),
    ("aws:cloudwatch/eventRule:EventRule", {"eventPattern": '{"$or": [{"source": ["a"]}, {"detail-type": ["b"]}]}'}, {"eventPattern": '{"$or": [{"source": "a"}]}'}, "eventPattern"),
    ("aws:cloudwatch/eventRule:EventRule", {"scheduleExpression": "rate(1 hour)"}, {"eventBusName": "ours"}, "scheduleExpression"),
    ("aws:s3/bucketNotification:BucketNotification", {"queues": [{"queueArn": "q", "events": ["s3:ObjectCreated:*"], "filterPrefix": "a/"}], "topics": [{"topicArn": "t", "events": ["s3:ObjectRemoved:*"], "filterPrefix": "a/"}]}, {"topics": [{"topicArn": "t", "events": ["s3:ObjectCreated:Put"], "filterPrefix": "a/b/"}]}, "topics[0].filterPrefix"),
    ("aws:s3/bucketNotification:BucketNotification", {"queues": [{"queueArn": "q", "events": ["s3:ObjectCreated:*"], "filterSuffix": ".csv"}, {"queueArn": "p", "events": ["s3:ObjectCreated:*"], "filterSuffix": ".json"}]}, {"queues": [{"queueArn": "q", "events": ["s3:ObjectCreated:*"], "filterSuffix": ".csv"}, {"queueArn": "p", "events": ["s3:ObjectCreated:*"]}]}, "queues[1].events"),
    ("aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration", {"tierings": [{"accessTier": "ARCHIVE_ACCESS", "days": 180}, {"accessTier": "DEEP_ARCHIVE_ACCESS", "days": 365}]}, {"tierings": [{"accessTier": "ARCHIVE_ACCESS", "days": 365}, {"accessTier": "DEEP_ARCHIVE_ACCESS", "days": 365}]}, "tierings[1].days"),
    ("aws:lakeformation/permissions:Permissions", {"table": {"name": "orders"}, "permissions": ["SELECT", "DESCRIBE"], "permissionsWithGrantOptions": ["SELECT"]}, {"permissionsWithGrantOptions": ["INSERT"]}, "permissionsWithGrantOptions[0]"),
    ("aws:lakeformation/permissions:Permissions", {"database": {"name": "silver"}, "permissions": ["CREATE_TABLE"]}, {"permissions": ["SELECT"]}, "permissions[0]"),
    ("aws:emrserverless/application:Application", {"initialCapacities": [{"initialCapacityConfig": {"workerCount": 2, "workerConfiguration": {"cpu": "8 vCPU", "memory": "32 GB"}}}], "maximumCapacity": {"cpu": "16 vCPU"}}, {"maximumCapacity": {"cpu": "8 vCPU"}}, "maximumCapacity.cpu"),
    ("aws:emrserverless/application:Application", {"initialCapacities": [{"initialCapacityConfig": {"workerCount": 1, "workerConfiguration": {"cpu": "8vCPU", "memory": "32GB"}}}]}, {"initialCapacities": [{"initialCapacityConfig": {"workerCount": 1, "workerConfiguration": {"cpu": "8vCPU", "memory": "34GB"}}}]}, "initialCapacities[0].initialCapacityConfig.workerConfiguration.memory"),
    ("aws:eks/accessEntry:AccessEntry", {"kubernetesGroups": ["engineers"], "type": "STANDARD"}, {"type": "EC2_LINUX"}, "kubernetesGroups[0]"),
    ("aws:kms/key:Key", {"policy": '{"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": ["kms:Put*", "kms:Get*"], "Resource": "*"}}'}, {"policy": '{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "kms:Decrypt", "Resource": "*"}]}'}, "policy"),
    ("gcp:compute/routerNat:RouterNat", {"enableDynamicPortAllocation": True, "minPortsPerVm": 64, "maxPortsPerVm": 128}, {"minPortsPerVm": 100}, "minPortsPerVm"),
    ("gcp:compute/routerNat:RouterNat", {"enableDynamicPortAllocation": True, "maxPortsPerVm": 128}, {"enableDynamicPortAllocation": False}, "maxPortsPerVm"),
    ("gcp:compute/routerNat:RouterNat", {"natIpAllocateOption": "MANUAL_ONLY", "natIps": ["a"]}, {"natIpAllocateOption": "AUTO_ONLY"}, "natIps"),
    ("gcp:compute/globalForwardingRule:GlobalForwardingRule", {"target": "all-apis", "name": "apis", "network": "n"}, {"loadBalancingScheme": "EXTERNAL"}, "loadBalancingScheme"),
    ("gcp:compute/globalForwardingRule:GlobalForwardingRule", {"target": "projects/p/global/targetHttpsProxies/x", "name": "our-web"}, {"target": "vpc-sc"}, "name"),
    ("gcp:dns/managedZone:ManagedZone", {"visibility": "private", "privateVisibilityConfig": {"networks": [{"networkUrl": "n"}]}}, {"visibility": "public"}, "privateVisibilityConfig"),
    ("gcp:dns/recordSet:RecordSet", {"type": "CNAME", "rrdatas": ["a.example."]}, {"rrdatas": ["a.example"]}, "rrdatas[0]"),
    ("gcp:dns/recordSet:RecordSet", {"type": "A", "rrdatas": ["10.0.0.1", "10.0.0.2"]}, {"type": "CNAME", "rrdatas": ["a.example.", "b.example."]}, "rrdatas"),
    ("gcp:logging/projectSink:ProjectSink", {"destination": "storage.googleapis.com/acme-audit"}, {"destination": "storage.googleapis.com/acme-audit/logs"}, "destination"),
    ("gcp:billing/budget:Budget", {"budgetFilter": {"projects": ["projects/acme"], "resourceAncestors": ["folders/12"]}}, {"budgetFilter": {"resourceAncestors": ["folders/acme"]}}, "budgetFilter.resourceAncestors[0]"),
    ("gcp:dataproc/autoscalingPolicy:AutoscalingPolicy", {"basicAlgorithm": {"cooldownPeriod": "240s", "yarnConfig": {"scaleUpFactor": 0.5}}}, {"basicAlgorithm": {"yarnConfig": {"scaleUpFactor": 5}}}, "basicAlgorithm.yarnConfig.scaleUpFactor"),
    ("gcp:container/nodePool:NodePool", {"nodeConfig": {"machineType": "n1-standard-8", "guestAccelerators": [{"type": "nvidia-tesla-t4", "count": 4}]}}, {"nodeConfig": {"machineType": "n1-standard-8", "guestAccelerators": [{"type": "nvidia-tesla-t4", "count": 3}]}}, "nodeConfig.guestAccelerators[0].count"),
    ("gcp:container/nodePool:NodePool", {"nodeConfig": {"machineType": "a3-highgpu-8g", "guestAccelerators": [{"type": "nvidia-h100-80gb", "count": 8}]}}, {"nodeConfig": {"machineType": "a3-highgpu-4g", "guestAccelerators": [{"type": "nvidia-h100-80gb", "count": 8}]}}, "nodeConfig.guestAccelerators[0].count"),
    ("gcp:bigquery/dataset:Dataset", {"location": "EU", "defaultEncryptionConfiguration": {"kmsKeyName": "projects/p/locations/europe/keyRings/r/cryptoKeys/k"}}, {"location": "europe-west4"}, "defaultEncryptionConfiguration.kmsKeyName"),
    ("gcp:container/cluster:Cluster", {"location": "europe-west4-a", "databaseEncryption": {"state": "ENCRYPTED", "keyName": "projects/p/locations/europe-west4/keyRings/r/cryptoKeys/k"}}, {"location": "europe-west1-b"}, "databaseEncryption.keyName"),
    ("snowflake:index/warehouse:Warehouse", {"warehouseType": "SNOWPARK-OPTIMIZED", "warehouseSize": "LARGE", "resourceConstraint": "MEMORY_64X_x86"}, {"warehouseType": "STANDARD"}, "resourceConstraint"),
    ("snowflake:index/grantPrivilegesToAccountRole:GrantPrivilegesToAccountRole", {"privileges": ["USAGE", "CREATE TABLE"], "onSchema": {"schemaName": "a.b"}}, {"privileges": ["SELECT"]}, "privileges[0]"),
    ("snowflake:index/grantPrivilegesToAccountRole:GrantPrivilegesToAccountRole", {"privileges": ["USAGE", "CREATE SCHEMA"], "onAccountObject": {"objectType": "DATABASE", "objectName": "a"}}, {"onAccountObject": {"objectType": "WAREHOUSE", "objectName": "a"}}, "privileges[1]"),
    ("snowflake:index/grantPrivilegesToDatabaseRole:GrantPrivilegesToDatabaseRole", {"databaseRoleName": "A.READER", "privileges": ["USAGE"], "onSchema": {"schemaName": '"A"."MARTS"'}}, {"onSchema": {"schemaName": "b.marts"}}, "onSchema.schemaName"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "sound", "change", "path"), CASES, ids=lambda v: v if isinstance(v, str) else "")  # fmt: skip
def test_a_condition_holds_and_is_broken_by_one_change(
    type_: str, sound: dict[str, Any], change: dict[str, Any], path: str
):
    def found(inputs: dict[str, Any]) -> list[str]:
        return [one.path for one in check_joint(Plan("dev", "", (resource(type_, inputs),)))]

    assert found(sound) == []
    assert path in found({**sound, **change})
    # A value beside it that nobody knows yet leaves the question open.
    assert found(dict.fromkeys({**sound, **change}, UNKNOWN)) == []


def test_every_path_of_a_condition_is_an_input_of_its_type():
    """A misspelt path would never be broken. What a condition looks at are the texts that it was made with."""
    for type_, conditions in JOINT.items():
        assert sdk.is_type(type_), type_
        for condition in conditions:
            for name, path in inspect.getclosurevars(condition).nonlocals.items():
                if isinstance(path, str) and name not in ("origin", "table", "beside", "name", "value"):  # fmt: skip
                    assert sdk.has_input(type_, path.replace("[]", "")), (type_, path)


def test_partitions_and_topics_are_held_to_the_tier_of_their_namespace():
    def found(type_: str, inputs: dict[str, Any], *above: Any) -> list[str]:
        return [f.path for f in check_joint(Plan("dev", "", (resource(type_, inputs), *above)))]

    hubs = resource("azure-native:eventhub:Namespace", HUB, "hubs")
    hub = {"namespaceName": "acme", "partitionCount": 32, "messageRetentionInDays": 7}
    assert found("azure-native:eventhub:EventHub", hub, hubs) == []
    assert found("azure-native:eventhub:EventHub", {**hub, "partitionCount": 33}, hubs) == ["partitionCount"]  # fmt: skip
    assert found("azure-native:eventhub:EventHub", {**hub, "messageRetentionInDays": 8}, hubs) == ["messageRetentionInDays"]  # fmt: skip
    basic = resource("azure-native:servicebus:Namespace", {"namespaceName": "acme", "sku": {"name": "Basic"}}, "bus")  # fmt: skip
    assert found("azure-native:servicebus:Topic", {"namespaceName": "acme"}, basic) == ["namespaceName"]  # fmt: skip
    account = resource("azure-native:storage:StorageAccount", {"accountName": "acme", "isHnsEnabled": True}, "lake")  # fmt: skip
    blobs = {"accountName": "acme", "isVersioningEnabled": True}
    assert found("azure-native:storage:BlobServiceProperties", blobs, account) == ["isVersioningEnabled"]  # fmt: skip


CONTAINER: dict[str, Any] = {
    "name": "serve",
    "image": "registry.example/serve:1",
    "ports": [{"name": "http", "containerPort": 8080}],
    "resources": {"requests": {"cpu": "500m"}, "limits": {"cpu": "1"}},
    "volumeMounts": [{"name": "cache", "mountPath": "/cache"}],
    "livenessProbe": {"httpGet": {"port": "http", "path": "/"}},
    "env": [{"name": "A", "value": "1"}],
}
BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"ports": [{"name": "http", "containerPort": 80800}]}, "ports[0].containerPort"),
    ({"ports": [{"name": "http-of-the-model-server", "containerPort": 8080}], "livenessProbe": None}, "ports[0].name"),
    ({"ports": [{"name": "http", "containerPort": 1}, {"name": "http", "containerPort": 2}]}, "ports[1].name"),
    ({"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1500m"}}}, "resources.requests.cpu"),
    ({"resources": {"requests": {"nvidia.com/gpu": "1"}, "limits": {"nvidia.com/gpu": "2"}}}, "resources.requests.nvidia.com/gpu"),
    ({"volumeMounts": [{"name": "data", "mountPath": "/data"}]}, "volumeMounts[0].name"),
    ({"volumeMounts": [{"name": "cache", "mountPath": "/a"}, {"name": "cache", "mountPath": "/a"}]}, "volumeMounts[1].mountPath"),
    ({"livenessProbe": {"httpGet": {"port": "web"}}}, "livenessProbe"),
    ({"livenessProbe": {"httpGet": {"port": 8080}, "tcpSocket": {"port": 8080}}}, "livenessProbe"),
    ({"livenessProbe": {"httpGet": {"port": 8080}, "successThreshold": 2}}, "livenessProbe.successThreshold"),
    ({"env": [{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}, "env[0].valueFrom"),
    ({"env": [{"name": "A=B", "value": "1"}]}, "env[0].name"),
]  # fmt: skip


def _manifest(kind: str, container: dict[str, Any], **pod: Any) -> list[str]:
    spec = {"containers": [container], "volumes": [{"name": "cache", "emptyDir": {}}], **pod}
    template = {"metadata": {"labels": {"app": "a"}}, "spec": spec}
    group = "batch/v1" if kind == "Job" else "apps/v1"
    own = {} if kind == "Job" else {"selector": {"matchLabels": {"app": "a"}}}
    inputs = {"metadata": {"name": "it", "namespace": "ml"}, "spec": {**own, "template": template}}
    plan = Plan("dev", "", (resource(f"kubernetes:{group}:{kind}", inputs),))
    return [one.path.removeprefix("spec.template.spec.") for one in check_manifests(plan)]


@pytest.mark.parametrize(("change", "path"), BROKEN, ids=lambda v: v if isinstance(v, str) else "")
def test_what_the_api_server_refuses_of_a_container(change: dict[str, Any], path: str):
    broken = {k: v for k, v in {**copy.deepcopy(CONTAINER), **change}.items() if v is not None}
    assert _manifest("Deployment", CONTAINER) == []
    assert f"containers[0].{path}" in _manifest("Deployment", broken)


def test_a_job_ends_and_a_deployment_does_not():
    assert _manifest("Job", CONTAINER, restartPolicy="OnFailure") == []
    assert _manifest("Job", CONTAINER) == ["restartPolicy"]
    assert _manifest("Deployment", CONTAINER, restartPolicy="Never") == ["restartPolicy"]


def test_a_volume_has_a_name_of_its_own():
    twice = [{"name": "cache", "emptyDir": {}}, {"name": "cache", "emptyDir": {}}]
    assert "volumes[1].name" in _manifest("Deployment", CONTAINER, volumes=twice)


def test_a_key_of_another_region_is_told_but_a_copy_elsewhere_has_its_own():
    provider = resource("pulumi:providers:aws", {"region": "eu-west-1"}, "main")

    def found(type_: str, inputs: dict[str, Any]) -> list[str]:
        one = replace(resource(type_, inputs), provider=provider.urn)
        return [f.path for f in check_joint(Plan("dev", "", (provider, one)))]

    near, far = (f"arn:aws:kms:{r}:123456789012:key/1" for r in ("eu-west-1", "us-east-1"))
    assert found("aws:sns/topic:Topic", {"kmsMasterKeyId": near}) == []
    assert found("aws:sns/topic:Topic", {"kmsMasterKeyId": far}) == ["kmsMasterKeyId"]
    copied = {"rules": [{"destination": {"encryptionConfiguration": {"replicaKmsKeyId": far}}}]}
    assert found("aws:s3/bucketReplicationConfig:BucketReplicationConfig", copied) == []


def test_a_record_lies_in_its_zone_and_parameters_fit_their_database():
    def found(one: Any, *others: Any) -> list[str]:
        return [f.path for f in check_joint(Plan("dev", "", (one, *others)))]

    zone = resource(
        "gcp:dns/managedZone:ManagedZone", {"name": "inside", "dnsName": "acme.internal."}
    )
    for name, wrong in (
        ("acme.internal.", []),
        ("a.acme.internal.", []),
        ("notacme.internal.", ["name"]),
    ):
        record = resource("gcp:dns/recordSet:RecordSet", {"managedZone": "inside", "name": name})
        assert found(record, zone) == wrong

    def group(family: str) -> Any:
        kind = "aws:rds/parameterGroup:ParameterGroup"
        return resource(kind, {"name": "ours", "family": family}, family)

    for version, family, wrong in (
        ("16.4", "postgres16", []), ("17.2", "postgres16", ["parameterGroupName"]), (None, "postgres16", [])
    ):  # fmt: skip
        inputs = {"engine": "postgres", "engineVersion": version, "parameterGroupName": "ours"}
        assert found(resource("aws:rds/instance:Instance", inputs), group(family)) == wrong


def test_a_bucket_that_is_locked_keeps_versions():
    lock = resource("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", {"bucket": "b"}, "lock")  # fmt: skip
    for status, wrong in (("Enabled", []), ("Suspended", ["versioningConfiguration.status"])):
        inputs = {"bucket": "b", "versioningConfiguration": {"status": status}}
        one = resource("aws:s3/bucketVersioning:BucketVersioning", inputs)
        assert [f.path for f in check_joint(Plan("dev", "", (one, lock)))] == wrong
