using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Strategies;

/// <summary>Which strategy a built-in resource has.</summary>
internal static class Strategies
{
    public static ResourceStrategy For(string group, string plural, bool hasStatus) => (group, plural) switch
    {
        ("", "pods") => new PodStrategy(),
        ("", "namespaces") => new NamespaceStrategy(),
        ("", "nodes") => new NodeStrategy(),
        ("", "configmaps") => new ConfigMapStrategy(),
        ("", "secrets") => new SecretStrategy(),
        ("", "services") => new ServiceStrategy(),
        ("", "events") => new EventStrategy(),
        ("events.k8s.io", "events") => new NewEventStrategy(),
        ("apps", "deployments") => new DeploymentStrategy(),
        ("apps", "replicasets") => new ReplicaSetStrategy(),
        ("apps", "statefulsets" or "daemonsets") => new WorkloadStrategy(plural),
        ("batch", "jobs") => new JobStrategy(),
        ("batch", "cronjobs") => new CronJobStrategy(),
        ("", "limitranges") => new LimitRangeStrategy(),
        ("coordination.k8s.io", "leases") => new LeaseStrategy(),
        ("apiextensions.k8s.io", "customresourcedefinitions") => new CustomResourceDefinitionStrategy(),
        ("apiregistration.k8s.io", "apiservices") => new APIServiceStrategy(),
        ("admissionregistration.k8s.io", _) => new AdmissionRegistrationStrategy(plural),
        ("rbac.authorization.k8s.io", _) => new RbacStrategy(plural),
        ("storage.k8s.io", "storageclasses") => new StorageClassStrategy(),
        ("policy", "poddisruptionbudgets") => new DisruptionBudgetStrategy(),
        ("scheduling.k8s.io", "priorityclasses") => new PriorityClassStrategy(),
        ("", "serviceaccounts" or "podtemplates" or "resourcequotas" or "persistentvolumes" or "persistentvolumeclaims") => new PlainStrategy(hasStatus, generation: false, returnsDeleted: true),
        ("networking.k8s.io", "networkpolicies" or "ingresses") => new PlainStrategy(hasStatus, generation: true),
        ("policy" or "batch", _) => new PlainStrategy(hasStatus, generation: true),
        _ => new PlainStrategy(hasStatus, generation: false),
    };
}

/// <summary>A kind without particulars.</summary>
internal sealed class PlainStrategy(bool hasStatus, bool generation, bool returnsDeleted = false) : ResourceStrategy
{
    public override bool HasStatus => hasStatus;

    public override bool TracksGeneration => generation;

    public override bool ReturnsDeletedObject => returnsDeleted;
}
