using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Strategies;

/// <summary>The rules for the ports of a service.</summary>
internal static class ServicePorts
{
    public static void Validate(IReadOnlyList<JsonObject> ports, FieldErrors errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var numbers = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < ports.Count; i++)
        {
            var (port, at) = (ports[i], $"spec.ports[{i}]");
            var name = port.TextOr("", "name");
            if (name.Length == 0 && ports.Count > 1) errors.Add(FieldError.Required(at + ".name"));
            foreach (var why in name.Length == 0 ? [] : NameValidation.Name(name, NameRule.Label)) errors.Add(FieldError.InvalidText(at + ".name", name, why));
            if (name.Length > 0 && !names.Add(name)) errors.Add(FieldError.Duplicate(at + ".name", name));
            var number = port.Number("port") ?? 0;
            if (number is < 1 or > 65535) errors.Add(FieldError.Invalid(at + ".port", number.Invariant(), "must be between 1 and 65535, inclusive"));
            if (port.TextOr("", "protocol") is var protocol && protocol is not ("TCP" or "UDP" or "SCTP")) errors.Add(FieldError.NotSupported(at + ".protocol", protocol, "SCTP", "TCP", "UDP"));
            if (port["targetPort"].Number() is { } target and (< 1 or > 65535)) errors.Add(FieldError.Invalid(at + ".targetPort", target.Invariant(), "must be between 1 and 65535, inclusive"));
            if (!numbers.Add($"{number}/{port.Text("protocol")}"))
                errors.Add(new FieldError("FieldValueDuplicate", at, $"Duplicate value: {{\"Name\":\"\",\"Protocol\":{FieldError.Quote(port.TextOr("", "protocol"))},\"AppProtocol\":null,\"Port\":{number},\"TargetPort\":0,\"NodePort\":0}}"));
        }
    }
}
