using System.Globalization;

namespace Berth.DevCluster.Http;

/// <summary>The query of lists and watches, as far as it can be wrong by itself.</summary>
internal static class ListOptions
{
    private const string Exact = "Exact";
    private const string NotOlderThan = "NotOlderThan";

    public static void Check(ApiRequest request, bool watch)
    {
        Number(request, "timeoutSeconds");
        Number(request, "limit");
        var errors = new FieldErrors();
        if (watch) Watch(request, errors);
        else List(request, errors);
        errors.ThrowIfAny("meta.k8s.io", "ListOptions", "");
    }

    private static void Number(ApiRequest request, string name)
    {
        var text = request.Query(name);
        if (text.Length > 0 && !long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            throw StatusException.BadRequest($"strconv.ParseInt: parsing {FieldError.Quote(text)}: invalid syntax");
    }

    private static void List(ApiRequest request, FieldErrors errors)
    {
        var (match, version) = (request.Query("resourceVersionMatch"), request.Query("resourceVersion"));
        if (match.Length > 0)
        {
            if (version.Length == 0) errors.Add(FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"));
            if (request.Query("continue").Length > 0) errors.Add(FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"));
            if (match is not (Exact or NotOlderThan)) errors.Add(FieldError.NotSupported("resourceVersionMatch", match, Exact, NotOlderThan, ""));
            if (match == Exact && version == "0") errors.Add(FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
        }
        if (request.Query("sendInitialEvents").Length > 0) errors.Add(FieldError.Forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
    }

    private static void Watch(ApiRequest request, FieldErrors errors)
    {
        var (match, initial) = (request.Query("resourceVersionMatch"), request.Query("sendInitialEvents"));
        if (initial.Length == 0)
        {
            if (match.Length > 0) errors.Add(FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
            return;
        }
        if (match.Length == 0) errors.Add(FieldError.Forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
        else if (match != NotOlderThan) errors.Add(FieldError.NotSupported("resourceVersionMatch", match, NotOlderThan));
    }
}
